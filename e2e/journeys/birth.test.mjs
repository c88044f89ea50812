// A child is born: the hospital says so, the parents give a name, everything else follows; where rules do not answer, a person decides.
import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { attended, day, decide, looked, made, next, offered, person, refusals, says, send, somebody, sound, takeTask, text } from "../harness/services.mjs";

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

/** The form of the parents, opened from the offer and filled in up to the page on which all answers are checked: what registers know is left. */
async function filled(page, { number, surname, name, patronymic, agreement, father, home }, look) {
  const shown = look ? (name) => looked(page, `birth-form-${name}`) : () => sound(page);
  await offered(page, "birth/birth", new RegExp(`Предложено вам[\\s\\S]*Рождение ребёнка[\\s\\S]*${number}`));
  assert.equal(await page.getByLabel(/Серия и номер/).inputValue(), number, "what the hospital wrote is not asked again");
  await page.getByLabel("Фамилия").fill(surname);
  await page.getByLabel("Имя", { exact: true }).fill(name);
  await page.getByLabel(/^Отчество/).fill(patronymic);
  await page.getByRole("radio", { name: agreement }).check();
  await shown("name");
  await next(page);
  await page.waitForURL(/page=parents/);
  if (father) await page.getByRole("radio", { name: father }).check();
  await shown("parents");
  await next(page);
  await page.waitForURL(/page=home/);
  if (home) await page.getByRole("radio", { name: home }).check();
  await shown("home");
  await next(page);
  await page.waitForURL(/page=help/);
  await page.getByLabel(/Назначить единовременное пособие/).check();
  await page.getByLabel("Поставить в очередь в детский сад").check();
  await page.getByLabel("Всё указано верно").check();
  // Questions that the answers bring, at once.
  await page.getByLabel("Номер счёта").fill(ACCOUNT);
  await page.getByLabel("С какого дня нужно место").fill(day(500));
  await shown("help");
  await next(page);
  await page.waitForURL(/page=check/);
  await shown("check");
}

/** How many of them are in the registers of the region. */
const counted = async (type) => (await house.platform.call("POST", "/api/v1/query", { types: [type], count: true }, await house.platform.token("administrator"))).total;

test("the mother is offered everything, gives the name on the phone, and all of it is there", async () => {
  refusals(house);
  await family();
  await born("32 000000001");
  const mother = await house.visit("/services", { as: "mother", phone: true });
  await says(mother, /Предложено вам[\s\S]*Рождение ребёнка[\s\S]*32 000000001/);
  await looked(mother, "birth-offer");
  await filled(mother, { number: "32 000000001", surname: "Смирнова", name: "Мария", patronymic: "Павловна", agreement: "Да, мы выбрали имя вместе" }, true);
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
  await sound(mother);

  // That was the one act: nothing is offered any more, one case was begun, and the father is asked for nothing.
  await mother.goto("/services");
  assert.doesNotMatch(await text(mother), /Предложено вам/);
  assert.equal(await mother.getByRole("region", { name: "Мои дела" }).getByRole("link", { name: "Рождение ребёнка" }).count(), 1);
  const father = await house.visit("/services", { as: "father", phone: true });
  assert.doesNotMatch(await text(father), /Предложено вам/);
  await sound(father);
});

test("a mother comes to the office: an operator does it for her, and the registrar, on a phone, agrees on another name", async () => {
  refusals(house);
  const olga = await somebody(house, "olga@birth.example", "Орлова Ольга Петровна");
  await olga.goto("/my");
  const urn = await olga.locator("code.secret").innerText();
  await made(house.platform, "administrator", [
    ["Citizenship", "olga", { person: urn, citizenOf: "RUS" }],
    ["Residence", "olga", { person: urn, address: HOME, livesSince: "2019-07-01" }],
    ["InsurancePolicy", "olga", { person: urn, coveredBy: "urn:svod:organization:demo-health-2", coveredSince: "2010-01-01" }],
  ]);
  await born("32 000000002", urn);
  const operator = await somebody(house, "operator@birth.example", "Олег Цой", "--post", "official", "--space", "kuzbass");
  await attended(operator, olga, "Орлова Ольга");
  await filled(operator, { number: "32 000000002", surname: "Орлова", name: "Княгиня", patronymic: "", agreement: "Второго родителя нет", father: "Не в браке; сведения об отце не вносить", home: /^С матерью/ });
  await send(operator);
  await says(operator, /Согласовать имя с родителями/);
  await looked(operator, "birth-attended");

  await olga.goto("/services");
  assert.match(await text(olga), /Мои дела[\s\S]*Рождение ребёнка/);
  await olga.locator("main").getByRole("link", { name: "Рождение ребёнка" }).first().click();
  await olga.waitForURL(/\/cases\//);
  assert.match(await text(olga), /Согласовать имя[\s\S]*Переписка[\s\S]*ранг, должность или титул/);
  await looked(olga, "birth-name-case");

  const registrar = await house.visit("/tasks", { as: "registrar", phone: true });
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
