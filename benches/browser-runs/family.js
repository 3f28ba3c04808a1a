// What a contender's processes take: each is started by `browser_runs family`, which takes in what
// browsers leave behind, so that everything is found below it and no time is lost with the dead.
"use strict";

const fs = require("node:fs");
const { execFileSync } = require("node:child_process");

const TICKS = Number(execFileSync("getconf", ["CLK_TCK"]));

/** All processes: their parents, their name, and the seconds that they and their dead children took. */
function all() {
  const found = new Map();
  for (const name of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, "latin1");
      // The name is in brackets, and may hold what it likes.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const cpu = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
      found.set(Number(name), { pid: Number(name), parent: Number(fields[1]), dead: fields[0] === "Z", cpu });
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/** A process and all that descends from it. */
function family(root) {
  const processes = all();
  const belongs = (one) => {
    for (let at = one; at; at = processes.get(at.parent)) if (at.pid === root) return true;
    return false;
  };
  return [...processes.values()].filter(belongs);
}

/** The seconds of a processor that a family has taken so far. */
exports.cpu = (root) => family(root).reduce((sum, one) => sum + one.cpu, 0);

function memory(pid) {
  const found = fs.readFileSync(`/proc/${pid}/smaps_rollup`, "latin1").match(/^Pss:\s+(\d+) kB/m);
  return Number(found?.[1] ?? 0) / 1024;
}

/** How many processes there are, what files they have open, and what memory they take (PSS, MiB). */
exports.census = (root) => {
  const sum = { processes: 0, descriptors: 0, memory: 0 };
  for (const { pid, dead } of family(root)) {
    if (dead) continue;
    try {
      const descriptors = fs.readdirSync(`/proc/${pid}/fd`).length;
      sum.memory += memory(pid);
      sum.descriptors += descriptors;
      sum.processes += 1;
    } catch {
      // It has just ended.
    }
  }
  return sum;
};

/** Ends a family by force. */
exports.end = (root) => {
  for (const { pid } of family(root)) exports.kill(pid);
};

/** Kills a process; whether it was still there. */
exports.kill = (pid) => {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
};

/** The processes of a family that carry a folder's name in their arguments, and what they are. */
exports.browsers = (root, folder) =>
  family(root).flatMap(({ pid }) => {
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1");
      const [, type = "browser or driver"] = line.match(/--utility-sub-type=([^\0 ]+)/) ?? line.match(/--type=([^\0 ]+)/) ?? [];
      return line.includes(folder) ? [{ pid, type }] : [];
    } catch {
      return []; // It has just ended.
    }
  });

/** The arguments of a family's browser, but for those that name its folder, its line or its way to the network. */
exports.flags = (root) => {
  for (const { pid } of family(root)) {
    const line = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").replace(/--host-resolver-rules=.*?(?=[\0 ]--|$)/, "");
    const args = line.split(/[\0 ]/).slice(1).filter(Boolean); // Some write theirs anew, with blanks.
    if (!args.some((arg) => arg.startsWith("--remote-debugging-p")) || args.some((arg) => arg.startsWith("--type="))) continue;
    return args.filter((arg) => !/^--(remote-debugging-p|user-data-dir|proxy-)/.test(arg)).sort();
  }
  return [];
};
