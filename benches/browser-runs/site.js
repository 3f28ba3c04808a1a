// The pages that are measured, served on loopback. *Light*: 0.9 kB each. *Heavy*: 37 kB of HTML with
// 1,900 elements, 40 kB of CSS and 20 images each. Nothing in them depends on the time or on chance,
// so that pictures can be compared pixel by pixel; hence no caret, which blinks.
"use strict";

const http = require("node:http");
const { PNG } = require("pngjs");

const FIELDS = ["name", "email", "phone"]
  .map((id) => `<p><label for="${id}">${id}</label> <input id="${id}" name="${id}" autocomplete="off"></p>`)
  .join("\n");
// Links look the same whether visited or not: browsers tell that late, or not at all.
const STYLE = "body{font:16px/1.4 sans-serif;margin:24px;color:#223}a{color:#147}input{font:inherit;width:20em;caret-color:transparent}";

/** A page with the form, or with the link to it in its footer. */
function page(title, head, body, form) {
  const content = form ? `<form method="post">\n${FIELDS}\n</form>` : `<p>Pots of all sizes, made by hand.</p>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">${head}</head>
<body>
<h1>${title}</h1>
${content}
${body}
<footer><p>Tiny Teapots, <a id="contact" href="contact">write to us</a></p></footer>
</body>
</html>
`;
}

function light(form) {
  const words = "We have made teapots here since the river was moved, and mend what others sell. ".repeat(form ? 3 : 6);
  return page(form ? "Write to us" : "Teapots", `<style>${STYLE}</style>`, `<p>${words}</p>`, form);
}

const SECTIONS = 20;
const POTS = 30;

function heavy(form) {
  const sections = Array.from({ length: SECTIONS }, (_, section) => {
    const pots = Array.from({ length: POTS }, (_, pot) => {
      const number = section * POTS + pot;
      return `<li class="c${number % 380}"><b>Pot ${number}</b> <i>glazed by hand</i></li>`;
    });
    return `<section><h2>Shelf ${section}</h2><img src="pot${section}.png" width="160" height="100" alt="">
<ul>${pots.join("\n")}</ul></section>`;
  });
  return page(form ? "Write to us" : "All teapots", `<link rel="stylesheet" href="heavy.css">`, sections.join("\n"), form);
}

function css() {
  const rules = Array.from({ length: 380 }, (_, n) => {
    const hue = (n * 37) % 360;
    return `.c${n} b{color:hsl(${hue} 60% 30%);border-bottom:1px solid hsl(${hue} 50% 70%)}.c${n}:nth-child(3n) i{opacity:.8}`;
  });
  const grid = "ul{columns:4;list-style:none;padding:0;margin:8px 0}section{border-top:1px solid #ccd;padding:8px}";
  return `${STYLE}\n${grid}\n${rules.join("\n")}`;
}

/** A picture of some colours, and of about 20 kB. */
function image(number) {
  const png = new PNG({ width: 160, height: 100 });
  for (let y = 0; y < png.height; y += 1) {
    for (let x = 0; x < png.width; x += 1) {
      const at = (y * png.width + x) * 4;
      const grain = ((x * 7919 + y * 104729 + number * 1299709) >> 3) & 7;
      png.data.set([(x + number * 12) & 255, (y * 2 + grain) & 255, (x + y + grain * 2) & 255, 255], at);
    }
  }
  return PNG.sync.write(png);
}

const html = "text/html; charset=utf-8";
const files = new Map([
  ["/light/", [html, light(false)]],
  ["/light/contact", [html, light(true)]],
  ["/heavy/", [html, heavy(false)]],
  ["/heavy/contact", [html, heavy(true)]],
  ["/heavy/heavy.css", ["text/css", css()]],
  ...Array.from({ length: SECTIONS }, (_, n) => [`/heavy/pot${n}.png`, ["image/png", image(n)]]),
]);

const server = http.createServer((request, response) => {
  const [type, body] = files.get(request.url) ?? ["text/plain", ""];
  const status = files.has(request.url) ? 200 : 404;
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "max-age=600" });
  response.end(body);
});
// Browsers keep their connections for as long as they like: none is closed under a request.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  const sizes = [...files].map(([path, [, body]]) => [path, Buffer.byteLength(body)]);
  process.stdout.write(`${JSON.stringify({ port: server.address().port, sizes: Object.fromEntries(sizes) })}\n`);
});
// Its parent's end is its own.
process.stdin.resume().on("end", () => process.exit());
