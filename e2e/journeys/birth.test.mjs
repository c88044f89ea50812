// A child is born: the hospital says so, the parents give a name, everything else follows; where rules do not answer, a person decides.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { eventually, open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { day, decide, looked, made, next, person, send, takeTask, text } from "../harness/services.mjs";

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
async function born(number) {
  const said = {
    certificateNumber: number,
    body: "urn:svod:body:novokuznetsk:maternity",
    person: person("mother"),
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
async function filled(page, number, firstName, look) {
  const shown = look ? (name) => looked(page, `birth-form-${name}`) : () => accessible(page);
  const value = page.getByLabel(/Серия и номер/);
  if ((await value.inputValue()) === "") await value.fill(number);
  await page.getByLabel("Фамилия").fill("Смирнова");
  await page.getByLabel("Имя", { exact: true }).fill(firstName);
  await page.getByLabel(/^Отчество/).fill("Павловна");
  await page.getByRole("radio", { name: "Да, мы выбрали имя вместе" }).check();
  await shown("name");
  await next(page);
  await page.waitForURL(/page=parents/);
  await page.getByRole("radio", { name: "Мы состоим в браке" }).check();
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

/** A form that asks for more answers so. */
const refusals = () => {
  house.browser.allow(/^422 POST .*\/form/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
};

const show = async (page) => console.log("-----", page.url(), "\n", await text(page));

test("the mother is offered everything, gives the name on the phone, and all of it is there", async () => {
  refusals();
  await family();
  await born("32 000000001");
  const mother = await house.visit("/services", { as: "mother", phone: true });
  await eventually("the offer is there", async () => {
    await mother.reload();
    return (await mother.getByRole("heading", { name: "Предложено вам" }).count()) > 0;
  });
  await show(mother);
  await looked(mother, "birth-offer");
  await mother.goto("/services/birth/birth");
  await show(mother);
  await mother.getByRole("link", { name: "Начать" }).click();
  await mother.waitForURL(/\/form/);
  await show(mother);
  await filled(mother, "32 000000001", "Мария", true);
  await show(mother);
  await send(mother);
  await eventually("it is over", async () => {
    await mother.reload();
    return /Завершено|завершено/.test(await text(mother));
  }).catch(() => {});
  await show(mother);
  await looked(mother, "birth-case");
  await mother.goto("/services");
  await show(mother);
  await mother.goto("/my");
  await show(mother);
  await looked(mother, "birth-my");
});
