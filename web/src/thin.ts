/** The picture of a source over WebRTC, for a thin link; what was measured comes as always. */

import { h } from "./dom";
import type { Source } from "./model";
import type { Stage } from "./stage";

export class Thin {
  readonly video = h("video", { class: "film", playsinline: true, "aria-hidden": "true", tabindex: -1 });
  private readonly peer = new RTCPeerConnection({ iceServers: [] });
  private gone = false;

  constructor(
    private readonly source: Source,
    stage: Stage,
    readonly blur: boolean,
    private readonly on_fail: () => void,
  ) {
    this.video.muted = true;
    stage.frame.prepend(this.video);
    this.peer.addTransceiver("video", { direction: "recvonly" });
    this.peer.ontrack = ({ track }) => {
      this.video.srcObject = new MediaStream([track]);
      void this.video.play().catch(() => {});
    };
    this.peer.onconnectionstatechange = () => this.peer.connectionState === "failed" && this.fail();
    void this.connect().catch(() => this.fail());
  }

  leave(): void {
    this.gone = true;
    this.peer.close();
    this.video.srcObject = null;
    this.video.remove();
  }

  private fail(): void {
    if (!this.gone) this.on_fail();
  }

  private async connect(): Promise<void> {
    await this.peer.setLocalDescription(await this.peer.createOffer());
    await this.gathered();
    const path = `/thin/${encodeURIComponent(this.source.id)}?blur=${this.blur ? 1 : 0}`;
    const answer = await fetch(path, { method: "POST", body: this.peer.localDescription?.sdp ?? "" });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    if (!this.gone) await this.peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  }

  private gathered(): Promise<void> {
    return new Promise((done) => {
      const look = () => this.peer.iceGatheringState === "complete" && done();
      this.peer.addEventListener("icegatheringstatechange", look);
      look();
    });
  }
}
