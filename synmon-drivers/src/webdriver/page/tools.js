// What every script of synmon begins with. It runs in the page's own world, so it takes methods
// from prototypes: <input name="value"> or <img name="title"> must not stand in their way.
const method = (type, name) => {
  const f = type.prototype[name];
  return (self, ...args) => f.apply(self, args);
};
const getter = (type, name) => {
  const f = Object.getOwnPropertyDescriptor(type.prototype, name).get;
  return (self) => f.call(self);
};
const boxOf = method(Element, 'getBoundingClientRect');
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
const typeOf = getter(HTMLInputElement, 'type');
const titleOf = getter(Document, 'title');

const FIELDS = [HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement];
/** What a form field holds; null for what is none. */
const valueOf = (element) => {
  const type = FIELDS.find((field) => element instanceof field);
  return type ? getter(type, 'value')(element) : null;
};

const cut = (text, limit) => String(text ?? '').slice(0, limit);
const folded = (text) => cut(text, 10000).replace(/\s+/g, ' ').trim();

/** All elements that an XPath selects, in document order; or why it is not valid. */
function find(xpath) {
  let nodes;
  try {
    nodes = method(Document, 'evaluate')(
      document, xpath, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  } catch (error) {
    return error instanceof TypeError
      ? { invalid: 'it selects no elements but gives a number, a text or a truth value' }
      : { invalid: 'the browser can\'t read this XPath' };
  }
  const found = [];
  for (let i = 0; i < nodes.snapshotLength; i += 1) {
    const node = nodes.snapshotItem(i);
    if (node.nodeType !== Node.ELEMENT_NODE) {
      return { invalid: 'it selects attributes, texts or comments; write one that selects elements' };
    }
    found.push(node);
  }
  return { found };
}

/** "The element" of a selector: the first match that can be seen, or else the first. */
const chosen = (found) => found.find(visible) ?? found[0];

/** Whether an element has an area and is not hidden by style. */
function visible(element) {
  const style = getComputedStyle(element);
  if (style.display === 'contents') {
    return Array.from(childrenOf(element)).some((child) => {
      if (child.nodeType === Node.ELEMENT_NODE) return visible(child);
      if (child.nodeType !== Node.TEXT_NODE || !child.nodeValue.trim()) return false;
      const range = document.createRange();
      range.selectNodeContents(child);
      const box = range.getBoundingClientRect();
      return style.visibility === 'visible' && box.width > 0 && box.height > 0;
    });
  }
  if (style.visibility !== 'visible') return false;
  if (Element.prototype.checkVisibility && !method(Element, 'checkVisibility')(element)) return false;
  const box = boxOf(element);
  return box.width > 0 && box.height > 0;
}

/** The parent in the tree as it is rendered: out of shadow roots and into slots. */
function renderedParent(node) {
  if (node instanceof Element && slotOf(node)) return slotOf(node);
  const parent = parentOf(node);
  return parent instanceof ShadowRoot ? parent.host : parent;
}

/** A short name for an element, such as `div#banner.cookie`. */
function describe(element) {
  if (!(element instanceof Element)) return 'something outside of the page';
  const id = attribute(element, 'id');
  const classes = (attribute(element, 'class') ?? '').split(/\s+/).filter(Boolean);
  return cut(nameOf(element) + (id ? `#${id}` : '') + classes.map((c) => `.${c}`).join(''), 80);
}

/** Where the element that is ready waits for the script that changes it. It is not handed over by
 * the driver: chromedriver hangs on a form with a field that is called "parentNode". */
const WAITING = Symbol.for('synmon.ready');
const waiting = () => {
  const element = window[WAITING]?.deref();
  return element instanceof Element && connected(element) ? element : null;
};

/** Where a press waits to be looked at: see `watch` in ready.js. */
const PRESS = Symbol.for('synmon.press');

/** What the browser shows instead of a page, if it does: its code, such as ERR_NAME_NOT_RESOLVED. */
function errorPage() {
  const address = getter(Document, 'documentURI')(document) ?? '';
  if (address.startsWith('about:neterror') || address.startsWith('about:certerror')) {
    return cut(new URLSearchParams(address.slice(address.indexOf('?'))).get('e') ?? 'unknown', 80);
  }
  if (!address.startsWith('chrome-error:')) return null;
  const code = method(Document, 'querySelector')(document, '.error-code');
  return cut(code?.textContent.trim() || 'unknown', 80);
}
