// Waits until the page's handlers have run and a navigation that they asked for has begun: the
// driver itself then waits for the page to load.
const done = arguments[arguments.length - 1];
const press = window[PRESS];
press?.end();
delete window[PRESS];
const finish = () => done({
  hidden: getter(Document, 'visibilityState')(document) === 'hidden',
  missed: press?.missed ?? null,
});
addEventListener('pagehide', finish, { once: true });
setTimeout(finish, 60);
requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(finish, 0)));
