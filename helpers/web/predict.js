// A question that the reader answers, or passes, before looking. Used as it is in the page, and as
// the front end of the widget in a kernel. Calls `done(answer)` at every answer: the number, or null.
function wirePrediction(form, done) {
  const facts = JSON.parse(form.dataset.predict);
  const feedback = form.querySelector(".predict-feedback");
  const finish = (text, right, answer) => {
    feedback.textContent = text;
    form.dataset.right = String(right);
    done(answer);
  };
  // A verdict is on the answer given, and not on another that is being chosen.
  form.addEventListener("input", () => {
    feedback.textContent = "";
    delete form.dataset.right;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (facts.interval) {
      const guess = Number(form.querySelector("input").value);
      const [low, high] = facts.interval;
      const side = guess < low ? "low" : guess > high ? "high" : "right";
      finish(facts.why[side], side === "right", guess);
    } else {
      const chosen = Number(new FormData(form).get(form.id));
      const right = chosen === facts.right;
      finish(`${right ? "Yes." : "Not quite."} ${facts.feedback[chosen]}`, right, null);
    }
  });
  form.querySelector("[data-action=pass]").addEventListener("click", () => {
    finish(facts.told, false, null);
  });
}

// The figure that a question holds back says so until the reader has answered or passed.
function stopWaiting(figure) {
  if (!figure.dataset.waiting) return;
  delete figure.dataset.waiting;
  figure.querySelector(".predict-wait").remove();
}

// Wire every question of the page, bets too; `told(figure, answer)` hears each number given.
function askFirst(told) {
  for (const form of document.querySelectorAll("form.predict")) {
    const figure = document.querySelector(`[data-after="${form.id}"]`);
    if (figure) {
      figure.dataset.waiting = "true";
      const note = document.createElement("p");
      note.className = "predict-wait";
      note.setAttribute("role", "status");
      const pass = form.querySelector("[data-action=pass]").textContent;
      note.textContent = `Answer the question before this figure, or choose “${pass}” there, and the figure opens.`;
      figure.prepend(note);
    }
    const wire = form.dataset.bets ? wireBets : wirePrediction;
    wire(form, (answer) => {
      if (!figure) return;
      stopWaiting(figure);
      if (answer !== null) told(figure, answer);
    });
  }
}
