/** A finished run: its film, or a clock of our own where there is none, and the readings in step. */

import { clock, h, say } from "./dom";
import { get } from "./link";
import type { Run, Source } from "./model";
import { settings } from "./settings";
import type { Stage } from "./stage";
import type { RawReading } from "./types";
import { t } from "./words";

const CHUNK_S = 10;
const CHUNKS_KEPT = 12;
/** A reading further away than this does not belong to the picture. */
const STALE_S = 0.6;
/** Of the past, so that trails and the chart of the last seconds are full after a jump. */
const PAST_S = 10;

export class Player {
  private readonly video = h("video", { class: "film", playsinline: true, preload: "auto", "aria-hidden": "true", tabindex: -1 });
  private readonly play = h("button", { type: "button", class: "play", click: () => this.toggle() });
  private readonly time = h("output", { class: "clock" });
  private readonly slider = h("input", { type: "range", min: 0, step: 0.04, value: 0, class: "scrub" });
  private readonly films = h("select", { class: "films", "aria-label": t("film") });
  readonly bar = h("div", { class: "player" }, this.play, this.slider, this.time, this.films);
  private chunks = new Map<number, Promise<RawReading[]>>();
  private film = "";
  private t = 0;
  private playing = false;
  private stepped_ms = 0;
  private seeking = 0;
  private gone = false;
  private shown_seq = -1;

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly stage: Stage,
  ) {
    this.video.muted = true;
    stage.frame.prepend(this.video);
    this.slider.setAttribute("aria-label", t("position"));
    this.slider.addEventListener("input", () => void this.seek(Number(this.slider.value)));
    this.video.addEventListener("error", () => this.next_film());
    this.video.addEventListener("ended", () => this.set_playing(false));
    this.video.addEventListener("loadeddata", () => this.ready());
    this.video.addEventListener("seeked", () => this.source.tell("reading"));
    const names = run.hello.sources.find((one) => one.id === source.id)?.films ?? [];
    for (const name of names)
      this.films.append(h("option", { value: name }, t(name === "source" ? "film_source" : "film_overlay")));
    this.films.hidden = names.length < 2;
    this.films.addEventListener("change", () => this.load(this.films.value));
    this.load(names[0] ?? "");
    this.set_playing(false);
    requestAnimationFrame(() => this.step());
    void this.seek(0);
  }

  get picture(): HTMLVideoElement | null {
    return this.film && this.video.readyState >= 2 && !this.is_hidden ? this.video : null;
  }

  toggle(): void {
    this.set_playing(!this.playing);
  }

  async seek(wanted: number): Promise<void> {
    const turn = ++this.seeking;
    this.t = Math.max(0, Math.min(wanted, this.source.duration_s));
    if (this.film && !this.is_hidden) this.video.currentTime = this.t;
    this.shown_seq = -1;
    const past = await Promise.all([this.readings(this.t - PAST_S), this.readings(this.t)]);
    if (turn !== this.seeking || this.gone) return;
    this.source.wind(Math.max(0, this.t - PAST_S));
    const before = past.flat().filter((one) => one.t <= this.t + 0.02 && one.t >= this.t - PAST_S);
    before.forEach((raw, k) => (k === 0 || raw.t > before[k - 1]!.t) && this.source.see(raw));
    await this.show();
  }

  by(seconds: number): void {
    void this.seek(this.t + seconds);
  }

  /** Take up another choice of what is shown. */
  choose(): void {
    const hidden = this.is_hidden;
    this.video.hidden = hidden || !this.film;
    if (hidden && this.video.src) {
      this.video.removeAttribute("src");
      this.video.load();
    } else if (!hidden && this.film && !this.video.src) this.load(this.film);
    this.describe();
  }

  leave(): void {
    this.gone = true;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  private get is_hidden(): boolean {
    return settings.blur;
  }

  private load(name: string): void {
    this.film = name;
    this.films.value = name;
    this.video.hidden = !name || this.is_hidden;
    this.stage.overlay.hidden = name === "overlay";
    if (name && !this.is_hidden) this.video.src = `/film/${encodeURIComponent(this.source.id)}/${name}`;
    this.describe();
  }

  private ready(): void {
    if (Math.abs(this.video.currentTime - this.t) > 0.05) this.video.currentTime = this.t;
    if (this.playing) void this.video.play();
  }

  private next_film(): void {
    if (!this.video.getAttribute("src")) return;
    const names = [...this.films.options].map((option) => option.value);
    this.load(names[names.indexOf(this.film) + 1] ?? "");
  }

  private describe(): void {
    let words = "";
    if (this.is_hidden) words = t("blur_finished");
    else if (this.run.hello.pictures === "none") words = t("no_pictures");
    else if (!this.film) words = t("no_film");
    say(this.stage.note, words);
    this.stage.note.classList.add("low");
  }

  private set_playing(playing: boolean): void {
    this.playing = playing;
    if (playing && this.t >= this.source.duration_s - 0.05) void this.seek(0);
    this.play.setAttribute("aria-label", t(playing ? "pause" : "play"));
    say(this.play, playing ? "❚❚" : "▶");
    if (!this.film || this.is_hidden) return;
    if (playing) void this.video.play().catch(() => this.set_playing(false));
    else this.video.pause();
  }

  private step(): void {
    if (this.gone) return;
    const now = performance.now();
    const has_film = this.picture !== null;
    if (this.playing) {
      this.t = has_film ? this.video.currentTime : this.t + Math.min(0.25, (now - this.stepped_ms) / 1000);
      if (this.t >= this.source.duration_s) this.set_playing(false);
      void this.show();
    }
    this.stepped_ms = now;
    requestAnimationFrame(() => this.step());
  }

  private async show(): Promise<void> {
    const wanted = this.t;
    this.slider.max = String(this.source.duration_s);
    this.slider.value = String(wanted);
    const words = `${clock(wanted)} / ${clock(this.source.duration_s)}`;
    say(this.time, words);
    this.slider.setAttribute("aria-valuetext", words);
    const readings = await this.readings(wanted);
    void this.readings(wanted + CHUNK_S / 2);
    const raw = newest(readings, wanted + 0.02);
    if (!raw || wanted - raw.t > STALE_S || raw.seq === this.shown_seq) return;
    this.shown_seq = raw.seq;
    this.stage.lay(this.source.see(raw));
  }

  private readings(time: number): Promise<RawReading[]> {
    const chunk = Math.max(0, Math.floor(time / CHUNK_S));
    const known = this.chunks.get(chunk);
    if (known) return known;
    const span = `from=${chunk * CHUNK_S - 0.001}&to=${(chunk + 1) * CHUNK_S - 0.0011}`;
    const path = `/api/readings/${encodeURIComponent(this.source.id)}?${span}`;
    const made = get<RawReading[]>(path).catch(() => []);
    this.chunks.set(chunk, made);
    if (this.chunks.size > CHUNKS_KEPT) this.chunks.delete(this.chunks.keys().next().value!);
    return made;
  }
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
