// Medians, and tables as docs/performance.md has them.
"use strict";

/** The value below which this part of the values is. */
exports.quantile = (values, part) => {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at % 1);
};
exports.median = (values) => exports.quantile(values, 0.5);
exports.mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

exports.whole = (value) => Math.round(value).toLocaleString("en");
exports.two = (value) => value.toFixed(2);

/** A table; the columns are as wide as they must be. */
exports.table = (head, rows) => {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
  const rule = widths.map((width, column) => (column ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(all[0]), line(rule), ...all.slice(1).map(line)].join("\n");
};
