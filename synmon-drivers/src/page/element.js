// The element of a selector, as WebDriver hands elements over.
const [candidates] = args;
const { invalid, found } = find(candidates);
if (invalid) return { state: 'invalid', why: invalid };
if (found.length === 0) return { state: 'missing' };
const element = chosen(found);
return visible(element) ? { state: 'here', element } : { state: 'hidden' };
