import "uplot/dist/uPlot.min.css";
import "./chart.css";
import uPlot from "uplot";
import { el, onTheme, token } from "./lib/dom";
import { moment, number, utcOffset } from "./lib/format";
import { texts, type Texts } from "./lib/texts";

/** What `/api/v1/entities/<urn>/history` answers: points are [epoch ms, average, smallest, largest, count]. */
interface History {
  attribute: string;
  unit: string;
  points: [number, number | null, number | null, number | null, number][];
}

const HOUR = 3_600_000;
const RANGES: [string, number][] = [
  ["hour", HOUR],
  ["day", 24 * HOUR],
  ["week", 7 * 24 * HOUR],
  ["all", 0],
];
/** Rows of the table under the chart. */
const MOST_ROWS = 200;
const HEIGHT = 240;
/** Less time than this is not spread over the whole picture, ms. */
const LEAST_SPAN_MS = 5 * 60_000;

class Chart {
  private plot: uPlot | undefined;
  /** The end of the series when it lies in the past (replayed data), otherwise the present. */
  private anchor: number | undefined;
  private history: History = { attribute: "", unit: "", points: [] };
  private readonly stage = el("div", { class: "chart-stage", "aria-hidden": "true" });
  private readonly note = el("p", { class: "muted small", role: "status" });
  private readonly body = el("tbody");
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly resize: ResizeObserver;
  private asked = 0;
  private dead = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly t: Texts,
  ) {
    const title = host.dataset["title"] ?? t("js-chart");
    const group = el("div", { class: "chart-ranges", role: "group", "aria-label": t("js-chart-range") });
    for (const [name] of RANGES) {
      const button = el("button", { type: "button", "aria-pressed": false }, t(`js-chart-${name}`));
      button.addEventListener("click", () => void this.load(name));
      this.buttons.set(name, button);
      group.append(button);
    }
    host.replaceChildren(group, this.stage, this.note, this.table(title));
    this.resize = new ResizeObserver(() => {
      this.plot?.setSize({ width: this.stage.clientWidth, height: HEIGHT });
    });
    this.resize.observe(this.stage);
    onTheme(() => this.draw());
  }

  async start(): Promise<void> {
    await this.load("day");
    if (this.history.points.length > 0 || this.dead) return;
    await this.load("all");
    const last = this.history.points.at(-1);
    if (last && Date.now() - last[0] > 24 * HOUR) this.anchor = last[0] + 1;
  }

  dispose(): void {
    this.dead = true;
    this.resize.disconnect();
    this.plot?.destroy();
    this.plot = undefined;
  }

  private async load(name: string): Promise<void> {
    for (const [key, button] of this.buttons) button.setAttribute("aria-pressed", String(key === name));
    this.asked += 1;
    const asked = this.asked;
    this.note.textContent = this.t("js-loading");
    const answer = await fetch(this.address(name)).catch(() => undefined);
    if (asked !== this.asked || this.dead) return;
    if (!answer?.ok) {
      this.note.textContent = this.t("js-load-failed");
      return;
    }
    this.history = (await answer.json()) as History;
    if (this.dead) return;
    this.draw();
  }

  // As many points as there are pixels to show them on, and no more.
  private address(name: string): URL {
    const url = new URL(this.host.dataset["historyUrl"] ?? "", location.href);
    const pixels = Math.round((this.stage.clientWidth || 400) * Math.min(devicePixelRatio, 2));
    url.searchParams.set("points", String(Math.min(2000, Math.max(50, pixels))));
    const span = RANGES.find(([key]) => key === name)?.[1] ?? 0;
    const end = this.anchor ?? Date.now();
    if (span > 0) url.searchParams.set("from", new Date(end - span).toISOString());
    if (span > 0 && this.anchor !== undefined) url.searchParams.set("to", new Date(end).toISOString());
    return url;
  }

  private draw(): void {
    const { points } = this.history;
    this.plot?.destroy();
    this.plot = undefined;
    this.stage.hidden = points.length === 0;
    this.note.textContent = points.length === 0 ? this.t("js-chart-empty") : "";
    this.rows();
    if (points.length === 0) return;
    const data: uPlot.AlignedData = [
      points.map((p) => p[0] / 1000),
      points.map((p) => p[2]),
      points.map((p) => p[3]),
      points.map((p) => p[1]),
    ];
    this.plot = new uPlot(this.options(points.length), data, this.stage);
    // Until somebody points at the picture the legend tells the newest values. uPlot empties it once after drawing.
    requestAnimationFrame(() => this.plot?.setLegend({ idx: this.history.points.length - 1 }));
  }

  private get unit(): string {
    return this.host.dataset["unit"] || this.history.unit || "";
  }

  private get norm(): number | undefined {
    const norm = Number(this.host.dataset["norm"] || Number.NaN);
    return Number.isFinite(norm) && norm > 0 ? norm : undefined;
  }

  private options(count: number): uPlot.Options {
    const value = (_: uPlot, v: number | null): string => (v === null ? "–" : `${number(v)} ${this.unit}`);
    const axis: uPlot.Axis = {
      stroke: token("--muted"),
      font: `12px ${token("--font")}`,
      grid: { stroke: token("--line"), width: 1 },
      ticks: { show: false },
    };
    const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false }, value };
    return {
      width: this.stage.clientWidth || 300,
      height: HEIGHT,
      padding: [12, 8, 0, 0],
      cursor: { drag: { x: false, y: false } },
      legend: { live: true, markers: { show: false } },
      tzDate: (s) => {
        const ms = s * 1000;
        return new Date(ms + (utcOffset() + new Date(ms).getTimezoneOffset()) * 60_000);
      },
      scales: {
        x: { range: () => span(this.history.points) },
        y: { range: (_, low, high) => this.bounds(low, high) },
      },
      axes: [
        { ...axis, space: 64, values: (_, splits, __, ___, step) => splits.map((s) => tick(s * 1000, step)) },
        { ...axis, size: 56, values: (_, splits) => splits.map((v) => number(v)) },
      ],
      series: [
        { label: this.t("js-chart-time"), value: (_, s: number | null) => (s === null ? "–" : stamp(s * 1000)) },
        { ...edge, label: this.t("js-chart-min") },
        { ...edge, label: this.t("js-chart-max") },
        {
          label: this.t("js-chart-average"),
          stroke: token("--chart-line"),
          width: 2,
          points: { show: count < 40, size: 6, fill: token("--chart-line") },
          value,
        },
      ],
      bands: [{ series: [2, 1], fill: token("--chart-band") }],
      hooks: { draw: [(plot) => this.drawNorm(plot)] },
    };
  }

  // The norm stays in sight only where the values come near it: a flat line at the bottom tells nobody anything.
  private bounds(low: number | null, high: number | null): [number, number] {
    let a = low ?? 0;
    let b = high ?? 1;
    const norm = this.norm;
    if (norm !== undefined && b > norm * 0.4) b = Math.max(b, norm);
    if (a >= 0 && a < b * 0.5) a = 0;
    const room = (b - a || Math.abs(b) || 1) * 0.08;
    return [a === 0 ? 0 : a - room, b + room];
  }

  private drawNorm(plot: uPlot): void {
    const norm = this.norm;
    const top = plot.scales["y"]?.max ?? 0;
    if (norm === undefined || norm > top) return;
    const y = plot.valToPos(norm, "y", true);
    const pen = plot.ctx;
    const { left, width } = plot.bbox;
    pen.save();
    pen.strokeStyle = token("--chart-norm");
    pen.fillStyle = token("--chart-norm");
    pen.lineWidth = 1.5 * devicePixelRatio;
    pen.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    pen.beginPath();
    pen.moveTo(left, y);
    pen.lineTo(left + width, y);
    pen.stroke();
    pen.font = `600 ${12 * devicePixelRatio}px ${token("--font")}`;
    pen.textAlign = "right";
    pen.textBaseline = "bottom";
    const words = this.t("js-chart-norm", { value: `${number(norm)} ${this.unit}` });
    pen.setLineDash([]);
    pen.lineJoin = "round";
    pen.lineWidth = 4 * devicePixelRatio;
    pen.strokeStyle = token("--surface");
    pen.strokeText(words, left + width - 4, y - 4 * devicePixelRatio);
    pen.fillText(words, left + width - 4, y - 4 * devicePixelRatio);
    pen.restore();
  }

  // The same numbers for those who do not see the picture.
  private table(title: string): HTMLElement {
    const head = ["time", "average", "min", "max"].map((key) =>
      el("th", { scope: "col", class: key === "time" ? undefined : "num" }, this.t(`js-chart-${key}`)),
    );
    const table = el(
      "table",
      { class: "table" },
      el("caption", { class: "visually-hidden" }, title),
      el("thead", {}, el("tr", {}, ...head)),
      this.body,
    );
    const box = el(
      "details",
      { class: "more" },
      el("summary", {}, this.t("js-chart-table")),
      el("div", { class: "scroll chart-table", tabindex: "0", role: "region", "aria-label": title }, table),
    );
    box.addEventListener("toggle", () => this.rows());
    return box;
  }

  private rows(): void {
    if (!this.body.closest("details")?.open) return;
    const cell = (v: number | null): HTMLElement => el("td", { class: "num" }, v === null ? "–" : number(v));
    this.body.replaceChildren(
      ...this.history.points
        .slice(-MOST_ROWS)
        .reverse()
        .map(([at, average, low, high]) =>
          el("tr", {}, el("th", { scope: "row" }, stamp(at)), cell(average), cell(low), cell(high)),
        ),
    );
  }
}

// The newest value stands at the right edge; the few values of a series that has just begun do not fill the picture.
function span(points: History["points"]): [number, number] {
  const end = points.at(-1)?.[0] ?? Date.now();
  return [Math.min(points[0]?.[0] ?? end, end - LEAST_SPAN_MS) / 1000, end / 1000];
}

function stamp(ms: number): string {
  return moment(ms, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

function tick(ms: number, step: number): string {
  if (step >= 28 * 86_400) return moment(ms, { month: "short", year: "2-digit" });
  if (step >= 86_400) return moment(ms, { day: "numeric", month: "short" });
  if (step < 60) return moment(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const clock = moment(ms, { hour: "2-digit", minute: "2-digit" });
  return clock === "00:00" ? moment(ms, { day: "numeric", month: "short" }) : clock;
}

/** Mounts every chart under `root`; returns what takes them down again. */
export function mountCharts(root: ParentNode): () => void {
  const charts: Chart[] = [];
  let gone = false;
  const hosts = [...root.querySelectorAll<HTMLElement>(".chart[data-history-url]:not([data-mounted])")];
  for (const host of hosts) host.dataset["mounted"] = "";
  if (hosts.length > 0) {
    void texts().then((t) => {
      if (gone) return;
      for (const host of hosts) {
        const chart = new Chart(host, t);
        charts.push(chart);
        void chart.start();
      }
    });
  }
  return () => {
    gone = true;
    for (const chart of charts) chart.dispose();
  };
}

mountCharts(document);
