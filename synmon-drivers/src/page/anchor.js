// The element at a point, and its in-view centre point (W3C WebDriver, 11.1), from which a driver
// can find the point again.
const [x, y] = args;
const element = method(Document, 'elementFromPoint')(document, x, y) ?? document.documentElement;
const [box] = boxesOf(element).length ? boxesOf(element) : [boxOf(element)];
const [left, right] = [Math.max(0, Math.min(box.left, box.right)), Math.min(innerWidth, Math.max(box.left, box.right))];
const [top, bottom] = [Math.max(0, Math.min(box.top, box.bottom)), Math.min(innerHeight, Math.max(box.top, box.bottom))];
return { element, x: Math.floor((left + right) / 2), y: Math.floor((top + bottom) / 2) };
