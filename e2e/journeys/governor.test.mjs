// The governor: sees the whole region's cases and journal, and takes nothing out of anybody's hands.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { breathe } from "../harness/field.mjs";
import { open } from "../harness/house.mjs";
import { act, follow, openTask, timeline } from "../harness/pages.mjs";

const house = open();

test("sees the region's tasks and why they arose, and may take none", async () => {
  await breathe(house.platform, 6);
  const page = await house.visit("/tasks", { as: "governor" });
  await openTask(page);
  const text = await page.locator("main").innerText();
  assert.match(text, /air-quality\.dmn/);
  assert.match(text, /Опасность/);
  assert.equal(await act(page, "take").count(), 0);
  await accessible(page);

  const urn = decodeURIComponent(new URL(page.url()).pathname.split("/").pop());
  const token = await house.platform.token("governor");
  await assert.rejects(house.platform.call("POST", `/api/v1/tasks/${urn}/take`, {}, token), /403/, "nor past the page");

  await follow(page, page.locator('main a[href^="/cases/"]').first());
  assert.ok((await timeline(page).count()) >= 4);
  await accessible(page);
});

test("reads the journal, narrowed by what was done", async () => {
  const page = await house.visit("/journal", { as: "governor" });
  await timeline(page).first().waitFor();
  await accessible(page);
  await picture(page, "journal-wide");
  await page.getByLabel("Действие").selectOption("raise");
  await page.getByRole("button", { name: "Показать" }).click();
  await page.waitForURL(/raise/);
  const titles = await timeline(page).locator("h3").allInnerTexts();
  assert.deepEqual([...new Set(titles)], ["Поднята тревога"]);
});
