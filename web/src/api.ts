import "./api.css";
import { el } from "./lib/dom";
import { texts, type Texts } from "./lib/texts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  default?: unknown;
  example?: unknown;
}

interface Parameter {
  $ref?: string;
  name: string;
  in: "query" | "path" | "header" | "cookie";
  required?: boolean;
  description?: string;
  schema?: Schema;
  example?: unknown;
}

interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema; example?: unknown }> };
}

interface Document_ {
  info: { title: string; version: string };
  paths: Record<string, Record<string, unknown>>;
  components?: { parameters?: Record<string, Parameter> };
}

// The document is written in English, whatever language the page is in: its words say so with `lang`.
const METHODS = ["get", "post", "put", "patch", "delete"];
/** Characters of an answer shown; the rest is only counted. */
const MOST_SHOWN = 200_000;

let serial = 0;

/** The page that tries the API: every operation of the OpenAPI document with a form. */
async function start(host: HTMLElement): Promise<void> {
  const t = await texts();
  const answer = await fetch(host.dataset["openapiUrl"] ?? "/api/openapi.json");
  if (!answer.ok) {
    host.replaceChildren(el("p", {}, t("js-load-failed")));
    return;
  }
  const api = (await answer.json()) as Document_;
  const token = el("input", { class: "input", id: "api-token", type: "password", autocomplete: "off", spellcheck: "false" });
  const groups = new Map<string, HTMLElement[]>();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (!operation) continue;
      const shared = (item["parameters"] as Parameter[] | undefined) ?? [];
      const parameters = [...shared, ...(operation.parameters ?? [])].map((p) => resolve(api, p));
      const group = operation.tags?.[0] ?? t("js-api-other");
      const list = groups.get(group) ?? [];
      list.push(operationForm(t, method, path, operation, parameters, token));
      groups.set(group, list);
    }
  }
  host.replaceChildren(
    el(
      "form",
      { class: "card", onsubmit: (e) => e.preventDefault() },
      el("label", { for: "api-token" }, el("strong", {}, t("js-api-token"))),
      el("p", { class: "hint", id: "api-token-hint" }, t("js-api-token-hint")),
      token,
    ),
    ...[...groups].map(([name, forms]) => el("section", {}, el("h2", { lang: "en" }, name), ...forms)),
  );
  token.setAttribute("aria-describedby", "api-token-hint");
}

function resolve(api: Document_, parameter: Parameter): Parameter {
  const name = parameter.$ref?.split("/").pop();
  return (name && api.components?.parameters?.[name]) || parameter;
}

function operationForm(
  t: Texts,
  method: string,
  path: string,
  operation: Operation,
  parameters: Parameter[],
  token: HTMLInputElement,
): HTMLElement {
  const fields = new Map<Parameter, HTMLInputElement>();
  const form = el("form", { class: "api-form" });
  if (operation.description) form.append(el("p", { lang: "en" }, operation.description));
  for (const parameter of parameters) {
    if (parameter.in === "cookie") continue;
    const id = `api-${(serial += 1)}`;
    const example = parameter.example ?? parameter.schema?.example ?? parameter.schema?.default;
    const input = el("input", { class: "input", id, required: parameter.required === true, value: example === undefined ? "" : String(example) });
    fields.set(parameter, input);
    form.append(
      el(
        "div",
        { class: "field" },
        el("label", { for: id }, `${parameter.name} (${parameter.in})${parameter.required ? " *" : ""}`),
        parameter.description ? el("p", { class: "hint", lang: "en" }, parameter.description) : null,
        input,
      ),
    );
  }
  const [mime, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  let body: HTMLTextAreaElement | undefined;
  if (mime) {
    const id = `api-${(serial += 1)}`;
    body = el("textarea", { class: "textarea", id, spellcheck: "false" }, media?.example ? JSON.stringify(media.example, null, 2) : "");
    form.append(el("div", { class: "field" }, el("label", { for: id }, `${t("js-api-body")} (${mime})`), body));
  }
  const out = el("div", { class: "api-answer", role: "status" });
  form.append(el("div", { class: "actions" }, el("button", { class: "button", type: "submit" }, t("js-api-send"))), out);
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    void send(t, method, path, fields, token.value.trim(), mime, body?.value, out);
  });
  return el(
    "details",
    { class: "api-operation" },
    el(
      "summary",
      {},
      el("span", { class: `api-method api-method--${method}` }, method.toUpperCase()),
      el("code", {}, path),
      el("span", { class: "muted", lang: "en" }, operation.summary ?? ""),
    ),
    form,
  );
}

async function send(
  t: Texts,
  method: string,
  path: string,
  fields: Map<Parameter, HTMLInputElement>,
  token: string,
  mime: string | undefined,
  body: string | undefined,
  out: HTMLElement,
): Promise<void> {
  let target = path;
  const query = new URLSearchParams();
  const headers = new Headers({ accept: "application/json" });
  for (const [parameter, input] of fields) {
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "" && parameter.in === "query") query.append(parameter.name, input.value);
    else if (input.value !== "" && parameter.in === "header") headers.set(parameter.name, input.value);
  }
  if (token) headers.set("authorization", `Bearer ${token}`);
  const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content;
  if (csrf && method !== "get") headers.set("x-csrf-token", csrf);
  if (mime && body) headers.set("content-type", mime);
  const url = query.size ? `${target}?${query}` : target;
  out.replaceChildren(el("p", { class: "muted" }, t("js-loading")));
  const started = performance.now();
  try {
    const answer = await fetch(url, { method: method.toUpperCase(), headers, body: method === "get" || !body ? null : body });
    const streaming = answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    const text = streaming ? t("js-api-stream") : pretty(await answer.text());
    if (streaming) void answer.body?.cancel();
    const took = Math.round(performance.now() - started);
    out.replaceChildren(
      el("p", {}, el("span", { class: `tag tag--${answer.ok ? "good" : "danger"}` }, `${answer.status} ${answer.statusText}`), ` ${t("js-api-took", { n: took })}`),
      el("p", { class: "muted small" }, el("code", {}, `${method.toUpperCase()} ${url}`)),
      el("pre", { tabindex: "0", "aria-label": t("js-api-answer") }, el("code", {}, text)),
    );
  } catch {
    out.replaceChildren(el("p", { class: "field-error" }, t("js-load-failed")));
  }
}

function pretty(text: string): string {
  let out = text;
  try {
    out = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON: shown as it came.
  }
  return out.length > MOST_SHOWN ? `${out.slice(0, MOST_SHOWN)}\n… ${out.length}` : out;
}

const host = document.querySelector<HTMLElement>("[data-openapi-url]");
if (host) void start(host);
