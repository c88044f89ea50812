// An official of the city: a task comes, says why, is taken and completed; the case tells it all.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { act, follow, tasks, timeline } from "../harness/pages.mjs";

const house = open();
const RESULT = "Предприятие предупреждено, выброс прекращён";

test("a task from a reading to its end, and the journal of its case", async () => {
  await breathe(house.platform, 2);
  const page = await house.visit("/tasks", { as: "official-municipal" });
  await eventually("the task is offered", async () => {
    await page.reload();
    return (await tasks(page).count()) === 1;
  });
  await accessible(page);
  await picture(page, "tasks-wide");

  await follow(page, tasks(page).first());
  const why = await page.locator("main").innerText();
  assert.match(why, /PM2[.,]5/, "which attribute");
  assert.match(why, /0[.,]07/, "the reading's value");
  assert.match(why, /air-quality\.dmn/, "the decision");
  assert.match(why, /\d+\.\d+\.\d+/, "the version of the pack");
  await accessible(page);
  await picture(page, "task-wide");

  await act(page, "take").getByRole("button").click();
  await act(page, "complete").waitFor();
  await act(page, "complete").getByRole("textbox").fill(RESULT);
  await act(page, "complete").getByRole("button").click();
  await act(page, "complete").waitFor({ state: "detached" });
  assert.match(await page.locator("main").innerText(), new RegExp(RESULT));

  await follow(page, page.locator('main a[href^="/cases/"]').first());
  assert.ok((await timeline(page).count()) >= 4, "reading, alert and task, taken, done");
  assert.match(await page.locator("main").innerText(), /Специалист комитета охраны окружающей среды/, "who did it");
  await accessible(page);
  await picture(page, "case-wide");
});

test("another body's official does not see the city's task", async () => {
  const page = await house.visit("/tasks", { as: "official-regional" });
  for (const link of await tasks(page).all()) {
    await page.goto(await link.getAttribute("href"));
    assert.equal(await act(page, "take").count(), 0, "a task of another body cannot be taken");
    await page.goBack();
  }
});

test("a result must be written", async () => {
  await breathe(house.platform, 3, { station: "42010109" });
  const page = await house.visit("/tasks", { as: "official-municipal" });
  await eventually("the second task is offered", async () => {
    await page.goto("/tasks");
    await tasks(page).first().click();
    return (await act(page, "take").count()) === 1;
  });
  await act(page, "take").getByRole("button").click();
  await act(page, "complete").waitFor();
  house.browser.allow(/^4(00|22) POST .*complete/);
  house.browser.allow(/console: Failed to load resource: .* 4(00|22)/);
  // Past the browser's own check, as a person without it would come.
  await act(page, "complete").evaluate((form) => (form.noValidate = true));
  await act(page, "complete").getByRole("button").click();
  await page.locator(".error-summary").waitFor();
  await accessible(page);
});
