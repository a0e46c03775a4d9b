// Where Python works for a figure: in this page's worker, or in a kernel. Used as it is in the page, and in a widget.

// What keeps a page from starting Python, in words; null if nothing does. `otherwise`: what the reader has all the same.
function withoutPython(figure, otherwise) {
  if (location.protocol === "file:") {
    return "A browser starts Python only in a page that a server sends, and this page "
      + "is a file. Run “make serve” in the book's folder and open the address that it prints.";
  }
  if (figure.dataset.python === "missing") {
    return "This copy of the book was built without Python for the browser "
      + `(it could not be downloaded then)${otherwise}. Run “make book” again while online.`;
  }
  return null;
}

// An engine has ask(message), which promises {said, scene}. This one is the page's worker.
const PATIENCE = { start: 90, go: 15 }; // seconds until a silent worker is given up
class InBrowser {
  static script = document.currentScript?.src;

  constructor(figure, header, tell) {
    InBrowser.worker ??= InBrowser.hire();
    this.worker = InBrowser.worker;
    this.name = figure.id;
    this.header = JSON.stringify(header);
    this.tell = tell;
  }

  static hire() {
    return new Worker(new URL("worker.js", InBrowser.script), { type: "module" });
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      const end = (act, value) => {
        clearTimeout(silence);
        this.worker.removeEventListener("message", hear);
        this.worker.removeEventListener("error", fail);
        act(value);
      };
      const hear = ({ data }) => {
        if (data.stage !== this.name) return;
        if (data.note !== undefined) this.tell(data.note);
        else if (data.error === undefined) end(resolve, data);
        else end(reject, new Error(data.error));
      };
      const fail = (event) => {
        event.preventDefault();
        this.dismiss();
        end(reject, new Error(event.message || "its worker did not start"));
      };
      const silence = setTimeout(() => {
        this.dismiss();
        end(reject, new Error("it gave no sign of life"));
      }, 1000 * PATIENCE[message.do]);
      this.worker.addEventListener("message", hear);
      this.worker.addEventListener("error", fail);
      this.worker.postMessage({ stage: this.name, header: this.header, message });
      this.header = undefined; // once is enough
    });
  }

  // The next stage that runs live gets another worker.
  dismiss() {
    this.worker.terminate();
    if (InBrowser.worker === this.worker) InBrowser.worker = undefined;
  }
}

class Kernel {
  constructor(model) {
    this.model = model;
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      const hear = (said, buffers) => {
        this.model.off("msg:custom", hear);
        if (said.error !== undefined) return reject(new Error(said.error));
        const { buffer, byteOffset, byteLength } = buffers[0];
        return resolve({ said, scene: new Float64Array(
          buffer.slice(byteOffset, byteOffset + byteLength)) });
      };
      this.model.on("msg:custom", hear);
      this.model.send(message);
    });
  }
}
