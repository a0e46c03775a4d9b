// Previews: what a link to a term of the glossary or to a source leads to, in a small box beside the link. It comes when a mouse
// rests on the link or the keyboard reaches it, and stays as long as either does, or the mouse is on the box itself; Escape closes
// it (WCAG 1.4.13). A finger cannot rest on a link: its first tap shows the box, and the second follows the link.
(() => {
  "use strict";
  const TEXTS = new URL("preview-texts.js", document.currentScript.src).href;
  const REST = 300; // ms until the box comes or goes: time to cross a line of links, or the gap to the box
  const GAP = 6; // px, to the link and to the screen's edges
  const box = document.createElement("div");
  box.id = "preview";
  box.setAttribute("role", "tooltip");
  let texts = null; // asked for once, at the first rest; a script, since pages from a folder may fetch nothing else
  let asked = null; // the link that the box is for
  let title = null; // its own, which would come up beside the box
  let timer = 0;

  const linkAt = (element) => {
    const link = element.closest("article a[href]:not(.headerlink)");
    return link && /\/(glossary|references)\.html$/.test(link.pathname) && link.hash ? link : null;
  };

  const load = () => new Promise((resolve) => {
    const script = document.createElement("script");
    for (const outcome of ["load", "error"]) script.addEventListener(outcome, () => resolve(window.previewTexts ?? {}));
    script.src = TEXTS;
    document.head.append(script);
  });

  // Whether there is one.
  async function show(link, height, more = "") {
    hide();
    asked = link;
    texts ??= load();
    const text = (await texts)[link.pathname.split("/").pop() + link.hash];
    if (asked !== link || !text) return Boolean(text);
    title = link.getAttribute("title");
    link.removeAttribute("title");
    link.setAttribute("aria-describedby", box.id);
    box.innerHTML = text + more;
    document.body.append(box);
    const lines = Array.from(link.getClientRects()); // a link may be broken: the line that the mouse is on
    const line = lines.find(({ bottom }) => height <= bottom) ?? lines[0];
    const { offsetWidth, offsetHeight } = box;
    const rightmost = document.documentElement.clientWidth - offsetWidth - GAP;
    box.style.left = `${scrollX + Math.max(GAP, Math.min(line.left, rightmost))}px`;
    const above = line.top - GAP - offsetHeight;
    box.style.top = `${scrollY + (above >= GAP ? above : line.bottom + GAP)}px`;
    return true;
  }

  function hide() {
    clearTimeout(timer);
    if (box.isConnected) {
      box.remove();
      asked.removeAttribute("aria-describedby");
      if (title !== null) asked.setAttribute("title", title);
    }
    asked = null;
  }

  document.addEventListener("pointerover", ({ target, pointerType, clientY }) => {
    if (pointerType === "touch") return;
    clearTimeout(timer);
    const link = box.contains(target) ? asked : linkAt(target);
    if (link === asked) return;
    if (link) timer = setTimeout(show, REST, link, clientY);
    else if (!asked.matches(":focus-visible")) timer = setTimeout(hide, REST);
  });
  document.addEventListener("focusin", ({ target }) => {
    const link = linkAt(target);
    if (link?.matches(":focus-visible") && link !== asked) show(link);
  });
  document.addEventListener("focusout", ({ target }) => {
    if (target === asked && !asked.matches(":hover") && !box.matches(":hover")) hide();
  });
  document.addEventListener("click", async (event) => {
    if (event.pointerType !== "touch" || box.contains(event.target)) return;
    const link = linkAt(event.target);
    if (!link || link === asked) return hide();
    event.preventDefault();
    if (!await show(link, event.clientY, "<p>Tap the link again to go there.</p>")) location.assign(link.href);
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });
})();
