// Pictures, pixel by pixel.
"use strict";

const fs = require("node:fs");
const { createHash } = require("node:crypto");
const { PNG } = require("pngjs");

const known = new Map();

/** A picture's pixels; equal files are read once. */
function pixels(file) {
  const bytes = fs.readFileSync(file);
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (!known.has(hash)) {
    const { width, height, data } = PNG.sync.read(bytes);
    known.set(hash, { width, height, data, hash: createHash("sha256").update(data).digest("hex") });
  }
  return known.get(hash);
}

/** How many pixels of two pictures differ; all of them if their sizes do. */
function differing(one, other) {
  if (one.hash === other.hash) return 0;
  if (one.width !== other.width || one.height !== other.height) return Math.max(one.width * one.height, other.width * other.height);
  let count = 0;
  for (let at = 0; at < one.data.length; at += 4) {
    if (one.data.compare(other.data, at, at + 4, at, at + 4) !== 0) count += 1;
  }
  return count;
}

/** The pictures of a flow's steps, and what others differ from them by. */
exports.Album = class Album {
  constructor(files) {
    this.steps = files.map((file) => file && pixels(file));
  }

  /** For each step, how many pixels differ; where there is no picture, all do. */
  differences(other) {
    return this.steps.map((step, number) => (step && other.steps[number] ? differing(step, other.steps[number]) : Infinity));
  }

  /** Whether each step shows something else: what compares equal must not be empty pages. */
  isVaried() {
    return new Set(this.steps.map((step) => step?.hash)).size === this.steps.length;
  }
};
