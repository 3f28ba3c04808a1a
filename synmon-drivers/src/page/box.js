// Where an element is in its viewport, once it is in view.
const [candidates] = args;
const { invalid, found } = find(candidates);
if (invalid) return { state: 'invalid', why: invalid };
if (found.length === 0) return { state: 'missing' };
const element = chosen(found);
if (!visible(element)) return { state: 'hidden' };
scrollTo(element, { block: 'nearest', inline: 'nearest', behavior: 'instant' });
const box = boxOf(element);
return {
  state: 'here', left: box.left, top: box.top, width: box.width, height: box.height,
};
