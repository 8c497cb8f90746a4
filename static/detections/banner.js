// Says in words whether the page is live, and if not, what is wrong and what happens next.

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

function say(state, word, sentence) {
  connection.dataset.state = state;
  connection.querySelector("span").textContent = word;
  if (banner.dataset.sentence === sentence) {
    return;
  }
  banner.dataset.sentence = sentence;
  banner.replaceChildren();
  if (sentence) {
    const notice = document.createElement("div");
    notice.className = state === "broken" ? "notice notice-act" : "notice";
    notice.textContent = sentence;
    banner.append(notice);
    return notice;
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
    say("broken", gettext("disconnected"), `${TROUBLES[reason]()} ${again}`);
  } else if (name === "logged-out") {
    const notice = say("broken", gettext("logged out"), gettext("You were logged out."));
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = gettext("Log in again");
    notice?.append(link);
  } else {
    say("broken", gettext("not live"), TROUBLES[name]());
  }
}
