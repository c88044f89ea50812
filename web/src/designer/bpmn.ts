import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import Modeler from "bpmn-js/lib/Modeler";
import { el } from "../lib/dom";
import { svod } from "./moddle";
import type { Canvas, EventBus, Registry, Selection } from "./model";
import { Panel } from "./panel";
import type { Editor, Stage } from "./stage";
import { t, translateModule } from "./words";

const MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const PICTURE = "http://www.omg.org/spec/BPMN/20100524/DI";

/** What the palette covers at the left, in pixels. */
const PALETTE = 130;
/** The drawing is shown no smaller than this to begin with. */
const LEAST_ZOOM = 0.6;

/** True where the file says where its elements are drawn. */
function drawn(xml: string): boolean {
  const file = new DOMParser().parseFromString(xml, "application/xml");
  return file.getElementsByTagNameNS(PICTURE, "BPMNShape").length > 0;
}

/**
 * The same process with its flows named at both ends as well: BPMN leaves `incoming` and `outgoing` free, whoever lays the
 * drawing out goes by them.
 */
function joined(xml: string): string {
  const file = new DOMParser().parseFromString(xml, "application/xml");
  const byId = new Map([...file.querySelectorAll("[id]")].map((e) => [e.getAttribute("id") ?? "", e]));
  for (const flow of file.getElementsByTagNameNS(MODEL, "sequenceFlow")) {
    for (const [end, name] of [
      ["sourceRef", "outgoing"],
      ["targetRef", "incoming"],
    ] as const) {
      const node = byId.get(flow.getAttribute(end) ?? "");
      const id = flow.getAttribute("id");
      if (!node || !id || [...node.children].some((c) => c.localName === name && c.textContent === id)) continue;
      const made = file.createElementNS(MODEL, flow.prefix ? `${flow.prefix}:${name}` : name);
      made.textContent = id;
      node.append(made);
    }
  }
  return new XMLSerializer().serializeToString(file);
}

class Bpmn implements Editor {
  private readonly modeler: Modeler;
  private dirty = false;
  private readonly canvas: Canvas;

  constructor(
    stage: Stage,
    private readonly place: HTMLElement,
    panel: HTMLElement,
  ) {
    this.modeler = new Modeler({
      container: place,
      moddleExtensions: { svod },
      additionalModules: [translateModule],
    });
    this.canvas = this.modeler.get<Canvas>("canvas");
    new Panel(this.modeler, panel);
    this.modeler.get<EventBus>("eventBus").on("commandStack.changed", () => {
      this.dirty = true;
      stage.note.textContent = t("design-not-saved");
    });
  }

  async open(text: string): Promise<void> {
    let xml = text;
    if (!drawn(text)) {
      const { layoutProcess } = await import("bpmn-auto-layout");
      xml = await layoutProcess(joined(text));
    }
    await this.modeler.importXML(xml);
    // A picture that was made here is kept with the first change: until then the file is as it was.
    this.dirty = false;
    this.named();
    // Never so small that names cannot be read: what does not fit is scrolled to.
    if (this.canvas.zoom("fit-viewport", "auto") < LEAST_ZOOM) this.canvas.zoom(LEAST_ZOOM);
    const { x, inner, scale } = this.canvas.viewbox();
    this.canvas.scroll({ dx: Math.max(0, PALETTE - (inner.x - x) * scale), dy: 0 });
  }

  async text(): Promise<string> {
    const { xml } = await this.modeler.saveXML({ format: true });
    if (!xml) throw new Error("no XML");
    return xml.endsWith("\n") ? xml : `${xml}\n`;
  }

  changed(): boolean {
    return this.dirty;
  }

  show(element: string): void {
    const found = this.modeler.get<Registry>("elementRegistry").get(element);
    if (!found) return;
    this.modeler.get<Selection>("selection").select(found);
    this.canvas.scrollToElement(found);
  }

  get inner(): Modeler {
    return this.modeler;
  }

  /** The drawing is named for those who do not see it; the list of elements beside it is their way in. */
  private named(): void {
    const svg = this.place.querySelector(".djs-container > svg");
    svg?.setAttribute("role", "application");
    svg?.setAttribute("aria-label", t("design-drawing"));
  }
}

/** The editor of processes with its panel of properties, and the simulation under it. */
export function editor(stage: Stage, form: HTMLFormElement): Editor {
  const place = el("div", { class: "design-canvas" });
  const panel = el("section", { class: "design-panel", "aria-label": t("design-properties") });
  const simulation = el("section", { class: "design-simulation", hidden: true });
  const begin = el("button", { type: "button", class: "button button--secondary" }, t("design-simulate"));
  stage.host.append(el("div", { class: "design-split" }, place, panel), el("div", { class: "actions" }, begin), simulation);
  const bpmn = new Bpmn(stage, place, panel);
  begin.addEventListener("click", () => {
    begin.disabled = true;
    void import("./simulate").then(({ Simulation }) => {
      simulation.hidden = false;
      void new Simulation(simulation, bpmn.inner, form, () => stage.text()).begin();
    });
  });
  return bpmn;
}
