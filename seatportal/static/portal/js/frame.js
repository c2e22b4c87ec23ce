// The frame: narrow rail, theme and language at once, menus that close, toasts that leave.
const root = document.documentElement;
const YEAR = 31536000;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-rail-toggle]");
  if (toggle) {
    const frame = document.querySelector(".frame");
    // Under 1152 px it is slim without having been told.
    frame.dataset.rail = toggle.offsetWidth > 100 ? "slim" : "wide";
    remember("rail", frame.dataset.rail);
  }

  event.target.closest("[data-dismiss]")?.closest("[data-toast], .banner")?.remove();

  for (const menu of document.querySelectorAll("details.menu[open]")) {
    const inside = menu.contains(event.target);
    const chosen = inside && event.target.closest(".menu-list :is(a, button)");
    if (!inside || chosen) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (!menu) return;
  event.preventDefault();
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("change", (event) => {
  const themes = event.target.closest("[data-theme-form]");
  if (themes) {
    const theme = event.target.value;
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    remember("theme", theme);
    // Kept with the user too.
    fetch(themes.action, { method: "POST", body: new FormData(themes), redirect: "manual" });
    return;
  }
  event.target.closest("[data-auto-submit]")?.requestSubmit();
});

// Good news stays while it is pointed at or holds the focus.
function leave(toast) {
  setTimeout(() => (toast.matches(":hover, :focus-within") ? leave(toast) : toast.remove()), 6000);
}
function watch() {
  for (const toast of document.querySelectorAll("[data-toast]:not([data-seen])")) {
    toast.dataset.seen = "";
    leave(toast);
  }
}
// A row of tabs that does not fit shows the present one.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

document.addEventListener("htmx:load", watch);
watch();
