import "maplibre-gl/dist/maplibre-gl.css";
import "./map.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { GeoJSONSource, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type MapMouseEvent } from "maplibre-gl";
import { calm, el, onTheme } from "../lib/dom";
import { LiveStream, type Batch, type LiveEntity } from "../lib/live";
import { number } from "../lib/format";
import { texts, type Texts } from "../lib/texts";
import { Card } from "./card";
import { kindWords, legend, Panel } from "./panel";
import { Pins } from "./pins";
import { places } from "./places";
import { colour, measure, Objects, sign, type Layer, type Layers } from "./store";
import { drawnIds, namesOf, sourceOf, style, trailOf, vehicleImage } from "./style";

setWorkerUrl(workerUrl);

/** Panel and traces are drawn at most this often; positions go with every frame that brought news. */
const SLOW_MS = 500;
const TWEEN_MS = 900;
/** Points that the card takes at the right of a wide map, with its margin (map.css). */
const CARD_WIDTH = 432;

class MapIsland {
  private readonly map: MapLibre;
  private readonly objects: Objects;
  private readonly visible: Set<string>;
  private readonly panel: Panel;
  private readonly card: Card;
  private readonly pins: Pins;
  private readonly fixed = new Map<string, GeoJSON.FeatureCollection>();
  private readonly shown = new Map<string, { from: [number, number]; to: [number, number]; since: number }>();
  private ready = false;
  private slow = 0;
  private slowSince = 0;
  private tween = 0;

  constructor(
    host: HTMLElement,
    private readonly given: Layers,
    private readonly t: Texts,
  ) {
    this.objects = new Objects(given.layers);
    this.visible = new Set(given.layers.filter((l) => l.visible).map((l) => l.id));
    this.panel = new Panel(
      t,
      this.objects,
      this.visible,
      {
        toggle: (layer, on) => this.toggle(layer, on),
        open: (entity) => this.open(entity.id, entity.name, entity.g),
        territory: () => this.territory(),
        inView: (entity) => !!entity.g && this.map.getBounds().contains(entity.g),
      },
      host.dataset["tableUrl"],
    );
    this.card = new Card(t, () => history.replaceState(null, "", location.pathname + location.search));
    const canvas = el("div", { class: "map-canvas" });
    host.replaceChildren(el("div", { class: "map-app" }, this.panel.node, el("div", { class: "map-stage" }, canvas, this.key(), this.card.node)));
    this.map = this.makeMap(canvas);
    this.pins = new Pins(
      this.map,
      {
        one: (layer, entity) => `${layer.title}: ${[kindWords(layer, entity), entity.name].filter(Boolean).join(", ")}`,
        many: (n) => t("js-map-group", { n }),
      },
      (entity) => this.open(entity.id, entity.name, entity.g),
    );
    this.wire();
    this.stream(host.dataset["liveUrl"] ?? "/api/v1/live");
  }

  // The colours that say how things are; those of the other layers stand with their switches.
  private key(): HTMLElement | null {
    const judged = this.given.layers.find((l) => l.visible && l.style.colourBy === "worstRatio");
    const list = judged && legend(this.t, judged);
    return judged && list ? el("div", { class: "map-key" }, el("p", {}, judged.title), list) : null;
  }

  private makeMap(container: HTMLElement): MapLibre {
    const map = new MapLibre({
      container,
      style: style(this.given.layers),
      bounds: this.given.bounds,
      fitBoundsOptions: { padding: 24 },
      attributionControl: false,
      maxZoom: 18,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: calm() ? 0 : 200,
      locale: {
        "Map.Title": this.t("js-map-title"),
        "NavigationControl.ZoomIn": this.t("js-map-zoom-in"),
        "NavigationControl.ZoomOut": this.t("js-map-zoom-out"),
        "ScaleControl.Meters": this.t("js-unit-m"),
        "ScaleControl.Kilometers": this.t("js-unit-km"),
      },
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), "top-left");
    map.addControl(new ScaleControl({ unit: "metric" }), "bottom-left");
    return map;
  }

  private wire(): void {
    const { map } = this;
    map.on("load", () => {
      this.addVehicle();
      this.ready = true;
      this.loadFixed();
      this.redraw();
      this.fromAddress();
    });
    map.on("click", (e) => this.pick(e));
    map.on("mousemove", (e) => {
      map.getCanvas().style.cursor = this.hit(e) ? "pointer" : "";
    });
    map.on("moveend", () => {
      this.pins.update(this.objects, this.visible);
      this.panel.update();
    });
    onTheme(() => {
      map.setStyle(style(this.given.layers), { diff: false });
      map.once("styledata", () => {
        this.addVehicle();
        for (const layer of this.given.layers) this.toggle(layer, this.visible.has(layer.id));
        for (const layer of this.given.layers) this.drawFixed(layer);
        this.redraw();
      });
    });
  }

  // The theme may change before the first picture is drawn, and a changed style may keep its images.
  private addVehicle(): void {
    if (!this.map.hasImage("vehicle")) this.map.addImage("vehicle", vehicleImage(), { sdf: true, pixelRatio: 1.6 });
  }

  private stream(url: string): void {
    const stream = new LiveStream(
      url,
      (batch) => this.apply(batch),
      (state) => this.panel.setState(state),
    );
    stream.open();
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (e) => {
      if (e.persisted) stream.open();
    });
    setInterval(() => {
      this.panel.setAge(stream.lastMessage, Date.now());
    }, 5_000);
  }

  private apply(batch: Batch): void {
    const now = performance.now();
    for (const entity of batch.entities) {
      if (!entity.g) continue;
      const at = this.place(entity.id, now) ?? entity.g;
      // A leap is a leap: only what moved a little glides.
      const near = Math.abs(at[0] - entity.g[0]) + Math.abs(at[1] - entity.g[1]) < 0.02;
      this.shown.set(entity.id, { from: near && !batch.whole ? at : entity.g, to: entity.g, since: now });
    }
    for (const id of batch.removed) this.shown.delete(id);
    this.objects.apply(batch);
    this.redraw();
  }

  private place(id: string, now: number): [number, number] | undefined {
    const leg = this.shown.get(id);
    if (!leg) return undefined;
    const share = calm() ? 1 : Math.min(1, (now - leg.since) / TWEEN_MS);
    return [leg.from[0] + (leg.to[0] - leg.from[0]) * share, leg.from[1] + (leg.to[1] - leg.from[1]) * share];
  }

  private redraw(): void {
    // The list and the pins do not wait for the drawing: on a weak machine it may take its time.
    if (!this.slow) {
      this.slow = window.setTimeout(
        () => {
          this.slow = 0;
          this.slowSince = performance.now();
          if (this.ready) this.drawTrails();
          this.panel.update();
        },
        Math.max(0, this.slowSince + SLOW_MS - performance.now()),
      );
    }
    this.pins.update(this.objects, this.visible);
    if (!this.ready) return;
    for (const layer of this.given.layers) if (layer.style.kind === "circle") this.drawPoints(layer);
    this.glide();
  }

  // Vehicles move between two positions for as long as one leg lasts, then the loop rests.
  private glide(): void {
    const until = performance.now() + (calm() ? 0 : TWEEN_MS);
    cancelAnimationFrame(this.tween);
    const step = (): void => {
      for (const layer of this.given.layers) if (layer.style.kind === "vehicle") this.drawPoints(layer);
      if (performance.now() < until) this.tween = requestAnimationFrame(step);
    };
    step();
  }

  private drawPoints(layer: Layer): void {
    if (!this.visible.has(layer.id)) return;
    const now = performance.now();
    const features = this.objects.of(layer).map((entity): GeoJSON.Feature => {
      const heading = entity.v["heading"];
      return {
        type: "Feature",
        properties: {
          id: entity.id,
          name: entity.name,
          c: colour(layer, entity),
          h: typeof heading === "number" ? heading : 0,
          value: written(layer, entity),
        },
        geometry: { type: "Point", coordinates: this.place(entity.id, now) ?? entity.g ?? [0, 0] },
      };
    });
    this.put(sourceOf(layer), features);
  }

  private drawTrails(): void {
    for (const layer of this.given.layers) {
      if (layer.style.trail && this.visible.has(layer.id)) this.put(trailOf(layer), this.objects.traces(layer));
    }
  }

  private put(source: string, features: GeoJSON.Feature[]): void {
    const found = this.map.getSource(source);
    if (found instanceof GeoJSONSource) void found.setData({ type: "FeatureCollection", features });
  }

  private loadFixed(): void {
    for (const layer of this.given.layers) {
      if (!layer.geometryUrl) continue;
      void fetch(layer.geometryUrl)
        .then(async (answer) => {
          if (!answer.ok) return;
          this.fixed.set(layer.id, (await answer.json()) as GeoJSON.FeatureCollection);
          this.drawFixed(layer);
        })
        .catch(() => undefined);
    }
  }

  private drawFixed(layer: Layer): void {
    const collection = this.fixed.get(layer.id);
    if (!collection) return;
    this.put(sourceOf(layer), collection.features);
    if (layer.style.kind === "fill") this.put(namesOf(layer), places(collection.features));
  }

  private toggle(layer: Layer, on: boolean): void {
    if (on) this.visible.add(layer.id);
    else this.visible.delete(layer.id);
    for (const id of drawnIds(layer)) {
      if (this.map.getLayer(id)) this.map.setLayoutProperty(id, "visibility", on ? "visible" : "none");
    }
    this.redraw();
  }

  private territory(): void {
    this.map.fitBounds(this.given.bounds, { padding: 24, animate: !calm() });
  }

  private hit(e: MapMouseEvent): GeoJSON.Feature | undefined {
    const ids = this.given.layers.flatMap((l) => drawnIds(l)).filter((id) => !id.endsWith("-trail") && this.map.getLayer(id));
    const reach = 6;
    const found = this.map.queryRenderedFeatures(
      [
        [e.point.x - reach, e.point.y - reach],
        [e.point.x + reach, e.point.y + reach],
      ],
      { layers: ids },
    );
    return found[0];
  }

  private pick(e: MapMouseEvent): void {
    const properties = this.hit(e)?.properties;
    const id: unknown = properties?.["id"];
    if (typeof id === "string") this.open(id, String(properties?.["name"] ?? ""), null);
  }

  private open(id: string, name: string, g: [number, number] | null): void {
    if (g) this.uncover(g);
    history.replaceState(null, "", `#${encodeURIComponent(id)}`);
    void this.card.open(id, name);
  }

  // Brings a place into the part of the map that the card leaves free.
  private uncover(g: [number, number]): void {
    const card = matchMedia("(min-width: 60em)").matches ? CARD_WIDTH : 0;
    const hidden = this.map.project(g).x > this.map.getContainer().clientWidth - card;
    if (hidden || !this.map.getBounds().contains(g)) this.map.easeTo({ center: g, offset: [-card / 2, 0], animate: !calm() });
  }

  private fromAddress(): void {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id.startsWith("urn:")) void this.card.open(id, this.objects.all.get(id)?.name ?? "");
  }
}

/** The measure in figures: "−12 °C". */
function written(layer: Layer, entity: LiveEntity): string {
  const value = layer.unit ? measure(layer, entity) : null;
  return value === null ? "" : `${number(Math.round(value))} ${sign(layer.unit)}`;
}

async function start(host: HTMLElement): Promise<void> {
  // What the server rendered stays until the map is sure to work.
  if (!document.createElement("canvas").getContext("webgl2")) return;
  const [t, answer] = await Promise.all([texts(), fetch(host.dataset["layersUrl"] ?? "/api/v1/layers")]);
  if (!answer.ok) return;
  new MapIsland(host, (await answer.json()) as Layers, t);
}

export type { LiveEntity };

const host = document.getElementById("map");
if (host) void start(host).catch((e: unknown) => console.warn("map", e));
