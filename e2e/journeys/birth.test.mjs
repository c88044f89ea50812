// A child is born: the hospital says so, the parents give a name, everything else follows; where rules do not answer, a person decides.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { day, decide, looked, made, next, person, says, send, somebody, takeTask, text } from "../harness/services.mjs";

const house = open();
const HOME = "Новокузнецк, ул. Кирова, 1, 2";
const ACCOUNT = "40817810000000000011";

/** What the registers know of the family. */
async function family() {
  const [mother, father] = [person("mother"), person("father")];
  const both = [["mother", mother, father], ["father", father, mother]];
  await made(house.platform, "administrator", [
    ...both.map(([id, one, other]) => ["Marriage", id, { person: one, spouse: other, marriedOn: "2019-06-15" }]),
    ...both.map(([id, one]) => ["Citizenship", id, { person: one, citizenOf: "RUS" }]),
    ...both.map(([id, one]) => ["Residence", id, { person: one, address: HOME, livesSince: "2019-07-01" }]),
    ["InsurancePolicy", "mother", { person: mother, coveredBy: "urn:svod:organization:demo-health-1", coveredSince: "2010-01-01" }],
  ]);
}

/** The hospital enters its document about a child of today. */
async function born(number, mother = person("mother")) {
  const said = {
    certificateNumber: number,
    body: "urn:svod:body:novokuznetsk:maternity",
    person: mother,
    delivery: `delivery-${number}`,
    childrenBorn: 1,
    orderOfBirth: 1,
    sexOfChild: "female",
    bornAt: `${day(-1)}T06:40:00+07:00`,
    bornOn: day(-1),
    birthplace: "Новокузнецк, Кемеровская область – Кузбасс",
  };
  await made(house.platform, "hospital-clerk", [["MedicalBirthCertificate", number.replace(" ", "-"), said]]);
}

/** The form of the parents, filled in up to the page on which all answers are checked. */
async function filled(page, { number, surname, name, patronymic, agreement, father }, look) {
  const shown = look ? (name) => looked(page, `birth-form-${name}`) : () => accessible(page);
  const value = page.getByLabel(/Серия и номер/);
  if ((await value.inputValue()) === "") await value.fill(number);
  await page.getByLabel("Фамилия").fill(surname);
  await page.getByLabel("Имя", { exact: true }).fill(name);
  await page.getByLabel(/^Отчество/).fill(patronymic);
  await page.getByRole("radio", { name: agreement }).check();
  await shown("name");
  await next(page);
  await page.waitForURL(/page=parents/);
  await page.getByRole("radio", { name: father }).check();
  await shown("parents");
  await next(page);
  await page.waitForURL(/page=home/);
  await page.getByRole("radio", { name: /^С матерью/ }).check();
  await next(page);
  await page.waitForURL(/page=help/);
  await page.getByLabel(/Назначить единовременное пособие/).check();
  await page.getByLabel("Поставить в очередь в детский сад").check();
  await page.getByLabel("Всё указано верно").check();
  await next(page);
  // Questions that the answers bring.
  await errors(page).waitFor();
  await page.getByLabel("Номер счёта").fill(ACCOUNT);
  await page.getByLabel("С какого дня нужно место").fill(day(500));
  await shown("help");
  await next(page);
  await page.waitForURL(/page=check/);
  await shown("check");
}

/** How many of them are in the registers of the region. */
const counted = async (type) => (await house.platform.call("POST", "/api/v1/query", { types: [type], count: true }, await house.platform.token("administrator"))).total;

/** A form that asks for more answers so. */
const refusals = () => {
  house.browser.allow(/^422 POST .*\/form/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
};

test("the mother is offered everything, gives the name on the phone, and all of it is there", async () => {
  refusals();
  await family();
  await born("32 000000001");
  const mother = await house.visit("/services", { as: "mother", phone: true });
  await says(mother, /Предложено вам[\s\S]*Рождение ребёнка[\s\S]*32 000000001/);
  await looked(mother, "birth-offer");
  await mother.goto("/services/birth/birth");
  await looked(mother, "birth-service");
  await mother.getByRole("link", { name: "Начать" }).click();
  await mother.waitForURL(/\/form/);
  await filled(mother, { number: "32 000000001", surname: "Смирнова", name: "Мария", patronymic: "Павловна", agreement: "Да, мы выбрали имя вместе", father: "Мы состоим в браке" }, true);
  await send(mother);
  await says(mother, /Сейчас\s+Завершено/);
  assert.match(await text(mother), /Рождение зарегистрировано[\s\S]*Правила, без участия человека[\s\S]*Пособие назначено/);
  await looked(mother, "birth-case");
  // Of what was made, the journal of her case tells her what is hers; what is the child's stands in the registers.
  await mother.goto(`${mother.url().split("?")[0]}/journal`);
  assert.match(await text(mother), /Родство[\s\S]*Назначенное пособие[\s\S]*Выплачено/);
  await looked(mother, "birth-journal");
  for (const [type, count] of [["BirthRecord", 1], ["Kinship", 2], ["Citizenship", 3], ["Residence", 3], ["InsurancePolicy", 2], ["KindergartenPlace", 1], ["BenefitGrant", 1]]) {
    assert.equal(await counted(type), count, type);
  }
  await mother.goto("/my/payments");
  assert.match(await text(mother), /Выплата: 36\s985,59/);
});

test("a mother comes to the office: an operator does it for her, and the registrar agrees on another name", async () => {
  refusals();
  const olga = await somebody(house, "olga@birth.example", "Орлова Ольга Петровна");
  await olga.goto("/my");
  const urn = await olga.locator("code.secret").innerText();
  await made(house.platform, "administrator", [
    ["Citizenship", "olga", { person: urn, citizenOf: "RUS" }],
    ["Residence", "olga", { person: urn, address: HOME, livesSince: "2019-07-01" }],
    ["InsurancePolicy", "olga", { person: urn, coveredBy: "urn:svod:organization:demo-health-2", coveredSince: "2010-01-01" }],
  ]);
  await born("32 000000002", urn);
  await olga.goto("/my/mandates");
  await olga.getByRole("button", { name: "Показать код" }).click();
  const code = await olga.locator(".code-shown").innerText();

  const operator = await somebody(house, "operator@birth.example", "Олег Цой", "--post", "official", "--space", "kuzbass");
  await operator.goto("/people");
  await operator.getByLabel("Код", { exact: true }).fill(code);
  await operator.getByRole("button", { name: "Действовать от имени" }).click();
  await operator.waitForURL(/\/my$/);
  assert.match(await operator.locator(".who").innerText(), /действует за: Орлова Ольга/);
  await operator.goto("/services");
  await says(operator, /Предложено вам[\s\S]*32 000000002/);
  await operator.goto("/services/birth/birth/form");
  await filled(operator, { number: "32 000000002", surname: "Орлова", name: "Княгиня", patronymic: "", agreement: "Второго родителя нет", father: "Не в браке; сведения об отце не вносить" });
  await send(operator);
  await says(operator, /Согласовать имя с родителями/);
  await looked(operator, "birth-attended");

  await olga.goto("/services");
  assert.match(await text(olga), /Мои дела[\s\S]*Рождение ребёнка/);
  await olga.locator("main").getByRole("link", { name: "Рождение ребёнка" }).first().click();
  await olga.waitForURL(/\/cases\//);
  assert.match(await text(olga), /Согласовать имя[\s\S]*Переписка[\s\S]*ранг, должность или титул/);
  await looked(olga, "birth-name-case");

  const registrar = await house.visit("/tasks", { as: "registrar" });
  await looked(registrar, "birth-tasks");
  assert.doesNotMatch(await takeTask(registrar, /Согласовать имя/), /Княгиня/, "before the task is taken");
  assert.match(await text(registrar), /Княгиня/);
  await looked(registrar, "birth-task");
  await decide(registrar, async (page) => {
    await page.getByRole("radio", { name: "Родители назвали другое имя" }).check();
    await next(page);
    await errors(page).waitFor();
      await page.getByLabel("Фамилия").fill("Орлова");
    await page.getByLabel("Имя", { exact: true }).fill("Дарья");
    await page.getByRole("radio", { name: "Второго родителя нет" }).check();
    await looked(page, "birth-task-form");
  });
  await says(olga, /Рождение зарегистрировано[\s\S]*Пособие назначено/);
});
