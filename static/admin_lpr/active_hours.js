// Hours at which a camera works: rows of days and times, written as JSON into the text beneath.
const MIDNIGHT = 24 * 60;

const clock = (minutes) =>
  [Math.floor(minutes / 60) % 24, minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
const minutes = (text) => {
  const [hour, minute] = text.split(":").map(Number);
  return hour * 60 + minute;
};

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

class ActiveHours {
  constructor(root) {
    this.root = root;
    this.words = root.dataset;
    this.text = root.querySelector("textarea");
    this.rows = root.querySelector(".lpr-spans");
    this.note = root.querySelector("[role=status]");
    root.querySelector("[data-add]").addEventListener("click", () => {
      this.spans.push({ days: [0, 1, 2, 3, 4], from: 7 * 60, to: 19 * 60 });
      this.write();
    });
    this.text.addEventListener("change", () => this.read());
    this.read();
  }

  read() {
    try {
      this.spans = JSON.parse(this.text.value || "[]");
    } catch {
      return; // the server says what is wrong with it
    }
    this.draw();
  }

  write() {
    this.text.value = JSON.stringify(this.spans);
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
    this.draw();
  }

  draw() {
    this.rows.replaceChildren(...this.spans.map((span, index) => this.row(span, index)));
    this.note.textContent = this.spans.length ? "" : this.words.always;
  }

  row(span, index) {
    const days = this.words.days.split(",").map((name, day) => {
      const box = element("input", { type: "checkbox", checked: span.days.includes(day) });
      box.addEventListener("change", () => {
        span.days = box.checked ? [...span.days, day].sort() : span.days.filter((other) => other !== day);
        this.write();
      });
      return element("label", {}, box, name);
    });
    const remove = element("button", {
      type: "button",
      className: "lpr-button lpr-button-quiet",
      textContent: "✕",
      ariaLabel: this.words.remove,
    });
    remove.addEventListener("click", () => {
      this.spans.splice(index, 1);
      this.write();
    });
    const overnight = span.from >= span.to ? this.words.overnight : "";
    const note = element("span", { className: "lpr-quiet", textContent: overnight });
    const times = [this.time(span, "from"), this.time(span, "to")];
    return element("div", { className: "lpr-span" }, ...days, ...times, note, remove);
  }

  time(span, end) {
    const input = element("input", { type: "time", value: clock(span[end]), required: true });
    input.addEventListener("change", () => {
      if (!input.value) return;
      // As an end, 00:00 is the midnight after the day.
      span[end] = minutes(input.value) || (end === "to" ? MIDNIGHT : 0);
      this.write();
    });
    return element("label", {}, this.words[end], input);
  }
}

for (const root of document.querySelectorAll("[data-hours]")) new ActiveHours(root);
