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
  away: () => gettext("The server answers, but its database or Redis does not. What is shown may be old."),
  socket: () => gettext("The server answers, but not for live updates."),
};

/** One notice for each sentence. `aside` changes every second; a screen reader is spared it. */
function say(state, word, sentences, aside = "") {
  connection.dataset.state = state;
  connection.querySelector("span").textContent = word;
  const said = `${state}\n${sentences.join("\n")}`;
  if (banner.dataset.said !== said) {
    banner.dataset.said = said;
    const hidden = element("span");
    hidden.setAttribute("aria-hidden", "true");
    const className = state === "live" ? "notice" : "notice notice-act";
    const notices = sentences.map((sentence) => element("div", className, `${sentence} `));
    notices.at(-1)?.append(hidden);
    banner.replaceChildren(...notices);
  }
  const place = banner.querySelector("[aria-hidden]");
  if (place) {
    place.textContent = aside;
  }
}

/** @param {{layer: boolean, database: boolean, away: string[]}} status as the socket tells it */
export function showStatus({ layer, database, away }) {
  if (away.length > 0) {
    const isLive = layer && database;
    say(isLive ? "troubled" : "broken", isLive ? gettext("live, with trouble") : gettext("not live"), away);
  } else {
    showBanner(database ? (layer ? "live" : "layer") : "database");
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
    const more = gettext("More happened meanwhile than fits here. See all detections for the rest.");
    say("live", gettext("live"), leftOut ? [more] : []);
  } else if (name === "waiting") {
    const again = interpolate(ngettext("Trying again in %s second.", "Trying again in %s seconds.", seconds), [seconds]);
    say("broken", gettext("disconnected"), [TROUBLES[reason]()], again);
  } else if (name === "logged-out") {
    say("broken", gettext("logged out"), [gettext("You were logged out.")]);
    const link = element("a", "", gettext("Log in again"));
    link.href = location.href;
    banner.firstChild.append(link);
  } else {
    say("broken", gettext("not live"), [TROUBLES[name]()]);
  }
}
