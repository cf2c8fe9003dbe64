/** What was measured and happened at a moment of the timeline, as a table and in words. */

import { clock, h } from "./dom";
import { MEASURES } from "./tables";
import { t } from "./words";

export interface Moment {
  time: number;
  /** Of a person or the group: valence, arousal, movement. */
  rows: { name: string; values: string[] }[];
  words: string[];
}

export function table_of({ rows }: Moment): HTMLElement {
  const head = h("tr", {}, h("td"), ...MEASURES.map((measure) => h("th", { scope: "col" }, t(measure))));
  const body = rows.map(({ name, values }) =>
    h("tr", {}, h("th", { scope: "row" }, name), ...values.map((value) => h("td", {}, value))),
  );
  return h("table", { class: "moment" }, head, ...body);
}

/** What a screen reader says of a moment. */
export function in_words({ time, rows, words }: Moment): string {
  const told = rows.map(
    ({ name, values }) => `${name}: ${MEASURES.map((measure, k) => `${t(measure)} ${values[k]}`).join(", ")}`,
  );
  return [clock(time), ...told, ...words].join(". ");
}
