// How selectors find elements. All but XPath look into open shadow roots.
let all = null;
/** All elements, those in open shadow roots too, in the order of the document. */
function everything() {
  if (all) return all;
  all = [];
  const walk = (root) => {
    for (const element of below(root, '*')) {
      all.push(element);
      const shadow = shadowOf(element);
      if (shadow) walk(shadow);
    }
  };
  walk(document);
  return all;
}
const hasShadows = () => everything().some(shadowOf);

function byXpath(xpath) {
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

/** The alternatives of a CSS selector, each as compounds with what joins them: `>` or a space. What
 * `+` and `~` join stays together, for both sides are in the same tree. */
function chains(css) {
  const lists = [[{ join: ' ', css: '' }]];
  let [quote, depth] = [null, 0];
  for (let i = 0; i < css.length; i += 1) {
    const c = css[i];
    const last = lists.at(-1).at(-1);
    if (c === '\\') {
      // White space ends an escape of hexadecimal digits, and belongs to it.
      const escape = /^\\(?:[0-9a-f]{1,6}\s?|[^])?/i.exec(css.slice(i))[0];
      last.css += escape;
      i += escape.length - 1;
    } else if (quote || depth > 0 || !/[\s>,]/.test(c)) {
      if (quote) quote = c === quote ? null : quote;
      else if (c === '"' || c === '\'') quote = c;
      else if (c === '(' || c === '[') depth += 1;
      else if (c === ')' || c === ']') depth -= 1;
      last.css += c;
    } else if (c === ',') {
      lists.push([{ join: ' ', css: '' }]);
    } else {
      const gap = /^[\s>]*/.exec(css.slice(i))[0];
      const rest = css[i + gap.length] ?? ',';
      i += gap.length - 1;
      if (!gap.includes('>') && (/[+~]/.test(rest) || /[+~]$/.test(last.css))) last.css += ' ';
      else if (gap.includes('>') && !last.css) last.join = '>';
      else if (rest !== ',' && last.css) lists.at(-1).push({ join: gap.includes('>') ? '>' : ' ', css: '' });
    }
  }
  return lists;
}

/** Whether an element is at the end of such a chain, in the tree as shadow roots compose it. */
function ends(element, chain, at = chain.length - 1) {
  if (!matches(element, chain[at].css)) return false;
  if (at === 0) return true;
  const up = (node) => {
    const parent = parentOf(node);
    return parent instanceof ShadowRoot ? parent.host : parent;
  };
  for (let node = up(element); isElement(node); node = up(node)) {
    if (ends(node, chain, at - 1)) return true;
    if (chain[at].join === '>') return false;
  }
  return false;
}

function byCss(css) {
  try {
    const found = below(document, css);
    if (!hasShadows()) return { found };
    const ways = chains(css);
    return { found: everything().filter((element) => ways.some((chain) => ends(element, chain))) };
  } catch {
    return { invalid: 'the browser can\'t read this CSS selector' };
  }
}

const spaceless = (text) => text.toUpperCase().toLowerCase().replace(/\s+/g, '');

/** What a text is compared with: a part of it whatever its case, or all of it if it is quoted. */
function wish(text) {
  const quoted = /^\s*(["'])([\s\S]*)\1\s*$/.exec(text);
  const wanted = folded(quoted ? quoted[2] : text);
  const small = wanted.toLowerCase();
  return {
    wanted,
    exact: Boolean(quoted),
    holds: quoted ? (said) => folded(said) === wanted : (said) => folded(said).toLowerCase().includes(small),
  };
}

const nothingWanted = { invalid: 'there is no text in it' };

/** Buttons that an <input> makes say what they hold. */
const caption = (input) => attribute(input, 'value')
  ?? { submit: 'Submit', reset: 'Reset' }[typeOf(input)] ?? '';

/** The texts of the body that are rendered, in their order. */
function* texts() {
  const shows = new Map();
  const shown = (parent) => {
    if (!shows.has(parent)) shows.set(parent, showsText(parent));
    return shows.get(parent);
  };
  if (!hasShadows()) {
    const walker = method(Document, 'createTreeWalker')(document, document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (/\S/.test(node.nodeValue) && shown(parentOf(node))) yield node;
    }
    return;
  }
  const left = [document.body];
  while (left.length) {
    const node = left.pop();
    if (isElement(node)) left.push(...renderedChildren(node).reverse());
    else if (node.nodeType === Node.TEXT_NODE && /\S/.test(node.nodeValue) && shown(parentOf(node))) yield node;
  }
}

/** The smallest elements that hold a text between them, found by its letters alone: what a page
 * says is told by rendering it, which is much too slow to be done for all of a large one. */
function* sayers(wanted) {
  const nodes = [];
  const starts = [];
  let all = '';
  for (const node of texts()) {
    nodes.push(node);
    starts.push(all.length);
    all += spaceless(node.nodeValue);
  }
  const letters = spaceless(wanted);
  const said = new Set();
  let [first, before] = [0, -1];
  for (let from = all.indexOf(letters); from >= 0; from = all.indexOf(letters, from + 1)) {
    while (first + 1 < starts.length && starts[first + 1] <= from) first += 1;
    let last = first;
    while (last + 1 < starts.length && starts[last + 1] < from + letters.length) last += 1;
    if (first === last && first === before) continue;
    before = first === last ? first : -1;
    const element = around(nodes[first], nodes[last]);
    if (!element || said.has(element)) continue;
    said.add(element);
    yield element;
  }
}

/** The smallest element around two nodes. */
function around(one, other) {
  const outer = new Set();
  for (let node = renderedParent(one); node; node = renderedParent(node)) {
    if (one === other && isElement(node)) return node;
    outer.add(node);
  }
  let node = renderedParent(other);
  while (node && !(outer.has(node) && isElement(node))) node = renderedParent(node);
  return node;
}

/** Those that hold none of the others. */
function smallest(elements) {
  const outer = new Set();
  for (const element of elements) {
    for (let node = renderedParent(element); node && !outer.has(node); node = renderedParent(node)) outer.add(node);
  }
  return elements.filter((element) => !outer.has(element));
}

function byText(text) {
  const { wanted, exact, holds } = wish(text);
  if (!wanted) return nothingWanted;
  const says = new Map();
  const judge = (element) => {
    // As it is written counts as well as it is shown: styles can make capitals of it.
    if (!holds(textOf(element)) && !(exact && holds(contentOf(element)))) return 'no';
    return visible(element) ? 'yes' : 'unseen';
  };
  const found = new Set();
  for (const sayer of document.body ? sayers(wanted) : []) {
    // What says it and has no box of its own, such as an option, is seen by what is around it.
    for (let node = sayer; isElement(node); node = renderedParent(node)) {
      if (!says.has(node)) says.set(node, judge(node));
      if (says.get(node) === 'yes') found.add(node);
      if (says.get(node) !== 'unseen' || node === document.body) break;
    }
  }
  const picked = new Set(smallest([...found]));
  const buttons = everything().filter((element) => element instanceof HTMLInputElement
    && ['button', 'submit', 'reset'].includes(typeOf(element)) && holds(caption(element)) && visible(element));
  if (!buttons.length) return { found: [...picked] };
  buttons.forEach((button) => picked.add(button));
  return { found: everything().filter((element) => picked.has(element)) };
}

function byRole(text) {
  const [, role, rest] = /^\s*([a-z]+)\s*([\s\S]*)$/i.exec(text) ?? [null, '', ''];
  if (!ROLES.has(role.toLowerCase())) return { invalid: `“${cut(role || text, 40)}” is no ARIA role` };
  const named = /^\[\s*name\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\]"']*?))\s*([is])?\s*\]$/i.exec(rest.trim());
  if (rest.trim() && !named) return { invalid: 'after the role only [name="…"] can be read' };
  const having = everything().filter((e) => roleOf(e) === role.toLowerCase() && !hiddenForAria(e));
  if (!named) return { found: having };
  const name = named[1] ?? named[2] ?? named[3];
  // As Playwright's getByRole: a part of it whatever its case; all of it with an `s` at the end.
  const { wanted, holds } = wish(named[4]?.toLowerCase() === 's' ? `"${name}"` : name);
  return wanted ? { found: having.filter((e) => holds(accessibleName(e))) } : nothingWanted;
}

const LABELLED = 'input:not([type=hidden]), textarea, select, button, meter, output, progress,'
  + ' [contenteditable], [role=textbox], [role=searchbox], [role=combobox], [role=listbox], [role=checkbox],'
  + ' [role=radio], [role=switch], [role=slider], [role=spinbutton]';

function byLabel(text) {
  const { wanted, holds } = wish(text);
  if (!wanted) return nothingWanted;
  const said = (element) => [
    ...labelsOf(element).map(textOf),
    ...referred(element, 'aria-labelledby').map(textOf),
    attribute(element, 'aria-label'), attribute(element, 'placeholder'),
  ];
  return { found: everything().filter((e) => matches(e, LABELLED) && said(e).some((one) => one && holds(one))) };
}

function byTestid(text) {
  const id = text.trim();
  const names = ['data-testid', 'data-test-id', 'data-test'];
  return { found: everything().filter((e) => names.some((name) => attribute(e, name) === id)) };
}

const WAYS = {
  xpath: byXpath, css: byCss, text: byText, role: byRole, label: byLabel, testid: byTestid,
};

/** What the first candidate finds that finds anything; or why one of those before can't be read. */
function find(candidates) {
  for (const [index, [strategy, text]] of candidates.entries()) {
    const { invalid, found } = WAYS[strategy](text);
    if (invalid) return { invalid: candidates.length > 1 ? `${strategy}=${cut(text, 100)}: ${invalid}` : invalid };
    if (found.length) return { found, candidate: index };
  }
  return { found: [], candidate: 0 };
}

/** "The element" of a selector: the first match that can be seen, or else the first. */
const chosen = (found) => found.find(visible) ?? found[0];

