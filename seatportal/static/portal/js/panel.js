// Links with data-drawer or data-dialog open their page's part in place, with the page's address; closing goes back.
// Without a script, or when the part does not come, the link is an ordinary one.
function open(kind, href, opener) {
  const dialog = document.getElementById(kind);
  const body = document.getElementById(`${kind}-body`);
  body.replaceChildren();
  dialog.returnFocus = opener;
  history.pushState({ panel: kind }, "", href);
  dialog.showModal();
  window.htmx.ajax("GET", href, { target: body, swap: "innerHTML", source: body }).catch(() => location.assign(href));
}

function close(dialog) {
  if (history.state?.panel) history.back();
  else shut(dialog);
}

function shut(dialog) {
  dialog.close();
  dialog.querySelector(":scope > div").replaceChildren();
  if (dialog.returnFocus?.isConnected) dialog.returnFocus.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-drawer], a[data-dialog]");
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (link && plain && window.htmx) {
    event.preventDefault();
    const kind = link.hasAttribute("data-drawer") ? "drawer" : "dialog";
    if (document.getElementById(kind).open) swap(kind, link.href);
    else open(kind, link.href, link);
    return;
  }
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  // A click on the backdrop hits the dialog itself.
  if (event.target === dialog || event.target.closest("[data-close]")) close(dialog);
});

// From one panel's page to the next inside the same panel.
function swap(kind, href) {
  history.replaceState({ panel: kind }, "", href);
  window.htmx.ajax("GET", href, { target: `#${kind}-body`, swap: "innerHTML" });
}

document.addEventListener("cancel", (event) => {
  if (!event.target.matches("dialog")) return;
  event.preventDefault();
  close(event.target);
}, true);

window.addEventListener("popstate", () => {
  if (history.state?.panel) return;
  for (const dialog of document.querySelectorAll("dialog[open]")) shut(dialog);
});

// A part that is refused (signed out, gone) is shown as the whole page that says so.
document.addEventListener("htmx:responseError", (event) => {
  const dialog = event.target.closest?.("dialog[open]");
  if (dialog && event.detail.requestConfig.verb === "get") location.reload();
});
