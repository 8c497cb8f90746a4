// A camera's position: a marker on a map and two numbers, each moving the other, and an arrow for the heading.
// Without a tile server the map shows coastlines and a grid of degrees, so that it works offline.
const CLOSE_ZOOM = 15;
const DIGITS = 6;
const GRID_STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];
const GRID_LINES_MOST = 12;

class Position {
  constructor(root) {
    this.root = root;
    [this.latitude, this.longitude] = root.querySelectorAll("input");
    this.heading = document.getElementById("id_heading_degrees");
    this.map = L.map(root.querySelector(".lpr-map"), { worldCopyJump: true, maxZoom: 20, minZoom: 1 });
    this.map.attributionControl.setPrefix("");
    this.neighbours = JSON.parse(root.querySelector("script").textContent);
    this.look(this.typed());
    this.drawBackground();
    this.drawNeighbours();
    if (this.typed()) this.mark(this.typed());
    this.map.on("click", (event) => this.place(event.latlng));
    for (const input of [this.latitude, this.longitude]) input.addEventListener("input", () => this.follow());
    this.heading?.addEventListener("input", () => this.turn());
    // A tab or folded section gives the map its size only when it opens.
    new ResizeObserver(() => this.map.invalidateSize()).observe(root);
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
        L.geoJSON(shape, { interactive: false, style: { className: "lpr-map-land" } }).addTo(this.map).bringToBack(),
      )
      // The grid shows the place as well.
      .catch(() => {});
  }

  drawGrid() {
    const bounds = this.map.getBounds();
    const span = Math.max(bounds.getEast() - bounds.getWest(), bounds.getNorth() - bounds.getSouth());
    const step = GRID_STEPS.findLast((size) => span / size <= GRID_LINES_MOST) ?? GRID_STEPS[0];
    this.grid.clearLayers();
    const line = (from, to) =>
      L.polyline([from, to], { interactive: false, className: "lpr-map-grid" }).addTo(this.grid);
    for (let x = Math.ceil(bounds.getWest() / step) * step; x <= bounds.getEast(); x += step) {
      line([Math.max(bounds.getSouth(), -85), x], [Math.min(bounds.getNorth(), 85), x]);
    }
    for (let y = Math.ceil(bounds.getSouth() / step) * step; y <= bounds.getNorth(); y += step) {
      line([y, bounds.getWest()], [y, bounds.getEast()]);
    }
  }

  drawNeighbours() {
    for (const { name, latitude, longitude } of this.neighbours) {
      const style = { radius: 6, className: "lpr-neighbour", fillOpacity: 0.9 };
      L.circleMarker([latitude, longitude], style).bindTooltip(document.createTextNode(name)).addTo(this.map);
    }
  }

  typed() {
    const numbers = [this.latitude, this.longitude].map((input) => Number.parseFloat(input.value));
    const [latitude, longitude] = numbers;
    return numbers.every(Number.isFinite) && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
      ? L.latLng(latitude, longitude)
      : null;
  }

  // Layers can be drawn only once the map looks somewhere.
  look(point) {
    if (point) {
      this.map.setView(point, CLOSE_ZOOM);
    } else if (this.neighbours.length) {
      const all = this.neighbours.map(({ latitude, longitude }) => [latitude, longitude]);
      this.map.fitBounds(all, { maxZoom: CLOSE_ZOOM, padding: [40, 40] });
    } else {
      this.map.setView([15, 100], 2);
    }
  }

  mark(point) {
    if (!this.marker) {
      this.marker = L.marker(point, { draggable: true, keyboard: true, icon: this.icon() }).addTo(this.map);
      this.marker.on("drag", () => this.write(this.marker.getLatLng()));
    }
    this.marker.setLatLng(point);
    this.turn();
  }

  icon() {
    const arrow =
      '<svg width="40" height="40" viewBox="-20 -20 40 40"><g><path class="lpr-beam" d="M0 0 L-16 -34 A38 38 0 0 1 16 -34 Z"/><path d="M0 -13 L9 9 L0 4 L-9 9 Z"/></g></svg>';
    return L.divIcon({ className: "lpr-marker", html: arrow, iconSize: [40, 40], iconAnchor: [20, 20] });
  }

  turn() {
    const group = this.marker?.getElement()?.querySelector("g");
    group?.setAttribute("transform", `rotate(${Number.parseFloat(this.heading?.value) || 0})`);
  }

  place(point) {
    this.mark(point.wrap());
    this.write(point.wrap());
  }

  write(point) {
    this.latitude.value = point.lat.toFixed(DIGITS);
    this.longitude.value = point.lng.toFixed(DIGITS);
    this.latitude.dispatchEvent(new Event("change", { bubbles: true }));
  }

  follow() {
    const point = this.typed();
    if (!point) return;
    this.mark(point);
    this.map.panTo(point);
  }
}

for (const root of document.querySelectorAll("[data-position]")) new Position(root);
