// Two cars collide: both drivers say what happened on the phone, the insurer answers, the money comes; a dispute goes to an inspector.
import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../harness/house.mjs";
import { attended, day, decide, looked, made, next, offered, person, photo, refusals, says, send, somebody, sound, takeTask, text } from "../harness/services.mjs";

const house = open();
/** From the report to the money, by the platform's clock, with all that people type and click between. */
const MINUTES = 10;
const PLACE = "Новокузнецк, перекрёсток ул. Кирова и пр. Бардина";
const STORY = "Стоял на светофоре, почувствовал удар сзади";

/** Cars with policies, as the registers know them: id, plate, model, whose, insured by whom. */
async function cars(...owners) {
  await made(
    house.platform,
    "administrator",
    owners.flatMap(([id, plate, carModel, driver, insurer], n) => [
      ["Vehicle", id, { plate, carModel, person: driver }],
      [
        "MotorPolicy",
        id,
        {
          motorPolicyNumber: `ХХХ ${owners.length}23456789${n}`,
          vehicle: `urn:svod:vehicle:${id}`,
          insurer: `urn:svod:organization:${insurer}`,
          person: driver,
          insuredFrom: day(-100),
          insuredUntil: day(200),
          bonusMalus: "5",
        },
      ],
    ]),
  );
}

/** A card is shown to the payment system, which here is the sandbox, and kept. */
async function kept(page, last) {
  await page.goto("/my/payments/cards");
  await says(page, /Карт пока нет/);
  await page.getByRole("button", { name: "Показать карту платёжной системе" }).click();
  await page.waitForURL(/\/sandbox\/cards/);
  await page.getByLabel("Последние четыре цифры").fill("42");
  await page.getByRole("button", { name: "Показать эту карту" }).click();
  await says(page, /Напишите четыре цифры/);
  await page.getByLabel("Последние четыре цифры").fill(last);
  await looked(page, "cards-sandbox");
  await page.getByRole("button", { name: "Показать эту карту" }).click();
  await page.waitForURL(/\/my\/payments\/cards/);
  await page.getByRole("button", { name: "Сохранить карту" }).click();
  await says(page, new RegExp(`•••• ${last}`));
  await looked(page, "cards");
}

/** The first driver's report, sent from the phone; the page of its case. */
async function reported(page, { hour, agreed, other = "Н222НН142", did = "Стоял: затор, светофор, остановка по правилам", story = "", card }, look) {
  const shown = look ? (name) => looked(page, `accident-${name}`) : () => undefined;
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
  await page.context().grantPermissions(["geolocation"]);
  await page.context().setGeolocation({ latitude: 53.7596, longitude: 87.1444 });
  await page.getByRole("button", { name: /Где я сейчас/ }).click();
  await page.getByText(/Место определено с точностью/).waitFor();
  assert.equal(await page.getByLabel("Место на карте").inputValue(), "53.759600, 87.144400");
  await shown("where");
  await next(page);
  await page.waitForURL(/page=cars/);
  // The register knows whose cars these are; only the plate of another is typed.
  await page.getByLabel("Ваша машина").selectOption({ label: "Другая машина" });
  await page.getByLabel("Номер вашей машины").waitFor();
  await page.getByLabel("Ваша машина").selectOption({ label: "М111ММ42, LADA Vesta" });
  await page.getByLabel("Номер вашей машины").waitFor({ state: "hidden" });
  await page.getByLabel("Номер второй машины").fill(other);
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
  // Who keeps a card is offered it first; who keeps none, or wants it so, names an account.
  const where = page.getByLabel("Куда перечислить деньги");
  if (await where.count()) await where.selectOption({ label: "На счёт" });
  await page.getByLabel("Номер счёта").fill("40817810000000000011");
  if (card) {
    await where.selectOption({ label: card });
    await page.getByLabel("Номер счёта").waitFor({ state: "hidden" });
  }
  await shown("money");
  await page.getByLabel("Всё указано верно").check();
  await next(page);
  await page.waitForURL(/page=check/);
  await shown("check");
  await send(page);
}

/** The second driver's answer, in their own words, by the form of what they are offered. */
async function answered(page, agrees, circumstance) {
  await offered(page, "road-accident/road-accident-confirm", /Предложено вам[\s\S]*Подтвердить сообщение о ДТП/);
  assert.match(await text(page), /перекрёсток ул\. Кирова[\s\S]*М111ММ42[\s\S]*Стоял: затор/, "what is confirmed stands there");
  await page.getByRole("group", { name: "Вы согласны с сообщением?" }).getByRole("radio", { name: agrees ? "Да" : "Нет, было иначе", exact: true }).check();
  await page.getByRole("group", { name: "Есть пострадавшие?" }).getByRole("radio", { name: "Нет", exact: true }).check();
  await sound(page);
  await next(page);
  await page.waitForURL(/page=how/);
  await page.getByLabel(circumstance).check();
  await sound(page);
  await next(page);
  await page.waitForURL(/page=damage/);
  await sound(page);
  await next(page);
  await page.waitForURL(/page=check/);
  await sound(page);
  await send(page);
}

/** Minutes from the first driver's report to the money, as the platform's own clock has them. */
async function spent(place) {
  const id = decodeURIComponent(new URL(place).pathname.split("/").pop());
  const token = await house.platform.token("administrator");
  const ask = async (question) => (await house.platform.call("POST", "/api/v1/query", question, token)).items;
  const [report] = await ask({ ids: [id] });
  const payments = (await ask({ types: ["Payment"] })).filter((payment) => payment.attributes.case?.object === id);
  assert.equal(payments.length, 1, "one payment");
  const [from, to] = [report.attributes.openedAt.value, payments[0].attributes.settledAt.value];
  return (Date.parse(to) - Date.parse(from)) / 60_000;
}

test("both drivers agree: from the report to the money on the card", async () => {
  refusals(house);
  await cars(["one", "М111ММ42", "LADA Vesta", person("driver-one"), "demo-motor-1"], ["two", "Н222НН142", "Kia Rio", person("driver-two"), "demo-motor-2"]);
  const one = await house.visit("/services", { as: "driver-one", phone: true });
  const two = await house.visit("/services", { as: "driver-two", phone: true });
  await kept(one, "4242");
  await reported(one, { hour: "09:30", agreed: true, card: "•••• 4242" }, true);
  const place = one.url().split("?")[0];
  await looked(one, "accident-case-waits");

  await says(two, /Предложено вам[\s\S]*Подтвердить сообщение о ДТП/);
  await looked(two, "accident-offer");
  await answered(two, true, "Не выдержал дистанцию или боковой интервал");
  await two.goto("/services");
  assert.doesNotMatch(await text(two), /Предложено вам/, "what was offered is answered");
  await one.goto(place);
  await says(one, /Ущерб возмещён/);
  const minutes = await spent(place);
  console.log(`from the report to the payment: ${minutes.toFixed(2)} minutes by the platform's clock, with all that people typed and clicked`);
  assert.ok(minutes > 0 && minutes < MINUTES, `${minutes} minutes`);
  await looked(one, "accident-case-paid");
  await one.goto("/my/payments");
  assert.match(await text(one), /Выплата[\s\S]*42\s000,00|42 000,00/);
  await looked(one, "accident-payments");
  await one.getByRole("link", { name: /Выплата: 42\s000,00/ }).first().click();
  await says(one, /Куда\s+•••• 4242/);
  await looked(one, "accident-receipt");
  await two.goto("/services");
  await two.locator("main").getByRole("link", { name: "Подтвердить сообщение о ДТП" }).first().click();
  await two.waitForURL(/\/cases\//);
  assert.match(await text(two), /Ответ дан[\s\S]*Вы подтвердили сообщение о происшествии/);
  await looked(two, "accident-case-two");
});

test("the second driver confirms with one act; what only the victim knows is asked of the victim, not of an official", async () => {
  const one = await house.visit("/services", { as: "driver-one", phone: true });
  const two = await house.visit("/services", { as: "driver-two", phone: true });
  await reported(one, { hour: "21:40", agreed: true, did: "Двигался задним ходом" });
  const place = one.url().split("?")[0];
  await two.goto("/services");
  await two.getByRole("button", { name: "Согласиться" }).first().click();
  await two.waitForURL(/\/cases\/.*done=accept/);
  await says(two, /Вы подтвердили сообщение о происшествии/);
  await one.goto(place);
  await says(one, /Потерпевшего спросили о том, чего не хватает/);
  await looked(one, "accident-case-asked");

  await offered(two, "road-accident/road-accident-victim", /Предложено вам[\s\S]*Получить возмещение после ДТП/);
  assert.match(await text(two), /Назвать повреждения вашей машины[\s\S]*Указать, куда перечислить деньги/);
  await two.getByLabel("Деталь").selectOption({ label: "Задний бампер" });
  await two.getByLabel("Как повреждена").selectOption({ label: "Разбито, нужна замена" });
  await two.getByLabel("Номер счёта").fill("40817810000000000022");
  await looked(two, "accident-victim");
  await next(two);
  await two.waitForURL(/page=check/);
  await sound(two);
  await send(two);
  await says(two, /Ответ передан в дело о происшествии/);
  await sound(two);
  await says(one, /Ущерб возмещён/);
  await two.goto("/my/payments");
  assert.match(await text(two), /Выплата: 42\s000,00/);
  // The decision is theirs as well, with the way to object.
  await two.goto("/services");
  await two.locator("main").getByRole("link", { name: "Решение по ДТП с вашей машиной" }).first().click();
  await two.waitForURL(/\/cases\//);
  await says(two, /Ущерб возмещён[\s\S]*Ответственность несёт водитель, который сообщил/);
  assert.equal(await two.getByRole("link", { name: "Возразить против решения" }).count(), 1);
  await looked(two, "accident-case-told");
});

test("they do not agree: one comes to the office, an operator answers for him, and an inspector on a phone sees only then what was written", async () => {
  const pyotr = await somebody(house, "pyotr@accident.example", "Седов Пётр Ильич");
  await pyotr.goto("/my");
  const urn = await pyotr.locator("code.secret").innerText();
  await cars(["three", "К333КК42", "UAZ Patriot", urn, "demo-motor-2"]);
  const one = await house.visit("/services", { as: "driver-one", phone: true });
  await reported(one, { hour: "18:10", agreed: false, other: "К333КК42", story: STORY });
  const place = one.url().split("?")[0];
  const operator = await somebody(house, "operator@accident.example", "Олег Цой", "--post", "official", "--space", "kuzbass");
  await attended(operator, pyotr, "Седов Пётр");
  await answered(operator, false, "Ехал прямо по своей полосе");
  await says(operator, /Ваши возражения переданы/);
  await looked(operator, "accident-attended");
  await pyotr.goto("/services");
  await pyotr.locator("main").getByRole("link", { name: "Подтвердить сообщение о ДТП" }).first().click();
  await pyotr.waitForURL(/\/cases\//);
  assert.match(await text(pyotr), /Ваши возражения переданы/);
  await sound(pyotr);
  await one.goto(place);
  await says(one, /Разобрать происшествие/);

  const inspector = await house.visit("/tasks", { as: "traffic-inspector", phone: true });
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
  // The accident is settled a moment before the decision is written.
  await says(one, /Кто решил\s+Инспектор Госавтоинспекции/);
  await looked(one, "accident-case-decided");
});
