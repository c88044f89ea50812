// What we use of bpmn-js and its model, named: the library's own types leave the model open.

/** An element of the BPMN model. */
export interface Moddle {
  id?: string;
  name?: string;
  $type: string;
  $parent?: Moddle;
  $instanceOf(type: string): boolean;
  get(name: string): unknown;
}

/** A point of a flow as drawn. */
export interface Point {
  x: number;
  y: number;
}

/** A shape or flow as drawn. */
export interface Drawn {
  id: string;
  type: string;
  businessObject: Moddle;
  waypoints?: Point[];
  source?: Drawn;
  labelTarget?: Drawn;
  parent?: Drawn;
}

export interface Modeling {
  updateProperties(element: Drawn, properties: Record<string, unknown>): void;
  updateModdleProperties(element: Drawn, of: Moddle, properties: Record<string, unknown>): void;
}

export interface Factory {
  create(type: string, attributes?: Record<string, unknown>): Moddle;
}

export interface Registry {
  get(id: string): Drawn | undefined;
  getAll(): Drawn[];
}

export interface Selection {
  select(element: Drawn): void;
  get(): Drawn[];
}

export interface Canvas {
  zoom(to: "fit-viewport" | number, center?: "auto"): number;
  scrollToElement(element: Drawn): void;
  scroll(by: { dx: number; dy: number }): void;
  viewbox(): { x: number; scale: number; inner: { x: number } };
  addMarker(element: string, marker: string): void;
  removeMarker(element: string, marker: string): void;
  getDefaultLayer(): SVGElement;
  getRootElement(): Drawn;
  getContainer(): HTMLElement;
}

export interface Overlays {
  add(element: string, type: string, overlay: { position: Record<string, number>; html: HTMLElement }): string;
  remove(filter: { type: string }): void;
}

export interface EventBus {
  on(event: string | string[], f: () => void): void;
}

/** The texts of a moddle expression. */
export function body(of: unknown): string {
  return ((of as Moddle | undefined)?.get("body") as string | undefined) ?? "";
}

/** A property that is a text. */
export function told(of: Moddle | undefined, name: string): string {
  const value = of?.get(name);
  return value === undefined || value === null ? "" : String(value);
}

/** A property that is a list. */
export function list(of: Moddle | undefined, name: string): Moddle[] {
  return (of?.get(name) as Moddle[] | undefined) ?? [];
}

/** A property that is an element. */
export function one(of: Moddle | undefined, name: string): Moddle | undefined {
  return of?.get(name) as Moddle | undefined;
}
