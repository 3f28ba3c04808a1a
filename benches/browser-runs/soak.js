// Many runs one after the other: whether anything is left behind, whether memory grows, and whether
// each picture is the same each time. On demand, browsers are killed in the middle of it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: pause } = require("node:timers/promises");
const { Contender } = require("./contenders");
const { Album } = require("./pictures");
const { browsers, kill } = require("./family");
const { verdict } = require("./goals");
const { median, table, two, whole } = require("./figures");

/** After how many runs memory is looked at first. */
const EARLY = 100;
const QUIET_MS = 3_000;
const LOOKS = 5;
const MOST_GROWTH = 0.05;

/** What there is when nothing goes on: the least of some looks, for a timer may just be busy. */
async function look(contender) {
  await pause(QUIET_MS);
  const looks = [];
  for (let n = 0; n < LOOKS; n += 1) {
    looks.push(contender.census());
    await pause(200);
  }
  const least = (key) => Math.min(...looks.map((one) => one[key]));
  return Object.fromEntries(Object.keys(looks[0]).map((key) => [key, least(key)]));
}

/** Kills one of the browsers' processes, whichever it may be, some time from now. */
async function nemesis(contender, delay) {
  await pause(delay);
  const victims = browsers(contender.child.pid, `${contender.temporary}/`);
  const victim = victims[Math.floor(Math.random() * victims.length)];
  return victim && kill(victim.pid) ? ` (${victim.type} killed)` : "";
}

/** Runs, prints, and returns the verdicts. */
exports.soak = async (bench, name, page, runs, kills) => {
  const contender = await Contender.start(name, bench);
  const [times, failures, wrong] = [[], [], []];
  const first = Math.min(EARLY, Math.ceil(runs / 2));
  let [album, early, killed, again] = [null, null, 0, 0];
  try {
    for (let run = 0; run < runs; run += 1) {
      if (run === first) early = await look(contender);
      // Spread evenly, and at any moment of a run, or just after one.
      const due = Math.floor(((run + 1) * kills) / runs) > Math.floor((run * kills) / runs);
      const typical = times.length ? median(times.slice(-20)) : 1_000;
      const strike = due ? nemesis(contender, Math.random() * typical * 1.2) : Promise.resolve("");
      const answer = await contender.run(page);
      const blow = await strike;
      if (blow) killed += 1;
      if (!answer.ok) {
        failures.push(`run ${run}${blow}: ${answer.why}`);
        continue;
      }
      if (answer.attempts > 1) again += 1;
      else times.push(answer.ms);
      const pictures = new Album(answer.pictures);
      album ??= pictures;
      album.differences(pictures).forEach((pixels, step) => {
        if (pixels === 0) return;
        wrong.push(`run ${run}${blow}, attempt ${answer.attempts}, step ${step}: ${pixels} pixels ${answer.without.join("; ")}`);
        if (answer.pictures[step]) fs.cpSync(answer.pictures[step], path.join(contender.work, "wrong", `${run}-${step}.png`));
      });
      if ((run + 1) % 10 === 0) process.stderr.write(`\r${name}, ${page}: ${run + 1} of ${runs} runs `);
    }
    process.stderr.write("\n");
    const late = await look(contender);
    return report({ name, page, first, runs, times, failures, wrong, killed, again, early, late, kept: path.join(contender.work, "wrong") });
  } finally {
    await contender.stop();
  }
};

function report({ name, page, first, runs, times, failures, wrong, killed, again, early, late, kept }) {
  const row = (what, key, shown) => [what, shown(early[key]), shown(late[key]), shown(late[key] - early[key])];
  console.log(table([`${name}, ${page}`, `after ${first} runs`, `after ${runs}`, "more"], [
    row("processes", "processes", whole),
    row("temporary folders and files", "folders", whole),
    row("file descriptors", "descriptors", whole),
    row("memory, MiB (PSS)", "memory", whole),
  ]));
  const half = Math.floor(times.length / 2);
  console.log(`\nmedian ${whole(median(times.slice(0, half)))} ms in the first half, ${whole(median(times.slice(half)))} ms in the second`);
  console.log(`${killed} processes of browsers killed; ${again} runs needed another attempt`);
  failures.slice(0, 10).forEach((line) => console.log(`failed: ${line}`));
  wrong.slice(0, 10).forEach((line) => console.log(`wrong picture: ${line}`));
  if (wrong.length) console.log(`they are in ${kept}`);
  const growth = late.memory / early.memory - 1;
  return [
    [`runs of ${runs} that did not pass`, "0", String(failures.length), verdict(failures.length === 0)],
    [`wrong pictures in ${runs} runs`, "0", String(wrong.length), verdict(wrong.length === 0)],
    [`processes after ${runs} runs`, "+0", `+${late.processes - early.processes}`, verdict(late.processes <= early.processes)],
    [`folders after ${runs} runs`, "+0", `+${late.folders - early.folders}`, verdict(late.folders <= early.folders)],
    [`memory after ${runs} runs`, `< ${two(MOST_GROWTH * 100)} %`, `${two(growth * 100)} %`, verdict(growth < MOST_GROWTH)],
  ];
}
