// Accessibility: axe-core in the page, WCAG 2.2 AA and the best practices, no violation allowed.
import axe from "axe-core";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Throws, naming each rule, element and repair. The page must run JavaScript. */
export async function accessible(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), TAGS);
  if (violations.length === 0) return;
  const lines = violations.flatMap((found) => found.nodes.map((node) => `${found.id} (${found.impact}): ${node.target.join(" ")}\n    ${node.html.slice(0, 160)}\n    ${node.failureSummary.replaceAll("\n", "\n    ")}`));
  throw new Error(`${new URL(page.url()).pathname} is not accessible:\n${lines.join("\n")}`);
}
