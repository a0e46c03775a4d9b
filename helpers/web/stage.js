// The stage: draws a moving model's scenes and passes on what the reader does. Python computes every
// scene: recorded when the book was built, in this page's worker, or in a kernel. Used as it is in
// the page, and as the front end of the widget in a kernel.

// Draws a scene on a canvas, in the page's colours.
class Painter {
  constructor(canvas, header) {
    this.canvas = canvas;
    this.header = header;
    this.raster = document.createElement("canvas");
  }

  paint({ said, scene }, cursor) {
    const { canvas, header } = this;
    const sharp = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * sharp);
    canvas.height = Math.round(height * sharp);
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    const style = getComputedStyle(canvas);
    const color = (name) => style.getPropertyValue(`--fig-${name}`).trim();
    const place = { x: width / said.plane[0], y: height / said.plane[1], height };
    const layers = {};
    let start = 0;
    for (const [name, shape] of Object.entries(said.shapes)) {
      const size = shape.reduce((product, length) => product * length, 1);
      layers[name] = { shape, values: scene.subarray(start, start + size) };
      start += size;
    }
    for (const [name, layer] of Object.entries(layers)) {
      const kind = header.layers[name];
      const colors = header.colors[name].map(color);
      if (kind.type === "Field") this.field(pen, layer, kind.top, colors[0], width, height);
      else if (kind.type === "Edges") this.edges(pen, layer, layers[kind.between], kind, colors[0], place);
      else this.points(pen, layer, kind.columns.split(" "), colors, place);
    }
    this.words(pen, header.words, color, style.fontFamily, place);
    if (cursor) this.cross(pen, cursor, color("ink"), place);
  }

  field(pen, { shape: [rows, columns], values }, top, color, width, height) {
    const [red, green, blue] = [1, 3, 5].map((place) => parseInt(color.slice(place, place + 2), 16));
    const image = new ImageData(columns, rows);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const pixel = 4 * ((rows - 1 - row) * columns + column);
        image.data[pixel] = red;
        image.data[pixel + 1] = green;
        image.data[pixel + 2] = blue;
        const share = Math.min(values[row * columns + column] / top, 1);
        image.data[pixel + 3] = 255 * Math.sqrt(Math.max(share, 0));
      }
    }
    this.raster.width = columns;
    this.raster.height = rows;
    this.raster.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.raster, 0, 0, width, height);
  }

  edges(pen, { values }, ends, { top, width }, color, { x, y, height }) {
    const wide = ends.shape[1];
    pen.strokeStyle = color;
    for (let i = 0; i < values.length; i += 3) {
      const share = Math.min(values[i + 2] / top, 1);
      if (share < 0.02) continue;
      const [from, to] = [wide * Math.round(values[i]), wide * Math.round(values[i + 1])];
      pen.globalAlpha = 0.25 + 0.75 * share;
      pen.lineWidth = 0.5 + (width - 0.5) * share;
      pen.beginPath();
      pen.moveTo(x * ends.values[from], height - y * ends.values[from + 1]);
      pen.lineTo(x * ends.values[to], height - y * ends.values[to + 1]);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  points(pen, { shape: [count, wide], values }, columns, colors, { x, y, height }) {
    const [heading, kind] = ["heading", "kind"].map((name) => columns.indexOf(name));
    const size = count <= 4 ? 7 : count <= 60 ? 4.5 : count <= 600 ? 2.6 : 1.6;
    colors.forEach((color, number) => {
      pen.fillStyle = color;
      pen.beginPath();
      for (let i = 0; i < values.length; i += wide) {
        if (Number.isNaN(values[i]) || (kind >= 0 && Math.round(values[i + kind]) !== number)) continue;
        const left = x * values[i];
        const top = height - y * values[i + 1];
        if (heading < 0) {
          pen.moveTo(left + size, top);
          pen.arc(left, top, size, 0, 7);
        } else {
          const ahead = 2.2 * size * Math.cos(values[i + heading]);
          const aside = 2.2 * size * Math.sin(values[i + heading]);
          pen.moveTo(left + ahead, top - aside);
          pen.lineTo(left - 0.6 * ahead - 0.45 * aside, top + 0.6 * aside - 0.45 * ahead);
          pen.lineTo(left - 0.6 * ahead + 0.45 * aside, top + 0.6 * aside + 0.45 * ahead);
          pen.closePath();
        }
      }
      pen.fill();
    });
  }

  words(pen, words, color, font, { x, y, height }) {
    pen.font = `12px ${font}`;
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3; // paper round each letter, as in the figures
    [pen.strokeStyle, pen.fillStyle] = [color("paper"), color("ink")];
    for (const [left, up, text] of words) {
      pen.strokeText(text, x * left, height - y * up);
      pen.fillText(text, x * left, height - y * up);
    }
  }

  cross(pen, cursor, color, { x, y, height }) {
    const [left, top] = [x * cursor[0], height - y * cursor[1]];
    pen.strokeStyle = color;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.arc(left, top, 9, 0, 7);
    for (const [right, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(left + 5 * right, top + 5 * down);
      pen.lineTo(left + 14 * right, top + 14 * down);
    }
    pen.stroke();
  }
}

class Stage {
  constructor(figure, header) {
    this.figure = figure;
    figure.stage = this;
    this.canvas = figure.querySelector("canvas");
    this.readout = figure.querySelector("output.readout");
    this.bar = figure.querySelector(".stage-bar");
    this.controls = figure.querySelector(".stage-controls");
    this.scrub = this.bar.elements.frame;
    this.note = new Note(figure, ["broken", "refused", "starting", "touch"]);
    this.inputs = Array.from(this.controls.querySelectorAll("[data-default]"));
    this.engine = null; // the live one
    this.recording = null;
    this.shown = null;
    this.number = 0; // of the recording's frame
    this.playing = false;
    this.seen = this.mostly = false; // any of the canvas in view; half of it
    this.due = 0; // steps that time asks for
    this.waiting = 0; // answers that the engine owes
    this.chain = Promise.resolve();
    this.changes = {};
    this.pokes = [];
    this.cursor = null;
    if (header) this.use(header);
    this.listen();
  }

  use(header) {
    this.header = header;
    this.painter = new Painter(this.canvas, header);
  }

  get scenario() {
    return this.controls.elements.scenario.selectedIndex;
  }

  listen() {
    for (const form of [this.bar, this.controls]) {
      form.addEventListener("submit", (event) => event.preventDefault());
    }
    for (const button of this.bar.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => this.act(button.dataset.action));
    }
    this.scrub.addEventListener("input", () => {
      this.pause();
      this.seek(Number(this.scrub.value));
    });
    this.controls.addEventListener("input", ({ target }) => target.type === "text" || this.turn(target));
    this.controls.addEventListener("change", ({ target }) => target.type === "text" && this.turn(target));
    this.canvas.addEventListener("pointerdown", (event) => this.touch(event));
    this.canvas.addEventListener("pointermove", (event) => this.touch(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["focus", "blur"]) this.canvas.addEventListener(kind, () => this.paint());
    // in the next frame: painting may set the size that is being observed, and Jupyter is hidden while it changes its theme
    const repaint = () => requestAnimationFrame(() => this.paint());
    new ResizeObserver(repaint).observe(this.canvas);
    const themed = new MutationObserver(repaint);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    themed.observe(document.body, { attributeFilter: ["data-jp-theme-light"] }); // Jupyter's
    new IntersectionObserver(([entry]) => {
      this.seen = entry.isIntersecting;
      this.mostly = entry.intersectionRatio >= 0.5;
      if (this.mostly) this.begin();
    }, { threshold: [0, 0.5] }).observe(this.canvas);
  }

  // The recording, once. Whatever goes wrong, the picture of its end stays and a note says why.
  load() {
    this.loading ??= bytesOf(this.figure).then((bytes) => {
      const recording = new Recording(bytes);
      const [runs, scenarios] = [recording.header.recordings.length, this.controls.elements.scenario.length];
      if (runs !== scenarios) throw new Error(`it has ${runs} recordings for ${scenarios} scenarios`);
      this.recording = recording;
      this.use(recording.header);
      this.choose(Infinity);
      if (this.mostly) this.begin();
    }).catch((error) => {
      this.figure.dataset.asleep = "true"; // the still picture takes the canvas's place
      for (const field of this.figure.querySelectorAll("button, input, select")) field.disabled = true;
      this.note.say("broken", `This stage is asleep: ${error.message}. You see how its run ends.`);
    });
    return this.loading;
  }

  // A recording starts by itself when it is first seen, unless the reader wants less motion.
  begin() {
    if (this.begun || !this.recording || this.engine || this.figure.dataset.waiting) return;
    this.begun = true;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.seek(0);
    this.play();
  }

  choose(number) {
    const last = this.recording.frames(this.scenario) - 1;
    this.scrub.max = last;
    this.seek(Math.min(number, last));
  }

  async act(action) {
    if (this.figure.dataset.engine === "recording") await this.load();
    this.begun = true; // from now on the reader decides
    if (action === "play") this.play();
    else if (action === "pause") this.pause();
    else if (action === "step") this.step();
    else if (action === "reset") this.reset();
    else if (action === "live") this.goLive();
  }

  play() {
    if (this.playing) return;
    if (!this.engine && this.number === this.recording.frames(this.scenario) - 1) this.seek(0);
    this.playing = true;
    this.figure.dataset.playing = "true";
    this.readout.setAttribute("aria-live", "off"); // too fast to be read out
    this.due = 0;
    this.last = performance.now();
    const beat = (now) => {
      if (!this.playing) return;
      requestAnimationFrame(beat); // which rests while the tab is hidden
      if (this.seen) this.advance(Math.min(now - this.last, 100) / 1000);
      this.last = now;
    };
    requestAnimationFrame(beat);
  }

  pause() {
    this.playing = false;
    delete this.figure.dataset.playing;
    this.readout.setAttribute("aria-live", "polite");
    this.say();
  }

  advance(seconds) {
    const pace = this.header.pace * Number(this.bar.elements.pace.value);
    this.due += seconds * pace;
    if (!this.engine) {
      const frames = Math.floor(this.due / this.header.every);
      this.due -= frames * this.header.every;
      const last = this.recording.frames(this.scenario) - 1;
      if (frames) this.seek(Math.min(this.number + frames, last));
      if (this.number === last) this.pause();
      return;
    }
    const most = Math.max(1, pace / 15); // more would make a slow machine's answers slower still
    this.due = Math.min(this.due, most);
    if (this.waiting || this.due < 1) return;
    const steps = Math.floor(this.due);
    this.due -= steps;
    this.go(steps);
  }

  seek(number) {
    this.number = number;
    this.scrub.value = number;
    this.show(this.recording.frame(this.scenario, number));
    this.scrub.setAttribute("aria-valuetext", `step ${this.shown.said.step}`);
  }

  step() {
    this.pause();
    if (this.engine) this.go(1);
    else this.seek(Math.min(this.number + 1, this.recording.frames(this.scenario) - 1));
  }

  reset() {
    this.pause();
    this.note.say("refused", "");
    if (this.engine) this.start();
    else this.seek(0);
  }

  // One message at a time, in order.
  send(message) {
    const { engine } = this;
    this.waiting += 1;
    this.chain = this.chain.then(() => engine.ask(message)).then((answer) => {
      this.waiting -= 1;
      if (this.engine !== engine) return;
      this.show(answer);
      if (answer.said.refused.length) this.note.say("refused", answer.said.refused.at(-1));
      if (this.pokes.length || Object.keys(this.changes).length) this.nudge();
    }).catch((error) => {
      this.waiting -= 1;
      if (this.engine === engine) this.stop(error);
    });
    return this.chain;
  }

  go(steps) {
    this.send({ do: "go", steps, set: this.changes, pokes: this.pokes });
    this.changes = {};
    this.pokes = [];
  }

  // What the reader did shows at once, even where the model stands still.
  nudge() {
    if (!this.waiting) this.go(0);
  }

  start() {
    const settings = Object.fromEntries(this.inputs.map((input) => [input.name, indexOf(input)]));
    this.changes = {};
    this.pokes = [];
    return this.send({ do: "start", scenario: this.scenario, settings,
                       seed: Number(this.controls.elements.seed.value) });
  }

  async goLive() {
    if (this.engine) return;
    const lacking = withoutPython(this.figure, ", so only the recording plays");
    if (lacking) {
      this.note.say("starting", lacking);
      return;
    }
    this.pause();
    this.note.say("broken", "");
    this.note.say("starting", "Python is starting in your browser …");
    const button = this.bar.querySelector("[data-action=live]");
    button.textContent = "Starting …"; // the note may be below the screen
    const { recordings, ...header } = this.header;
    await this.runIn(new InBrowser(this.figure, header, (text) => this.note.say("starting", text)));
    button.textContent = "Run it live";
    if (!this.engine) return;
    this.note.say("starting", "");
    this.figure.dataset.engine = "browser";
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.play();
  }

  // The canvas takes the reader's hands; the model starts.
  runIn(engine) {
    this.engine = engine;
    this.note.say("touch", "");
    if (Object.keys(this.header.tools).length) {
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "application");
      this.cursor = [this.header.plane[0] / 2, this.header.plane[1] / 2];
      this.grip();
    }
    this.set(this.header.starts[this.scenario]);
    return this.start();
  }

  // Back to the recording, if there is one.
  stop(error) {
    this.pause();
    this.note.say("starting", "");
    this.note.say("broken", `The model stopped: ${error.message}.`
      + (this.recording ? " The recording plays on, and “Run it live” starts the model afresh." : ""));
    if (!this.recording) return;
    this.engine = null;
    this.figure.dataset.engine = "recording";
    this.canvas.removeAttribute("tabindex");
    this.canvas.setAttribute("role", "img");
    this.canvas.style.touchAction = "";
    this.cursor = null;
    this.choose(this.number);
  }

  set(indices) {
    for (const input of this.inputs) {
      setIndex(input, indices[input.name]);
      sayValue(input);
    }
  }

  turn(input) {
    sayValue(input);
    if (input.name === "tool") return this.grip();
    if (input.name === "scenario") {
      if (!this.header) return undefined;
      this.set(this.header.starts[this.scenario]);
      if (this.engine) return this.start();
      this.choose(0);
      return this.begun ? this.play() : undefined;
    }
    if (!this.engine || !input.checkValidity()) return undefined;
    this.note.say("refused", "");
    if (!this.header.live.includes(input.name)) return this.start();
    this.changes[input.name] = indexOf(input);
    return this.nudge();
  }

  get tool() {
    return this.controls.querySelector("[name=tool]:checked")?.value;
  }

  get gesture() {
    return this.header?.tools[this.tool];
  }

  // While a drag draws, the page must not scroll.
  grip() {
    this.canvas.style.touchAction = this.gesture === "tap" ? "manipulation" : "none";
  }

  touch(event) {
    const pressed = event.type === "pointerdown";
    if (!this.engine) {
      if (pressed && this.header && Object.keys(this.header.tools).length) {
        this.note.say("touch", "This is a recording: choose “Run it live”, and you can touch it.");
      }
      return;
    }
    const held = event.buttons > 0;
    if (!(pressed || (held && this.gesture === "stroke") || this.gesture === "follow")) return;
    const box = this.canvas.getBoundingClientRect();
    const [width, height] = this.shown.said.plane;
    const at = [width * (event.clientX - box.left) / box.width, height * (box.bottom - event.clientY) / box.height];
    if (pressed) this.note.say("refused", "");
    if (pressed && this.gesture !== "follow") this.canvas.setPointerCapture(event.pointerId);
    this.poke(at, pressed || this.gesture === "follow" ? at : this.cursor);
  }

  // Pokes from `from` to `at`, near enough to each other to leave no gap.
  poke(at, from) {
    if (!this.gesture) return;
    const [width, height] = this.shown.said.plane;
    const parts = Math.max(1, Math.ceil(100 * Math.hypot((at[0] - from[0]) / width, (at[1] - from[1]) / height)));
    for (let part = 1; part <= parts; part += 1) {
      const x = from[0] + (at[0] - from[0]) * part / parts;
      const y = from[1] + (at[1] - from[1]) * part / parts;
      if (x >= 0 && y >= 0 && x < width && y < height) this.pokes.push([this.tool, x, y]);
    }
    this.cursor = at;
    if (this.pokes.length) this.nudge();
  }

  key(event) {
    if (!this.engine || !this.cursor) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
    const move = arrows[event.key];
    if (move) {
      const from = this.cursor;
      const at = this.shown.said.plane.map((size, i) => Math.min(
        Math.max(from[i] + move[i] * size / 40, size / 80), size - size / 80));
      this.cursor = at;
      if (this.gesture === "follow" || (event.shiftKey && this.gesture === "stroke")) this.poke(at, from);
      this.paint();
    } else if (event.key === " " || event.key === "Enter") {
      this.note.say("refused", "");
      this.poke(this.cursor, this.cursor);
    } else return;
    event.preventDefault();
  }

  show(answer) {
    this.shown = answer;
    this.figure.dataset.step = answer.said.step;
    if (answer.said.reached && this.figure.querySelector(".explore-challenge")) reach(this.figure);
    this.paint();
    const now = performance.now();
    if (!this.playing || now - (this.spoke ?? 0) > 200) {
      this.spoke = now;
      this.say();
    }
  }

  say() {
    if (this.shown) this.readout.textContent = this.shown.said.readout;
  }

  paint() {
    if (!this.shown || !this.canvas.clientWidth) return;
    this.painter.paint(this.shown, document.activeElement === this.canvas ? this.cursor : null);
  }
}

// In a page this is a classic script; as a widget's module it waits for `render`.
if (document.currentScript) {
  const stages = new Map(Array.from(document.querySelectorAll("figure.stage"),
    (figure) => [figure, new Stage(figure)]));
  whenNear(stages.keys(), (figure) => stages.get(figure).load());
}
