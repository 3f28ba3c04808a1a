// Runs in the page's own world, in the place of view transitions: those never end in a browser whose
// frames are not held back to the screen's rate, and all that follows waits for them. The page
// changes at once, as it does for people who want no motion.
(() => {
  const startViewTransition = (change) => {
    const update = typeof change === 'function' ? change : change?.update;
    const updateCallbackDone = new Promise((done) => { queueMicrotask(done); }).then(() => update?.call(undefined));
    const done = updateCallbackDone.then(() => undefined);
    // Each is the page's to handle; nobody else reports it twice.
    done.catch(() => {});
    return {
      ready: done, finished: done, updateCallbackDone, types: new Set(), skipTransition() {},
    };
  };
  Object.defineProperty(Document.prototype, 'startViewTransition', {
    value: startViewTransition, configurable: true, writable: true, enumerable: true,
  });
})();
