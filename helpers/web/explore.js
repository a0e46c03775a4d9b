// The reader of baked figures. Python drew and worded every state; this file finds the one that the
// controls ask for and puts it on the page. A classic script, so that it runs from file:// too.
(() => {
  "use strict";

  // Whether a pack is as `helpers/bake.py` makes it.
  function isWhole({ lines, states, sentences, reached }) {
    const areTexts = (list) => Array.isArray(list) && list.every((text) => typeof text === "string");
    const areRuns = (runs) => Array.isArray(runs) && runs.length % 2 === 0 && runs.every((number, i) =>
      Number.isInteger(number) && number >= 0 && (i % 2 === 0 || runs[i - 1] + number <= lines.length));
    return areTexts(lines) && areTexts(sentences) && Array.isArray(reached) && Array.isArray(states)
      && states.length > 0 && states.length === sentences.length && states.length === reached.length
      && states.every(areRuns);
  }

  async function unpack(figure) {
    const bytes = await bytesOf(figure);
    try {
      const pack = JSON.parse(new TextDecoder().decode(bytes));
      if (!isWhole(pack)) throw new Error("the pack is not as it was made");
      return pack;
    } catch (error) {
      throw new Error(`its states are damaged (${error.message})`);
    }
  }

  function picture(pack, state) {
    const parts = [];
    const runs = pack.states[state];
    for (let i = 0; i < runs.length; i += 2) {
      parts.push(pack.lines.slice(runs[i], runs[i] + runs[i + 1]).join(""));
    }
    return parts.join("");
  }

  // The index that a text in an address or a reader's number names; -1 if there is none.
  function indexNamed(input, text) {
    if (input.type === "checkbox") return ["false", "true"].indexOf(text);
    if (input.type !== "range") {
      return Array.from(input.options).findIndex((option) => option.text === text);
    }
    if (text.trim() === "") return -1;
    return JSON.parse(input.dataset.labels).findIndex(
      (label) => Math.abs(Number(label) - Number(text)) < 1e-9);
  }
  function nameAt(input, index) {
    if (input.type === "checkbox") return ["false", "true"][index];
    if (input.type === "range") return JSON.parse(input.dataset.labels)[index];
    return input.options[index].text;
  }

  // The line at a figure's foot that copies the address of its present state; where a browser will not copy, it shows
  // the address, selected.
  class Link {
    constructor(figure, address) {
      this.address = address;
      this.field = document.createElement("input");
      this.field.readOnly = true;
      this.field.setAttribute("aria-label", "Link to this state");
      this.told = document.createElement("span");
      this.told.setAttribute("role", "status");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy link to this state";
      button.addEventListener("click", () => this.copy());
      const line = document.createElement("div");
      line.className = "explore-link";
      line.append(this.field, this.told, button);
      this.forget();
      figure.querySelector("figcaption").before(line);
    }

    async copy() {
      this.forget();
      const address = this.address();
      try {
        await navigator.clipboard.writeText(address); // a page from http has no clipboard at all
        this.told.textContent = "Link copied";
      } catch {
        this.field.value = address;
        this.field.hidden = false;
        this.field.focus();
        this.field.select();
      }
    }

    // What was said held for another state.
    forget() {
      this.field.hidden = true;
      this.told.textContent = "";
    }
  }

  class Explorer {
    constructor(figure) {
      this.figure = figure;
      this.inputs = Array.from(figure.querySelectorAll(".explore-controls [name]"));
      this.lengths = this.inputs.map(lengthOf);
      this.view = figure.querySelector(".explore-view");
      this.caption = figure.querySelector("figcaption");
      this.note = new Note(figure, ["asleep", "address"]);
      this.pack = null;
      // a slide's address is the deck's own, which opens no state
      if (figure.closest("article")) this.link = new Link(figure, () => new URL(this.address(), location.href).href);
      const form = figure.querySelector(".explore-controls");
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("input", () => this.update());
      form.addEventListener("change", () => this.share());
      for (const kind of ["focusin", "pointerover"]) {
        form.addEventListener(kind, () => this.load(), { once: true });
      }
    }

    // Loads the pack, once. Whatever goes wrong, the default figure stays and a note says why.
    load() {
      this.loading ??= this.read().catch((error) => {
        for (const input of this.inputs) {
          setIndex(input, Number(input.dataset.default));
          input.disabled = true;
        }
        this.label();
        this.note.say("asleep", `The controls of this figure are asleep: ${error.message}. `
          + "You see it in its first state.");
      });
      return this.loading;
    }

    async read() {
      const pack = await unpack(this.figure);
      const count = this.lengths.reduce((product, length) => product * length, 1);
      if (pack.states.length !== count) {
        throw new Error(`it has ${pack.states.length} states for ${count} settings`);
      }
      this.pack = pack;
    }

    label() {
      this.inputs.forEach(sayValue);
    }

    update() {
      this.label();
      this.link?.forget();
      if (this.pack) this.draw();
      else this.load().then(() => this.pack && this.draw());
    }

    draw() {
      const indices = this.inputs.map(indexOf);
      const state = indices.reduce((sum, index, i) => sum * this.lengths[i] + index, 0);
      this.view.innerHTML = picture(this.pack, state);
      this.caption.textContent = this.pack.sentences[state];
      this.figure.dataset.state = indices.join(",");
      if (this.pack.reached[state]) reach(this.figure);
    }

    // Opens the page at what the reader sees now.
    address() {
      const query = this.inputs.map((input) => `${input.name}=${encodeURIComponent(
        nameAt(input, indexOf(input)))}`).join("&");
      return `#${this.figure.dataset.explore}?${query}`;
    }

    // So does then the address in the address bar.
    share() {
      history.replaceState(history.state, "", this.address());
    }

    // Takes "voters=51&competence=0.6"; says what it could not use.
    open(query) {
      const unknown = [];
      for (const [name, text] of new URLSearchParams(query)) {
        const input = this.inputs.find((candidate) => candidate.name === name);
        const index = input ? indexNamed(input, text) : -1;
        if (index < 0) unknown.push(`${name}=${text}`);
        else setIndex(input, index);
      }
      this.note.say("address", unknown.length
        ? `The address asks for ${unknown.join(", ")}, which this figure does not have.` : "");
      this.update();
    }

    setNumber(name, number) {
      const input = this.inputs.find((candidate) => candidate.name === name);
      input.value = number; // the browser takes the nearest step inside the range
      this.update();
    }
  }

  // Where a link has led stays in its place, whatever changes its height above it, until the reader moves.
  let held = null;
  const byLink = performance.getEntriesByType("navigation")[0]?.type === "navigate"; // else the browser knows where the reader was
  function holdWhereLinksLead() {
    if (byLink) held = document.getElementById(location.hash.slice(1)); // as :target is not known yet
    const hold = () => held?.scrollIntoView();
    new ResizeObserver(hold).observe(document.body);
    for (const moved of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      window.addEventListener(moved, () => { held = null; }, { capture: true, passive: true });
    }
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href*='#']");
      const elsewhere = event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey;
      if (!link || elsewhere || link.pathname !== location.pathname) return;
      document.documentElement.dataset.whole = ""; // what is above the target, before the browser looks for it
      held = document.getElementById(link.hash.slice(1));
    });
  }

  function openAddress(explorers, lead = true) {
    const [name, query] = location.hash.slice(1).split("?", 2);
    const explorer = explorers.get(name);
    if (explorer) {
      document.documentElement.dataset.whole = "";
      stopWaiting(explorer.figure);
      if (query !== undefined) explorer.open(query);
      if (lead) held = explorer.figure;
      held?.scrollIntoView();
    } else if (query !== undefined && !document.getElementById(name)) {
      let note = document.getElementById("address-note");
      if (!note) {
        note = document.createElement("p");
        note.id = "address-note";
        note.className = "explore-note";
        note.setAttribute("role", "status");
        document.querySelector("article h1").after(note); // the first h1 is for print
      }
      note.textContent = `The address asks for a figure “${name}”, which this page does not have.`;
    }
  }

  function start() {
    holdWhereLinksLead();
    const explorers = new Map();
    for (const figure of document.querySelectorAll("figure.explore")) {
      explorers.set(figure.dataset.explore, new Explorer(figure));
    }
    askFirst((figure, answer) => {
      const explorer = explorers.get(figure.id);
      if (explorer && figure.dataset.sets) explorer.setNumber(figure.dataset.sets, answer);
    });
    whenNear(document.querySelectorAll("figure.explore"),
      (figure) => explorers.get(figure.id).load());
    if (location.hash) openAddress(explorers, byLink);
    window.addEventListener("hashchange", () => openAddress(explorers));
  }

  start();
})();
