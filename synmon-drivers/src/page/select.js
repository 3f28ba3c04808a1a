// Chooses an option as a click on it does, and tells the page.
const [wanted] = args;
const element = waiting();
if (!element) return { gone: null };
const options = Array.from(getter(HTMLSelectElement, 'options')(element));
const found = options.find((o) => folded(o.label) === folded(wanted) || folded(o.text) === folded(wanted))
  ?? options.find((o) => o.value === wanted);
if (found && !found.selected) {
  found.selected = true;
  element.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  element.dispatchEvent(new Event('change', { bubbles: true }));
}
return { held: Boolean(found?.selected) };
