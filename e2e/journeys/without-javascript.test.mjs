// A newcomer without JavaScript: the same data as a table, and the work can be done all the same.
import assert from "node:assert/strict";
import test from "node:test";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { open } from "../harness/house.mjs";
import { doTask, errors, follow, openTask } from "../harness/pages.mjs";

const house = open();

test("the map is a table, and each row leads to its page", async () => {
  await breathe(house.platform, 0.4);
  const page = await house.visit("/", { javaScript: false });
  const row = page.locator("main table tr", { hasText: STATION.name }).first();
  assert.match(await row.innerText(), /0,014\s*мг\/м³/);
  await picture(page, "table-wide");
  await follow(page, row.getByRole("link").first());
  const text = await page.locator("main").innerText();
  assert.match(text, /FEERC/);
  assert.match(text, /0,014/);
});

test("signs in, takes a task, sees the mistake in an empty result and completes it", async () => {
  await breathe(house.platform, 2);
  const page = await house.visit("/tasks", { as: "official-municipal", javaScript: false });
  await openTask(page);
  house.browser.allow(/^422 POST .*complete/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  await page.locator('main form[action$="/take"] button').click();
  await page.locator('main form[action$="/complete"] button').first().click();
  await errors(page).waitFor();
  await page.locator('main form[action$="/complete"] textarea').fill("Проверено на месте");
  await page.locator('main form[action$="/complete"] button').first().click();
  await page.waitForURL(/done=complete/);
  assert.match(await page.locator("main").innerText(), /Проверено на месте/);
});

test("publishes an edited file of a pack", async () => {
  const page = await house.visit("/packs/kuzbass", { as: "administrator", javaScript: false });
  await follow(page, page.getByRole("link", { name: "layers/weather.yaml" }));
  const text = await page.locator("textarea").inputValue();
  await page.locator("textarea").fill(text.replace("visible: true", "visible: false"));
  await page.locator('main form button[type="submit"]').first().click();
  await page.waitForURL(/done=published/);
  assert.match(await page.locator("main").innerText(), /layers\/weather\.yaml/);
  const { layers } = await house.platform.call("GET", "/api/v1/layers");
  assert.equal(layers.find((layer) => layer.id === "weather").visible, false);
});
