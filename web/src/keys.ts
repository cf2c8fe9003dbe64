/** The list of keys and of signs, as a dialog. */

import { clear, h } from "./dom";
import { SIGNS } from "./marks";
import type { Kind } from "./marks";
import type { Word } from "./words";
import { t } from "./words";

const KEYS: [string, Word][] = [
  ["B S M F L U", "key_toggle"],
  ["R", "key_range"],
  ["T", "key_theme"],
  ["W", "key_wall"],
  ["1 … 9", "key_sources"],
  ["␣", "key_play"],
  ["← →", "key_seek"],
  ["N", "key_now"],
  ["?", "key_help"],
];
const MEANINGS: Record<Kind, Word> = {
  told: "sign_told",
  quadrant_change: "sign_change",
  spike: "sign_spike",
  arrival: "sign_arrival",
  departure: "sign_departure",
  source_state: "sign_state",
};

export class Keys {
  readonly element = h("dialog", { class: "keys" });

  /** Write the list in the language of the moment. */
  write(): void {
    const line = (sign: HTMLElement, word: Word) => h("div", {}, h("dt", {}, sign), h("dd", {}, t(word)));
    const sign = (kind: Kind) => h("span", { class: `mark ${kind}` }, SIGNS[kind]);
    clear(
      this.element,
      h("h2", {}, t("keys")),
      h("dl", {}, ...KEYS.map(([key, word]) => line(h("kbd", {}, key), word))),
      h("h2", {}, t("signs")),
      h("dl", {}, ...Object.entries(MEANINGS).map(([kind, word]) => line(sign(kind as Kind), word))),
      h("form", { method: "dialog" }, h("button", { class: "primary" }, t("close"))),
    );
    this.element.setAttribute("aria-label", t("keys"));
  }

  get is_open(): boolean {
    return this.element.open;
  }

  show(): void {
    this.element.showModal();
  }
}
