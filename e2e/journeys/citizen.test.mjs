// A citizen: sees the air of the city change, looks closer, sees an alert come and end.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { alerts, card, live, object, pins, station } from "../harness/pages.mjs";

const house = open();

/** Watches the station in the list: the moment at which it began to say something else. */
const watched = (row) =>
  row.evaluate((node) => {
    const before = node.innerText;
    window.changed = new Promise((resolve) => {
      const watch = new MutationObserver(() => node.innerText !== before && resolve(Date.now()));
      watch.observe(node, { subtree: true, childList: true, characterData: true });
    });
  });

test("the map shows a reading within a second, without a reload", async () => {
  const page = await house.visit("/");
  await live(page);
  const row = station(page, STATION.name);
  await row.waitFor();
  await page.evaluate(() => (window.unbroken = true));
  const took = [];
  for (const ratio of [0.3, 0.6, 0.4]) {
    await watched(row);
    const sent = Date.now();
    await breathe(house.platform, ratio);
    took.push((await page.evaluate(() => window.changed)) - sent);
  }
  const middle = took.toSorted((a, b) => a - b)[1];
  assert.ok(middle < 1_000, `from the publication to the list: ${took.join(", ")} ms`);
  assert.match(await row.innerText(), /0,4/);
  assert.equal(await page.evaluate(() => window.unbroken), true, "the page was loaded anew");
  await accessible(page);
  await picture(page, "map-wide");
});

/** Asserts what a card of the station must tell. */
async function tells(page) {
  await card(page).getByRole("heading", { name: STATION.name }).waitFor();
  await card(page).locator(".chart-stage canvas").first().waitFor();
  // What is newer than the card is loaded once more: it is read when it is whole.
  const text = await eventually("the card is whole", async () => {
    const shown = await card(page).innerText();
    return shown.includes("FEERC") && shown;
  });
  assert.match(text, /0,018\s*мг\/м³/, "the value with its unit");
  assert.match(text, /0,5\d? нормы/, "the ratio to the norm");
  assert.match(text, /только что|назад/, "the age of the value");
  assert.match(text, /FEERC/, "the source");
  assert.match(text, /Министерство природных ресурсов/, "the owner");
}

test("a station's card opens by a click on the map", async () => {
  await breathe(house.platform, 0.5);
  const page = await house.visit("/?space=kuzbass%2Fnovokuznetsk");
  await live(page);
  await station(page, STATION.name).waitFor();
  const canvas = page.locator(".map-canvas canvas");
  const box = await canvas.boundingBox();
  const { bounds } = await house.platform.call("GET", "/api/v1/layers?space=kuzbass/novokuznetsk");
  const [x, y] = onScreen(STATION.at, bounds, box);
  await page.waitForTimeout(700); // the picture is drawn by the processor here
  await page.mouse.click(box.x + x, box.y + y);
  await tells(page);
  await page.getByRole("button", { name: "Закрыть" }).click();
  await card(page).waitFor({ state: "hidden" });
});

/** Where a place stands when the map shows these bounds with a margin of 24 points (web Mercator). */
function onScreen([lon, lat], [west, south, east, north], { width, height }) {
  const up = (degrees) => Math.log(Math.tan(Math.PI / 4 + (degrees * Math.PI) / 360)) * (180 / Math.PI);
  const scale = Math.min((width - 48) / (east - west), (height - 48) / (up(north) - up(south)));
  return [width / 2 + (lon - (west + east) / 2) * scale, height / 2 - (up(lat) - (up(south) + up(north)) / 2) * scale];
}

test("the card opens and closes by keyboard, and the focus comes back", async () => {
  const page = await house.visit("/");
  await live(page);
  await station(page, STATION.name).focus();
  await page.keyboard.press("Enter");
  await tells(page);
  assert.equal(await card(page).evaluate((node) => node.contains(document.activeElement)), true, "the focus is in the card");
  await accessible(page);
  await picture(page, "card-wide");
  await page.keyboard.press("Escape");
  await card(page).waitFor({ state: "hidden" });
  assert.match(await page.evaluate(() => document.activeElement.innerText), new RegExp(STATION.name));
});

test("an alert comes as a pin, is not doubled while it is open, and ends", async () => {
  const page = await house.visit("/");
  await live(page);
  assert.equal(await alerts(page).count(), 0);
  await breathe(house.platform, 2);
  await pins(page).waitFor();
  await alerts(page).waitFor();
  await breathe(house.platform, 3);
  await object(page, / 3 нормы/).waitFor();
  await page.waitForTimeout(700);
  assert.equal(await alerts(page).count(), 1, "the next readings raise no second alert");
  await pins(page).click();
  await card(page).getByRole("heading", { name: /Загрязнение воздуха.*Тольятти/ }).waitFor();
  await accessible(page);
  await picture(page, "alert-wide");
  await page.keyboard.press("Escape");

  await breathe(house.platform, 0.5);
  await pins(page).waitFor({ state: "detached" });
  await alerts(page).waitFor({ state: "detached" });
  await page.reload();
  const ended = page.locator('section:has(#ended-title) tr', { hasText: STATION.name });
  assert.match(await ended.innerText(), /Загрязнение воздуха.*Предупреждение.*PM2\.5/s);
  await page.goto(`/entities/${STATION.urn}`);
  assert.match(await page.locator('section:has(#ended-title)').innerText(), /Загрязнение воздуха/);
  await accessible(page);
  await picture(page, "entity-wide");
});

test("every other open page is sound", async () => {
  house.browser.allow(/^404 GET .*\/nowhere$/);
  house.browser.allow(/console: Failed to load resource: .* 404/);
  const page = await house.visit("/table");
  for (const path of ["/table", "/entities", "/vocabulary", "/vocabulary/AirQualityStation", "/entities/urn:svod:municipality:novokuznetsk", "/session", "/nowhere"]) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await accessible(page);
  }
});

test("nobody's work is open to a citizen", async () => {
  const page = await house.visit("/", { as: "citizen" });
  house.browser.allow(/^403 GET .*\/(tasks|journal|quarantine)$/);
  house.browser.allow(/console: Failed to load resource: .* 403/);
  assert.equal(await page.getByRole("link", { name: "Задачи" }).count(), 0);
  for (const path of ["/tasks", "/journal", "/quarantine"]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 403, path);
    await accessible(page);
  }
});
