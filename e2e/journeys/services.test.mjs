// A service from the catalogue to the register: a citizen asks for it, an official decides, the case tells both (issue 5: S1, S3, S7).
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { attended, decide, looked, made, next, objected, person, phoned, photo, refusals, says, somebody, sound, takeTask, text } from "../harness/services.mjs";

const house = open();
const ADDRESS = "Новокузнецк, ул. Кирова, 1, 2";
const OBJECTION = "Подпись собственника стоит на обороте";

/** Fills the form of moving up to the page on which all answers are checked. */
async function filled(page, ground, document) {
  await page.goto("/services/moving/moving");
  await page.getByRole("link", { name: "Начать" }).click();
  await page.waitForURL(/\/form/);
  await next(page);
  await page.waitForURL(/page=home/);
  // The address is one of the register, found by the beginnings of its words.
  await page.getByLabel(/^Улица и дом: Новое жильё/).fill("киров 1 2");
  await page.getByRole("button", { name: /^Найти ?: Новое жильё/ }).click();
  await page.getByRole("radio", { name: ADDRESS, exact: true }).check();
  await page.getByLabel("С какого дня").fill("2026-01-10");
  await page.getByRole("radio", { name: ground, exact: true }).check();
  await next(page);
  if (document) {
    await errors(page).waitFor();
    await page.getByRole("textbox", { name: "Документ" }).fill(document);
    await next(page);
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

test("who owns a home by the register chooses it and is registered at once, on the phone", async () => {
  refusals(house);
  await made(house.platform, "administrator", [["HomeOwnership", "journey", { person: person("new-resident"), home: "urn:svod:address:novokuznetsk:kirova-1-2", homeAddress: ADDRESS }]]);
  const maria = await house.visit("/services/moving/moving/form", { as: "new-resident", phone: true });
  assert.match(await text(maria), /Орлова Мария Петровна/);
  await looked(maria, "service-form-you");
  await next(maria);
  await maria.waitForURL(/page=home/);
  await next(maria);
  await errors(maria).waitFor();
  await looked(maria, "service-form-errors");
  await maria.getByLabel("С какого дня").fill("2026-01-10");
  await maria.getByLabel("Ваше жильё").selectOption({ label: ADDRESS });
  assert.ok(await maria.getByRole("radio", { name: "Я собственник", exact: true }).isHidden(), "the register says whose it is");
  await next(maria);
  await maria.waitForURL(/page=check/);
  assert.match(await text(maria), /ул\. Кирова/);
  await looked(maria, "service-form-check");
  await maria.getByRole("button", { name: /Отправить/ }).click();
  await maria.waitForURL(/\/cases\//);
  assert.match(await text(maria), /Заявление отправлено[\s\S]*Завершено/);
  await looked(maria, "service-case");
});

test("an official looks at somebody else's leave, by the form that the task asks for, both on the phone", async () => {
  refusals(house);
  const anna = await phoned(house, "anna@services.example", "Анна Ким");
  await filled(anna, "С согласия собственника", "Согласие от 01.01.2026");
  await anna.goto("/services");
  assert.match(await text(anna), /Начатое и не отправленное/);
  await anna.goto("/services/moving/moving/form?page=check");
  await anna.getByRole("button", { name: /Отправить/ }).click();
  await anna.waitForURL(/\/cases\//);
  const place = anna.url();
  assert.match(await text(anna), /Решат не позднее/);
  const official = await house.visit("/tasks", { as: "official-migration", phone: true });
  await official.getByRole("link", { name: /Проверить право на жильё/ }).first().click();
  await official.getByRole("button", { name: /Взять/ }).click();
  assert.match(await text(official), /Согласие от 01\.01\.2026/);
  await looked(official, "service-task");
  await official.getByRole("link", { name: "Заполнить" }).click();
  await official.getByLabel("Отказать").check();
  await next(official);
  await errors(official).waitFor();
  await official.getByLabel("Причина отказа").fill("Нет подписи собственника");
  await next(official);
  await official.waitForURL(/page=check/);
  await official.getByRole("button", { name: /Отправить/ }).click();
  await official.waitForURL(/\/tasks\//);
  assert.match(await text(official), /Исполнена/);
  await anna.goto(place);
  await says(anna, /Завершено[\s\S]*В регистрации отказано[\s\S]*Нет подписи собственника/);
  await looked(anna, "service-refused");

  await objected(anna, "С чем вы не согласны", OBJECTION);
  await says(anna, /Рассмотреть возражение/);
  await sound(anna);
  const reviewer = await house.visit("/tasks", { as: "migration-reviewer" });
  assert.doesNotMatch(await takeTask(reviewer, /Рассмотреть возражение/), new RegExp(OBJECTION), "before the task is taken");
  assert.match(await text(reviewer), new RegExp(`Нет подписи собственника[\\s\\S]*${OBJECTION}`));
  await sound(reviewer);
  await decide(reviewer, async (page) => {
    await page.getByRole("radio", { name: "Отменить решение" }).check();
    await page.getByLabel("Обоснование").fill("Подпись собственника есть на обороте согласия");
    await sound(page);
  });
  await says(anna, /Отказ отменён[\s\S]*на обороте согласия/);
  await sound(anna);
  await anna.goto(place);
  assert.match(await text(anna), /В регистрации отказано\s+Пересмотрено/);
});

test("an operator does it for a person present, with a picture of the contract, and an official registers", async () => {
  refusals(house);
  const sofia = await somebody(house, "sofia@services.example", "Лапина София Игоревна");
  const operator = await somebody(house, "operator@services.example", "Олег Цой", "--post", "official", "--space", "kuzbass");
  await attended(operator, sofia, "Лапина София");
  await operator.goto("/services/moving/moving/form");
  assert.match(await text(operator), /Лапина София Игоревна/, "in whose matter it is");
  await sound(operator);
  await next(operator);
  await operator.waitForURL(/page=home/);
  await operator.getByLabel("Адрес").fill("Новокузнецк, ул. Кирова, 1, 2");
  await operator.getByLabel("С какого дня").fill("2026-01-10");
  await operator.getByRole("radio", { name: "По договору найма" }).check();
  await next(operator);
  await errors(operator).waitFor();
  await operator.getByRole("textbox", { name: "Документ" }).fill("Договор найма 7 от 09.01.2026");
  await operator.getByLabel("Снимок или скан документа").setInputFiles([photo("договор.png")]);
  await sound(operator);
  await next(operator);
  await operator.waitForURL(/page=check/);
  assert.match(await text(operator), /договор\.png/);
  await sound(operator);
  await operator.getByRole("button", { name: /Отправить/ }).click();
  await operator.waitForURL(/\/cases\//);
  await looked(operator, "service-attended");

  const official = await house.visit("/tasks", { as: "official-migration" });
  assert.doesNotMatch(await takeTask(official, /Проверить право на жильё/), /Договор найма 7/, "before the task is taken");
  assert.match(await text(official), /Договор найма 7 от 09\.01\.2026/);
  await sound(official);
  await decide(official, async (page) => {
    await page.getByRole("radio", { name: "Зарегистрировать" }).check();
    await sound(page);
  });
  await sofia.goto("/services");
  await sofia.locator("main").getByRole("link", { name: "Регистрация по месту жительства" }).first().click();
  await sofia.waitForURL(/\/cases\//);
  await says(sofia, /Сейчас\s+Завершено/);
  await sound(sofia);
  await sofia.goto("/my/mandates");
  assert.match(await text(sofia), /operator@services\.example/, "she sees who acted for her");

  // Of so few people no figure is told, and the page says so.
  await sofia.goto("/services/moving/moving");
  assert.match(await text(sofia), /До какой страницы доходят в форме[\s\S]*мало данных/);
  await looked(sofia, "service-figures");
});
