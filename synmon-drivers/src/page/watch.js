// Input goes where it should, or nowhere.
const holds = (outer, element) => {
  for (let node = element; node; node = renderedParent(node)) if (node === outer) return true;
  return false;
};

/** Lets a press through only if it really reaches the element: by the time that it comes, something
 * may have moved, or opened because the pointer came near. */
function watch(element) {
  const kinds = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'auxclick', 'dblclick', 'contextmenu'];
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
  kinds.forEach((k) => addEventListener(k, judge, true));
  Object.defineProperty(window, PRESS, { value: press, configurable: true });
}

/** What gets the focus when an element is written into. */
const hostOf = (element) => (element.isContentEditable ? closest(element, '[contenteditable]') ?? element : element);

/** Lets keys through only to the element: a page may move the focus while somebody types. What it
 * does in answer to a key is as it should be: a code has a box for each of its digits. */
function watchKeys(element) {
  const kinds = ['keydown', 'keypress', 'keyup', 'beforeinput', 'input'];
  const host = hostOf(element);
  const held = () => valueOf(element) ?? contentOf(element);
  const before = held();
  const keys = { arrived: 0, strayed: null };
  const turn = new MessageChannel();
  let [answering, led] = [false, false];
  turn.port1.onmessage = () => { answering = false; };
  const full = () => element.maxLength > 0 && held().length >= element.maxLength;
  const judge = (event) => {
    if (!event.isTrusted) return;
    answering = true;
    turn.port2.postMessage(0);
    const down = event.type === 'keydown' && !['Shift', 'Control', 'Alt', 'Meta'].includes(event.key);
    const path = event.composedPath();
    if (keys.strayed === null) {
      if (led || event.type === 'keyup' || event.type === 'input' || path.includes(element) || path.includes(host)) {
        if (down) keys.arrived += 1;
        return;
      }
      keys.strayed = describe(focus());
      if (event.type === 'keypress') keys.arrived -= 1;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  // What such a key does by itself comes once its event is over.
  const over = (event) => { if (!['Tab', 'Enter'].includes(event.key)) answering = false; };
  const leaving = (event) => {
    const from = event.composedPath();
    if (keys.arrived && (answering || full()) && (from.includes(element) || from.includes(host))) led = true;
  };
  keys.end = () => {
    kinds.forEach((k) => { removeEventListener(k, judge, true); removeEventListener(k, over); });
    removeEventListener('focusout', leaving, true);
    turn.port1.close();
    // Where the keys went into a frame, nobody here has seen them.
    const active = focus();
    if (kind === 'type' && !keys.arrived && active && !holds(host, active) && held() === before) {
      keys.strayed ??= describe(active);
    }
  };
  window[KEYS]?.end();
  kinds.forEach((k) => { addEventListener(k, judge, true); addEventListener(k, over); });
  addEventListener('focusout', leaving, true);
  Object.defineProperty(window, KEYS, { value: keys, configurable: true });
}

