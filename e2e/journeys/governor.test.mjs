// The governor: sees the whole region's cases and journal, and takes nothing out of anybody's hands.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { act, tasks } from "../harness/pages.mjs";

const house = open();

test("sees the region's tasks and why they arose, and may take none", async () => {
  await breathe(house.platform, 6);
  const page = await house.visit("/tasks", { as: "governor" });
  await eventually("the task is seen", async () => {
    await page.reload();
    return (await tasks(page).count()) === 1;
  });
  await page.goto(await tasks(page).first().getAttribute("href"));
  assert.match(await page.locator("main").innerText(), /air-quality\.dmn/);
  assert.equal(await act(page, "take").count(), 0);
  await accessible(page);
});

test("reads the journal", async () => {
  const page = await house.visit("/journal", { as: "governor" });
  assert.ok((await page.locator("main").innerText()).length > 100);
  await accessible(page);
});
