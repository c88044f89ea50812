// A service from the catalogue to the register: a citizen asks for it, an official decides, the case tells both (issue 5: S1, S3, S7).
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";

const house = open();
const MOST = 20_000;

/** Somebody with a new account, in a browser of their own. */
async function somebody(login, name) {
  const page = await house.browser.person(house.platform.http);
  page.setDefaultTimeout(MOST);
  await page.goto(await house.platform.invitation(login, name));
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.waitForURL(/\/account$/);
  return page;
}

const text = (page) => page.locator("main").innerText();

/** The page as it is, wide and on a telephone. */
async function looked(page, name) {
  await accessible(page);
  await picture(page, `${name}-wide`);
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
  await picture(page, `${name}-phone`);
  await page.setViewportSize({ width: 1280, height: 900 });
}

const go = (page) => page.getByRole("button", { name: "Продолжить" }).last().click();

/** Fills the form of moving up to the page on which all answers are checked. */
async function filled(page, ground, document) {
  await page.goto("/services/moving/moving");
  await page.getByRole("link", { name: "Начать" }).click();
  await page.waitForURL(/\/form/);
  await go(page);
  await page.waitForURL(/page=home/);
  await page.getByLabel("Адрес").fill("Новокузнецк, ул. Кирова, 1, 2");
  await page.getByLabel("С какого дня").fill("2026-01-10");
  await page.getByRole("radio", { name: ground, exact: true }).check();
  await go(page);
  if (document) {
    await errors(page).waitFor();
    await page.getByRole("textbox", { name: "Документ" }).fill(document);
    await go(page);
  }
  await page.waitForURL(/page=check/);
}

test("the catalogue is searched, and a service says what it takes", async () => {
  const page = await house.visit("/services");
  assert.match(await text(page), /Регистрация по месту жительства/);
  await page.getByLabel("Слова").fill("паспорт дракона");
  await page.getByRole("button", { name: /Показать|Применить|Найти/ }).click();
  assert.match(await text(page), /Ничего не нашлось/);
  await page.goto("/services?situation=home");
  await looked(page, "services");
  await page.getByRole("link", { name: "Регистрация по месту жительства" }).click();
  assert.match(await text(page), /3 рабочих дня[\s\S]*5242-1/);
  await looked(page, "service");
  for (const lang of ["kk", "en", "ru"]) {
    await page.goto(`/services/moving/moving?lang=${lang}`);
    await accessible(page);
  }
});

test("who owns a home is registered at once", async () => {
  house.browser.allow(/^422 POST .*\/form/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  const olga = await somebody("olga@services.example", "Ольга Иванова");
  await olga.goto("/services/moving/moving/form");
  assert.match(await text(olga), /Ольга Иванова/);
  await looked(olga, "service-form-you");
  await go(olga);
  await olga.waitForURL(/page=home/);
  await go(olga);
  await errors(olga).waitFor();
  await looked(olga, "service-form-errors");
  await olga.getByLabel("Адрес").fill("Новокузнецк");
  await olga.getByRole("button", { name: /Сохранить/ }).click();
  await olga.waitForURL(/\/services$/);
  assert.match(await text(olga), /Начатое и не отправленное/);
  await filled(olga, "Я собственник");
  assert.match(await text(olga), /ул\. Кирова/);
  await looked(olga, "service-form-check");
  await olga.getByRole("button", { name: /Отправить/ }).click();
  await olga.waitForURL(/\/cases\//);
  assert.match(await text(olga), /Заявление отправлено[\s\S]*Завершено/);
  await looked(olga, "service-case");
});

test("an official looks at somebody else's leave, by the form that the task asks for", async () => {
  house.browser.allow(/^422 POST .*\/form/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  const anna = await somebody("anna@services.example", "Анна Ким");
  await filled(anna, "С согласия собственника", "Согласие от 01.01.2026");
  await anna.getByRole("button", { name: /Отправить/ }).click();
  await anna.waitForURL(/\/cases\//);
  const place = anna.url();
  assert.match(await text(anna), /Решат не позднее/);
  const official = await house.visit("/tasks", { as: "official-migration" });
  official.setDefaultTimeout(MOST);
  await official.getByRole("link", { name: /Проверить право на жильё/ }).first().click();
  await official.getByRole("button", { name: /Взять/ }).click();
  assert.match(await text(official), /Согласие от 01\.01\.2026/);
  await looked(official, "service-task");
  await official.getByRole("link", { name: "Заполнить" }).click();
  await official.getByLabel("Отказать").check();
  await go(official);
  await errors(official).waitFor();
  await official.getByLabel("Причина отказа").fill("Нет подписи собственника");
  await go(official);
  await official.waitForURL(/page=check/);
  await official.getByRole("button", { name: /Отправить/ }).click();
  await official.waitForURL(/\/tasks\//);
  assert.match(await text(official), /Исполнена/);
  await anna.goto(place);
  assert.match(await text(anna), /Завершено/);
});
