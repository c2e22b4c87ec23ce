// Minus, plus and chips around a number. Every change is told as an `input` event, so htmx asks for the price.
function set(input, value) {
  const low = Number(input.min || 0);
  const high = input.max === "" ? Infinity : Number(input.max);
  input.value = Math.min(high, Math.max(low, value));
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function mark(stepper) {
  const input = stepper.querySelector("input[type=number]");
  const value = Number(input.value);
  for (const button of stepper.querySelectorAll("[data-step]")) {
    const next = value + Number(button.dataset.step);
    button.disabled = next < Number(input.min || 0) || (input.max !== "" && next > Number(input.max));
  }
  for (const chip of stepper.querySelectorAll("[data-step-to]")) {
    chip.disabled = false;
    chip.setAttribute("aria-pressed", String(Number(chip.dataset.stepTo) === value));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step], [data-step-to]");
  const stepper = button?.closest("[data-stepper]");
  if (!stepper) return;
  const input = stepper.querySelector("input[type=number]");
  if (button.dataset.stepTo) set(input, Number(button.dataset.stepTo));
  else set(input, (Number(input.value) || 0) + Number(button.dataset.step));
});

document.addEventListener("input", (event) => {
  const stepper = event.target.closest("[data-stepper]");
  if (stepper) mark(stepper);
});

// Enter asks for the price; it must never pay.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-stepper] input")) return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("change", { bubbles: true }));
});

function markAll() {
  document.querySelectorAll("[data-stepper]").forEach(mark);
}
// Buttons come disabled: a click before htmx listens would change the number and never ask for its price.
document.addEventListener("htmx:load", markAll);
window.addEventListener("load", markAll);
