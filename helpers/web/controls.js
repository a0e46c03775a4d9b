// Native inputs that stand for a control: read and set by the index of its value, a text by itself.
function lengthOf(input) {
  if (input.type === "checkbox") return 2;
  if (input.type === "range") return JSON.parse(input.dataset.labels).length;
  return input.options.length;
}
function indexOf(input) {
  if (input.type === "text") return input.value;
  if (input.type === "checkbox") return Number(input.checked);
  if (input.type === "range") return Math.round((input.value - input.min) / input.step);
  return input.selectedIndex;
}
function setIndex(input, index) {
  if (input.type === "text") input.value = index;
  else if (input.type === "checkbox") input.checked = index === 1;
  else if (input.type === "range") input.value = Number(input.min) + index * input.step;
  else input.selectedIndex = index;
}
// What a slider says of itself.
function sayValue(input) {
  if (input.type !== "range") return;
  const label = JSON.parse(input.dataset.labels)[indexOf(input)];
  input.setAttribute("aria-valuetext", label);
  input.nextElementSibling.textContent = label;
}

// A figure's note says the most pressing thing that is to be said, and is gone when there is none.
class Note {
  constructor(figure, order) {
    this.element = figure.querySelector(".explore-note");
    this.order = order;
    this.texts = {};
  }
  say(about, text) {
    this.texts[about] = text;
    const pressing = this.order.find((name) => this.texts[name]);
    const shown = pressing ? this.texts[pressing] : "";
    if (this.element.textContent !== shown) this.element.textContent = shown;
    this.element.hidden = shown === "";
  }
}

function reach(figure) {
  if (figure.dataset.reached) return;
  figure.dataset.reached = "true";
  figure.querySelector(".explore-challenge strong").textContent = "Challenge reached ✓";
}
