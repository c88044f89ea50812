// Russian, Kazakh, English: every page is in the language asked for, and no text is missing or left in another one.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { STATION, breathe } from "../harness/field.mjs";
import { open } from "../harness/house.mjs";
import { act, card, live, openTask, result, station } from "../harness/pages.mjs";

const house = open();
const root = fileURLToPath(new URL("../..", import.meta.url));

/** All files under the project with this ending. */
function files(ending, folder = root, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (["node_modules", "target", ".git", "dist", "neighbour"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files(ending, path, found);
    else if (entry.name.endsWith(ending)) found.push(path);
  }
  return found;
}

/** Messages of one line in one language: name to text. */
function messages(lang) {
  const found = new Map();
  for (const path of files(".ftl").filter((path) => path.includes(`/${lang}/`) || path.endsWith(`/${lang}.ftl`))) {
    for (const [, key, text] of readFileSync(path, "utf8").matchAll(/^([a-z][\w-]*) = (.+)$/gim)) found.set(key, text);
  }
  return found;
}

const all = Object.fromEntries(["ru", "kk", "en"].map((lang) => [lang, messages(lang)]));
const names = new Set([...all.ru.keys()].filter((key) => key.includes("-")));

/** Texts of the other languages that are no text of this one: a page in `lang` may not show them. */
function foreign(lang) {
  const own = new Set(all[lang].values());
  const others = Object.keys(all).filter((other) => other !== lang);
  return new Set(others.flatMap((other) => [...all[other].values()]).filter((text) => !own.has(text) && !text.includes("{") && text.length > 3));
}

/** Names of things are data and stand as their owners wrote them, in every language. */
const data = new Set(
  files(".yaml", join(root, "packs")).flatMap((path) => [...readFileSync(path, "utf8").matchAll(/"([^"]*[а-яё][^"]*)"|: ([^"\n{]*[а-яё][^\n,}]*)/gi)].map((m) => (m[1] ?? m[2]).trim())),
);

const longest = [...data].toSorted((a, b) => b.length - a.length);

/** Every piece of text a person sees, without what says that it is in another language. */
const pieces = (page) =>
  page.evaluate(() => {
    const found = [];
    const lang = document.documentElement.lang;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode;
      const parent = node.parentElement;
      if (parent.closest("script, style, textarea, code, pre") || parent.closest("[lang]")?.lang !== lang) continue;
      if (node.data.trim()) found.push(node.data.trim());
    }
    for (const node of document.querySelectorAll("[aria-label], [title]")) {
      if (node.closest("[lang]").lang === lang) found.push(node.getAttribute("aria-label") ?? node.title);
    }
    return found;
  });

async function check(page, lang, where) {
  assert.equal(await page.locator("html").getAttribute("lang"), lang, `${where} says another language`);
  assert.ok((await page.title()).trim().length > 3, `${where} has no title`);
  const seen = await pieces(page);
  const words = seen.flatMap((text) => text.split(/[\s,;:()«»"]+/));
  assert.deepEqual(words.filter((word) => names.has(word)), [], `${where} lacks texts`);
  const strange = foreign(lang);
  assert.deepEqual(seen.filter((text) => strange.has(text) && !data.has(text)), [], `${where} has texts of another language`);
  if (lang !== "en") return;
  const rest = seen.map((text) => longest.reduce((left, name) => left.replaceAll(name, ""), text));
  assert.deepEqual(rest.filter((text) => /[а-яё]{3}/i.test(text)), [], `${where} has Russian words`);
}

const PAGES = ["/table", "/entities", "/vocabulary", "/vocabulary/AirQualityStation", `/entities/${STATION.urn}`, "/tasks", "/journal", "/receipt", "/packs", "/packs/kuzbass", "/packs/kuzbass/files/pack.yaml", "/quarantine", "/quarantine/1", "/session"];

for (const lang of ["ru", "kk", "en"]) {
  test(`every page in ${lang}`, async () => {
    assert.ok(names.size > 300 && data.size > 50, "the texts were not found");
    await house.platform.publish(`air/${STATION.id}/up`, { ts: new Date().toISOString(), PM10: 1 });
    await breathe(house.platform, 0.1);
    await breathe(house.platform, 2);

    const official = await house.visit("/tasks", { as: "official-municipal", lang });
    await openTask(official);
    await check(official, lang, "the task");
    await act(official, "take").click();
    await result(official).waitFor();
    await check(official, lang, "the task taken");
    house.browser.allow(/^4(22|03|04) /);
    house.browser.allow(/console: Failed to load resource: .* 4(22|03|04)/);
    await act(official, "complete").click();
    await official.locator(".error-summary").waitFor();
    await check(official, lang, "the task with an error");
    await result(official).fill("123");
    await act(official, "complete").click();
    await act(official, "complete").waitFor({ state: "detached" });
    await check(official, lang, "the task done");
    await official.goto(await official.locator('main a[href^="/cases/"]').first().getAttribute("href"));
    await check(official, lang, "the case");
    for (const path of ["/quarantine", "/nowhere"]) {
      await official.goto(path);
      await check(official, lang, path);
    }

    const administrator = await house.visit("/", { as: "administrator", lang });
    await live(administrator);
    await station(administrator, STATION.name).waitFor();
    await administrator.locator(".map-layers > summary").click();
    await check(administrator, lang, "the map");
    await station(administrator, STATION.name).click();
    await card(administrator).locator(".chart-stage canvas").waitFor();
    await check(administrator, lang, "the card");
    for (const path of PAGES) {
      await administrator.goto(path, { waitUntil: "load" });
      await check(administrator, lang, path);
    }
    await administrator.goto("/api");
    await administrator.locator(".api-operation").first().waitFor();
    await check(administrator, lang, "/api");
    if (lang === "kk") assert.match(await administrator.locator("body").innerText(), /[әғқңөұүһі]/i, "no Kazakh letter on the page");
    await accessible(administrator);
  });
}

test("the language chosen is kept", async () => {
  const page = await house.visit("/session", { lang: "ru" });
  await page.getByRole("link", { name: /English/ }).click();
  await page.waitForFunction(() => document.documentElement.lang === "en");
  await page.goto("/table");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
});
