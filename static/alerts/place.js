// A small map of where an alert was raised. Without a tile server it shows the place on a plain ground, with its degrees.

let loading = null;

function loadLeaflet(url) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return loading;
}

/** @param {HTMLElement | null} box with the position in its data */
export async function drawPlace(box, { leaflet, tiles, attribution }) {
  if (!box) {
    return;
  }
  const at = [Number(box.dataset.latitude), Number(box.dataset.longitude)];
  await loadLeaflet(leaflet);
  if (!box.isConnected) {
    return;
  }
  const map = L.map(box, { zoomControl: false, scrollWheelZoom: false }).setView(at, 15);
  map.attributionControl.setPrefix("");
  if (tiles) {
    L.tileLayer(tiles, { attribution, maxZoom: 20 }).addTo(map);
  }
  const degrees = `${at[0].toFixed(5)}, ${at[1].toFixed(5)}`;
  L.circleMarker(at, { radius: 9, color: "#ffb224", weight: 3 }).addTo(map).bindTooltip(degrees, { permanent: true, direction: "top" });
}
