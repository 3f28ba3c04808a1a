// Gives a date, colour or slider its value as a picker would, and tells the page.
const [text] = args;
const element = waiting();
if (!element) return { gone: null };
const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
const before = get.call(element);
set.call(element, text);
const after = get.call(element);
const number = typeOf(element) === 'range' && Number(after) === Number(text);
if (after.toLowerCase() !== text.toLowerCase() && !number && !(text && after.startsWith(text))) {
  set.call(element, before);
  return { held: after };
}
if (after !== before) {
  element.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  element.dispatchEvent(new Event('change', { bubbles: true }));
}
return { held: text };
