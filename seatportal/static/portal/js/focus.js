// Where the focus goes after a swap, and that status sentences in swapped parts are read out.
function settle(part) {
  const goal = part.matches?.("[data-focus]") ? part : part.querySelector?.("[data-focus]");
  if (goal) goal.focus({ preventScroll: Boolean(goal.closest("dialog")) });

  const sentences = part.matches?.("[role=status]") ? [part] : part.querySelectorAll?.("[role=status]") ?? [];
  for (const sentence of sentences) {
    const text = sentence.textContent;
    if (!text.trim() || sentence.children.length) continue;
    // A region that arrives with its text says nothing; one that changes does.
    sentence.textContent = "";
    setTimeout(() => { sentence.textContent = text; }, 80);
  }
}

document.addEventListener("htmx:afterSettle", (event) => settle(event.detail.elt));

// On a page that came back with errors: the summary, or the answer to what was done.
document.querySelector("main [data-focus]")?.focus();

// Links of the summary lead into the field.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".form-errors a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
});
