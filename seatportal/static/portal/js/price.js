// A price that could not be asked for: say so where it would stand, so that no old price stays under a new number.
// <template id="price-lost" data-for="offer"> holds the words; `data-for` is the id of the part that htmx fills.
function lost(event) {
  const words = document.getElementById("price-lost");
  const part = event.detail.target;
  if (words && part?.id === words.dataset.for) part.replaceChildren(words.content.cloneNode(true));
}

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, lost);
