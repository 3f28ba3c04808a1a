// What shows a text that no picture must show. It is for worlds of our own alone: the page must not
// hear of the texts.
/** Without white space and in small letters: styles and line breaks change those. */
const bare = (text) => String(text ?? '').replace(/\s+/g, '').toLowerCase();
const WHITE = /\s/;
/** In how many elements a style's own words are looked for: asking takes its time. */
const MOST_STYLED = 20_000;
/** How far beside an element its bullet may be, in pixels. */
const BESIDE = 2_000;
/** The shortest part of a text that is told from chance. */
const LEAST = 4;

/** All roots of the page that can be looked into. */
function rootsOf() {
  return [document, ...everything().map(shadowOf).filter(Boolean)];
}

/** Whether a text says one of them, or is the beginning of one, as while it is being typed. */
function says(text, secrets) {
  const said = bare(text);
  return said.length >= LEAST && secrets.some((secret) => said.includes(secret) || secret.startsWith(said));
}

/** The boxes of the parts of a root's text that say one of them, however many nodes they are in. */
function textBoxesOf(root, secrets) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const owners = [];
  let all = '';
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = parentOf(node);
    if (isElement(parent) && ['script', 'style', 'noscript', 'template'].includes(nameOf(parent))) continue;
    const { data } = node;
    for (let at = 0; at < data.length; at += 1) {
      if (WHITE.test(data[at])) continue;
      // A capital letter may be several small ones.
      const sign = data[at].toLowerCase();
      all += sign;
      for (let unit = 0; unit < sign.length; unit += 1) owners.push([node, at]);
    }
  }
  const boxes = [];
  for (const secret of secrets) {
    for (let at = all.indexOf(secret); at >= 0; at = all.indexOf(secret, at + 1)) {
      const range = document.createRange();
      range.setStart(...owners[at]);
      const [last, place] = owners[at + secret.length - 1];
      range.setEnd(last, place + 1);
      boxes.push(...range.getClientRects());
    }
  }
  return boxes;
}

/** What an element shows besides its text. */
function shownBy(element, styled) {
  const texts = ['placeholder', 'alt', 'label'].map((name) => attribute(element, name));
  const value = valueOf(element);
  if (value !== null) texts.push(value);
  if (element instanceof HTMLSelectElement) {
    const isList = getter(HTMLSelectElement, 'size')(element) > 1 || getter(HTMLSelectElement, 'multiple')(element);
    const shown = getter(HTMLSelectElement, isList ? 'options' : 'selectedOptions')(element);
    texts.push(...Array.from(shown, contentOf));
  }
  for (const pseudo of styled ? ['::before', '::after'] : []) texts.push(contentBy(element, pseudo));
  return texts.filter(Boolean);
}

/** What a style has an element say. */
function contentBy(element, pseudo) {
  const { content } = getComputedStyle(element, pseudo);
  return content && content !== 'none' && content !== 'normal' ? content.slice(1, -1) : '';
}

/** What stands beside an element of a list, in place of a bullet. */
function bulletsOf(element) {
  const { display, listStyleType } = getComputedStyle(element);
  if (!display.includes('list-item')) return [];
  return [contentBy(element, '::marker'), listStyleType.replace(/^"|"$/g, '')];
}

/** A box and what is beside it. No box tells where a bullet is. */
const widened = ({ left, top, width, height }) => (
  { left: left - BESIDE, top, width: width + 2 * BESIDE, height: Math.max(height, 1) }
);

/** The boxes of all that shows one of these texts. */
function boxesThatShow(texts) {
  const secrets = [...new Set(texts.map(bare))].filter((text) => text.length >= LEAST);
  if (secrets.length === 0) return [];
  const boxes = rootsOf().flatMap((root) => textBoxesOf(root, secrets));
  everything().forEach((element, number) => {
    const shown = shownBy(element, number < MOST_STYLED);
    if (shown.some((text) => says(text, secrets))) boxes.push(...boxesOf(element));
    if (number < MOST_STYLED && bulletsOf(element).some((text) => says(text, secrets))) {
      boxes.push(...Array.from(boxesOf(element), widened));
    }
  });
  return boxes;
}
