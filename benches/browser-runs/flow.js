// The flow that all contenders carry out: open a page, follow the link in its footer, type into the
// three fields there, 35 characters in all; a picture of 1280×720 after each of the five steps.
// synmon's own copy of it is in synmon-server/benches/browser_runs/contender.rs.
"use strict";

exports.VIEWPORT = { width: 1280, height: 720 };
exports.STEPS = ["open", "click", "type name", "type e-mail", "type phone"];
exports.LINK = "//footer//a[@id='contact']";
exports.FIELDS = [
  ["//input[@id='name']", "Ada Lovelace"],
  ["//input[@id='email']", "ada@site.example"],
  ["//input[@id='phone']", "5550123"],
];

exports.start = (site, page) => `http://${site}/${page}/`;
exports.form = (site, page) => `http://${site}/${page}/contact`;
