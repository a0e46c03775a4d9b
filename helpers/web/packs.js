// Figures' packs: sidecar scripts beside the page, which load from file:// too.
window.__bookErrors = window.__bookErrors || [];
window.addEventListener("error", (event) => window.__bookErrors.push(event.message));
window.addEventListener("unhandledrejection",
  (event) => window.__bookErrors.push(String(event.reason)));

// A sidecar script calls this with its pack: base64 of gzipped bytes.
window.figurePack = (base64) => { document.currentScript.pack = base64; };

// The text of a figure's pack: in the figure itself, or in its sidecar.
function packOf(figure) {
  const inline = figure.querySelector(".figure-pack");
  if (inline) return Promise.resolve(inline.textContent);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.addEventListener("error", () => reject(new Error("its states did not load")));
    script.addEventListener("load", () => resolve(script.pack ?? ""));
    script.src = figure.dataset.pack;
    document.head.append(script);
  });
}

// Its bytes.
async function bytesOf(figure) {
  if (!("DecompressionStream" in window)) {
    throw new Error("this browser cannot unpack its states (it lacks DecompressionStream)");
  }
  const text = await packOf(figure);
  try {
    const packed = Uint8Array.fromBase64?.(text) // newer, and many times as quick
      ?? Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    let at = 0;
    const slices = new ReadableStream({
      async pull(slice) {
        await new Promise((resolve) => setTimeout(resolve)); // the reader's hand comes first
        if (at >= packed.length) slice.close();
        else slice.enqueue(packed.subarray(at, at += 16384));
      },
    });
    return await new Response(slices.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  } catch (error) {
    throw new Error(`its states are damaged (${error.message})`);
  }
}

// Calls `act` with each figure once, when the page is there and the figure nears the screen.
function whenNear(figures, act) {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        near.unobserve(entry.target);
        act(entry.target);
      }
    }
  }, { rootMargin: "600px" });
  const observe = () => { for (const figure of figures) near.observe(figure); };
  if (document.readyState === "complete") observe();
  else window.addEventListener("load", observe);
}
