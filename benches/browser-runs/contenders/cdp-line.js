// A line to a browser's DevTools: calls, and the events that are waited for.
"use strict";

const { spawn } = require("node:child_process");
const WebSocket = require("ws");

/** Starts a browser, and returns its process with the address that it says it listens on. */
exports.launch = async (program, args) => {
  const browser = spawn(program, [...args, "--remote-debugging-port=0"], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  for await (const chunk of browser.stderr) {
    said += chunk;
    const [, address] = said.match(/DevTools listening on (\S+)/) ?? [];
    if (address) return { browser, address };
  }
  throw new Error(`the browser ended: ${said}`);
};

/** A line to a browser. */
exports.Line = class Line {
  constructor(address) {
    this.socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 1 << 28 });
    this.calls = new Map();
    this.waiting = [];
    this.last = 0;
    this.opened = new Promise((resolve, reject) => this.socket.once("open", resolve).once("error", reject));
    this.socket.on("message", (text) => this.hear(JSON.parse(text)));
  }

  hear({ id, result, error, method, params, sessionId }) {
    const call = this.calls.get(id);
    if (call) {
      this.calls.delete(id);
      if (error) call.reject(new Error(`${call.method}: ${error.message}`));
      else call.resolve(result);
    }
    const [heard, rest] = [[], []];
    for (const one of this.waiting) (one.method === method && one.session === sessionId ? heard : rest).push(one);
    this.waiting = rest;
    heard.forEach((one) => one.resolve(params));
  }

  call(method, params = {}, sessionId = undefined) {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { method, resolve, reject });
      this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  /** The next event of this name. */
  event(method, session) {
    return new Promise((resolve) => this.waiting.push({ method, session, resolve }));
  }
};
