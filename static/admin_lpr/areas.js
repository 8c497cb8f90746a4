// Areas of a camera's picture: polygons drawn, moved and removed by mouse, touch and keyboard.
// What counts is the JSON in the two texts: lists of polygons, each a list of [x, y] from 0 to 1.
const WIDTH = 1600;
const SVG = "http://www.w3.org/2000/svg";
const CLOSE_PX = 14;
const CORNERS_LEAST = 3;
const STEP = 0.005;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value) => Math.min(1, Math.max(0, value));
const rounded = (value) => Math.round(within(value) * 10_000) / 10_000;
const between = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

function parsed(text) {
  try {
    const areas = JSON.parse(text.value || "[]");
    return Array.isArray(areas) ? areas.filter(Array.isArray) : [];
  } catch {
    return []; // the server says what is wrong with it
  }
}

class Areas {
  constructor(root) {
    this.root = root;
    this.words = root.dataset;
    this.canvas = root.querySelector(".lpr-canvas");
    this.picture = this.canvas.querySelector("img");
    this.svg = this.canvas.querySelector("svg");
    this.note = root.querySelector("[role=status]");
    this.height = 900;
    this.texts = {};
    for (const kind of ["include", "exclude"]) {
      this.texts[kind] = document.getElementById(this.words[kind]);
      this.texts[kind]?.addEventListener("change", () => this.read());
    }
    for (const button of root.querySelectorAll("[data-draw]")) {
      button.addEventListener("click", () => this.begin(button.dataset.draw));
    }
    root.querySelector("[data-remove=corner]").addEventListener("click", () => this.removeCorner());
    root.querySelector("[data-remove=area]").addEventListener("click", () => this.removeArea());
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("pointermove", (event) => this.move(event));
    this.svg.addEventListener("pointerup", () => this.release());
    this.svg.addEventListener("pointercancel", () => this.release());
    this.svg.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("camera-picture", (event) => this.load([event.detail]));
    this.load(this.words.pictures.split(" ").filter(Boolean));
    this.read();
  }

  // The first address that gives a picture is shown behind the areas.
  load([url, ...others]) {
    if (!url) return;
    const candidate = new Image();
    candidate.addEventListener("error", () => this.load(others));
    candidate.addEventListener("load", () => {
      this.picture.src = candidate.src;
      this.picture.hidden = false;
      this.height = (WIDTH * candidate.naturalHeight) / candidate.naturalWidth;
      this.canvas.style.aspectRatio = `${candidate.naturalWidth} / ${candidate.naturalHeight}`;
      this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${this.height}`);
      this.draw();
    });
    candidate.src = url;
  }

  read() {
    this.areas = Object.entries(this.texts).flatMap(([kind, text]) =>
      text ? parsed(text).map((corners) => ({ kind, corners })) : [],
    );
    this.chosen = null;
    this.drawing = null;
    this.draw();
  }

  write() {
    for (const [kind, text] of Object.entries(this.texts)) {
      const areas = this.areas.filter((area) => area.kind === kind);
      const corners = areas.map((area) => area.corners.map((corner) => corner.map(rounded)));
      text.value = JSON.stringify(corners);
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.draw();
  }

  begin(kind) {
    this.drawing = { kind, corners: [] };
    this.chosen = null;
    this.cursor = [0.5, 0.5];
    this.svg.focus();
    this.draw();
  }

  finish() {
    if (this.drawing.corners.length >= CORNERS_LEAST) this.areas.push(this.drawing);
    this.drawing = null;
    this.write();
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  press(event) {
    const point = this.point(event);
    this.svg.setPointerCapture(event.pointerId);
    if (this.drawing) {
      this.addCorner(point);
      return;
    }
    const { area, corner, after } = event.target.dataset;
    if (area === undefined) this.choose(null);
    else if (after !== undefined) {
      this.areas[area].corners.splice(Number(after) + 1, 0, point);
      this.choose(Number(area), Number(after) + 1, true);
    } else this.choose(Number(area), corner === undefined ? null : Number(corner), corner !== undefined);
    event.preventDefault();
  }

  addCorner(point) {
    const [first] = this.drawing.corners;
    const box = this.svg.getBoundingClientRect();
    const isFirst =
      first && Math.hypot((first[0] - point[0]) * box.width, (first[1] - point[1]) * box.height) < CLOSE_PX;
    if (isFirst) this.finish();
    else {
      this.drawing.corners.push(point);
      this.draw();
    }
  }

  choose(area, corner = null, isDragged = false) {
    this.chosen = area === null ? null : { area, corner };
    this.dragged = isDragged;
    this.draw();
    this.focusCorner();
  }

  focusCorner() {
    if (this.chosen?.corner === null || !this.chosen) return;
    this.svg.querySelector(`[data-area="${this.chosen.area}"][data-corner="${this.chosen.corner}"]`)?.focus();
  }

  move(event) {
    if (!this.dragged) return;
    this.areas[this.chosen.area].corners[this.chosen.corner] = this.point(event);
    this.draw();
  }

  release() {
    if (!this.dragged) return;
    this.dragged = false;
    this.write();
    this.focusCorner();
  }

  key(event) {
    const handled = this.drawing ? this.keyWhileDrawing(event) : this.keyOnCorner(event);
    if (handled) event.preventDefault();
  }

  keyWhileDrawing({ key, shiftKey }) {
    if (key === "Escape") this.drawing = null;
    else if (key === "Enter") return this.finish(), true;
    else if (key === " ") this.drawing.corners.push([...this.cursor]);
    else if (key === "Backspace") this.drawing.corners.pop();
    else if (ARROWS[key]) this.cursor = this.shifted(this.cursor, key, shiftKey);
    else return false;
    this.draw();
    return true;
  }

  keyOnCorner({ key, shiftKey, target }) {
    const { area, corner } = target.dataset;
    if (corner === undefined) return false;
    this.chosen = { area: Number(area), corner: Number(corner) };
    if (key === "Delete" || key === "Backspace") this.removeCorner();
    else if (ARROWS[key]) {
      const { corners } = this.areas[this.chosen.area];
      corners[this.chosen.corner] = this.shifted(corners[this.chosen.corner], key, shiftKey);
      this.write();
      this.focusCorner();
    } else return false;
    return true;
  }

  shifted([x, y], key, isFar) {
    const step = STEP * (isFar ? 10 : 1);
    return [within(x + ARROWS[key][0] * step), within(y + ARROWS[key][1] * step)];
  }

  removeCorner() {
    if (!this.chosen || this.chosen.corner === null) return;
    const { corners } = this.areas[this.chosen.area];
    corners.splice(this.chosen.corner, 1);
    if (corners.length < CORNERS_LEAST) this.areas.splice(this.chosen.area, 1);
    this.chosen = null;
    this.write();
  }

  removeArea() {
    if (!this.chosen) return;
    this.areas.splice(this.chosen.area, 1);
    this.chosen = null;
    this.write();
  }

  draw() {
    this.svg.replaceChildren();
    this.areas.forEach((area, index) => this.drawArea(area, index));
    if (this.drawing) this.drawDraft();
    this.canvas.classList.toggle("is-drawing", Boolean(this.drawing));
    this.root.querySelector("[data-remove=corner]").disabled = this.chosen === null || this.chosen.corner === null;
    this.root.querySelector("[data-remove=area]").disabled = this.chosen === null;
    const idle = this.areas.length ? this.words.idle : this.words.nothing;
    this.note.textContent = this.drawing ? this.words.drawing : idle;
  }

  drawArea({ kind, corners }, index) {
    const isChosen = this.chosen?.area === index;
    this.add("polygon", `lpr-area lpr-area-${kind}${isChosen ? " is-chosen" : ""}`, {
      points: corners.map((corner) => this.scaled(corner).join(",")).join(" "),
      "data-area": index,
    });
    corners.forEach((corner, number) => {
      const next = corners[(number + 1) % corners.length];
      this.circle("lpr-between", between(corner, next), 8, { "data-area": index, "data-after": number });
    });
    corners.forEach((corner, number) => {
      const chosen = isChosen && this.chosen.corner === number ? " is-chosen" : "";
      const label = this.words.corner.replace("%d", number + 1).replace("%d", corners.length);
      const data = { "data-area": index, "data-corner": number, tabindex: 0, role: "button", "aria-label": label };
      this.circle(`lpr-corner${chosen}`, corner, 14, data);
    });
  }

  drawDraft() {
    const { kind, corners } = this.drawing;
    const points = corners.map((corner) => this.scaled(corner).join(",")).join(" ");
    this.add(corners.length < CORNERS_LEAST ? "polyline" : "polygon", `lpr-area lpr-area-${kind}`, { points });
    for (const corner of corners) this.circle("lpr-corner", corner, 14, {});
    this.circle("lpr-between", this.cursor, 10, {});
  }

  scaled([x, y]) {
    return [x * WIDTH, y * this.height];
  }

  circle(className, point, radius, attributes) {
    const [cx, cy] = this.scaled(point);
    this.add("circle", className, { cx, cy, r: radius, ...attributes });
  }

  add(name, className, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries({ class: className, ...attributes })) made.setAttribute(key, value);
    this.svg.append(made);
  }
}

for (const root of document.querySelectorAll("[data-areas]")) new Areas(root);
