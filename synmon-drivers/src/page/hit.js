// Where an element is, and what a press there would hit.

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
    if (node instanceof HTMLLabelElement && labelledBy(node) === element) return true;
  }
  return false;
}

const shown = () => [document.documentElement?.clientWidth || innerWidth,
  Math.max(document.documentElement?.clientHeight ?? 0, innerHeight)];

/** The middle of the part of the element that the viewport shows. */
function middle(element) {
  const [width, height] = shown();
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

/** A place in the element, from its upper left corner, if the viewport shows it. */
function place(element, { x, y }) {
  const box = boxOf(element);
  const point = { x: Math.round(box.left + x), y: Math.round(box.top + y) };
  const [width, height] = shown();
  return point.x >= 0 && point.y >= 0 && point.x < width && point.y < height ? point : null;
}

/** What is in front of the frame, in the documents around it as far as they can be looked into. */
function inFrontOfFrame({ x, y }) {
  let view = window;
  let [left, top] = [x, y];
  for (;;) {
    let frame = null;
    try {
      frame = view.frameElement;
    } catch {
      // A frame of another site's: its own document is all that can be seen.
    }
    if (!frame) return null;
    const outer = frame.ownerDocument;
    const box = frame.getBoundingClientRect();
    const scale = frame.offsetWidth ? box.width / frame.offsetWidth : 1;
    const style = outer.defaultView.getComputedStyle(frame);
    left = box.left + (left + frame.clientLeft + parseFloat(style.paddingLeft)) * scale;
    top = box.top + (top + frame.clientTop + parseFloat(style.paddingTop)) * scale;
    let hit = outer.elementFromPoint(left, top);
    while (hit?.shadowRoot) {
      const inner = hit.shadowRoot.elementFromPoint(left, top);
      if (!inner || inner === hit) break;
      hit = inner;
    }
    if (!hit) return { state: 'out_of_view' };
    if (hit !== frame) return { state: 'covered', by: cut(`${hit.localName}${hit.id ? `#${hit.id}` : ''}`, 80) };
    view = outer.defaultView;
  }
}

/** Why no press is ever for the element, though nothing covers it. */
function passedBy(element) {
  if (closest(element, '[inert]')) return 'it is inert';
  return getComputedStyle(element).pointerEvents === 'none' ? 'its style has pointer-events: none' : null;
}

/** The point to press, if the element would get the event there; else what is in the way. */
function target(element, position) {
  const point = position ? place(element, position) : middle(element);
  if (!point) return { state: 'out_of_view' };
  const hit = at(point.x, point.y);
  if (!receives(element, hit)) {
    const by = passedBy(element);
    return by ? { state: 'inert', by } : { state: 'covered', by: describe(hit) };
  }
  return inFrontOfFrame(point) ?? { state: 'ready', ...point };
}

/** Scrolls until the element is under no sticky header or footer. */
function scrolled(element, position) {
  let answer = target(element, position);
  for (const block of ['nearest', 'center', 'end', 'start']) {
    if (answer.state === 'ready') return answer;
    scrollTo(element, { block, inline: 'nearest', behavior: 'instant' });
    answer = target(element, position);
  }
  if (answer.state === 'out_of_view' && position) {
    const box = boxOf(element);
    const [width, height] = shown();
    scrollBy({ left: box.left + position.x - width / 2, top: box.top + position.y - height / 2, behavior: 'instant' });
    answer = target(element, position);
  }
  return answer;
}

