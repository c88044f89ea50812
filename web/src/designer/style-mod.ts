// In the place of `style-mod` (vite.config.ts): the editors of expressions inside dmn-js and form-js write their rules into
// style elements, which the content security policy refuses. A constructed style sheet is no inline style.
import { StyleModule as Rules } from "style-mod-original";

interface Sheet {
  sheet: CSSStyleSheet;
  modules: Rules[];
}

const sheets = new WeakMap<Document | ShadowRoot, Sheet>();

/** Rules of a style, as the original has them, mounted without a style element. */
export class StyleModule extends Rules {
  /** Later modules of a list are stronger than earlier ones, and those of a list than those mounted before. */
  static override mount(root: Document | ShadowRoot, modules: Rules | readonly Rules[]): void {
    const known = sheets.get(root) ?? begin(root);
    const given = Array.isArray(modules) ? (modules as Rules[]) : [modules as Rules];
    const order = [...known.modules.filter((m) => !given.includes(m)), ...given];
    if (order.length === known.modules.length && order.every((m, n) => m === known.modules[n])) return;
    known.modules = order;
    known.sheet.replaceSync(order.map((m) => m.getRules()).join("\n"));
  }
}

function begin(root: Document | ShadowRoot): Sheet {
  const made: Sheet = { sheet: new CSSStyleSheet(), modules: [] };
  root.adoptedStyleSheets = [made.sheet, ...root.adoptedStyleSheets];
  sheets.set(root, made);
  return made;
}
