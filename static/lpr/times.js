// Times in words, kept true as they pass; the exact time, in the organization's zone, on hover.

const root = document.documentElement;
// Thai dates would otherwise count Buddhist years here and Gregorian ones where the server writes them.
const locale = `${root.lang}-u-ca-gregory`;
const zone = root.dataset.zone;
const inWords = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium", timeZone: zone });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium", hourCycle: "h23", timeZone: zone });

const STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

export function exactTime(moment) {
  return exact.format(moment);
}

export function clockTime(moment) {
  return clock.format(moment);
}

export function relativeTime(moment, now = Date.now()) {
  const seconds = Math.round((moment - now) / 1000);
  if (Math.abs(seconds) < 5) {
    return gettext("just now");
  }
  const [unit, length] = STEPS.find(([, least]) => Math.abs(seconds) >= least);
  return inWords.format(Math.trunc(seconds / length), unit);
}

/** Writes every `<time data-since>` below a node; `data-since="clock"` puts the clock before the words. */
export function writeTimes(node = document) {
  const now = Date.now();
  for (const time of node.querySelectorAll("time[data-since]")) {
    const moment = new Date(time.dateTime);
    const words = relativeTime(moment, now);
    const text = time.dataset.since === "clock" ? `${clockTime(moment)} · ${words}` : words;
    if (time.textContent !== text) {
      time.textContent = text;
      time.title = exactTime(moment);
    }
  }
}

export function drawTime(iso, style = "words") {
  const time = document.createElement("time");
  time.dateTime = iso;
  time.dataset.since = style;
  return time;
}
