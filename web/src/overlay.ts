/** What was measured, drawn over the picture at the resolution of the screen. */

import { emotion_of } from "./model";
import type { Run } from "./model";
import type { Person, Reading } from "./types";
import { number } from "./types";
import { settings } from "./settings";
import { say_data, t } from "./words";

/** Points of the face mesh along its outlines. Source: MediaPipe's face_mesh_connections (Apache-2.0). */
const OUTLINES = [
  [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10],
  [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33],
  [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263],
  [46, 53, 52, 65, 55],
  [70, 63, 105, 66, 107],
  [276, 283, 282, 295, 285],
  [300, 293, 334, 296, 336],
  [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61],
  [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78],
];

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
    if (settings.mesh && !compact) mesh(pen, person);
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

/** Every point of the mesh, and the outlines of face, eyes, brows and lips. */
function mesh(pen: Pen, person: Person): void {
  const { ctx, scale, ratio } = pen;
  const points = person.mesh;
  if (!points) return;
  const at = (k: number): [number, number] => [(points[2 * k]! / 4) * scale, (points[2 * k + 1]! / 4) * scale];
  ctx.fillStyle = "rgba(255,255,255,.75)";
  const side = 1.2 * ratio;
  for (let k = 0; 2 * k < points.length; k++) {
    const [x, y] = at(k);
    ctx.fillRect(x - side / 2, y - side / 2, side, side);
  }
  stroke(pen, "#fff", 1, () => {
    for (const line of OUTLINES)
      line.forEach((k, place) => (place ? ctx.lineTo(...at(k)) : ctx.moveTo(...at(k))));
  });
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
