// What a selector finds.
const [candidates, name] = args;
const { invalid, found, candidate } = find(candidates);
if (invalid) return { state: 'invalid', why: invalid };
if (found.length === 0) return { state: 'missing' };
const element = chosen(found);
const value = valueOf(element);
const held = name === null ? null : attribute(element, name);
return {
  state: 'here',
  candidate,
  matches: found.length,
  visible: visible(element),
  text: cut(textOf(element), 10000),
  value: value === null ? null : cut(value, 10000),
  checked: tickedOf(element),
  attribute: held === null ? null : cut(held, 10000),
};
