// Lets so many milliseconds pass, and a frame: for pages that look at a drag only now and then.
const [length] = args;
await new Promise((go) => { setTimeout(go, length); });
await new Promise((go) => { setTimeout(go, 60); requestAnimationFrame(go); });
return {};
