/** What was measured, drawn over the picture at the resolution of the screen. */

import { emotion_of } from "./model";
import type { Run } from "./model";
import type { Person, Reading } from "./types";
import { number } from "./types";
import { settings } from "./settings";
import { say_data, t } from "./words";

interface Pen {
  ctx: CanvasRenderingContext2D;
  scale: number;
  ratio: number;
}

export function draw_overlay(
  ctx: CanvasRenderingContext2D,
  run: Run,
  reading: Reading,
  ratio: number,
  compact = false,
): void {
  const { width, height } = ctx.canvas;
  ctx.clearRect(0, 0, width, height);
  const pen = { ctx, scale: width / reading.width, ratio };
  for (const person of reading.people) {
    const quadrant = run.quadrant(number(person.row, "valence"), number(person.row, "arousal"));
    const colour = run.quadrant_colour(quadrant);
    if (settings.skeleton) skeleton(pen, run, person, colour, compact);
    if (settings.boxes) brackets(pen, person, colour, compact);
    if (settings.marks) marks(pen, person);
  }
  const taken: [number, number, number, number][] = [];
  if (settings.labels) for (const person of reading.people) label(pen, run, person, compact, taken);
}

export function face_box(person: Person): [number, number, number, number] | null {
  const [x1, y1, x2, y2] = ["face_x1", "face_y1", "face_x2", "face_y2"].map((name) =>
    number(person.row, name),
  );
  return x1 == null || y1 == null || x2 == null || y2 == null ? null : [x1, y1, x2, y2];
}

function stroke(pen: Pen, colour: string, width: number, path: () => void): void {
  const { ctx, ratio } = pen;
  ctx.lineCap = ctx.lineJoin = "round";
  for (const [tone, wide] of [["rgba(0,0,0,.65)", width + 2] as const, [colour, width] as const]) {
    ctx.strokeStyle = tone;
    ctx.lineWidth = wide * ratio;
    ctx.beginPath();
    path();
    ctx.stroke();
  }
}

function skeleton(pen: Pen, run: Run, person: Person, colour: string, compact: boolean): void {
  const joints = person.joints;
  if (!joints) return;
  const { ctx, scale, ratio } = pen;
  const { bones, visible } = run.hello.look;
  const at = (k: number): [number, number] | null => {
    const [x, y, v] = joints[k] ?? [null, null, null];
    return x === null || y === null || (v ?? 0) < visible ? null : [x * scale, y * scale];
  };
  const seen = new Set<number>();
  stroke(pen, colour, compact ? 1.5 : 2.5, () => {
    for (const [a, b] of bones) {
      const start = at(a);
      const end = at(b);
      if (!start || !end) continue;
      seen.add(a).add(b);
      ctx.moveTo(...start);
      ctx.lineTo(...end);
    }
  });
  ctx.fillStyle = "#fff";
  for (const k of seen) {
    const point = at(k);
    if (!point) continue;
    ctx.beginPath();
    ctx.arc(...point, (compact ? 1.8 : 3) * ratio, 0, 7);
    ctx.fill();
  }
}

function brackets(pen: Pen, person: Person, colour: string, compact: boolean): void {
  const box = face_box(person);
  if (!box) return;
  const [x1, y1, x2, y2] = box.map((edge) => edge * pen.scale) as typeof box;
  const reach = Math.min(x2 - x1, y2 - y1) / 5;
  stroke(pen, colour, compact ? 1.5 : 2.5, () => {
    for (const [x, dx] of [[x1, reach] as const, [x2, -reach] as const])
      for (const [y, dy] of [[y1, reach] as const, [y2, -reach] as const]) {
        pen.ctx.moveTo(x + dx, y);
        pen.ctx.arcTo(x, y, x, y + dy, Math.abs(reach) / 3);
        pen.ctx.lineTo(x, y + dy);
      }
  });
}

function marks(pen: Pen, person: Person): void {
  pen.ctx.fillStyle = "#fff";
  pen.ctx.strokeStyle = "rgba(0,0,0,.7)";
  pen.ctx.lineWidth = pen.ratio;
  for (const [x, y] of person.marks) {
    pen.ctx.beginPath();
    pen.ctx.arc(x * pen.scale, y * pen.scale, 2.6 * pen.ratio, 0, 7);
    pen.ctx.fill();
    pen.ctx.stroke();
  }
}

/** The label of a person: number, emotion, and the colour of their lines in the charts. */
function label(
  pen: Pen,
  run: Run,
  person: Person,
  compact: boolean,
  taken: [number, number, number, number][],
): void {
  const box = face_box(person) ?? body_box(person);
  if (!box) return;
  const { ctx, scale, ratio } = pen;
  const size = (compact ? 11 : 14) * ratio;
  const word = emotion_of(person);
  const name = compact ? `${person.id}` : `${t("person")} ${person.id}`;
  const words = word ? `${name} · ${say_data(word)}` : name;
  ctx.font = `600 ${size}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  const width = ctx.measureText(words).width + size * 2;
  const height = size * 1.7;
  const x = Math.max(2, Math.min((box[0] + box[2]) * 0.5 * scale - width / 2, ctx.canvas.width - width - 2));
  let y = box[1] * scale - height - size * 0.5;
  if (y < 2) y = Math.min(box[3] * scale + size * 0.5, ctx.canvas.height - height - 2);
  for (let tries = 0; tries < 6; tries++) {
    const other = taken.find(([a, b, c, d]) => x < c && x + width > a && y < d && y + height > b);
    if (!other) break;
    y = other[3] + 2 * ratio;
  }
  taken.push([x, y, x + width, y + height]);
  ctx.fillStyle = "rgba(18,22,28,.82)";
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, height / 2);
  ctx.fill();
  ctx.fillStyle = run.colour(person.id);
  ctx.strokeStyle = "#fff";
  ctx.lineWidth = 1.2 * ratio;
  ctx.beginPath();
  ctx.arc(x + height / 2, y + height / 2, size * 0.36, 0, 7);
  ctx.fill();
  ctx.stroke();
  ctx.fillStyle = "#fff";
  ctx.fillText(words, x + size * 1.45, y + height / 2 + ratio * 0.5);
}

function body_box(person: Person): [number, number, number, number] | null {
  const xs = person.joints?.flatMap(([x]) => (x === null ? [] : [x])) ?? [];
  const ys = person.joints?.flatMap(([, y]) => (y === null ? [] : [y])) ?? [];
  if (!xs.length || !ys.length) return null;
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
