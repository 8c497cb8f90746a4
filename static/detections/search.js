// The search page by keyboard, and the map on which a place is drawn; the map loads when it is first seen.
import { moveFocus, onKeys } from "../lpr/keys.js";
import { SearchMap } from "./search_map.js";

const filters = document.querySelector("[data-filters]");
const place = document.querySelector("[data-place]");
const form = document.querySelector("[data-search]");
const results = () => [...document.querySelectorAll("[data-results] > li > a[data-row], [data-results] > li > details > summary")];

let map = null;

function openMap() {
  if (filters.open && !map) map = new SearchMap(place);
}

filters.addEventListener("toggle", openMap);
openMap();

onKeys({
  "/": () => document.querySelector("#id_text").focus(),
  f: () => {
    filters.open = !filters.open;
    if (filters.open) filters.querySelector("input, select").focus();
  },
  j: () => moveFocus(results(), 1),
  k: () => moveFocus(results(), -1),
});

// What is empty stays out of the address, which people copy and keep.
form.addEventListener("submit", () => {
  const isAsking = (field) => field.name === "reason" || field.name === "case_number";
  for (const field of form.elements) {
    if (field.name && !field.value && !isAsking(field)) field.disabled = true;
  }
});
addEventListener("pageshow", () => {
  for (const field of form.elements) if (field.name !== "show") field.disabled = false;
});
