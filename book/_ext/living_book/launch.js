// The buttons that open a chapter as a notebook: where that cannot work, they say why instead.
(() => {
  const lite = document.querySelector('.launch a[data-launch="lite"]');
  if (!lite) return;
  const why = location.protocol === "file:"
    ? "To run this chapter here, the book must come from a server, be it your own: make serve."
    : typeof WebAssembly !== "object"
      ? "This browser cannot run Python: it has no WebAssembly, or it is switched off."
      : null;
  if (!why) return;
  lite.removeAttribute("href");
  lite.setAttribute("role", "link");
  lite.setAttribute("aria-disabled", "true");
  lite.parentElement.querySelector(".launch-why").textContent = why;
})();
