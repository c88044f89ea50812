import { LngLatBounds, Marker, type Map as MapLibre } from "maplibre-gl";
import { calm, el, icon } from "../lib/dom";
import type { LiveEntity } from "../lib/live";
import type { Layer, Objects } from "./store";

const ALERT = "M12 2.5 22.5 21h-21L12 2.5Zm-1.2 6.8.3 6h1.8l.3-6h-2.4Zm1.2 7.2a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6Z";
const TASK =
  "M9 2h6a1 1 0 0 1 1 1h2a2 2 0 0 1 2 2v15a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V5c0-1.1.9-2 2-2h2a1 1 0 0 1 1-1Zm7.3 8.3-1.4-1.4-4.4 4.4-1.9-1.9-1.4 1.4 3.3 3.3 5.8-5.8Z";
/** More pins than this hide the map; the list beside it still holds every object. */
const MOST = 300;

/** Pins nearer to each other than this on the screen become one. */
const NEAR_X = 74;
const NEAR_Y = 46;
/** Pins of one and the same place stand side by side, at most so many; the list beside the map holds the rest. */
const SIDE_BY_SIDE = 3;

interface Item {
  layer: Layer;
  entity: LiveEntity;
  g: [number, number];
}

interface Group {
  x: number;
  y: number;
  items: Item[];
}

interface Pin {
  marker: Marker;
  button: HTMLButtonElement;
  place: string;
}

interface Words {
  one: (layer: Layer, entity: LiveEntity) => string;
  many: (n: number) => string;
}

/** Alerts and tasks: real buttons above the map, reachable by keyboard; crowds become one button that zooms in. */
export class Pins {
  private readonly pins = new Map<string, Pin>();

  constructor(
    private readonly map: MapLibre,
    private readonly words: Words,
    private readonly open: (entity: LiveEntity) => void,
  ) {}

  update(objects: Objects, visible: Set<string>): void {
    const items: Item[] = [];
    // Alerts before tasks, whichever layer was declared first: what is worst stays visible in a crowd.
    for (const layer of [...objects.layers].sort((a, b) => b.order - a.order)) {
      if (layer.style.kind !== "pin" || !visible.has(layer.id)) continue;
      for (const entity of objects.of(layer)) if (entity.g) items.push({ layer, entity, g: entity.g });
    }
    const wanted = new Set<string>();
    for (const group of this.groups(items.slice(0, MOST))) this.show(group, wanted);
    for (const [id, pin] of this.pins) {
      if (wanted.has(id)) continue;
      pin.marker.remove();
      this.pins.delete(id);
    }
  }

  private groups(items: Item[]): Group[] {
    const groups: Group[] = [];
    for (const item of items) {
      const { x, y } = this.map.project(item.g);
      const near = groups.find((g) => Math.abs(g.x - x) < NEAR_X && Math.abs(g.y - y) < NEAR_Y);
      if (near) near.items.push(item);
      else groups.push({ x, y, items: [item] });
    }
    return groups;
  }

  private show(group: Group, wanted: Set<string>): void {
    const first = group.items[0];
    if (!first) return;
    const place = first.g.join();
    if (group.items.every((item) => item.g.join() === place)) {
      const shown = group.items.slice(0, SIDE_BY_SIDE);
      shown.forEach((item, nth) => {
        wanted.add(item.entity.id);
        this.put(item, (nth - (shown.length - 1) / 2) * 30);
      });
      return;
    }
    const id = `group:${place}`;
    wanted.add(id);
    const n = group.items.length;
    const pin = this.pin(id, first.g, () => el("span", {}, ""), () => this.approach(group));
    const kinds = new Set(group.items.map((item) => kindOf(item.entity)));
    this.dress(pin, kinds.has("danger") ? "danger" : kinds.has("warning") ? "warning" : "task", this.words.many(n));
    const count = pin.button.firstElementChild;
    if (count && count.textContent !== String(n)) count.textContent = String(n);
    this.move(pin, first.g, 0);
  }

  private approach(group: Group): void {
    const bounds = new LngLatBounds();
    for (const item of group.items) bounds.extend(item.g);
    this.map.fitBounds(bounds, { padding: 120, maxZoom: 16, animate: !calm() });
  }

  private put({ layer, entity, g }: Item, offset: number): void {
    const pin = this.pin(
      entity.id,
      g,
      () => icon(entity.type === "Task" ? TASK : ALERT),
      () => this.open(entity),
    );
    this.dress(pin, kindOf(entity), this.words.one(layer, entity));
    this.move(pin, g, offset);
  }

  private pin(id: string, g: [number, number], face: () => Element, act: () => void): Pin {
    const known = this.pins.get(id);
    if (known) return known;
    const button = el("button", { type: "button", class: "pin" });
    button.append(face());
    button.addEventListener("click", (e) => {
      e.stopPropagation();
      act();
    });
    const pin = { marker: new Marker({ element: button, anchor: "bottom" }).setLngLat(g).addTo(this.map), button, place: "" };
    // MapLibre gives a marker the role of an image; this one is a button and says so itself.
    button.removeAttribute("role");
    this.pins.set(id, pin);
    return pin;
  }

  private dress(pin: Pin, kind: string, words: string): void {
    pin.button.dataset["kind"] = kind;
    if (pin.button.getAttribute("aria-label") === words) return;
    pin.button.setAttribute("aria-label", words);
    pin.button.title = words;
  }

  private move(pin: Pin, g: [number, number], offset: number): void {
    const place = `${g.join()}#${offset}`;
    if (pin.place === place) return;
    pin.place = place;
    pin.marker.setLngLat(g).setOffset([offset, -12]);
  }
}

function kindOf(entity: LiveEntity): string {
  if (entity.type === "Task") return "task";
  return entity.s === "danger" ? "danger" : "warning";
}
