// The table of jobs: searched, sorted, and shown a page at a time.
const PAGE_ROWS = 50, MOST_PRINTED = 1000;

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// What is searched and sorted by, worked out once a job.
function prepare(data) {
  data.jobs.forEach((job, index) => {
    const last = job.attempts.at(-1);
    job.outcome = last === undefined ? "waiting" : last.outcome;
    job.sortedBy = {
      key: index, outcome: job.outcome, evidence: last?.evidence || null, node: last?.node || null,
      tries: job.attempts.length, start: job.attempts[0]?.start ?? null,
      took: last === undefined ? null : (last.end ?? data.until) - last.start,
    };
    const words = job.attempts.flatMap(({ outcome, evidence, node }) => [outcome, evidence, node]);
    job.words = [`${data.prefix}-${job.key}`, job.state, job.outcome, ...words].join("\n").toLowerCase();
  });
}

function matching(jobs, text, shown) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const isShown = (job) => shown === "" || (shown === "retried" ? job.attempts.length > 1 : job.state === shown);
  return jobs.filter((job) => isShown(job) && words.every((word) => job.words.includes(word)));
}

// Jobs without a value stand last, whichever way it is sorted.
function sorted(jobs, column, direction) {
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const sign = direction === "descending" ? -1 : 1;
  return jobs.toSorted((one, other) => {
    const [a, b] = [one.sortedBy[column], other.sortedBy[column]];
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "number" ? a - b : compare(a, b)) || one.sortedBy.key - other.sortedBy.key;
  });
}

function rowOf(job, data) {
  const last = job.attempts.at(-1), row = element("tr", undefined, { role: "row" });
  const cell = (label, content, style = "") => {
    const made = element("td", undefined, { role: "cell", "data-label": label, class: style });
    if (content !== null) made.append(content);
    row.append(made);
  };
  row.append(element("th", job.key, { scope: "row", role: "rowheader" }));
  cell("Outcome", outcomeOf(job, last, data));
  cell("Evidence", last === undefined ? null : triesOf(job));
  cell("Node", last?.node || null);
  cell("Attempts", String(job.attempts.length), "number");
  cell("Started", last === undefined ? null : momentOf(job.sortedBy.start, data), "nowrap");
  cell("Took", last === undefined ? null : duration(job.sortedBy.took), "number");
  return row;
}

function momentOf(at, data) {
  return `${day(data.origin + at)} ${clock(data.origin + at)}`;
}

function outcomeOf(job, last, data) {
  const made = element("span"), shade = data.shades[last?.shade];
  if (shade !== undefined) made.append(element("b", shade.sign), shade.sign ? " " : "");
  made.append(job.outcome);
  if (job.due !== null) made.append(element("div", `retry from ${clock(data.origin + job.due)}`, { class: "muted" }));
  return made;
}

// The evidence on each attempt, with its saved log; numbered only where there are several.
function triesOf(job) {
  const list = element("ul", undefined, { class: "tries" });
  for (const attempt of job.attempts) {
    const line = element("li");
    line.append(...(job.attempts.length > 1 ? numbered(attempt) : [attempt.evidence]));
    if (attempt.log !== null) {
      line.append(" ", element("a", "log", { href: attempt.log, "aria-label": `log of ${job.key}, attempt ${attempt.number}` }));
    }
    list.append(line);
  }
  return list;
}

function numbered({ number, outcome, node, evidence }) {
  const where = node ? ` on ${node}` : "", why = evidence ? ` (${evidence})` : "";
  return [element("b", `${number}: `), `${outcome}${where}${why}`];
}

class Table {
  constructor(root, data, changed) {
    Object.assign(this, { root, data, changed, column: "key", direction: "ascending", page: 0 });
    this.body = root.querySelector("tbody");
    this.jobs = data.jobs;
    for (const head of root.querySelectorAll("[data-sort]")) {
      head.querySelector("button").addEventListener("click", () => this.sort(head.dataset.sort));
    }
  }
  sort(column) {
    const isAgain = column === this.column && this.direction === "ascending";
    this.direction = isAgain ? "descending" : "ascending";
    this.column = column;
    this.find(this.text, this.shown);
  }
  find(text = "", shown = "") {
    Object.assign(this, { text, shown, page: 0 });
    this.jobs = sorted(matching(this.data.jobs, text, shown), this.column, this.direction);
    for (const head of this.root.querySelectorAll("[data-sort]")) {
      head.setAttribute("aria-sort", head.dataset.sort === this.column ? this.direction : "none");
    }
    this.turn(0);
    this.changed();
  }
  get pages() { return Math.max(1, Math.ceil(this.jobs.length / PAGE_ROWS)); }
  turn(by) {
    this.page = Math.min(Math.max(this.page + by, 0), this.pages - 1);
    this.draw(this.page * PAGE_ROWS, PAGE_ROWS);
  }
  draw(from, count) {
    const shown = this.jobs.slice(from, from + count);
    this.body.replaceChildren(...shown.map((job) => rowOf(job, this.data)));
    const which = this.jobs.length === this.data.jobs.length ? "All" : "Some";
    const part = shown.length < this.jobs.length ? `, rows ${from + 1} to ${from + shown.length} of ${this.jobs.length}` : "";
    this.root.caption.textContent = `${which} jobs${part}`;
  }
  drawForPrint() { this.draw(0, MOST_PRINTED); }
}
