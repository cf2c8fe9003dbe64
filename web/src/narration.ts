/** The narration as it rolls, the newest first. */

import { clear, clock, h } from "./dom";
import type { Run, Source } from "./model";
import type { Row } from "./types";
import { number, text } from "./types";
import { say_data, t } from "./words";

const SHOWN = 60;

export class Narration {
  private readonly list = h("ol");
  private readonly log = h("div", { class: "told", role: "log", "aria-live": "polite", tabindex: 0 }, this.list);
  readonly element = h("section", { class: "card told-card" }, h("h2", {}, t("narration")), this.log);
  private count = -1;
  private items: { t: number; element: HTMLElement }[] = [];
  private marked: HTMLElement | null = null;

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly jump: ((t: number) => void) | null,
  ) {
    this.log.setAttribute("aria-label", t("narration"));
  }

  /** Mark the words that are about the moment somebody looks back at. */
  mark(): void {
    const now = this.source.is_past ? (this.source.reading?.t ?? 0) : Infinity;
    const item = this.items.findLast((one) => one.t >= now - 0.05)?.element ?? null;
    if (item === this.marked) return;
    this.marked?.removeAttribute("aria-current");
    this.marked = item;
    item?.setAttribute("aria-current", "true");
    if (item) this.log.scrollTop = item.offsetTop - this.log.offsetTop;
  }

  update(): void {
    const rows = this.source.narrations;
    if (rows.length === this.count) return;
    this.marked = null;
    this.count = rows.length;
    this.items = rows
      .slice(-SHOWN)
      .reverse()
      .map((row) => ({ t: number(row, "timestamp") ?? 0, element: this.item(row) }));
    const items = this.items.map((one) => one.element);
    clear(this.list, ...(items.length ? items : [h("li", { class: "faint" }, t("no_narration"))]));
    this.mark();
  }

  private item(row: Row): HTMLElement {
    const time = number(row, "timestamp") ?? 0;
    const engine = text(row, "engine");
    const wanted = this.run.hello.models["narrator"];
    const grounded = text(row, "grounded");
    const is_fallback = grounded === "fallback" || Boolean(engine && wanted && engine !== wanted);
    const gap = text(row, "gap");
    const label = clock(time);
    return h(
      "li",
      {},
      h(
        "div",
        { class: "when" },
        this.jump
          ? h("button", { type: "button", class: "link", click: () => this.jump?.(time) }, label)
          : h("time", {}, label),
        text(row, "kind") === "story" ? h("strong", {}, t("story")) : null,
        h("span", { class: "badge" }, engine),
        is_fallback ? h("span", { class: "badge warn" }, t("fallback")) : null,
        h("span", { class: "faint" }, grounded === "true" ? t("checked") : is_fallback ? "" : t("unchecked")),
      ),
      h("p", {}, text(row, "text") || t("gap", say_data(gap))),
    );
  }
}
