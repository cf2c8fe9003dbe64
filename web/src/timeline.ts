/** Valence, arousal and movement over time, per person and for the group, with marks. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clear, clock, h, signed, theme } from "./dom";
import { Marks, name_of } from "./marks";
import { in_words, table_of } from "./moment";
import type { Moment } from "./moment";
import { GROUP } from "./model";
import type { Run, Source } from "./model";
import { choose, settings } from "./settings";
import { MEASURES, nearest, people_of, recent_tables, run_tables } from "./tables";
import type { Measure, Table } from "./tables";
import { t } from "./words";

const DASHES: number[][] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];
const HEIGHT_PX = 76;
const REDRAW_MS = 200;
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800];
/** A mark within so many pixels of the pointer is read out. */
const NEAR_PX = 6;

export class Timeline {
  private readonly plots = h("div", {
    class: "plots",
    tabindex: 0,
    role: "slider",
    "aria-valuemin": 0,
    "aria-valuemax": 0,
    "aria-valuenow": 0,
  });
  private readonly tip = h("div", { class: "tip", hidden: true });
  private readonly marks: Marks;
  private readonly legend = h("div", { class: "legend" });
  private readonly ranges = h("div", { class: "segments", role: "group" });
  readonly element: HTMLElement;
  private charts: uPlot[] = [];
  private ids = "";
  private shown: number[] = [];
  private tables: Table[] = [];
  private drawn_ms = 0;
  private timer = 0;
  private cursor = -1;
  private readonly watcher = new ResizeObserver(() => this.resize());

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly jump: ((t: number) => void) | null,
  ) {
    this.marks = new Marks(source, jump);
    this.element = h(
      "section",
      { class: "card timeline-card" },
      h("div", { class: "row" }, h("h2", {}, t("timeline")), this.legend, this.ranges),
      h("div", { class: "plot-area" }, this.marks.element, this.plots, this.tip),
    );
    const label = `${t("timeline")}. ${t("timeline_help")}. ${jump ? t("timeline_jump") : ""}`;
    this.plots.setAttribute("aria-label", label);
    this.plots.addEventListener("keydown", (event) => this.press(event));
    this.plots.addEventListener("blur", () => this.point(-1));
    for (const range of ["window", "run"] as const)
      this.ranges.append(
        h(
          "button",
          { type: "button", "data-range": range, click: () => choose({ range }) },
          range === "window" ? t("range_window", this.run.hello.window_s) : t("range_run"),
        ),
      );
    this.press_range();
    this.watcher.observe(this.plots);
  }

  /** Draw soon; readings come faster than a chart needs. */
  update(): void {
    if (this.timer) return;
    const wait = Math.max(0, REDRAW_MS - (performance.now() - this.drawn_ms));
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.draw();
    }, wait);
  }

  leave(): void {
    window.clearTimeout(this.timer);
    this.watcher.disconnect();
    for (const chart of this.charts) chart.destroy();
    this.charts = [];
  }

  /** Make the charts anew: another theme or language. */
  restyle(): void {
    this.ids = "";
    this.press_range();
    this.update();
  }

  private press_range(): void {
    for (const button of this.ranges.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset["range"] === settings.range));
  }

  private get is_window(): boolean {
    return settings.range === "window";
  }

  private get now(): number {
    return this.source.reading?.t ?? this.source.duration_s;
  }

  private draw(): void {
    this.drawn_ms = performance.now();
    const [from, to] = this.span();
    this.tables = this.is_window ? recent_tables(this.source, from, to) : run_tables(this.source);
    const present = this.source.reading?.people.map((person) => person.id) ?? [];
    const { shown: ids, others } = people_of(this.tables, present);
    const key = `${ids.join()}|${others}|${this.is_window}`;
    if (key !== this.ids) this.build(ids, others);
    this.ids = key;
    this.charts.forEach((chart, k) => {
      const table = this.tables[k]!;
      chart.setData([table.t, ...ids.map((id) => table.people.get(id) ?? table.t.map(() => null))], false);
      chart.setScale("x", { min: from, max: to });
    });
    const chart = this.charts[0];
    if (chart) this.marks.place(from, to, (time) => chart.valToPos(time, "x") + chart.over.offsetLeft);
    this.plots.setAttribute("aria-valuemax", String(Math.round(to)));
    this.plots.setAttribute("aria-valuemin", String(Math.round(from)));
    if (this.cursor < 0) {
      this.plots.setAttribute("aria-valuenow", String(Math.round(this.now)));
      this.plots.setAttribute("aria-valuetext", clock(this.now));
    }
  }

  private span(): [number, number] {
    if (this.is_window) return [this.now - this.run.hello.window_s, this.now];
    return [0, Math.max(1, this.source.duration_s, this.run.hello.finished ? 0 : this.now)];
  }

  private build(ids: number[], others: number): void {
    this.shown = ids;
    for (const chart of this.charts) chart.destroy();
    clear(this.plots);
    this.charts = MEASURES.map((measure, k) => new uPlot(this.options(measure, ids, k), [[]], this.plots));
    for (const canvas of this.plots.querySelectorAll("canvas")) canvas.setAttribute("aria-hidden", "true");
    clear(
      this.legend,
      ...ids.map((id) => {
        const swatch = h("span", { class: `swatch dash${id === GROUP ? "" : (id - 1) % DASHES.length}` });
        swatch.style.setProperty("--c", id === GROUP ? "var(--text)" : this.run.colour(id));
        return h("span", { class: "key" }, swatch, name_of(id));
      }),
      others ? h("span", {}, t("others", others)) : null,
    );
  }

  private options(measure: Measure, ids: number[], k: number): uPlot.Options {
    const is_last = k === MEASURES.length - 1;
    const grid = { stroke: theme("--grid"), width: 1 };
    const axis = { stroke: theme("--faint"), grid, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    return {
      width: Math.max(80, this.plots.clientWidth),
      height: HEIGHT_PX + (is_last ? 24 : 0),
      padding: [8, 18, is_last ? 0 : 4, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: `timeline-${this.source.id}` },
        points: { size: 6 },
      },
      scales: {
        x: { time: false, auto: false },
        y: measure === "movement" ? { range: (_, __, max) => [0, Math.max(1, max || 0)] } : { range: [-1, 1] },
      },
      axes: [
        { ...axis, show: is_last, size: 24, incrs: TICKS_S, values: (_, ticks) => ticks.map((tick) => clock(tick)) },
        {
          ...axis,
          size: 46,
          label: t(measure),
          labelSize: 16,
          labelFont: "600 12px system-ui, sans-serif",
          splits: measure === "movement" ? undefined : [-1, 0, 1],
          values: (_, ticks) => ticks.map((tick) => (measure === "movement" ? tick.toFixed(1) : signed_tick(tick))),
        },
      ],
      series: [
        {},
        ...ids.map((id) => ({
          stroke: id === GROUP ? theme("--text") : this.run.colour(id),
          width: id === GROUP ? 2.5 : 2,
          dash: id === GROUP ? [] : DASHES[(id - 1) % DASHES.length]!,
          points: { show: false },
          spanGaps: false,
        })),
      ],
      hooks: {
        setCursor: [(chart) => k === 0 && this.hover(chart)],
        ready: [(chart) => chart.over.addEventListener("click", () => this.jump_to(chart))],
        draw: [(chart) => this.source.is_past && draw_now(chart, this.now)],
      },
    };
  }

  private hover(chart: uPlot): void {
    const { idx, left } = chart.cursor;
    if (idx === null || idx === undefined || left === undefined || left < 0) {
      this.tip.hidden = true;
      return;
    }
    const time = chart.data[0][idx] ?? 0;
    this.cursor = idx;
    const moment = this.moment(idx, time);
    clear(this.tip, h("strong", {}, clock(time)), table_of(moment), ...moment.words.map((line) => h("p", {}, line)));
    this.tip.hidden = false;
    const x = chart.valToPos(time, "x") + chart.over.offsetLeft;
    const width = this.tip.offsetWidth;
    const flip = x + width + 20 > this.plots.clientWidth;
    this.tip.style.left = `${Math.max(0, flip ? x - width - 10 : x + 10)}px`;
  }

  private moment(idx: number, time: number): Moment {
    const rows = this.shown.flatMap((id) => {
      const [v, a, m] = this.tables.map((table) => table.people.get(id)?.[idx] ?? null);
      if (v == null && a == null && m == null) return [];
      return [{ name: name_of(id), values: [signed(v ?? null), signed(a ?? null), m == null ? "–" : m.toFixed(2)] }];
    });
    const chart = this.charts[0];
    const reach = Math.max(0.5, chart ? chart.posToVal(NEAR_PX, "x") - chart.posToVal(0, "x") : 0);
    return { time, rows, words: this.marks.words(time - reach, time + reach) };
  }

  private jump_to(chart: uPlot): void {
    const { left } = chart.cursor;
    if (this.jump && left !== undefined && left >= 0) this.jump(chart.posToVal(left, "x"));
  }

  private press(event: KeyboardEvent): void {
    const times = this.tables[0]?.t ?? [];
    const [from, to] = this.span();
    const shown = times.flatMap((time, k) => (time >= from && time <= to ? [k] : []));
    if (!shown.length) return;
    const first = shown[0]!;
    const last = shown[shown.length - 1]!;
    const at = this.cursor < first || this.cursor > last ? nearest(times, this.now) : this.cursor;
    const step = event.shiftKey ? 10 : 1;
    const next: Record<string, number> = {
      ArrowLeft: at - step,
      ArrowDown: at - step,
      ArrowRight: at + step,
      ArrowUp: at + step,
      Home: first,
      End: last,
    };
    if (event.key in next) this.point(Math.max(first, Math.min(last, next[event.key]!)));
    else if (event.key === "Enter" && this.jump && this.cursor >= 0) this.jump(times[this.cursor] ?? 0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private point(idx: number): void {
    const chart = this.charts[0];
    const time = this.tables[0]?.t[idx];
    this.cursor = idx;
    if (!chart) return;
    if (time === undefined) return chart.setCursor({ left: -10, top: -10 });
    chart.setCursor({ left: chart.valToPos(time, "x"), top: 10 });
    this.cursor = idx;
    this.plots.setAttribute("aria-valuenow", String(Math.round(time)));
    this.plots.setAttribute("aria-valuetext", in_words(this.moment(idx, time)));
  }

  private resize(): void {
    const width = this.plots.clientWidth;
    this.charts.forEach((chart) => chart.width !== width && chart.setSize({ width, height: chart.height }));
    this.update();
  }
}

function signed_tick(tick: number): string {
  return tick === 0 ? "0" : tick > 0 ? `+${tick}` : `−${-tick}`;
}

function draw_now(chart: uPlot, now: number): void {
  const x = chart.valToPos(now, "x", true);
  const { top, height } = chart.bbox;
  chart.ctx.save();
  chart.ctx.strokeStyle = theme("--accent");
  chart.ctx.lineWidth = 2 * devicePixelRatio;
  chart.ctx.beginPath();
  chart.ctx.moveTo(x, top);
  chart.ctx.lineTo(x, top + height);
  chart.ctx.stroke();
  chart.ctx.restore();
}
