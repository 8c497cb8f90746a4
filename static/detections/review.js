// The review page: one detection before the person, the next one already fetched behind it.
import { onKeys } from "../lpr/keys.js";
import { writeTimes } from "../lpr/times.js";

const HOLD_MS = 60_000;
const LOOK_AGAIN_MS = 15_000;
const AHEAD = 2;
const CANDIDATE_KEYS = 9;
// What was passed over comes again with a reload; the server takes so many.
const PASSED_MOST = 150;
const COUNTED_MOST = 1000;

const page = JSON.parse(document.querySelector("#page").textContent);
const token = document.querySelector("#token [name=csrfmiddlewaretoken]").value;
const stage = document.querySelector("#stage");
const bar = document.querySelector("#bar");
const said = document.querySelector("#said");
const rejecting = document.querySelector("#reject");
const why = document.querySelector("#reject-why");
const whyWrong = document.querySelector("#reject-error");

const passed = [];
const undoable = [];
let isBusy = false;
let isFetching = false;
let wanted = page.detection;
// As the answer said that came last: what lies behind the shown one was counted before a decision.
let waiting = 0;
let lookAgain;

const current = () => stage.firstElementChild;
const held = () => [...stage.children].map((item) => item.dataset.item);

function send(url, fields) {
  const body = new FormData();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) {
      body.append(name, value);
    }
  }
  return fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, body });
}

function say(sentence, isWrong = false) {
  const notice = document.createElement("div");
  notice.className = isWrong ? "notice notice-act" : "notice";
  notice.textContent = sentence;
  said.replaceChildren(notice);
}

function place(html, where) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const item = template.content.firstElementChild;
  stage.insertAdjacentElement(where, item);
  waiting = Number(item.dataset.waiting);
  writeTimes(item);
}

function show() {
  [...stage.children].forEach((item, index) => {
    item.hidden = index > 0;
  });
  const item = current();
  const isEmpty = !item && !isFetching;
  bar.hidden = !item && undoable.length === 0;
  for (const button of bar.querySelectorAll("[data-do]:not([data-do=undo])")) {
    button.disabled = !item;
  }
  bar.querySelector("[data-do=undo]").disabled = undoable.length === 0;
  document.querySelector("#loading").hidden = Boolean(item) || !isFetching;
  document.querySelector("#empty").hidden = !isEmpty;
  const text = waiting > COUNTED_MOST ? gettext("more than 1,000 wait") : ngettext("%s waits", "%s wait", waiting);
  document.querySelector("#waiting").textContent = item ? interpolate(text, [waiting]) : "";
  stage.ariaBusy = String(!item && isFetching);
}

async function explain(answer) {
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  return isJson ? answer.json() : { message: gettext("The server could not do this. Reload the page."), field: "" };
}

/** Fetches until there is one behind the one that is shown. */
async function fill() {
  clearTimeout(lookAgain);
  if (isFetching) {
    return;
  }
  isFetching = true;
  show();
  try {
    while (stage.children.length < AHEAD) {
      const fields = { camera: page.camera, sample: page.sample, passed: [...held(), ...passed] };
      const asked = wanted;
      wanted = "";
      const answer = await send(page.next, asked ? { detection: asked } : fields);
      if (answer.status !== 200) {
        if (!answer.ok) {
          say((await explain(answer)).message, true);
        }
        if (asked) {
          continue;
        }
        break;
      }
      place(await answer.text(), "beforeend");
      show();
    }
  } catch {
    say(gettext("No connection to the server. Trying again…"), true);
  } finally {
    isFetching = false;
    show();
  }
  if (stage.children.length < AHEAD) {
    lookAgain = setTimeout(fill, LOOK_AGAIN_MS);
  }
}

function next() {
  current()?.remove();
  show();
  fill();
}

function showError(item, { message, field }) {
  const place = item.querySelector("[data-correct] [data-error]");
  if (field && item.querySelector(`[data-correct] [name="${field}"]`)) {
    place.textContent = message;
    place.hidden = false;
    item.querySelector(`[data-correct] [name="${field}"]`).focus();
  } else {
    say(message, true);
  }
}

/** Sends what was decided; true where it was taken. Nothing is sent twice. */
async function ask(url, fields) {
  const item = current();
  if (!item || isBusy) {
    return false;
  }
  isBusy = true;
  try {
    const answer = await send(url, fields);
    const told = await explain(answer);
    if (answer.ok) {
      undoable.push(told.undo);
      say(told.number ? `${told.said}: ${told.number}` : told.said);
      return true;
    }
    if (answer.status === 409 || answer.status === 404) {
      say(told.message, true);
      next();
    } else {
      showError(item, told);
    }
  } catch {
    say(gettext("No connection to the server. Nothing was saved; try again."), true);
  } finally {
    isBusy = false;
  }
  return false;
}

async function decide(fields) {
  const item = current();
  if (item && (await ask(item.dataset.decide, { seen: item.dataset.seen, ...fields }))) {
    if (waiting > 0 && waiting <= COUNTED_MOST) {
      waiting -= 1;
    }
    next();
  }
}

function correct() {
  decide({ decision: "correct", ...Object.fromEntries(new FormData(current().querySelector("[data-correct]"))) });
}

function edit() {
  const number = current()?.querySelector("[data-correct] [name=number]");
  number?.focus();
  number?.select();
}

function passOver() {
  const item = current();
  if (!item) {
    return;
  }
  passed.push(item.dataset.item);
  passed.splice(0, passed.length - PASSED_MOST);
  // Where this fails the server lets it go by itself, a little later.
  send(page.release, { held: item.dataset.item }).catch(() => {});
  next();
}

async function undo() {
  if (isBusy || undoable.length === 0) {
    return;
  }
  isBusy = true;
  const url = undoable.pop();
  try {
    const answer = await send(url, { camera: page.camera, sample: page.sample });
    if (answer.ok) {
      const html = await answer.text();
      place(html, "afterbegin");
      const again = current().dataset.item;
      [...stage.children].slice(1).forEach((item) => item.dataset.item === again && item.remove());
      say(gettext("Undone. It is before you again."));
    } else {
      say((await explain(answer)).message, true);
    }
  } catch {
    undoable.push(url);
    say(gettext("No connection to the server. Nothing was saved; try again."), true);
  } finally {
    isBusy = false;
    show();
  }
}

async function merge(absorbed) {
  const item = current();
  if (item && absorbed && (await ask(item.dataset.merge, { absorbed }))) {
    item.querySelector(`[data-absorb="${absorbed}"]`)?.closest("li").remove();
    [...stage.children].forEach((other) => other.dataset.item === absorbed && other.remove());
    show();
    fill();
  }
}

async function split(form) {
  const item = current();
  const fields = new FormData(form);
  const names = [...new Set(fields.keys())];
  if (await ask(item.dataset.split, Object.fromEntries(names.map((name) => [name, fields.getAll(name)])))) {
    form.reset();
    form.closest("details").open = false;
    show();
  }
}

function openReject() {
  if (current()) {
    why.value = "";
    whyWrong.hidden = true;
    rejecting.showModal();
  }
}

function reject(reason) {
  if (reason === "other" && !why.value.trim()) {
    whyWrong.textContent = gettext("Say in words why it is rejected.");
    whyWrong.hidden = false;
    why.focus();
    return;
  }
  rejecting.close();
  decide({ decision: "reject", reject_reason: reason, reason: why.value });
}

function take(number) {
  const button = current()?.querySelectorAll("[data-candidate]")[number - 1];
  if (button) {
    current().querySelector("[data-correct] [name=number]").value = button.dataset.candidate;
    edit();
  }
}

const actions = {
  confirm: () => decide({ decision: "confirm" }),
  edit,
  reject: openReject,
  pass: passOver,
  undo,
};
bar.addEventListener("click", (event) => actions[event.target.closest("[data-do]")?.dataset.do]?.());
stage.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches("[data-correct]")) {
    correct();
  } else {
    split(event.target);
  }
});
stage.addEventListener("click", (event) => {
  const candidate = event.target.closest("[data-candidate]");
  const absorb = event.target.closest("[data-absorb]");
  if (candidate) {
    take([...current().querySelectorAll("[data-candidate]")].indexOf(candidate) + 1);
  } else if (absorb) {
    merge(absorb.dataset.absorb);
  }
});
stage.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.activeElement.blur();
  }
});
rejecting.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reason]");
  if (button) {
    reject(button.dataset.reason);
  }
});
rejecting.addEventListener("keydown", (event) => {
  const button = rejecting.querySelectorAll("[data-reason]")[Number(event.key) - 1];
  if (button && event.target !== why) {
    event.preventDefault();
    reject(button.dataset.reason);
  }
});

const numbers = Array.from({ length: CANDIDATE_KEYS }, (_, index) => String(index + 1));
onKeys({
  c: actions.confirm,
  e: edit,
  x: openReject,
  n: passOver,
  u: undo,
  b: () => current()?.querySelector(".frame")?.classList.toggle("is-bare"),
  m: () => merge(current()?.querySelector("[data-absorb]")?.dataset.absorb),
  ...Object.fromEntries(numbers.map((key) => [key, () => take(Number(key))])),
});

setInterval(() => {
  if (!document.hidden && stage.children.length > 0) {
    send(page.hold, { held: held() }).catch(() => {});
  }
}, HOLD_MS);
addEventListener("pagehide", () => {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", token);
  held().forEach((id) => body.append("held", id));
  navigator.sendBeacon(page.release, body);
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
fill();
