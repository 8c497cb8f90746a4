// Draws what the server decided about a plate and its confidence; the twin of _plate.html and _certainty.html.

/** @returns {HTMLElement} */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) {
    made.className = className;
  }
  made.append(...children);
  return made;
}

/** An icon from the sheet that the page's own icons come from. */
export function drawIcon(name) {
  const icon = document.querySelector(".icon").cloneNode(true);
  const use = icon.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${name}`));
  return icon;
}

/** @param {{style: string, before: string, doubtful: string, after: string, province: string, place: string, sign: string}} plate */
export function drawPlate(plate) {
  const number = element("span", "plate-number", plate.before);
  if (plate.doubtful) {
    const mark = element("mark", "plate-doubtful", plate.doubtful);
    mark.title = gettext("Least certain character");
    number.append(mark);
  }
  number.append(plate.after);
  const face = element("span", "plate-face", number);
  if (plate.province) {
    face.append(element("span", "plate-province", plate.province));
  }
  const drawn = element("span", `plate plate-${plate.style}`);
  if (plate.place) {
    drawn.title = plate.place;
  }
  if (plate.sign && plate.style !== "thai") {
    drawn.append(element("span", "plate-sign", plate.sign));
  }
  drawn.append(face);
  return drawn;
}

export function drawCertainty({ level, certainty, confidence }) {
  const bars = element("span", "certainty-bars", ...Array.from({ length: 5 }, () => element("i")));
  bars.setAttribute("aria-hidden", "true");
  const percent = element("small", "", `${Math.round(confidence * 100)} %`);
  const drawn = element("span", "certainty", bars, element("span", "", `${certainty} `, percent));
  drawn.dataset.level = level;
  return drawn;
}
