// How every contender is spoken to: one line in, one line of JSON out. Each is a process that stays,
// so that one can be measured after the other while all of them are there.
//
//   run PAGE FOLDER     one flow, its pictures in FOLDER: { ok, ms, closed_ms, pictures, browser }
//   many PAGE COUNT     COUNT flows, as many at a time as the process was told: { ok, ms, flows }
//
// `ms` lasts until the last picture is on the disk, which is when a user can be told; `closed_ms` until
// what the flow ran in is closed as well.
"use strict";

const fs = require("node:fs/promises");
const path = require("node:path");
const readline = require("node:readline");

/** What the bench says of the machine and of the site. */
exports.settings = JSON.parse(process.argv[2] ?? "{}");

/** A clock, and a folder, for one flow. */
class Recording {
  constructor(folder) {
    this.folder = folder;
    this.begun = performance.now();
    this.pictures = [];
  }

  /** Where the next picture goes. */
  next() {
    const file = path.join(this.folder, `${this.pictures.length}.png`);
    this.pictures.push(file);
    return file;
  }

  async write(bytes) {
    await fs.writeFile(this.next(), bytes);
  }

  /** All evidence is there. */
  done() {
    this.ms = performance.now() - this.begun;
  }
}

async function one(run, page, folder) {
  const recording = new Recording(folder);
  let browser;
  try {
    browser = await run(page, recording);
  } catch (error) {
    return { ok: false, why: String(error?.stack ?? error) };
  }
  const { ms, pictures } = recording;
  return { ok: true, ms, closed_ms: performance.now() - recording.begun, pictures, browser };
}

/** So many flows, and the next one begins when one has ended. */
async function many(run, page, count) {
  const begun = performance.now();
  let left = count;
  const failures = [];
  const lane = async (number) => {
    const folder = path.join(exports.settings.work, `lane${number}`);
    await fs.mkdir(folder, { recursive: true });
    while (left > 0) {
      left -= 1;
      const { ok, why } = await one(run, page, folder);
      if (!ok) failures.push(why);
    }
  };
  await Promise.all(Array.from({ length: exports.settings.atATime }, (_, number) => lane(number)));
  const ms = performance.now() - begun;
  return { ok: failures.length === 0, why: failures[0], ms, flows: count - failures.length };
}

/**
 * Answers until the input ends. `run(page, recording)` carries out a flow and returns the browser's
 * version; `between` is done after each answer, out of the time that is measured; `stop` at the end.
 */
exports.contend = async ({ run, between = async () => {}, stop = async () => {} }) => {
  process.stdout.write("ready\n");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [wish, page, last] = line.split(" ");
    const answer = wish === "run" ? await one(run, page, last) : await many(run, page, Number(last));
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    await between();
  }
  await stop();
};
