// Two cars collide: both drivers say what happened on the phone, the insurer answers, the money comes; a dispute goes to an inspector.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { day, decide, looked, made, next, person, photo, says, send, takeTask, text } from "../harness/services.mjs";

const house = open();
/** A form that asks for more answers so. */
house.refusals = () => {
  house.browser.allow(/^422 POST .*\/form/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
};
const PLACE = "Новокузнецк, перекрёсток ул. Кирова и пр. Бардина";
const STORY = "Стоял на светофоре, почувствовал удар сзади";

/** Cars of both drivers with policies, as the registers know them. */
async function cars() {
  const owners = [
    ["one", "М111ММ42", "LADA Vesta", "driver-one", "demo-motor-1"],
    ["two", "Н222НН142", "Kia Rio", "driver-two", "demo-motor-2"],
  ];
  await made(
    house.platform,
    "administrator",
    owners.flatMap(([id, plate, carModel, driver, insurer], n) => [
      ["Vehicle", id, { plate, carModel, person: person(driver) }],
      [
        "MotorPolicy",
        id,
        {
          motorPolicyNumber: `ХХХ 123456789${n}`,
          vehicle: `urn:svod:vehicle:${id}`,
          insurer: `urn:svod:organization:${insurer}`,
          person: person(driver),
          insuredFrom: day(-100),
          insuredUntil: day(200),
          bonusMalus: "5",
        },
      ],
    ]),
  );
}

/** The first driver's report, sent from the phone; the page of its case. */
async function reported(page, { hour, agreed, did = "Стоял: затор, светофор, остановка по правилам", story = "" }, look) {
  const shown = look ? (name) => looked(page, `accident-${name}`) : () => accessible(page);
  await page.goto("/services/road-accident/road-accident");
  await shown("service");
  await page.getByRole("link", { name: "Начать" }).click();
  await page.waitForURL(/\/form/);
  for (const question of ["Есть пострадавшие?", "Повреждено что-то кроме машин?"]) {
    await page.getByRole("group", { name: question }).getByRole("radio", { name: "Нет", exact: true }).check();
  }
  await page.getByRole("radio", { name: "Две", exact: true }).check();
  await shown("what");
  await next(page);
  await page.waitForURL(/page=where/);
  await page.locator('input[type="datetime-local"]').fill(`${day(-1)}T${hour}`);
  await page.getByLabel("Место", { exact: true }).fill(PLACE);
  await shown("where");
  await next(page);
  await page.waitForURL(/page=cars/);
  await page.getByLabel("Номер вашей машины").fill("М111ММ42");
  await page.getByLabel("Номер второй машины").fill("Н222НН142");
  await shown("cars");
  await next(page);
  await page.waitForURL(/page=how/);
  await page.getByLabel(did).check();
  await page.getByLabel(/^Если нужно, опишите/).fill(story);
  await page.getByRole("radio", { name: agreed ? "Да, разногласий нет" : "Нет", exact: true }).check();
  await shown("how");
  await next(page);
  await page.waitForURL(/page=damage/);
  await page.locator('input[type="file"]').setInputFiles([photo("сзади.png"), photo("спереди.png", [160, 60, 50])]);
  await page.getByRole("button", { name: /Добавить ещё/ }).click();
  await page.getByText("сзади.png").first().waitFor();
  await page.getByLabel("Деталь").selectOption({ label: "Задний бампер" });
  await page.getByLabel("Как повреждена").selectOption({ label: "Разбито, нужна замена" });
  await shown("damage");
  await next(page);
  await page.waitForURL(/page=money/);
  await page.getByLabel("Номер счёта").fill("40817810000000000011");
  await page.getByLabel("Всё указано верно").check();
  await next(page);
  await page.waitForURL(/page=check/);
  await shown("check");
  await send(page);
}

/** The second driver's answer, in their own words, by the form. */
async function answered(page, agrees, circumstance) {
  await page.goto("/services/road-accident/road-accident-confirm/form");
  await page.getByRole("group", { name: "Вы согласны с сообщением?" }).getByRole("radio", { name: agrees ? "Да" : "Нет, было иначе", exact: true }).check();
  await page.getByRole("group", { name: "Есть пострадавшие?" }).getByRole("radio", { name: "Нет", exact: true }).check();
  await accessible(page);
  await next(page);
  await page.waitForURL(/page=how/);
  await page.getByLabel(circumstance).check();
  await next(page);
  await page.waitForURL(/page=damage/);
  await next(page);
  await page.waitForURL(/page=check/);
  await accessible(page);
  await send(page);
}

test("both drivers agree: from the report to the money on the account", async () => {
  await cars();
  const one = await house.visit("/services", { as: "driver-one", phone: true });
  const two = await house.visit("/services", { as: "driver-two", phone: true });
  await reported(one, { hour: "09:30", agreed: true }, true);
  const begun = Date.now();
  const place = one.url().split("?")[0];
  await looked(one, "accident-case-waits");

  await says(two, /Предложено вам[\s\S]*Подтвердить сообщение о ДТП/);
  await looked(two, "accident-offer");
  await answered(two, true, "Не выдержал дистанцию или боковой интервал");
  await one.goto(place);
  await says(one, /Ущерб возмещён/);
  const minutes = (Date.now() - begun) / 60_000;
  console.log(`from the report to the payment: ${minutes.toFixed(2)} minutes on the running system, with all that people clicked`);
  await looked(one, "accident-case-paid");
  await one.goto("/my/payments");
  assert.match(await text(one), /Выплата[\s\S]*42\s000,00|42 000,00/);
  await looked(one, "accident-payments");
  await two.goto("/services");
  await two.locator("main").getByRole("link", { name: "Подтвердить сообщение о ДТП" }).first().click();
  await two.waitForURL(/\/cases\//);
  assert.match(await text(two), /Ответ дан[\s\S]*Вы подтвердили сообщение о происшествии/);
  await looked(two, "accident-case-two");
});

test("the second driver confirms with one act; the damage and the account of who is to be paid are asked for by an expert", async () => {
  house.refusals();
  const one = await house.visit("/services", { as: "driver-one", phone: true });
  const two = await house.visit("/services", { as: "driver-two", phone: true });
  await reported(one, { hour: "21:40", agreed: true, did: "Двигался задним ходом" });
  await two.goto("/services");
  await two.getByRole("button", { name: "Согласиться" }).first().click();
  await two.waitForURL(/\/cases\/.*done=accept/);
  await says(two, /Вы подтвердили сообщение о происшествии/);
  await says(one, /Получить ответ страховщика: ждёт специалиста/);

  const expert = await house.visit("/tasks", { as: "motor-insurers-expert" });
  /** A choice, and the answer that it asks for. */
  const choose = (choice, field, answer) => async (page) => {
    await page.getByRole("radio", { name: choice, exact: true }).check();
    await next(page);
    await errors(page).waitFor();
    await page.getByLabel(field, { exact: true }).fill(answer);
  };
  await takeTask(expert, /олучить ответ/);
  await looked(expert, "accident-insurer-task");
  await decide(expert, choose("Платит", "Сумма", "42000"));
  await takeTask(expert, /Уточнить счёт потерпевшего/);
  await decide(expert, choose("Выплатить на этот счёт", "Номер счёта", "40817810000000000022"));
  await says(one, /Ущерб возмещён/);
  await two.goto("/my/payments");
  assert.match(await text(two), /Выплата: 42\s000,00/);
});

test("they do not agree: an inspector takes it, sees only then what was written, and decides", async () => {
  const one = await house.visit("/services", { as: "driver-one", phone: true });
  const two = await house.visit("/services", { as: "driver-two", phone: true });
  await reported(one, { hour: "18:10", agreed: false, story: STORY });
  const place = one.url().split("?")[0];
  await says(two, /Предложено вам[\s\S]*Подтвердить сообщение о ДТП/);
  await answered(two, false, "Ехал прямо по своей полосе");
  await one.goto(place);
  await says(one, /Разобрать происшествие/);

  const inspector = await house.visit("/tasks", { as: "traffic-inspector" });
  await says(inspector, /Разобрать происшествие/);
  const before = await takeTask(inspector, /Разобрать происшествие/);
  assert.doesNotMatch(before, new RegExp(STORY), "before the task is taken");
  assert.match(await text(inspector), new RegExp(STORY));
  await looked(inspector, "accident-task");
  const task = inspector.url();
  await inspector.getByRole("link", { name: "Журнал дела" }).click();
  await inspector.waitForURL(/\/cases\//);
  assert.match(await text(inspector), /сзади\.png[\s\S]*спереди\.png/);
  await looked(inspector, "accident-case-inspector");
  await inspector.goto(task);
  await decide(inspector, async (page) => {
    await page.getByRole("radio", { name: "Второй водитель" }).check();
    await page.getByLabel("Почему").fill("Снимки показывают удар сзади на перекрёстке");
    await looked(page, "accident-review");
  });
  await says(one, /Ущерб возмещён/);
  assert.match(await text(one), /Кто решил\s+Инспектор Госавтоинспекции/);
  await looked(one, "accident-case-decided");
});
