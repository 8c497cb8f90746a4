// Camera tiles: the last frame with its boxes, or in words what is wrong, since when.
import { relativeTime } from "../lpr/times.js";

// A picture is a request; what moves is fetched more often than what stands still.
const BUSY_MS = 1_000;
const QUIET_MS = 8_000;
// Its task reports twice a second while pictures come.
const NO_NEWS_MS = 20_000;
const WRONG = new Set(["failing", "waiting"]);
const SHOWS_FRAMES = new Set(["online", "failing"]);
const SVG = "http://www.w3.org/2000/svg";

class Tile {
  constructor(node, states) {
    this.node = node;
    this.states = states;
    this.picture = node.querySelector("img");
    this.boxes = node.querySelector("svg");
    this.trouble = node.querySelector(".tile-trouble");
    this.word = node.querySelector(".tile-state");
    this.state = node.dataset.state;
    this.toldWord = node.dataset.word;
    this.heardAt = Date.now();
    this.error = node.dataset.error;
    this.wrongSince = null;
    this.since = node.dataset.since ? new Date(node.dataset.since) : null;
    this.fps = null;
    this.isSeen = false;
    this.askedAt = 0;
    this.picture.addEventListener("error", () => {
      this.picture.hidden = true;
    });
    this.write();
  }

  take(event) {
    if (event.state !== this.state) {
      this.since = new Date();
    }
    if (!event.error) {
      this.wrongSince = null;
    } else if (!this.error || !this.wrongSince) {
      this.wrongSince = new Date();
    }
    this.heardAt = Date.now();
    this.state = event.state;
    this.toldWord = this.states[event.state] ?? event.state;
    this.error = event.error;
    this.fps = event.fps;
    this.write();
    if (this.state === "online") {
      this.refresh(event.boxes, event.boxes.length ? BUSY_MS : QUIET_MS);
    }
  }

  refresh(boxes, every) {
    const now = Date.now();
    if (!this.isSeen || document.hidden || now - this.askedAt < every) {
      return;
    }
    this.askedAt = now;
    const next = new Image();
    next.addEventListener("load", () => {
      this.picture.src = next.src;
      this.picture.hidden = false;
      this.draw(boxes);
    });
    next.src = `${this.node.dataset.frame}?${now}`;
  }

  draw(boxes) {
    this.boxes.replaceChildren(
      ...boxes.map((box) => {
        const rect = document.createElementNS(SVG, "rect");
        rect.setAttribute("x", box.x * 100);
        rect.setAttribute("y", box.y * 100);
        rect.setAttribute("width", box.width * 100);
        rect.setAttribute("height", box.height * 100);
        return rect;
      }),
    );
  }

  /** What is wrong in words, and since when; nothing while all is well. */
  findTrouble() {
    if (this.state === "online" && Date.now() - this.heardAt > NO_NEWS_MS) {
      return [gettext("no news"), new Date(this.heardAt), gettext("Its camera worker has fallen silent.")];
    }
    if (this.state === "online" && this.error) {
      return [gettext("not reading"), this.wrongSince, this.error];
    }
    return this.state === "online" ? null : [this.toldWord, this.since, this.error];
  }

  write() {
    const trouble = this.findTrouble();
    const isWrong = WRONG.has(this.state) || Boolean(trouble?.[2]);
    this.node.toggleAttribute("data-wrong", isWrong);
    this.trouble.hidden = !trouble;
    if (trouble) {
      const [word, since, sentence] = trouble;
      this.word.textContent = "";
      this.trouble.textContent = [since ? `${word} · ${relativeTime(since)}` : word, sentence].join("\n").trim();
      this.boxes.replaceChildren();
    } else {
      this.word.textContent =
        this.fps === null ? this.toldWord : drawRate(Math.round(this.fps));
    }
  }
}

function drawRate(fps) {
  return interpolate(ngettext("%s frame/s", "%s frames/s", fps), [fps]);
}

export function startTiles(container, states) {
  const tiles = new Map(
    [...container.querySelectorAll(".tile")].map((node) => [node.dataset.camera, new Tile(node, states)]),
  );
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const tile = tiles.get(target.dataset.camera);
      tile.isSeen = isIntersecting;
      if (SHOWS_FRAMES.has(tile.state)) {
        tile.refresh([], QUIET_MS);
      }
    }
  });
  tiles.forEach((tile) => sight.observe(tile.node));
  setInterval(() => tiles.forEach((tile) => tile.write()), 10_000);
  return { take: (event) => tiles.get(event.camera_id)?.take(event) };
}
