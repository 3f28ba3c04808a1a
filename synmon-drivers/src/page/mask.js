// Paints over what pictures must not show; says how much that was.
const [selectors, telltales] = args;
const found = [];
for (const candidates of selectors) {
  const { invalid, found: some } = find(candidates);
  if (invalid) return { state: 'invalid', why: invalid };
  found.push(...some);
}
unmask();
const boxes = () => [...found.flatMap((element) => Array.from(boxesOf(element))), ...boxesThatShow(telltales)]
  .filter((box) => box.width > 0 && box.height > 0).map(placed);
const layer = document.createElement('div');
layer.setAttribute('popover', 'manual');
// No style of the page's has a say in it.
layer.style.cssText = ['all: initial', 'display: block', 'position: absolute', 'inset: 0 auto auto 0', 'width: 0',
  'height: 0', 'margin: 0', 'border: 0', 'padding: 0', 'overflow: visible', 'background: none', 'pointer-events: none',
  'z-index: 2147483647'].map((rule) => `${rule} !important`).join('; ');
// Where the patches are would tell a page that guesses what was recognised.
const hidden = method(Element, 'attachShadow')(layer, { mode: 'closed' });
const patches = boxes().map((box) => {
  // Whole pixels: a part of one shows what is beneath it.
  const [left, top] = [Math.floor(box.left), Math.floor(box.top)];
  const [right, bottom] = [Math.ceil(box.left + box.width), Math.ceil(box.top + box.height)];
  const patch = document.createElement('div');
  patch.style.cssText = `all: initial; position: absolute; background: #ff00ff; left: ${left}px; top: ${top}px;`
    + ` width: ${right - left}px; height: ${bottom - top}px`;
  hidden.append(patch);
  return patch;
});
document.documentElement.append(layer);
// What the root is zoomed by is in the boxes already.
layer.style.setProperty('zoom', `${1 / (layer.currentCSSZoom || 1)}`, 'important');
// On top of modal dialogs, too.
layer.showPopover?.();
// A page may take it away, or show something above it, for as long as the picture takes.
let meddled = false;
const look = (records) => {
  meddled ||= records.some(({ type, removedNodes }) => type === 'attributes' || Array.from(removedNodes).includes(layer));
};
const watcher = new MutationObserver(look);
watcher.observe(document.documentElement, { childList: true });
watcher.observe(layer, { attributes: true });
const SHIFTS = ['beforetoggle', 'fullscreenchange'];
const shift = () => { meddled = true; };
for (const name of SHIFTS) addEventListener(name, shift, true);
window[MASK] = {
  isWhole() {
    look(watcher.takeRecords());
    const within = (box, other) => box.left >= other.left - 1 && box.top >= other.top - 1
      && box.left + box.width <= other.left + other.width + 1 && box.top + box.height <= other.top + other.height + 1;
    const shown = patches.map((patch) => placed(method(Element, 'getBoundingClientRect')(patch)));
    return !meddled && layer.isConnected && boxes().every((box) => shown.some((patch) => within(box, patch)));
  },
  end() {
    watcher.disconnect();
    for (const name of SHIFTS) removeEventListener(name, shift, true);
    layer.remove();
  },
};
return { state: 'whole' };
