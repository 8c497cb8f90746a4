// A detection as a row of a list; the twin of _row.html.
import { drawCertainty, drawIcon, drawPlate, element } from "../lpr/plate.js";
import { drawTime } from "../lpr/times.js";

const NO_PLATE = "00000000-0000-0000-0000-000000000000";
const SVG = "http://www.w3.org/2000/svg";

export function drawCrop(row, detections) {
  if (!row.has_crop) {
    return element("span", "passing-crop", gettext("no picture"));
  }
  const crop = element("img");
  crop.src = `${detections}${row.id}/crop`;
  crop.alt = "";
  crop.loading = "lazy";
  crop.decoding = "async";
  return element("span", "passing-crop", crop);
}

function drawReview(row) {
  return row.review === "accepted" ? "" : element("span", `tag tag-${row.review}`, row.review_word);
}

/** What watchlists say of a detection; the twin of _marks.html. */
export function drawMarks(marks) {
  const drawn = marks.map((mark) => {
    const dot = document.createElementNS(SVG, "svg");
    dot.setAttribute("class", "mark-dot");
    dot.setAttribute("viewBox", "0 0 10 10");
    dot.setAttribute("aria-hidden", "true");
    const circle = document.createElementNS(SVG, "circle");
    Object.entries({ cx: 5, cy: 5, r: 5, fill: mark.color }).forEach(([name, value]) => circle.setAttribute(name, value));
    dot.append(circle);
    const said = element("span", "visually-hidden", `${gettext("On the watchlist")} `);
    const link = element("a", "mark", drawIcon("bell"), dot, said, element("span", "mark-label", mark.label));
    link.href = mark.path;
    link.title = interpolate(gettext("On the watchlist %s"), [mark.label]);
    return link;
  });
  return element("span", "marks", ...drawn);
}

/** A way to the page of the plate; the twin of vehicles/_plate_link.html. */
function drawPlateLink(row, page) {
  if (!row.plate_id || !page.readable.includes(row.organization_id)) {
    return "";
  }
  const said = gettext("All about this plate");
  const link = element("a", "plate-link", drawIcon("vehicle"), element("span", "visually-hidden", said));
  link.href = page.plate.replace(NO_PLATE, row.plate_id);
  link.title = said;
  return link;
}

/** @param {{detections: string, plate: string, readable: number[]}} page address of the list, below which detections
 * and their pictures are, that of a plate's page, and the organizations whose plates this person may open */
export function drawRow(row, page) {
  const link = element(
    "a",
    "passing",
    drawCrop(row, page.detections),
    element("span", "passing-top", drawPlate(row.plate)),
    element("span", "passing-where", element("span", "", row.camera), drawTime(row.captured_at, "clock")),
    element("span", "passing-sure", drawCertainty(row), drawReview(row)),
  );
  link.href = `${page.detections}${row.id}/`;
  link.dataset.row = row.id;
  const links = element("span", "passing-links", drawMarks(row.marks), drawPlateLink(row, page));
  return element("li", "", link, links);
}

/** Redraws a row that was reviewed where it stands, or takes away one that was merged into another. */
export function redrawRow(list, row, page) {
  const link = list.querySelector(`a[data-row="${row.id}"]`);
  if (!link) {
    return;
  }
  const hadFocus = link === document.activeElement;
  if (row.review === "merged") {
    link.parentElement.remove();
    return;
  }
  const drawn = drawRow(row, page);
  // What watchlists say of it comes by itself, and stands until then.
  const marks = link.parentElement.querySelector(".marks");
  if (marks) {
    drawn.querySelector(".marks").replaceWith(marks);
  }
  link.parentElement.replaceWith(drawn);
  if (hadFocus) {
    drawn.firstChild.focus();
  }
}

/** Marks a row that is shown, or takes its marks away. */
export function markRow(list, { id, marks }) {
  list
    .querySelector(`a[data-row="${id}"]`)
    ?.parentElement.querySelector(".marks")
    ?.replaceWith(drawMarks(marks));
}
