/** What a visitor has chosen; kept by the browser. */

import type { Language } from "./words";

export interface Settings {
  boxes: boolean;
  skeleton: boolean;
  marks: boolean;
  mesh: boolean;
  thin: boolean;
  labels: boolean;
  blur: boolean;
  language: Language;
  theme: "auto" | "dark" | "light";
  range: "window" | "run";
  tiles: 1 | 4 | 9 | 16;
  sort: "name" | "events";
}

const KEY = "affectstream";
const DEFAULTS: Settings = {
  boxes: true,
  skeleton: true,
  marks: false,
  mesh: false,
  thin: false,
  labels: true,
  blur: false,
  language: navigator.language.startsWith("de") ? "de" : "en",
  theme: "auto",
  range: "run",
  tiles: 4,
  sort: "name",
};

function load(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    return { ...DEFAULTS };
  }
}

export const settings = load();
const listeners = new Set<() => void>();

export function choose(changes: Partial<Settings>): void {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

export function on_choice(listener: () => void): void {
  listeners.add(listener);
}
