// What is used of libraries that bring no types.

declare module "dmn-js/lib/Modeler" {
  export interface View {
    id: string;
    type: "drd" | "decisionTable" | "literalExpression" | "boxedExpression";
    name?: string;
    element: { dmnDI?: object };
  }

  interface Viewer {
    on(event: string, f: () => void): void;
    get<T>(service: string): T;
  }

  export default class DmnModeler {
    constructor(options: Record<string, unknown>);
    importXML(xml: string): Promise<{ warnings: unknown[] }>;
    saveXML(options: { format: boolean }): Promise<{ xml: string }>;
    getViews(): View[];
    getActiveView(): View | undefined;
    getActiveViewer(): Viewer | undefined;
    open(view: View): Promise<unknown>;
    on(event: string, f: () => void): void;
  }
}

declare module "bpmn-auto-layout" {
  export function layoutProcess(xml: string): Promise<string>;
}

// The one that src/designer/style-mod.ts stands in the place of; vite.config.ts knows where it is.
declare module "style-mod-original" {
  export { StyleModule } from "style-mod";
}
