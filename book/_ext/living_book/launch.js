// The buttons that open a notebook: where that cannot work, they say why instead.
(() => {
  const why = location.protocol === "file:"
    ? "To run notebooks here, the book must come from a server, be it your own: make serve."
    : typeof WebAssembly !== "object"
      ? "This browser cannot run Python: it has no WebAssembly, or it is switched off."
      : null;
  if (!why) return;
  for (const lite of document.querySelectorAll('.launch a[data-launch="lite"]')) {
    lite.removeAttribute("href");
    lite.setAttribute("role", "link");
    lite.setAttribute("aria-disabled", "true");
    lite.parentElement.querySelector(".launch-why").textContent = why;
  }
})();
