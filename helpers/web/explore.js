// The reader of baked figures. Python drew and worded every state; this file finds the one that the
// controls ask for and puts it on the page. A classic script, so that it runs from file:// too.
(() => {
  "use strict";

  const errors = (window.__bookErrors = window.__bookErrors || []);
  window.addEventListener("error", (event) => errors.push(event.message));
  window.addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));

  // A sidecar script calls this with its pack: base64 of gzipped JSON.
  window.explorePack = (base64) => { document.currentScript.pack = base64; };

  async function unpack(base64) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const pack = JSON.parse(await new Response(stream).text());
    if (!pack.lines || !pack.reached || !pack.states.length
        || pack.states.length !== pack.sentences.length) {
      throw new Error("the pack is incomplete");
    }
    return pack;
  }

  function fetchPack(url) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.addEventListener("error", () => reject(new Error("its states did not load")));
      script.addEventListener("load", () => resolve(script.pack ?? ""));
      script.src = url;
      document.head.append(script);
    });
  }

  function picture(pack, state) {
    const parts = [];
    const runs = pack.states[state];
    for (let i = 0; i < runs.length; i += 2) {
      parts.push(pack.lines.slice(runs[i], runs[i] + runs[i + 1]).join(""));
    }
    return parts.join("");
  }

  // A control is read and set by the index of its value.
  function lengthOf(input) {
    if (input.type === "checkbox") return 2;
    if (input.type === "range") return JSON.parse(input.dataset.labels).length;
    return input.options.length;
  }
  function indexOf(input) {
    if (input.type === "checkbox") return Number(input.checked);
    if (input.type === "range") return Math.round((input.value - input.min) / input.step);
    return input.selectedIndex;
  }
  function setIndex(input, index) {
    if (input.type === "checkbox") input.checked = index === 1;
    else if (input.type === "range") input.value = Number(input.min) + index * input.step;
    else input.selectedIndex = index;
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

  class Explorer {
    constructor(figure) {
      this.figure = figure;
      this.inputs = Array.from(figure.querySelectorAll(".explore-controls [name]"));
      this.lengths = this.inputs.map(lengthOf);
      this.view = figure.querySelector(".explore-view");
      this.caption = figure.querySelector("figcaption");
      this.note = figure.querySelector(".explore-note");
      this.notes = { waiting: "", asleep: "", address: "" };
      this.pack = null;
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
        this.say("asleep", `The controls of this figure are asleep: ${error.message}. `
          + "You see it in its first state.");
      });
      return this.loading;
    }

    async read() {
      if (!("DecompressionStream" in window)) {
        throw new Error("this browser cannot unpack its states (it lacks DecompressionStream)");
      }
      const inline = this.figure.querySelector(".explore-pack");
      const text = inline ? inline.textContent : await fetchPack(this.figure.dataset.pack);
      let pack;
      try {
        pack = await unpack(text);
      } catch (error) {
        throw new Error(`its states are damaged (${error.message})`);
      }
      const count = this.lengths.reduce((product, length) => product * length, 1);
      if (pack.states.length !== count) {
        throw new Error(`it has ${pack.states.length} states for ${count} settings`);
      }
      this.pack = pack;
    }

    // What each slider says of itself.
    label() {
      for (const input of this.inputs) {
        if (input.type !== "range") continue;
        const label = JSON.parse(input.dataset.labels)[indexOf(input)];
        input.setAttribute("aria-valuetext", label);
        input.nextElementSibling.textContent = label;
      }
    }

    update() {
      this.label();
      if (this.pack) this.draw();
      else this.load().then(() => this.pack && this.draw());
    }

    draw() {
      const indices = this.inputs.map(indexOf);
      const state = indices.reduce((sum, index, i) => sum * this.lengths[i] + index, 0);
      this.view.innerHTML = picture(this.pack, state);
      this.caption.textContent = this.pack.sentences[state];
      this.figure.dataset.state = indices.join(",");
      if (this.pack.reached[state] && !this.figure.dataset.reached) {
        this.figure.dataset.reached = "true";
        this.figure.querySelector(".explore-challenge strong").textContent = "Challenge reached ✓";
      }
    }

    // The address in the address bar opens the page at what the reader sees now.
    share() {
      const query = this.inputs.map((input) => `${input.name}=${encodeURIComponent(
        nameAt(input, indexOf(input)))}`).join("&");
      history.replaceState(history.state, "", `#${this.figure.dataset.explore}?${query}`);
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
      this.say("address", unknown.length
        ? `The address asks for ${unknown.join(", ")}, which this figure does not have.` : "");
      this.update();
    }

    setNumber(name, number) {
      const input = this.inputs.find((candidate) => candidate.name === name);
      input.value = number; // the browser takes the nearest step inside the range
      this.update();
    }

    // The note says the most pressing thing that is to be said, and is gone when there is nothing.
    say(about, text) {
      this.notes[about] = text;
      this.note.textContent = this.notes.waiting || this.notes.asleep || this.notes.address;
      this.note.hidden = this.note.textContent === "";
    }

    wait() {
      this.figure.dataset.waiting = "true";
      this.say("waiting", "Answer the question above, or choose “Show me”, and this figure opens.");
    }

    stopWaiting() {
      if (!this.figure.dataset.waiting) return;
      delete this.figure.dataset.waiting;
      this.say("waiting", "");
    }
  }

  function openAddress(explorers) {
    const [name, query] = location.hash.slice(1).split("?", 2);
    const explorer = explorers.get(name);
    if (explorer) {
      explorer.stopWaiting();
      if (query !== undefined) explorer.open(query);
      explorer.figure.scrollIntoView();
    } else if (query !== undefined) {
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
    const explorers = new Map();
    for (const figure of document.querySelectorAll("figure.explore")) {
      explorers.set(figure.dataset.explore, new Explorer(figure));
    }
    for (const form of document.querySelectorAll("form.predict")) {
      const next = Array.from(explorers.values()).find(
        (explorer) => explorer.figure.dataset.after === form.id);
      next?.wait();
      wirePrediction(form, (answer) => {
        next?.stopWaiting();
        if (answer !== null && next?.figure.dataset.sets) {
          next.setNumber(next.figure.dataset.sets, answer);
        }
      });
    }
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          near.unobserve(entry.target);
          explorers.get(entry.target.dataset.explore).load();
        }
      }
    }, { rootMargin: "600px" });
    explorers.forEach((explorer) => near.observe(explorer.figure));
    openAddress(explorers);
    window.addEventListener("hashchange", () => openAddress(explorers));
  }

  start();
})();
