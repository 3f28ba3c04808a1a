// The way to synmon's API, and to what a page shows of its answers.

/** An answer that is not 2xx, as `application/problem+json` tells it; status 0: no answer at all. */
export class Problem extends Error {
  constructor(status, body = {}, retryAfter = null) {
    super(body.detail || body.title || (status ? `The server answered ${status}.` : "The server can't be reached."));
    this.status = status;
    this.fields = Array.isArray(body.errors) ? body.errors : [];
    this.retryAfter = retryAfter;
  }
}

/** Calls the API; anything but a 2xx answer is thrown as a `Problem`. */
export async function call(path, { method = "GET", body, token } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store", credentials: "omit",
    });
  } catch {
    throw new Problem(0);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Problem(response.status, problem, Number(response.headers.get("Retry-After")) || null);
}

export const post = (path, body, token) => call(path, { method: "POST", body, token });

/** What to tell a person about a problem. */
export function explain(problem) {
  if (problem.status === 429) {
    return problem.retryAfter
      ? `Too many tries. Please wait ${problem.retryAfter} seconds.`
      : "Too many tries. Please wait a little.";
  }
  return problem.message;
}

/** The element with that id. */
export const byId = (id) => document.getElementById(id);

/** Shows one text in a message box, as text; `kind` is `good`, `bad` or nothing. */
export function say(box, text, kind = "") {
  box.className = `message ${kind}`.trim();
  box.textContent = text;
}

/** Puts each field's error beneath its input; what has no input goes, with the rest, to `box`. */
export function showProblem(form, box, problem) {
  clearProblem(form, box);
  const rest = [];
  for (const { field, message } of problem.fields) {
    const input = form.elements.namedItem(field);
    const place = input && byId(`${input.id}-error`);
    if (place) {
      input.setAttribute("aria-invalid", "true");
      place.textContent = message;
    } else {
      rest.push(`${field}: ${message}`);
    }
  }
  if (rest.length) say(box, rest.join("\n"), "bad");
  else if (!problem.fields.length) say(box, explain(problem), "bad");
  form.querySelector("[aria-invalid]")?.focus();
}

export function clearProblem(form, box) {
  say(box, "");
  for (const place of form.querySelectorAll(".field-error")) place.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

/** Runs `work` when the form is sent, once at a time, and shows the problem that it ends with. */
export function onSubmit(form, box, work) {
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblem(form, box);
    button.disabled = true;
    try {
      await work(new FormData(form));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      showProblem(form, box, problem);
    } finally {
      button.disabled = false;
    }
  });
}

/** Whether what was sent is at fault, rather than the network, the server or too many tries. */
export const isRefused = ({ status }) => status >= 400 && status < 500 && status !== 429;

/** The token in the letter's link. */
export const linkToken = () => new URLSearchParams(location.search).get("token") ?? "";

/** Takes a spent token out of the address bar and the history. */
export const forgetToken = () => history.replaceState(null, "", location.pathname);
