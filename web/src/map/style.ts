import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import { token } from "../lib/dom";
import { written, type Layer } from "./store";

/** Fonts are drawn by the browser: without a `glyphs` address MapLibre asks nobody for them. */
export const FONT = ["Golos Text Variable", "PT Sans", "sans-serif"];

const empty: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Source ids of a layer's own layers on the map. */
export const sourceOf = (layer: Layer): string => `s-${layer.id}`;
export const trailOf = (layer: Layer): string => `t-${layer.id}`;
export const namesOf = (layer: Layer): string => `n-${layer.id}`;

/** The whole style, built in code from the declared layers: nothing is fetched from anywhere else. */
export function style(layers: Layer[]): StyleSpecification {
  const out: StyleSpecification = {
    version: 8,
    sources: {},
    layers: [{ id: "ground", type: "background", paint: { "background-color": token("--map-ground") } }],
  };
  for (const layer of [...layers].sort((a, b) => a.order - b.order)) {
    if (layer.style.kind === "pin") continue;
    out.sources[sourceOf(layer)] = { type: "geojson", data: empty, promoteId: "id" };
    // Without a tolerance of nought the legs, shorter than a point of the screen, would be left out.
    if (layer.style.trail) out.sources[trailOf(layer)] = { type: "geojson", data: empty, tolerance: 0 };
    if (layer.style.kind === "fill") out.sources[namesOf(layer)] = { type: "geojson", data: empty, promoteId: "id" };
    out.layers.push(...drawn(layer));
  }
  return out;
}

/** Ids of the map layers that show a declared layer. */
export function drawnIds(layer: Layer): string[] {
  return layer.style.kind === "pin" ? [] : drawn(layer).map((l) => l.id);
}

function drawn(layer: Layer): LayerSpecification[] {
  const source = sourceOf(layer);
  const visibility = layer.visible ? "visible" : "none";
  const first = layer.style.stops?.[0]?.[1];
  switch (layer.style.kind) {
    case "fill":
      return fill(layer, source, visibility, first);
    case "line":
      return [
        {
          id: `${layer.id}-line`,
          type: "line",
          source,
          layout: { "line-cap": "round", "line-join": "round", visibility },
          paint: {
            "line-color": first ?? token("--map-border"),
            "line-width": ["interpolate", ["linear"], ["zoom"], 7, 1.5, 12, 4],
            "line-opacity": 0.75,
            "line-dasharray": [1, 1.8],
          },
        },
      ];
    case "vehicle":
      return vehicle(layer, source, visibility);
    default:
      return circle(layer, source, visibility);
  }
}

type Visibility = "visible" | "none";

function fill(layer: Layer, source: string, visibility: Visibility, first?: string): LayerSpecification[] {
  return [
    {
      id: `${layer.id}-fill`,
      type: "fill",
      source,
      layout: { visibility },
      paint: {
        "fill-color": first ?? token("--map-land"),
        "fill-opacity": first ? ["case", ["boolean", ["feature-state", "hover"], false], 0.3, 0.14] : 1,
      },
    },
    {
      id: `${layer.id}-outline`,
      type: "line",
      source,
      layout: { "line-join": "round", visibility },
      paint: {
        "line-color": token("--map-border"),
        "line-width": ["interpolate", ["linear"], ["zoom"], 5, 0.8, 10, 2],
      },
    },
    {
      id: `${layer.id}-name`,
      type: "symbol",
      source: namesOf(layer),
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 5, 10, 8, 13],
        "text-max-width": 8,
        "text-padding": 4,
        "text-anchor": ["case", ["get", "small"], "top", "center"],
        "text-offset": ["case", ["get", "small"], ["literal", [0, 0.2]], ["literal", [0, 0]]],
        // Of two names that would touch, that of the larger area is kept; a city is larger than its area.
        "symbol-sort-key": ["*", ["case", ["get", "small"], -8, -1], ["get", "size"]],
        visibility,
      },
      paint: {
        "text-color": token("--map-text"),
        "text-halo-color": token("--map-halo"),
        "text-halo-width": 1.4,
        "text-opacity": 0.85,
      },
    },
  ];
}

function vehicle(layer: Layer, source: string, visibility: Visibility): LayerSpecification[] {
  const out: LayerSpecification[] = [];
  if (layer.style.trail) {
    out.push({
      id: `${layer.id}-trail`,
      type: "line",
      source: trailOf(layer),
      layout: { "line-cap": "butt", "line-join": "round", visibility },
      paint: { "line-color": ["get", "c"], "line-width": 5, "line-opacity": ["get", "o"] },
    });
  }
  out.push({
    id: `${layer.id}-vehicle`,
    type: "symbol",
    source,
    layout: {
      "icon-image": "vehicle",
      "icon-size": ["interpolate", ["linear"], ["zoom"], 5, 0.4, 8, 0.62, 11, 1],
      "icon-rotate": ["get", "h"],
      "icon-rotation-alignment": "map",
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      visibility,
    },
    paint: { "icon-color": ["get", "c"], "icon-halo-color": token("--map-edge"), "icon-halo-width": 1.6 },
  });
  return out;
}

function circle(layer: Layer, source: string, visibility: Visibility): LayerSpecification[] {
  if (written(layer)) return [value(layer, source, visibility)];
  return [
    disc(layer, source, visibility),
    {
      id: `${layer.id}-name`,
      type: "symbol",
      source,
      minzoom: 9,
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": 13,
        "text-anchor": "top",
        "text-offset": [0, 1.1],
        "text-max-width": 9,
        "text-optional": true,
        visibility,
      },
      paint: {
        "text-color": token("--map-text"),
        "text-halo-color": token("--map-halo"),
        "text-halo-width": 1.6,
      },
    },
  ];
}

function disc(layer: Layer, source: string, visibility: Visibility): LayerSpecification {
  return {
    id: `${layer.id}-circle`,
    type: "circle",
    source,
    layout: { visibility },
    paint: {
      "circle-color": ["get", "c"],
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 5, 4.5, 8, 8, 10, 11, 14, 15],
      "circle-stroke-color": token("--map-edge"),
      "circle-stroke-width": 2.5,
    },
  };
}

// A measure with a unit says more as a figure than as a colour; it stands beside the place, where nothing covers it.
function value(layer: Layer, source: string, visibility: Visibility): LayerSpecification {
  return {
    id: `${layer.id}-value`,
    type: "symbol",
    source,
    layout: {
      "text-field": ["get", "value"],
      "text-font": FONT,
      "text-size": 13,
      "text-anchor": "left",
      "text-offset": [1.1, -0.6],
      "text-padding": 6,
      visibility,
    },
    paint: {
      "text-color": token("--map-value"),
      "text-halo-color": token("--map-halo"),
      "text-halo-width": 2,
    },
  };
}

/** An arrow drawn as a distance field, so that one picture takes every colour. */
export function vehicleImage(): { width: number; height: number; data: Uint8ClampedArray } {
  const size = 48;
  const shape = new Path2D("M24 5 L39 40 L24 32 L9 40 Z");
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const data = new Uint8ClampedArray(size * size * 4);
  if (!pen) return { width: size, height: size, data };
  const reach = 8;
  const inside: boolean[] = [];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) inside.push(pen.isPointInPath(shape, x + 0.5, y + 0.5));
  }
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const here = inside[y * size + x] ?? false;
      const distance = nearest(inside, size, x, y, here, reach);
      // 192 is the edge of the shape in MapLibre's distance fields (three quarters inside).
      data[(y * size + x) * 4 + 3] = 192 + (here ? distance : -distance) * (64 / reach) * (here ? 1 : 2);
    }
  }
  return { width: size, height: size, data };
}

function nearest(inside: boolean[], size: number, x: number, y: number, here: boolean, reach: number): number {
  let best = reach * reach;
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) {
      const px = x + dx;
      const py = y + dy;
      const other = px >= 0 && py >= 0 && px < size && py < size ? (inside[py * size + px] ?? false) : false;
      if (other !== here) best = Math.min(best, dx * dx + dy * dy);
    }
  }
  return Math.sqrt(best) - 0.5;
}
