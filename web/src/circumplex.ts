/** The plane of valence and arousal: a point per person with its trail and its uncertainty. */

import { clock, fit, h, say, signed, theme } from "./dom";
import { GROUP, affect } from "./model";
import type { Point, Run, Source } from "./model";
import { number } from "./types";
import { say_data, t } from "./words";

const TRAIL_S = 8;
const REDRAW_MS = 100;
/** Short enough for a listener to follow. */
const SAY_MS = 5000;
const CORNERS = [
  ["angry", -1, 1],
  ["excited", 1, 1],
  ["sad", -1, -1],
  ["calm", 1, -1],
] as const;

interface Plane {
  ctx: CanvasRenderingContext2D;
  ratio: number;
  size: number;
  at: (valence: number, arousal: number) => [number, number];
}

export class Circumplex {
  private readonly canvas = h("canvas", { class: "plane", role: "img" });
  private readonly heading = h("h2", {}, t("plane"));
  readonly element = h("section", { class: "card plane-card" }, this.heading, this.canvas);
  private said_ms = -SAY_MS;
  private timer = 0;
  private readonly watcher = new ResizeObserver(() => this.draw());

  constructor(
    private readonly run: Run,
    private readonly source: Source,
  ) {
    this.watcher.observe(this.canvas);
  }

  update(): void {
    this.timer ||= window.setTimeout(() => {
      this.timer = 0;
      this.draw();
    }, REDRAW_MS);
  }

  leave(): void {
    window.clearTimeout(this.timer);
    this.watcher.disconnect();
  }

  draw(): void {
    const ctx = this.canvas.getContext("2d");
    if (!ctx || !this.canvas.clientWidth) return;
    const ratio = fit(this.canvas);
    const size = Math.min(this.canvas.width, this.canvas.height);
    const margin = 22 * ratio;
    const reach = size / 2 - margin;
    const at = (valence: number, arousal: number): [number, number] => [
      this.canvas.width / 2 + valence * reach,
      this.canvas.height / 2 - arousal * reach,
    ];
    const plane = { ctx, ratio, size: reach, at };
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.ground(plane);
    this.draw_group(plane);
    const people = this.source.reading?.people ?? [];
    const words: string[] = [];
    for (const person of people) {
      const trail = this.trail(person.id);
      const now = affect(person);
      const last = trail[trail.length - 1];
      const point = now.valence === null || now.arousal === null ? last : { t: 0, ...now };
      if (trail.length) this.draw_trail(plane, trail, this.run.colour(person.id));
      if (point) this.draw_point(plane, point, person.id);
      if (point)
        words.push(
          `${t("person")} ${person.id}: ${t("valence")} ${signed(point.valence)}, ${t("arousal")} ${signed(point.arousal)}`,
        );
    }
    this.tell(words);
  }

  private trail(id: number): Point[] {
    const now = this.source.reading?.t ?? 0;
    const points = this.source.recent.get(id) ?? [];
    return points.filter(
      (point) => now - point.t <= TRAIL_S && point.t <= now && point.valence !== null && point.arousal !== null,
    );
  }

  private shifted(id: number, point: { valence: number | null; arousal: number | null }): [number, number] {
    const rest = this.source.rest.get(id);
    const clip = (value: number) => Math.max(-1, Math.min(1, value));
    return [clip((point.valence ?? 0) - (rest?.valence ?? 0)), clip((point.arousal ?? 0) - (rest?.arousal ?? 0))];
  }

  private ground({ ctx, ratio, at, size }: Plane): void {
    const [x, y] = at(0, 0);
    const faint = theme("--faint");
    for (const [name, v, a] of CORNERS) {
      ctx.fillStyle = this.run.quadrant_colour(name);
      ctx.globalAlpha = Number(theme("--tint")) || 0.16;
      const start = v > 0 ? (a > 0 ? -Math.PI / 2 : 0) : a > 0 ? Math.PI : Math.PI / 2;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.arc(x, y, size, start, start + Math.PI / 2);
      ctx.fill();
    }
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme("--line");
    ctx.lineWidth = ratio;
    for (const radius of [size, size / 2]) {
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, 7);
      ctx.stroke();
    }
    ctx.beginPath();
    ctx.moveTo(x - size, y);
    ctx.lineTo(x + size, y);
    ctx.moveTo(x, y - size);
    ctx.lineTo(x, y + size);
    ctx.stroke();
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.arc(x, y, size * this.run.hello.look.neutral_radius, 0, 7);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.fillStyle = faint;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const [name, v, a] of CORNERS) ctx.fillText(say_data(name), ...at(v * 0.46, a * 0.62));
    ctx.fillText(t("aroused"), x, y - size - 11 * ratio);
    ctx.fillText(t("quiet"), x, y + size + 11 * ratio);
    ctx.save();
    ctx.translate(x + size + 11 * ratio, y);
    ctx.rotate(Math.PI / 2);
    ctx.fillText(t("pleasant"), 0, 0);
    ctx.restore();
    ctx.save();
    ctx.translate(x - size - 11 * ratio, y);
    ctx.rotate(-Math.PI / 2);
    ctx.fillText(t("unpleasant"), 0, 0);
    ctx.restore();
  }

  private draw_trail({ ctx, ratio, at }: Plane, trail: Point[], colour: string): void {
    const id = [...this.source.recent].find(([, points]) => points.includes(trail[0]!))?.[0] ?? 0;
    ctx.strokeStyle = colour;
    ctx.lineCap = "round";
    ctx.lineWidth = 2.5 * ratio;
    for (let k = 1; k < trail.length; k++) {
      if (trail[k]!.t - trail[k - 1]!.t > 1) continue;
      ctx.globalAlpha = 0.08 + (0.7 * k) / trail.length;
      ctx.beginPath();
      ctx.moveTo(...at(...this.shifted(id, trail[k - 1]!)));
      ctx.lineTo(...at(...this.shifted(id, trail[k]!)));
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }

  private draw_point({ ctx, ratio, at, size }: Plane, point: Point, id: number): void {
    const [x, y] = at(...this.shifted(id, point));
    const colour = this.run.colour(id);
    if (point.valence_sd && point.arousal_sd) {
      ctx.save();
      ctx.beginPath();
      ctx.arc(...at(0, 0), size, 0, 7);
      ctx.clip();
      ctx.fillStyle = ctx.strokeStyle = colour;
      ctx.beginPath();
      ctx.ellipse(x, y, point.valence_sd * size, point.arousal_sd * size, 0, 0, 7);
      ctx.globalAlpha = 0.12;
      ctx.fill();
      ctx.globalAlpha = 0.55;
      ctx.lineWidth = ratio;
      ctx.stroke();
      ctx.restore();
    }
    ctx.beginPath();
    ctx.arc(x, y, 9 * ratio, 0, 7);
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.lineWidth = 2 * ratio;
    ctx.strokeStyle = theme("--panel");
    ctx.stroke();
    ctx.fillStyle = "#fff";
    ctx.font = `700 ${11 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.strokeStyle = "rgba(0,0,0,.55)";
    ctx.lineWidth = 2 * ratio;
    ctx.strokeText(String(id), x, y + ratio * 0.5);
    ctx.fillText(String(id), x, y + ratio * 0.5);
  }

  private draw_group({ ctx, ratio, at }: Plane): void {
    const rows = this.source.windows.get(GROUP) ?? [];
    const now = this.source.reading?.t ?? Infinity;
    const row = rows.findLast((one) => (number(one, "timestamp") ?? 0) <= now + 0.5);
    const valence = row ? number(row, "valence_mean") : null;
    const arousal = row ? number(row, "arousal_mean") : null;
    if (valence === null || arousal === null) return;
    const [x, y] = at(valence, arousal);
    const r = 7 * ratio;
    ctx.strokeStyle = theme("--text");
    ctx.lineWidth = 2 * ratio;
    ctx.beginPath();
    ctx.moveTo(x, y - r);
    ctx.lineTo(x + r, y);
    ctx.lineTo(x, y + r);
    ctx.lineTo(x - r, y);
    ctx.closePath();
    ctx.stroke();
  }

  private tell(words: string[]): void {
    if (performance.now() - this.said_ms < SAY_MS) return;
    this.said_ms = performance.now();
    const at = clock(this.source.reading?.t ?? 0);
    const now = words.length ? `${at}. ${words.join("; ")}` : t("plane_empty");
    this.canvas.setAttribute("aria-label", `${t("plane")}. ${now}`);
    say(this.heading, t("plane"));
  }
}
