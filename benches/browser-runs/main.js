// What scripts/bench starts, once all that it needs is there.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { parseArgs } = require("node:util");
const { CONTENDERS } = require("./contenders");
const { checkPictures, compare, parts, tables } = require("./compare");
const { ofRuns } = require("./goals");
const { soak } = require("./soak");
const { throughput } = require("./throughput");
const { table } = require("./figures");

const { values: wish } = parseArgs({
  options: {
    program: { type: "string" },
    shell: { type: "string" },
    chromium: { type: "string" },
    chromedriver: { type: "string" },
    scratch: { type: "string" },
    rounds: { type: "string" },
    only: { type: "string" },
    throughput: { type: "boolean" },
    soak: { type: "string" },
    kills: { type: "string", default: "0" },
    page: { type: "string", default: "heavy" },
  },
});
const titles = Object.fromEntries(Object.entries(CONTENDERS).map(([name, { title }]) => [name, title]));

/** The contenders that are asked for, in their own order. */
function chosen(usual) {
  const wanted = wish.only?.split(",") ?? usual;
  const unknown = wanted.filter((name) => !CONTENDERS[name]);
  if (unknown.length) throw new Error(`who is ${unknown.join(", ")}? There are ${Object.keys(CONTENDERS).join(", ")}`);
  return Object.keys(CONTENDERS).filter((name) => wanted.includes(name));
}

async function serve() {
  const server = spawn(process.execPath, [path.join(__dirname, "site.js")], { stdio: ["pipe", "pipe", "inherit"] });
  const [first] = await once(server.stdout, "data");
  return { server, site: `127.0.0.1:${JSON.parse(first).port}` };
}

function machine() {
  const [{ model }] = os.cpus();
  return `${os.cpus().length} cores (${model.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, Node ${process.version}`;
}

async function measure(bench) {
  if (wish.soak) {
    const [name] = chosen(["synmon"]);
    return soak(bench, name, wish.page, Number(wish.soak), Number(wish.kills));
  }
  if (wish.throughput) {
    const { goals } = await throughput(bench, chosen(["synmon", "playwright"]), Number(wish.rounds ?? 5));
    return goals;
  }
  const names = chosen(Object.keys(CONTENDERS));
  const results = await compare(bench, names, Number(wish.rounds ?? 30));
  const base = names.find((name) => name.startsWith("synmon")) ?? names[0];
  const shown = [...tables(results, titles, base), ...names.map((name) => parts(results, name)).filter(Boolean)];
  console.log(shown.join("\n\n"));
  for (const [page, found] of Object.entries(results)) {
    for (const [name, { failures }] of found) if (failures.length) console.log(`\n${name}, ${page}: ${failures[0]}`);
  }
  checkPictures(results);
  return ofRuns(results);
}

async function main() {
  fs.rmSync(wish.scratch, { recursive: true, force: true });
  const { program, shell, chromium, chromedriver, scratch } = wish;
  // A short path: browsers make sockets below it.
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "smb-"));
  const { server, site } = await serve();
  const load = () => os.loadavg().map((value) => value.toFixed(1)).join(" ");
  console.log(`${machine()}; load averages ${load()}\n`);
  try {
    const goals = await measure({ program, shell, chromium, chromedriver, scratch, temporary, site });
    if (goals.length) console.log(`\n${table(["goal", "wanted", "found", "verdict"], goals)}`);
    console.log(`\nload averages at the end ${load()}`);
  } finally {
    server.kill();
    fs.rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
