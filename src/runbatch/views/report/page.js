// Puts the page together: data, charts, table, and what keys, paper and darkness change.

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
// A little more than until the end, so that what ended last is not cut off.
const zoom = new Zoom(data.origin, data.origin + Math.max(data.until, 1) * 1.015);
const rows = { jobs: data.jobs };

prepare(data);
if (byId("flight-chart")) flightChart(byId("flight-chart"), data, zoom);
const hasBars = data.jobs.some((job) => job.bars.length > 0);
byId("bars").hidden = !hasBars;
if (hasBars) jobsChart(byId("bars-chart"), data, zoom, rows);

const nav = document.querySelector(".pages");
const paged = () => {
  nav.hidden = table.pages === 1;
  byId("pages").textContent = `${table.page + 1} of ${table.pages}`;
  nav.firstElementChild.disabled = table.page === 0;
  nav.lastElementChild.disabled = table.page === table.pages - 1;
};
const table = new Table(byId("table"), data, () => {
  rows.jobs = table.jobs;
  const isFound = rows.jobs.length > 0;
  byId("nothing").hidden = isFound;
  byId("table").hidden = !isFound;
  // Before it is drawn: what is hidden has no width.
  byId("bars").hidden = !(isFound && hasBars);
  zoom.count(rows.jobs.length);
  byId("found").textContent = `${table.jobs.length} of ${data.jobs.length} jobs`;
  paged();
});
table.find();

const find = () => table.find(byId("find").value, byId("show").value);
byId("find").addEventListener("input", find);
byId("show").addEventListener("input", find);
document.querySelector(".find").addEventListener("submit", (event) => event.preventDefault());
nav.addEventListener("click", ({ target }) => {
  if (target.dataset.page) table.turn(Number(target.dataset.page));
  paged();
});

const zooms = { in: () => zoom.by(0.5), out: () => zoom.by(2), all: () => zoom.all() };
document.querySelector(".tools").addEventListener("click", ({ target }) => zooms[target.dataset.zoom]?.());
const keys = {
  "+": zooms.in, "=": zooms.in, "-": zooms.out, 0: zooms.all, Escape: zooms.all,
  ArrowLeft: () => zoom.move(-0.2, 0), ArrowRight: () => zoom.move(0.2, 0),
  ArrowUp: () => zoom.move(0, -0.2), ArrowDown: () => zoom.move(0, 0.2),
};
byId("bars-chart").addEventListener("keydown", (event) => {
  if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[event.key]();
});

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const text = byId(button.dataset.copies), said = button.nextElementSibling;
    getSelection().selectAllChildren(text);
    const isCopied = await navigator.clipboard.writeText(text.textContent).then(() => true, () => document.execCommand("copy"));
    said.textContent = isCopied ? "Copied." : "It is selected: press Ctrl+C.";
  });
}

// A canvas keeps its size and colours until it is drawn anew.
const redraw = () => zoom.show();
addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => {
  document.documentElement.classList.add("printing");
  table.drawForPrint();
  redraw();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("printing");
  table.turn(0);
  redraw();
});
