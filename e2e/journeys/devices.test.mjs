// Devices with credentials of their own: let in, found, revoked by an administrator, with JavaScript and without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits } from "../harness/axe.mjs";
import { PHONE, picture } from "../harness/browser.mjs";
import { open } from "../harness/house.mjs";

const house = open();

/** Fills the form; identifier and secret as the page shows them once. */
async function added(page, name) {
  await page.locator("#field-name").fill(name);
  await page.locator("#field-space").selectOption("kuzbass/novokuznetsk");
  await page.locator("#field-profile").selectOption("air-post");
  await page.locator("#field-device").fill("42010102");
  await page.getByRole("button", { name: "Создать секрет" }).click();
  await page.locator("code.secret").first().waitFor();
  return page.locator("code.secret").allInnerTexts();
}

async function delivers(secret) {
  const payload = { ts: new Date().toISOString(), pm25: 0.01 };
  const answer = await fetch(new URL("/api/v1/observations", house.platform.http), {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ profile: "air-post", device: "42010102", payload }] }),
  });
  return answer.status;
}

test("an administrator lets a device in and revokes it", async () => {
  const page = await house.visit("/devices", { as: "administrator" });
  await accessible(page);
  const [id, secret] = await added(page, "Пост на Металлургов");
  await accessible(page);
  await picture(page, "devices-wide");
  assert.equal(await delivers(secret), 200);
  // The secret is not shown again.
  await page.goto("/devices?q=металлургов");
  assert.ok(!(await page.content()).includes(secret));
  const row = page.locator("tr", { hasText: "Пост на Металлургов" });
  assert.equal(await row.count(), 1);
  await page.setViewportSize(PHONE);
  await fits(page);
  await picture(page, "devices-phone");
  await row.getByRole("link").click();
  await page.getByRole("heading", { name: "Отозвать это устройство?" }).waitFor();
  assert.ok((await page.content()).includes(id));
  await accessible(page);
  await fits(page);
  await page.getByRole("button", { name: "Отозвать" }).click();
  await page.waitForURL(/\/devices\/d[0-9a-f]{16}$/);
  await page.getByText("Отозвано").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Отозвать" }).count(), 0);
  assert.equal(await delivers(secret), 401);
  await accessible(page);
});

test("the same without JavaScript", async () => {
  const page = await house.visit("/devices", { as: "administrator", javaScript: false });
  const [, secret] = await added(page, "Второй пост");
  assert.equal(await delivers(secret), 200);
  await page.goto("/devices");
  await page.locator("tr", { hasText: "Второй пост" }).getByRole("link").click();
  await page.getByRole("button", { name: "Отозвать" }).click();
  await page.getByText("Отозвано").first().waitFor();
  assert.equal(await delivers(secret), 401);
});
