// Who is measured, and the processes that do it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const { spawn } = require("node:child_process");
const { census, cpu, end } = require("./family");

const peer = (script, title, more = {}) => ({ script, title, more });
const synmon = (engine, title) => ({ engine, title });

/** By name, in the order in which they are shown. */
exports.CONTENDERS = {
  synmon: synmon("cdp", "synmon"),
  "synmon-unguarded": synmon("cdp-unguarded", "synmon without its egress guard"),
  "synmon-cold": synmon("cdp-cold", "synmon, a browser for each run"),
  "synmon-webdriver": synmon("webdriver", "synmon over WebDriver"),
  raw: peer("raw-cdp", "raw CDP reference"),
  playwright: peer("playwright", "Playwright, new context, headless-shell", { engine: "shell" }),
  "playwright-cold": peer("playwright", "Playwright, a browser for each run, headless-shell", { engine: "shell", cold: true }),
  "playwright-new": peer("playwright", "Playwright, new context, new headless", { engine: "chromium" }),
  puppeteer: peer("puppeteer", "puppeteer, new context, new headless", { engine: "chromium" }),
  selenium: peer("selenium", "Selenium, a driver and a browser for each run"),
  elastic: peer("elastic", "@elastic/synthetics", { engine: "chromium" }),
};

/** How long one flow, or one in a batch, may take before the contender counts as stuck. */
const LIMIT_MS = 120_000;

/** A contender's process, with all that it starts. */
exports.Contender = class Contender {
  /** Starts it; `bench` says where things are. */
  static async start(name, bench, atATime = 1) {
    const { engine, script, more } = exports.CONTENDERS[name];
    const work = path.join(bench.scratch, name);
    const temporary = path.join(bench.temporary, name);
    for (const folder of [work, temporary]) fs.mkdirSync(folder, { recursive: true });
    const { shell, chromium, chromedriver } = bench;
    const settings = { site: bench.site, work, atATime, shell, chromium, chromedriver, ...more };
    const command = engine
      ? [bench.program, "contend", "--engine", engine, "--site", bench.site, "--data", work, "--browsers", temporary, "--at-a-time", String(atATime)]
      : [process.execPath, path.join(__dirname, "contenders", `${script}.js`), JSON.stringify(settings)];
    const log = fs.openSync(path.join(work, "log"), "a");
    const child = spawn(bench.program, ["family", ...command], {
      stdio: ["pipe", "pipe", log],
      env: { ...process.env, TMPDIR: temporary },
    });
    const contender = new Contender(name, child, { work, temporary });
    const first = await contender.answer();
    if (first !== "ready") throw new Error(`${name} did not begin, but said “${first}”: see ${work}/log`);
    return contender;
  }

  constructor(name, child, { work, temporary }) {
    Object.assign(this, { name, child, work, temporary });
    this.lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.pictures = path.join(work, "pictures");
    fs.mkdirSync(this.pictures, { recursive: true });
  }

  get title() {
    return exports.CONTENDERS[this.name].title;
  }

  async answer(limit = LIMIT_MS) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} does not answer: see ${this.work}/log`)), limit);
    });
    const { value, done } = await Promise.race([this.lines.next(), late]).finally(() => clearTimeout(timer));
    if (done) throw new Error(`${this.name} has ended: see ${this.work}/log`);
    return value;
  }

  async ask(line, limit) {
    this.child.stdin.write(`${line}\n`);
    return JSON.parse(await this.answer(limit));
  }

  /** One flow. */
  async run(page) {
    fs.rmSync(this.pictures, { recursive: true, force: true });
    fs.mkdirSync(this.pictures);
    return this.ask(`run ${page} ${this.pictures}`);
  }

  /** So many flows, as many at a time as it was started for. */
  async many(page, count) {
    return this.ask(`many ${page} ${count}`, LIMIT_MS + count * 10_000);
  }

  /** The seconds of a processor that it and all of its processes have taken. */
  cpu() {
    return cpu(this.child.pid);
  }

  census() {
    const folders = fs.readdirSync(this.temporary).length;
    return { ...census(this.child.pid), folders };
  }

  /** Ends it in order, and by force if it does not end. */
  async stop() {
    const ended = new Promise((resolve) => {
      this.child.once("exit", resolve);
      if (this.child.exitCode !== null || this.child.signalCode !== null) resolve();
    });
    this.child.stdin.end();
    const timer = setTimeout(() => end(this.child.pid), 60_000);
    await ended;
    clearTimeout(timer);
  }
};
