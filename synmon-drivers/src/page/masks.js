const MASK = Symbol.for('synmon.mask');
function unmask() {
  window[MASK]?.end();
  delete window[MASK];
}

/** Where a box is in its document, wherever that is scrolled to. */
const placed = ({ left, top, width, height }) => ({ left: left + scrollX, top: top + scrollY, width, height });
