/** What the server sends. See sinks/web/shapes.py and sinks/web/hub.py. */

export type Cell = string | number | null;
export type Row = Record<string, Cell>;
export type Joint = [number | null, number | null, number | null];

export interface Look {
  quadrants: Record<string, string>;
  people: string[];
  bones: [number, number][];
  visible: number;
  neutral_radius: number;
  emotions: string[];
  columns: Record<"people" | "windows" | "events" | "narrations", string[]>;
}

export interface SourceInfo {
  id: string;
  title: string;
  width: number;
  height: number;
  rate_hz: number;
  duration_s: number;
  camera: boolean;
  films: string[];
  /** Whether the server can show the picture of any moment that has passed. */
  stills: boolean;
}

export interface Hello {
  run: string;
  version: string;
  finished: boolean;
  live: boolean;
  window_s: number;
  pictures: "clear" | "blurred" | "none";
  stored: boolean;
  /** Whether pictures can be sent over WebRTC. */
  thin: boolean;
  /** Whether the points of the face mesh are sent to a page that asks for them. */
  mesh: boolean;
  models: Record<string, string>;
  sources: SourceInfo[];
  look: Look;
  health: Health;
}

export interface SourceHealth {
  rate_hz?: number | null;
  age_p50_ms?: number | null;
  age_p95_ms?: number | null;
  lost_since_s?: number | null;
  /** Why a camera that is tried again gives no pictures, in the words of a `source_state`; "" else. */
  fault?: string;
  note?: string | null;
  /** Of a camera of a live run: running, paused, removed and the like. */
  state?: string;
  frames: Record<string, number>;
}

export interface Health {
  sources: Record<string, SourceHealth>;
  stages: Record<string, Record<string, { n: number; p50_ms: number; p95_ms: number }>>;
}

export interface RawPerson {
  row: Cell[];
  joints: Joint[] | null;
  marks: [number, number][];
  /** Points of the face mesh, x and y as int16 in quarters of a px, in base64. */
  mesh?: string;
}

export interface RawReading {
  source: string;
  seq: number;
  t: number;
  wall_ms: number;
  width?: number;
  height?: number;
  reason: string;
  people: RawPerson[];
}

/** A person in one frame; `row` holds the columns of readings.csv. */
export interface Person {
  id: number;
  row: Row;
  joints: Joint[] | null;
  marks: [number, number][];
  mesh: Int16Array | null;
}

export interface Reading {
  source: string;
  seq: number;
  t: number;
  wall_ms: number;
  width: number;
  height: number;
  reason: string;
  people: Person[];
}

export interface History {
  windows: Cell[][];
  events: Cell[][];
  narrations: Cell[][];
}

export function number(row: Row, name: string): number | null {
  const value = row[name];
  return typeof value === "number" ? value : null;
}

export function text(row: Row, name: string): string {
  const value = row[name];
  return typeof value === "string" ? value : "";
}
