// A detection as a row of a list; the twin of _row.html.
import { drawCertainty, drawPlate, element } from "../lpr/plate.js";
import { drawTime } from "../lpr/times.js";

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

/** @param {string} detections address of the list, below which detections and their pictures are */
export function drawRow(row, detections) {
  const link = element(
    "a",
    "passing",
    drawCrop(row, detections),
    element("span", "passing-top", drawPlate(row.plate)),
    element("span", "passing-where", element("span", "", row.camera), drawTime(row.captured_at, "clock")),
    element("span", "passing-sure", drawCertainty(row), drawReview(row)),
  );
  link.href = `${detections}${row.id}/`;
  link.dataset.row = row.id;
  return element("li", "", link);
}

/** Redraws a row that was reviewed where it stands, or takes away one that was merged into another. */
export function redrawRow(list, row, detections) {
  const link = list.querySelector(`a[data-row="${row.id}"]`);
  if (!link) {
    return;
  }
  const hadFocus = link === document.activeElement;
  if (row.review === "merged") {
    link.parentElement.remove();
    return;
  }
  const drawn = drawRow(row, detections);
  link.parentElement.replaceWith(drawn);
  if (hadFocus) {
    drawn.firstChild.focus();
  }
}
