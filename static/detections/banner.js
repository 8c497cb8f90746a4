// Says in words whether the page is live, and if not, what is wrong and what happens next.
import { element } from "../lpr/plate.js";

const connection = document.querySelector("#connection");
const banner = document.querySelector("#banner");
let leftOut = false;

const TROUBLES = {
  layer: () => gettext("Live updates are down. New detections are read from the database every few seconds."),
  database: () => gettext("The database does not answer. What is shown may be old; it is tried again every few seconds."),
  network: () => gettext("The server cannot be reached. Check the network."),
  server: () => gettext("The server answers with an error."),
  socket: () => gettext("The server answers, but not for live updates."),
};

/** `aside` changes every second; a screen reader is spared it. */
function say(state, word, sentence, aside = "") {
  connection.dataset.state = state;
  connection.querySelector("span").textContent = word;
  if (banner.dataset.sentence !== sentence) {
    banner.dataset.sentence = sentence;
    const hidden = element("span");
    hidden.setAttribute("aria-hidden", "true");
    const className = state === "broken" ? "notice notice-act" : "notice";
    banner.replaceChildren(...(sentence ? [element("div", className, `${sentence} `, hidden)] : []));
  }
  const place = banner.querySelector("[aria-hidden]");
  if (place) {
    place.textContent = aside;
  }
}

/** @param {string} name of a state of the socket, of the server behind it, or "left-out" */
export function showBanner(name, { reason, seconds } = {}) {
  if (name === "left-out") {
    leftOut = true;
  } else if (name === "connecting") {
    connection.dataset.state = "connecting";
    connection.querySelector("span").textContent = gettext("connecting…");
  } else if (name === "open" || name === "live") {
    const sentence = leftOut ? gettext("More happened meanwhile than fits here. See all detections for the rest.") : "";
    say("live", gettext("live"), sentence);
  } else if (name === "waiting") {
    const again = interpolate(ngettext("Trying again in %s second.", "Trying again in %s seconds.", seconds), [seconds]);
    say("broken", gettext("disconnected"), TROUBLES[reason](), again);
  } else if (name === "logged-out") {
    say("broken", gettext("logged out"), gettext("You were logged out."));
    const link = element("a", "", gettext("Log in again"));
    link.href = location.href;
    banner.firstChild.append(link);
  } else {
    say("broken", gettext("not live"), TROUBLES[name]());
  }
}
