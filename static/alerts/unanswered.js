// How many alerts nobody has taken on, on the links that lead to them.
import { element } from "../lpr/plate.js";

const EVERY_MS = 30_000;
const MOST = 99;
const links = document.querySelectorAll(".side-link[data-alerts], .bottom a[data-alerts]");

function show(count) {
  for (const link of links) {
    link.querySelector(".count")?.remove();
    if (count > 0) {
      const words = interpolate(ngettext("%s alert waits for an answer", "%s alerts wait for an answer", count), [count]);
      const badge = element("b", "count", count > MOST ? `${MOST}+` : String(count));
      badge.title = words;
      badge.append(element("span", "visually-hidden", ` ${words}`));
      link.append(badge);
    }
  }
}

async function ask() {
  if (document.visibilityState === "hidden") {
    return;
  }
  try {
    const answer = await fetch(links[0].dataset.alerts, { headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) {
      show((await answer.json()).count);
    }
  } catch {
    // The page itself says that the server is away; the last count stands.
  }
}

if (links.length > 0) {
  ask();
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  // The console knows at once.
  addEventListener("alertschange", ask);
}
