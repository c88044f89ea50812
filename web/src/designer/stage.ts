import { el } from "../lib/dom";
import { t } from "./words";

/** An editor over the text of a file. */
export interface Editor {
  /** Puts a text into the editor; fails when it cannot be shown. */
  open(text: string): Promise<void>;
  /** The text as it is in the editor. */
  text(): Promise<string>;
  /** True once something differs from the text that was put in. */
  changed(): boolean;
  /** Goes to an element, where the editor has elements. */
  show?(element: string): void;
}

/**
 * An editor in the place of the text area, and a way back to the text. The form stays what it is: the text area is what is
 * sent, and the editor writes into it before.
 */
export class Stage {
  readonly host = el("div", { class: "design-host" });
  readonly note = el("p", { class: "muted", role: "status" });
  private readonly area: HTMLTextAreaElement;
  private readonly field: HTMLElement;
  private readonly drawn: HTMLButtonElement;
  private readonly written: HTMLButtonElement;
  private editor: Editor | undefined;
  private shown = false;
  /** What the editor was opened with. */
  private opened = "";
  /** The text was asked for while the editor was on its way: it does not come over it. */
  private asText = false;
  /** The form is on its way: what was written goes with it. */
  private sent = false;

  constructor(private readonly form: HTMLFormElement) {
    const area = form.querySelector<HTMLTextAreaElement>("textarea[name=content]");
    if (!area) throw new Error("the form has no text");
    this.area = area;
    this.field = area.closest<HTMLElement>(".field") ?? area;
    const button = (text: string, act: () => void): HTMLButtonElement =>
      el("button", { type: "button", class: "button button--secondary", "aria-pressed": false, onclick: act }, text);
    this.drawn = button(t("design-as-drawing"), () => void this.draw());
    this.written = button(t("design-as-text"), () => void this.write());
    const choice = el("div", { class: "actions", role: "group", "aria-label": t("design-view") }, this.drawn, this.written);
    // Beside the form, not in it: the editors have buttons and fields of their own.
    const title = el("h2", { class: "visually-hidden" }, t("design-as-drawing"));
    form.before(title, choice, this.note, this.host);
    // Before the guard of the page's forms: it lets a form go once.
    document.addEventListener("submit", (e) => this.submitted(e), true);
    form.addEventListener("submit", (e) => {
      this.sent = !e.defaultPrevented;
    });
    addEventListener("beforeunload", (e) => {
      if (this.unsaved()) e.preventDefault();
    });
  }

  /** True while something is written that leaving the page would lose. */
  private unsaved(): boolean {
    return !this.sent && ((this.shown && this.editor?.changed() === true) || this.area.value !== this.area.defaultValue);
  }

  /** Shows the editor; where it cannot show the text, the text stays. */
  async start(editor: Editor): Promise<boolean> {
    this.editor = editor;
    return this.asText ? false : this.draw();
  }

  /** The text as it would be kept now. */
  async text(): Promise<string> {
    if (this.shown && this.editor?.changed()) this.area.value = await this.editor.text();
    return this.area.value;
  }

  private press(): void {
    this.drawn.setAttribute("aria-pressed", String(this.shown));
    this.written.setAttribute("aria-pressed", String(!this.shown));
    this.host.hidden = !this.shown;
    this.field.hidden = this.shown;
  }

  private async draw(): Promise<boolean> {
    if (!this.editor || this.shown) return this.shown;
    // Editors measure the place that they draw in.
    this.shown = true;
    this.press();
    this.note.textContent = t("design-loading");
    try {
      if (this.opened !== this.area.value) await this.editor.open(this.area.value);
      this.opened = this.area.value;
      this.note.textContent = "";
    } catch (error) {
      this.shown = false;
      this.note.textContent = t("design-cannot-draw", { why: error instanceof Error ? error.message : String(error) });
    }
    this.press();
    return this.shown;
  }

  private async write(): Promise<void> {
    this.asText = true;
    if (!this.shown) return;
    try {
      this.opened = await this.text();
    } catch (error) {
      this.note.textContent = t("design-cannot-write", { why: error instanceof Error ? error.message : String(error) });
      return;
    }
    this.shown = false;
    this.press();
    this.area.focus();
  }

  private submitted(event: SubmitEvent): void {
    const act = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "save";
    if (event.target !== this.form || act !== "save" || !this.shown || !this.editor?.changed()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    void this.text().then(
      (text) => {
        // The text area has it now; the editor must not hold the form back again.
        this.opened = text;
        this.shown = false;
        // Not before this event is through: a form that is being submitted takes no second one.
        setTimeout(() => this.form.requestSubmit(submitter));
      },
      (error: unknown) => {
        this.note.textContent = t("design-cannot-write", { why: error instanceof Error ? error.message : String(error) });
      },
    );
  }
}
