// A detection: its box on and off, and the neighbours by keyboard.
import { onKeys } from "../lpr/keys.js";

const frame = document.querySelector("#frame");
const boxSwitch = document.querySelector("#box-switch");

function toggleBox() {
  const isBare = frame?.classList.toggle("is-bare");
  if (boxSwitch) {
    boxSwitch.ariaPressed = String(!isBare);
  }
}
boxSwitch?.addEventListener("click", toggleBox);

const follow = (selector) => () => document.querySelector(selector)?.click();
onKeys({ b: toggleBox, k: follow("[data-newer]"), j: follow("[data-older]") });
