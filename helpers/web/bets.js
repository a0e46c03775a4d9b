// A round of bets that the reader places, or passes, before looking. Used as it is in the page, and as
// the front end of the widget in a kernel. Calls `done(bets)` once, with [{ name, choice, confidence }, ...] or,
// if the reader passes, [].
function wireBets(form, done) {
  const facts = JSON.parse(form.dataset.bets);
  const rows = Array.from(form.querySelectorAll("fieldset"));
  const feedback = form.querySelector(".predict-feedback");
  const measured = facts.answers.map((answer) => `Measured: ${facts.choices[answer]}.`);
  const chosen = (row) => row.querySelector("input:checked");

  const say = (row, state, verdict, text) => {
    const strong = document.createElement("strong");
    strong.textContent = verdict;
    row.dataset.bet = state;
    row.querySelector(".bets-said").replaceChildren(strong, text);
  };

  // What was seen cannot be unseen: the controls are gone, and the bets stay as they are.
  const finish = (elements, bets) => {
    form.dataset.done = "true";
    feedback.textContent = "";
    const told = form.querySelector(".bets-told");
    told.replaceChildren(...elements);
    told.setAttribute("aria-label", elements[0].textContent);
    told.hidden = false;
    told.focus();
    done(bets);
  };

  form.addEventListener("change", (event) => {
    const row = event.target.closest("fieldset");
    if (!chosen(row)) return;
    delete row.dataset.bet;
    row.querySelector(".bets-said").replaceChildren();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const missing = rows.filter((row) => !chosen(row));
    if (missing.length > 0) {
      for (const row of missing) say(row, "missing", "No bet yet.", "");
      const names = missing.map((row) => facts.names[rows.indexOf(row)]);
      feedback.textContent = `${names.length} of ${rows.length} bets ${names.length === 1 ? "is" : "are"} `
        + `missing: ${names.join("; ")}.`;
      missing[0].querySelector("input").focus();
      return;
    }
    const bets = rows.map((row, i) => {
      const choice = Number(chosen(row).value);
      const level = row.querySelector("select").selectedIndex;
      const right = choice === facts.answers[i];
      say(row, right ? "right" : "wrong", right ? "Right." : "Wrong.",
        ` You put ${facts.levels[level]}% on “${facts.choices[choice]}”. ${measured[i]} ${facts.why[i]}`);
      return { name: facts.names[i], choice: facts.choices[choice], confidence: facts.levels[level] / 100,
        right, score: facts.scores[Number(right)][level] };
    });
    finish(verdictOn(bets, facts.others), bets.map(({ name, choice, confidence }) => ({ name, choice, confidence })));
  });

  form.querySelector("[data-action=pass]").addEventListener("click", () => {
    rows.forEach((row, i) => say(row, "passed", measured[i], ` ${facts.why[i]}`));
    finish([paragraph("You passed, so there is no score. Above, each row says what was measured.")], []);
  });
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

// The chances of k right, k = 0..n, if each bet is right as often as its confidence says.
function chancesOf(bets) {
  return bets.reduce((chances, { confidence }) => [...chances, 0].map((chance, k) =>
    chance * (1 - confidence) + (k > 0 ? chances[k - 1] * confidence : 0)), [1]);
}

// The paragraphs that sum the bets up. Well calibrated is whoever has as many right as come to those whose
// confidence means what it says, but for the 1 in 40 luckiest and the 1 in 40 unluckiest.
function verdictOn(bets, others) {
  const n = bets.length;
  const total = (number) => bets.reduce((sum, bet) => sum + number(bet), 0);
  const right = total((bet) => Number(bet.right));
  const expected = total((bet) => bet.confidence);
  const sd = Math.sqrt(total((bet) => bet.confidence * (1 - bet.confidence)));
  const chances = chancesOf(bets);
  const sumOf = (part) => part.reduce((sum, chance) => sum + chance, 0);
  const usual = chances.map((_, k) => k).filter((k) =>
    sumOf(chances.slice(0, k + 1)) > 1 / 40 && sumOf(chances.slice(k)) > 1 / 40);
  const [low, high] = [usual[0], usual[usual.length - 1]];
  const verdict = right < low ? "overconfident" : right > high ? "underconfident"
    : `well calibrated, within what ${n === 1 ? "one bet" : `${n} bets`} can tell`;
  const score = total((bet) => bet.score) / n;
  const list = document.createElement("ul");
  list.append(...others.map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  }));
  return [
    paragraph(`You were right ${right === 1 ? "once" : `${right} times`} in ${n}, and `
      + `${Math.round(100 * expected / n)}% sure on average: ${verdict}.`),
    paragraph(`If your confidence meant exactly what it says, you would be right ${expected.toFixed(1)} times on `
      + `average, give or take ${sd.toFixed(1)} (one standard deviation), and `
      + `${low === high ? low : `${low} to ${high}`} times in at least 19 rounds of 20.`),
    paragraph(`Your score is ${score.toFixed(2)}. It is Brier’s: the squared errors of your chances for the three `
      + "choices, added up, on average over the bets. What your confidence leaves is shared by the two choices you "
      + "did not make. Less is better, and 0 is perfect."),
    list,
  ];
}
