// Making elements. What sites say (titles, addresses, errors) is hostile: it becomes text, never markup.

/** An element with a class and with children; a string becomes a text node. */
export function el(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Pairs for a `<dl>`; those without a value are left out. */
export function facts(pairs) {
  return pairs
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => el("div", "", el("dt", "", name), el("dd", "", value)));
}

export function duration(ms) {
  if (ms === null || ms === undefined) return null;
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** A time in the reader's own zone, with the exact one at hand. */
export function time(text) {
  if (!text) return null;
  const element = el("time", "num", new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }));
  element.dateTime = text;
  element.title = text;
  return element;
}

const STATUSES = ["queued", "running", "passed", "failed", "errored", "cancelled", "skipped"];

/** The class for a status: one of those that the style sheet knows, or none. */
export const statusClass = (status) => (STATUSES.includes(status) ? status : "");

export const badge = (status) => el("span", `badge ${statusClass(status)}`, status);
