/** The picture of a source with the overlay on top; used large and as a tile of the wall. */

import { fit, h, say } from "./dom";
import { is_lost, lost_words, standing } from "./model";
import type { Run, Source } from "./model";
import { draw_overlay } from "./overlay";
import { settings } from "./settings";
import type { RawReading, Reading } from "./types";
import type { Word } from "./words";
import { t } from "./words";

const AGES_KEPT = 200;

export class Stage {
  readonly picture = h("canvas", { class: "picture", "aria-hidden": "true" });
  readonly overlay = h("canvas", { class: "overlay", "aria-hidden": "true" });
  readonly note = h("p", { class: "stage-note", role: "status" });
  readonly frame = h("div", { class: "frame" }, this.picture, this.overlay, this.note);
  painted = 0;
  has_picture = false;
  /** While the past is shown, the notes of the present are kept back. */
  is_past = false;
  private next: { reading: Reading; bitmap: ImageBitmap | null } | null = null;
  private shown: Reading | null = null;
  private readonly watcher = new ResizeObserver(() => this.redraw());

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly compact = false,
  ) {
    this.watcher.observe(this.frame);
    const info = run.hello.sources.find((one) => one.id === source.id);
    this.shape(info?.width || 16, info?.height || 9);
    this.describe();
  }

  /** Whether the picture comes from the camera of a browser, and this page can give it. */
  private get is_camera(): boolean {
    return !this.compact && Boolean(this.run.hello.sources.find((one) => one.id === this.source.id)?.camera);
  }

  get width_px(): number {
    return this.frame.clientWidth * Math.min(2, window.devicePixelRatio || 1);
  }

  /** Take a reading with its picture; decoded when the promise is kept, drawn with the next frame. */
  async paint(raw: RawReading, jpeg: Blob | null): Promise<void> {
    const reading = this.source.see(raw);
    const bitmap = jpeg ? await createImageBitmap(jpeg).catch(() => null) : null;
    const waits = this.next !== null;
    this.next?.bitmap?.close();
    this.next = { reading, bitmap };
    if (!waits) requestAnimationFrame(() => this.show());
  }

  /** Draw a reading alone, over a film or over nothing. */
  lay(reading: Reading): void {
    this.shown = reading;
    this.shape(reading.width, reading.height);
    this.redraw();
  }

  redraw(): void {
    const ratio = fit(this.overlay);
    const ctx = this.overlay.getContext("2d");
    if (ctx && this.shown) draw_overlay(ctx, this.run, this.shown, ratio, this.compact);
  }

  /** Show a picture alone, what was measured stays; null where there is none. */
  put(bitmap: ImageBitmap | null): void {
    this.has_picture = bitmap !== null;
    if (!bitmap) return this.wipe();
    this.copy(bitmap);
  }

  wipe(): void {
    this.has_picture = false;
    const { width, height } = this.picture;
    this.picture.getContext("2d")?.clearRect(0, 0, width, height);
  }

  /** Say what keeps the picture from moving, if anything does. */
  describe(): void {
    if (this.is_past) return;
    const health = this.run.health.sources[this.source.id];
    const hidden = this.run.hello.pictures === "none";
    let words = "";
    if (this.run.hello.finished) words = "";
    else if (standing(health)) words = t(standing(health) as Word);
    else if (health?.lost_since_s) words = lost_words(health);
    else if (!this.shown) words = t(this.is_camera ? "waiting_camera" : "waiting");
    else if (this.shown.reason) words = t("invalid", this.shown.reason);
    else if (hidden) words = t("no_pictures");
    say(this.note, words);
    this.note.classList.toggle("bad", is_lost(health));
  }

  leave(): void {
    this.watcher.disconnect();
    this.next?.bitmap?.close();
    this.next = null;
  }

  private show(): void {
    const next = this.next;
    this.next = null;
    if (this.is_past) next?.bitmap?.close();
    if (!next || this.is_past) return;
    const { reading, bitmap } = next;
    this.shape(reading.width, reading.height);
    const is_first = this.shown === null;
    this.shown = reading;
    if (bitmap) this.copy(bitmap);
    else this.wipe();
    this.redraw();
    if (is_first || reading.reason) this.describe();
    this.painted += 1;
    this.source.ages_ms.push(Date.now() - reading.wall_ms);
    if (this.source.ages_ms.length > AGES_KEPT) this.source.ages_ms.shift();
    this.frame.dataset["painted"] = String(this.painted);
    if (this.painted % 10 === 0) this.frame.dataset["age"] = String(age_p95(this.source) ?? "");
  }

  private copy(bitmap: ImageBitmap): void {
    if (this.picture.width !== bitmap.width) this.picture.width = bitmap.width;
    if (this.picture.height !== bitmap.height) this.picture.height = bitmap.height;
    this.picture.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
  }

  private shape(width: number, height: number): void {
    const shape = `${width} / ${height}`;
    if (!this.compact && this.frame.style.aspectRatio !== shape) {
      this.frame.style.aspectRatio = shape;
      this.frame.style.setProperty("--shape", String(width / height));
    }
    if (this.compact) {
      this.frame.classList.toggle("wide", width / height > 16 / 9);
      for (const canvas of [this.picture, this.overlay]) canvas.style.aspectRatio = shape;
    }
    this.frame.dataset["blur"] = String(settings.blur);
  }
}

export function age_p95(source: Source): number | null {
  if (!source.ages_ms.length) return null;
  const sorted = [...source.ages_ms].sort((a, b) => a - b);
  return sorted[Math.floor(0.95 * (sorted.length - 1))] ?? null;
}
