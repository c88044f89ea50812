// A small building: a paper that is missing, a fee, four bodies at one time, a visit on the map; and a refusal by articles, objected to.
import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../harness/house.mjs";
import { card, errors, live, object } from "../harness/pages.mjs";
import { attended, decide, looked, next, objected, paid, pdf, photo, refusals, says, send, somebody, sound, takeTask, text } from "../harness/services.mjs";

const house = open();
/** Made up, as the pack has it: 1,200 m² for trade, at most 12 m high. */
const PARCEL = "42:30:9999999:1";
const ADDRESS = "Новокузнецк, ул. Кирова, 1, 2";
const SHOP = { kind: "Магазин", storeys: "2", height: "9", area: "600", footprint: "310" };
const SEEN = "Участок огорожен, работ нет, снято с двух сторон";
const TOO_HIGH = "Пятнадцать метров – это надстройка под рекламу, её не будет";

/** The application, filled in up to the page on which all answers are checked. */
async function filled(page, building, { survey, missing, courier }, look) {
  const shown = look ? (name) => (["sizes", "check"].includes(name) ? looked(page, `building-form-${name}`) : sound(page)) : () => undefined;
  await page.goto("/services/building-permit/building-permit");
  await shown("service");
  await page.getByRole("link", { name: "Начать" }).click();
  await page.waitForURL(/\/form/);
  await shown("you");
  await next(page);
  await page.waitForURL(/page=land/);
  await page.getByLabel("Кадастровый номер участка").fill(PARCEL);
  await shown("land");
  await next(page);
  await page.waitForURL(/page=building/);
  await page.getByRole("radio", { name: building.kind, exact: true }).check();
  const numbers = [
    ["Надземных этажей", building.storeys],
    ["Высота", building.height],
    ["Общая площадь", building.area],
    ["Площадь застройки", building.footprint],
    ["Наименьшее расстояние до границы участка", "5"],
    ["Месяцев строительства по проекту", "14"],
  ];
  for (const [field, value] of numbers) await page.getByLabel(field, { exact: true }).fill(value);
  await shown("sizes");
  await next(page);
  await page.waitForURL(/page=papers/);
  await page.getByLabel("Проектная документация").setInputFiles([pdf("записка.pdf"), pdf("схема.pdf")]);
  if (survey) await page.getByLabel("Результаты инженерных изысканий").setInputFiles([pdf("изыскания.pdf")]);
  await shown("papers");
  await next(page);
  await page.waitForURL(/page=how/);
  await page.getByRole("radio", { name: missing }).check();
  await page.getByRole("radio", { name: courier ? /^Ещё и на бумаге/ : /^Электронно/ }).check();
  await page.getByLabel("Всё указано верно").check();
  await shown("how");
  await next(page);
  if (courier) {
    await errors(page).waitFor();
    // One of the register, found by the beginnings of its words; then nothing more is written.
    await page.getByLabel(/^Улица и дом: Куда доставить/).fill("киров 1 2");
    await page.getByRole("button", { name: /^Найти ?: Куда доставить/ }).click();
    await page.getByRole("radio", { name: ADDRESS, exact: true }).check();
    await next(page);
  }
  await page.waitForURL(/page=check/);
  assert.match(await text(page), /записка\.pdf[\s\S]*схема\.pdf/);
  await shown("check");
}

/** An official takes a task, answers its form, and is done. */
async function done(persona, task, fill, name) {
  const page = await house.visit("/tasks", { as: persona });
  await takeTask(page, task);
  if (name) await looked(page, `building-${name}-task`);
  else await sound(page);
  await decide(page, async (form) => {
    await fill(form);
    if (name) await looked(form, `building-${name}-form`);
    else await sound(form);
  });
  return page;
}

const noRemarks = (page) => page.getByRole("radio", { name: "Замечаний нет" }).check();

/** Where the case of the first journey is. */
let place;
let number;
/** Who builds, on the phone. */
let builder;

test("who builds asks on the phone, pays for the paper copy, and sends the paper that was missing", async () => {
  refusals(house);
  builder = await house.visit("/services", { as: "company-founder", phone: true });
  await filled(builder, SHOP, { survey: false, missing: /^Напишите мне и подождите/, courier: true }, true);
  await send(builder);
  place = new URL(builder.url()).pathname;
  await says(builder, /Срок приостановлен[\s\S]*ждём документы, о которых написали вам[\s\S]*Нет результатов инженерных изысканий/);
  [, number] = /номер дела (\S{4}-\S{4}),/.exec(await text(builder));
  await looked(builder, "building-waits");

  await paid(builder, /Доставка бумажного экземпляра[\s\S]*500,00/);
  await builder.goto(place);
  await says(builder, /Платежи[\s\S]*500,00[\s\S]*Оплачено/);

  await builder.goto("/services/building-permit/building-reply");
  await sound(builder);
  await builder.getByRole("link", { name: "Начать" }).click();
  await builder.waitForURL(/\/form/);
  // Which case the answer is for is known: one is open.
  assert.match(await text(builder), new RegExp(`Дело\\s+${number}`));
  await builder.getByRole("radio", { name: "Дослать документы" }).check();
  await sound(builder);
  await next(builder);
  // What the answer brings is asked before all answers are checked.
  await builder.waitForURL(/page=papers/);
  await builder.getByLabel(/^Документы/).setInputFiles([pdf("изыскания.pdf"), photo("скважина.png")]);
  await looked(builder, "building-reply");
  await next(builder);
  await builder.waitForURL(/page=check/);
  assert.match(await text(builder), /изыскания\.pdf[\s\S]*скважина\.png/);
  await send(builder);
  const reply = new URL(builder.url()).pathname;
  await says(builder, /Документы переданы/);
  await looked(builder, "building-reply-case");
  await builder.goto(place);
  await says(builder, /Открыто\s+Идёт[\s\S]*Проверить присланные документы/);

  const architect = await house.visit("/tasks", { as: "building-architect" });
  const before = await takeTask(architect, /Проверить присланные документы/);
  assert.doesNotMatch(before, /изыскания\.pdf/, "before the task is taken");
  await looked(architect, "building-documents-task");
  // What was sent stands in a case of its own: one link leads there, and whoever is to check it reads it.
  const task = architect.url();
  const ways = await architect.locator(`main a[href="${reply}"]`).count();
  await architect.goto(reply);
  await sound(architect);
  const papers = await architect.getByRole("link", { name: "изыскания.pdf" }).count();
  await architect.goto(task);
  await decide(architect, (page) => page.getByRole("radio", { name: "Теперь всё есть" }).check());
  assert.deepEqual({ linked: ways > 0, readable: papers > 0 }, { linked: true, readable: true }, "who checks documents reads them");
});

test("four bodies answer at one time, the inspector finds the parcel on the map, the head accepts what the rules propose", async () => {
  await builder.goto(place);
  await says(builder, /Проверить проект[\s\S]*Комитет градостроительства/);
  for (const words of [/противопожарн/i, /санитарн/i, /Осмотреть участок/]) assert.match(await text(builder), words);
  await looked(builder, "building-asked");

  await done("building-architect", /Проверить проект/, (page) => page.getByRole("radio", { name: "Соответствует", exact: true }).check());
  await done("building-fire", /противопожарн/i, noRemarks);
  await done("building-sanitary", /санитарн/i, noRemarks);

  // Only the visit is left: its pin stands where the parcel is.
  const inspector = await house.visit("/?space=kuzbass%2Fnovokuznetsk", { as: "building-land", phone: true });
  await live(inspector);
  const pin = object(inspector, new RegExp(`${number}`)).first();
  await pin.waitFor({ state: "attached" });
  await pin.tap();
  await card(inspector).getByRole("link", { name: "Открыть задачу" }).waitFor();
  await looked(inspector, "building-map");
  await card(inspector).getByRole("link", { name: "Открыть задачу" }).tap();
  await inspector.waitForURL(/\/tasks\/urn/);
  assert.match(await text(inspector), /Осмотреть участок[\s\S]*53,76\d*° с\. ш\.[\s\S]*87,12\d*° в\. д\./);
  await inspector.getByRole("button", { name: "Взять в работу" }).tap();
  await inspector.getByRole("link", { name: "Заполнить" }).waitFor();
  assert.match(await text(inspector), /ул\. Учебная, 1/);
  await looked(inspector, "building-visit-task");
  await decide(inspector, async (page) => {
    await page.getByRole("radio", { name: "Строительство не начато" }).check();
    await page.getByLabel(/^Снимки/).setInputFiles([photo("север.png"), photo("юг.png", [60, 120, 70])]);
    await page.getByLabel("Что увидели").fill(SEEN);
    await looked(page, "building-visit-form");
  });

  const head = await done("building-head", /Решить о разрешении/, async (page) => assert.ok(await page.getByRole("radio", { name: "Разрешить", exact: true }).isChecked(), "the rules propose it"), "decide");
  await head.getByRole("link", { name: "Журнал дела" }).click();
  await head.waitForURL(/\/cases\//);
  assert.match(await text(head), /Разрешение выдано/);
  await looked(head, "building-head-case");

  await builder.goto(place);
  await says(builder, /решение принято, бумажный экземпляр в пути[\s\S]*Разрешение выдано/);
  assert.match(await text(builder), /ст\. 51 ч\. 11, 19[\s\S]*Разрешение на строительство № 42-[\s\S]*внесено в реестр/);
  await done("building-centre", /Доставить бумажный экземпляр/, (page) => page.getByRole("radio", { name: "Вручён" }).check());
  await says(builder, /Сейчас\s+Завершено/);
  await looked(builder, "building-granted");
});

test("an operator asks for a person present; refused by articles, she objects on the phone, and the administration gives the permit", async () => {
  const anna = await somebody(house, "anna@building.example", "Климова Анна Павловна");
  const operator = await somebody(house, "operator@building.example", "Олег Цой", "--post", "official", "--space", "kuzbass");
  await attended(operator, anna, "Климова Анна");
  await filled(operator, { kind: "Офис", storeys: "2", height: "15", area: "400", footprint: "210" }, { survey: true, missing: /^Решайте в срок/, courier: false });
  await send(operator);
  await says(operator, /Проверить проект/);
  await looked(operator, "building-attended");

  await done("building-architect", /Проверить проект/, (page) => page.getByRole("radio", { name: "Соответствует", exact: true }).check());
  await done("building-fire", /противопожарн/i, noRemarks);
  await done("building-head", /Решить о разрешении/, async (page) => {
    assert.ok(await page.getByRole("radio", { name: "Отказать", exact: true }).isChecked(), "the rules propose it");
    assert.ok(await page.getByRole("checkbox", { name: "Превышены предельные параметры" }).isChecked(), "with the ground");
    await page.getByLabel("Пояснение для заявителя").fill("Высота 15 м, по плану – не больше 12 м");
  });

  await anna.goto("/services");
  await anna.locator("main").getByRole("link", { name: "Получить разрешение на строительство" }).first().click();
  await anna.waitForURL(/\/cases\//);
  await says(anna, /В разрешении отказано[\s\S]*не больше 12 м[\s\S]*Градостроительный кодекс/);
  await looked(anna, "building-refused");
  const refused = anna.url().split("?")[0];
  await objected(anna, "Жалоба", TOO_HIGH);
  await looked(anna, "building-objection");

  const reviewer = await house.visit("/tasks", { as: "building-reviewer" });
  assert.doesNotMatch(await takeTask(reviewer, /Рассмотреть жалобу/), new RegExp(TOO_HIGH), "before the task is taken");
  assert.match(await text(reviewer), new RegExp(TOO_HIGH));
  await looked(reviewer, "building-objection-task");
  await decide(reviewer, async (page) => {
    await page.getByRole("radio", { name: "Отменить отказ" }).check();
    await page.getByLabel("Почему").fill("Высота здания без надстройки – 11 метров, предел не превышен");
    await sound(page);
  });
  await says(anna, /Жалоба удовлетворена[\s\S]*№ 42-[\s\S]*в реестре/);
  await looked(anna, "building-objection-granted");
  await anna.goto(refused);
  assert.match(await text(anna), /В разрешении отказано\s+Пересмотрено/);
});
