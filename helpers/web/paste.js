// A text that the reader pastes, types or drops, and what Python makes of it: numbers in words, and their histogram. Used as it is
// in the page, and as the front end of the widget in a kernel.
const SVG = "http://www.w3.org/2000/svg";
const WIDEST = 640; // the picture is as wide as there is room, so its units are CSS pixels and its text has one size everywhere
const HIGH = 250;
const SIDE = 28; // left and right of the bars
const FOOT = 34; // below them
const ROW = 17; // of a mark's name
const GAP = 5; // between a mark and its name
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
    new ResizeObserver(() => this.draw()).observe(this.view);
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

  // One question at a time: what is asked meanwhile is asked next, as the form then stands.
  async ask() {
    this.due = true;
    if (this.asking) return;
    this.asking = true;
    while (this.due) {
      this.due = false;
      await this.askOnce();
    }
    this.asking = false;
  }

  async askOnce() {
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
    this.shown = { said, scene };
    this.wide = 0;
    this.draw();
    this.figure.dataset.guesses = said.count;
  }

  draw() {
    const wide = Math.min(this.view.clientWidth, WIDEST);
    if (!this.shown || !wide || wide === this.wide) return;
    this.wide = wide;
    const { said, scene } = this.shown;
    const bins = (scene.length - 1) / 2;
    const [edges, counts] = [scene.subarray(0, bins + 1), scene.subarray(bins + 1)];
    const low = Math.min(edges[0], ...said.marks.map((mark) => mark.at));
    const high = Math.max(edges[bins], ...said.marks.map((mark) => mark.at));
    const x = (value) => SIDE + (wide - 2 * SIDE) * (value - low) / (high - low);
    const head = ROW * said.marks.length + 8;
    const most = Math.max(...counts);
    const y = (count) => HIGH - FOOT - (HIGH - FOOT - head) * count / most;
    const picture = drawn("svg", { viewBox: `0 0 ${wide} ${HIGH}`, width: wide, height: HIGH, role: "img", "aria-label": said.sentences.join(" ") });
    this.view.replaceChildren(picture); // from here on its texts can be measured
    const written = (text, attributes) => {
      const element = drawn("text", attributes, text);
      picture.append(element);
      return element;
    };
    for (let i = 0; i < bins; i += 1) {
      picture.append(drawn("rect", { class: "paste-bar", x: x(edges[i]), y: y(counts[i]),
        width: Math.max(x(edges[i + 1]) - x(edges[i]) - 1, 0.5), height: y(0) - y(counts[i]) }));
    }
    picture.append(drawn("line", { class: "paste-axis", x1: SIDE, x2: wide - SIDE, y1: y(0), y2: y(0) }));
    const labels = said.ticks.map(({ at, label }) => written(label, { x: x(at), y: y(0) + 18, "text-anchor": "middle" }));
    const widest = Math.max(...labels.map((label) => label.getComputedTextLength()));
    const step = said.ticks.length < 2 ? 1 : Math.ceil((widest + 2 * GAP) / (x(said.ticks[1].at) - x(said.ticks[0].at)));
    said.ticks.forEach(({ at }, i) => {
      if (i % step) labels[i].remove();
      else picture.append(drawn("line", { class: "paste-axis", x1: x(at), x2: x(at), y1: y(0), y2: y(0) + 4 }));
    });
    const marks = said.marks.map(({ name, at, color }) => {
      const line = drawn("line", { x1: x(at), x2: x(at), y2: y(0), style: `stroke: var(--fig-${color})`, class: "paste-mark" });
      picture.append(line);
      return { at: x(at), line, name, color };
    });
    for (const mark of marks) {
      mark.text = written(mark.name, { class: "paste-name", style: `fill: var(--fig-${mark.color})` });
      mark.long = mark.text.getComputedTextLength();
    }
    placed(marks, wide).forEach(({ mark, right }, row) => {
      mark.line.setAttribute("y1", ROW * row + 4);
      mark.text.setAttribute("y", ROW * row + 14);
      mark.text.setAttribute("x", mark.at + (right ? GAP : -GAP));
      mark.text.setAttribute("text-anchor", right ? "start" : "end");
    });
  }
}

// The rows of the marks' names, [{mark, right of its line?}], the topmost first, so that no line runs through another's name. A
// line starts in its name's row, so it meets the names below: from the lowest row up, each name is one that the lines of those not
// yet placed leave free. Where a narrow picture has no such name, the name with the most room stands on the line.
function placed(marks, wide) {
  const rows = [];
  const rest = new Set(marks);
  while (rest.size) {
    const room = ({ at, long }, right) => {
      const others = [...rest].map((mark) => mark.at).filter((other) => (right ? other > at : other < at));
      const end = right ? Math.min(wide, ...others) - at : at - Math.max(0, ...others);
      return end - long - 2 * GAP;
    };
    const choices = [...rest].reverse().flatMap((mark) => [true, false].map((right) => ({ mark, right, room: room(mark, right) })));
    const best = choices.find((choice) => choice.room >= 0) ?? choices.reduce((a, b) => (b.room > a.room ? b : a));
    rest.delete(best.mark);
    rows.unshift(best);
  }
  return rows;
}

// In a page this is a classic script; as a widget's module it waits for `render`.
if (document.currentScript) {
  for (const figure of document.querySelectorAll("figure.paste")) new Paste(figure);
}
