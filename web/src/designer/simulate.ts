import type Modeler from "bpmn-js/lib/Modeler";
import { calm, el } from "../lib/dom";
import type { Canvas, Drawn, Overlays, Point, Registry, Selection } from "./model";
import { has, t } from "./words";

interface Step {
  kind: string;
  token?: number;
  element?: string;
  flow?: string | null;
  what?: string;
  key?: string | null;
  message?: string;
  decision?: string;
  outcome?: unknown;
  input?: unknown;
  inputs?: unknown;
  elements?: string[];
  deadline?: string | null;
  role?: string | null;
  at?: string;
  ok?: boolean;
}

interface Told {
  at: string;
  started: boolean;
  done: boolean;
  outcome: unknown;
  variables: Record<string, unknown>;
  tokens: { token: number; element: string; name: string; wait: string }[];
  timers: { timer: number; element: string; name: string; due: string }[];
  subscriptions: { topic: string; name: string; key?: string | null }[];
  incidents: { incident: number; element: string; name: string; code: string; message: string }[];
  starts: { element: string; name: string }[];
  names: Record<string, string>;
  steps: Step[];
  state: unknown;
}

interface Refused {
  refused?: string;
  detail?: string;
  faults?: { line: number; element: string; id: string | null; reason: string; fix: string }[];
}

/** How long a token takes along a flow, in milliseconds. */
const WAY_MS = 450;
/** Flows that are animated of one answer: what loops is not watched to its end. */
const MOST_WAYS = 60;

/** A process step by step: the engine of the server runs it, the drawing and a list show where it stands. */
export class Simulation {
  private readonly registry: Registry;
  private readonly canvas: Canvas;
  private readonly overlays: Overlays;
  private readonly selection: Selection;
  private readonly note = el("p", { role: "status", class: "muted" });
  private readonly wrong = el("div", {});
  private readonly acts = el("div", { class: "design-acts" });
  private readonly steps = el("ol", { class: "design-steps", tabindex: "0", "aria-label": t("sim-steps") });
  private readonly data = el("pre", { class: "design-data", tabindex: "0", role: "region", "aria-label": t("sim-variables") });
  private told: Told | undefined;
  private marked: string[] = [];
  private asking = false;
  private fields = 0;

  constructor(
    host: HTMLElement,
    modeler: Modeler,
    private readonly form: HTMLFormElement,
    private readonly text: () => Promise<string>,
  ) {
    this.registry = modeler.get<Registry>("elementRegistry");
    this.canvas = modeler.get<Canvas>("canvas");
    this.overlays = modeler.get<Overlays>("overlays");
    this.selection = modeler.get<Selection>("selection");
    host.setAttribute("aria-label", t("design-simulate"));
    const again = el("button", { type: "button", class: "button button--secondary" }, t("sim-again"));
    again.addEventListener("click", () => void this.begin());
    host.append(
      el("h2", {}, t("design-simulate")),
      el("p", { class: "muted" }, t("sim-lead")),
      el("div", { class: "actions" }, again),
      this.note,
      this.wrong,
      el("div", { class: "design-split" }, this.acts, el("div", {}, el("h3", {}, t("sim-steps")), this.steps)),
      el("h3", {}, t("sim-variables")),
      this.data,
    );
  }

  /** From before the start. */
  async begin(): Promise<void> {
    this.told = undefined;
    this.steps.replaceChildren();
    await this.ask(undefined);
  }

  private async ask(event: Record<string, unknown> | undefined): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    this.note.textContent = t("design-loading");
    this.wrong.replaceChildren();
    try {
      const content = await this.text();
      const answer = await fetch(this.form.dataset["simulate"] ?? "", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json",
          "x-csrf-token": document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "",
        },
        body: JSON.stringify({
          path: this.form.dataset["path"],
          content,
          state: this.told?.started ? this.told.state : null,
          at: this.told?.at ?? null,
          event: event ?? null,
        }),
      });
      if (!answer.ok) {
        this.refuse((await answer.json()) as Refused);
        return;
      }
      this.told = (await answer.json()) as Told;
      this.note.textContent = "";
      await this.show(this.told);
    } catch (error) {
      this.note.textContent = t("sim-failed", { why: error instanceof Error ? error.message : String(error) });
    } finally {
      this.asking = false;
    }
  }

  private refuse(why: Refused): void {
    this.note.textContent = "";
    const faults = (why.faults ?? []).map((f) => {
      const text = `${f.element}: ${f.reason}. ${f.fix}`;
      const found = f.id ? this.registry.get(f.id) : undefined;
      if (!found) return el("li", {}, text);
      const go = el("button", { type: "button", class: "button button--quiet" }, text);
      go.addEventListener("click", () => this.go(found));
      return el("li", {}, go);
    });
    const said = faults.length > 0 ? el("ul", { class: "faults" }, ...faults) : el("p", {}, why.refused ?? why.detail ?? "");
    this.wrong.replaceChildren(
      el("div", { class: "banner banner--danger", role: "alert" }, el("p", { class: "banner-title" }, t("sim-refused")), said),
    );
  }

  private go(element: Drawn): void {
    this.selection.select(element);
    this.canvas.scrollToElement(element);
  }

  private async show(told: Told): Promise<void> {
    for (const step of told.steps) this.steps.append(el("li", {}, this.words(step, told)));
    this.data.textContent = JSON.stringify(told.variables, null, 2);
    this.note.textContent = told.done
      ? t("sim-ended", { value: typeof told.outcome === "string" ? outcome(told.outcome) : JSON.stringify(told.outcome) })
      : told.started
        ? t("sim-at", { value: moment(told.at) })
        : "";
    this.offer(told);
    this.clear();
    if (!calm()) await this.animate(told);
    this.mark(told);
  }

  private words(step: Step, told: Told): string {
    const name = (id: string | undefined): string => (id ? (told.names[id] ?? id) : "");
    const key = `step-${step.kind}`;
    const detail = [
      step.what ?? step.decision ?? "",
      step.kind === "decided" ? `${json(step.inputs)} → ${json(step.outcome)}` : "",
      step.kind === "finished" && typeof step.outcome === "string" ? outcome(step.outcome) : "",
      step.kind !== "decided" && step.input !== undefined ? json(step.input) : "",
      (step.elements ?? []).map(name).join(", "),
      step.deadline ? t("sim-until", { value: moment(step.deadline) }) : "",
      step.kind === "time" && step.at ? moment(step.at) : "",
      step.message ?? "",
    ];
    const said = has(key) ? t(key, { name: name(step.element) }) : `${step.kind} ${name(step.element)}`;
    return [said, ...detail.filter((d) => d !== "" && d !== "{}")].join(" · ");
  }

  /** What can happen next, each with its button. */
  private offer(told: Told): void {
    this.fields = 0;
    const parts: HTMLElement[] = [el("h3", {}, t("sim-next"))];
    if (!told.started) {
      for (const start of told.starts) {
        parts.push(
          this.act(t("sim-start", { name: start.name }), t("sim-start-button"), (variables) => ({
            kind: "start",
            element: start.element,
            variables,
          })),
        );
      }
    }
    for (const token of told.tokens) {
      if (token.wait !== "task" && token.wait !== "service" && token.wait !== "called" && token.wait !== "body") continue;
      if (token.wait === "body") continue;
      const title = t(`sim-wait-${token.wait}`, { name: token.name });
      const done = (variables: unknown): Record<string, unknown> => ({ kind: "done", token: token.token, variables });
      const failed = (): Record<string, unknown> => ({ kind: "failed", token: token.token, error: null, message: t("sim-no-answer") });
      parts.push(this.act(title, t("sim-done-button"), done, token.wait === "task" ? undefined : failed));
    }
    for (const timer of told.timers) {
      const title = t("sim-timer", { name: timer.name, value: moment(timer.due) });
      parts.push(this.press(title, t("sim-timer-button"), { kind: "timer", timer: timer.timer }));
    }
    const seen = new Set<string>();
    for (const waits of told.subscriptions) {
      const key = `${waits.topic} ${waits.name} ${waits.key ?? ""}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const title = t(`sim-${waits.topic}`, { name: waits.key ? `${waits.name} (${waits.key})` : waits.name });
      parts.push(
        this.act(title, t("sim-send-button"), (payload) =>
          waits.topic === "signal"
            ? { kind: "signal", name: waits.name, payload }
            : { kind: "message", name: waits.name, key: waits.key ?? null, payload },
        ),
      );
    }
    for (const stuck of told.incidents) {
      const title = `${t("sim-incident", { name: stuck.name })} ${stuck.code}: ${stuck.message}`;
      const resolve = (variables: unknown): Record<string, unknown> => ({ kind: "resolve", incident: stuck.incident, variables });
      const retry = (variables: unknown): Record<string, unknown> => ({ kind: "retry", incident: stuck.incident, variables });
      parts.push(this.act(title, t("sim-retry-button"), retry, resolve, t("sim-resolve-button")));
    }
    if (told.started && !told.done) parts.push(this.press(t("sim-cancel"), t("sim-cancel-button"), { kind: "cancel" }));
    if (parts.length === 1) parts.push(el("p", {}, t("sim-nothing")));
    this.acts.replaceChildren(...parts);
  }

  private press(title: string, button: string, event: Record<string, unknown>): HTMLElement {
    const go = el("button", { type: "button", class: "button button--secondary" }, button);
    go.addEventListener("click", () => void this.ask(event));
    return el("div", { class: "design-act", role: "group", "aria-label": title }, el("p", {}, title), go);
  }

  /** An act that brings variables, written as JSON. */
  private act(
    title: string,
    button: string,
    done: (variables: unknown) => Record<string, unknown>,
    other?: (variables: unknown) => Record<string, unknown>,
    otherButton = t("sim-fail-button"),
  ): HTMLElement {
    this.fields += 1;
    const id = `design-variables-${this.fields}`;
    const area = el("textarea", { class: "textarea textarea--code", id, rows: 3, spellcheck: "false" });
    area.value = "{}";
    const wrong = el("p", { class: "field-error", role: "alert" });
    const go = (make: (variables: unknown) => Record<string, unknown>): void => {
      const variables = object(area.value);
      wrong.textContent = variables ? "" : t("sim-no-json");
      area.toggleAttribute("aria-invalid", !variables);
      if (variables) void this.ask(make(variables));
    };
    const button1 = el("button", { type: "button", class: "button" }, button);
    button1.addEventListener("click", () => go(done));
    const acts = el("div", { class: "actions" }, button1);
    if (other) {
      const button2 = el("button", { type: "button", class: "button button--secondary" }, otherButton);
      button2.addEventListener("click", () => go(other));
      acts.append(button2);
    }
    const label = el("label", { for: id }, t("sim-json"));
    return el("div", { class: "design-act", role: "group", "aria-label": title }, el("p", {}, title), label, area, wrong, acts);
  }

  private clear(): void {
    this.overlays.remove({ type: "svod-token" });
    for (const id of this.marked) for (const marker of ["sim-here", "sim-stuck"]) this.canvas.removeMarker(id, marker);
    this.marked = [];
  }

  private mark(told: Told): void {
    this.clear();
    const here = new Map<string, number>();
    for (const token of told.tokens) here.set(token.element, (here.get(token.element) ?? 0) + 1);
    const stuck = new Set(told.incidents.map((i) => i.element));
    for (const [id, count] of here) {
      if (!this.registry.get(id)) continue;
      this.canvas.addMarker(id, stuck.has(id) ? "sim-stuck" : "sim-here");
      this.marked.push(id);
      const html = el("div", { class: "design-token", title: t("sim-token", { n: count }) }, String(count));
      this.overlays.add(id, "svod-token", { position: { top: -12, left: -12 }, html });
    }
  }

  /** Each token that came by a flow goes along it. */
  private async animate(told: Told): Promise<void> {
    const ways = told.steps.filter((s) => s.kind === "entered" && s.flow).slice(0, MOST_WAYS);
    for (const step of ways) {
      const points = this.registry.get(step.flow ?? "")?.waypoints;
      if (points && points.length > 1) await this.travel(points);
    }
  }

  private travel(points: Point[]): Promise<void> {
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    dot.setAttribute("r", "8");
    dot.setAttribute("class", "sim-dot");
    this.canvas.getDefaultLayer().append(dot);
    const lengths = points.slice(1).map((p, n) => Math.hypot(p.x - (points[n]?.x ?? 0), p.y - (points[n]?.y ?? 0)));
    const whole = lengths.reduce((a, b) => a + b, 0);
    return new Promise((done) => {
      const begun = performance.now();
      const move = (now: number): void => {
        const part = Math.min(1, (now - begun) / WAY_MS);
        const at = along(points, lengths, part * whole);
        dot.setAttribute("cx", String(at.x));
        dot.setAttribute("cy", String(at.y));
        if (part < 1) requestAnimationFrame(move);
        else {
          dot.remove();
          done();
        }
      };
      requestAnimationFrame(move);
    });
  }
}

function along(points: Point[], lengths: number[], way: number): Point {
  let left = way;
  for (const [n, length] of lengths.entries()) {
    const [from, to] = [points[n], points[n + 1]];
    if (from && to && left <= length) {
      const part = length === 0 ? 0 : left / length;
      return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
    }
    left -= length;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}

function object(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const json = (value: unknown): string => JSON.stringify(value) ?? "";
const moment = (at: string): string => at.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
const outcome = (word: string): string => (has(`step-outcome-${word}`) ? t(`step-outcome-${word}`) : word);
