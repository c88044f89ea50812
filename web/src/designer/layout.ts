const MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/";
const PICTURE = "https://www.omg.org/spec/DMN/20191111/DMNDI/";
const BOUNDS = "http://www.omg.org/spec/DMN/20180521/DC/";
const WAY = "http://www.omg.org/spec/DMN/20180521/DI/";

/** Width and height of what is drawn, by its kind. */
const SIZES: Record<string, readonly [number, number]> = {
  decision: [180, 80],
  inputData: [140, 48],
  businessKnowledgeModel: [160, 48],
  knowledgeSource: [140, 64],
};
const REQUIREMENTS = ["informationRequirement", "knowledgeRequirement", "authorityRequirement"];
/** Pixels from the left of one to the left of the next, and from row to row. */
const STEP = 220;
const ROW = 150;
/** How often a row is put in the order of what stands beside it. */
const PASSES = 4;

interface Node {
  element: Element;
  width: number;
  height: number;
  /** Row, from below. */
  row: number;
  x: number;
  needs: Need[];
}

interface Need {
  requirement: Element;
  of: Node;
}

const id = (element: Element): string => element.getAttribute("id") ?? "";

/**
 * The same decisions with a drawing of how they hang together, where the file has none: dmn-js draws nothing without. Each
 * stands above all that it needs. None for a file that has a drawing, or nothing to draw.
 */
export function laidOut(xml: string): string | undefined {
  const file = new DOMParser().parseFromString(xml, "application/xml");
  const root = file.documentElement;
  if (root.namespaceURI !== MODEL || file.getElementsByTagNameNS(PICTURE, "DMNShape").length > 0) return undefined;
  const nodes = read(root);
  if (nodes.length === 0) return undefined;
  place(nodes);
  draw(file, nodes);
  return new XMLSerializer().serializeToString(file);
}

/** What is drawn, and who needs whom. */
function read(root: Element): Node[] {
  const nodes: Node[] = [];
  for (const element of root.children) {
    const [width, height] = SIZES[element.localName] ?? [0, 0];
    if (width > 0 && id(element)) nodes.push({ element, width, height, row: 0, x: 0, needs: [] });
  }
  const byId = new Map(nodes.map((n) => [id(n.element), n]));
  for (const node of nodes) {
    for (const requirement of node.element.children) {
      if (!REQUIREMENTS.includes(requirement.localName)) continue;
      const href = requirement.firstElementChild?.getAttribute("href") ?? "";
      const of = byId.get(href.slice(href.lastIndexOf("#") + 1));
      if (of && of !== node) node.needs.push({ requirement, of });
    }
  }
  return nodes;
}

function place(nodes: Node[]): void {
  // As often as there are nodes: enough for the longest chain, and an end where some need each other.
  for (let n = 0, moved = true; moved && n < nodes.length; n += 1) {
    moved = false;
    for (const node of nodes) {
      const row = Math.max(0, ...node.needs.map((need) => need.of.row + 1));
      if (row !== node.row && row <= nodes.length) {
        node.row = row;
        moved = true;
      }
    }
  }
  const users = new Map(nodes.map((n) => [n, nodes.filter((other) => other.needs.some((need) => need.of === n))]));
  // From the top down, each just under the lowest that needs it: no line leads through a row that it has nothing to do with.
  for (const node of [...nodes].sort((a, b) => b.row - a.row)) {
    const above = (users.get(node) ?? []).map((user) => user.row);
    if (above.length > 0) node.row = Math.max(node.row, Math.min(...above) - 1);
  }
  const rows = new Map<number, Node[]>();
  for (const node of nodes) rows.set(node.row, [...(rows.get(node.row) ?? []), node]);
  const all = [...rows.keys()].sort((a, b) => a - b).map((row) => rows.get(row) ?? []);
  all.forEach(spread);
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (const row of pass % 2 === 0 ? [...all].reverse() : all) {
      const middle = (node: Node): number => {
        const near = pass % 2 === 0 ? (users.get(node) ?? []) : node.needs.map((need) => need.of);
        return near.length ? near.reduce((sum, n) => sum + n.x, 0) / near.length : node.x;
      };
      const wanted = new Map(row.map((n) => [n, middle(n)]));
      row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      spread(row);
    }
  }
}

/** Side by side around one middle. */
function spread(row: Node[]): void {
  row.forEach((node, n) => {
    node.x = (n - (row.length - 1) / 2) * STEP;
  });
}

function draw(file: Document, nodes: Node[]): void {
  const root = file.documentElement;
  for (const empty of [...root.getElementsByTagNameNS(PICTURE, "DMNDI")]) empty.remove();
  const under = (parent: Element, namespace: string, name: string, values: Record<string, string | number> = {}): Element => {
    const made = file.createElementNS(namespace, name);
    for (const [key, value] of Object.entries(values)) made.setAttribute(key, String(value));
    parent.append(made);
    return made;
  };
  const diagram = under(under(root, PICTURE, "dmndi:DMNDI"), PICTURE, "dmndi:DMNDiagram", { id: "drawing" });
  const left = Math.min(...nodes.map((n) => n.x - n.width / 2)) - 40;
  const top = Math.max(...nodes.map((n) => n.row));
  const x = (node: Node): number => Math.round(node.x - left);
  const y = (node: Node): number => 40 + (top - node.row) * ROW;
  for (const node of nodes) {
    const shape = under(diagram, PICTURE, "dmndi:DMNShape", { dmnElementRef: id(node.element) });
    const bounds = { x: x(node) - node.width / 2, y: y(node), width: node.width, height: node.height };
    under(shape, BOUNDS, "dc:Bounds", bounds);
  }
  for (const node of nodes) {
    node.needs.forEach(({ requirement, of }, n) => {
      if (!id(requirement)) requirement.setAttribute("id", `${id(node.element)}-requirement-${n + 1}`);
      const edge = under(diagram, PICTURE, "dmndi:DMNEdge", { dmnElementRef: id(requirement) });
      under(edge, WAY, "di:waypoint", { x: x(of), y: y(of) });
      under(edge, WAY, "di:waypoint", { x: x(node), y: y(node) + node.height });
    });
  }
}
