// Where a list counts: polygons on a map, each drawn as the one of a search is.
import { SearchMap } from "../detections/search_map.js";

const CORNERS_LEAST = 3;
const DIGITS = 6;
const rounded = (number) => Number(number.toFixed(DIGITS));

class ListArea extends SearchMap {
  // Polygons beside the one in `corners`, which is drawn or was drawn last.
  others = [];

  readFields() {
    const { type, coordinates } = this.area.value ? JSON.parse(this.area.value) : {};
    const polygons = type === "MultiPolygon" ? coordinates : [coordinates ?? [[]]];
    this.others = polygons.map(([ring]) => ring.slice(0, -1).map(([x, y]) => L.latLng(y, x)));
    this.corners = this.others.pop();
    this.root.querySelector("[data-take-away]").addEventListener("click", () => this.takeAway());
  }

  look() {
    super.look();
    const all = [...this.others, this.corners].flat();
    if (this.others.length) this.map.fitBounds(L.latLngBounds(all), { padding: [40, 40] });
  }

  begin(mode) {
    if (mode && this.corners.length >= CORNERS_LEAST) this.others.push(this.corners);
    super.begin(mode);
    if (!mode && !this.corners.length) this.takeAway();
  }

  clear() {
    this.others = [];
    super.clear();
  }

  takeAway() {
    [this.mode, this.corners] = [null, this.others.pop() ?? []];
    this.write();
  }

  key(event) {
    if (this.mode && event.key === "Escape") {
      this.takeAway();
      event.preventDefault();
      event.stopPropagation();
    } else super.key(event);
  }

  write() {
    const rings = [...this.others, this.corners]
      .filter((corners) => corners.length >= CORNERS_LEAST)
      .map((corners) => corners.map(({ lat, lng }) => [rounded(lng), rounded(lat)]))
      .map((ring) => [[...ring, ring[0]]]);
    const shape = rings.length > 1 ? { type: "MultiPolygon", coordinates: rings } : { type: "Polygon", coordinates: rings[0] };
    this.area.value = rings.length ? JSON.stringify(shape) : "";
    this.draw();
    this.area.dispatchEvent(new Event("change", { bubbles: true }));
  }

  draw() {
    super.draw();
    for (const corners of this.others) {
      L.polygon(corners, { className: "map-drawn", interactive: false }).addTo(this.drawn);
      corners.forEach((corner, index) => this.handle(corner, (point) => (corners[index] = point)));
    }
    this.root.querySelector("[data-take-away]").hidden = Boolean(this.mode) || !this.others.length;
  }

  sentence() {
    if (this.mode) return super.sentence();
    if (this.others.length) return gettext("The list counts at cameras inside the polygons, and at those chosen above. Drag a corner to move it.");
    if (this.corners.length) return gettext("The list counts at cameras inside the polygon, and at those chosen above. Drag a corner to move it, or draw another one.");
    return gettext("Draw a polygon if the list is to count at the cameras inside, beside those chosen above. With none of these it counts everywhere.");
  }
}

for (const root of document.querySelectorAll("[data-area]")) new ListArea(root);
