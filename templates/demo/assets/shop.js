// The shop's slowness, made on purpose: a monitor has to wait for what is late, as people do.

/** Shows the content of each `<template data-appears-after="ms">` when its time has come. */
for (const template of document.querySelectorAll("template[data-appears-after]")) {
  setTimeout(() => template.replaceWith(template.content), Number(template.dataset.appearsAfter));
}

/** Wakes up each field with `data-enabled-after="ms"`. */
for (const field of document.querySelectorAll("[data-enabled-after]")) {
  setTimeout(() => { field.disabled = false; }, Number(field.dataset.enabledAfter));
}

// The cart lives as long as the tab: each run of a flow begins with an empty one.
const count = document.getElementById("cart-count");
const inCart = () => Number(sessionStorage.getItem("cart") ?? 0);
count.value = inCart();
document.getElementById("add-to-cart")?.addEventListener("click", () => {
  sessionStorage.setItem("cart", inCart() + 1);
  count.value = inCart();
});
