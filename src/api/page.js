/* SPDX-License-Identifier: ISC
 *
 * What both pages have: stands in each where it says @page.js@. */
"use strict";
const $ = id => document.getElementById(id);

/* An element with properties and children; text is never taken for HTML. */
function el(tag, props, ...children) {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children.filter(c => c != null));
  return e;
}

/* A field for an API key, kept as long as this tab is open; no element where
 * none is wanted. headers() is what a prediction shows. */
function keyField(api) {
  if (!(api.components.securitySchemes || {}).key) return { element: null, headers: () => ({}) };
  const input = el("input", { type: "password", autocomplete: "off", spellcheck: false,
    value: sessionStorage.getItem("api-key") || "" });
  input.addEventListener("input", () => sessionStorage.setItem("api-key", input.value));
  return { element: el("label", {}, "API key ", input),
    headers: () => input.value ? { [api.components.securitySchemes.key.name]: input.value } : {} };
}
