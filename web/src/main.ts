/** The page: header, one source in full or the wall. */

import "./style.css";
import { clear, h, say } from "./dom";
import { Keys } from "./keys";
import { Link, get, history_of } from "./link";
import { Run, is_lost } from "./model";
import { choose, on_choice, settings } from "./settings";
import type { Hello } from "./types";
import { View } from "./view";
import { Wall } from "./wall";
import { speak, t } from "./words";

/** More sources than this get a row of their own, which scrolls. */
const MOST_TABS = 6;
const THEMES = ["auto", "dark", "light"] as const;

class Page {
  private readonly header = h("header");
  private readonly banner = h("p", { class: "banner", role: "alert", hidden: true });
  private readonly main = h("main", { id: "main" });
  private readonly status = h("span", { class: "status" });
  private readonly keys = new Keys();
  private readonly link: Link | null;
  private view: View | Wall | null = null;
  private language = settings.language;
  private shown = "";
  private readonly heard = new Set<string>();

  constructor(private readonly run: Run) {
    speak(settings.language);
    this.apply_theme();
    this.link = run.hello.finished
      ? null
      : new Link(
          run,
          () => this.describe(),
          () => location.reload(),
          () => this.welcome(),
        );
    document.body.append(this.header, this.banner, this.main, this.keys.element);
    window.addEventListener("hashchange", () => this.show());
    document.addEventListener("keydown", (event) => this.press(event));
    on_choice(() => this.take_choice());
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.take_choice());
    this.listen();
    this.show();
    if (run.hello.finished) void this.fill();
  }

  private listen(): void {
    for (const [id, source] of this.run.sources)
      if (!this.heard.has(id)) {
        this.heard.add(id);
        source.on("health", () => this.describe());
      }
  }

  /** Make room for cameras that have joined the run. */
  private welcome(): void {
    this.listen();
    if (this.view instanceof Wall) return this.show();
    if (!location.hash) history.replaceState(null, "", `#${encodeURIComponent(this.shown)}`);
    this.build_header();
  }

  private async fill(): Promise<void> {
    for (const source of this.run.sources.values()) source.fill(await history_of(source.id));
  }

  private get chosen(): string {
    const wanted = decodeURIComponent(location.hash.slice(1));
    if (this.run.sources.has(wanted)) return wanted;
    const ids = [...this.run.sources.keys()];
    return ids.length === 1 ? (ids[0] ?? "") : "";
  }

  private show(): void {
    this.view?.leave();
    const id = (this.shown = this.chosen);
    const source = this.run.sources.get(id);
    this.view = source
      ? new View(this.run, source, this.link)
      : new Wall(this.run, this.link, (one) => (location.hash = encodeURIComponent(one)));
    clear(this.main, this.view.element);
    this.build_header();
    this.keys.write();
    this.describe();
    document.title = source ? `${source.id} · ${t("title")}` : t("title");
  }

  private build_header(): void {
    const ids = [...this.run.sources.keys()];
    const tab = (id: string, label: string, is_on: boolean) =>
      h("a", { href: `#${encodeURIComponent(id)}`, "aria-current": is_on ? "page" : null }, label);
    const tabs = h("nav", { "aria-label": t("sources"), class: ids.length > MOST_TABS ? "many" : null });
    if (ids.length > 1) {
      tabs.append(tab("wall", t("wall"), this.chosen === ""));
      for (const info of this.run.hello.sources) tabs.append(tab(info.id, info.title, this.chosen === info.id));
    }
    const name = ids.length === 1 ? h("span", { class: "source-name" }, this.run.hello.sources[0]?.title ?? "") : null;
    const theme = THEMES[(THEMES.indexOf(settings.theme) + 1) % THEMES.length]!;
    clear(
      this.header,
      h("a", { class: "skip", href: "#picture", click: (event: Event) => this.skip(event) }, t("skip")),
      h("h1", {}, h("img", { src: "/assets/icon.svg", alt: "", width: 24, height: 24 }), t("title")),
      name,
      tabs,
      this.status,
      h(
        "div",
        { class: "choices" },
        h(
          "button",
          { type: "button", lang: settings.language === "en" ? "de" : "en", click: () => choose({ language: settings.language === "en" ? "de" : "en" }) },
          t("language"),
        ),
        h("button", { type: "button", click: () => choose({ theme }) }, `${t("theme")}: ${t(`theme_${settings.theme}`)}`),
        h("button", { type: "button", "aria-haspopup": "dialog", title: t("keys"), click: () => this.keys.show() }, t("keys_open")),
      ),
    );
  }

  private describe(): void {
    const { hello, health } = this.run;
    const rates = Object.values(health.sources).map((one) => one.rate_hz ?? 0);
    const lost = Object.values(health.sources).filter(is_lost).length;
    const state = this.link?.state ?? "finished";
    let words = t(hello.live ? "live" : "replay");
    if (hello.finished) words = t("finished");
    else if (state === "open") words += ` · ${rates.reduce((a, b) => a + b, 0).toFixed(1)}/s`;
    say(this.status, words);
    const is_bad = state === "lost" || lost > 0;
    this.status.dataset["state"] = is_bad ? "bad" : state === "open" ? "good" : "idle";
    const offline = state === "lost" && this.link?.lost_at;
    const told = offline ? t("offline", offline.toLocaleTimeString()) : state === "ended" ? t("run_ended") : "";
    say(this.banner, told);
    this.banner.hidden = !told;
    this.banner.dataset["state"] = state;
    if (this.view instanceof Wall) this.view.update();
  }

  private take_choice(): void {
    this.apply_theme();
    if (this.language !== settings.language) {
      this.language = settings.language;
      speak(settings.language);
      return this.show();
    }
    this.build_header();
    if (this.view instanceof Wall) this.view.rearrange();
    else this.view?.choose();
  }

  private apply_theme(): void {
    const is_light = matchMedia("(prefers-color-scheme: light)").matches;
    const auto = is_light ? "light" : "dark";
    document.documentElement.dataset["theme"] = settings.theme === "auto" ? auto : settings.theme;
  }

  private skip(event: Event): void {
    event.preventDefault();
    const target = document.getElementById("picture") ?? this.main;
    target.tabIndex = -1;
    target.focus();
  }

  private press(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || this.keys.is_open) return;
    if (target.tagName === "SELECT" || (target.tagName === "INPUT" && event.key.length > 1)) return;
    if (event.key === " " && target.closest("button, summary, a")) return;
    const ids = [...this.run.sources.keys()];
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "?") this.keys.show();
    else if (key === "t") choose({ theme: THEMES[(THEMES.indexOf(settings.theme) + 1) % THEMES.length]! });
    else if (key === "w" && ids.length > 1) location.hash = "wall";
    else if (/^[1-9]$/.test(key) && ids.length > 1 && ids[Number(key) - 1])
      location.hash = encodeURIComponent(ids[Number(key) - 1]!);
    else if (!this.view?.press(key)) return;
    event.preventDefault();
  }
}

async function start(): Promise<void> {
  try {
    new Page(new Run(await get<Hello>("/api/hello")));
  } catch (error) {
    document.body.append(h("p", { class: "banner", role: "alert" }, String(error)));
  }
}

void start();
