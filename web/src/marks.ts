/** Events and narrations on the timeline: their signs, their words, and where they stand. */

import { clear, clock, h, signed } from "./dom";
import { GROUP } from "./model";
import type { Source } from "./model";
import type { Row } from "./types";
import { number, text } from "./types";
import { say_data, say_state, t } from "./words";

/** Where marks are closer than this, only the first in the order of `SIGNS` is drawn; hovering tells all. */
const MARK_PX = 11;

/** A sign per kind; `told` is what the narrator said. */
export const SIGNS = {
  source_state: "■",
  told: "●",
  quadrant_change: "◆",
  arrival: "▲",
  departure: "▼",
  spike: "✚",
} as const;

export type Kind = keyof typeof SIGNS;
const KINDS = Object.keys(SIGNS) as Kind[];

export class Marks {
  readonly element = h("div", { class: "marks", "aria-hidden": "true" });

  constructor(
    private readonly source: Source,
    private readonly jump: ((t: number) => void) | null,
  ) {}

  /** Lay the marks of a span; `place` gives the px of a time. */
  place(from: number, to: number, place: (t: number) => number): void {
    const marks: HTMLElement[] = [];
    const taken: number[] = [];
    for (const kind of KINDS)
      for (const row of this.rows(kind)) {
        const time = number(row, "timestamp") ?? 0;
        if (time < from || time > to) continue;
        const x = place(time);
        if (taken.some((other) => Math.abs(other - x) < MARK_PX)) continue;
        taken.push(x);
        marks.push(this.mark(kind, row, time, x));
      }
    clear(this.element, ...marks);
  }

  /** What happened or was said within a span, in words. */
  words(from: number, to: number): string[] {
    const near = (row: Row) => (number(row, "timestamp") ?? 0) >= from && (number(row, "timestamp") ?? 0) <= to;
    const told = this.source.narrations.filter(near).slice(0, 1);
    return [
      ...this.source.events.filter(near).slice(0, 4).map(event_words),
      ...told.map((row) => `“${text(row, "text")}”`),
    ];
  }

  private rows(kind: Kind): Row[] {
    if (kind === "told") return this.source.narrations;
    return this.source.events.filter((row) => text(row, "kind") === kind);
  }

  private mark(kind: Kind, row: Row, time: number, x: number): HTMLElement {
    const words = kind === "told" ? text(row, "text") : event_words(row);
    const mark = h("span", { class: `mark ${kind}`, title: `${clock(time)} ${words}` }, SIGNS[kind]);
    mark.style.left = `${x}px`;
    if (this.jump) mark.addEventListener("click", () => this.jump?.(time));
    return mark;
  }
}

export function name_of(id: number): string {
  return id === GROUP ? t("group") : `${t("person")} ${id}`;
}

function event_words(row: Row): string {
  const name = name_of(number(row, "person") ?? GROUP);
  const kind = text(row, "kind");
  const [before, after] = [text(row, "before"), text(row, "after")];
  if (kind === "source_state") return `${t("camera")}: ${say_state(after)}`;
  if (kind === "quadrant_change")
    return `${name} ${t("quadrant_change")}: ${say_data(before) || "–"} → ${say_data(after) || "–"}`;
  if (kind === "spike") return `${name}: ${t("spike")} · ${spike_words(before, after)}`;
  return `${name} ${say_data(kind)}`;
}

/** Of `arousal 0.02` and `arousal 0.61`: which measure, and from where to where. */
function spike_words(before: string, after: string): string {
  const [measure = "", value] = before.split(" ");
  const later = after.split(" ").pop();
  return `${say_data(measure)} ${signed(Number(value))} → ${signed(Number(later))}`;
}
