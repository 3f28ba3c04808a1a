// What a selector finds. Expectations are compared with all of it, so only a flood is cut.
const MOST = 1_000_000;
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
  text: cut(textOf(element), MOST),
  value: value === null ? null : cut(value, MOST),
  checked: tickedOf(element),
  attribute: held === null ? null : cut(held, MOST),
};
