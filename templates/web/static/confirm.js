// The page that the confirmation letter links to. Opening it confirms nothing: mail scanners
// follow links too. The button does.

import { Problem, byId, forgetToken, isRefused, linkToken, onSubmit, post, say } from "./api.js";

const token = linkToken();

function show(id) {
  for (const section of ["confirm", "done", "resend"]) byId(section).hidden = section !== id;
  byId(id).focus();
}

onSubmit(byId("confirm-form"), byId("confirm-message"), async () => {
  try {
    await post("/auth/confirm", { token });
  } catch (problem) {
    if (problem instanceof Problem && isRefused(problem)) {
      forgetToken();
      show("resend");
      return;
    }
    throw problem;
  }
  forgetToken();
  show("done");
});

onSubmit(byId("resend-form"), byId("resend-message"), async (form) => {
  await post("/auth/resend-confirmation", { email: form.get("email") });
  say(byId("resend-message"), "If this address waits for its confirmation, a letter with a new link is on its way.", "good");
});

if (!token) show("resend");
