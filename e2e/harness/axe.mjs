// Accessibility: axe-core in the page, WCAG 2.2 AA and the best practices, no violation allowed, by day and by night.
import axe from "axe-core";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Throws, naming each rule, element and repair. The page must run JavaScript. */
export async function accessible(page, schemes = ["dark", "light"]) {
  const lines = [];
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme });
    // The new colours are there once a picture has been drawn with them.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), TAGS);
    lines.push(...violations.flatMap((found) => found.nodes.map((node) => `${colorScheme}: ${found.id} (${found.impact}): ${node.target.join(" ")}\n    ${node.html.slice(0, 160)}\n    ${node.failureSummary.replaceAll("\n", "\n    ")}`)));
  }
  if (lines.length > 0) throw new Error(`${new URL(page.url()).pathname} is not accessible:\n${lines.join("\n")}`);
}

/** A page wider than the screen makes a reader scroll two ways (WCAG 1.4.10). */
export async function fits(page) {
  const { wide, screen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, screen: window.innerWidth }));
  if (wide > screen) throw new Error(`${new URL(page.url()).pathname} is ${wide} wide on a screen of ${screen}`);
}
