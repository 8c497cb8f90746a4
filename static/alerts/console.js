// The console: alerts as they come, one of them in full, and what people do with it.
import { showBanner, showStatus } from "../detections/banner.js";
import { playSound, soundSwitch } from "../detections/sound.js";
import { moveFocus, onKeys } from "../lpr/keys.js";
import { drawPlate, element } from "../lpr/plate.js";
import { connect } from "../lpr/socket.js";
import { drawTime, writeTimes } from "../lpr/times.js";
import { notifySwitch, showNotification } from "./notify.js";
import { drawPlace } from "./place.js";

const ROWS_MOST = 300;

const page = JSON.parse(document.querySelector("#page").textContent);
const token = document.querySelector("main > [name=csrfmiddlewaretoken]").value;
const root = document.querySelector("#console");
const list = document.querySelector("#alerts");
const panel = document.querySelector("#panel");
const choose = document.querySelector("#choose");
const said = document.querySelector("#said");
const rejectDialog = document.querySelector("#reject");
const known = new Map();
let openId = "";
let newestChange = page.now;
let panelAsked = 0;

const belongs = (alert) =>
  page.show === "all" || (alert.is_open && (page.show === "open" || alert.who === page.me));

/** All: newest first. Else the most urgent first, then the newest. */
function isBefore(one, other) {
  if (page.show !== "all" && one.priority !== other.priority) {
    return one.priority > other.priority;
  }
  return one.id > other.id;
}

function drawRow(alert) {
  const crop = element("span", "alert-row-crop");
  if (alert.crop) {
    const image = element("img");
    image.src = `${page.detections}${alert.crop}/crop`;
    image.alt = "";
    image.loading = "lazy";
    crop.append(image);
  } else {
    crop.append(gettext("no picture"));
  }
  const repeated = alert.passes > 1 ? ` ×${alert.passes}` : "";
  const link = element(
    "a",
    "alert-row",
    crop,
    element("span", "alert-row-plate", alert.plate ? drawPlate(alert.plate) : alert.title),
    element("span", "alert-row-about", alert.about),
    element("span", "alert-row-camera", `${alert.camera}${repeated}${alert.who ? ` · ${alert.who}` : ""}`),
    element("span", "alert-row-state", alert.state_word),
    element("span", "alert-row-when", drawTime(alert.raised_at)),
  );
  link.href = `${page.console}${alert.id}/`;
  Object.assign(link.dataset, { row: alert.id, level: alert.level, state: alert.state });
  if (alert.id === openId) {
    link.setAttribute("aria-current", "true");
  }
  link.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      open(alert.id);
    }
  });
  return element("li", "", link);
}

const rowOf = (id) => list.querySelector(`a[data-row="${id}"]`);

function put(alert, { isNew = false } = {}) {
  const before = rowOf(alert.id);
  const hadFocus = before === document.activeElement && before !== null;
  before?.parentElement.remove();
  if (!belongs(alert) && alert.id !== openId) {
    known.delete(alert.id);
    return;
  }
  known.set(alert.id, alert);
  const item = drawRow(alert);
  item.firstChild.classList.toggle("is-new", isNew);
  const after = [...list.children].find((other) => isBefore(alert, known.get(other.firstChild.dataset.row)));
  list.insertBefore(item, after ?? null);
  if (hadFocus) {
    item.firstChild.focus();
  }
  while (list.children.length > ROWS_MOST) {
    known.delete(list.lastChild.firstChild.dataset.row);
    list.lastChild.remove();
  }
}

function settle() {
  document.querySelector("#empty").hidden = list.children.length > 0;
  writeTimes(list);
}

function take({ items, complete }) {
  if (complete === false) {
    showBanner("left-out");
  }
  for (const alert of items) {
    // Of two answers the later one may come first.
    if (known.get(alert.id)?.changed_at > alert.changed_at) {
      continue;
    }
    const isNew = !known.has(alert.id) && alert.state === "new";
    const hasChanged = known.get(alert.id)?.changed_at !== alert.changed_at;
    if (alert.changed_at > newestChange) {
      newestChange = alert.changed_at;
    }
    put(alert, { isNew });
    if (isNew && belongs(alert)) {
      said.textContent = alert.title;
      if (alert.sound !== "none") {
        playSound();
      }
      showNotification(alert, page.console);
    }
    if (alert.id === openId && hasChanged) {
      fillPanel(alert.id);
    }
  }
  settle();
  dispatchEvent(new Event("alertschange"));
}

async function fillPanel(id) {
  const asked = ++panelAsked;
  let answer;
  let text;
  try {
    answer = await fetch(`${page.console}${encodeURIComponent(id)}/panel`, { headers: { Accept: "text/html" } });
    text = await answer.text();
  } catch {
    if (id === openId) {
      complain(gettext("The server cannot be reached. Check the network."));
    }
    return;
  }
  if (id !== openId) {
    return;
  }
  if (!answer.ok) {
    panel.replaceChildren(element("div", "empty", element("strong", "", gettext("This alert cannot be shown.")), gettext("It is gone, or not for you any more.")));
    return;
  }
  // An older answer that comes late would show what is past.
  if (asked !== panelAsked) {
    return;
  }
  const typed = panel.querySelector("[data-comment] input")?.value ?? "";
  const holder = document.createElement("template");
  // Made by the server's template, which escapes what people and cameras wrote.
  holder.innerHTML = text;
  panel.replaceChildren(holder.content);
  const comment = panel.querySelector("[data-comment] input");
  if (comment) {
    comment.value = typed;
  }
  writeTimes(panel);
  drawPlace(panel.querySelector(".alert-map"), page);
}

function open(id) {
  if (openId) {
    rowOf(openId)?.removeAttribute("aria-current");
  }
  openId = id;
  rowOf(id)?.setAttribute("aria-current", "true");
  root.dataset.open = id;
  history.replaceState(null, "", `?show=${page.show}&alert=${id}`);
  fillPanel(id);
  if (known.get(id)?.state === "new") {
    act("see", {}, { isQuiet: true });
  }
  if (matchMedia("(max-width: 61.99rem)").matches) {
    scrollTo({ top: 0 });
    panel.focus();
  }
}

function close() {
  const id = openId;
  openId = "";
  delete root.dataset.open;
  history.replaceState(null, "", `?show=${page.show}`);
  panel.replaceChildren(choose);
  const alert = known.get(id);
  if (alert) {
    put(alert);
    settle();
  }
  rowOf(id)?.focus();
}

async function act(action, more = {}, { isQuiet = false } = {}) {
  const id = openId || document.activeElement?.dataset?.row;
  if (!id) {
    return;
  }
  let answer;
  try {
    answer = await fetch(page.act, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ action, ids: [id], ...more }),
    });
  } catch {
    said.textContent = gettext("The server cannot be reached. Nothing was changed.");
    complain(said.textContent);
    return;
  }
  if (answer.ok) {
    take(await answer.json());
    if (action !== "see" && id === openId) {
      fillPanel(id);
    }
  } else if (!isQuiet) {
    const { message } = await answer.json().catch(() => ({ message: gettext("This cannot be done here.") }));
    complain(message);
  }
}

function complain(sentence) {
  const notice = element("div", "notice notice-act", sentence);
  notice.setAttribute("role", "alert");
  panel.prepend(notice);
  setTimeout(() => notice.remove(), 8_000);
}

function askWhy() {
  if (!openId && document.activeElement?.dataset?.row) {
    open(document.activeElement.dataset.row);
  }
  if (openId) {
    rejectDialog.querySelector("form").reset();
    rejectDialog.returnValue = "";
    rejectDialog.showModal();
  }
}
rejectDialog.addEventListener("close", () => {
  if (rejectDialog.returnValue === "reject") {
    const form = new FormData(rejectDialog.querySelector("form"));
    act("reject", { reason: form.get("reason"), text: form.get("text") });
  }
});

panel.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act], [data-close]");
  if (!button) {
    return;
  }
  if ("close" in button.dataset) {
    close();
  } else if (button.dataset.act === "reject") {
    askWhy();
  } else {
    act(button.dataset.act);
  }
});
panel.addEventListener("change", (event) => {
  if (event.target.matches("[data-assign]")) {
    act("assign", { assignee: event.target.value });
  }
});
panel.addEventListener("submit", (event) => {
  event.preventDefault();
  const input = event.target.querySelector("[name=text]");
  const text = input.value;
  input.value = "";
  act("comment", { text });
});

const rows = () => [...list.querySelectorAll("a[data-row]")];
function step(by) {
  const links = rows();
  const at = links.findIndex((link) => link.dataset.row === openId);
  if (openId && at >= 0) {
    const next = links[Math.min(Math.max(at + by, 0), links.length - 1)];
    open(next.dataset.row);
    next.scrollIntoView({ block: "nearest" });
    next.focus();
  } else {
    moveFocus(links, by);
  }
}

const sound = soundSwitch(document.querySelector("#sound"));
notifySwitch(document.querySelector("#notify"), page, token);
onKeys({
  j: () => step(1),
  k: () => step(-1),
  Enter(event) {
    const chosen = event.target.closest("a, button, summary");
    if (chosen) {
      chosen.click();
    } else if (!openId && rows().length > 0) {
      const [first] = rows();
      first.focus();
      open(first.dataset.row);
    }
  },
  a: () => act("acknowledge"),
  v: () => act("verify"),
  x: askWhy,
  r: () => act("resolve"),
  s: sound.toggle,
  Escape: () => openId && close(),
});

for (const alert of page.alerts) {
  put(alert);
}
settle();
if (page.open) {
  open(page.open);
}

connect({
  path: page.socket,
  session: page.session,
  onOpen: (send) => send({ type: "resume", since: newestChange }),
  onEvents: (events) => {
    for (const event of events) {
      if (event.type === "alerts") {
        take(event);
      } else if (event.type === "status") {
        showStatus(event);
      }
    }
  },
  onState: (state) => showBanner(state.name, state),
});
