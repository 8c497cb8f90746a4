// The trail by keyboard: j and k between rows, o for older ones, which also come as one scrolls.
import { moveFocus, onKeys } from "../lpr/keys.js";

const rows = () => [...document.querySelectorAll("[data-audit] .audit-row")];

onKeys({
  j: () => moveFocus(rows(), 1),
  k: () => moveFocus(rows(), -1),
  o: () => document.querySelector("[data-older]")?.click(),
});
