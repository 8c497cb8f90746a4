// What every page does: its look, its times, its help.
import { onKeys } from "./keys.js";
import { writeTimes } from "./times.js";

const choices = document.querySelectorAll("[data-theme-choice]:not(html)");

function showChoice() {
  const chosen = document.documentElement.dataset.themeChoice;
  for (const button of choices) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

for (const button of choices) {
  button.addEventListener("click", () => {
    localStorage.setItem("theme", button.dataset.themeChoice);
    dispatchEvent(new Event("themechange"));
    showChoice();
  });
}
showChoice();

const help = document.querySelector("#help");
if (help) {
  onKeys({ "?": () => help.showModal() });
  for (const button of document.querySelectorAll("[data-help]")) {
    button.addEventListener("click", () => help.showModal());
  }
}

writeTimes();
setInterval(() => writeTimes(), 5_000);
document.addEventListener("htmx:afterSwap", () => writeTimes());
