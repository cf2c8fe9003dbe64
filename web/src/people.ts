/** A card per person: face, expression, posture, and the button that sets their rest. */

import { h, say, signed } from "./dom";
import { affect, emotion_of, emotions_of } from "./model";
import type { Run, Source } from "./model";
import { face_box } from "./overlay";
import { settings } from "./settings";
import type { Person } from "./types";
import { number, text } from "./types";
import { say_data, t } from "./words";

const UPDATE_MS = 150;
const FACE_PX = 72;
/** A card stays for so long after its person was last seen. */
const STAY_S = 1.5;

interface Card {
  element: HTMLElement;
  face: HTMLCanvasElement;
  word: HTMLElement;
  chip: HTMLElement;
  facts: HTMLElement;
  posture: HTMLElement;
  bars: HTMLElement[];
  rest: HTMLButtonElement;
  seen_t: number;
}

export class People {
  private readonly list = h("div", { class: "people" });
  private readonly empty = h("p", { class: "faint" }, t("nobody"));
  readonly element = h("section", { class: "card" }, h("h2", {}, t("people")), this.empty, this.list);
  private cards = new Map<number, Card>();
  private drawn_ms = 0;
  private timer = 0;

  constructor(
    private readonly run: Run,
    private readonly source: Source,
    private readonly picture: () => CanvasImageSource | null,
    private readonly on_rest: () => void,
  ) {}

  update(force = false): void {
    const wait = UPDATE_MS - (performance.now() - this.drawn_ms);
    if (!force && wait > 0) {
      this.timer ||= window.setTimeout(() => this.update(true), wait);
      return;
    }
    window.clearTimeout(this.timer);
    this.timer = 0;
    const reading = this.source.reading;
    if (!reading) return;
    this.drawn_ms = performance.now();
    for (const person of reading.people) {
      let card = this.cards.get(person.id);
      if (!card) this.cards.set(person.id, (card = this.make(person.id)));
      card.seen_t = reading.t;
      this.fill(card, person);
    }
    for (const [id, card] of this.cards)
      if (Math.abs(reading.t - card.seen_t) > STAY_S) {
        card.element.remove();
        this.cards.delete(id);
      }
    this.empty.hidden = this.cards.size > 0;
  }

  leave(): void {
    window.clearTimeout(this.timer);
  }

  private make(id: number): Card {
    const face = h("canvas", { class: "face", width: FACE_PX, height: FACE_PX, "aria-hidden": "true" });
    const dot = h("span", { class: "dot" }, String(id));
    dot.style.setProperty("--c", this.run.colour(id));
    const word = h("span", { class: "word" });
    const chip = h("span", { class: "chip" });
    const facts = h("p", { class: "facts" }, h("span"), h("span"));
    const posture = h("p", { class: "facts" });
    const bars = this.run.hello.look.emotions.map((name) =>
      h("div", { class: "bar" }, h("span", {}, say_data(name)), h("span", { class: "track" }, h("i")), h("b")),
    );
    const rest = h("button", { type: "button", class: "small", title: t("rest_help"), click: () => this.set_rest(id) });
    const element = h(
      "article",
      { class: "person", "aria-label": `${t("person")} ${id}` },
      h(
        "div",
        { class: "head" },
        face,
        h("div", {}, h("h3", {}, dot, `${t("person")} ${id}`), h("p", { class: "feel" }, word, chip), facts, posture),
        rest,
      ),
      h("div", { class: "bars", role: "img" }, ...bars),
    );
    const after = [...this.cards].filter(([other]) => other > id).sort(([a], [b]) => a - b)[0];
    if (after) this.list.insertBefore(element, after[1].element);
    else this.list.append(element);
    return { element, face, word, chip, facts, posture, bars, rest, seen_t: 0 };
  }

  private fill(card: Card, person: Person): void {
    const { row } = person;
    const names = this.run.hello.look.emotions;
    const now = affect(person);
    const zero = this.source.rest.get(person.id);
    const less = (value: number | null, rest: number | undefined) => (value === null ? null : value - (rest ?? 0));
    say(card.word, say_data(emotion_of(person)) || "–");
    const quadrant = this.run.quadrant(number(row, "valence"), number(row, "arousal"));
    say(card.chip, say_data(quadrant));
    card.chip.hidden = !quadrant;
    card.chip.style.setProperty("--c", this.run.quadrant_colour(quadrant));
    const sd = (value: number | null) => (value === null ? "" : ` ±${value.toFixed(2)}`);
    const [valence, arousal] = card.facts.children;
    say(valence!, `${t("valence")} ${signed(less(now.valence, zero?.valence))}${sd(now.valence_sd)}`);
    say(arousal!, `${t("arousal")} ${signed(less(now.arousal, zero?.arousal))}${sd(now.arousal_sd)}`);
    const pose = [text(row, "posture"), now.movement === null ? "" : `${t("movement")} ${now.movement.toFixed(2)}`];
    const doubt = text(row, "quality_reason");
    if (doubt) pose.push(t("quality", say_data(doubt)));
    const words = pose.filter(Boolean).join(" · ");
    if (words) say(card.posture, words);
    const shares = emotions_of(person, names);
    const told: string[] = [];
    card.bars.forEach((bar, k) => {
      const share = shares[k] ?? null;
      const percent = share === null ? 0 : Math.round(share * 100);
      (bar.querySelector("i") as HTMLElement).style.width = `${percent}%`;
      say(bar.querySelector("b")!, share === null ? "" : `${percent} %`);
      bar.classList.toggle("top", share !== null && share === Math.max(...shares.map((one) => one ?? 0)));
      if (share !== null && percent > 0) told.push(`${say_data(names[k]!)} ${percent} %`);
    });
    card.bars[0]?.parentElement?.setAttribute("aria-label", `${t("expression")}: ${told.join(", ") || "–"}`);
    say(card.rest, zero ? t("rest_on") : t("rest"));
    card.rest.setAttribute("aria-pressed", String(Boolean(zero)));
    this.crop(card.face, person);
  }

  private crop(canvas: HTMLCanvasElement, person: Person): void {
    const box = face_box(person);
    const picture = this.picture();
    const hidden = settings.blur || this.run.hello.pictures !== "clear" || !picture;
    canvas.hidden = hidden;
    const reading = this.source.reading;
    if (hidden || !box || !reading) return;
    const size = picture as HTMLCanvasElement | HTMLVideoElement;
    const wide = size instanceof HTMLVideoElement ? size.videoWidth : size.width;
    const scale = wide / reading.width;
    const side = Math.max(box[2] - box[0], box[3] - box[1]) * 1.35 * scale;
    const x = ((box[0] + box[2]) / 2) * scale - side / 2;
    const y = ((box[1] + box[3]) / 2) * scale - side / 2;
    const ctx = canvas.getContext("2d");
    ctx?.clearRect(0, 0, FACE_PX, FACE_PX);
    ctx?.drawImage(picture, x, y, side, side, 0, 0, FACE_PX, FACE_PX);
  }

  private set_rest(id: number): void {
    const points = this.source.recent.get(id) ?? [];
    const now = this.source.reading?.t ?? 0;
    const last = points.filter((p) => now - p.t <= 3 && p.t <= now && p.valence !== null && p.arousal !== null);
    const mean = (of: (p: (typeof last)[number]) => number) => last.reduce((sum, p) => sum + of(p), 0) / last.length;
    if (this.source.rest.has(id)) this.source.rest.delete(id);
    else if (last.length) this.source.rest.set(id, { valence: mean((p) => p.valence!), arousal: mean((p) => p.arousal!) });
    this.update(true);
    this.on_rest();
  }
}

