// Choosing rows: <form data-bulk> with [data-bulk-all] in the head, [data-bulk-item] in the rows, [data-bulk-bar] below.
// Shift chooses the rows between; `bulk:changed` on the form tells htmx to ask for the effect and its price.
const last = new WeakMap();

const items = (form) => [...form.querySelectorAll("[data-bulk-item]:not(:disabled)")];

function show(form) {
  const all = items(form);
  const chosen = all.filter((item) => item.checked).length;
  const bar = form.querySelector("[data-bulk-bar]");
  if (bar) {
    bar.hidden = chosen === 0;
    const count = bar.querySelector("[data-bulk-count]");
    if (count) count.textContent = (chosen === 1 ? count.dataset.one : count.dataset.other).replace("%s", chosen);
  }
  for (const head of form.querySelectorAll("[data-bulk-all]")) {
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }
}

function changed(form) {
  show(form);
  form.dispatchEvent(new CustomEvent("bulk:changed", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const form = event.target.closest?.("[data-bulk]");
  if (!form) return;
  if (event.target.closest("[data-bulk-clear]")) {
    items(form).forEach((item) => { item.checked = false; });
    changed(form);
    return;
  }
  if (event.target.matches("[data-bulk-all]")) {
    items(form).forEach((item) => { item.checked = event.target.checked; });
    changed(form);
    return;
  }
  if (!event.target.matches("[data-bulk-item]")) return;
  const all = items(form);
  const here = all.indexOf(event.target);
  const there = all.indexOf(last.get(form));
  if (event.shiftKey && there >= 0) {
    const [from, to] = here < there ? [here, there] : [there, here];
    all.slice(from, to + 1).forEach((item) => { item.checked = event.target.checked; });
  }
  last.set(form, event.target);
  changed(form);
});

function showAll() {
  document.querySelectorAll("[data-bulk]").forEach(show);
}
document.addEventListener("htmx:load", showAll);
window.addEventListener("pageshow", showAll);
showAll();
