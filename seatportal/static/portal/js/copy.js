// <button data-copy="text" data-done="Copied">: says so for two seconds and goes back.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Not allowed here: choose the text, so that the keyboard can copy it.
    const text = button.parentElement.querySelector("code");
    if (text) getSelection().selectAllChildren(text);
    return;
  }
  const words = button.querySelector("span") ?? button;
  const before = button.dataset.before ?? words.textContent;
  button.dataset.before = before;
  words.textContent = button.dataset.done;
  words.setAttribute("role", "status");
  setTimeout(() => {
    words.textContent = before;
    words.removeAttribute("role");
  }, 2000);
});
