// The middle of what the viewport shows of the page.
return { x: Math.floor(innerWidth / 2), y: Math.floor(innerHeight / 2) };
