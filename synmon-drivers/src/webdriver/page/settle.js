// Waits until the page's handlers have run and a navigation that they asked for has begun: the
// driver itself then waits for the page to load.
const done = arguments[arguments.length - 1];
let open = true;
const finish = () => {
  if (open) done({ hidden: getter(Document, 'visibilityState')(document) === 'hidden' });
  open = false;
};
setTimeout(finish, 60);
requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(finish, 0)));
