// The frame that an element shows, as WebDriver hands elements over.
const [candidates] = args;
const { invalid, found } = find(candidates);
if (invalid) return { state: 'invalid', why: invalid };
if (found.length === 0) return { state: 'missing' };
const element = chosen(found);
if (!['iframe', 'frame', 'object'].includes(nameOf(element)) || !element.contentWindow) {
  return { state: 'refused', why: `it has no frame to go into: it is ${describe(element)}` };
}
return { state: 'here', element };
