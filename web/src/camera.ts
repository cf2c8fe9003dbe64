/** The camera of this browser, sent to the run picture by picture: the next when one has arrived. */

import { h, say } from "./dom";
import { t } from "./words";

const WIDTH_PX = 640;
const HEIGHT_PX = 360;
const RATE_HZ = 25;
const QUALITY = 0.8;

export class Camera {
  private readonly button = h("button", { type: "button", class: "primary", click: () => void this.toggle() });
  private readonly note = h("p", { class: "faint", role: "status" }, t("camera_note"));
  readonly element = h("div", { class: "camera" }, this.button, this.note);
  private stream: MediaStream | null = null;
  private socket: WebSocket | null = null;
  private readonly video = document.createElement("video");
  private readonly canvas = document.createElement("canvas");

  constructor(private readonly source: string) {
    this.video.muted = true;
    this.video.playsInline = true;
    say(this.button, t("camera_start"));
  }

  leave(): void {
    this.stop();
  }

  private async toggle(): Promise<void> {
    if (this.stream) return this.stop();
    try {
      const video = { width: { ideal: WIDTH_PX }, height: { ideal: HEIGHT_PX }, frameRate: { ideal: RATE_HZ } };
      this.stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      say(this.note, t("camera_refused", error instanceof Error ? error.message : String(error)));
      return;
    }
    this.video.srcObject = this.stream;
    await this.video.play();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/camera/${encodeURIComponent(this.source)}`);
    this.socket = socket;
    socket.onopen = () => void this.send();
    socket.onmessage = () => void this.send();
    socket.onclose = () => this.stop();
    say(this.button, t("camera_stop"));
    say(this.note, t("camera_on"));
  }

  private async send(): Promise<void> {
    await new Promise<void>((done) => this.video.requestVideoFrameCallback(() => done()));
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || this.socket?.readyState !== WebSocket.OPEN) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.getContext("2d")?.drawImage(this.video, 0, 0);
    const jpeg = await new Promise<Blob | null>((done) => this.canvas.toBlob(done, "image/jpeg", QUALITY));
    if (jpeg && this.socket?.readyState === WebSocket.OPEN) this.socket.send(jpeg);
  }

  private stop(): void {
    this.socket?.close();
    this.socket = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    say(this.button, t("camera_start"));
    say(this.note, t("camera_note"));
  }
}
