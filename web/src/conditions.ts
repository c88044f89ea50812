import { evaluate, unaryTest } from "@bpmn-io/feelin";
import { texts } from "./lib/texts";

// Conditions of a form in the browser: the rounds of crates/forms/src/settle.rs on what is typed, so that a question comes and goes
// at once. The server judges all of it again when the page is sent.

type Values = { [name: string]: unknown };
/** Answers, and values beside them. */
type Known = { data: Values; inputs: Values };

/** Rounds in which conditions settle. */
const ROUNDS = 12;
/** Words of what came up that are read out. */
const SAID = 200;

/** What stands at a place: `children.0.age`. */
function get(data: unknown, place: string): unknown {
  return place.split(".").reduce<unknown>((at, step) => (typeof at === "object" && at !== null ? (at as Values)[step] : undefined), data);
}

/** The same with a value at that place; a step that counts goes into a list. Nothing is written into what is there. */
function put(at: unknown, [step = "", ...rest]: string[], value: unknown): unknown {
  if (Array.isArray(at)) {
    const n = Number(step);
    return [...at.slice(0, n), rest.length ? put(at[n], rest, value) : value, ...at.slice(n + 1)];
  }
  const there = typeof at === "object" && at !== null ? (at as Values) : {};
  const next = rest.length ? put(Object.hasOwn(there, step) ? there[step] : undefined, rest, value) : value;
  return { ...there, ...Object.fromEntries([[step, next]]) };
}

const set = (data: Values, place: string, value: unknown): Values => put(data, place.split("."), value) as Values;

/** `1 234,5` as Russian and Kazakh write it, `1,234.5` as English does, as `1234.5`; nothing for other text. */
function plain(typed: string): string | null {
  let text = typed.trim().replace(/[ \u00a0\u202f\u2009]/g, "").replace(/[−–]/g, "-").replace(/^\+/, "");
  if (document.documentElement.lang.startsWith("en")) {
    if (text.includes(",") && !/^-?\d{1,3}(,\d{3})+(\.|$)/.test(text)) return null;
    text = text.replaceAll(",", "");
  } else {
    text = text.replace(",", ".");
  }
  if (!/^-?\d+(\.\d+)?$/.test(text)) return null;
  text = text.replace(/^(-?)0+(?=\d)/, "$1");
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** `55.3541, 86.0883` as a point of GeoJSON. */
function point(typed: string): unknown {
  const parts = typed.trim().replaceAll("°", "").split(/[\s;]+/).filter(Boolean);
  const [lat, lon] = parts.length === 1 ? (parts[0] as string).split(",") : parts.map((p) => p.replace(/,$/, ""));
  const number = (text: string | undefined) => (text && /^[+−-]?\d+([.,]\d+)?$/.test(text) ? Number(text.replace(",", ".").replace("−", "-")) : NaN);
  const coordinates = [number(lon), number(lat)];
  return parts.length > 2 || coordinates.some(Number.isNaN) ? null : { type: "Point", coordinates };
}

/** A time of the territory in UTC. */
function utc(typed: string, minutes: number): string {
  const dated = typed.includes("T");
  const at = new Date(`${dated ? typed : `2000-01-02T${typed}`}Z`).getTime() - minutes * 60_000;
  if (Number.isNaN(at)) return typed;
  const text = new Date(at).toISOString();
  return `${dated ? text.slice(0, 16) : text.slice(11, 16)}Z`;
}

/** A moment as its field keeps it. */
function moment(kind: string, typed: string): unknown {
  if (!typed) return null;
  if (kind.startsWith("suffix:")) return typed + kind.slice(7);
  return kind.startsWith("utc:") ? utc(typed, Number(kind.slice(4))) : typed;
}

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** The answer of a field as the server keeps it. */
function read(field: HTMLElement): unknown {
  const kind = field.dataset["kind"] ?? "";
  if (kind === "given") return JSON.parse(field.dataset["value"] ?? "null") as unknown;
  const name = `f.${field.dataset["answer"]}`;
  const inputs = [...field.querySelectorAll<Input>("input, select, textarea")].filter((i) => i.name === name && i.type !== "hidden");
  const first = inputs[0];
  const typed = first?.value ?? "";
  const chosen = () =>
    inputs.flatMap((i) => (i instanceof HTMLInputElement ? (i.checked ? [i.value] : []) : i.value ? [i.value] : []));
  const value = (token: string): unknown => {
    if (!kind.startsWith("json:")) return token;
    try {
      return JSON.parse(token) as unknown;
    } catch {
      return token;
    }
  };
  switch (kind.replace(/^json:/, "")) {
    case "text":
      return typed.replace(/\r\n?/g, "\n");
    case "phone":
      return typed.replace(/[\s()\-‐‑–]/g, "");
    case "number": {
      const text = plain(typed);
      return text === null || text.replace(/\D/g, "").replace(/^0+/, "").length > 15 ? null : Number(text);
    }
    case "number-text":
      return plain(typed);
    case "check":
      return chosen().length > 0;
    case "one":
    case "address": {
      const token = chosen()[0];
      return token === undefined ? null : value(token);
    }
    case "many":
      return chosen().map(value);
    case "files": {
      const there = [...field.querySelectorAll(".form-files li > span")].map((s) => ({ name: s.textContent ?? "" }));
      const added = first instanceof HTMLInputElement ? [...(first.files ?? [])].map(({ name, type, size }) => ({ name, type, size })) : [];
      return [...there, ...added];
    }
    case "place":
      return point(typed);
    default:
      return moment(kind, typed);
  }
}

/** Nothing came to nothing: FEEL of the browser throws where it cannot read on. */
function quietly<T>(f: () => T, otherwise: T): T {
  try {
    return f();
  } catch {
    return otherwise;
  }
}

class Conditions {
  private readonly form: HTMLFormElement;
  private readonly known: Known;
  /** Conditions, answers, repeats, items and computed values, containers before what they hold. */
  private readonly nodes: HTMLElement[];
  private readonly around = new Map<HTMLElement, HTMLElement[]>();

  constructor(form: HTMLFormElement) {
    this.form = form;
    this.known = JSON.parse(form.dataset["conditions"] ?? "") as Known;
    this.nodes = [...form.querySelectorAll<HTMLElement>("[data-hide], [data-answer], [data-repeat], [data-item], [data-compute]")];
    for (const node of this.nodes) {
      const around: HTMLElement[] = [];
      let at = node.parentElement?.closest<HTMLElement>("[data-hide]");
      while (at && form.contains(at)) {
        around.push(at);
        at = at.parentElement?.closest<HTMLElement>("[data-hide]");
      }
      this.around.set(node, around);
    }
  }

  /** What expressions at a place see, as form-js lays it over one another. */
  private context(data: Values, node: HTMLElement): Values {
    const items: string[] = [];
    let at = node.parentElement?.closest<HTMLElement>("[data-item]");
    while (at && this.form.contains(at)) {
      items.unshift(at.dataset["item"] ?? "");
      at = at.parentElement?.closest<HTMLElement>("[data-item]");
    }
    const scopes: unknown[] = [data, ...items.map((item) => get(data, item) ?? {})];
    const own = { this: scopes.at(-1), parent: scopes.at(-2) ?? null, i: items.map((item) => Number(item.split(".").at(-1)) + 1) };
    return { ...own, ...this.known.inputs, ...data, _this_: own.this, _parent_: own.parent, _i_: own.i };
  }

  private under(hidden: Set<HTMLElement>, node: HTMLElement): boolean {
    return (this.around.get(node) ?? []).some((condition) => hidden.has(condition));
  }

  /** What is hidden when conditions see these answers. */
  private judge(data: Values): Set<HTMLElement> {
    const hidden = new Set<HTMLElement>();
    for (const node of this.nodes) {
      const hide = node.dataset["hide"];
      if (hide === undefined) continue;
      if (this.under(hidden, node) || quietly(() => unaryTest(hide, this.context(data, node)).value === true, false)) hidden.add(node);
    }
    return hidden;
  }

  /** Answers of the page over those of the others, without what is hidden. */
  private answers(hidden: Set<HTMLElement>): Values {
    let data = this.known.data;
    const shown = this.nodes.filter((node) => !this.under(hidden, node));
    for (const node of shown) {
      const { repeat, item, answer, compute } = node.dataset;
      if (repeat !== undefined) data = set(data, repeat, []);
      else if (item !== undefined) data = set(data, item, {});
      else if (answer !== undefined && compute === undefined) data = set(data, answer, read(node));
    }
    // What is computed sees every answer, and what was computed before it.
    for (const node of shown) {
      const { answer, compute } = node.dataset;
      if (answer === undefined || compute === undefined) continue;
      data = set(data, answer, quietly(() => evaluate(compute, this.context(data, node)).value ?? null, null));
    }
    return data;
  }

  private settled(): Set<HTMLElement> {
    let hidden = new Set<HTMLElement>();
    let data = this.answers(hidden);
    for (let round = 0; round < ROUNDS; round += 1) {
      const next = this.judge(data);
      const left = this.answers(next);
      const same = next.size === hidden.size && [...next].every((n) => hidden.has(n)) && JSON.stringify(left) === JSON.stringify(data);
      if (same) return next;
      [hidden, data] = [next, left];
    }
    // Round in a circle: what any round hides is hidden.
    return new Set([...hidden, ...this.judge(data)]);
  }

  /** Shows and hides; gives what has come up. */
  apply(): HTMLElement[] {
    const hidden = this.settled();
    const appeared: HTMLFieldSetElement[] = [];
    for (const node of this.nodes) {
      if (!(node instanceof HTMLFieldSetElement) || node.dataset["hide"] === undefined) continue;
      const hide = hidden.has(node);
      if (node.hidden && !hide && !this.under(hidden, node)) appeared.push(node);
      node.hidden = hide;
      node.disabled = hide;
    }
    // What came up within something that came up is told with it.
    return appeared.filter((node) => !(this.around.get(node) ?? []).some((outer) => appeared.includes(outer as HTMLFieldSetElement)));
  }
}

/** The question by which something is named, else its first words. */
function name(node: HTMLElement): string {
  const label = node.querySelector<HTMLElement>("legend, label:not(.check), .form-given-label, label.check");
  const words = (label ?? node).textContent ?? "";
  return words.replace(/\s+/g, " ").trim().slice(0, SAID);
}

/** Keeps the conditions of a form true while it is filled in. */
export function watch(form: HTMLFormElement): void {
  const conditions = new Conditions(form);
  const said = form.querySelector<HTMLElement>("[data-appeared]");
  const look = async (tell: boolean): Promise<void> => {
    const appeared = conditions.apply();
    if (!tell || !appeared.length || !said) return;
    const t = await texts();
    said.textContent = t("js-appeared", { what: appeared.map(name).join("; ") });
  };
  // What the browser kept of a page that was left counts as well.
  void look(false);
  addEventListener("pageshow", () => void look(false));
  for (const event of ["input", "change"]) form.addEventListener(event, () => void look(true));
  form.addEventListener("reset", () => setTimeout(() => void look(true)));
}
