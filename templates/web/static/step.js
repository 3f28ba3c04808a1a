// One step of a run as a card.

import { badge, duration, el, facts, statusClass } from "./dom.js";

/** The card of a step's log; `picture` promises its screenshot's address. */
export function stepCard(step, picture) {
  const shot = screenshot(step, picture);
  const details = el("dl", "", ...facts([
    ["Element", elements(step)],
    ["Content", step.content && el("code", "", step.content)],
    ["Address", step.url],
    ["Title", step.title],
    ["Dialogs", step.dialogs?.length ? step.dialogs.join(" · ") : null],
    ...evidence(step.evidence ?? {}),
  ]));
  const card = el("li", `card step ${statusClass(step.status)}`,
    el("div", "", head(step), details, step.error && errorBox(step.error)),
    shot);
  if (!shot) card.classList.add("bare");
  return card;
}

/** The ways to find the step's element, as they are tried. */
function elements(step) {
  const ways = [step.selector_xpath, ...(step.evidence?.selectors ?? [])].filter(Boolean);
  return ways.length ? el("code", "", ways.join(" · ")) : null;
}

/** What of the evidence is worth a look. */
function evidence(seen) {
  const { part_of: part, healed, vitals, console_errors: errors = [], remarkable_requests: requests = [] } = seen;
  const request = ({ method, url, status, failure, duration_ms }) =>
    `${method} ${url}: ${failure ?? status ?? "no answer"} (${duration(Math.round(duration_ms))})`;
  const ways = (seen.candidates ?? []).map(({ selector, matches, visible }) =>
    `${selector}: ${matches} found, ${visible} visible`);
  return [
    ["Part of", part && `${part.flow_name}, step ${part.number}`],
    ["Found by", healed && el("code", "", healed.selector)],
    ["Tried again", seen.retried ? `${seen.retried} times` : null],
    ["Kept", seen.extracted],
    ["HTTP status", seen.http_status],
    ["Largest paint", vitals?.lcp_ms == null ? null : duration(Math.round(vitals.lcp_ms))],
    ["Console errors", errors.map(({ text }) => text).join(" · ")],
    ["Requests worth a look", requests.map(request).join(" · ")],
    ["Selectors", ways.join(" · ")],
  ];
}

function head(step) {
  const number = el("span", "soft num", `${step.number}`);
  const title = el("h3", "", step.name ? `${step.name} (${step.action})` : step.action);
  const took = el("span", "took soft num", duration(step.duration_ms) ?? "");
  const parts = [["waiting", step.wait_ms], ["acting", step.act_ms], ["picture after that", step.picture_ms]];
  took.title = parts.filter(([, ms]) => ms != null).map(([name, ms]) => `${name} ${duration(ms)}`).join(", ");
  return el("div", "step-head", number, title, badge(step.status), took);
}

/** What went wrong, in a box: a code, a message, and what was expected and found, if known. */
export function errorBox(error) {
  const lines = [error.message];
  if (error.expected != null) lines.push(`Expected: ${error.expected}`);
  if (error.found != null) lines.push(`Found: ${error.found}`);
  return el("div", "error-box", el("code", "", error.code), el("p", "", lines.join("\n")));
}

function screenshot(step, picture) {
  if (!step.screenshot_url) {
    return step.screenshot_unavailable ? el("div", "shot", `No screenshot: ${step.screenshot_unavailable}`) : null;
  }
  const button = el("button", "shot", "Loading the screenshot…");
  button.type = "button";
  button.disabled = true;
  picture(step.number).then((address) => {
    const image = el("img");
    image.src = address;
    image.alt = `Screenshot of step ${step.number}`;
    button.replaceChildren(image);
    button.disabled = false;
    button.addEventListener("click", () => zoom(step, address));
  }, () => {
    button.replaceWith(el("div", "shot", "The screenshot can't be loaded"));
  });
  return button;
}

function zoom(step, address) {
  document.getElementById("zoom-title").textContent = `Step ${step.number}: ${step.name ?? step.action}`;
  document.getElementById("zoom-image").src = address;
  document.getElementById("zoom").showModal();
}
