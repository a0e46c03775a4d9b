// Day or night, as the reader's system has it; the figures' colours follow.
document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
