// The reference: nothing but the calls that the flow takes, without a wait model, checks or a verdict.
// A warm browser with the flags that synmon's own has, a context that is made before it is needed,
// real key events sent in one go, and fast PNGs.
"use strict";

const fs = require("node:fs/promises");
const path = require("node:path");
const { contend, settings } = require("./contend");
const { Line, launch } = require("./cdp-line");
const { FIELDS, LINK, VIEWPORT, start } = require("../flow");

const profile = path.join(settings.work, "profile");
// What synmon starts its own with, so that the comparison is of what it does with it. The bench says
// if the two lists differ.
const args = [
  "--no-first-run", "--no-default-browser-check", "--no-service-autorun", "--disable-back-forward-cache",
  "--disable-background-networking", "--disable-breakpad", "--disable-client-side-phishing-detection",
  "--disable-component-update", "--disable-default-apps", "--disable-dev-shm-usage", "--disable-domain-reliability",
  "--disable-extensions",
  "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
  "--disable-quic", "--disable-search-engine-choice-screen", "--disable-sync", "--force-color-profile=srgb",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--host-resolver-rules=MAP *.invalid ~NOTFOUND",
  "--log-level=2", "--metrics-recording-only", "--mute-audio", "--password-store=basic", "--use-mock-keychain",
  "--disable-frame-rate-limit", "--disable-gpu", "--disable-backgrounding-occluded-windows",
  "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-smooth-scrolling",
  "--window-size=1280,720", "--hide-scrollbars", "--no-startup-window",
  `--user-data-dir=${profile}`,
];
if (process.getuid() === 0) args.push("--no-sandbox");

/** Where the element is, once it is in view. */
const place = (xpath) => `(() => {
  const element = document.evaluate(${JSON.stringify(xpath)}, document, null, 9, null).singleNodeValue;
  element.scrollIntoView({ block: "nearest", behavior: "instant" });
  const box = element.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
})()`;

class Tab {
  static async open(line) {
    const { browserContextId } = await line.call("Target.createBrowserContext");
    const target = { url: "about:blank", browserContextId, ...VIEWPORT };
    const { targetId } = await line.call("Target.createTarget", target);
    const { sessionId } = await line.call("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab(line, sessionId, browserContextId);
    await Promise.all([
      tab.call("Page.enable"),
      tab.call("Runtime.enable"),
      tab.call("Network.enable"),
      tab.call("Emulation.setDeviceMetricsOverride", { ...VIEWPORT, deviceScaleFactor: 1, mobile: false }),
    ]);
    return tab;
  }

  constructor(line, session, context) {
    Object.assign(this, { line, session, context });
  }

  call(method, params) {
    return this.line.call(method, params, this.session);
  }

  /** Does what loads a page, and waits for that. */
  async loading(act) {
    const loaded = this.line.event("Page.loadEventFired", this.session);
    await act();
    await loaded;
  }

  async click(xpath) {
    const answer = await this.call("Runtime.evaluate", { expression: place(xpath), returnByValue: true });
    const at = { ...answer.result.value, button: "left", clickCount: 1 };
    await Promise.all(["mouseMoved", "mousePressed", "mouseReleased"].map((type) => this.call("Input.dispatchMouseEvent", { type, ...at })));
  }

  async type(text) {
    const events = [...text].flatMap((key) => [{ type: "keyDown", key, text: key }, { type: "keyUp", key }]);
    await Promise.all(events.map((event) => this.call("Input.dispatchKeyEvent", event)));
  }

  async picture(recording) {
    const { data } = await this.call("Page.captureScreenshot", { format: "png", optimizeForSpeed: true });
    await recording.write(Buffer.from(data, "base64"));
  }
}

async function begin() {
  const { browser, address } = await launch(settings.shell, args);
  const line = new Line(address);
  await line.opened;
  const { product } = await line.call("Browser.getVersion");
  return { browser, line, product };
}

const begun = begin();
const spare = [];
const open = async () => Tab.open((await begun).line);
const fill = async () => {
  while (spare.length < settings.atATime) spare.push(await open());
};

contend({
  async run(name, recording) {
    const tab = spare.pop() ?? (await open());
    await tab.loading(() => tab.call("Page.navigate", { url: start(settings.site, name) }));
    await tab.picture(recording);
    await tab.loading(() => tab.click(LINK));
    await tab.picture(recording);
    for (const [field, text] of FIELDS) {
      await tab.click(field);
      await tab.type(text);
      await tab.picture(recording);
    }
    recording.done();
    await tab.line.call("Target.disposeBrowserContext", { browserContextId: tab.context });
    return (await begun).product;
  },
  between: fill,
  async stop() {
    (await begun).browser.kill("SIGKILL");
    await fs.rm(profile, { recursive: true, force: true, maxRetries: 5 });
  },
});
