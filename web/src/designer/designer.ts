import "./designer.css";
import { type Editor, Stage } from "./stage";
import { t } from "./words";

/** The library of an editor comes with the first file of its kind, and with no other page. */
const EDITORS = new Map<string, (stage: Stage, form: HTMLFormElement) => Promise<Editor>>([
  ["bpmn", async (stage, form) => (await import("./bpmn")).editor(stage, form)],
  ["dmn", async (stage) => (await import("./dmn")).editor(stage)],
  ["form", async (stage) => (await import("./form")).editor(stage)],
]);

async function start(form: HTMLFormElement): Promise<void> {
  const begin = EDITORS.get(form.dataset["design"] ?? "");
  if (!begin) return jump(form);
  const stage = new Stage(form);
  try {
    const editor = await begin(stage, form);
    const drawn = await stage.start(editor);
    const element = form.dataset["element"];
    if (drawn && element) editor.show?.(element);
    if (!drawn) jump(form);
  } catch (error) {
    stage.note.textContent = t("design-cannot-draw", { why: error instanceof Error ? error.message : String(error) });
  }
}

/** Selects the line of a fault in the text. */
function jump(form: HTMLFormElement): void {
  const area = form.querySelector<HTMLTextAreaElement>("textarea[name=content]");
  const line = Number(form.dataset["line"]);
  if (!area || !(line > 0)) return;
  const lines = area.value.split("\n");
  const from = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0);
  area.focus();
  area.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
  area.scrollTop = (area.scrollHeight / lines.length) * Math.max(0, line - 5);
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-design]")) void start(form);
for (const status of document.querySelectorAll<HTMLElement>("[data-progress]")) {
  void import("./progress").then(({ follow }) => follow(status));
}
