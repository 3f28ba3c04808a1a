// One run: `/runs/{id}`, where the letters about failed runs link to.

import { Problem, byId, explain, onSubmit, say } from "./api.js";
import { badge, duration, el, facts, statusClass, time } from "./dom.js";
import { Session } from "./session.js";
import { errorBox, stepCard } from "./step.js";

const POLL_MS = 1000;
const TROUBLE_MS = 5000;
/** Whose doing it is that a run did not pass; anything else is the site's. */
const TROUBLES = {
  errored: "synmon could not finish this run",
  cancelled: "This run was cancelled",
  skipped: "This run did not take place",
};

const runId = encodeURIComponent(decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? ""));
const session = new Session();
/** The log that each card shows, as text: a card is made anew only when it changes. */
const shown = [];
/** The other attempts that are shown, as text. */
let shownAttempts = "[]";
let pictures = Promise.resolve();
/** Counts the log-ins, so that a watch that began before the last one stops. */
let watch = 0;

onSubmit(byId("log-in-form"), byId("log-in-message"), async (form) => {
  await session.logIn(form.get("email"), form.get("password"));
  byId("log-in-form").reset();
  showRun(true);
  follow(++watch);
});

byId("log-out").addEventListener("click", async () => {
  await session.logOut();
  location.reload(); // Nothing of the run stays in this page's memory.
});

function showRun(yes) {
  byId("log-in").hidden = yes;
  byId("run").hidden = !yes;
  byId("log-out").hidden = !yes;
}

/** Shows the run, again and again until it has ended. */
async function follow(mine) {
  for (;;) {
    let pause = POLL_MS;
    try {
      const run = await (await session.get(`/runs/${runId}`)).json();
      if (mine !== watch) return;
      say(byId("trouble"), "");
      render(run);
      if (run.status !== "queued" && run.status !== "running") return;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (mine !== watch || !stillWorth(problem)) return;
      pause = (problem.retryAfter ?? 0) * 1000 || TROUBLE_MS;
    }
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

/** Says what is wrong, and whether it may pass. */
function stillWorth(problem) {
  if (problem.status === 401) {
    showRun(false);
    say(byId("log-in-message"), "Your log-in has ended. Please log in again.", "bad");
    return false;
  }
  if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
    const nothing = "There is no such run, or it belongs to another account.";
    say(byId("trouble"), problem.status === 404 ? nothing : explain(problem), "bad");
    return false;
  }
  say(byId("trouble"), `${explain(problem)} Trying again…`, "bad");
  return true;
}

function render(run) {
  byId("run-content").hidden = false;
  document.title = `${run.status}: ${run.flow_name} · synmon`;
  byId("flow-name").textContent = run.flow_name;
  const status = byId("status");
  status.className = `badge ${statusClass(run.status)}`;
  if (status.textContent !== run.status) status.textContent = run.status;
  byId("facts").replaceChildren(...facts([
    ["Started by", run.trigger === "schedule" ? "the schedule" : "hand"],
    ["Scheduled for", time(run.scheduled_for)],
    ["Queued", time(run.queued_at)],
    ["Started", time(run.started_at)],
    ["Finished", time(run.finished_at)],
    ["Took", duration(run.duration_ms)],
    ["Browser", run.browser_version ?? run.browser],
    ["Attempt", run.attempt > 1 ? `${run.attempt}` : null],
    ["Slots missed", run.missed_count],
    ["Run", el("code", "", run.id)],
  ]));
  renderError(run);
  const steps = run.steps ?? [];
  byId("steps-title").hidden = steps.length === 0;
  steps.forEach(renderStep);
  // A run that is tried again begins with no logs.
  while (shown.length > steps.length) {
    shown.pop();
    byId("steps").lastElementChild.remove();
  }
  renderAttempts(run.attempts ?? []);
}

/** The attempts that the run itself does not show. */
function renderAttempts(attempts) {
  const text = JSON.stringify(attempts);
  if (shownAttempts === text) return;
  shownAttempts = text;
  byId("attempts").replaceChildren(...attempts.map(({ attempt, status, error, steps }) => {
    const cards = steps.map((step) => stepCard(step, (number) => picture(number, attempt)));
    const title = el("h2", "", `Attempt ${attempt} `, badge(status));
    return el("section", "", title, error && errorBox(error), el("ol", "steps", ...cards));
  }));
}

function renderError({ error, status }) {
  const box = byId("error");
  box.hidden = !error;
  if (!error) return;
  box.classList.toggle("errored", status !== "failed");
  const where = error.step == null ? "" : ` in step ${error.step}`;
  box.replaceChildren(el("h2", "", (TROUBLES[status] ?? "What went wrong") + where), ...errorBox(error).childNodes);
}

function renderStep(step, place) {
  const log = JSON.stringify(step);
  if (shown[place] === log) return;
  shown[place] = log;
  const card = stepCard(step, (number) => picture(number));
  const list = byId("steps");
  if (list.children[place]) list.children[place].replaceWith(card);
  else list.append(card);
}

/** A step's screenshot as an address of this page's own; one is loaded after the other. */
function picture(number, attempt) {
  const query = attempt ? `?attempt=${attempt}` : "";
  const loaded = pictures.then(async () => {
    const answer = await session.get(`/runs/${runId}/steps/${number}/screenshot${query}`);
    return URL.createObjectURL(await answer.blob());
  });
  pictures = loaded.catch(() => {});
  return loaded;
}
