// What a selector finds.
const { invalid, found } = find(arguments[0]);
if (invalid) return { state: 'invalid', why: invalid };
if (found.length === 0) return { state: 'missing' };
const element = chosen(found);
const value = valueOf(element);
const text = element instanceof HTMLElement ? getter(HTMLElement, 'innerText')(element)
  : getter(Node, 'textContent')(element);
return {
  state: 'here',
  matches: found.length,
  visible: visible(element),
  text: cut(text, 10000),
  value: value === null ? null : cut(value, 10000),
};
