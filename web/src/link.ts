/** The connection: news as it comes, pictures when asked for, and again after it was lost. */

import type { Cell, Health, Hello, History, RawReading } from "./types";
import { Run } from "./model";

export type State = "connecting" | "open" | "lost" | "ended";
type Painter = (raw: RawReading, jpeg: Blob | null) => Promise<void>;

interface Wanted {
  paint: Painter;
  width: () => number;
  blur: () => boolean;
  mesh: () => boolean;
  after: number;
  asked: boolean;
}

const RETRY_MS = [500, 1000, 2000, 4000];

export async function get<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

export function history_of(source: string): Promise<History> {
  return get<History>(`/api/history/${encodeURIComponent(source)}`);
}

export class Link {
  state: State = "connecting";
  lost_at: Date | null = null;
  private socket: WebSocket | null = null;
  private wanted = new Map<string, Wanted>();
  private tries = 0;

  constructor(
    private readonly run: Run,
    private readonly on_state: () => void,
    private readonly on_other_run: () => void,
    private readonly on_newcomers: () => void,
  ) {
    document.addEventListener("visibilitychange", () => this.ask_all());
    this.open();
  }

  /** Have the pictures of a source painted from now on; returns how to end that. */
  watch(
    source: string,
    paint: Painter,
    width: () => number,
    blur: () => boolean,
    mesh: () => boolean = () => false,
  ): () => void {
    const one: Wanted = { paint, width, blur, mesh, after: -1, asked: false };
    this.wanted.set(source, one);
    this.ask(source, one);
    return () => {
      if (this.wanted.get(source) === one) this.wanted.delete(source);
    };
  }

  private open(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.take(event.data as string | ArrayBuffer);
    socket.onclose = () => this.lose();
    this.socket = socket;
  }

  private become(state: State): void {
    this.state = state;
    this.on_state();
  }

  private lose(): void {
    this.socket = null;
    if (this.state === "ended") return;
    if (this.state !== "lost") this.lost_at = new Date();
    this.become("lost");
    const wait = RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)] ?? 4000;
    window.setTimeout(() => void this.again(), wait);
  }

  private async again(): Promise<void> {
    try {
      const hello = await get<Hello>("/api/hello");
      if (hello.run !== this.run.hello.run || hello.finished) return this.on_other_run();
      this.open();
    } catch {
      this.lose();
    }
  }

  private take(data: string | ArrayBuffer): void {
    if (data instanceof ArrayBuffer) return void this.show(data);
    const message = JSON.parse(data) as { kind: string; source?: string; rows?: Cell[][] };
    const source = this.run.sources.get(message.source ?? "");
    if (message.kind === "start") {
      this.tries = 0;
      this.become("open");
      for (const one of this.wanted.values()) one.asked = false;
      this.ask_all();
      void this.refill();
    } else if (message.kind === "gap" || message.kind === "sources") {
      void this.refill();
    } else if (message.kind === "end") {
      this.become("ended");
    } else if (message.kind === "health") {
      this.run.health = message as unknown as Health;
      for (const one of this.run.sources.values()) one.tell("health");
    } else if (source && message.rows) {
      source.add(message.kind as "windows" | "events" | "narrations", message.rows);
    }
  }

  private async refill(): Promise<void> {
    try {
      if (this.run.adopt((await get<Hello>("/api/hello")).sources)) this.on_newcomers();
    } catch {
      return; // The connection has gone again; the next start fills it.
    }
    for (const source of this.run.sources.values()) {
      try {
        source.fill(await history_of(source.id));
      } catch {
        // The connection has gone again; the next start fills it.
      }
    }
  }

  private async show(data: ArrayBuffer): Promise<void> {
    const length = new DataView(data).getUint32(0);
    const head = new TextDecoder().decode(new Uint8Array(data, 4, length));
    const raw = JSON.parse(head) as RawReading;
    const one = this.wanted.get(raw.source);
    if (!one) return;
    one.after = raw.seq;
    const bytes = data.byteLength - 4 - length;
    const jpeg = bytes ? new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }) : null;
    try {
      await one.paint(raw, jpeg);
    } finally {
      one.asked = false;
      this.ask(raw.source, one);
    }
  }

  private ask_all(): void {
    for (const [source, one] of this.wanted) this.ask(source, one);
  }

  private ask(source: string, one: Wanted): void {
    if (one.asked || document.hidden || this.socket?.readyState !== WebSocket.OPEN) return;
    one.asked = true;
    const wish = { source, after: one.after, width: Math.max(0, Math.round(one.width())), blur: one.blur(), mesh: one.mesh() };
    this.socket.send(JSON.stringify(wish));
  }
}
