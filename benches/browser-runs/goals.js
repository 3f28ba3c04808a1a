// What synmon is to reach: docs/performance.md says why.
"use strict";

const { mean, median, two } = require("./figures");

const slower = (peer, most) => ({ peer, most });
const faster = (peer, least) => ({ peer, least });

/** By contender: what is reached against which other one, on light and on heavy pages. */
const GOALS = {
  synmon: [
    slower("raw", [1.1, 1.1]),
    slower("synmon-unguarded", [1.03, 1.03]),
    faster("playwright", [1.8, 1.6]),
    faster("playwright-new", [3.0, 2.4]),
    faster("puppeteer", [3.0, 2.4]),
    faster("selenium", [6.0, 3.8]),
    faster("elastic", [7.0, 4.0]),
  ],
  "synmon-cold": [faster("selenium", [3.3, 2.8]), faster("playwright-cold", [1.3, 1.4])],
};
const CPU_SECONDS = [0.42, 0.85];
const THROUGHPUT = 1.75;

const verdict = (met) => (met ? "met" : "MISSED");

/** One line for each goal, with both pages. */
exports.ofRuns = (results) => {
  const pages = Object.values(results);
  const times = (name) => pages.map((found) => found.get(name)?.ms ?? []);
  const measured = (lists) => lists.every((list) => list.length > 0);
  const lines = [];
  for (const [name, goals] of Object.entries(GOALS)) {
    for (const { peer, most, least } of goals) {
      const [ours, theirs] = [times(name), times(peer)];
      if (!measured(ours) || !measured(theirs)) continue;
      const ratios = ours.map((list, at) => (most ? median(list) / median(theirs[at]) : median(theirs[at]) / median(list)));
      const met = ratios.every((ratio, at) => (most ? ratio <= most[at] : ratio >= least[at]));
      const wanted = most ? `≤ ${most.map(two).join(" / ")} × its time` : `≥ ${least.map(two).join(" / ")} × faster`;
      lines.push([`${name} against ${peer}`, wanted, ratios.map(two).join(" / "), verdict(met)]);
    }
  }
  const cpu = pages.map((found) => found.get("synmon")?.cpu ?? []);
  if (measured(cpu)) {
    const met = cpu.every((list, at) => mean(list) <= CPU_SECONDS[at]);
    lines.push(["CPU seconds a flow", `≤ ${CPU_SECONDS.map(two).join(" / ")}`, cpu.map((list) => two(mean(list))).join(" / "), verdict(met)]);
  }
  return lines;
};

exports.ofThroughput = (ours, theirs) => {
  const ratio = ours / theirs;
  return ["flows a minute, heavy, against Playwright's", `≥ ${two(THROUGHPUT)} ×`, two(ratio), verdict(ratio >= THROUGHPUT)];
};

exports.verdict = verdict;
