// Builds a rule's tree of conditions; what the server understands is in alerts/services/rules/conditions.py.
import { element } from "../lpr/plate.js";
import { exactTime } from "../lpr/times.js";

const page = JSON.parse(document.querySelector("#page").textContent);
const form = document.querySelector("#rule");
const answer = document.querySelector("#answer");
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const MINUTES_OF_DAY = 1440;
const DEPTH_MOST = 4;
const OF_LISTS = new Set(["list", "category", "province_mismatch"]);

function option(value, label, isChosen = false) {
  const made = element("option", "", label);
  made.value = value;
  made.selected = isChosen;
  return made;
}

function input(type, value, label, more = {}) {
  const made = element("input");
  Object.assign(made, { type, value, ...more });
  made.setAttribute("aria-label", label);
  return made;
}

function button(label, act) {
  const made = element("button", "btn btn-quiet", label);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function choose(kind, leaf) {
  const made = element("select", "", ...page.choices[kind].map(([value, label]) => option(value, label, leaf.values?.includes(value))));
  made.multiple = true;
  made.setAttribute("aria-label", page.kinds.find(([name]) => name === kind)[1]);
  return { parts: [made], read: () => ({ values: [...made.selectedOptions].map(({ value }) => value) }) };
}

function number(value, label, more = {}) {
  const made = input("number", value, label, { step: "any", ...more });
  return { parts: [made, element("span", "muted", label)], read: () => (made.value === "" ? null : Number(made.value)) };
}

const clock = (minutes) => `${String(Math.floor((minutes % MINUTES_OF_DAY) / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const minutes = (text) => text.split(":").reduce((hours, rest) => Number(hours) * 60 + Number(rest));

/** What a kind of condition is asked by, and how that is read. */
const editors = {
  list: (leaf) => choose("list", leaf),
  category: (leaf) => choose("category", leaf),
  camera: (leaf) => choose("camera", leaf),
  vehicle: (leaf) => choose("vehicle", leaf),
  province_mismatch: () => ({ parts: [], read: () => ({}) }),
  first: () => ({ parts: [], read: () => ({}) }),
  plate(leaf) {
    const pattern = input("text", leaf.pattern ?? "", gettext("Plate; ? is one letter or digit, * any"), { maxLength: 24, placeholder: "1กข*" });
    return { parts: [pattern], read: () => ({ pattern: pattern.value.replaceAll(/[\s-]/g, "") }) };
  },
  confidence(leaf) {
    const is = element("select", "", option("least", gettext("at least"), leaf.is !== "below"), option("below", gettext("below"), leaf.is === "below"));
    const value = number(Math.round((leaf.value ?? 0.9) * 100), "%", { min: 0, max: 100 });
    return { parts: [is, ...value.parts], read: () => ({ is: is.value, value: value.read() / 100 }) };
  },
  seen(leaf) {
    const times = number(leaf.times ?? 3, gettext("times in"), { min: 2 });
    const within = number(leaf.minutes ?? 60, gettext("minutes"), { min: 1 });
    return { parts: [...times.parts, ...within.parts], read: () => ({ times: times.read(), minutes: within.read() }) };
  },
  unseen(leaf) {
    const hours = number(leaf.hours ?? 24, gettext("hours"), { min: 1 });
    return { parts: hours.parts, read: () => ({ hours: hours.read() }) };
  },
  time(leaf) {
    const days = page.days.map((label, day) => {
      const box = input("checkbox", day, label, { checked: leaf.days?.includes(day) ?? true });
      return { box, drawn: element("label", "check", box, label) };
    });
    const from = input("time", clock(leaf.from ?? 0), gettext("from"));
    const to = input("time", clock(leaf.to ?? 0), gettext("to"));
    return {
      parts: [element("span", "rule-days", ...days.map(({ drawn }) => drawn)), from, to],
      read: () => ({ days: days.filter(({ box }) => box.checked).map(({ box }) => Number(box.value)), from: minutes(from.value), to: minutes(to.value) }),
    };
  },
  zone(leaf) {
    const corners = element("textarea");
    corners.rows = 4;
    corners.placeholder = "13.7563, 100.5018";
    corners.setAttribute("aria-label", gettext("Corners, one on a line: latitude, longitude"));
    corners.value = (leaf.corners ?? []).map(([x, y]) => `${y}, ${x}`).join("\n");
    return {
      parts: [corners],
      read: () => ({ corners: corners.value.split("\n").filter((line) => line.trim()).map((line) => line.split(",").map(Number).reverse()) }),
    };
  },
};

const isForTrigger = ([, , triggers]) => triggers.includes(form.trigger.value);

function drawLeaf(leaf, remove) {
  const kinds = page.kinds.filter(isForTrigger);
  const kind = element("select", "", ...kinds.map(([value, label]) => option(value, label, value === leaf.kind)));
  kind.setAttribute("aria-label", gettext("Condition"));
  const row = element("div", "rule-leaf");
  let editor;
  const draw = (values) => {
    editor = editors[kind.value](values);
    row.replaceChildren(kind, ...editor.parts, button("×", () => remove(row)));
    row.lastChild.setAttribute("aria-label", gettext("Take this condition away"));
  };
  kind.addEventListener("change", () => draw({}));
  draw(leaf);
  row.read = () => ({ kind: kind.value, ...editor.read() });
  return row;
}

/** A tree as a group: `not` of `any` is shown as “none of”. */
function groupOf(tree) {
  if (tree.not) {
    return { how: "none", parts: tree.not.any ?? [tree.not] };
  }
  return tree.any ? { how: "any", parts: tree.any } : { how: "all", parts: tree.all ?? (tree.kind ? [tree] : []) };
}

function drawGroup(tree, depth, removeGroup) {
  const { how, parts } = groupOf(tree);
  const words = { all: gettext("all of"), any: gettext("any of"), none: gettext("none of") };
  const chosen = element("select", "", ...Object.entries(words).map(([value, label]) => option(value, label, value === how)));
  chosen.setAttribute("aria-label", gettext("How many of these must hold"));
  const inside = element("div");
  const changed = () => inside.dispatchEvent(new Event("change", { bubbles: true }));
  const remove = (row) => {
    row.remove();
    changed();
  };
  const add = (part) => {
    inside.append(part.kind ? drawLeaf(part, remove) : drawGroup(part, depth + 1, remove));
    changed();
  };
  const buttons = [button(gettext("Add a condition"), () => add({ kind: page.kinds.find(isForTrigger)[0] }))];
  if (depth < DEPTH_MOST) {
    buttons.push(button(gettext("Add a group"), () => add({ any: [] })));
  }
  const note = element("p", "muted rule-note", gettext("This holds also for every vehicle that is on no list at all."));
  const group = element("div", "rule-group", chosen, note, inside, element("div", "rule-row", ...buttons));
  group.addEventListener("change", () => {
    const asked = [...inside.querySelectorAll(".rule-leaf > select:first-child")].map(({ value }) => value);
    note.hidden = form.trigger.value !== "pass" || chosen.value !== "none" || !asked.some((kind) => OF_LISTS.has(kind));
  });
  if (removeGroup) {
    buttons.at(-1).after(button(gettext("Take this group away"), () => removeGroup(group)));
  }
  group.read = () => {
    const read = [...inside.children].map((child) => child.read());
    return chosen.value === "none" ? { not: { any: read } } : { [chosen.value]: read };
  };
  parts.forEach(add);
  changed();
  group.isEmpty = () => inside.children.length === 0;
  return group;
}

let root;
function drawConditions(tree) {
  root = drawGroup(tree, 1);
  document.querySelector("#conditions").replaceChildren(root);
}

function wanted() {
  return {
    organization: page.rule.organization,
    name: form.name.value,
    trigger: form.trigger.value,
    threshold: Number(form.threshold.value),
    priority: Number(form.priority.value),
    cooldown_seconds: Number(form.cooldown_seconds.value),
    policy_id: form.policy_id.value ? Number(form.policy_id.value) : null,
    is_active: form.is_active.checked,
    is_shadow: form.is_shadow.checked,
    conditions: root.isEmpty() ? {} : root.read(),
  };
}

function say(className, ...parts) {
  answer.replaceChildren(element("div", className, element("div", "", ...parts)));
}

/** Where people say why they look; what stands in the form stays. */
function reasonLink(address) {
  if (!address) {
    return [];
  }
  const link = element("a", "", gettext("Say why you look"));
  Object.assign(link, { href: address, target: "_blank", rel: "noopener" });
  return [" ", link];
}

async function send(address) {
  try {
    const got = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(wanted()),
    });
    const said = await got.json();
    if (got.ok) {
      return said;
    }
    say("notice notice-act", said.message, ...reasonLink(said.reason_url));
  } catch {
    say("notice notice-act", gettext("The server did not answer. Nothing was saved."));
  }
  return null;
}

document.querySelector("#try").addEventListener("click", async () => {
  say("notice", gettext("Looking back…"));
  const found = await send(page.try);
  if (!found) {
    return;
  }
  const times = interpolate(ngettext("This rule would have raised %s alert", "This rule would have raised %s alerts", found.alerts), [found.alerts]);
  const since = interpolate(gettext("since %s, of %s passes."), [exactTime(new Date(found.since)), found.passes]);
  const rest = found.is_whole ? "" : ` ${gettext("There was no time to look further back.")}`;
  const examples = element(
    "ol",
    "rule-examples",
    ...found.examples.map(({ url, number: plate, camera, at }) => {
      const link = element("a", "", plate);
      link.href = url;
      return element("li", "", link, ` · ${camera} · ${exactTime(new Date(at))}`);
    }),
  );
  say("notice", element("b", "", times), ` ${since}${rest}`, examples);
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const saved = await send(location.href);
  if (saved) {
    location.assign(saved.url);
  }
});

const { rule } = page;
form.trigger.append(...page.triggers.map(([value, label]) => option(value, label, value === rule.trigger)));
form.policy_id.append(...page.policies.map(([value, label]) => option(value, label, value === rule.policy_id)));
const showThreshold = () => {
  form.querySelector("[data-threshold]").hidden = ["pass", "feed"].includes(form.trigger.value);
};
form.trigger.addEventListener("change", () => {
  showThreshold();
  drawConditions({});
});
showThreshold();
drawConditions(rule.conditions);
