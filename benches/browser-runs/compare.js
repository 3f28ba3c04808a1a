// One flow after the other, each contender in its turn: what disturbs the machine disturbs them all,
// so that their ratios hold where their times don't.
"use strict";

const { setTimeout: pause } = require("node:timers/promises");
const { Contender } = require("./contenders");
const { flags } = require("./family");
const { Album } = require("./pictures");
const { mean, median, quantile, table, two, whole } = require("./figures");
const { STEPS } = require("./flow");

/** Not measured: the first flows of a process find nothing warm. */
const WARM_UP = 2;
/** What a contender does after its answer (closing, making contexts ahead) is its own, and counts. */
const SETTLE_MS = 250;
const PAGES = ["light", "heavy"];

/** What one contender did on one kind of pages. */
class Results {
  constructor() {
    Object.assign(this, { ms: [], closed: [], cpu: [], parts: [], failures: [], wrong: 0, album: null });
  }

  async measure(contender, page) {
    const before = contender.cpu();
    const answer = await contender.run(page);
    await pause(SETTLE_MS);
    const cpu = contender.cpu() - before;
    if (!answer.ok || answer.attempts > 1) return this.failures.push(answer.why ?? "it took more than one attempt");
    this.ms.push(answer.ms);
    this.closed.push(answer.closed_ms);
    this.cpu.push(cpu);
    this.browser = answer.browser;
    if (answer.parts) this.parts.push(answer.parts);
    if (answer.pictures.length > 0) this.look(new Album(answer.pictures));
    return undefined;
  }

  /** Compares with the first pictures. */
  look(album) {
    this.album ??= album;
    this.wrong += this.album.differences(album).filter((pixels) => pixels > 0).length;
  }
}

/** Measures, and returns the results by page and contender. */
exports.compare = async (bench, names, rounds) => {
  const contenders = [];
  try {
    for (const name of names) contenders.push(await Contender.start(name, bench));
    const results = {};
    for (const page of PAGES) {
      for (const contender of contenders) for (let n = 0; n < WARM_UP; n += 1) await new Results().measure(contender, page);
      sameFlags(contenders);
      results[page] = new Map(contenders.map((contender) => [contender.name, new Results()]));
      for (let round = 0; round < rounds; round += 1) {
        // Each comes after each other one.
        const turns = contenders.map((_, at) => contenders[(at + round) % contenders.length]);
        for (const contender of turns) await results[page].get(contender.name).measure(contender, page);
        process.stderr.write(`\r${page}: round ${round + 1} of ${rounds} `);
      }
      process.stderr.write("\n");
    }
    return results;
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
};

/** The reference is one only if its browser is started as synmon's is. */
function sameFlags(contenders) {
  const [ours, theirs] = ["synmon", "raw"].map((name) => contenders.find((one) => one.name === name));
  if (!ours || !theirs) return;
  const [one, other] = [flags(ours.child.pid), flags(theirs.child.pid)];
  const only = (these, those) => these.filter((flag) => !those.includes(flag)).join(" ") || "none";
  if (one.length === 0 || other.length === 0) {
    console.log("the flags of synmon and of the reference could not be compared: see to it that they are the same\n");
  } else if (one.join() !== other.join()) {
    throw new Error(`contenders/raw-cdp.js needs synmon's flags. Only synmon has: ${only(one, other)}; only it has: ${only(other, one)}`);
  }
}

/** What differs from the reference's pictures, by step. */
function differences(reference, result) {
  if (!reference?.album || !result.album) return "–";
  const pixels = reference.album.differences(result.album);
  return pixels.every((count) => count === 0) ? "0" : pixels.map(whole).join(" ");
}

/** A table for each kind of pages. */
exports.tables = (results, titles, base) =>
  Object.entries(results).map(([page, found]) => {
    const measured = found.get(base);
    const rows = [...found].map(([name, one]) => {
      if (one.ms.length === 0) return [titles[name], "–", "–", "–", "–", "–", "–", one.failures.length];
      const ratio = measured?.ms.length ? two(median(one.ms) / median(measured.ms)) : "–";
      return [titles[name], whole(median(one.ms)), whole(quantile(one.ms, 0.9)), whole(median(one.closed)), two(mean(one.cpu)), ratio,
        differences(found.get("raw"), one), `${one.failures.length} / ${one.wrong}`];
    });
    const head = [page, "median ms", "p90", "closed", "CPU s", `× ${base}`, "pixels off", "failed / wrong"];
    return table(head, rows);
  });

/** Where the time of synmon's own runs goes. */
exports.parts = (results, name) => {
  const pages = Object.entries(results).map(([page, found]) => [page, found.get(name)?.parts ?? []]).filter(([, parts]) => parts.length > 0);
  const names = [...new Set(pages.flatMap(([, parts]) => parts.flatMap(Object.keys)))];
  const cell = (parts, part) => {
    const noted = parts.map((one) => one[part]).filter(Boolean);
    return noted.length ? `${two(median(noted.map((one) => one.ms)))} (${median(noted.map((one) => one.count))})` : "–";
  };
  const rows = names.map((part) => [part, ...pages.map(([, parts]) => cell(parts, part))]);
  return pages.length ? table([`${name}: median ms (calls)`, ...pages.map(([page]) => page)], rows) : "";
};

/** What the pictures can't prove: that they show the flow at all. */
exports.checkPictures = (results) => {
  for (const [page, found] of Object.entries(results)) {
    for (const [name, { album }] of found) {
      if (album && album.steps.length !== STEPS.length) throw new Error(`${name} has ${album.steps.length} pictures of ${page}`);
      if (album && !album.isVaried()) throw new Error(`${name}: two steps of ${page} look the same`);
    }
  }
};
