/** One source in full: picture, timeline, plane, people, narration, health. */

import { Camera } from "./camera";
import { Circumplex } from "./circumplex";
import { clear, h } from "./dom";
import { HealthPanel } from "./health";
import type { Link } from "./link";
import type { Run, Source } from "./model";
import { Narration } from "./narration";
import { People } from "./people";
import { Player } from "./player";
import { choose, settings } from "./settings";
import { Stage } from "./stage";
import { Thin } from "./thin";
import { Timeline } from "./timeline";
import type { Word } from "./words";
import { t } from "./words";

const TOGGLES = ["boxes", "skeleton", "marks", "mesh", "labels", "blur"] as const;
const KEYS: Record<(typeof TOGGLES)[number], string> = {
  boxes: "b",
  skeleton: "s",
  marks: "m",
  mesh: "f",
  labels: "l",
  blur: "u",
};

export class View {
  readonly element: HTMLElement;
  player: Player | null = null;
  private readonly stage: Stage;
  private readonly plane: Circumplex;
  private readonly timeline: Timeline;
  private readonly people: People;
  private readonly narration: Narration;
  private readonly health: HealthPanel;
  private readonly camera: Camera | null;
  private readonly toggles = new Map<string, HTMLButtonElement>();
  private readonly undo: (() => void)[] = [];
  private unwatch: (() => void) | null = null;
  private thin: Thin | null = null;
  private thin_failed = false;
  private readonly past = h("div", { class: "past" });

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly link: Link | null,
  ) {
    const finished = run.hello.finished;
    const info = run.hello.sources.find((one) => one.id === source.id);
    this.stage = new Stage(run, source);
    const jump = finished || run.hello.stored ? (at: number) => this.look_back(at) : null;
    this.plane = new Circumplex(run, source);
    this.timeline = new Timeline(run, source, jump);
    this.people = new People(
      run,
      source,
      () => (this.player ? this.player.picture : (this.thin?.video ?? this.stage.picture)),
      () => this.timeline.update(),
    );
    this.narration = new Narration(run, source, jump);
    this.health = new HealthPanel(run, source);
    this.camera = info?.camera ? new Camera(source.id) : null;
    const figure = h(
      "section",
      { class: "card stage", id: "picture", "aria-label": `${t("picture")}: ${info?.title ?? source.id}` },
      this.stage.frame,
      this.past,
      this.camera?.element ?? null,
      this.toolbar(),
    );
    this.element = h(
      "div",
      { class: "full" },
      h("div", { class: "main-column" }, figure, this.timeline.element, this.health.element),
      h("div", { class: "side-column" }, this.plane.element, this.people.element, this.narration.element),
    );
    this.undo.push(
      source.on("reading", () => {
        this.plane.update();
        this.people.update();
        if (source.is_past) this.narration.mark();
        if (settings.range === "window" || source.is_past) this.timeline.update();
      }),
      source.on("history", () => this.timeline.update()),
      source.on("narration", () => {
        this.narration.update();
        this.timeline.update();
      }),
      source.on("health", () => {
        this.health.update();
        this.stage.describe();
      }),
    );
    if (finished) this.look_back(0);
    else this.go_on();
    this.choose();
    this.health.update();
    this.narration.update();
    this.timeline.update();
    this.plane.update();
    this.people.update(true);
  }

  /** Show a moment that has passed. */
  look_back(at: number): void {
    if (this.player) return this.player.seek(at);
    this.unwatch?.();
    this.unwatch = null;
    this.leave_thin();
    this.stage.is_past = this.source.is_past = true;
    this.stage.wipe();
    this.player = new Player(this.run, this.source, this.stage, at);
    this.past.append(this.player.bar);
    if (this.run.hello.finished) return;
    this.past.prepend(h("strong", { class: "badge warn" }, t("looking_back")));
    this.past.append(
      h("button", { type: "button", class: "primary", title: t("to_now_help"), click: () => this.go_on() }, t("to_now")),
    );
  }

  /** Show what is measured now, as it comes. */
  private go_on(): void {
    this.player?.leave();
    this.player = null;
    clear(this.past);
    this.stage.is_past = this.source.is_past = false;
    this.source.wind(0);
    this.stage.note.classList.remove("low");
    this.stage.describe();
    this.unwatch ??=
      this.link?.watch(
        this.source.id,
        (raw, jpeg) => this.stage.paint(raw, jpeg),
        () => (this.thin ? 0 : Math.max(1, this.stage.width_px)),
        () => settings.blur,
        () => settings.mesh,
      ) ?? null;
    this.choose_link();
    this.narration.mark();
    this.timeline.update();
  }

  /** Have the picture over WebRTC where that is chosen, as JPEGs where it is not or fails. */
  private choose_link(): void {
    const is_thin = settings.thin && this.run.hello.thin && !this.thin_failed;
    if (!settings.thin) this.thin_failed = false;
    if (this.thin && (!is_thin || this.thin.blur !== settings.blur)) this.leave_thin();
    if (!is_thin || this.thin) return;
    this.thin = new Thin(this.source, this.stage, settings.blur, () => {
      this.thin_failed = true;
      this.leave_thin();
    });
  }

  private leave_thin(): void {
    this.thin?.leave();
    this.thin = null;
  }

  /** Take up another choice of what is shown. */
  choose(): void {
    for (const [name, button] of this.toggles) {
      const forced = name === "blur" && this.run.hello.pictures === "blurred";
      const absent = name === "thin" && !this.run.hello.thin;
      button.setAttribute("aria-pressed", String(forced || (settings[name as "boxes"] && !absent)));
      button.disabled = forced || absent;
    }
    this.stage.redraw();
    if (this.link && !this.player) this.choose_link();
    this.player?.choose();
    this.plane.draw();
    this.people.update(true);
    this.timeline.restyle();
  }

  press(key: string): boolean {
    const name = TOGGLES.find((one) => KEYS[one] === key);
    const toggle = name && this.toggles.get(name);
    if (toggle && !toggle.disabled) choose({ [name]: !settings[name] });
    else if (key === "r") choose({ range: settings.range === "run" ? "window" : "run" });
    else if (this.player && !this.run.hello.finished && key === "n") this.go_on();
    else if (this.player && key === " ") this.player.toggle();
    else if (this.player && key === "ArrowLeft") this.player.by(-1);
    else if (this.player && key === "ArrowRight") this.player.by(1);
    else return false;
    return true;
  }

  leave(): void {
    for (const one of this.undo) one();
    this.unwatch?.();
    this.leave_thin();
    this.source.is_past = false;
    this.stage.leave();
    this.plane.leave();
    this.timeline.leave();
    this.people.leave();
    this.player?.leave();
    this.camera?.leave();
  }

  private thin_toggle(): HTMLElement {
    const flip = () => choose({ thin: !settings.thin });
    const button = h("button", { type: "button", class: "toggle", title: t("thin_help"), click: flip }, t("thin"));
    if (!this.run.hello.thin) button.title = t("thin_missing");
    this.toggles.set("thin", button);
    return button;
  }

  private toolbar(): HTMLElement {
    const bar = h("div", { class: "toolbar", role: "group", "aria-label": t("show") });
    for (const name of TOGGLES) {
      if (name === "mesh" && !this.run.hello.mesh) continue;
      const flip = () => choose({ [name]: !settings[name] });
      const button = h("button", { type: "button", class: "toggle", "aria-keyshortcuts": KEYS[name], click: flip }, t(name as Word));
      if (name === "blur" && this.run.hello.pictures === "blurred") button.title = t("blur_forced");
      this.toggles.set(name, button);
      bar.append(button);
    }
    if (!this.run.hello.finished && this.run.hello.pictures !== "none") bar.append(this.thin_toggle());
    return bar;
  }
}
