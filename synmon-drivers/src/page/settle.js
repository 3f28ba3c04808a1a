// Waits until the page's handlers have run and a navigation that they asked for has begun: the
// driver itself then waits for the page to load.
const press = window[PRESS];
press?.end();
delete window[PRESS];
await new Promise((go) => {
  addEventListener('pagehide', go, { once: true });
  setTimeout(go, 60);
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go, 0)));
});
return {
  hidden: getter(Document, 'visibilityState')(document) === 'hidden',
  missed: press?.missed ?? null,
};
