// A text that the reader pastes, types or drops, and what Python makes of it: numbers in words, and their histogram. Used as it is
// in the page, and as the front end of the widget in a kernel.
const SVG = "http://www.w3.org/2000/svg";
const WIDE = 560;
const HIGH = 250;
const SIDE = 28; // left and right of the bars
const FOOT = 34; // below them
const ROW = 17; // of a mark's name
const LONG = 20000; // characters: a browser types a pasted text line by line, and would take minutes for so many

function drawn(kind, attributes, text = "") {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

class Paste {
  constructor(figure) {
    this.figure = figure;
    this.form = figure.querySelector("form");
    this.view = figure.querySelector(".paste-view");
    this.told = figure.querySelector("output");
    this.note = new Note(figure, ["broken", "refused", "starting"]);
    this.engine = null;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    this.form.elements.file.addEventListener("change", ({ target }) => this.take(target.files[0]));
    const { text } = this.form.elements;
    text.addEventListener("paste", (event) => {
      const pasted = event.clipboardData.getData("text/plain");
      if (pasted.length < LONG) return;
      event.preventDefault();
      text.setRangeText(pasted, text.selectionStart, text.selectionEnd, "end");
    });
    text.addEventListener("dragover", (event) => event.preventDefault());
    text.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return; // a dragged text goes in by itself
      event.preventDefault();
      this.take(event.dataTransfer.files[0]);
    });
  }

  async take(file) {
    if (!file) return;
    this.form.elements.text.value = await file.text();
    this.ask();
  }

  async ask() {
    const { text, truth, leave_out } = this.form.elements;
    const message = { do: this.answered ? "go" : "start", text: text.value, truth: truth.value, leave_out: leave_out.checked };
    this.engine ??= this.start();
    if (!this.engine) return;
    try {
      const answer = await this.engine.ask(message);
      this.answered = true;
      this.note.say("broken", "");
      this.note.say("starting", "");
      this.note.say("refused", answer.said.refused.join(" "));
      if (!answer.said.refused.length) this.show(answer);
    } catch (error) {
      this.engine = this.kernel ?? null; // the next try starts afresh
      this.answered = false;
      this.note.say("broken", `Python stopped: ${error.message}. What you pasted is still here; try again.`);
    }
  }

  start() {
    const lacking = withoutPython(this.figure, "");
    this.note.say("starting", lacking ?? "Python is starting in your browser …");
    return lacking ? null : new InBrowser(this.figure, JSON.parse(this.figure.dataset.header), (text) => this.note.say("starting", text));
  }

  show({ said, scene }) {
    this.told.replaceChildren(...said.sentences.map((sentence) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = sentence;
      return paragraph;
    }));
    const bins = (scene.length - 1) / 2;
    const [edges, counts] = [scene.subarray(0, bins + 1), scene.subarray(bins + 1)];
    const low = Math.min(edges[0], ...said.marks.map((mark) => mark.at));
    const high = Math.max(edges[bins], ...said.marks.map((mark) => mark.at));
    const x = (value) => SIDE + (WIDE - 2 * SIDE) * (value - low) / (high - low);
    const head = ROW * said.marks.length + 8;
    const most = Math.max(...counts);
    const y = (count) => HIGH - FOOT - (HIGH - FOOT - head) * count / most;
    const picture = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": said.sentences.join(" ") });
    for (let i = 0; i < bins; i += 1) {
      picture.append(drawn("rect", { class: "paste-bar", x: x(edges[i]), y: y(counts[i]),
        width: Math.max(x(edges[i + 1]) - x(edges[i]) - 1, 0.5), height: y(0) - y(counts[i]) }));
    }
    picture.append(drawn("line", { class: "paste-axis", x1: SIDE, x2: WIDE - SIDE, y1: y(0), y2: y(0) }));
    for (const { at, label } of said.ticks) {
      picture.append(drawn("line", { class: "paste-axis", x1: x(at), x2: x(at), y1: y(0), y2: y(0) + 4 }),
        drawn("text", { x: x(at), y: y(0) + 18, "text-anchor": "middle" }, label));
    }
    said.marks.forEach(({ name, at, color }, row) => {
      const [top, right] = [ROW * row + 14, x(at) < WIDE / 2];
      picture.append(drawn("line", { x1: x(at), x2: x(at), y1: top - 10, y2: y(0), style: `stroke: var(--fig-${color})`, class: "paste-mark" }),
        drawn("text", { x: x(at) + (right ? 5 : -5), y: top, "text-anchor": right ? "start" : "end", style: `fill: var(--fig-${color})` }, name));
    });
    this.view.replaceChildren(picture);
    this.figure.dataset.guesses = said.count;
  }
}

// In a page this is a classic script; as a widget's module it waits for `render`.
if (document.currentScript) {
  for (const figure of document.querySelectorAll("figure.paste")) new Paste(figure);
}
