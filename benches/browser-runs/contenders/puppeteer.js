// puppeteer as its documentation shows it: each flow gets a new context of the browser that is there.
"use strict";

const puppeteer = require("puppeteer-core");
const { contend, settings } = require("./contend");
const { FIELDS, LINK, VIEWPORT, start } = require("../flow");

const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const warm = puppeteer.launch({ executablePath: settings[settings.engine], headless: true, defaultViewport: VIEWPORT, args });

contend({
  async run(name, recording) {
    const browser = await warm;
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(start(settings.site, name));
    await page.screenshot({ path: recording.next() });
    await Promise.all([page.waitForNavigation(), page.locator(`xpath/${LINK}`).click()]);
    await page.screenshot({ path: recording.next() });
    for (const [field, text] of FIELDS) {
      await page.type(`xpath/${field}`, text);
      await page.screenshot({ path: recording.next() });
    }
    recording.done();
    await context.close();
    return browser.version();
  },
  stop: async () => (await warm).close(),
});
