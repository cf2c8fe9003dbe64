/** What is past: a finished run, or a moment of one that goes on, with its film or its pictures. */

import { h, say } from "./dom";
import type { Run, Source } from "./model";
import { Replay, Stills } from "./replay";
import { Scrub } from "./scrub";
import { settings } from "./settings";
import type { Stage } from "./stage";
import { t } from "./words";

export class Player {
  private readonly video = h("video", { class: "film", playsinline: true, preload: "auto", "aria-hidden": "true", tabindex: -1 });
  private readonly films = h("select", { class: "films", "aria-label": t("film") });
  private readonly scrub: Scrub;
  private readonly replay: Replay;
  private readonly stills: Stills | null;
  readonly bar: HTMLElement;
  private film = "";

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly stage: Stage,
    start_s = 0,
  ) {
    const info = run.hello.sources.find((one) => one.id === source.id);
    this.video.muted = true;
    stage.frame.prepend(this.video);
    this.replay = new Replay(run, source, stage);
    this.stills = info?.stills ? new Stills(source, stage, () => settings.blur) : null;
    this.scrub = new Scrub(
      () => source.duration_s,
      { seek: (at) => this.wind(at), step: (at) => this.advance(at), play: (is_on) => this.run_film(is_on) },
      () => (this.has_film ? this.video.currentTime : null),
    );
    this.bar = this.scrub.bar;
    this.bar.append(this.films);
    this.video.addEventListener("error", () => this.next_film());
    this.video.addEventListener("ended", () => this.scrub.set_playing(false));
    this.video.addEventListener("loadeddata", () => this.ready());
    this.video.addEventListener("seeked", () => this.source.tell("reading"));
    for (const name of info?.films ?? [])
      this.films.append(h("option", { value: name }, t(name === "source" ? "film_source" : "film_overlay")));
    this.films.hidden = this.films.options.length < 2;
    this.films.addEventListener("change", () => this.load(this.films.value));
    this.load(info?.films[0] ?? "");
    this.seek(start_s);
  }

  /** What faces are cut from; null where no picture is shown. */
  get picture(): HTMLVideoElement | HTMLCanvasElement | null {
    if (this.has_film) return this.video;
    return this.stills && !this.film && this.stage.has_picture ? this.stage.picture : null;
  }

  get t(): number {
    return this.scrub.t;
  }

  toggle(): void {
    this.scrub.toggle();
  }

  seek(wanted: number): void {
    this.scrub.seek(wanted);
  }

  by(seconds: number): void {
    this.scrub.by(seconds);
  }

  /** Take up another choice of what is shown. */
  choose(): void {
    const hidden = this.is_hidden;
    this.video.hidden = hidden || !this.film;
    this.stage.overlay.hidden = this.film === "overlay" && !hidden;
    if (hidden && this.video.src) {
      this.video.removeAttribute("src");
      this.video.load();
    } else if (!hidden && this.film && !this.video.src) this.load(this.film);
    this.show_still();
    this.describe();
  }

  leave(): void {
    this.scrub.leave();
    this.replay.leave();
    this.stills?.leave();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
    this.bar.remove();
  }

  private get is_hidden(): boolean {
    return settings.blur;
  }

  private get has_film(): boolean {
    return Boolean(this.film) && this.video.readyState >= 2 && !this.is_hidden;
  }

  private wind(at: number): void {
    if (this.film && !this.is_hidden) this.video.currentTime = at;
    this.show_still();
    void this.replay.seek(at);
  }

  private advance(at: number): void {
    this.show_still();
    void this.replay.show(at);
  }

  private show_still(): void {
    if (!this.film || this.is_hidden) this.stills?.show(this.scrub.t);
    else this.stage.wipe();
  }

  private load(name: string): void {
    this.film = name;
    this.films.value = name;
    this.video.hidden = !name || this.is_hidden;
    this.stage.overlay.hidden = name === "overlay" && !this.is_hidden;
    if (name && !this.is_hidden) this.video.src = `/film/${encodeURIComponent(this.source.id)}/${name}`;
    this.show_still();
    this.describe();
  }

  private ready(): void {
    if (Math.abs(this.video.currentTime - this.scrub.t) > 0.05) this.video.currentTime = this.scrub.t;
    if (this.scrub.playing) void this.video.play();
  }

  private next_film(): void {
    if (!this.video.getAttribute("src")) return;
    const names = [...this.films.options].map((option) => option.value);
    this.load(names[names.indexOf(this.film) + 1] ?? "");
  }

  private describe(): void {
    let words = "";
    if (this.run.hello.pictures === "none") words = t("no_pictures");
    else if (this.stills) words = "";
    else if (!this.run.hello.finished) words = t("no_past_picture");
    else if (this.is_hidden) words = t("blur_finished");
    else if (!this.film) words = t("no_film");
    say(this.stage.note, words);
    this.stage.note.classList.add("low");
    this.stage.note.classList.remove("bad");
  }

  private run_film(is_on: boolean): void {
    if (!this.film || this.is_hidden) return;
    if (is_on) void this.video.play().catch(() => this.scrub.set_playing(false));
    else this.video.pause();
  }
}
