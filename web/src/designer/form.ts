import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import "@bpmn-io/form-js-editor/dist/assets/properties-panel.css";
import "@bpmn-io/form-js-editor/dist/assets/form-js-editor.css";
import { FormEditor } from "@bpmn-io/form-js-editor";
import { el } from "../lib/dom";
import type { Editor, Stage } from "./stage";
import { t, translateModule } from "./words";

class Form implements Editor {
  private readonly form: FormEditor;
  private dirty = false;

  constructor(stage: Stage, place: HTMLElement) {
    this.form = new FormEditor({ container: place, additionalModules: [translateModule] });
    this.form.on("changed", () => {
      this.dirty = true;
      stage.note.textContent = t("design-not-saved");
    });
  }

  async open(text: string): Promise<void> {
    await this.form.importSchema(JSON.parse(text) as object);
    this.dirty = false;
  }

  text(): Promise<string> {
    // What the form is stands before what is in it, as people write it.
    const { components, ...head } = this.form.saveSchema() as Record<string, unknown>;
    return Promise.resolve(`${JSON.stringify({ ...head, components }, null, 2)}\n`);
  }

  changed(): boolean {
    return this.dirty;
  }
}

/** The editor of forms. */
export function editor(stage: Stage): Editor {
  const place = el("div", { class: "design-form", tabindex: "0", role: "region", "aria-label": t("design-form") });
  stage.host.append(place);
  return new Form(stage, place);
}
