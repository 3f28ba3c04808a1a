// @elastic/synthetics as its agent runs it: its program, once for each flow.
"use strict";

const fs = require("node:fs/promises");
const path = require("node:path");
const { execFile } = require("node:child_process");
const { promisify } = require("node:util");
const { contend, settings } = require("./contend");
const { FIELDS, LINK, VIEWPORT, form, start } = require("../flow");

const program = path.join(path.dirname(require.resolve("@elastic/synthetics/package.json")), "dist", "cli.js");

/** The journey of a page, as its users write one. */
const journey = (name) => `
step("open", async () => { await page.goto(${JSON.stringify(start(settings.site, name))}); });
step("click", async () => {
  await page.locator(${JSON.stringify(`xpath=${LINK}`)}).click();
  await page.waitForURL(${JSON.stringify(form(settings.site, name))});
});
${FIELDS.map(([field, text]) => `step(${JSON.stringify(field)}, async () => {
  await page.locator(${JSON.stringify(`xpath=${field}`)}).pressSequentially(${JSON.stringify(text)});
});`).join("\n")}
`;

contend({
  async run(name, recording) {
    const options = { executablePath: settings[settings.engine], viewport: VIEWPORT };
    const args = [program, "--inline", "--no-throttling", "--screenshots", "on", "--reporter", "json", "--playwright-options", JSON.stringify(options)];
    const done = promisify(execFile)(process.execPath, args, { cwd: recording.folder, maxBuffer: 1 << 28 });
    done.child.stdin.end(journey(name));
    const { stdout } = await done;
    // Its pictures are JPEGs in its events: they are counted, and can't be compared.
    const events = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    const passed = events.filter((event) => event.type === "step/end" && event.step?.status === "succeeded");
    const pictures = events.filter((event) => event.type === "step/screenshot");
    recording.done();
    if (passed.length !== FIELDS.length + 2 || pictures.length !== passed.length) {
      throw new Error(`${passed.length} steps passed with ${pictures.length} pictures: ${stdout.slice(-2000)}`);
    }
    return "";
  },
});
