// The live page: what the socket tells becomes rows, tiles and words.
import { onKeys, rowKeys } from "../lpr/keys.js";
import { drawCertainty, drawPlate, element } from "../lpr/plate.js";
import { connect } from "../lpr/socket.js";
import { drawTime, writeTimes } from "../lpr/times.js";
import { showBanner, showStatus } from "./banner.js";
import { drawCrop, drawMarks, drawRow, markRow, redrawRow } from "./row.js";
import { playSound, soundSwitch } from "./sound.js";
import { startTiles } from "./tiles.js";

const ROWS_MOST = 200;
const KNOWN_MOST = 5_000;

const page = JSON.parse(document.querySelector("#page").textContent);
const list = document.querySelector("#passings");
const pane = list.closest(".live-list");
const hero = document.querySelector("#hero");
const waiting = document.querySelector("#waiting");
const pause = document.querySelector("#pause");
const known = new Set();
const shown = new Map();
let held = [];
let newestRecordedAt = page.now;

function showHero(row) {
  hero.hidden = false;
  hero.dataset.row = row.id;
  hero.classList.toggle("is-hit", row.marks.length > 0);
  hero.querySelector(".hero-crop").replaceChildren(drawCrop(row, page.detections));
  hero.querySelector(".hero-plate").replaceChildren(drawPlate(row.plate));
  const facts = [
    drawMarks(row.marks),
    drawCertainty(row),
    drawTime(row.captured_at, "clock"),
    element("b", "", row.camera),
  ];
  hero.querySelector(".hero-facts").replaceChildren(...facts);
}

/** Newest first by the time of capture, which ids carry. */
function place(item, id) {
  const after = [...list.children].find((other) => other.firstChild.dataset.row < id);
  list.insertBefore(item, after ?? null);
}

function show(rows, { areNew }) {
  for (const row of rows) {
    const item = drawRow(row, page);
    if (areNew) {
      item.classList.add("is-new");
    }
    shown.set(row.id, row);
    place(item, row.id);
  }
  while (list.children.length > ROWS_MOST) {
    shown.delete(list.lastChild.firstChild.dataset.row);
    list.lastChild.remove();
  }
  if (list.firstChild) {
    showHero(shown.get(list.firstChild.firstChild.dataset.row));
    document.querySelector("#empty").hidden = true;
    document.querySelector("#more").hidden = false;
  }
  writeTimes(pane);
}

/** While somebody reads further down, has a row in hand, or pressed pause, the list stands still. */
function standsStill() {
  const scrolled = pane.scrollTop > 8 || (scrollY > pane.offsetTop && pane.scrollHeight <= pane.clientHeight);
  return pause.ariaPressed === "true" || scrolled || list.contains(document.activeElement);
}

function showHeld() {
  waiting.hidden = held.length === 0;
  const text = ngettext("%s new detection", "%s new detections", held.length);
  waiting.textContent = `↑ ${interpolate(text, [held.length])}`;
}

function release() {
  show(held, { areNew: true });
  held = [];
  showHeld();
}

function takeDetections({ items, complete }) {
  const fresh = items.filter((row) => !known.has(row.id));
  for (const row of fresh) {
    known.add(row.id);
    if (row.recorded_at > newestRecordedAt) {
      newestRecordedAt = row.recorded_at;
    }
  }
  if (known.size > KNOWN_MOST) {
    [...known].slice(0, known.size - KNOWN_MOST).forEach((id) => known.delete(id));
  }
  if (!complete) {
    showBanner("left-out");
  }
  if (fresh.length === 0) {
    return;
  }
  playSound();
  if (standsStill()) {
    held = [...held, ...fresh].slice(-ROWS_MOST);
    showHeld();
  } else {
    show([...held.splice(0), ...fresh], { areNew: true });
  }
}

/** A hit is found right after its row was sent. */
function takeMarks({ items }) {
  for (const marked of items) {
    held = held.map((row) => (row.id === marked.id ? { ...row, marks: marked.marks } : row));
    const row = shown.get(marked.id);
    if (row) {
      row.marks = marked.marks;
      markRow(list, marked);
      if (hero.dataset.row === row.id) {
        showHero(row);
        writeTimes(hero);
      }
    }
  }
}

function takeChanges({ items }) {
  for (const changed of items) {
    const before = shown.get(changed.id) ?? held.find(({ id }) => id === changed.id);
    const row = { ...changed, marks: before?.marks ?? [] };
    held = held.map((waiting) => (waiting.id === row.id ? row : waiting));
    if (shown.has(row.id)) {
      const isHero = hero.dataset.row === row.id;
      redrawRow(list, row, page);
      shown.set(row.id, row);
      if (row.review === "merged") {
        shown.delete(row.id);
      } else if (isHero) {
        showHero(row);
      }
    }
  }
  held = held.filter((row) => row.review !== "merged");
  showHeld();
  writeTimes(pane);
}

const tiles = startTiles(document.querySelector("#tiles"), page.states);
const takers = {
  detections: takeDetections,
  changes: takeChanges,
  marks: takeMarks,
  camera: tiles.take,
  status: showStatus,
};

for (const row of page.rows) {
  known.add(row.id);
  if (row.recorded_at > newestRecordedAt) {
    newestRecordedAt = row.recorded_at;
  }
}
show([...page.rows].reverse(), { areNew: false });

connect({
  path: page.socket,
  session: page.session,
  onOpen: (send) => send({ type: "resume", since: newestRecordedAt }),
  onEvents: (events) => events.forEach((event) => takers[event.type]?.(event)),
  onState: (state) => showBanner(state.name, state),
});

list.addEventListener("focusin", (event) => {
  const row = shown.get(event.target.closest("li")?.firstChild.dataset.row);
  if (row) {
    showHero(row);
    writeTimes(hero);
  }
});
list.addEventListener("focusout", () => setTimeout(() => standsStill() || (held.length && release())));
waiting.addEventListener("click", () => {
  pane.scrollTo({ top: 0 });
  release();
});
pane.addEventListener("scroll", () => standsStill() || (held.length && release()), { passive: true });

function togglePause() {
  const isPaused = pause.ariaPressed !== "true";
  pause.ariaPressed = String(isPaused);
  pause.querySelector("use").href.baseVal = pause
    .querySelector("use")
    .href.baseVal.replace(/#.*/, isPaused ? "#play" : "#pause");
  pause.querySelector("span").textContent = isPaused ? gettext("Go on") : gettext("Pause");
  if (!isPaused) {
    release();
  }
}
pause.addEventListener("click", togglePause);
const sound = soundSwitch(document.querySelector("#sound"));
onKeys({ ...rowKeys(list), p: togglePause, s: sound.toggle, Escape: () => document.activeElement.blur() });
