// Where a list counts: a polygon on a map, drawn as the places of searches are.
import { SearchMap } from "../detections/search_map.js";

class ListArea extends SearchMap {
  sentence() {
    if (this.mode) return super.sentence();
    const { type } = this.area.value ? JSON.parse(this.area.value) : {};
    if (type === "MultiPolygon") return gettext("The list counts in several polygons. Draw one to take their place.");
    if (this.corners.length) return gettext("The list counts at cameras inside the polygon, and at those chosen above. Drag a corner to move it.");
    return gettext("Draw a polygon if the list is to count at the cameras inside, beside those chosen above. With none of these it counts everywhere.");
  }

  write() {
    super.write();
    this.area.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

for (const root of document.querySelectorAll("[data-area]")) new ListArea(root);
