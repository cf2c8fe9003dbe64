/** How the run goes: rates, ages, what was dropped and why, and the time each step takes. */

import { clear, h } from "./dom";
import { is_lost, lost_words, standing } from "./model";
import type { Run, Source } from "./model";
import { age_p95 } from "./stage";
import { say_data, t } from "./words";

const DROPS = ["overwritten", "shed", "stale", "decode_error", "infer_error"];

function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function pair(first: number | null | undefined, second: number | null | undefined): string {
  return first == null || second == null ? "–" : `${Math.round(first)} · ${Math.round(second)} ms`;
}

export class HealthPanel {
  private readonly facts = h("div");
  private readonly stages = h("div");
  private readonly more = h("details", {}, h("summary", {}, t("steps")), this.stages);
  readonly element = h("section", { class: "card health" }, h("h2", {}, t("health")), this.facts, this.more);

  constructor(
    private readonly run: Run,
    private readonly source: Source,
  ) {
    this.more.addEventListener("toggle", () => this.update());
  }

  update(): void {
    clear(this.facts, this.describe());
    const stages = Object.entries(this.run.health.stages).filter(([, steps]) => Object.keys(steps).length);
    this.more.hidden = !stages.length;
    if (this.more.open) clear(this.stages, this.table(stages));
  }

  private describe(): HTMLElement {
    const health = this.run.health.sources[this.source.id];
    const frames = health?.frames ?? {};
    const info = this.run.hello.sources.find((one) => one.id === this.source.id);
    const fact = (name: string, value: string, help = "") => h("div", { title: help }, h("dt", {}, name), h("dd", {}, value));
    const facts: HTMLElement[] = [];
    const finished = this.run.hello.finished;
    if (!finished || health?.rate_hz != null) facts.push(fact(t("rate"), `${(health?.rate_hz ?? 0).toFixed(1)}/s`));
    if (!finished) {
      const screen = age_p95(this.source);
      facts.push(fact(t("age"), pair(health?.age_p50_ms, health?.age_p95_ms), t("age_help")));
      if (screen !== null) facts.push(fact(t("on_screen"), ms(screen), t("screen_help")));
    }
    for (const name of ["captured", "inferred"]) {
      const count = frames[name];
      if (count !== undefined) facts.push(fact(say_data(name), String(count)));
    }
    for (const name of DROPS) {
      const count = frames[name];
      if (count) facts.push(fact(say_data(name), String(count)));
    }
    const lost = is_lost(health);
    const state = standing(health);
    const why = state === "ended" || state === "failed" ? (health?.note ?? "").replace(/^(failed: |interrupted$)/, "") : "";
    const words = finished ? "" : state && t(state);
    const note = [words, why].filter(Boolean).join(": ");
    return h(
      "div",
      { class: "source" },
      h("h3", {}, info?.title ?? this.source.id),
      lost ? h("p", { class: "alarm" }, lost_words(health!)) : null,
      note ? h("p", { class: "faint" }, note) : null,
      h("dl", {}, ...facts),
    );
  }

  private table(stages: [string, Record<string, { p50_ms: number; p95_ms: number }>][]): HTMLElement {
    const head = [t("stage"), t("step"), t("median"), t("p95")];
    return h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...head.map((word) => h("th", { scope: "col" }, word)))),
      h(
        "tbody",
        {},
        ...stages.flatMap(([stage, steps]) =>
          Object.entries(steps).map(([step, time]) =>
            h("tr", {}, h("td", {}, stage), h("td", {}, step), h("td", {}, ms(time.p50_ms)), h("td", {}, ms(time.p95_ms))),
          ),
        ),
      ),
    );
  }
}
