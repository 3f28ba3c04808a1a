// Whether an element can be acted upon: Playwright's actionability rules. Nothing of the page
// changes but the scroll position, and the focus as the last thing, once all else is well.
const [xpath, kind, wanted] = arguments;
const done = arguments[arguments.length - 1];

/** The next frame. Where none comes, though the tab is in front, a timer stands in: late, because
 * on a busy machine frames are late too, and between two of them nothing seems to move. */
const frame = () => new Promise((go) => {
  const timer = setTimeout(go, 500);
  requestAnimationFrame(() => { clearTimeout(timer); go(); });
});

/** The form control that acts for an element: a label's field, the button around an icon. */
function control(element) {
  if (matches(element, 'input, textarea, select') || element.isContentEditable) return element;
  const button = closest(element, 'button, [role=button], [role=checkbox], [role=radio]');
  if (button) return button;
  if (matches(element, 'a, [role=link]')) return element;
  const label = closest(element, 'label');
  return (label && getter(HTMLLabelElement, 'control')(label)) ?? element;
}

function disabled(element) {
  if (matches(element, ':disabled')) return true;
  for (let node = element; node; node = renderedParent(node)) {
    if (node instanceof Element && attribute(node, 'aria-disabled') === 'true') return true;
  }
  return false;
}

const WRITABLE = ['text', 'search', 'url', 'tel', 'email', 'password', 'number'];
const SETTABLE = ['date', 'time', 'datetime-local', 'month', 'week', 'color', 'range'];

/** How text gets into a control: by keys, by setting its value, or not at all. */
function writing(element) {
  if (element instanceof HTMLInputElement) {
    const type = typeOf(element);
    if (type === 'file') return 'file';
    if (SETTABLE.includes(type)) return 'set';
    return WRITABLE.includes(type) ? 'keys' : null;
  }
  return element instanceof HTMLTextAreaElement || element.isContentEditable ? 'keys' : null;
}

const readOnly = (element) => matches(element, 'input[readonly], textarea[readonly]')
  || attribute(element, 'aria-readonly') === 'true';

/** The element at a point of the viewport, through open shadow roots. */
function at(x, y) {
  let hit = method(Document, 'elementFromPoint')(document, x, y);
  for (let root = hit && shadowOf(hit); root; root = hit && shadowOf(hit)) {
    const inner = method(ShadowRoot, 'elementFromPoint')(root, x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit;
}

/** Whether an event on `hit` reaches the element: on itself, inside of it, or on its label. */
function receives(element, hit) {
  const aim = closest(element, 'button, [role=button], a, [role=link]') ?? element;
  for (let node = hit; node; node = renderedParent(node)) {
    if (node === aim || node === element) return true;
    if (node instanceof HTMLLabelElement && getter(HTMLLabelElement, 'control')(node) === element) {
      return true;
    }
  }
  return false;
}

/** The middle of the part of the element that the viewport shows. */
function middle(element) {
  const [width, height] = [document.documentElement.clientWidth || innerWidth, innerHeight];
  const boxes = nameOf(element) === 'area' ? [boxOf(element)] : Array.from(boxesOf(element));
  for (const box of boxes.length ? boxes : contents(element)) {
    const [left, right] = [Math.max(box.left, 0), Math.min(box.right, width)];
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, height)];
    if (right - left > 0 && bottom - top > 0) {
      const x = Math.min(Math.round((left + right) / 2), Math.ceil(right) - 1);
      const y = Math.min(Math.round((top + bottom) / 2), Math.ceil(bottom) - 1);
      return { x: Math.max(x, 0), y: Math.max(y, 0) };
    }
  }
  return null;
}

/** The boxes of an element that has none itself (display: contents). */
function contents(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  return Array.from(range.getClientRects());
}

/** The point to press, if the element would get the event there; else what is in the way. */
function target(element) {
  const point = middle(element);
  if (!point) return { state: 'out_of_view' };
  const hit = at(point.x, point.y);
  return receives(element, hit) ? { state: 'ready', ...point } : { state: 'covered', by: describe(hit) };
}

/** Scrolls until the element is under no sticky header or footer. */
function scrolled(element) {
  let answer = target(element);
  for (const block of ['nearest', 'center', 'end', 'start']) {
    if (answer.state === 'ready') break;
    scrollTo(element, { block, inline: 'nearest', behavior: 'instant' });
    answer = target(element);
  }
  return answer;
}

/** Gives the focus, with the caret after what the field holds. */
function focused(element) {
  const host = element.isContentEditable ? closest(element, '[contenteditable]') ?? element : element;
  method(HTMLElement, 'focus')(host);
  let active = document.activeElement;
  while (active && shadowOf(active)?.activeElement) active = shadowOf(active).activeElement;
  if (active !== host && !(active && method(Node, 'contains')(element, active))) {
    const covered = closest(element, '[inert]') || document.querySelector('dialog:modal');
    return covered ? { state: 'covered', by: describe(document.querySelector('dialog:modal') ?? active) }
      : { state: 'read_only' };
  }
  if (kind !== 'type') return { state: 'ready' };
  const held = valueOf(element) ?? '';
  try {
    if (element.isContentEditable) getSelection().selectAllChildren(element), getSelection().collapseToEnd();
    else element.setSelectionRange(held.length, held.length);
  } catch {
    // Fields of some types have no caret that a script can move: the End key does it.
    return { state: 'ready', end: held !== '' };
  }
  return { state: 'ready' };
}

/** The option that has this label or this value. */
function option(select) {
  const options = Array.from(getter(HTMLSelectElement, 'options')(select));
  const found = options.find((o) => folded(o.label) === folded(wanted) || folded(o.text) === folded(wanted))
    ?? options.find((o) => o.value === wanted);
  if (!found) return { state: 'no_such_option' };
  return matches(found, ':disabled') ? { state: 'disabled' } : { state: 'ready' };
}

/** Lets a press through only if it really reaches the element: by the time that it comes, something
 * may have moved, or opened because the pointer came near. */
function watch(element) {
  const kinds = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'auxclick', 'dblclick'];
  const press = { missed: null, end: () => kinds.forEach((k) => removeEventListener(k, judge, true)) };
  const judge = (event) => {
    if (!event.isTrusted) return;
    if (press.missed === null) {
      const [hit] = event.composedPath();
      if (receives(element, hit)) {
        press.end();
        return;
      }
      press.missed = describe(hit);
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window[PRESS]?.end();
  kinds.forEach((kind) => addEventListener(kind, judge, true));
  Object.defineProperty(window, PRESS, { value: press, configurable: true });
}

/** Whether an animation of the element, or of what it is in, is about to begin. */
const starting = (element) => document.getAnimations().some((animation) => animation.pending
  && animation.effect?.target && method(Node, 'contains')(animation.effect.target, element));

async function ready() {
  if (getter(Document, 'visibilityState')(document) === 'hidden') return { state: 'behind' };
  const { invalid, found } = find(xpath);
  if (invalid) return { state: 'invalid', why: invalid };
  if (found.length === 0) return { state: 'missing' };
  const picked = chosen(found);
  if (!visible(picked)) return { state: 'hidden' };
  const element = kind === 'click' || kind === 'hover' ? picked : control(picked);
  if (kind !== 'hover' && disabled(control(picked))) return { state: 'disabled' };
  const how = writing(element);
  if (kind === 'type' || kind === 'clear') {
    if (how === 'file') return { state: 'refused', why: 'typing into a file input is not allowed' };
    if (how === null || readOnly(element)) return { state: 'read_only' };
  }
  if (kind === 'select') {
    if (!(element instanceof HTMLSelectElement)) {
      return { state: 'refused', why: `select needs a <select>; this is ${describe(element)}` };
    }
    const answer = option(element);
    if (answer.state !== 'ready') return answer;
  }
  const pointing = kind === 'click' || kind === 'hover';
    let first = { state: 'ready' };
  if (pointing) first = scrolled(element);
  else scrollTo(element, { block: 'nearest', inline: 'nearest', behavior: 'instant' });
  await frame();
  const before = boxOf(element);
  await frame();
  const after = boxOf(element);
  if (!connected(element)) return { state: 'missing' };
    const moved = ['x', 'y', 'width', 'height'].some((side) => before[side] !== after[side]);
  if (moved || starting(element)) return { state: 'moving' };
  if (first.state !== 'ready') return first;
  const answer = pointing ? target(element) : focused(element);
  if (answer.state !== 'ready') return answer;
  const reference = { value: new WeakRef(element), configurable: true };
    if (!pointing) Object.defineProperty(window, WAITING, reference);
  if (kind === 'click') watch(element);
  return { how, ...answer };
}
addEventListener('pagehide', () => done({ state: 'missing' }), { once: true });
ready().then(done, (error) => done({ state: 'broken', why: cut(error, 300) }));
