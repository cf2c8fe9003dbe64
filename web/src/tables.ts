/** What the timeline draws: times, and a value per person (0: the group) and time. */

import { GROUP } from "./model";
import type { Source } from "./model";
import { number } from "./types";

export const MEASURES = ["valence", "arousal", "movement"] as const;
export type Measure = (typeof MEASURES)[number];
export type Values = (number | null)[];
export type Table = { t: number[]; people: Map<number, Values> };

/** As many lines as there are colours. */
const MOST_PEOPLE = 8;
/** Between windows further apart than this, and than three usual steps, lines end. */
const GAP_S = 5;

/** What a stride left out is no gap: undefined lets the line pass. */
const PASS = undefined as unknown as null;

/** The windows of the whole run, one table per measure. */
export function run_tables(source: Source): Table[] {
  return MEASURES.map((measure) => {
    const column = measure === "movement" ? "movement" : `${measure}_mean`;
    const sorted = with_gaps(ordered([...source.windows.values()].flat().map((row) => number(row, "timestamp") ?? 0)));
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

/** The group, who is in the picture, and those measured longest; and how many are left out. */
export function people_of(tables: Table[], present: number[]): { shown: number[]; others: number } {
  const ids = [...new Set(tables.flatMap((table) => [...table.people.keys()]))];
  const length = (id: number) => tables[0]?.people.get(id)?.filter((value) => value != null).length ?? 0;
  const rank = (id: number) => (id === GROUP ? Infinity : present.includes(id) ? 1e9 : length(id));
  const shown = ids.sort((a, b) => rank(b) - rank(a) || a - b).slice(0, MOST_PEOPLE + 1);
  return { shown: shown.sort((a, b) => a - b), others: ids.length - shown.length };
}

export function nearest(times: number[], wanted: number): number {
  let best = 0;
  times.forEach((time, k) => {
    if (Math.abs(time - wanted) < Math.abs(times[best]! - wanted)) best = k;
  });
  return best;
}

/** Put a time without values into every gap, so that no line leads over it. */
function with_gaps(times: number[]): number[] {
  const steps = times.slice(1).map((time, k) => time - times[k]!);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const most = Math.max(GAP_S, 3 * usual);
  return times.flatMap((time, k) => (k && time - times[k - 1]! > most ? [(time + times[k - 1]!) / 2, time] : [time]));
}

function ordered(times: number[]): number[] {
  return [...new Set(times)].sort((a, b) => a - b);
}

function rested(source: Source, id: number, measure: Measure, value: number | null): number | null {
  const rest = id === GROUP ? undefined : source.rest.get(id);
  return value === null || !rest || measure === "movement" ? value : value - rest[measure];
}
