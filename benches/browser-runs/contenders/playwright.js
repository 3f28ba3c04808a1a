// Playwright as its documentation shows it. `engine` names the program, and `cold` makes it start a
// browser for each flow; otherwise each flow gets a new context of the one that is there.
"use strict";

const { chromium } = require("playwright-core");
const { contend, settings } = require("./contend");
const { FIELDS, LINK, VIEWPORT, form, start } = require("../flow");

const launch = () => chromium.launch({ executablePath: settings[settings.engine], headless: true });
const warm = settings.cold ? null : launch();

contend({
  async run(name, recording) {
    const browser = settings.cold ? await launch() : await warm;
    const context = await browser.newContext({ viewport: VIEWPORT });
    const page = await context.newPage();
    await page.goto(start(settings.site, name));
    await page.screenshot({ path: recording.next() });
    await page.locator(`xpath=${LINK}`).click();
    await page.waitForURL(form(settings.site, name));
    await page.screenshot({ path: recording.next() });
    for (const [field, text] of FIELDS) {
      await page.locator(`xpath=${field}`).pressSequentially(text);
      await page.screenshot({ path: recording.next() });
    }
    recording.done();
    await context.close();
    if (settings.cold) await browser.close();
    return browser.version();
  },
  stop: async () => (await warm)?.close(),
});
