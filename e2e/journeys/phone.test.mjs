// A phone, 390 points wide: nothing runs out of the screen, everything can be tapped.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { open } from "../harness/house.mjs";
import { act, card, doTask, follow, listed, live, station, tasks } from "../harness/pages.mjs";

const house = open();

async function sound(page, name) {
  await fits(page);
  await accessible(page);
  if (name) await picture(page, name);
}

test("the map and a station's card", async () => {
  await breathe(house.platform, 0.7);
  const page = await house.visit("/", { phone: true });
  await live(page);
  await station(page, STATION.name).waitFor({ state: "attached" });
  await sound(page, "map-phone");
  await station(page, STATION.name).tap();
  await card(page).getByRole("heading", { name: STATION.name }).waitFor();
  await card(page).locator(".chart-stage canvas").first().waitFor();
  await sound(page, "card-phone");
  await page.getByRole("button", { name: "Закрыть" }).tap();
  await card(page).waitFor({ state: "hidden" });
});

test("the menu opens and leads on", async () => {
  const page = await house.visit("/table", { phone: true });
  await sound(page);
  await page.getByRole("link", { name: "Меню" }).tap();
  await page.getByRole("link", { name: "API" }).waitFor();
  await sound(page, "menu-phone");
  await page.getByRole("link", { name: "API" }).tap();
  await page.waitForURL(/\/api$/);
  await page.locator(".api-operation").first().waitFor();
  await sound(page, "api-phone");
});

test("an official's pages", async () => {
  await breathe(house.platform, 2);
  const page = await house.visit("/tasks", { as: "official-municipal", phone: true });
  await listed(page);
  await sound(page, "tasks-phone");
  // The filters are folded, and can be unfolded.
  await page.locator(".filters-box > summary").tap();
  await page.getByLabel("Статус").waitFor();
  await sound(page);
  await follow(page, tasks(page).first());
  await sound(page, "task-phone");
  await act(page, "take").waitFor();
  await doTask(page, "Сделано");
  await sound(page);
  await follow(page, page.locator('main a[href^="/cases/"]').first());
  await sound(page, "case-phone");
});

test("every other page", async () => {
  const page = await house.visit("/session", { phone: true });
  await sound(page, "session-phone");
  const administrator = await house.visit("/packs", { as: "administrator", phone: true });
  await house.platform.publish(`air/${STATION.id}/up`, { ts: new Date().toISOString(), unknown: 1 });
  for (const path of ["/packs", "/packs/kuzbass", "/packs/kuzbass/files/devices/air-post.yaml", "/quarantine", "/quarantine/1", "/journal", "/entities", "/vocabulary", "/vocabulary/AirQualityStation", `/entities/${STATION.urn}`]) {
    const answer = await administrator.goto(path, { waitUntil: "load" });
    assert.equal(answer.status(), 200, path);
    await sound(administrator);
  }
});
