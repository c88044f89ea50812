// A developer: finds the API in the menu, tries an operation, and sees what it answers.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { open } from "../harness/house.mjs";
import { follow } from "../harness/pages.mjs";

const house = open();
const operation = (page, method, path) => page.locator("details.api-operation", { has: page.locator("summary code", { hasText: new RegExp(`^${path}$`) }), hasText: method });

test("tries an operation of the API", async () => {
  await breathe(house.platform, 0.4);
  const page = await house.visit("/");
  await follow(page, page.getByRole("link", { name: "API", exact: true }));
  const form = operation(page, "GET", "/api/v1/entities/\\{urn\\}/live");
  await form.waitFor();
  await accessible(page);
  await form.locator("summary").click();
  await form.getByLabel(/^urn/).fill(STATION.urn);
  await form.getByRole("button", { name: "Отправить" }).click();
  await form.locator(".api-answer .tag", { hasText: "200" }).waitFor();
  assert.match(await form.locator(".api-answer pre").innerText(), /0\.014/);
  await accessible(page);
  await picture(page, "api-wide");
});

test("a token of a persona opens more", async () => {
  const page = await house.visit("/api");
  const form = operation(page, "GET", "/api/v1/tasks");
  await form.locator("summary").click();
  house.browser.allow(/^401 GET .*\/api\/v1\/tasks/);
  house.browser.allow(/console: Failed to load resource: .* 401/);
  await page.getByLabel("Токен").fill(await house.platform.token("official-municipal"));
  await form.getByRole("button", { name: "Отправить" }).click();
  await form.locator(".api-answer .tag", { hasText: "200" }).waitFor();
});
