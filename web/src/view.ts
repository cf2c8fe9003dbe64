/** One source in full: picture, timeline, plane, people, narration, health. */

import { Camera } from "./camera";
import { Circumplex } from "./circumplex";
import { h } from "./dom";
import { HealthPanel } from "./health";
import type { Link } from "./link";
import type { Run, Source } from "./model";
import { Narration } from "./narration";
import { People } from "./people";
import { Player } from "./player";
import { choose, settings } from "./settings";
import { Stage } from "./stage";
import { Timeline } from "./timeline";
import type { Word } from "./words";
import { t } from "./words";

const TOGGLES = ["boxes", "skeleton", "marks", "labels", "blur"] as const;
const KEYS: Record<(typeof TOGGLES)[number], string> = { boxes: "b", skeleton: "s", marks: "m", labels: "l", blur: "u" };

export class View {
  readonly element: HTMLElement;
  readonly player: Player | null;
  private readonly stage: Stage;
  private readonly plane: Circumplex;
  private readonly timeline: Timeline;
  private readonly people: People;
  private readonly narration: Narration;
  private readonly health: HealthPanel;
  private readonly camera: Camera | null;
  private readonly toggles = new Map<string, HTMLButtonElement>();
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly run: Run,
    source: Source,
    link: Link | null,
  ) {
    const finished = run.hello.finished;
    const info = run.hello.sources.find((one) => one.id === source.id);
    this.stage = new Stage(run, source);
    this.player = finished ? new Player(run, source, this.stage) : null;
    const jump = this.player ? (at: number) => void this.player?.seek(at) : null;
    this.plane = new Circumplex(run, source);
    this.timeline = new Timeline(run, source, jump);
    this.people = new People(
      run,
      source,
      () => (finished ? (this.player?.picture ?? null) : this.stage.picture),
      () => this.timeline.update(),
    );
    this.narration = new Narration(run, source, jump);
    this.health = new HealthPanel(run);
    this.camera = info?.camera ? new Camera(source.id) : null;
    const figure = h(
      "section",
      { class: "card stage", id: "picture", "aria-label": `${t("picture")}: ${info?.title ?? source.id}` },
      this.stage.frame,
      this.player?.bar ?? null,
      this.camera?.element ?? null,
      this.toolbar(),
    );
    this.element = h(
      "div",
      { class: "full" },
      h("div", { class: "main-column" }, figure, this.timeline.element),
      h(
        "div",
        { class: "side-column" },
        this.plane.element,
        this.people.element,
        this.narration.element,
        this.health.element,
      ),
    );
    this.undo.push(
      source.on("reading", () => {
        this.plane.update();
        this.people.update();
        if (settings.range === "window" || finished) this.timeline.update();
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
    if (link)
      this.undo.push(
        link.watch(
          source.id,
          (raw, jpeg) => this.stage.paint(raw, jpeg),
          () => this.stage.width_px,
          () => settings.blur,
        ),
      );
    this.choose();
    this.health.update();
    this.narration.update();
    this.timeline.update();
    this.plane.update();
    this.people.update(true);
  }

  /** Take up another choice of what is shown. */
  choose(): void {
    for (const [name, button] of this.toggles) {
      const forced = name === "blur" && this.run.hello.pictures === "blurred";
      button.setAttribute("aria-pressed", String(forced || settings[name as "boxes"]));
      button.disabled = forced;
    }
    this.stage.redraw();
    this.player?.choose();
    this.plane.draw();
    this.people.update(true);
    this.timeline.restyle();
  }

  press(key: string): boolean {
    const name = TOGGLES.find((one) => KEYS[one] === key);
    if (name && !this.toggles.get(name)?.disabled) choose({ [name]: !settings[name] });
    else if (key === "r") choose({ range: settings.range === "run" ? "window" : "run" });
    else if (this.player && key === " ") this.player.toggle();
    else if (this.player && key === "ArrowLeft") this.player.by(-1);
    else if (this.player && key === "ArrowRight") this.player.by(1);
    else return false;
    return true;
  }

  leave(): void {
    for (const one of this.undo) one();
    this.stage.leave();
    this.plane.leave();
    this.timeline.leave();
    this.people.leave();
    this.player?.leave();
    this.camera?.leave();
  }

  private toolbar(): HTMLElement {
    const bar = h("div", { class: "toolbar", role: "group", "aria-label": t("show") });
    for (const name of TOGGLES) {
      const flip = () => choose({ [name]: !settings[name] });
      const button = h("button", { type: "button", class: "toggle", "aria-keyshortcuts": KEYS[name], click: flip }, t(name as Word));
      if (name === "blur" && this.run.hello.pictures === "blurred") button.title = t("blur_forced");
      this.toggles.set(name, button);
      bar.append(button);
    }
    return bar;
  }
}
