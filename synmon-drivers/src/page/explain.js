// What each candidate finds, and the html around the element, or around where it should be.
const [candidates] = args;
const LIMIT = 4000;
const SILENT = ['script', 'style', 'noscript', 'template'];
const EMPTY = ['input', 'img', 'br', 'hr', 'meta', 'link', 'area', 'source', 'track', 'wbr', 'col', 'embed'];

function attributes(element) {
  const pressed = element instanceof HTMLInputElement
    && ['button', 'submit', 'reset', 'image', 'checkbox', 'radio'].includes(typeOf(element));
  return Array.from(getter(Element, 'attributes')(element)).map(({ name, value }) => {
    if (name.startsWith('on') || name === 'srcdoc' || name === 'nonce') return '';
    if (name === 'value' && !pressed && nameOf(element) !== 'option') return ' value="…"';
    const said = value.length > 100 ? `${value.slice(0, 100)}…` : value;
    return said ? ` ${name}="${said.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"` : ` ${name}`;
  }).join('');
}

/** An element as html, one line for each tag, no longer than `left` characters: what does not fit
 * becomes an ellipsis. Values of fields are left out, and scripts. */
function html(element, left, indent) {
  const name = nameOf(element);
  const open = `${indent}<${name}${attributes(element)}>`;
  if (EMPTY.includes(name)) return open;
  const close = `</${name}>`;
  if (element instanceof HTMLTextAreaElement || attribute(element, 'contenteditable') !== null) return `${open}…${close}`;
  const children = [...(shadowOf(element)?.childNodes ?? []), ...childrenOf(element)]
    .filter((child) => (isElement(child) ? !SILENT.includes(nameOf(child))
      : child.nodeType === Node.TEXT_NODE && child.nodeValue.trim()));
  if (children.length === 1 && !isElement(children[0])) return `${open}${cut(folded(children[0].nodeValue), 200)}${close}`;
  let inner = '';
  for (const child of children) {
    const room = left - open.length - inner.length - close.length - indent.length - 10;
    const line = isElement(child) ? room > 0 && html(child, room, `${indent}  `)
      : `${indent}  ${cut(folded(child.nodeValue), 200)}`;
    if (!line || line.length > room) {
      inner += `\n${indent}  …`;
      break;
    }
    inner += `\n${line}`;
  }
  return inner ? `${open}${inner}\n${indent}${close}` : `${open}${close}`;
}

/** Where the element should be: what is found if the end of the selector is left out. */
function nearby([strategy, text]) {
  let rest = text;
  while ((strategy === 'xpath' || strategy === 'css') && rest) {
    const shorter = strategy === 'xpath' ? rest.replace(/\/{1,2}[^/]*$/, '') : rest.replace(/[\s>+~]*[^\s>+~]*$/, '');
    if (shorter === rest) break;
    rest = shorter;
    const element = rest && WAYS[strategy](rest).found?.[0];
    if (element && element !== document.documentElement) return element;
  }
  return document.body ?? document.documentElement;
}

const looks = candidates.map(([strategy, text]) => WAYS[strategy](text));
const found = looks.find((look) => look.found?.length)?.found;
let element = found ? chosen(found) : nearby(candidates[0]);
let shown = element && html(element, LIMIT, '');
// As much of what is around it as fits.
for (let up = 0; found && up < 3; up += 1) {
  const parent = element && renderedParent(element);
  if (!isElement(parent) || parent === document.documentElement) break;
  const wider = html(parent, LIMIT + 1, '');
  if (wider.length > LIMIT || /^ *\u2026$/m.test(wider)) break;
  [element, shown] = [parent, wider];
}
return {
  candidates: looks.map(({ invalid, found: some = [] }) => ({
    matches: some.length, visible: some.filter(visible).length, invalid: invalid ?? null,
  })),
  html: shown ? cut(shown, LIMIT) : null,
};
