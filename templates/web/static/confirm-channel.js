// The page that the letter to a channel's address links to. Opening it confirms nothing: mail
// scanners follow links too. The button does.

import { Problem, byId, forgetToken, isRefused, linkToken, onSubmit, post } from "./api.js";

const token = linkToken();

function show(id) {
  for (const section of ["confirm", "done", "expired"]) byId(section).hidden = section !== id;
  byId(id).focus();
}

onSubmit(byId("confirm-form"), byId("confirm-message"), async () => {
  try {
    await post("/channels/confirm", { token });
  } catch (problem) {
    if (problem instanceof Problem && isRefused(problem)) {
      forgetToken();
      show("expired");
      return;
    }
    throw problem;
  }
  forgetToken();
  show("done");
});

if (!token) show("expired");
