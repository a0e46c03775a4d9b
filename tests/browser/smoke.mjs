// The core of the browser tests in engines that Playwright's own tests do not drive: Firefox, by Puppeteer over WebDriver BiDi,
// and WebKitGTK, by its WebDriver.
//
//     node tests/browser/smoke.mjs firefox|webkit ADDRESS < pages.json        (test_engines.py calls it)
//
// pages.json: what Python says of each page, [{page, form, explorer, sentence, last, query, stage, readout}]. Prints one line of
// JSON for each thing tried, {page, tried, ok, why}, and at the end {engine, version}.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const [engine, address] = process.argv.slice(2);
const pages = JSON.parse(await new Response(process.stdin).text());
const PATIENCE = 60_000; // ms

// An engine opens an address, runs an expression there, presses a key, takes a size; `complaints` are the page's own.
async function firefox() {
  const { default: puppeteer } = await import("puppeteer-core");
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true });
  const tab = await browser.newPage();
  const complaints = [];
  tab.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  tab.on("console", (message) => message.type() === "error" && complaints.push(`console: ${message.text()}`));
  tab.on("request", (request) => request.url().startsWith("http") && !request.url().startsWith(address)
    && complaints.push(`request to ${request.url()}`));
  return {
    version: await browser.version(), complaints,
    open: (url) => tab.goto(url, { waitUntil: "load" }),
    run: (expression) => tab.evaluate(expression),
    key: (name) => tab.keyboard.press(name),
    size: (width, height) => tab.setViewport({ width, height }),
    close: () => browser.close(),
  };
}

async function webkit() {
  const { Builder, Capabilities, Key } = await import("selenium-webdriver");
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  const driver = spawn("xvfb-run", ["-a", "WebKitWebDriver", `--port=${port}`], {
    stdio: "ignore", detached: true,
    env: { ...process.env, WEBKIT_DISABLE_DMABUF_RENDERER: "1", WEBKIT_DISABLE_COMPOSITING_MODE: "1", LIBGL_ALWAYS_SOFTWARE: "1" }, // no graphics card
  });
  const server = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if (await fetch(`${server}/status`).then((answer) => answer.ok, () => false)) break;
    if (tries > 200) throw new Error("WebKitWebDriver did not start");
    await new Promise((done) => setTimeout(done, 100));
  }
  const browser = await new Builder().usingServer(server)
    .withCapabilities(new Capabilities({ browserName: "MiniBrowser", "webkitgtk:browserOptions": { args: ["--automation"] } })).build();
  await browser.manage().setTimeouts({ script: PATIENCE, pageLoad: PATIENCE });
  return {
    version: (await browser.getCapabilities()).get("browserVersion"), complaints: [], // its driver tells of none
    open: async (url) => {
      await browser.get("about:blank"); // else an address that differs after # alone opens nothing
      await browser.get(url);
    },
    run: async (expression) => {
      const [value, error] = await browser.executeAsyncScript(
        `const done = arguments[arguments.length - 1];
         Promise.resolve().then(() => (${expression})).then((value) => done([value, null]), (error) => done([null, String(error)]));`);
      if (error) throw new Error(error);
      return value;
    },
    key: (name) => browser.switchTo().activeElement().sendKeys(Key[{ End: "END", Home: "HOME", Enter: "ENTER", Tab: "TAB" }[name]]),
    size: (width, height) => browser.manage().window().setRect({ width, height }),
    close: async () => {
      await browser.quit();
      process.kill(-driver.pid);
    },
  };
}

const reader = await (engine === "firefox" ? firefox() : webkit());

async function until(expression) {
  const start = Date.now();
  let seen;
  while (Date.now() - start < PATIENCE) {
    seen = await reader.run(expression);
    if (seen === true) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${expression} stayed ${JSON.stringify(seen)}`);
}

async function attempt(page, tried, act) {
  let why = null;
  try {
    await act();
    if (reader.complaints.length) throw new Error(reader.complaints.splice(0).join("; "));
  } catch (error) {
    why = error.message;
  }
  console.log(JSON.stringify({ page, tried, ok: why === null, why }));
}

const text = (value) => JSON.stringify(value);
const at = (selector) => `document.querySelector(${text(selector)})`;

for (const { page, form, explorer, sentence, last, query, stage, readout } of pages) {
  const url = address + page;
  await attempt(page, "opens, with its type and without complaint", async () => {
    await reader.size(1280, 800);
    await reader.open(url);
    await until(`${at("article h1")}.textContent.trim() !== ""`);
    await until("document.fonts.ready.then(() => [...document.fonts].some((font) => font.family.includes('Inter') && !font.family.includes('Fallback') && font.status === 'loaded'))");
  });
  if (form) {
    await attempt(page, "a question takes an answer by keys", async () => {
      await reader.run(`${at(`#${form} [data-action=pass]`)}.focus()`);
      await reader.key("Enter");
      await until(`${at(`#${form} .predict-feedback`)}.textContent !== ""`);
    });
  }
  if (explorer) {
    await attempt(page, "an explorer obeys its sliders", async () => {
      await reader.run("document.querySelectorAll('form.predict [data-action=pass]').forEach((button) => button.click())");
      await reader.run(`${at(explorer)}.scrollIntoView()`);
      const count = await reader.run(`${at(explorer)}.querySelectorAll(".explore-controls [name]").length`);
      for (let i = 0; i < count; i += 1) {
        const input = `${at(explorer)}.querySelectorAll(".explore-controls [name]")[${i}]`;
        if (await reader.run(`${input}.type`) === "range") {
          await reader.run(`${input}.focus()`);
          await reader.key("End");
        } else {
          await reader.run(`(() => { const input = ${input}; setIndex(input, lengthOf(input) - 1);
            input.dispatchEvent(new Event("input", { bubbles: true })); })()`);
        }
      }
      await until(`${at(explorer)}.dataset.state === ${text(last)}`);
      await until(`${at(`${explorer} figcaption`)}.textContent === ${text(sentence)}`);
      await until(`${at(`${explorer} .explore-view svg`)}.getBoundingClientRect().width > 100`);
    });
    await attempt(page, "an address opens it in that state", async () => {
      await reader.open(`${url}#${query}`);
      await until(`${at(explorer)}.dataset.state === ${text(last)}`);
      await until(`${at(`${explorer} figcaption`)}.textContent === ${text(sentence)}`);
    });
  }
  if (stage) {
    await attempt(page, "a recording plays to its end", async () => {
      await reader.open(url);
      await reader.run("document.querySelectorAll('form.predict [data-action=pass]').forEach((button) => button.click())");
      await reader.run(`${at(`${stage} canvas`)}.scrollIntoView({ block: "center" })`);
      await until(`${at(`${stage} [name=frame]`)}.max !== "1"`);
      await reader.run(`${at(`${stage} [name=frame]`)}.focus()`);
      await reader.key("End");
      await until(`${at(`${stage} output.readout`)}.textContent === ${text(readout)}`);
    });
    await attempt(page, "Python runs its model in the page", async () => {
      await reader.run(`${at(`${stage} [data-action=live]`)}.click()`);
      await until(`${at(stage)}.dataset.engine === "browser"`);
      await reader.run(`${at(`${stage} [data-action=play]`)}.click()`);
      await until(`Number(${at(stage)}.dataset.step) >= 20`);
    });
  }
  await attempt(page, "by night", async () => {
    await reader.run("document.querySelector('button.theme-switch-button').click()");
    await until("['light', 'dark'].includes(document.documentElement.dataset.theme)");
    await reader.run("localStorage.clear()");
  });
  await attempt(page, "fits a narrow window", async () => {
    await reader.size(390, 800);
    await until("document.documentElement.scrollWidth <= innerWidth");
  });
}
await attempt("search.html", "finds a word", async () => {
  await reader.size(1280, 800);
  await reader.open(`${address}search.html?q=evaporation`);
  await until("document.querySelectorAll('#search-results li').length > 0");
});
console.log(JSON.stringify({ engine, version: reader.version }));
await reader.close();
process.exit(0);
