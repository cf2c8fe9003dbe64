/** Many sources at once: 1, 4, 9 or 16 tiles, sorted by name or by what happens. */

import { clear, h, say } from "./dom";
import type { Link } from "./link";
import { GROUP, is_lost } from "./model";
import type { Run, Source } from "./model";
import { choose, settings } from "./settings";
import { Stage } from "./stage";
import { number, text } from "./types";
import { say_data, t } from "./words";

const SORT_MS = 5000;
const TILES = [1, 4, 9, 16] as const;

interface Tile {
  element: HTMLElement;
  stage: Stage;
  state: HTMLElement;
  mood: HTMLElement;
  leave: () => void;
}

export class Wall {
  private readonly grid = h("div", { class: "wall" });
  private readonly bar = h("div", { class: "toolbar" });
  private readonly pages = h("span", { class: "pages" });
  readonly element = h("div", { class: "wall-view" }, this.bar, this.grid);
  private tiles = new Map<string, Tile>();
  private page = 0;
  private shown = "";
  private readonly timer: number;

  constructor(
    private readonly run: Run,
    private readonly link: Link | null,
    private readonly open: (id: string) => void,
  ) {
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
    for (const tile of this.tiles.values()) tile.stage.redraw();
  }

  leave(): void {
    window.clearInterval(this.timer);
    for (const tile of this.tiles.values()) tile.leave();
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
      settings.sort === "events" ? b.last_event_t - a.last_event_t || a.id.localeCompare(b.id) : a.id.localeCompare(b.id),
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
    return { element, stage, state, mood, leave };
  }

  private describe(source: Source, tile: Tile): void {
    const health = this.run.health.sources[source.id];
    const people = source.reading?.people.length ?? 0;
    tile.stage.describe();
    const rate = this.run.hello.finished ? "" : `${(health?.rate_hz ?? 0).toFixed(1)}/s · `;
    say(tile.state, `${rate}${t("people")}: ${people}`);
    const rows = source.windows.get(GROUP);
    const quadrant = rows?.length ? text(rows[rows.length - 1]!, "quadrant") : "";
    const known = rows?.length ? number(rows[rows.length - 1]!, "valence_mean") !== null : false;
    tile.mood.hidden = !quadrant || !known;
    say(tile.mood, say_data(quadrant));
    tile.mood.style.setProperty("--c", this.run.quadrant_colour(quadrant));
    tile.element.classList.toggle("lost", is_lost(health));
  }
}
