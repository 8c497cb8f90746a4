// A polygon or a circle on a map, by mouse, touch and keyboard. What counts is the text in the two hidden fields.
// Without a tile server the map shows coastlines and a grid of degrees, so that it works offline.
const GRID_STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const GRID_LINES_MOST = 12;
const CLOSE_PX = 14;
const CORNERS_LEAST = 3;
const DIGITS = 6;

function loadLeaflet(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

const rounded = (number) => Number(number.toFixed(DIGITS));

export class SearchMap {
  constructor(root) {
    this.root = root;
    this.box = root.querySelector(".search-map");
    this.said = root.querySelector("[data-said]");
    this.radius = root.querySelector("[data-radius]");
    this.area = root.querySelector("[name=area]");
    this.near = root.querySelector("[name=near]");
    this.corners = [];
    this.mode = null;
    loadLeaflet(root.dataset.leaflet).then(() => this.start());
  }

  start() {
    this.map = L.map(this.box, { worldCopyJump: true, maxZoom: 20, minZoom: 1, doubleClickZoom: false });
    this.map.attributionControl.setPrefix("");
    this.drawn = L.layerGroup().addTo(this.map);
    this.readFields();
    this.look();
    this.drawBackground();
    this.drawCameras();
    this.draw();
    this.map.on("click", (event) => this.put(event.latlng.wrap()));
    this.box.addEventListener("keydown", (event) => this.key(event));
    for (const button of this.root.querySelectorAll("[data-draw]")) {
      button.addEventListener("click", () => this.begin(this.mode === button.dataset.draw ? null : button.dataset.draw));
    }
    this.root.querySelector("[data-finish]").addEventListener("click", () => this.begin(null));
    this.root.querySelector("[data-clear]").addEventListener("click", () => this.clear());
    this.radius.addEventListener("input", () => this.write());
    new ResizeObserver(() => this.map.invalidateSize()).observe(this.box);
  }

  readFields() {
    if (this.area.value) {
      try {
        const [ring] = JSON.parse(this.area.value).coordinates;
        this.corners = ring.slice(0, -1).map(([x, y]) => L.latLng(y, x));
      } catch {
        this.corners = [];
      }
    }
    const [x, y, metres] = this.near.value.split(",").map(Number.parseFloat);
    if ([x, y, metres].every(Number.isFinite)) {
      this.centre = L.latLng(y, x);
      this.radius.value = metres;
    }
  }

  look() {
    const cameras = JSON.parse(document.querySelector("#map-cameras").textContent);
    this.cameras = cameras.map(({ name, latitude, longitude }) => ({ name, at: [latitude, longitude] }));
    if (this.corners.length) this.map.fitBounds(L.latLngBounds(this.corners), { padding: [40, 40] });
    else if (this.centre) this.map.fitBounds(this.centre.toBounds(2.4 * Number(this.radius.value)));
    else if (this.cameras.length) this.map.fitBounds(this.cameras.map(({ at }) => at), { maxZoom: 15, padding: [40, 40] });
    else this.map.setView([15, 100], 4);
  }

  drawBackground() {
    const { tiles, attribution, land } = this.root.dataset;
    if (tiles) {
      L.tileLayer(tiles, { attribution, maxZoom: 20 }).addTo(this.map);
      return;
    }
    this.grid = L.layerGroup().addTo(this.map);
    this.map.on("moveend", () => this.drawGrid());
    this.drawGrid();
    fetch(land)
      .then((answer) => answer.json())
      .then((shape) =>
        L.geoJSON(shape, { interactive: false, style: { className: "map-land" } }).addTo(this.map).bringToBack(),
      )
      // The grid shows the place as well.
      .catch(() => {});
  }

  drawGrid() {
    const bounds = this.map.getBounds();
    const span = Math.max(bounds.getEast() - bounds.getWest(), bounds.getNorth() - bounds.getSouth());
    const step = GRID_STEPS.findLast((size) => span / size <= GRID_LINES_MOST) ?? GRID_STEPS[0];
    this.grid.clearLayers();
    const line = (from, to) => L.polyline([from, to], { interactive: false, className: "map-grid" }).addTo(this.grid);
    for (let x = Math.ceil(bounds.getWest() / step) * step; x <= bounds.getEast(); x += step) {
      line([Math.max(bounds.getSouth(), -85), x], [Math.min(bounds.getNorth(), 85), x]);
    }
    for (let y = Math.ceil(bounds.getSouth() / step) * step; y <= bounds.getNorth(); y += step) {
      line([y, bounds.getWest()], [y, bounds.getEast()]);
    }
  }

  drawCameras() {
    for (const { name, at } of this.cameras) {
      L.circleMarker(at, { radius: 5, className: "map-camera" }).bindTooltip(document.createTextNode(name)).addTo(this.map);
    }
  }

  begin(mode) {
    if (this.mode === "area" && this.corners.length < CORNERS_LEAST) this.corners = [];
    this.mode = mode;
    if (mode === "area") [this.corners, this.centre] = [[], null];
    if (mode === "near") [this.corners, this.centre] = [[], null];
    this.write();
    if (mode) this.box.focus();
  }

  clear() {
    [this.mode, this.corners, this.centre] = [null, [], null];
    this.write();
  }

  put(point) {
    if (this.mode === "near") {
      this.centre = point;
      this.mode = null;
    } else if (this.mode === "area") {
      const [first] = this.corners;
      const pixels = (latlng) => this.map.latLngToContainerPoint(latlng);
      const isClosed = this.corners.length >= CORNERS_LEAST && pixels(first).distanceTo(pixels(point)) < CLOSE_PX;
      if (isClosed) this.mode = null;
      else this.corners.push(point);
    } else return;
    this.write();
  }

  key(event) {
    if (!this.mode) return;
    if (event.key === " ") this.put(this.map.getCenter());
    else if (event.key === "Enter") this.begin(null);
    else if (event.key === "Backspace") {
      this.corners.pop();
      this.write();
    } else if (event.key === "Escape") this.clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  write() {
    const isWhole = this.corners.length >= CORNERS_LEAST;
    const ring = this.corners.map(({ lat, lng }) => [rounded(lng), rounded(lat)]);
    this.area.value = isWhole ? JSON.stringify({ type: "Polygon", coordinates: [[...ring, ring[0]]] }) : "";
    const metres = Number(this.radius.value);
    this.near.value =
      this.centre && metres > 0 ? `${rounded(this.centre.lng)},${rounded(this.centre.lat)},${metres}` : "";
    this.draw();
  }

  draw() {
    this.drawn.clearLayers();
    if (this.corners.length) {
      const shape = this.corners.length < CORNERS_LEAST ? L.polyline : L.polygon;
      shape(this.corners, { className: "map-drawn", interactive: false }).addTo(this.drawn);
      this.corners.forEach((corner, index) => this.handle(corner, (point) => (this.corners[index] = point)));
    }
    if (this.centre) {
      const style = { radius: Number(this.radius.value) || 1, className: "map-drawn", interactive: false };
      L.circle(this.centre, style).addTo(this.drawn);
      this.handle(this.centre, (point) => (this.centre = point));
    }
    this.box.classList.toggle("is-drawing", Boolean(this.mode));
    this.root.querySelector("[data-finish]").hidden = this.mode !== "area";
    for (const button of this.root.querySelectorAll("[data-draw]")) {
      button.setAttribute("aria-pressed", String(button.dataset.draw === this.mode));
    }
    this.said.textContent = this.sentence();
  }

  handle(point, move) {
    const icon = L.divIcon({ className: "map-corner", iconSize: [16, 16] });
    const marker = L.marker(point, { icon, draggable: !this.mode, keyboard: false, interactive: !this.mode }).addTo(this.drawn);
    marker.on("dragend", () => {
      move(marker.getLatLng().wrap());
      this.write();
    });
  }

  sentence() {
    if (this.mode === "area") {
      return gettext("Click the corners; a click on the first, Enter or Done closes it. By keyboard: arrows move the map, Space sets a corner at the cross, Backspace takes the last back, Escape gives up.");
    }
    if (this.mode === "near") return gettext("Click the centre, or move the map with the arrows and press Space; the radius is in the field.");
    if (this.corners.length) return gettext("Only cameras inside the polygon. Drag a corner to move it.");
    if (this.centre) return gettext("Only cameras inside the circle. Drag its centre, or change the radius.");
    return gettext("Draw a polygon or a circle to search only the cameras inside.");
  }
}
