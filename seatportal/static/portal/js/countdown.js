// <time data-countdown datetime="…" data-left="%s left" data-done="…">: the time left in words of the page's language.
// Not a live region: a clock that speaks every minute helps nobody.
const language = document.documentElement.lang || "en";

const words = (number, unit) =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(number);

function left(seconds) {
  if (seconds < 60) return words(seconds, "second");
  if (seconds < 7200) return words(Math.ceil(seconds / 60), "minute");
  if (seconds < 172800) return words(Math.floor(seconds / 3600), "hour");
  return words(Math.floor(seconds / 86400), "day");
}

function tick() {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const seconds = Math.ceil((Date.parse(time.dateTime) - Date.now()) / 1000);
    if (!time.title) time.title = time.textContent.trim();
    if (seconds > 0) {
      time.textContent = time.dataset.left.replace("%s", left(seconds));
    } else if (!("over" in time.dataset)) {
      time.dataset.over = "";
      if (time.dataset.done) time.textContent = time.dataset.done;
      time.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
    }
  }
}

document.addEventListener("htmx:load", tick);
setInterval(tick, 1000);
tick();
