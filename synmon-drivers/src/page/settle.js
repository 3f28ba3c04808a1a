// Waits until the page's handlers have run and a navigation that they asked for has begun: the
// driver itself then waits for the page to load.
const [isText] = args;
const [press, keys] = [window[PRESS], window[KEYS]];
press?.end();
keys?.end();
delete window[PRESS];
delete window[KEYS];
await new Promise((go) => {
  addEventListener('pagehide', go, { once: true });
  setTimeout(go, 60);
  // What handlers put off until their task is over comes before this; text that was typed leads to
  // no more than that, and a frame is long.
  if (isText) setTimeout(() => setTimeout(go, 0), 0);
  else requestAnimationFrame(() => setTimeout(go, 0));
});
return {
  hidden: getter(Document, 'visibilityState')(document) === 'hidden',
  missed: press?.missed ?? null,
  strayed: keys?.strayed ? { to: keys.strayed, arrived: keys.arrived } : null,
};
