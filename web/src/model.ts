/** What is known of the run, source by source; the views read it and are told when it changes. */

import type { Cell, Hello, Health, History, Person, RawReading, Reading, Row, SourceHealth, SourceInfo } from "./types";
import { number, text } from "./types";
import type { Word } from "./words";
import { say_state, t } from "./words";

export const GROUP = 0;
/** Seconds of single readings that are kept for trails and for the chart of the last seconds. */
const RECENT_S = 60;
/** As in the overlay film: what a stride left out stays on the picture for so long. */
const HOLD_S = 0.3;

export interface Point {
  t: number;
  valence: number | null;
  arousal: number | null;
  valence_sd: number | null;
  arousal_sd: number | null;
  movement: number | null;
}

export type Change = "reading" | "history" | "narration" | "health";

export function objects(columns: string[], rows: Cell[][]): Row[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, k) => [name, row[k] ?? null])));
}

export class Source {
  reading: Reading | null = null;
  windows = new Map<number, Row[]>();
  events: Row[] = [];
  narrations: Row[] = [];
  recent = new Map<number, Point[]>();
  rest = new Map<number, { valence: number; arousal: number }>();
  /** Whether `reading` is of a moment that somebody looks back at. */
  is_past = false;
  readonly ages_ms: number[] = [];
  private held = new Map<number, { t: number; person: Person }>();
  private listeners = new Map<Change, Set<() => void>>();

  constructor(
    readonly id: string,
    private readonly hello: Hello,
  ) {}

  on(change: Change, listener: () => void): () => void {
    const set = this.listeners.get(change) ?? new Set();
    this.listeners.set(change, set.add(listener));
    return () => set.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of this.listeners.get(change) ?? []) listener();
  }

  /** Turn what came over the wire into a reading, and keep its points. */
  see(raw: RawReading): Reading {
    const info = this.hello.sources.find((one) => one.id === this.id);
    const columns = this.hello.look.columns.people;
    const people = raw.people.map((one): Person => {
      const row = objects(columns, [one.row])[0] ?? {};
      return { id: number(row, "person") ?? 0, row, joints: one.joints, marks: one.marks, mesh: unpack(one.mesh) };
    });
    const size = { width: raw.width || info?.width || 640, height: raw.height || info?.height || 480 };
    const reading: Reading = { ...raw, ...size, source: this.id, people };
    if (this.reading === null || raw.t !== this.reading.t) this.note(reading);
    this.reading = { ...reading, people: people.map((person) => this.hold(raw.t, person)) };
    this.tell("reading");
    return this.reading;
  }

  /** Forget the points after a moment, when a finished run is wound to it. */
  wind(t: number): void {
    for (const [id, points] of this.recent)
      this.recent.set(id, points.filter((point) => point.t < t && point.t > t - RECENT_S));
    this.held.clear();
  }

  /** Take the past; what has come since it was asked for, or is not stored yet, stays. */
  fill(history: History): void {
    const { windows, events, narrations } = this.hello.look.columns;
    const known = [...this.windows.values()].flat();
    this.windows.clear();
    for (const row of [...objects(windows, history.windows), ...known]) this.add_window(row);
    this.events = joined(objects(events, history.events), this.events);
    this.narrations = joined(objects(narrations, history.narrations), this.narrations);
    this.tell("history");
    this.tell("narration");
  }

  add(kind: "windows" | "events" | "narrations", rows: Cell[][]): void {
    const made = objects(this.hello.look.columns[kind], rows);
    if (kind === "windows") for (const row of made) this.add_window(row);
    if (kind === "events") this.events.push(...made);
    if (kind === "narrations") this.narrations.push(...made);
    this.tell(kind === "narrations" ? "narration" : "history");
  }

  get duration_s(): number {
    const declared = this.hello.finished
      ? (this.hello.sources.find((one) => one.id === this.id)?.duration_s ?? 0)
      : 0;
    const group = this.windows.get(GROUP);
    return Math.max(declared, group?.length ? (number(group[group.length - 1]!, "timestamp") ?? 0) : 0);
  }

  private add_window(row: Row): void {
    const id = number(row, "person") ?? GROUP;
    const rows = this.windows.get(id) ?? [];
    this.windows.set(id, rows);
    const t = number(row, "timestamp") ?? 0;
    const last = rows.length ? (number(rows[rows.length - 1]!, "timestamp") ?? 0) : -1;
    if (t > last) rows.push(row);
    else if (t === last) rows[rows.length - 1] = row;
  }

  private note(reading: Reading): void {
    for (const person of reading.people) {
      const points = this.recent.get(person.id) ?? [];
      this.recent.set(person.id, points);
      const last = points[points.length - 1];
      if (last && last.t >= reading.t) points.length = 0;
      points.push({ t: reading.t, ...affect(person) });
      while (points.length && reading.t - points[0]!.t > RECENT_S) points.shift();
    }
  }

  private hold(t: number, person: Person): Person {
    const before = this.held.get(person.id);
    let held = person;
    if (before && !person.joints && t - before.t <= HOLD_S && t >= before.t) {
      const { posture = null, movement = null } = before.person.row;
      const row = { ...person.row, posture: person.row["posture"] || posture, movement: person.row["movement"] ?? movement };
      held = { ...person, joints: before.person.joints, row };
    }
    if (person.joints) this.held.set(person.id, { t, person });
    return held;
  }
}

/** Return rows with those of others that are not among them, in order of time. */
function joined(rows: Row[], others: Row[]): Row[] {
  const key = (row: Row) => ["timestamp", "person", "kind", "after"].map((name) => row[name]).join("|");
  const known = new Set(rows.map(key));
  const all = [...rows, ...others.filter((row) => !known.has(key(row)))];
  return all.sort((a, b) => (number(a, "timestamp") ?? 0) - (number(b, "timestamp") ?? 0));
}

/** How a camera that gives no pictures is called; "" for one that does. */
export function standing(health: SourceHealth | undefined): Word | "" {
  const state = health?.state ?? "";
  if (state === "paused" || state === "removed" || state === "off" || state === "failed") return state;
  return health?.note != null ? "ended" : "";
}

export function is_lost(health: SourceHealth | undefined): boolean {
  return Boolean(health?.lost_since_s) && standing(health) === "";
}

/** Since when a lost camera gives no pictures, and why, where that is known. */
export function lost_words(health: SourceHealth): string {
  const since = t("lost", new Date((health.lost_since_s ?? 0) * 1000).toLocaleTimeString());
  return health.fault ? `${since}: ${say_state(health.fault)}` : since;
}

function unpack(mesh: string | undefined): Int16Array | null {
  return mesh ? new Int16Array(Uint8Array.from(atob(mesh), (sign) => sign.charCodeAt(0)).buffer) : null;
}

export function affect(person: Person): Omit<Point, "t"> {
  const { row } = person;
  return {
    valence: number(row, "valence_steady") ?? number(row, "valence"),
    arousal: number(row, "arousal_steady") ?? number(row, "arousal"),
    valence_sd: number(row, "valence_sd"),
    arousal_sd: number(row, "arousal_sd"),
    movement: number(row, "movement"),
  };
}

export class Run {
  readonly sources = new Map<string, Source>();
  health: Health;

  constructor(readonly hello: Hello) {
    for (const info of hello.sources) this.sources.set(info.id, new Source(info.id, hello));
    this.health = hello.health;
  }

  /** Take up cameras that were added to the run; returns whether there were any. */
  adopt(infos: SourceInfo[]): boolean {
    const fresh = infos.filter((info) => !this.sources.has(info.id));
    this.hello.sources.push(...fresh);
    for (const info of fresh) this.sources.set(info.id, new Source(info.id, this.hello));
    return fresh.length > 0;
  }

  colour(person: number): string {
    const palette = this.hello.look.people;
    return `#${palette[(person - 1) % palette.length] ?? "7f7f7f"}`;
  }

  quadrant_colour(name: string): string {
    return `#${this.hello.look.quadrants[name] ?? "aab0b7"}`;
  }

  quadrant(valence: number | null, arousal: number | null): string {
    if (valence === null || arousal === null) return "";
    if (Math.hypot(valence, arousal) < this.hello.look.neutral_radius) return "neutral";
    if (valence >= 0) return arousal >= 0 ? "excited" : "calm";
    return arousal >= 0 ? "angry" : "sad";
  }
}

export function emotions_of(person: Person, names: string[]): (number | null)[] {
  const steady = names.map((name) => number(person.row, `${name}_steady`));
  return steady.some((value) => value !== null) ? steady : names.map((name) => number(person.row, name));
}

export function emotion_of(person: Person): string {
  return text(person.row, "emotion_steady") || text(person.row, "emotion");
}
