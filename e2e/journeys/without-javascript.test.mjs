// A newcomer without JavaScript: the same data as a table, and an official can still do the work.
import assert from "node:assert/strict";
import test from "node:test";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { act, tasks } from "../harness/pages.mjs";

const house = open();

test("the map is a table, and each row leads to its page", async () => {
  await breathe(house.platform, 0.4);
  const page = await house.visit("/", { javaScript: false });
  const row = page.locator("main table tr", { hasText: STATION.name });
  await row.first().waitFor();
  await picture(page, "table-wide");
  await row.first().getByRole("link").first().click();
  await page.waitForURL(/\/entities\//);
  assert.match(await page.locator("main").innerText(), /FEERC/);
});

test("signs in, takes a task and completes it", async () => {
  await breathe(house.platform, 2, { seconds: 1 });
  const page = await house.visit("/tasks", { as: "official-municipal", javaScript: false });
  await eventually("the task is offered", async () => {
    await page.goto("/tasks");
    return (await tasks(page).count()) === 1;
  });
  await tasks(page).first().click();
  await act(page, "take").getByRole("button").click();
  await act(page, "complete").getByRole("textbox").fill("Проверено на месте");
  await act(page, "complete").getByRole("button").click();
  await act(page, "complete").waitFor({ state: "detached" });
  assert.match(await page.locator("main").innerText(), /Проверено на месте/);
});
