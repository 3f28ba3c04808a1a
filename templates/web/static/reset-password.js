// The page that the letter for a forgotten password links to.

import { Problem, byId, forgetToken, linkToken, onSubmit, post, say } from "./api.js";

const token = linkToken();

function show(id) {
  for (const section of ["reset", "done", "again-letter"]) byId(section).hidden = section !== id;
  byId(id).focus();
}

onSubmit(byId("reset-form"), byId("reset-message"), async (form) => {
  const password = form.get("password");
  if (password !== form.get("again")) {
    throw new Problem(422, { errors: [{ field: "again", message: "is not the same" }] });
  }
  try {
    await post("/auth/reset-password", { token, password });
  } catch (problem) {
    if (problem instanceof Problem && isRefused(problem)) {
      forgetToken();
      show("again-letter");
      return;
    }
    throw problem;
  }
  forgetToken();
  show("done");
});

/** Whether the token is at fault; a password that is refused is named among the fields. */
function isRefused(problem) {
  const { status, fields } = problem;
  if (status < 400 || status >= 500 || status === 429) return false;
  return !fields.some(({ field }) => field === "password");
}

onSubmit(byId("forgot-form"), byId("forgot-message"), async (form) => {
  await post("/auth/forgot-password", { email: form.get("email") });
  say(byId("forgot-message"), "If this address has an account, a letter with a new link is on its way.", "good");
});

if (!token) show("again-letter");
