// A citizen: sees the air of the city change, looks closer, sees an alert come and end.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { card, live, object } from "../harness/pages.mjs";

const house = open();

test("the map shows a reading within a second, without a reload", async () => {
  const page = await house.visit("/");
  await live(page);
  const station = object(page, STATION.name);
  await station.waitFor();
  const before = await station.innerText();
  await page.evaluate(() => (window.unbroken = true));
  await breathe(house.platform, 0.6);
  const sent = Date.now();
  await eventually("the station changes", async () => (await station.innerText()) !== before, 5_000);
  assert.ok(Date.now() - sent < 1_500, `the map took ${Date.now() - sent} ms`);
  assert.equal(await page.evaluate(() => window.unbroken), true, "the page was loaded anew");
  await accessible(page);
  await picture(page, "map-wide");
});

test("a station's card has values, owner, source and a chart, and opens by keyboard", async () => {
  await breathe(house.platform, 0.5, { seconds: 1 });
  const page = await house.visit("/");
  await live(page);
  await object(page, STATION.name).focus();
  await page.keyboard.press("Enter");
  await card(page).getByRole("heading", { name: STATION.name }).waitFor();
  await card(page).locator(".chart-stage canvas").first().waitFor();
  const text = await card(page).innerText();
  assert.match(text, /FEERC/, "the source is named");
  assert.match(text, /Министерство природных ресурсов/, "the owner is named");
  await accessible(page);
  await picture(page, "card-wide");
  await page.keyboard.press("Escape");
  await card(page).waitFor({ state: "hidden" });
});

test("an alert comes to the map, is not doubled while it is open, and ends", async () => {
  const page = await house.visit("/");
  await live(page);
  const alert = page.locator(".object-list").getByRole("button", { name: /Загрязнение воздуха/ });
  assert.equal(await alert.count(), 0);
  await breathe(house.platform, 2, { seconds: 2 });
  await alert.first().waitFor();
  await breathe(house.platform, 3, { seconds: 3 });
  await page.waitForTimeout(1_000);
  assert.equal(await alert.count(), 1, "the next readings raise no second alert");
  await picture(page, "map-alert");
  await breathe(house.platform, 0.5, { seconds: 4 });
  await alert.waitFor({ state: "detached" });
});

test("nobody's work is open to a citizen", async () => {
  const page = await house.visit("/", { as: "citizen" });
  await live(page);
  house.browser.allow(/^40[134] GET .*\/(tasks|quarantine|packs)/);
  house.browser.allow(/console: Failed to load resource: .* 40[134]/);
  for (const path of ["/tasks", "/quarantine"]) {
    const answer = await page.goto(path);
    assert.ok([401, 403, 404].includes(answer.status()) || (await page.locator('main a[href^="/tasks/urn"]').count()) === 0, `${path} answered ${answer.status()}`);
  }
});
