const MASK = Symbol.for('synmon.mask');
function unmask() {
  window[MASK]?.remove();
  delete window[MASK];
}

