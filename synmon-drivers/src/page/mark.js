// Marks all that a field holds, so that one key removes it; says whether there is anything.
const element = waiting();
if (!element) return { gone: null };
if (element.isContentEditable) {
  getSelection().selectAllChildren(element);
  return { held: getter(Node, 'textContent')(element) !== '' };
}
element.select();
return { held: valueOf(element) !== '' };
