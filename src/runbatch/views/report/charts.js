// The two charts over time, drawn by uPlot; both show the same stretch of it.
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const STEPS_S = [1, 2, 5, 10, 15, 30].flatMap((step) => [step, step * 60]).concat(
  [1, 2, 3, 6, 12, 24, 48, 168, 672].map((hours) => hours * 3600)).sort((a, b) => a - b);
const ROW_PX = 14, MOST_PX = 760, LEAST_PX = 60, MOST_SIGNS = 400;

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const two = (number) => String(number).padStart(2, "0");
const dateOf = (at) => new Date(at * 1000);
const day = (at) => `${dateOf(at).getUTCDate()} ${MONTHS[dateOf(at).getUTCMonth()]}`;
const clock = (at) => dateOf(at).toISOString().slice(11, 19);

function duration(seconds) {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes === 0) return `${Math.round(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

// What part of time and of the rows is shown; whoever draws it is told of each change.
class Zoom {
  constructor(from, to) {
    this.time = { from, to, least: from, most: to };
    this.rows = { from: 0, to: 1, least: 0, most: 1 };
    this.redraws = [];
  }
  set(part, from, to, smallest) {
    const size = Math.min(Math.max(to - from, smallest), part.most - part.least);
    part.from = Math.min(Math.max(from, part.least), part.most - size);
    part.to = part.from + size;
  }
  show(time, rows) {
    if (time) this.set(this.time, time[0], time[1], (this.time.most - this.time.least) / 5000);
    if (rows) this.set(this.rows, rows[0], rows[1], Math.min(5, this.rows.most));
    for (const redraw of this.redraws) redraw();
  }
  all() { this.show([this.time.least, this.time.most], [0, this.rows.most]); }
  count(rows) { this.rows.most = Math.max(rows, 1); this.show(null, [0, this.rows.most]); }
  by(factor) { this.show(grown(this.time, factor), grown(this.rows, factor)); }
  move(time, rows) { this.show(moved(this.time, time), moved(this.rows, rows)); }
}
const grown = ({ from, to }, factor) => {
  const middle = (from + to) / 2, half = (to - from) / 2 * factor;
  return [middle - half, middle + half];
};
const moved = ({ from, to }, share) => [from + (to - from) * share, to + (to - from) * share];

function timeAxis() {
  const label = (at, incr, before) => {
    if (incr >= 86400) return day(at);
    const time = incr >= 60 ? clock(at).slice(0, 5) : clock(at);
    return before === undefined || day(before) !== day(at) ? `${time}\n${day(at)}` : time;
  };
  return {
    ...lines(), space: 70, incrs: STEPS_S,
    values: (_, splits, __, ___, incr) => splits.map((at, i) => label(at, incr, splits[i - 1])),
  };
}
const lines = () => ({
  stroke: () => color("muted"), font: "12px system-ui, sans-serif",
  grid: { stroke: () => color("grid"), width: 1 }, ticks: { stroke: () => color("grid"), width: 1 },
});

// A small box beside the mouse that says what is under it.
function hintFor(plot) {
  const box = document.createElement("div");
  box.className = "hint";
  box.hidden = true;
  plot.over.append(box);
  return (text, left, top) => {
    box.hidden = !text;
    if (!text) return;
    box.textContent = text;
    const isRight = left > plot.over.clientWidth / 2, isLow = top > plot.over.clientHeight / 2;
    Object.assign(box.style, {
      left: isRight ? "auto" : `${left + 14}px`, top: isLow ? "auto" : `${top + 14}px`,
      right: isRight ? `${plot.over.clientWidth - left + 14}px` : "auto",
      bottom: isLow ? `${plot.over.clientHeight - top + 14}px` : "auto",
    });
  };
}

// What the two charts have in common: their time, dragging, and being told to draw anew.
function plotOver(box, zoom, height, { series, scale, axis, cursor, hooks, rows, data }) {
  let say = () => {};
  const dragged = (plot) => {
    const { left, top, width, height: tall } = plot.select;
    if (width < 5 && tall < 5) return;
    const time = width >= 5 && [left, left + width].map((at) => plot.posToVal(at, "x"));
    zoom.show(time, rows && tall >= 5 && [top, top + tall].map((at) => plot.posToVal(at, "y")));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };
  const plot = new uPlot({
    width: box.clientWidth, height: height(), legend: { show: false }, series: [{}, ...series],
    scales: { x: { range: () => [zoom.time.from, zoom.time.to] }, y: scale },
    axes: [timeAxis(), { ...lines(), ...axis }],
    cursor: {
      ...cursor, drag: { x: true, y: Boolean(rows), uni: 25, setScale: false },
      bind: { dblclick: () => () => { zoom.all(); return null; } },
    },
    hooks: {
      ...hooks, setSelect: [dragged],
      setCursor: [(self) => say(self.cursor.left < 0 ? "" : hooks.tell(self), self.cursor.left, self.cursor.top)],
    },
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
  }, data, box);
  say = hintFor(plot);
  zoom.redraws.push(() => {
    plot.setSize({ width: box.clientWidth, height: height() });
    plot.redraw(true, true);
  });
}

// How many jobs were in flight, as steps, below the cap.
function flightChart(box, { levels, origin, until, jobs }, zoom) {
  const at = levels.map((level) => origin + level[0]);
  const flight = levels.map((level) => level[1]), caps = levels.map((level) => level[2]);
  at.push(Math.max(origin + until, at.at(-1)));
  flight.push(flight.at(-1));
  caps.push(caps.at(-1));
  const top = Math.max(...caps.concat(flight).filter((each) => each < 1e6)) * 1.12;
  const stepped = uPlot.paths.stepped({ align: 1 });
  const series = { paths: stepped, points: { show: false } };
  plotOver(box, zoom, () => 240, {
    data: [at, flight, caps],
    series: [
      { ...series, stroke: () => color("running"), fill: () => `${color("running")}59`, width: 2 },
      { ...series, stroke: () => color("alarm"), width: 2, dash: [8, 5] },
    ],
    scale: { range: () => [0, top] },
    axis: { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], size: () => keyWidth(jobs, box) },
    cursor: { y: false },
    hooks: {
      draw: [(self) => nameTheCap(self, at, caps)],
      tell: (self) => {
        const i = self.cursor.idx;
        return i === null ? "" : `${flight[i]} in flight, at most ${caps[i]} allowed\nfrom ${clock(at[i])}, ${day(at[i])}`;
      },
    },
  });
}

function nameTheCap(plot, at, caps) {
  const last = at.findLastIndex((each) => each <= plot.scales.x.max);
  if (last < 0) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = color("alarm");
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  ctx.fillText(`cap ${caps[last]}`, bbox.left + bbox.width - 4, plot.valToPos(caps[last], "y", true) - 4);
  ctx.restore();
}

// Each job a row, each of its bars a stretch of time; `rows.jobs` are those to draw.
function jobsChart(box, data, zoom, rows) {
  const height = () => Math.min(Math.max(rows.jobs.length * ROW_PX, LEAST_PX), MOST_PX) + 50;
  plotOver(box, zoom, height, {
    data: [[zoom.time.least, zoom.time.most], [null, null]],
    series: [{}], rows: true,
    scale: { range: () => [zoom.rows.from, zoom.rows.to], dir: -1 },
    axis: {
      size: () => keyWidth(data.jobs, box), grid: { show: false }, ticks: { show: false },
      splits: (self) => someRows(self, zoom), filter: (_, splits) => splits,
      values: (_, splits) => splits.map((at) => shortKey(rows.jobs[Math.floor(at)], box)),
    },
    cursor: { points: { show: false } },
    hooks: {
      draw: [(self) => drawBars(self, data, rows, zoom)],
      tell: (self) => tellBar(self, data, rows),
    },
  });
}

const longestKey = (box) => (box.clientWidth < 600 ? 8 : 18);
function shortKey(job, box) {
  const most = longestKey(box);
  return job === undefined ? "" : job.key.length > most ? `${job.key.slice(0, most - 1)}…` : job.key;
}
// Of both charts, so that their times stand below one another.
function keyWidth(jobs, box) {
  const longest = jobs.reduce((most, job) => Math.max(most, job.key.length), 3);
  return 16 + 7 * Math.min(longest, longestKey(box));
}
function someRows(plot, { rows }) {
  const fit = plot.bbox.height / devicePixelRatio / (ROW_PX - 1);
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000].find((each) => (rows.to - rows.from) / each <= fit) || 5000;
  const splits = [];
  for (let row = Math.ceil(rows.from / step) * step; row < Math.min(rows.to, rows.most); row += step) splits.push(row + 0.5);
  return splits;
}

function drawBars(plot, data, rows, zoom) {
  const { ctx, bbox } = plot, { from, to } = zoom.rows, px = devicePixelRatio, signs = [];
  const perSecond = bbox.width / (zoom.time.to - zoom.time.from), tall = bbox.height / (to - from);
  const x = (at) => Math.round(bbox.left + (data.origin + at - zoom.time.from) * perSecond);
  const y = (row) => bbox.top + (row + 0.5 - from) * tall;
  const byShade = data.shades.map(() => []);
  for (let row = Math.floor(from); row < Math.min(to, rows.jobs.length); row++) {
    for (const [shade, , start, end] of rows.jobs[row].bars) byShade[shade].push([x(start), x(end), y(row)]);
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  byShade.forEach((bars, number) => {
    const shade = data.shades[number], isBad = shade.sign && shade.style !== "succeeded";
    const share = shade.style === "retry-wait" ? 0.12 : 0.8;
    const high = Math.max(Math.round(tall * share), isBad ? 2 * px : 1);
    ctx.fillStyle = color(shade.style);
    for (const [left, right, middle] of bars) {
      ctx.fillRect(left, Math.round(middle - high / 2), Math.max(right - left, px), high);
      if (isBad) signs.push([shade, right, middle]);
    }
  });
  if (signs.length <= MOST_SIGNS) drawSigns(ctx, signs, px);
  ctx.restore();
}

// At an end that is not well stands its sign, so that its colour is not all there is to see.
function drawSigns(ctx, signs, px) {
  ctx.font = `700 ${12 * px}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.lineWidth = 3 * px;
  ctx.strokeStyle = color("paper");
  for (const [shade, x, y] of signs) {
    ctx.fillStyle = color(shade.style);
    ctx.strokeText(shade.sign, x + 2 * px, y);
    ctx.fillText(shade.sign, x + 2 * px, y);
  }
}

function tellBar(plot, data, rows) {
  const job = rows.jobs[Math.floor(plot.posToVal(plot.cursor.top, "y"))];
  if (job === undefined) return "";
  const at = plot.posToVal(plot.cursor.left, "x") - data.origin;
  const near = Math.abs(plot.posToVal(plot.cursor.left + 3, "x") - data.origin - at);
  const bar = job.bars.findLast((each) => each[2] - near <= at && at <= each[3] + near);
  if (bar === undefined) return `${data.prefix}-${job.key}`;
  const [shade, number, from, to, state] = bar;
  const attempt = job.attempts.find((each) => each.number === number);
  const what = data.states[state] || data.shades[shade].text;
  const span = `${clock(data.origin + from)} to ${clock(data.origin + to)} (${duration(to - from)})`;
  const end = attempt.end === null ? "" : `\nended: ${[attempt.outcome, attempt.evidence].filter(Boolean).join(" (")}${attempt.evidence ? ")" : ""}`;
  return `${data.prefix}-${job.key}, attempt ${number}${attempt.node ? `, ${attempt.node}` : ""}\n${what} ${span}${end}`;
}
