/** Many sources at once: 1, 4, 9 or 16 tiles, sorted by name or by what happens. */

import { clear, h, say } from "./dom";
import type { Link } from "./link";
import { GROUP, is_lost } from "./model";
import type { Run, Source } from "./model";
import { Replay, Stills } from "./replay";
import { Scrub } from "./scrub";
import { choose, settings } from "./settings";
import { Stage } from "./stage";
import { number, text } from "./types";
import { say_data, t } from "./words";

const SORT_MS = 5000;
const TILES = [1, 4, 9, 16] as const;

interface Tile {
  element: HTMLElement;
  stage: Stage;
  seek: (t: number) => void;
  step: (t: number) => void;
  state: HTMLElement;
  mood: HTMLElement;
  leave: () => void;
}

export class Wall {
  private readonly grid = h("div", { class: "wall", id: "picture" });
  private readonly bar = h("div", { class: "toolbar" });
  private readonly pages = h("span", { class: "pages" });
  readonly element = h("div", { class: "wall-view" }, this.bar, this.grid);
  private tiles = new Map<string, Tile>();
  private page = 0;
  private shown = "";
  private readonly timer: number;
  private readonly scrub: Scrub | null;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly run: Run,
    private readonly link: Link | null,
    private readonly open: (id: string) => void,
  ) {
    this.scrub = run.hello.finished ? this.make_scrub() : null;
    this.build_bar();
    this.arrange();
    this.timer = window.setInterval(() => settings.sort === "events" && this.arrange(), SORT_MS);
  }

  update(): void {
    for (const [id, tile] of this.tiles) this.describe(this.run.sources.get(id)!, tile);
  }

  rearrange(): void {
    this.build_bar();
    this.shown = "";
    this.arrange();
    for (const tile of this.tiles.values()) {
      tile.stage.redraw();
      if (this.scrub) tile.seek(this.scrub.t);
    }
  }

  press(key: string): boolean {
    if (!this.scrub) return false;
    if (key === " ") this.scrub.toggle();
    else if (key === "ArrowLeft") this.scrub.by(-1);
    else if (key === "ArrowRight") this.scrub.by(1);
    else return false;
    return true;
  }

  leave(): void {
    window.clearInterval(this.timer);
    this.scrub?.leave();
    for (const one of this.undo) one();
    for (const tile of this.tiles.values()) tile.leave();
  }

  /** The one clock of all tiles of a finished run. */
  private make_scrub(): Scrub {
    const sources = [...this.run.sources.values()];
    const each = (what: "seek" | "step") => (at: number) => {
      if (what === "seek" && settings.sort === "events") this.arrange();
      for (const tile of this.tiles.values()) tile[what](at);
      this.update();
    };
    const longest = () => Math.max(0, ...sources.map((one) => one.duration_s));
    const scrub = new Scrub(longest, { seek: each("seek"), step: each("step") });
    this.element.insertBefore(scrub.bar, this.grid);
    const renew = () => {
      scrub.tell();
      this.arrange();
      this.update();
    };
    for (const source of sources) this.undo.push(source.on("history", renew));
    return scrub;
  }

  /** How long ago (s, below 0) something last happened at a source, by its own clock or the wall's. */
  private happened(source: Source): number {
    const now = this.scrub ? this.scrub.t + 0.02 : source.duration_s;
    const last = source.events.findLast((row) => !this.scrub || (number(row, "timestamp") ?? 0) <= now);
    return last ? (number(last, "timestamp") ?? 0) - now : -Infinity;
  }

  private build_bar(): void {
    const sizes = TILES.map((tiles) =>
      h("button", { type: "button", "aria-pressed": String(settings.tiles === tiles), click: () => choose({ tiles }) }, String(tiles)),
    );
    const sorts = (["name", "events"] as const).map((sort) =>
      h(
        "button",
        { type: "button", "aria-pressed": String(settings.sort === sort), click: () => choose({ sort }) },
        sort === "name" ? t("by_name") : t("by_events"),
      ),
    );
    clear(
      this.bar,
      h("div", { class: "segments", role: "group", "aria-label": t("tiles") }, ...sizes),
      h("div", { class: "segments", role: "group", "aria-label": t("sort") }, ...sorts),
      this.pages,
    );
  }

  private arrange(): void {
    const sorted = [...this.run.sources.values()].sort((a, b) =>
      settings.sort === "events" ? this.happened(b) - this.happened(a) || a.id.localeCompare(b.id) : a.id.localeCompare(b.id),
    );
    const pages = Math.max(1, Math.ceil(sorted.length / settings.tiles));
    this.page = Math.min(this.page, pages - 1);
    const shown = sorted.slice(this.page * settings.tiles, (this.page + 1) * settings.tiles);
    const key = shown.map((one) => one.id).join() + settings.tiles;
    this.build_pages(pages);
    if (key === this.shown) return;
    this.shown = key;
    const columns = Math.max(1, Math.min(Math.sqrt(settings.tiles), Math.ceil(Math.sqrt(shown.length))));
    this.grid.style.setProperty("--columns", String(columns));
    this.grid.classList.toggle("dense", columns > 2);
    this.grid.style.setProperty("--rows", String(Math.max(1, Math.ceil(shown.length / columns))));
    for (const [id, tile] of this.tiles)
      if (!shown.some((one) => one.id === id)) {
        tile.leave();
        this.tiles.delete(id);
      }
    for (const source of shown) if (!this.tiles.has(source.id)) this.tiles.set(source.id, this.make(source));
    clear(this.grid, ...shown.map((source) => this.tiles.get(source.id)!.element));
    this.update();
  }

  private build_pages(pages: number): void {
    const turn = (by: number) => {
      this.page = (this.page + by + pages) % pages;
      this.arrange();
    };
    if (pages === 1) return clear(this.pages);
    clear(
      this.pages,
      h("button", { type: "button", "aria-label": t("previous"), click: () => turn(-1) }, "‹"),
      t("page", this.page + 1, pages),
      h("button", { type: "button", "aria-label": t("next"), click: () => turn(1) }, "›"),
    );
  }

  private make(source: Source): Tile {
    const title = this.run.hello.sources.find((one) => one.id === source.id)?.title ?? source.id;
    const stage = new Stage(this.run, source, true);
    const state = h("span", { class: "faint" });
    const mood = h("span", { class: "chip" });
    const element = h(
      "button",
      { type: "button", class: "tile", title: t("open", title), click: () => this.open(source.id) },
      stage.frame,
      h("span", { class: "tile-foot" }, h("strong", {}, title), mood, state),
    );
    const tile = { element, stage, state, mood };
    return this.scrub ? { ...tile, ...this.wound(source, stage) } : { ...tile, ...this.watched(source, stage) };
  }

  private watched(source: Source, stage: Stage): Pick<Tile, "seek" | "step" | "leave"> {
    const stop = this.link?.watch(
      source.id,
      (raw, jpeg) => stage.paint(raw, jpeg),
      () => stage.width_px,
      () => settings.blur,
    );
    const leave = () => {
      stop?.();
      stage.leave();
    };
    return { seek: () => {}, step: () => {}, leave };
  }

  private wound(source: Source, stage: Stage): Pick<Tile, "seek" | "step" | "leave"> {
    const replay = new Replay(this.run, source, stage);
    const has_stills = this.run.hello.sources.find((one) => one.id === source.id)?.stills;
    const stills = has_stills ? new Stills(source, stage, () => settings.blur) : null;
    const seek = (at: number) => {
      stills?.show(at);
      void replay.seek(at);
    };
    const step = (at: number) => {
      stills?.show(at);
      void replay.show(Math.min(at, source.duration_s));
    };
    const leave = () => {
      replay.leave();
      stills?.leave();
      stage.leave();
    };
    seek(this.scrub?.t ?? 0);
    return { seek, step, leave };
  }

  private describe(source: Source, tile: Tile): void {
    const health = this.run.health.sources[source.id];
    const people = source.reading?.people.length ?? 0;
    tile.stage.describe();
    const is_dense = this.grid.classList.contains("dense");
    const rate = this.run.hello.finished ? "" : `${(health?.rate_hz ?? 0).toFixed(1)}/s · `;
    say(tile.state, is_dense ? "" : `${rate}${t("people")}: ${people}`);
    const now = this.scrub ? this.scrub.t + 0.5 : Infinity;
    const row = source.windows.get(GROUP)?.findLast((one) => (number(one, "timestamp") ?? 0) <= now);
    const quadrant = row ? text(row, "quadrant") : "";
    const known = row ? number(row, "valence_mean") !== null : false;
    tile.mood.hidden = !quadrant || !known;
    say(tile.mood, say_data(quadrant));
    tile.mood.style.setProperty("--c", this.run.quadrant_colour(quadrant));
    tile.element.classList.toggle("lost", is_lost(health));
  }
}
