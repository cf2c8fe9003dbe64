/** What the timeline draws: times, and a value per person (0: the group) and time. */

import { GROUP } from "./model";
import type { Source } from "./model";
import { number } from "./types";

export const MEASURES = ["valence", "arousal", "movement"] as const;
export type Measure = (typeof MEASURES)[number];
export type Values = (number | null)[];
export type Table = { t: number[]; people: Map<number, Values> };

/** What a stride left out is no gap: undefined lets the line pass. */
const PASS = undefined as unknown as null;

/** The windows of the whole run, one table per measure. */
export function run_tables(source: Source): Table[] {
  return MEASURES.map((measure) => {
    const column = measure === "movement" ? "movement" : `${measure}_mean`;
    const sorted = ordered([...source.windows.values()].flat().map((row) => number(row, "timestamp") ?? 0));
    const where = new Map(sorted.map((time, k) => [time, k]));
    const people = new Map<number, Values>();
    for (const [id, rows] of source.windows) {
      const values: Values = sorted.map(() => null);
      for (const row of rows)
        values[where.get(number(row, "timestamp") ?? 0)!] = rested(source, id, measure, number(row, column));
      people.set(id, values);
    }
    return { t: sorted, people };
  });
}

/** Every reading of a span, one table per measure. */
export function recent_tables(source: Source, from: number, to: number): Table[] {
  const inside = [...source.recent.values()].flat().filter((point) => point.t >= from && point.t <= to);
  const sorted = ordered(inside.map((point) => point.t));
  const where = new Map(sorted.map((time, k) => [time, k]));
  return MEASURES.map((measure) => {
    const people = new Map<number, Values>();
    for (const [id, points] of source.recent) {
      const values: Values = new Array<null>(sorted.length).fill(PASS);
      let any = false;
      for (const point of points) {
        const k = where.get(point.t);
        if (k === undefined) continue;
        any = true;
        const value = rested(source, id, measure, point[measure]);
        values[k] = value === null && measure === "movement" ? PASS : value;
      }
      if (any) people.set(id, values);
    }
    return { t: sorted, people };
  });
}

export function people_of(tables: Table[]): number[] {
  return [...new Set(tables.flatMap((table) => [...table.people.keys()]))].sort((a, b) => a - b);
}

export function nearest(times: number[], wanted: number): number {
  let best = 0;
  times.forEach((time, k) => {
    if (Math.abs(time - wanted) < Math.abs(times[best]! - wanted)) best = k;
  });
  return best;
}

function ordered(times: number[]): number[] {
  return [...new Set(times)].sort((a, b) => a - b);
}

function rested(source: Source, id: number, measure: Measure, value: number | null): number | null {
  const rest = id === GROUP ? undefined : source.rest.get(id);
  return value === null || !rest || measure === "movement" ? value : value - rest[measure];
}
