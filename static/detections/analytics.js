// Draws the passes from the figures in the page, in the colours of the theme.

/* global Chart */
const figures = document.querySelector("[data-chart]");
let drawn;

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function hits(data) {
  return {
    type: "line",
    label: gettext("Hits"),
    data: data.hits,
    borderColor: color("--act"),
    backgroundColor: color("--act"),
    borderWidth: 2,
    pointRadius: data.labels.length > 100 ? 0 : 2,
  };
}

function draw(data) {
  drawn?.destroy();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const axis = { grid: { color: color("--line") }, ticks: { color: color("--muted") }, stacked: true };
  const bars = { type: "bar", stack: "passes", categoryPercentage: 0.92, barPercentage: 1 };
  drawn = new Chart(figures.querySelector("canvas"), {
    data: {
      labels: data.labels,
      datasets: [
        { ...bars, label: gettext("Passes"), data: data.certain, backgroundColor: color("--link") },
        { ...bars, label: gettext("To be reviewed"), data: data.pending, backgroundColor: color("--line-strong") },
        ...(data.hits ? [hits(data)] : []),
      ],
    },
    options: {
      animation: still ? false : { duration: 250 },
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { ...axis, grid: { display: false }, ticks: { ...axis.ticks, maxRotation: 0, autoSkipPadding: 16 } },
        y: { ...axis, beginAtZero: true, ticks: { ...axis.ticks, precision: 0 } },
      },
      plugins: { legend: { labels: { color: color("--text"), boxWidth: 14 } } },
    },
  });
}

if (figures) {
  const data = JSON.parse(document.getElementById(figures.dataset.chart).textContent);
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  draw(data);
  // The theme can be changed while the page is open.
  new MutationObserver(() => draw(data)).observe(document.documentElement, {
    attributeFilter: ["data-bs-theme"],
  });
}
