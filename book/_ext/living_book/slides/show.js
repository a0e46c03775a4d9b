// The address says which slide is open, also after a figure has put its own state there.
Reveal.initialize({
  hash: true,
  width: 1280,
  height: 800,
  margin: 0.03,
  center: false,
  navigationMode: "linear", // the right arrow leads through all slides: figures and questions stand below their section's first
  transition: matchMedia("(prefers-reduced-motion: reduce)").matches ? "none" : "fade",
  transitionSpeed: "fast",
  plugins: [RevealNotes],
  keyboardCondition: ({ key }) => !needs(document.activeElement, key),
});

// What a control that has the focus needs of the keyboard. Any other key that drives the slides drives them: a clicker's, too.
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
const NEEDED = {
  "[type=range]": [...ARROWS, "Home", "End"],
  "[type=radio]": [...ARROWS, " "],
  "[type=checkbox], button, summary": [" "],
  "select": [...ARROWS, "Home", "End", " "],
  "[role=application]": [...ARROWS, " "], // a stage
};
const WRITTEN = "[type=text], [type=number], textarea";
const DRIVES = /^(PageUp|PageDown|Home|End|Escape|Arrow.+|[a-z .,?])$/i;

function needs(element, key) {
  if (element.matches(WRITTEN)) return !["PageUp", "PageDown", "Escape"].includes(key);
  return Object.entries(NEEDED).some(([kind, keys]) => element.matches(kind) && keys.includes(key));
}

// Reveal hears nothing while a field has the focus.
document.addEventListener("keydown", (event) => {
  const element = document.activeElement;
  if (event.ctrlKey || event.altKey || event.metaKey || !DRIVES.test(event.key) || needs(element, event.key)) return;
  element.blur();
}, true);

// Who has answered is done with the question.
const leave = ({ target }) => target.closest("form.predict")?.matches("[data-right]") && document.activeElement.blur();
document.addEventListener("submit", leave);
document.addEventListener("click", (event) => event.target.matches("[data-action=pass]") && leave(event));

// A formula that is wider than the slide is set smaller. (A slide has no width before it is near.)
function fit() {
  for (const formula of Reveal.getCurrentSlide().querySelectorAll("div.formula")) {
    const size = parseFloat(getComputedStyle(formula).fontSize);
    if (formula.scrollWidth > formula.clientWidth) formula.style.fontSize = `${size * formula.clientWidth / formula.scrollWidth}px`;
  }
}
for (const event of ["ready", "slidechanged"]) Reveal.on(event, fit);
document.fonts.ready.then(() => Reveal.isReady() && fit());
