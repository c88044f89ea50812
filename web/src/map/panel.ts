import { el } from "../lib/dom";
import { ago, number } from "../lib/format";
import type { LiveEntity, StreamState } from "../lib/live";
import type { Texts } from "../lib/texts";
import { colour, measure, NO_DATA, sign, written, type Layer, type Objects } from "./store";

/** Rows of the list drawn at once; search narrows the rest. */
const MOST_ROWS = 200;

interface Wishes {
  toggle: (layer: Layer, on: boolean) => void;
  open: (entity: LiveEntity) => void;
  territory: () => void;
  inView: (entity: LiveEntity) => boolean;
}

/** What stands beside the map: the stream's state, search, layers with their legend, and every object as a button. */
export class Panel {
  readonly node: HTMLElement;
  private readonly state = el("span", { class: "stream", "data-state": "connecting", role: "status" });
  private readonly age = el("span", { class: "stream-age" });
  private readonly query: HTMLInputElement;
  private readonly count = el("p", { class: "muted small", role: "status" });
  private readonly list = el("ul", { class: "object-list" });
  private readonly rows = new Map<string, { node: HTMLLIElement; words: string }>();

  constructor(
    private readonly t: Texts,
    private readonly objects: Objects,
    private readonly visible: Set<string>,
    private readonly wishes: Wishes,
    tableUrl: string | undefined,
  ) {
    this.query = el("input", { class: "input", id: "map-search", type: "search", autocomplete: "off" });
    this.query.addEventListener("input", () => this.update());
    this.setState("connecting");
    this.node = el(
      "section",
      { class: "map-panel", "aria-label": t("js-map-panel") },
      el("div", { class: "stream-line" }, this.state, this.age),
      el(
        "div",
        { class: "field" },
        el("label", { for: "map-search" }, t("js-map-search")),
        this.query,
      ),
      el(
        "div",
        { class: "map-tools" },
        el("button", { type: "button", class: "button button--secondary", onclick: wishes.territory }, t("js-map-territory")),
        tableUrl ? el("a", { class: "button button--quiet", href: tableUrl }, t("js-map-table")) : null,
      ),
      this.layers(),
      el("h2", { id: "objects-title" }, t("js-map-objects")),
      this.count,
      this.list,
    );
    this.list.setAttribute("aria-labelledby", "objects-title");
  }

  setState(state: StreamState): void {
    this.state.dataset["state"] = state;
    this.state.textContent = this.t(`js-stream-${state}`);
  }

  /** Says how old the newest message is once that is worth saying. */
  setAge(lastMessage: number, now: number): void {
    const old = lastMessage > 0 && now - lastMessage > 15_000;
    this.age.textContent = old ? this.t("js-stream-age", { ago: ago(lastMessage, now) }) : "";
  }

  update(): void {
    const wanted = this.query.value.trim().toLocaleLowerCase();
    const found: { entity: LiveEntity; layer: Layer }[] = [];
    for (const layer of [...this.objects.layers].sort((a, b) => b.order - a.order)) {
      if (!this.visible.has(layer.id) && !wanted) continue;
      for (const entity of this.objects.of(layer)) {
        const words = () => `${entity.name} ${kindWords(layer, entity) ?? ""}`.toLocaleLowerCase();
        const fits = wanted ? words().includes(wanted) : this.wishes.inView(entity);
        if (fits) found.push({ entity, layer });
      }
    }
    found.sort((a, b) => b.layer.order - a.layer.order || (b.entity.r ?? 0) - (a.entity.r ?? 0) || a.entity.name.localeCompare(b.entity.name));
    const count = this.t(wanted ? "js-map-found" : "js-map-in-view", { n: found.length });
    if (this.count.textContent !== count) this.count.textContent = count;
    this.draw(found.slice(0, MOST_ROWS));
  }

  // Rows are kept and moved rather than made anew: focus and screen readers stay where they are.
  private draw(found: { entity: LiveEntity; layer: Layer }[]): void {
    const now = Date.now();
    const keep = new Set(found.map((f) => f.entity.id));
    for (const [id, row] of this.rows) {
      if (keep.has(id)) continue;
      row.node.remove();
      this.rows.delete(id);
    }
    let place: ChildNode | null = this.list.firstChild;
    for (const { entity, layer } of found) {
      const words = this.words(layer, entity, now);
      let row = this.rows.get(entity.id);
      if (!row) {
        row = { node: el("li"), words: "" };
        this.rows.set(entity.id, row);
        const button = el("button", { type: "button", class: "object" });
        button.addEventListener("click", () => {
          const current = this.objects.all.get(entity.id);
          if (current) this.wishes.open(current);
        });
        row.node.append(button);
      }
      const signature = `${words.join("|")}${colour(layer, entity)}`;
      if (row.words !== signature) {
        row.words = signature;
        this.fill(row.node.firstChild as HTMLElement, layer, entity, words);
      }
      if (place === row.node) place = place.nextSibling;
      else this.list.insertBefore(row.node, place);
    }
  }

  private words(layer: Layer, entity: LiveEntity, now: number): [string, string] {
    const value = measure(layer, entity);
    const parts = [layer.title];
    const kind = kindWords(layer, entity);
    if (kind) parts.push(kind);
    if (entity.type === "Alert") parts.push(this.t(entity.s === "danger" ? "js-map-danger" : "js-map-warning"));
    if (value !== null && layer.style.kind !== "pin") {
      parts.push(
        !layer.style.colourBy || layer.style.colourBy === "worstRatio"
          ? this.t("js-map-ratio", { value: number(Math.round(value * 100) / 100) })
          : `${number(value)} ${sign(layer.unit)}`.trim(),
      );
    }
    if (value === null && layer.style.kind === "circle" && layer.style.colourBy) parts.push(this.t("js-legend-none"));
    // To the minute: a word that changed with each reading would be read aloud without end.
    if (entity.t > 0 && now - entity.t > 60_000) parts.push(ago(entity.t, now));
    return [entity.name, parts.join(" · ")];
  }

  private fill(button: HTMLElement, layer: Layer, entity: LiveEntity, [name, about]: [string, string]): void {
    const dot = el("span", { class: `dot dot--${layer.style.kind}` });
    dot.style.setProperty("--dot", pinColour(entity) ?? colour(layer, entity));
    button.replaceChildren(
      dot,
      el(
        "span",
        { class: "object-words" },
        el("span", { class: "object-name" }, name),
        el("span", { class: "object-about" }, about),
      ),
      entity.sim ? el("span", { class: "tag tag--simulated" }, this.t("js-simulated")) : "",
    );
  }

  private layers(): HTMLElement {
    const box = el("details", { class: "map-layers" });
    const rows = [...this.objects.layers]
      .sort((a, b) => b.order - a.order)
      .map((layer) => el("li", {}, this.layerSwitch(layer), legend(this.t, layer)));
    box.append(el("summary", {}, this.t("js-map-layers")), el("ul", { class: "layer-list" }, ...rows));
    return box;
  }

  private layerSwitch(layer: Layer): HTMLElement {
    const input = el("input", { type: "checkbox", checked: this.visible.has(layer.id) });
    input.addEventListener("change", () => this.wishes.toggle(layer, input.checked));
    return el("label", { class: "check" }, input, layer.title);
  }
}

/** What an alert or task is about, in words. */
export function kindWords(layer: Layer, entity: LiveEntity): string | undefined {
  // A step that the packs do not name has only an id, which says nothing to people.
  return entity.k === undefined ? undefined : (layer.kinds?.[entity.k] ?? (entity.type === "Task" ? undefined : entity.k));
}

/** Tasks and alerts have colours of their meaning, not of a measure. */
export function pinColour(entity: LiveEntity): string | undefined {
  if (entity.type === "Task") return "var(--primary)";
  if (entity.type !== "Alert") return undefined;
  return entity.s === "danger" ? "var(--danger)" : "var(--pin-warning)";
}

/** What the colours of a layer mean; nothing for a layer without a measure. */
export function legend(t: Texts, layer: Layer): HTMLElement | null {
  const stops = layer.style.stops ?? [];
  if (!layer.style.colourBy || stops.length < 2 || written(layer)) return null;
  const ratio = layer.style.colourBy === "worstRatio";
  const title = ratio ? t("js-legend-ratio") : [layer.colourTitle, sign(layer.unit)].filter(Boolean).join(", ");
  const items = stops.map(([from, hex], i) => {
    const next = stops[i + 1];
    const words = next ? `${number(from)} … ${number(next[0])}` : t("js-legend-from", { value: number(from) });
    return legendItem(hex, words);
  });
  items.push(legendItem(NO_DATA, t("js-legend-none")));
  return el("div", { class: "legend" }, el("p", { class: "small muted" }, title), el("ul", {}, ...items));
}

function legendItem(hex: string, words: string): HTMLElement {
  const dot = el("span", { class: "dot dot--circle" });
  dot.style.setProperty("--dot", hex);
  return el("li", {}, dot, words);
}
