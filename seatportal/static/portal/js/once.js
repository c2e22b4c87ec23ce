// <form data-once>: sent once. The button that sent it says what is going on (data-busy-label) until the answer comes.
function busy(form, button) {
  form.dataset.sent = "";
  if (!button) return;
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  if (!button.dataset.busyLabel) return;
  button.dataset.label = button.innerHTML;
  button.textContent = button.dataset.busyLabel;
}

function free(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy=true]")) {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    if (button.dataset.label) button.innerHTML = button.dataset.label;
    delete button.dataset.label;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.getAttribute("aria-disabled") === "true" || (form.matches("[data-once]") && "sent" in form.dataset)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  // After this turn, so that the button's own name and value are still sent.
  if (form.matches("[data-once]")) setTimeout(() => { if (!event.defaultPrevented || form.matches("[hx-post]")) busy(form, event.submitter); });
}, true);

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("[data-once]");
  if (form) free(form);
});

// The back button brings the page as it was left.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("[data-once]").forEach(free);
});
