// What elements say, as text and to assistive technology.
let holders = null;
/** Whether there is an open shadow root in or on an element: what a browser itself says of its text
 * leaves that out. */
function hasShadowIn(element) {
  if (!holders) {
    holders = new Set();
    for (const host of everything().filter(shadowOf)) {
      for (let node = host; node && !holders.has(node); node = renderedParent(node)) holders.add(node);
    }
  }
  return holders.has(element);
}

/** Whether an element of the body has a box. Of one that has none, a browser tells all of its text,
 * though nobody sees any of it. */
function rendered(element) {
  if (closest(element, 'head') || matches(element, 'option, optgroup')) return true;
  for (let node = element; isElement(node); node = renderedParent(node)) {
    if (getComputedStyle(node).display === 'contents') continue;
    return !Element.prototype.checkVisibility || method(Element, 'checkVisibility')(node);
  }
  return true;
}

const WORDLESS = new Set('script style noscript template textarea iframe canvas audio video'.split(' '));
/** Whether a text right in an element is rendered. */
function showsText(element) {
  if (!isElement(element)) return isElement(element?.host) && showsText(element.host);
  if (WORDLESS.has(nameOf(element))) return false;
  const box = closest(element, 'option, optgroup') ? closest(element, 'select') ?? element
    : (element instanceof SVGElement && element.ownerSVGElement) || element;
  const style = getComputedStyle(box);
  return style.visibility === 'visible' && (style.display === 'contents' ? rendered(box)
    : !Element.prototype.checkVisibility || method(Element, 'checkVisibility')(box));
}

/** Its text as it is rendered, with that of open shadow roots. */
function textOf(element) {
  if (!rendered(element)) return '';
  if (!hasShadowIn(element)) {
    const text = (element instanceof HTMLElement ? getter(HTMLElement, 'innerText')(element)
      : contentOf(element)) ?? '';
    // A browser says nothing of what it does not render until somebody scrolls there.
    if (text || !/\S/.test(contentOf(element) ?? '') || !putOff(element)) return text;
  }
  if (getComputedStyle(element).display === 'none') return '';
  return renderedChildren(element).map((child) => {
    if (!isElement(child)) return child.nodeType === Node.TEXT_NODE && textBox(child).width ? child.nodeValue : '';
    const { display } = getComputedStyle(child);
    if (display === 'none') return '';
    return display.startsWith('inline') || display === 'contents' ? textOf(child) : `\n${textOf(child)}\n`;
  }).join('');
}

/** Whether an element is in one whose content is rendered only near the viewport. */
function putOff(element) {
  for (let node = element; isElement(node); node = renderedParent(node)) {
    if (getComputedStyle(node).contentVisibility === 'auto') return true;
  }
  return false;
}

const ROLES = new Set(('alert alertdialog application article banner blockquote button caption cell checkbox code '
  + 'columnheader combobox complementary contentinfo definition deletion dialog directory document emphasis feed '
  + 'figure form generic grid gridcell group heading img insertion link list listbox listitem log main marquee math '
  + 'menu menubar menuitem menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation '
  + 'progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider '
  + 'spinbutton status strong subscript superscript switch tab table tablist tabpanel term textbox time timer '
  + 'toolbar tooltip tree treegrid treeitem').split(' '));

const INPUT_ROLES = {
  button: 'button', submit: 'button', reset: 'button', image: 'button', file: 'button', checkbox: 'checkbox',
  radio: 'radio', range: 'slider', number: 'spinbutton', search: 'searchbox', hidden: null,
};
const inside = (element, names) => isElement(parentOf(element)) && Boolean(closest(parentOf(element), names));
const SECTIONS = 'article, aside, main, nav, section';
const named = (element) => Boolean(attribute(element, 'aria-label') || attribute(element, 'aria-labelledby'));
/** The roles that elements have without saying (W3C HTML-AAM). */
const IMPLICIT = {
  a: (e) => (attribute(e, 'href') === null ? null : 'link'),
  area: (e) => (attribute(e, 'href') === null ? null : 'link'),
  article: 'article', aside: 'complementary', blockquote: 'blockquote', button: 'button', caption: 'caption',
  code: 'code', datalist: 'listbox', dd: 'definition', del: 'deletion', details: 'group', dfn: 'term',
  dialog: 'dialog', dt: 'term', em: 'emphasis', fieldset: 'group', figure: 'figure',
  footer: (e) => (inside(e, SECTIONS) ? null : 'contentinfo'),
  form: (e) => (named(e) ? 'form' : null),
  h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading',
  header: (e) => (inside(e, SECTIONS) ? null : 'banner'),
  hr: 'separator', html: 'document',
  img: (e) => (attribute(e, 'alt') === '' && !named(e) && !attribute(e, 'title') ? 'presentation' : 'img'),
  input: (e) => {
    const type = typeOf(e);
    const lists = attribute(e, 'list') !== null;
    if (lists && ['text', 'search', 'url', 'tel', 'email'].includes(type)) return 'combobox';
    return type in INPUT_ROLES ? INPUT_ROLES[type] : 'textbox';
  },
  ins: 'insertion', li: 'listitem', main: 'main', math: 'math', menu: 'list', meter: 'meter', nav: 'navigation',
  ol: 'list', optgroup: 'group', option: 'option', output: 'status', p: 'paragraph', progress: 'progressbar',
  search: 'search', section: (e) => (named(e) ? 'region' : null),
  select: (e) => (attribute(e, 'multiple') !== null || Number(attribute(e, 'size')) > 1 ? 'listbox' : 'combobox'),
  strong: 'strong', sub: 'subscript', sup: 'superscript', svg: 'img', table: 'table', tbody: 'rowgroup',
  td: (e) => (inside(e, '[role=grid], [role=treegrid]') ? 'gridcell' : 'cell'),
  textarea: 'textbox', tfoot: 'rowgroup',
  th: (e) => (attribute(e, 'scope') === 'row' ? 'rowheader' : 'columnheader'),
  thead: 'rowgroup', time: 'time', tr: 'row', ul: 'list',
};

function roleOf(element) {
  const said = (attribute(element, 'role') ?? '').toLowerCase().split(/\s+/).find((role) => ROLES.has(role));
  if (said) return said;
  const implied = IMPLICIT[nameOf(element)];
  return (typeof implied === 'function' ? implied(element) : implied) ?? null;
}

/** Whether assistive technology is kept from an element. */
function hiddenForAria(element) {
  if (Element.prototype.checkVisibility && !method(Element, 'checkVisibility')(element)) {
    return getComputedStyle(element).display !== 'contents';
  }
  if (getComputedStyle(element).visibility !== 'visible') return true;
  for (let node = element; node; node = renderedParent(node)) {
    if (isElement(node) && attribute(node, 'aria-hidden') === 'true') return true;
  }
  return false;
}

/** The elements that an attribute refers to by their ids. */
const referred = (element, name) => (attribute(element, name) ?? '').split(/\s+/).filter(Boolean)
  .map((id) => below(rootOf(element), `#${CSS.escape(id)}`)[0]).filter(Boolean);

const NAMED_BY_CONTENT = new Set(('button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox '
  + 'menuitemradio option radio row rowheader switch tab tooltip treeitem').split(' '));
const first = (...texts) => texts.map((text) => folded(text)).find(Boolean) ?? '';

/** What an element says to assistive technology, by the main rules of W3C AccName 1.2. */
function accessibleName(element) {
  const native = () => {
    const name = nameOf(element);
    if (name === 'input' && ['button', 'submit', 'reset'].includes(typeOf(element))) return caption(element);
    if (name === 'input' && typeOf(element) === 'image') return attribute(element, 'alt') || 'Submit';
    if (name === 'img' || name === 'area') return attribute(element, 'alt');
    const part = { fieldset: 'legend', table: 'caption', figure: 'figcaption', svg: 'title' }[name];
    const child = part && Array.from(childrenOf(element)).find((c) => isElement(c) && nameOf(c) === part);
    return child ? contentOf(child) : '';
  };
  return first(
    referred(element, 'aria-labelledby').map((e) => first(attribute(e, 'aria-label'), spoken(e))).join(' '),
    attribute(element, 'aria-label'),
    labelsOf(element).map((label) => spoken(label)).join(' '),
    native(),
    NAMED_BY_CONTENT.has(roleOf(element)) && !(element instanceof HTMLInputElement) ? spoken(element) : '',
    attribute(element, 'title'),
    attribute(element, 'placeholder'),
  );
}

/** What is read out of an element's content. */
function spoken(element) {
  return renderedChildren(element).map((child) => {
    if (child.nodeType === Node.TEXT_NODE) return child.nodeValue;
    if (!isElement(child) || hiddenForAria(child) || FIELDS.some((field) => child instanceof field)) return '';
    const text = first(attribute(child, 'aria-label'), attribute(child, 'alt'), spoken(child), attribute(child, 'title'));
    return getComputedStyle(child).display === 'inline' ? spaced(child, text) : ` ${text} `;
  }).join('');
}
/** Folding must not glue words together that have a space between them. */
const spaced = (element, text) => {
  const whole = contentOf(element) ?? '';
  return `${/^\s/.test(whole) ? ' ' : ''}${text}${/\s$/.test(whole) ? ' ' : ''}`;
};

