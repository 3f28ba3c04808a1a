// Selenium, with a driver and a browser for each flow.
"use strict";

const { Builder, By } = require("selenium-webdriver");
const chrome = require("selenium-webdriver/chrome");
const { contend, settings } = require("./contend");
const { FIELDS, LINK, VIEWPORT, start } = require("../flow");

/** What Chromium's window has above the page, even where nobody sees it. */
const FRAME_HEIGHT = 143;

contend({
  async run(name, recording) {
    const options = new chrome.Options();
    options.setChromeBinaryPath(settings.chromium);
    options.addArguments("--headless=new", `--window-size=${VIEWPORT.width},${VIEWPORT.height + FRAME_HEIGHT}`);
    if (process.getuid() === 0) options.addArguments("--no-sandbox");
    const driver = await new Builder()
      .forBrowser("chrome")
      .setChromeOptions(options)
      .setChromeService(new chrome.ServiceBuilder(settings.chromedriver))
      .build();
    try {
      const picture = async () => recording.write(Buffer.from(await driver.takeScreenshot(), "base64"));
      await driver.get(start(settings.site, name));
      await picture();
      await driver.findElement(By.xpath(LINK)).click();
      await picture();
      for (const [field, text] of FIELDS) {
        await driver.findElement(By.xpath(field)).sendKeys(text);
        await picture();
      }
      recording.done();
      return (await driver.getCapabilities()).get("browserVersion");
    } finally {
      await driver.quit();
    }
  },
});
