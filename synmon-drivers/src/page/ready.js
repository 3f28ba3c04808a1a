// Whether an element can be acted upon: Playwright's actionability rules. Nothing of the page
// changes but the scroll position, and the focus as the last thing, once all else is well.
const [candidates, kind, wanted, position] = args;
const POINTING = ['click', 'hover', 'drag', 'drop', 'check', 'uncheck', 'wheel'].includes(kind);
const BOX = kind === 'check' || kind === 'uncheck';

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
  return (label && labelledBy(label)) ?? element;
}

function disabled(element) {
  if (matches(element, ':disabled')) return true;
  for (let node = element; node; node = renderedParent(node)) {
    if (isElement(node) && attribute(node, 'aria-disabled') === 'true') return true;
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

/** What a mask shows where nothing has been written yet, such as "$ 0.00" or "__/__/____": it puts
 * the caret where it belongs. */
const unfilled = (held) => /^[^\p{L}1-9]*$/u.test(held) && /[^\d\s]/.test(held);

/** Gives the focus, with the caret after what the field holds; it stays where typing has left it. */
function focused(element) {
  const host = hostOf(element);
  const has = () => {
    const active = focus();
    return active && (active === host || method(Node, 'contains')(element, active));
  };
  const [had, written] = [has(), waiting() === element];
  method(HTMLElement, 'focus')(host);
  if (!has()) {
    const modal = below(document, 'dialog:modal')[0];
    return modal || closest(element, '[inert]') ? { state: 'covered', by: describe(modal ?? focus()) }
      : { state: 'unfocused', to: describe(focus()) };
  }
  if (kind !== 'type') return { state: 'ready' };
  const held = valueOf(element) ?? '';
  if ((had && written) || unfilled(held)) return { state: 'ready' };
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

/** Whether the element can take what is to be done, by its kind. */
function suits(element, how) {
  if (kind === 'type' || kind === 'clear') {
    if (how === 'file') return { state: 'refused', why: 'typing into a file input is not allowed' };
    if (how === null || readOnly(element)) return { state: 'read_only' };
  }
  if (kind === 'select') {
    if (!(element instanceof HTMLSelectElement)) {
      return { state: 'refused', why: `select needs a <select>; this is ${describe(element)}` };
    }
    return option(element);
  }
  if (BOX) {
    const ticked = tickedOf(element);
    if (ticked === null) {
      return { state: 'refused', why: `${kind} needs a box or a radio button; this is ${describe(element)}` };
    }
    const radio = matches(element, 'input[type=radio], [role=radio], [role=menuitemradio]');
    if (kind === 'uncheck' && radio && ticked) {
      return { state: 'refused', why: 'a radio button can\'t be unticked: tick another one of its group' };
    }
  }
  return { state: 'ready' };
}

/** Animations that may move the element: all that end, and those of what it is in. */
const moving = (element) => document.getAnimations().filter((animation) => {
  if (animation.playState !== 'running' && !animation.pending) return false;
  const { effect } = animation;
  return effect?.target && (holds(effect.target, element) || Number.isFinite(effect.getComputedTiming().endTime));
});
/** Whether an animation of the element, or of what it is in, is about to begin. */
const starting = (animations, element) => animations.some((animation) => animation.pending
  && holds(animation.effect.target, element));

/** Lets a frame pass: one of a screen's length if something moves, for a browser without a screen
 * may draw many in that time. What stands still is not kept waiting. */
async function pass(element) {
  const from = performance.now();
  await frame();
  const animations = moving(element);
  while (animations.length && performance.now() - from < 16) await frame();
  return animations;
}

/** Where a person would press: a box that itself can't be pressed is ticked by its label. */
function aims(element) {
  return BOX ? [element, ...labelsOf(element)].filter(visible) : [element];
}

async function ready() {
  if (getter(Document, 'visibilityState')(document) === 'hidden') return { state: 'behind' };
  const { invalid, found, candidate } = find(candidates);
  if (invalid) return { state: 'invalid', why: invalid };
  if (found.length === 0) return { state: 'missing' };
  const picked = chosen(found);
  const itself = POINTING && !BOX;
  const element = itself || kind === 'scroll' ? picked : control(picked);
  if (!visible(picked) && !aims(element).some(visible)) return { state: 'hidden' };
  const inert = ['hover', 'drop', 'wheel', 'scroll'].includes(kind);
  if (!inert && disabled(control(picked))) return { state: 'disabled' };
  const how = writing(element);
  const fit = suits(element, how);
  if (fit.state !== 'ready') return fit;
  if (BOX && tickedOf(element) === (kind === 'check')) return { state: 'ready', candidate, done: true };

  let aim = element;
  let first = { state: 'ready' };
  if (POINTING) {
    for (aim of aims(element)) {
      first = scrolled(aim, position);
      if (first.state === 'ready') break;
    }
  } else {
    scrollTo(element, { block: 'nearest', inline: 'nearest', behavior: 'instant' });
  }
  // What is written into by keys gets them wherever it is.
  if (POINTING) {
    const before = boxOf(aim);
    const animations = await pass(aim);
    const after = boxOf(aim);
    if (!connected(element)) return { state: 'missing' };
    const moved = ['x', 'y', 'width', 'height'].some((side) => before[side] !== after[side]);
    if (moved || starting(animations, aim)) return { state: 'moving' };
    if (first.state !== 'ready') return first;
  }
  if (kind === 'scroll') return { state: 'ready', candidate };
  const point = POINTING ? null : middle(element);
  const behind = point && inFrontOfFrame(point);
  if (behind) return behind;
  let answer = POINTING ? target(aim, position) : focused(element);
  // What a page puts in the place of a <select> may take its focus; an option is chosen without.
  if (kind === 'select' && answer.state === 'unfocused') answer = { state: 'ready' };
  if (answer.state !== 'ready') return answer;
  const reference = { value: new WeakRef(!POINTING || BOX ? element : document), configurable: true };
  Object.defineProperty(window, WAITING, reference);
  if (['click', 'drag', 'check', 'uncheck'].includes(kind)) watch(aim);
  if (how !== 'set' && ['type', 'clear', 'focus'].includes(kind)) watchKeys(element);
  return { how, candidate, ...answer };
}
return Promise.race([ready(), new Promise((done) => {
  addEventListener('pagehide', () => done({ state: 'missing' }), { once: true });
})]);
