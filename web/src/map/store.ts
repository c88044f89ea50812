import type { Batch, LiveEntity } from "../lib/live";

export interface LayerStyle {
  kind: "circle" | "line" | "fill" | "vehicle" | "pin";
  colourBy?: string;
  stops?: [number, string][];
  trail?: boolean;
}

/** A layer as `/api/v1/layers` gives it. */
export interface Layer {
  id: string;
  type: string;
  geometry: string;
  order: number;
  visible: boolean;
  style: LayerStyle;
  title: string;
  /** GeoJSON of layers whose geometry stands still. */
  geometryUrl: string | null;
  /** Title and UCUM unit of the attribute that gives the colour. */
  colourTitle?: string;
  unit?: string;
  /** Words of the kinds (`k` of an object) that occur on this layer. */
  kinds?: Record<string, string>;
}

export interface Layers {
  layers: Layer[];
  center: [number, number];
  bounds: [number, number, number, number];
}

const TRAIL_MS = 4 * 60_000;
const TRAIL_POINTS = 120;
/** Legs drawn with one opacity. */
const PIECE = 4;

export interface TrailPoint {
  at: number;
  g: [number, number];
}

/** What the map knows now: objects by id, and the last minutes of what moves. */
export class Objects {
  readonly all = new Map<string, LiveEntity>();
  readonly trails = new Map<string, TrailPoint[]>();
  private readonly trailing: Set<string>;

  constructor(readonly layers: Layer[]) {
    this.trailing = new Set(layers.filter((l) => l.style.trail).map((l) => l.type));
  }

  apply(batch: Batch): void {
    if (batch.whole) this.all.clear();
    for (const entity of batch.entities) {
      this.all.set(entity.id, entity);
      if (entity.g && this.trailing.has(entity.type)) this.trace(entity, entity.g);
    }
    for (const id of batch.removed) {
      this.all.delete(id);
      this.trails.delete(id);
    }
  }

  of(layer: Layer): LiveEntity[] {
    const out: LiveEntity[] = [];
    for (const entity of this.all.values()) {
      if (entity.type === layer.type && entity.g && entity.s !== "closed" && entity.s !== "done") out.push(entity);
    }
    return out;
  }

  layerOf(entity: LiveEntity): Layer | undefined {
    return this.layers.find((l) => l.type === entity.type);
  }

  private trace(entity: LiveEntity, g: [number, number]): void {
    const trail = this.trails.get(entity.id) ?? [];
    const last = trail.at(-1);
    if (last && last.g[0] === g[0] && last.g[1] === g[1]) return;
    trail.push({ at: entity.t, g });
    const oldest = entity.t - TRAIL_MS;
    while (trail.length > TRAIL_POINTS || (trail[0] && trail[0].at < oldest)) trail.shift();
    this.trails.set(entity.id, trail);
  }

  /** Traces as pieces of a few legs whose opacity falls with age. */
  traces(layer: Layer): GeoJSON.Feature[] {
    const out: GeoJSON.Feature[] = [];
    for (const [id, trail] of this.trails) {
      const entity = this.all.get(id);
      const newest = trail.at(-1);
      if (!entity || entity.type !== layer.type || !newest) continue;
      for (let end = trail.length; end > 1; end -= PIECE) {
        const piece = trail.slice(Math.max(0, end - PIECE - 1), end);
        const age = (newest.at - (piece.at(-1)?.at ?? 0)) / TRAIL_MS;
        out.push({
          type: "Feature",
          properties: { o: Math.max(0.06, 0.75 * (1 - age)), c: colour(layer, entity) },
          geometry: { type: "LineString", coordinates: piece.map((p) => p.g) },
        });
      }
    }
    return out;
  }
}

/** The value that gives the object its colour: a number, or none. */
export function measure(layer: Layer, entity: LiveEntity): number | null {
  const by = layer.style.colourBy;
  if (!by || by === "worstRatio") return entity.r;
  const value = entity.v[by];
  return typeof value === "number" ? value : null;
}

/** Shown as a figure with its unit: temperature, say. A ratio to the norm is a colour. */
export function written(layer: Layer): boolean {
  return layer.style.kind === "circle" && layer.style.colourBy !== "worstRatio" && !!layer.unit;
}

/** Units that are written with a sign in every language, by their UCUM code. */
const SIGNS: Record<string, string> = { Cel: "°C", "%": "%", deg: "°" };

/** A unit as it is written. */
export const sign = (unit: string | undefined): string => (unit === undefined ? "" : (SIGNS[unit] ?? unit));

export const NO_DATA = "#7b8a9b";

/** Colour by the layer's stops; grey when there is no value. */
export function colour(layer: Layer, entity: LiveEntity): string {
  const stops = layer.style.stops ?? [];
  if (stops.length === 0) return "#0b5c8f";
  if (!layer.style.colourBy) return stops[0]?.[1] ?? NO_DATA;
  const value = measure(layer, entity);
  if (value === null) return NO_DATA;
  let out = stops[0]?.[1] ?? NO_DATA;
  for (const [from, hex] of stops) if (value >= from) out = hex;
  return out;
}
