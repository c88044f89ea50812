import type Modeler from "bpmn-js/lib/Modeler";
import { el } from "../lib/dom";
import {
  body,
  type Canvas,
  type Drawn,
  type EventBus,
  type Factory,
  list,
  type Moddle,
  type Modeling,
  one,
  type Registry,
  type Selection,
  told,
} from "./model";
import { has, t } from "./words";

/** Attributes of `urn:svod:bpmn` by the type that has them, in the order of docs/processes.md. */
const ATTRIBUTES: [string, string[]][] = [
  ["bpmn:Process", ["businessKey"]],
  ["bpmn:Lane", ["role"]],
  ["bpmn:UserTask", ["form", "role", "body", "deadline", "calendar"]],
  ["bpmn:ServiceTask", ["service", "retry"]],
  ["bpmn:BusinessRuleTask", ["decision"]],
  ["bpmn:SendTask", ["correlation"]],
  ["bpmn:ReceiveTask", ["correlation"]],
  ["bpmn:AdHocSubProcess", ["activate"]],
  ["bpmn:Activity", ["result"]],
];

/** Events and what they refer to: the list in the file, and how it is named. */
const REFERENCES: [string, string, string, string][] = [
  ["bpmn:MessageEventDefinition", "messageRef", "bpmn:Message", ""],
  ["bpmn:SignalEventDefinition", "signalRef", "bpmn:Signal", ""],
  ["bpmn:ErrorEventDefinition", "errorRef", "bpmn:Error", "errorCode"],
  ["bpmn:EscalationEventDefinition", "escalationRef", "bpmn:Escalation", "escalationCode"],
];

const TIMES = ["timeDate", "timeDuration", "timeCycle"];

/** What is known of the chosen element, as fields that can be changed: one way for mouse, keyboard and screen reader. */
export class Panel {
  private readonly chooser = el("select", { class: "select", id: "design-element" });
  private readonly fields = el("div", { class: "design-fields" });
  private readonly modeling: Modeling;
  private readonly factory: Factory;
  private readonly registry: Registry;
  private readonly selection: Selection;
  private readonly canvas: Canvas;
  private element: Drawn | undefined;
  private count = 0;

  constructor(modeler: Modeler, host: HTMLElement) {
    this.modeling = modeler.get<Modeling>("modeling");
    this.factory = modeler.get<Factory>("moddle");
    this.registry = modeler.get<Registry>("elementRegistry");
    this.selection = modeler.get<Selection>("selection");
    this.canvas = modeler.get<Canvas>("canvas");
    const label = el("label", { for: "design-element" }, t("design-element"));
    host.append(el("h2", {}, t("design-properties")), el("div", { class: "field" }, label, this.chooser), this.fields);
    this.chooser.addEventListener("change", () => this.choose());
    const bus = modeler.get<EventBus>("eventBus");
    bus.on("selection.changed", () => this.take(this.selection.get()[0]));
    bus.on(["commandStack.changed", "import.done"], () => {
      this.list();
      this.draw();
    });
  }

  private choose(): void {
    const chosen = this.registry.get(this.chooser.value);
    if (!chosen) return;
    if (chosen === this.canvas.getRootElement()) {
      this.take(chosen);
      return;
    }
    this.selection.select(chosen);
    this.canvas.scrollToElement(chosen);
  }

  private take(chosen: Drawn | undefined): void {
    const next = chosen?.labelTarget ?? chosen ?? this.canvas.getRootElement();
    if (next === this.element) return;
    this.element = next;
    this.chooser.value = next.id;
    this.draw(true);
  }

  private list(): void {
    const all = this.registry.getAll().filter((e) => e.businessObject && !e.labelTarget && e.type !== "label");
    const option = (e: Drawn): HTMLElement => {
      const name = e.businessObject.name ?? "";
      return el("option", { value: e.id }, name ? `${name} (${kind(e.businessObject)})` : `${kind(e.businessObject)} ${e.id}`);
    };
    this.chooser.replaceChildren(...all.map(option));
    if (!this.element || !this.registry.get(this.element.id)) this.element = this.canvas.getRootElement();
    this.chooser.value = this.element.id;
  }

  /** Fields are made anew for another element; while somebody writes in one, they stay. */
  private draw(anew = false): void {
    const element = this.element;
    if (!element || (!anew && this.fields.contains(document.activeElement))) return;
    this.count = 0;
    const of: Moddle | undefined = element.businessObject;
    // Before a file is open, what is drawn stands for nothing.
    if (!of) return;
    const parts: (HTMLElement | undefined)[] = [
      this.text("id", told(of, "id"), (v) => this.set({ id: v }), t("attr-id")),
      this.text("name", told(of, "name"), (v) => this.set({ name: v || undefined }), t("attr-name")),
    ];
    const seen = new Set<string>();
    for (const [type, names] of ATTRIBUTES) {
      if (!of.$instanceOf(type)) continue;
      for (const name of names) {
        if (seen.has(name)) continue;
        seen.add(name);
        parts.push(this.text(name, told(of, `svod:${name}`), (v) => this.set({ [`svod:${name}`]: v || undefined })));
      }
    }
    if (of.$instanceOf("bpmn:SequenceFlow")) parts.push(...this.flow(element));
    if (of.$instanceOf("bpmn:ScriptTask")) {
      parts.push(this.area("script", told(of, "script"), (v) => this.set({ script: v || undefined, scriptFormat: "feel" })));
    }
    if (of.$instanceOf("bpmn:CallActivity")) {
      parts.push(this.text("calledElement", told(of, "calledElement"), (v) => this.set({ calledElement: v || undefined })));
    }
    if (of.$instanceOf("bpmn:SendTask") || of.$instanceOf("bpmn:ReceiveTask")) {
      parts.push(this.reference(of, "messageRef", "bpmn:Message", ""));
    }
    for (const definition of list(of, "eventDefinitions")) parts.push(...this.event(of, definition));
    const loop = one(of, "loopCharacteristics");
    if (loop?.$instanceOf("bpmn:MultiInstanceLoopCharacteristics")) parts.push(...this.many(loop));
    if (of.$instanceOf("bpmn:Activity") || of.$instanceOf("bpmn:Event")) {
      parts.push(this.mappings("svod:Input", "attr-inputs"), this.mappings("svod:Output", "attr-outputs"));
    }
    this.fields.replaceChildren(...parts.filter((p) => p !== undefined));
  }

  private set(properties: Record<string, unknown>): void {
    if (this.element) this.modeling.updateProperties(this.element, properties);
  }

  private inside(of: Moddle, properties: Record<string, unknown>): void {
    if (this.element) this.modeling.updateModdleProperties(this.element, of, properties);
  }

  private labelled(label: string, field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): HTMLElement {
    this.count += 1;
    field.id = `design-field-${this.count}`;
    return el("div", { class: "field" }, el("label", { for: field.id }, label), field);
  }

  private text(name: string, value: string, set: (value: string) => void, label = attribute(name)): HTMLElement {
    const field = el("input", { class: "input", type: "text", value, autocomplete: "off", spellcheck: "false" });
    field.addEventListener("change", () => attempt(field, value, set));
    return this.labelled(label, field);
  }

  private area(name: string, value: string, set: (value: string) => void): HTMLElement {
    const field = el("textarea", { class: "textarea textarea--code", rows: 4, spellcheck: "false" });
    field.value = value;
    field.addEventListener("change", () => attempt(field, value, set));
    return this.labelled(attribute(name), field);
  }

  private expression(text: string): Moddle | undefined {
    return text ? this.factory.create("bpmn:FormalExpression", { body: text }) : undefined;
  }

  private flow(element: Drawn): HTMLElement[] {
    const of = element.businessObject;
    const condition = this.area("condition", body(one(of, "conditionExpression")), (v) =>
      this.set({ conditionExpression: this.expression(v) }),
    );
    const source = element.source;
    if (!source || !(source.businessObject.$instanceOf("bpmn:Gateway") || source.businessObject.$instanceOf("bpmn:Activity"))) {
      return [condition];
    }
    const box = el("input", { type: "checkbox", id: "design-default" });
    box.checked = one(source.businessObject, "default") === of;
    box.addEventListener("change", () => this.modeling.updateProperties(source, { default: box.checked ? of : undefined }));
    return [condition, el("div", { class: "check" }, box, el("label", { for: "design-default" }, t("attr-default")))];
  }

  private event(of: Moddle, definition: Moddle): (HTMLElement | undefined)[] {
    const parts: (HTMLElement | undefined)[] = [];
    const catches = of.$instanceOf("bpmn:CatchEvent");
    if (definition.$instanceOf("bpmn:TimerEventDefinition")) {
      parts.push(...this.time(definition));
      parts.push(this.text("calendar", told(of, "svod:calendar"), (v) => this.set({ "svod:calendar": v || undefined })));
    }
    if (definition.$instanceOf("bpmn:ConditionalEventDefinition")) {
      parts.push(
        this.area("condition", body(one(definition, "condition")), (v) =>
          this.inside(definition, { condition: this.expression(v) }),
        ),
      );
    }
    for (const [type, property, referred, code] of REFERENCES) {
      if (definition.$instanceOf(type)) parts.push(this.reference(definition, property, referred, code));
    }
    if (definition.$instanceOf("bpmn:MessageEventDefinition")) {
      parts.push(
        this.text("correlation", told(of, "svod:correlation"), (v) => this.set({ "svod:correlation": v || undefined })),
      );
    }
    if (catches) parts.push(this.text("result", told(of, "svod:result"), (v) => this.set({ "svod:result": v || undefined })));
    return parts;
  }

  private time(definition: Moddle): HTMLElement[] {
    const now = TIMES.find((name) => one(definition, name)) ?? "timeDuration";
    const kinds = el("select", { class: "select" }, ...TIMES.map((n) => el("option", { value: n, selected: n === now }, attribute(n))));
    const value = el("input", { class: "input", type: "text", value: body(one(definition, now)), autocomplete: "off" });
    const keep = (): void => {
      const chosen = Object.fromEntries(TIMES.map((n) => [n, n === kinds.value ? this.expression(value.value) : undefined]));
      this.inside(definition, chosen);
    };
    kinds.addEventListener("change", keep);
    value.addEventListener("change", keep);
    return [this.labelled(t("attr-timer"), kinds), this.labelled(t("attr-time"), value)];
  }

  /** Messages, signals, errors and escalations stand at the top of the file and are shared by name or code. */
  private reference(of: Moddle, property: string, type: string, code: string): HTMLElement {
    const named = code || "name";
    const value = told(one(of, property), named);
    const label = t(`attr-${type.slice("bpmn:".length).toLowerCase()}`);
    return this.text(property, value, (v) => this.inside(of, { [property]: v ? this.shared(type, named, v) : undefined }), label);
  }

  private shared(type: string, named: string, value: string): Moddle | undefined {
    const top = this.definitions();
    if (!top) return undefined;
    const known = list(top, "rootElements").find((e) => e.$type === type && told(e, named) === value);
    if (known) return known;
    const taken = new Set(list(top, "rootElements").map((e) => told(e, "id")));
    const stem = `${type.slice("bpmn:".length).toLowerCase()}-${value.replace(/[^A-Za-z0-9_-]+/g, "-")}`;
    let id = stem;
    for (let n = 2; taken.has(id); n += 1) id = `${stem}-${n}`;
    const made = this.factory.create(type, { id, name: value, [named]: value });
    this.inside(top, { rootElements: [...list(top, "rootElements"), made] });
    return made;
  }

  private definitions(): Moddle | undefined {
    let at = this.element?.businessObject;
    while (at && at.$type !== "bpmn:Definitions") at = at.$parent;
    return at;
  }

  private many(loop: Moddle): HTMLElement[] {
    const names = ["collection", "element", "output", "value"];
    const fields = names.map((name) =>
      this.text(name, told(loop, `svod:${name}`), (v) => this.inside(loop, { [`svod:${name}`]: v || undefined }), t(`attr-many-${name}`)),
    );
    const until = this.area("completion", body(one(loop, "completionCondition")), (v) =>
      this.inside(loop, { completionCondition: this.expression(v) }),
    );
    return [...fields, until];
  }

  /** `svod:input` and `svod:output`, row by row; their order is the one in which they are worked out. */
  private mappings(type: string, key: string): HTMLElement {
    const extension = one(this.element?.businessObject, "extensionElements");
    const rows = list(extension, "values").filter((v) => v.$type === type);
    const box = el("fieldset", { class: "design-mappings" }, el("legend", {}, t(key)));
    rows.forEach((row, n) => {
      const field = (name: string): HTMLInputElement => {
        const label = `${t(key)} ${n + 1}: ${t(`attr-mapping-${name}`)}`;
        const input = el("input", { class: "input", type: "text", value: told(row, name), "aria-label": label });
        input.addEventListener("change", () => this.inside(row, { [name]: input.value }));
        return input;
      };
      const gone = el("button", { type: "button", class: "button button--quiet", "aria-label": `${t("design-remove-row")} ${n + 1}` }, "×");
      gone.addEventListener("click", () => this.keep(list(extension, "values").filter((v) => v !== row)));
      box.append(el("div", { class: "design-row" }, field("name"), field("value"), gone));
    });
    const more = el("button", { type: "button", class: "button button--quiet" }, t("design-add-row"));
    more.addEventListener("click", () =>
      this.keep([...list(extension, "values"), this.factory.create(type, { name: "", value: "" })]),
    );
    box.append(more);
    return box;
  }

  private keep(values: Moddle[]): void {
    const of = this.element?.businessObject;
    if (!of) return;
    const extension = one(of, "extensionElements");
    if (extension) this.inside(extension, { values });
    else {
      const made = this.factory.create("bpmn:ExtensionElements", { values });
      this.set({ extensionElements: made });
    }
    // The button that was pressed is gone with the row.
    this.draw(true);
  }
}

function attempt(field: HTMLInputElement | HTMLTextAreaElement, before: string, set: (value: string) => void): void {
  try {
    set(field.value.trim());
    field.removeAttribute("aria-invalid");
  } catch {
    // An id that is taken or no id: what was is put back.
    field.value = before;
    field.setAttribute("aria-invalid", "true");
  }
}

/** How an attribute is called: its own text, and its name as the file has it. */
function attribute(name: string): string {
  const key = `attr-${name.toLowerCase()}`;
  return has(key) ? t(key) : name;
}

function kind(of: Moddle): string {
  const name = of.$type.slice("bpmn:".length);
  const key = `kind-${name.toLowerCase()}`;
  return has(key) ? t(key) : name;
}
