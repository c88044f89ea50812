// A newcomer without JavaScript: the same data as a table, and the work can be done all the same.
import assert from "node:assert/strict";
import test from "node:test";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { open } from "../harness/house.mjs";
import { doTask, errors, follow, openTask } from "../harness/pages.mjs";
import { next, refusals, says, send, text } from "../harness/services.mjs";

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

test("founds a company: what is missing is told at its field, and a question that an answer brings is asked before all is checked", async () => {
  refusals(house);
  const page = await house.visit("/services/company/company", { as: "company-founder", javaScript: false });
  await page.getByRole("link", { name: "Начать" }).click();
  await page.waitForURL(/\/form/);
  await next(page);
  await errors(page).getByRole("link", { name: /Кто учредители/ }).waitFor();
  await picture(page, "plain-form-errors", true);
  await page.getByRole("radio", { name: "Только я" }).check();
  await next(page);
  await page.waitForURL(/page=name/);
  await page.getByLabel("Собственное наименование").fill("Подснежник");
  await page.getByLabel(/^Уставный капитал/).fill("100");
  await next(page);
  const wrong = await errors(page).getByRole("link").allInnerTexts();
  for (const field of ["Адрес", "Уставный капитал", "Основной вид деятельности"]) assert.ok(wrong.some((told) => told.includes(field)), `${field} in ${wrong}`);
  assert.equal(await page.getByLabel("Собственное наименование").inputValue(), "Подснежник", "what was typed stays");
  await errors(page).getByRole("link", { name: /Адрес/ }).click();
  assert.match(page.url(), /#field-address$/);
  await page.getByLabel("Адрес", { exact: true }).fill("Новокузнецк, ул. Кирова, 1, оф. 2");
  await page.getByLabel(/^Уставный капитал/).fill("10000");
  await page.getByLabel("Основной вид деятельности").selectOption({ label: "62.01 Разработка программ" });
  await next(page);
  await page.waitForURL(/page=head/);
  assert.equal(await page.getByLabel("СНИЛС руководителя").isVisible(), false, "asked of nobody yet");
  await page.getByRole("radio", { name: "Другой человек" }).check();
  await page.getByRole("radio", { name: /^Здесь, в электронном виде/ }).check();
  await page.getByLabel(/^Сведения достоверны/).check();
  await next(page);
  await page.getByLabel("СНИЛС руководителя").waitFor();
  await page.getByRole("radio", { name: "Я", exact: true }).check();
  await next(page);
  await page.waitForURL(/page=check/);
  assert.match(await text(page), /Дроздов Илья Сергеевич[\s\S]*Источник[\s\S]*Подснежник[\s\S]*62\.01/);
  await send(page);
  await says(page, /Сейчас\s+Завершено[\s\S]*Зарегистрировано/);
  await picture(page, "plain-case", true);
  await page.getByRole("radio", { name: "5" }).check();
  await page.getByRole("button", { name: "Оценить" }).click();
  await page.waitForURL(/done=rate/);
});
