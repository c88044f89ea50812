// Russian, Kazakh, English: every page is in the language asked for, and no text is missing.
import assert from "node:assert/strict";
import test from "node:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { STATION, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { tasks } from "../harness/pages.mjs";

const house = open();
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every message's name in the project: a page that shows one lacks the text. */
function keys(folder = root, found = new Set()) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (["node_modules", "target", ".git", "dist"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) keys(path, found);
    else if (entry.name.endsWith(".ftl")) for (const [, key] of readFileSync(path, "utf8").matchAll(/^([a-z][\w-]*-[\w-]*) =/gim)) found.add(key);
  }
  return found;
}

const names = keys();
const pages = ["/", `/entities/${STATION.urn}`, "/tasks", "TASK", "/journal", "/packs", "/packs/kuzbass", "/quarantine", "/session", "/api"];

for (const lang of ["ru", "kk", "en"]) {
  test(`every page in ${lang}`, async () => {
    assert.ok(names.size > 50, "the texts were not found");
    await breathe(house.platform, 2, { seconds: pages.length });
    const official = await house.visit("/tasks", { as: "official-municipal", lang });
    await eventually("the task is offered", async () => {
      await official.reload();
      return (await tasks(official).count()) >= 1;
    });
    const task = await tasks(official).first().getAttribute("href");
    const administrator = await house.visit("/", { as: "administrator", lang });
    for (const path of pages) {
      const page = path === "TASK" ? official : administrator;
      await page.goto(path === "TASK" ? task : path, { waitUntil: "load" });
      assert.equal(await page.locator("html").getAttribute("lang"), lang, `${path} says another language`);
      const text = await page.locator("body").innerText();
      const missing = [...new Set(text.split(/[\s,;()«»"]+/).filter((word) => names.has(word)))];
      assert.deepEqual(missing, [], `${path} lacks texts`);
      const title = await page.title();
      if (lang === "en") assert.doesNotMatch(await page.locator("header").innerText(), /[а-яё]{4}/i, `${path} has Russian words in its header`);
      if (lang === "kk" && path === "/") assert.match(text, /[әғқңөұүһі]/i, "no Kazakh letter on the page");
      assert.ok(title.trim().length > 3, `${path} has no title`);
    }
  });
}
