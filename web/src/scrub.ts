/** A clock that is wound: play, a slider, the time; what it shows is for others to say. */

import { clock, h, say } from "./dom";
import { t } from "./words";

export class Scrub {
  private readonly play = h("button", { type: "button", class: "play", click: () => this.toggle() });
  private readonly time = h("output", { class: "clock" });
  private readonly slider = h("input", { type: "range", min: 0, step: 0.04, value: 0, class: "scrub" });
  readonly bar = h("div", { class: "player" }, this.play, this.slider, this.time);
  t = 0;
  playing = false;
  private stepped_ms = 0;
  private gone = false;

  /** `step` is called with each picture of the screen while it plays, `seek` after a jump. */
  constructor(
    private readonly duration_s: () => number,
    private readonly on: { seek: (t: number) => void; step: (t: number) => void; play?: (is_on: boolean) => void },
    private readonly film_t: () => number | null = () => null,
  ) {
    this.slider.setAttribute("aria-label", t("position"));
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.set_playing(false);
    requestAnimationFrame(() => this.step());
  }

  seek(wanted: number): void {
    this.t = Math.max(0, Math.min(wanted, this.duration_s()));
    this.tell();
    this.on.seek(this.t);
  }

  by(seconds: number): void {
    this.seek(this.t + seconds);
  }

  toggle(): void {
    this.set_playing(!this.playing);
  }

  set_playing(playing: boolean): void {
    if (playing && this.t >= this.duration_s() - 0.05) this.seek(0);
    this.playing = playing;
    this.play.setAttribute("aria-label", t(playing ? "pause" : "play"));
    say(this.play, playing ? "❚❚" : "▶");
    this.on.play?.(playing);
  }

  leave(): void {
    this.gone = true;
  }

  tell(): void {
    const duration = this.duration_s();
    this.slider.max = String(duration);
    this.slider.value = String(this.t);
    const words = `${clock(this.t)} / ${clock(duration)}`;
    say(this.time, words);
    this.slider.setAttribute("aria-valuetext", words);
  }

  private step(): void {
    if (this.gone) return;
    const now = performance.now();
    if (this.playing) {
      this.t = this.film_t() ?? this.t + Math.min(0.25, (now - this.stepped_ms) / 1000);
      if (this.t >= this.duration_s()) this.set_playing(false);
      this.tell();
      this.on.step(this.t);
    }
    this.stepped_ms = now;
    requestAnimationFrame(() => this.step());
  }
}
