// The address says which slide is open, also after a figure has put its own state there.
Reveal.initialize({
  hash: true,
  width: 1280,
  height: 800,
  margin: 0.03,
  center: false,
  transition: matchMedia("(prefers-reduced-motion: reduce)").matches ? "none" : "fade",
  transitionSpeed: "fast",
  plugins: [RevealNotes],
  // a slider that has the focus takes the arrow keys, and so does a stage
  keyboardCondition: () => !document.activeElement?.closest("input, select, textarea, [role=application]"),
});
