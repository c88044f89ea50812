// A phone, 390 points wide: nothing runs out of the screen, everything can be tapped.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { card, live, object, tasks } from "../harness/pages.mjs";

const house = open();

/** A page wider than the screen makes a reader scroll two ways (WCAG 1.4.10). */
async function fits(page) {
  const { wide, screen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, screen: window.innerWidth }));
  assert.ok(wide <= screen, `${new URL(page.url()).pathname} is ${wide} wide on a screen of ${screen}`);
}

test("the map and a station's card", async () => {
  await breathe(house.platform, 0.7);
  const page = await house.visit("/", { phone: true });
  await live(page);
  await object(page, STATION.name).waitFor({ state: "attached" });
  await fits(page);
  await accessible(page);
  await picture(page, "map-phone");
  await object(page, STATION.name).tap();
  await card(page).getByRole("heading", { name: STATION.name }).waitFor();
  await fits(page);
  await accessible(page);
  await picture(page, "card-phone");
});

test("an official's pages", async () => {
  await breathe(house.platform, 2, { seconds: 1 });
  const page = await house.visit("/tasks", { as: "official-municipal", phone: true });
  await eventually("the task is offered", async () => {
    await page.goto("/tasks");
    return (await tasks(page).count()) === 1;
  });
  await fits(page);
  await accessible(page);
  await picture(page, "tasks-phone");
  await page.goto(await tasks(page).first().getAttribute("href"));
  await fits(page);
  await accessible(page);
  await picture(page, "task-phone");
});
