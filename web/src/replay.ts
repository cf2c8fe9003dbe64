/** Any stored moment of a source: its readings, and where its file is at hand, the picture. */

import { get } from "./link";
import type { Run, Source } from "./model";
import type { Stage } from "./stage";
import type { RawReading } from "./types";

const CHUNK_S = 10;
const CHUNKS_KEPT = 12;
/** A reading further away than this does not belong to the picture. */
const STALE_S = 0.6;
/** Of the past, so that trails and the chart of the last seconds are full after a jump. */
const PAST_S = 10;
/** While the run goes on, the newest seconds are read anew after so long. */
const FRESH_MS = 2000;
const FRONT_S = 5;
/** A picture this far from the moment that is shown is dimmed until its own has come. */
const OLD_S = 0.5;

interface Chunk {
  readings: Promise<RawReading[]>;
  until_ms: number;
}

export class Replay {
  t = 0;
  private chunks = new Map<number, Chunk>();
  private turn = 0;
  private gone = false;
  private shown_seq = -1;

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly stage: Stage,
  ) {}

  /** Go to a moment, with what led up to it. */
  async seek(wanted: number): Promise<void> {
    const turn = ++this.turn;
    const t = (this.t = Math.max(0, Math.min(wanted, this.source.duration_s)));
    this.shown_seq = -1;
    const past = await Promise.all([this.readings(t - PAST_S), this.readings(t)]);
    if (turn !== this.turn || this.gone) return;
    this.source.wind(Math.max(0, t - PAST_S));
    const before = past.flat().filter((one) => one.t <= t + 0.02 && one.t >= t - PAST_S);
    before.forEach((raw, k) => (k === 0 || raw.t > before[k - 1]!.t) && this.source.see(raw));
    await this.show(t);
  }

  /** Draw what was measured at a moment that follows the one before. */
  async show(t: number): Promise<void> {
    this.t = t;
    const readings = await this.readings(t);
    if (this.gone) return;
    void this.readings(t + CHUNK_S / 2);
    const found = newest(readings, t + 0.02);
    const raw = found && t - found.t <= STALE_S ? found : nobody(this.source.id, t);
    if (raw.seq === this.shown_seq) return;
    this.shown_seq = raw.seq;
    this.stage.lay(this.source.see(raw));
  }

  leave(): void {
    this.gone = true;
  }

  private readings(time: number): Promise<RawReading[]> {
    const chunk = Math.max(0, Math.floor(time / CHUNK_S));
    const known = this.chunks.get(chunk);
    if (known && performance.now() < known.until_ms) return known.readings;
    const span = `from=${chunk * CHUNK_S - 0.001}&to=${(chunk + 1) * CHUNK_S - 0.0011}`;
    const path = `/api/readings/${encodeURIComponent(this.source.id)}?${span}`;
    const readings = get<RawReading[]>(path).catch(() => []);
    const grows = !this.run.hello.finished && (chunk + 1) * CHUNK_S > this.source.duration_s - FRONT_S;
    this.chunks.set(chunk, { readings, until_ms: grows ? performance.now() + FRESH_MS : Infinity });
    if (this.chunks.size > CHUNKS_KEPT) this.chunks.delete(this.chunks.keys().next().value!);
    return readings;
  }
}

/** Asks for one picture of the past at a time: the one that was wanted last. */
export class Stills {
  private wanted: number | null = null;
  private shown_t = -Infinity;
  private is_busy = false;
  private gone = false;

  constructor(
    private readonly source: Source,
    private readonly stage: Stage,
    private readonly blur: () => boolean,
  ) {}

  show(t: number): void {
    this.wanted = t;
    if (Math.abs(t - this.shown_t) > OLD_S) this.stage.picture.classList.add("old");
    if (!this.is_busy) void this.work();
  }

  leave(): void {
    this.gone = true;
    this.stage.picture.classList.remove("old");
  }

  private async work(): Promise<void> {
    this.is_busy = true;
    while (this.wanted !== null && !this.gone) {
      const t = this.wanted;
      this.wanted = null;
      const bitmap = await this.load(t);
      if (this.gone) break;
      this.stage.put(bitmap);
      this.shown_t = t;
      if (this.wanted === null || Math.abs(this.wanted - t) <= OLD_S) this.stage.picture.classList.remove("old");
      this.source.tell("reading");
    }
    this.is_busy = false;
  }

  private async load(t: number): Promise<ImageBitmap | null> {
    const width = Math.max(160, Math.round(this.stage.width_px));
    const wish = `from=${t.toFixed(3)}&width=${width}&blur=${this.blur() ? 1 : 0}`;
    try {
      const answer = await fetch(`/still/${encodeURIComponent(this.source.id)}?${wish}`);
      return answer.status === 200 ? await createImageBitmap(await answer.blob()) : null;
    } catch {
      return null; // The run has ended, or the connection is lost: what was measured remains.
    }
  }
}

/** What is known of a moment that was not looked at; another one ten times a second. */
function nobody(source: string, t: number): RawReading {
  return { source, seq: -2 - Math.floor(10 * t), t, wall_ms: 0, reason: "", people: [] };
}

function newest(readings: RawReading[], until: number): RawReading | null {
  let low = 0;
  let high = readings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (readings[middle]!.t <= until) low = middle + 1;
    else high = middle;
  }
  return readings[low - 1] ?? null;
}
