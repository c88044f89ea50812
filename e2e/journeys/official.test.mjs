// An official of the city: a task comes, says why, is taken and completed; the case tells it all.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { OTHER, STATION, breathe } from "../harness/field.mjs";
import { open } from "../harness/house.mjs";
import { published } from "../harness/packs.mjs";
import { act, doTask, errors, follow, listed, openTask, result, tasks, timeline } from "../harness/pages.mjs";

const house = open();
const RESULT = "Предприятие предупреждено, выброс прекращён";

test("a task from a reading to its end, and the journal of its case", async () => {
  await breathe(house.platform, 2);
  const page = await house.visit("/tasks", { as: "official-municipal" });
  await listed(page);
  assert.equal(await tasks(page).count(), 1);
  await accessible(page);
  await picture(page, "tasks-wide");

  await follow(page, tasks(page).first());
  const why = await page.locator("main").innerText();
  assert.match(why, /PM2\.5/, "which attribute");
  assert.match(why, /0,07\s*мг\/м³/, "the reading's value");
  assert.match(why, /Норма достигнута/, "the rule");
  assert.match(why, /air-quality\.dmn.*версия \d+\.\d+\.\d+/, "the decision and the version of the pack");
  await accessible(page);
  await picture(page, "task-wide");

  await act(page, "take").click();
  await act(page, "complete").waitFor();
  assert.match(await page.locator("main").innerText(), /В работе/);
  await accessible(page);

  // Past the browser's own check, as a person without it would come.
  house.browser.allow(/^422 POST .*complete/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  await result(page).fill("   ");
  await act(page, "complete").click();
  await errors(page).waitFor();
  assert.equal(await result(page).getAttribute("aria-invalid"), "true");
  await errors(page).getByRole("link").click();
  assert.equal(await page.evaluate(() => document.activeElement.name), "result", "the error leads to its field");
  await accessible(page);
  await picture(page, "task-error");

  await result(page).fill(RESULT);
  await act(page, "complete").click();
  await act(page, "complete").waitFor({ state: "detached" });
  assert.match(await page.locator("main").innerText(), new RegExp(RESULT));
  await accessible(page);

  await follow(page, page.locator('main a[href^="/cases/"]').first());
  await told(page);
  await accessible(page);
  await picture(page, "case-wide");
});

/** The case tells in order what happened, when, who did it and on what ground. */
async function told(page) {
  const who = "Специалист комитета экологии Новокузнецка";
  const wanted = [
    [/PM2\.5.*0,07/, STATION.name, undefined],
    [/Поднята тревога/, "Платформа", /air-quality\.dmn.*версия \d/],
    [/Открыто дело/, "Платформа", /air-quality\.dmn/],
    [/Предложена задача/, "Платформа", /air-quality\.dmn/],
    [/взял|взята|Взят/i, who, /Комитет охраны окружающей среды/],
    [/исполнен|выполнен|завершен/i, who, /Комитет охраны окружающей среды/],
  ];
  const items = await timeline(page).evaluateAll((all) => all.map((item) => ({ title: item.querySelector("h3").innerText, text: item.innerText, at: item.querySelector("time")?.dateTime })));
  let next = 0;
  for (const [title, by, ground] of wanted) {
    const found = items.findIndex((item, n) => n >= next && title.test(item.title));
    assert.ok(found >= 0, `${title} after ${next} in:\n${items.map((i) => i.text).join("\n--\n")}`);
    const item = items[found];
    assert.ok(item.text.includes(by), `${by} in: ${item.text}`);
    assert.ok(item.at, `a moment in: ${item.text}`);
    if (ground) assert.match(item.text, ground);
    next = found + 1;
  }
  assert.ok(items.some((item) => item.text.includes(RESULT)), "the result");
  const moments = items.map((item) => item.at);
  assert.deepEqual(moments, moments.toSorted(), "in the order of time");
}

test("somebody of the same body was faster", async () => {
  await published(house.platform, {
    "personas.yaml": (text) => `${text}- id: official-colleague\n  name: "Коллега"\n  roles: [official]\n  spaces: [kuzbass/novokuznetsk]\n  body: urn:svod:body:novokuznetsk:ecology\n`,
    "locales/ru.ftl": (text) => `${text}\npersona-official-colleague = Главный специалист\n`,
    "locales/kk.ftl": (text) => `${text}\npersona-official-colleague = Бас маман\n`,
    "locales/en.ftl": (text) => `${text}\npersona-official-colleague = Chief specialist\n`,
  });
  await breathe(house.platform, 3, OTHER);
  const page = await house.visit("/tasks", { as: "official-municipal" });
  await openTask(page);
  const colleague = await house.visit(new URL(page.url()).pathname, { as: "official-colleague" });
  await act(colleague, "take").click();
  await act(colleague, "complete").waitFor();

  house.browser.allow(/^409 POST .*take/);
  house.browser.allow(/console: Failed to load resource: .* 409/);
  await act(page, "take").click();
  const banner = page.locator(".banner--warning");
  await banner.waitFor();
  assert.match(await banner.innerText(), /Главный специалист/, "it says who has it");
  assert.equal(await act(page, "take").count(), 0);
  await accessible(page);
  await picture(page, "task-conflict");

  // Given back, it can be taken by the other one.
  await act(colleague, "release").click();
  await act(colleague, "take").waitFor();
  await page.goto(new URL(colleague.url()).pathname);
  await doTask(page, RESULT);
});

test("an official of the region sees the city's task and its case, and cannot take it", async () => {
  await breathe(house.platform, 0.1);
  await breathe(house.platform, 6);
  const page = await house.visit("/tasks", { as: "official-regional" });
  await openTask(page);
  assert.match(await page.locator("main").innerText(), /Комитет охраны окружающей среды/, "whose task it is");
  assert.equal(await act(page, "take").count(), 0);
  await accessible(page);
  const urn = decodeURIComponent(new URL(page.url()).pathname.split("/").pop());
  const token = await house.platform.token("official-regional");
  await assert.rejects(house.platform.call("POST", `/api/v1/tasks/${urn}/take`, {}, token), /403/, "nor past the page");
  await follow(page, page.locator('main a[href^="/cases/"]').first());
  assert.ok((await timeline(page).count()) >= 4);
});
