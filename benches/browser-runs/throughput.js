// Flows a minute on the heavy page, by how many go on at a time.
"use strict";

const { Contender, CONTENDERS } = require("./contenders");
const { ofThroughput } = require("./goals");
const { median, table, two, whole } = require("./figures");

const AT_A_TIME = [1, 2, 4];
/** A batch is as long for all, so that beginning and ending weigh the same. */
const FLOWS = 24;
const PAGE = "heavy";

async function batches(bench, names, atATime, rounds) {
  const contenders = [];
  const found = new Map(names.map((name) => [name, { rate: [], cpu: [], failures: [] }]));
  try {
    for (const name of names) contenders.push(await Contender.start(name, bench, atATime));
    for (const contender of contenders) await contender.many(PAGE, atATime * 2);
    for (let round = 0; round < rounds; round += 1) {
      const turns = contenders.map((_, at) => contenders[(at + round) % contenders.length]);
      for (const contender of turns) {
        const before = contender.cpu();
        const { ok, why, ms, flows } = await contender.many(PAGE, FLOWS);
        const one = found.get(contender.name);
        if (!ok) one.failures.push(why);
        one.rate.push((flows / ms) * 60_000);
        one.cpu.push((contender.cpu() - before) / flows);
      }
      process.stderr.write(`\r${atATime} at a time: round ${round + 1} of ${rounds} `);
    }
    process.stderr.write("\n");
    return found;
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** Measures, prints, and returns what was found. */
exports.throughput = async (bench, names, rounds) => {
  const found = [];
  for (const atATime of AT_A_TIME) found.push(await batches(bench, names, atATime, rounds));
  const cell = ({ rate, cpu, failures }) => `${whole(median(rate))} (${two(median(cpu))} s)${failures.length ? ` ${failures.length} FAILED` : ""}`;
  const rows = names.map((name) => [CONTENDERS[name].title, ...found.map((batch) => cell(batch.get(name)))]);
  console.log(table(["flows a minute, heavy (CPU s a flow)", ...AT_A_TIME.map((n) => `${n} at a time`)], rows));
  const best = (name) => Math.max(...found.map((batch) => median(batch.get(name).rate)));
  const goal = names.includes("synmon") && names.includes("playwright") ? [ofThroughput(best("synmon"), best("playwright"))] : [];
  return { goals: goal, found: found.map((batch) => Object.fromEntries(batch)) };
};
