// Where the middle of an element is, once it is in view: for what is carried onto it.
const [candidates] = args;
const { found = [] } = find(candidates);
if (!found.length) return { state: 'missing' };
const element = chosen(found);
let point = middle(element);
if (!point) {
  scrollTo(element, { block: 'center', inline: 'nearest', behavior: 'instant' });
  point = middle(element);
}
return point ? { state: 'ready', ...point } : { state: 'out_of_view' };
