// What every script of synmon begins with. Where it shares a world with the page, it takes methods
// from prototypes: <input name="value"> or <img name="title"> must not stand in their way.
const method = (type, name) => {
  const f = type.prototype[name];
  return (self, ...args) => f.apply(self, args);
};
const getter = (type, name) => {
  const f = Object.getOwnPropertyDescriptor(type.prototype, name).get;
  return (self) => f.call(self);
};
const plainBoxOf = method(Element, 'getBoundingClientRect');
const boxesOf = method(Element, 'getClientRects');
const matches = method(Element, 'matches');
const closest = method(Element, 'closest');
const attribute = method(Element, 'getAttribute');
const scrollTo = method(Element, 'scrollIntoView');
const nameOf = getter(Element, 'localName');
const slotOf = getter(Element, 'assignedSlot');
const shadowOf = getter(Element, 'shadowRoot');
const parentOf = getter(Node, 'parentNode');
const connected = getter(Node, 'isConnected');
const childrenOf = getter(Node, 'childNodes');
const contentOf = getter(Node, 'textContent');
const rootOf = method(Node, 'getRootNode');
const typeOf = getter(HTMLInputElement, 'type');
const labelledBy = getter(HTMLLabelElement, 'control');

/** At most so much of a text; half a character is none that could be told. An ellipsis shows that there
 * was more: so a secret that is cut in two is known by its beginning, whatever is written behind it. */
const cut = (text, limit) => {
  const all = String(text ?? '');
  const part = all.length > limit ? `${all.slice(0, limit - 1)}…` : all;
  return part.toWellFormed ? part.toWellFormed() : part;
};
const folded = (text) => String(text ?? '').replace(/\s+/g, ' ').trim();
const isElement = (node) => node instanceof Element;

/** All elements that a CSS selector finds below a document or a shadow root. */
const below = (root, css) => Array.from(root instanceof Document
  ? method(Document, 'querySelectorAll')(root, css)
  : method(root instanceof DocumentFragment ? DocumentFragment : Element, 'querySelectorAll')(root, css));

const FIELDS = [HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement];
/** What a form field holds; null for what is none. */
const valueOf = (element) => {
  const type = FIELDS.find((field) => element instanceof field);
  return type ? getter(type, 'value')(element) : null;
};
const labelled = new Map();
/** The labels of a form field: by what each label is for, because a browser that is asked for those
 * of a field looks through all of the page. */
function labelsOf(element) {
  const root = rootOf(element);
  if (!labelled.has(root)) {
    const known = new Map();
    for (const label of isElement(root) ? [] : below(root, 'label')) {
      const control = labelledBy(label);
      if (control) known.set(control, [...(known.get(control) ?? []), label]);
    }
    labelled.set(root, known);
  }
  return labelled.get(root).get(element) ?? [];
}

/** The parent in the tree as it is rendered: out of shadow roots and into slots. */
function renderedParent(node) {
  if (isElement(node) && slotOf(node)) return slotOf(node);
  const parent = parentOf(node);
  return parent instanceof ShadowRoot ? parent.host : parent;
}

/** The children in the tree as it is rendered: those of the shadow root, and what a slot shows. */
function renderedChildren(element) {
  if (element instanceof HTMLSlotElement) {
    const assigned = method(HTMLSlotElement, 'assignedNodes')(element);
    if (assigned.length) return assigned;
  }
  return Array.from(childrenOf(shadowOf(element) ?? element));
}

/** The box around a text. */
function textBox(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  return range.getBoundingClientRect();
}

/** The image that shows an <area>. */
function imageOf(area) {
  const map = closest(area, 'map');
  const name = map && (attribute(map, 'name') || attribute(map, 'id'));
  return name ? below(rootOf(area), `img[usemap="#${CSS.escape(name)}"]`)[0] : undefined;
}

/** The box of an element; of an <area>, as its coordinates say. */
function boxOf(element) {
  if (nameOf(element) !== 'area') return plainBoxOf(element);
  const image = imageOf(element);
  if (!image) return new DOMRect();
  const outer = plainBoxOf(image);
  const numbers = (attribute(element, 'coords') ?? '').split(',').map(Number);
  const shape = (attribute(element, 'shape') ?? 'rect').toLowerCase();
  if (shape === 'default') return outer;
  const [x, y, radius] = numbers;
  const points = shape === 'circle' ? [x - radius, y - radius, x + radius, y + radius] : numbers;
  const [xs, ys] = [points.filter((_, i) => i % 2 === 0), points.filter((_, i) => i % 2 === 1)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const box = new DOMRect(outer.left + left, outer.top + top, Math.max(...xs) - left, Math.max(...ys) - top);
  return Number.isFinite(box.width + box.height) ? box : new DOMRect();
}

/** Whether an element has an area and is not hidden by style. */
function visible(element) {
  if (nameOf(element) === 'area') {
    const image = imageOf(element);
    return Boolean(image && visible(image) && boxOf(element).width && boxOf(element).height);
  }
  const style = getComputedStyle(element);
  if (style.display === 'contents') {
    return renderedChildren(element).some((child) => {
      if (isElement(child)) return visible(child);
      if (child.nodeType !== Node.TEXT_NODE || !child.nodeValue.trim()) return false;
      const box = textBox(child);
      return style.visibility === 'visible' && box.width > 0 && box.height > 0;
    });
  }
  if (style.visibility !== 'visible') return false;
  if (Element.prototype.checkVisibility && !method(Element, 'checkVisibility')(element)) return false;
  const box = boxOf(element);
  return box.width > 0 && box.height > 0;
}

/** A short name for an element, such as `div#banner.cookie`. */
function describe(element) {
  if (!isElement(element)) return 'something outside of the page';
  const id = attribute(element, 'id');
  const classes = (attribute(element, 'class') ?? '').split(/\s+/).filter(Boolean);
  return cut(nameOf(element) + (id ? `#${id}` : '') + classes.map((c) => `.${c}`).join(''), 80);
}

/** Whether a box or a radio button is ticked; null for what is none. */
function tickedOf(element) {
  if (element instanceof HTMLInputElement) {
    return ['checkbox', 'radio'].includes(typeOf(element))
      ? getter(HTMLInputElement, 'checked')(element) : null;
  }
  const roles = ['checkbox', 'radio', 'switch', 'menuitemcheckbox', 'menuitemradio'];
  return roles.includes(attribute(element, 'role')) ? attribute(element, 'aria-checked') === 'true' : null;
}

/** Where the element that is ready waits for the script that changes it. It is not handed over by
 * the driver: chromedriver hangs on a form with a field that is called "parentNode". */
const WAITING = Symbol.for('synmon.ready');
const waiting = () => {
  const element = window[WAITING]?.deref();
  return isElement(element) && connected(element) ? element : null;
};

/** Where a press and keys wait to be looked at: see watch.js. */
const PRESS = Symbol.for('synmon.press');
const KEYS = Symbol.for('synmon.keys');

/** Where the focus is, through open shadow roots. */
function focus() {
  let active = getter(Document, 'activeElement')(document);
  while (active && shadowOf(active)?.activeElement) active = shadowOf(active).activeElement;
  return active;
}

