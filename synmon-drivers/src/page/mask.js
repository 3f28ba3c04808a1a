// Paints over what pictures must not show; says how much that was.
const [selectors, telltales] = args;
const found = [];
for (const candidates of selectors) {
  const { invalid, found: some } = find(candidates);
  if (invalid) return { state: 'invalid', why: invalid };
  found.push(...some);
}
unmask();
const layer = document.createElement('div');
layer.setAttribute('popover', 'manual');
layer.style.cssText = 'all: initial; display: block; position: absolute; inset: 0 auto auto 0; width: 0; height: 0;'
  + ' margin: 0; border: 0; padding: 0; overflow: visible; background: none; pointer-events: none; z-index: 2147483647';
// Where the patches are would tell a page that guesses what was recognised.
const hidden = method(Element, 'attachShadow')(layer, { mode: 'closed' });
for (const box of [...found.flatMap((element) => Array.from(boxesOf(element))), ...boxesThatShow(telltales)]) {
  if (box.width === 0 || box.height === 0) continue;
  const patch = document.createElement('div');
  patch.style.cssText = `all: initial; position: absolute; background: #ff00ff; left: ${box.left + scrollX}px;`
    + ` top: ${box.top + scrollY}px; width: ${box.width}px; height: ${box.height}px`;
  hidden.append(patch);
}
document.documentElement.append(layer);
// On top of modal dialogs, too.
layer.showPopover?.();
window[MASK] = layer;
return { state: 'masked' };
