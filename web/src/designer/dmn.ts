import "dmn-js/dist/assets/diagram-js.css";
import "dmn-js/dist/assets/dmn-js-shared.css";
import "dmn-js/dist/assets/dmn-js-drd.css";
import "dmn-js/dist/assets/dmn-js-decision-table.css";
import "dmn-js/dist/assets/dmn-js-decision-table-controls.css";
import "dmn-js/dist/assets/dmn-js-literal-expression.css";
import "dmn-js/dist/assets/dmn-js-boxed-expression.css";
import "dmn-js/dist/assets/dmn-js-boxed-expression-controls.css";
import "dmn-js/dist/assets/dmn-font/css/dmn.css";
import DmnModeler, { type View } from "dmn-js/lib/Modeler";
import { el } from "../lib/dom";
import { laidOut } from "./layout";
import type { Canvas } from "./model";
import type { Editor, Stage } from "./stage";
import { t, translateModule } from "./words";

class Dmn implements Editor {
  private readonly modeler: DmnModeler;
  private readonly watched = new WeakSet<object>();
  private dirty = false;

  constructor(
    private readonly stage: Stage,
    private readonly place: HTMLElement,
    private readonly views: HTMLElement,
  ) {
    const viewer = { additionalModules: [translateModule] };
    this.modeler = new DmnModeler({
      container: place,
      drd: viewer,
      decisionTable: viewer,
      literalExpression: viewer,
      boxedExpression: viewer,
    });
    this.modeler.on("views.changed", () => this.tabs());
    new MutationObserver(() => this.named()).observe(place, { childList: true, subtree: true });
  }

  async open(text: string): Promise<void> {
    const made = laidOut(text);
    await this.modeler.importXML(made ?? text);
    // One decision needs no drawing to be found; of several the drawing that was made here shows how they hang together.
    const decisions = this.modeler.getViews().filter((v) => v.type !== "drd");
    if (made && decisions.length === 1 && decisions[0]) await this.modeler.open(decisions[0]);
    // A drawing that was made here is kept with the first change: until then the file is as it was.
    this.dirty = false;
    this.tabs();
  }

  async text(): Promise<string> {
    const { xml } = await this.modeler.saveXML({ format: true });
    return xml.endsWith("\n") ? xml : `${xml}\n`;
  }

  changed(): boolean {
    return this.dirty;
  }

  /** A decision of the file is one view; the drawing of how they hang together another, where the file has it. */
  private tabs(): void {
    const now = this.modeler.getActiveView();
    this.watch();
    const shown = this.modeler.getViews().filter((v) => v.type !== "drd" || now?.type === "drd" || this.pictured(v));
    this.views.replaceChildren(
      ...shown.map((view) => {
        const name = view.type === "drd" ? t("design-drd") : view.name || view.id;
        const button = el(
          "button",
          { type: "button", class: "button button--secondary", "aria-pressed": String(view.element === now?.element) },
          name,
        );
        button.addEventListener("click", () => void this.modeler.open(view));
        return button;
      }),
    );
  }

  private pictured(view: View): boolean {
    return view.element.dmnDI !== undefined;
  }

  /** Each view has an editor of its own, made when it is opened first. */
  private watch(): void {
    const viewer = this.modeler.getActiveViewer();
    if (!viewer || this.watched.has(viewer)) return;
    this.watched.add(viewer);
    // Palette and title cover the corner in which drawings begin.
    if (this.modeler.getActiveView()?.type === "drd") viewer.get<Canvas>("canvas").scroll({ dx: 140, dy: 90 });
    viewer.on("commandStack.changed", () => {
      this.dirty = true;
      this.stage.note.textContent = t("design-not-saved");
    });
  }

  /** What the library draws without a name: the drawing, and the head over the numbers of the rules. */
  private named(): void {
    const svg = this.place.querySelector(".djs-container > svg");
    svg?.setAttribute("role", "application");
    svg?.setAttribute("aria-label", t("design-drd"));
    const corner = this.place.querySelector("th.index-column");
    if (corner && !corner.firstChild) corner.append(el("span", { class: "visually-hidden" }, t("design-rule")));
  }
}

/** The editor of decisions. */
export function editor(stage: Stage): Editor {
  const views = el("div", { class: "actions", role: "group", "aria-label": t("design-views") });
  const place = el("div", { class: "design-dmn", tabindex: "0", role: "region", "aria-label": t("design-decision") });
  stage.host.append(views, place);
  return new Dmn(stage, place, views);
}
