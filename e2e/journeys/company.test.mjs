// A company is founded: alone on the phone it stands in the register at once; on paper, with a fee, a person examines it, and answers for that.
import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { attended, decide, keyed, looked, next, objected, paid, person, refusals, says, send, somebody, sound, takeTask, text } from "../harness/services.mjs";

const house = open();
const WHY = "Слово «банк» без лицензии Банка России не регистрируют (395-1-ФЗ ст. 7)";
const OBJECTION = "Банка мы не открываем, это название улицы";
const FEE = /Государственная пошлина за регистрацию юридического лица[\s\S]*4\s?000,00/;

/** The application of who founds alone, filled in up to the page on which all answers are checked. */
async function filled(page, { company, founder, snils, paper, alone }, look) {
  const shown = look ? (name) => (["who", "check"].includes(name) ? looked(page, `company-form-${name}`) : sound(page)) : () => undefined;
  await page.goto("/services/company/company");
  await shown("service");
  await page.getByRole("link", { name: "Начать" }).click();
  await page.waitForURL(/\/form/);
  await page.getByRole("radio", { name: alone ? "Только я" : /^Я и другие/ }).check();
  await shown("who");
  await next(page);
  await page.waitForURL(/page=name/);
  await page.getByLabel("Собственное наименование").fill(company);
  await page.getByLabel("Адрес", { exact: true }).fill("Новокузнецк, ул. Кирова, 1, оф. 2");
  await page.getByLabel(/^Уставный капитал/).fill("10000");
  await page.getByLabel("Основной вид деятельности").selectOption({ label: "62.01 Разработка программ" });
  await page.getByLabel("56.10 Рестораны и доставка еды").check();
  await shown("name");
  await next(page);
  if (!alone) {
    await page.waitForURL(/page=founders/);
    await page.getByRole("radio", { name: "Человек со СНИЛС" }).check();
    // What is asked of a person comes with that answer, and goes with another.
    await page.getByLabel("СНИЛС, 11 цифр").fill(snils);
    await page.getByRole("radio", { name: "Российская организация" }).check();
    await page.getByLabel("СНИЛС, 11 цифр").waitFor({ state: "hidden" });
    await page.getByRole("radio", { name: "Человек со СНИЛС" }).check();
    assert.equal(await page.getByLabel("СНИЛС, 11 цифр").inputValue(), snils, "what was typed is kept");
    await page.getByLabel("Имя или наименование").fill(founder);
    await page.getByLabel("Доля, %").fill("100");
    await shown("founders");
    await next(page);
  }
  await page.waitForURL(/page=head/);
  await page.getByRole("radio", { name: "Я", exact: true }).check();
  await page.getByRole("radio", { name: paper ? /^На бумаге, в окне/ : /^Здесь, в электронном виде/ }).check();
  await page.getByLabel(/^Сведения достоверны/).check();
  await shown("head");
  await next(page);
  await page.waitForURL(/page=check/);
  if (alone) assert.match(await text(page), /Дроздов Илья Сергеевич[\s\S]*Источник[\s\S]*17744455566/, "what the register knows is not asked");
  await shown("check");
}

test("who founds alone on the phone is told at once what the law forbids, objects in vain, and is registered at once", async () => {
  refusals(house);
  const me = { alone: true };
  const ilya = await house.visit("/services", { as: "company-founder", phone: true });
  await filled(ilya, { ...me, company: "Сибирский банк" }, true);
  await send(ilya);
  await says(ilya, /Сейчас\s+Завершено/);
  assert.match(await text(ilya), /В регистрации отказано[\s\S]*слово, которое закон запрещает[\s\S]*Правила, без участия человека/);
  await looked(ilya, "company-refused");
  const refused = ilya.url().split("?")[0];
  await objected(ilya, "С чем вы не согласны", OBJECTION);
  await looked(ilya, "company-objection");

  const reviewer = await house.visit("/tasks", { as: "company-reviewer" });
  assert.doesNotMatch(await takeTask(reviewer, /Рассмотреть возражение/), new RegExp(OBJECTION), "before the task is taken");
  assert.match(await text(reviewer), new RegExp(OBJECTION));
  await looked(reviewer, "company-objection-task");
  await decide(reviewer, async (page) => {
    await page.getByRole("radio", { name: "Оставить решение" }).check();
    await page.getByLabel("Обоснование").fill(WHY);
    await sound(page);
  });
  await says(ilya, /Отказ оставлен в силе[\s\S]*без лицензии/);
  await sound(ilya);
  await ilya.goto(refused);
  assert.match(await text(ilya), /В регистрации отказано\s+Оставлено в силе/);

  await filled(ilya, { ...me, company: "Ромашка" });
  await send(ilya);
  await says(ilya, /Сейчас\s+Завершено/);
  assert.match(await text(ilya), /Зарегистрировано[\s\S]*Правила, без участия человека[\s\S]*Компания РОМАШКА зарегистрирована\. Её номер: 1\d{12}\./);
  await looked(ilya, "company-registered");
});

test("on paper at the desk: an operator files it, the fee is paid, the registrar examines it on a phone, and the new head acts for the company", async () => {
  const vera = await keyed(house, "vera@company.example", "Белова Вера Олеговна");
  const operator = await somebody(house, "operator@company.example", "Олег Цой", "--post", "official", "--space", "kuzbass");
  await attended(operator, vera, "Белова Вера");
  await filled(operator, { company: "Василёк", founder: "Белова Вера Олеговна", snils: "17744455588", paper: true });
  await send(operator);
  await says(operator, /Срок приостановлен[\s\S]*ждём оплату пошлины[\s\S]*4\s?000,00/);
  await looked(operator, "company-attended");

  await vera.goto("/my/payments");
  await looked(vera, "company-owed");
  await paid(vera, FEE, "Отклонён");
  assert.match(await text(vera), /Не прошёл/);
  await vera.goto("/my/payments");
  await paid(vera, FEE);
  await vera.goto("/services");
  await vera.locator("main").getByRole("link", { name: "Регистрация ООО" }).first().click();
  await vera.waitForURL(/\/cases\//);
  await says(vera, /Открыто\s+Идёт[\s\S]*Проверить документы[\s\S]*Оплачено/);
  await looked(vera, "company-examined");

  const registrar = await house.visit("/tasks", { as: "company-registrar", phone: true });
  assert.doesNotMatch(await takeTask(registrar, /Проверить документы/), /ВАСИЛЁК/, "before the task is taken");
  assert.match(await text(registrar), /ВАСИЛЁК[\s\S]*учредителя нет в реестре[\s\S]*документы поданы на бумаге/);
  await looked(registrar, "company-task");
  await decide(registrar, async (page) => {
    // What a refusal asks for is asked; then the registrar thinks better of it.
    await page.getByRole("radio", { name: "Отказать" }).check();
    await next(page);
    await errors(page).waitFor();
    await page.getByLabel("Причина отказа и статья закона").waitFor();
    await looked(page, "company-task-form");
    await page.getByRole("radio", { name: "Зарегистрировать" }).check();
  });
  await says(vera, /Зарегистрировано[\s\S]*Кто решил\s+Специалист регистрирующего органа[\s\S]*Её номер: 1\d{12}\./);
  await sound(vera);

  // The register is the power of attorney: the new company asks for what it needs by its head.
  await vera.goto("/account");
  await vera.getByLabel("За: ООО «ВАСИЛЁК»").check();
  await sound(vera);
  await vera.getByRole("button", { name: "Действовать так" }).click();
  await vera.waitForURL(/\/account$/);
  await vera.goto("/services/building-permit/building-permit/form");
  assert.match(await text(vera), /ООО «ВАСИЛЁК»[\s\S]*Реестр «/);
  await looked(vera, "company-acts");
});

test("who says that the register has a wrong number is heard: the number given goes to a person, the register stays as it is", async () => {
  refusals(house);
  const [held, given] = ["17744455566", "17744455599"];
  const ilya = await house.visit("/services/company/company/form", { as: "company-founder", phone: true });
  await ilya.getByRole("radio", { name: "Только я" }).check();
  await next(ilya);
  await ilya.waitForURL(/page=name/);
  // What the register has stands on the page of the answer that brings it.
  await ilya.getByRole("link", { name: "Назад" }).click();
  await ilya.waitForURL(/page=who/);
  await looked(ilya, "company-given");
  await ilya.getByRole("button", { name: /^Это неверно\s*: Ваш СНИЛС/ }).click();
  const number = ilya.getByLabel("Ваш СНИЛС, 11 цифр");
  await number.waitFor();
  assert.match(await text(ilya), new RegExp(`Вы сообщаете об ошибке[\\s\\S]*содержит: ${held}`));
  await looked(ilya, "company-dispute");
  await number.fill("177");
  await next(ilya);
  await errors(ilya).waitFor();
  assert.match(await errors(ilya).innerText(), /Только цифры, без пробелов/);
  // Thinking better of it leaves what the register has.
  await ilya.getByRole("button", { name: /^Всё-таки верно/ }).click();
  await ilya.getByRole("button", { name: /^Это неверно\s*: Ваш СНИЛС/ }).click();
  await number.fill(given);
  await next(ilya);
  await ilya.waitForURL(/page=name/);
  await ilya.getByLabel("Собственное наименование").fill("Подорожник");
  await ilya.getByLabel("Адрес", { exact: true }).fill("Новокузнецк, ул. Кирова, 1, оф. 3");
  await ilya.getByLabel(/^Уставный капитал/).fill("10000");
  await ilya.getByLabel("Основной вид деятельности").selectOption({ label: "62.01 Разработка программ" });
  await next(ilya);
  await ilya.waitForURL(/page=head/);
  await ilya.getByRole("radio", { name: "Я", exact: true }).check();
  await ilya.getByRole("radio", { name: /^Здесь, в электронном виде/ }).check();
  await ilya.getByLabel(/^Сведения достоверны/).check();
  await next(ilya);
  await ilya.waitForURL(/page=check/);
  assert.match(await text(ilya), new RegExp(`${given}[\\s\\S]*содержит: ${held}`), "both are shown before it is sent");
  await sound(ilya);
  await send(ilya);
  await says(ilya, /Проверить документы/);
  await sound(ilya);

  const registrar = await house.visit("/tasks", { as: "company-registrar" });
  assert.doesNotMatch(await takeTask(registrar, /Проверить документы/), new RegExp(given), "before the task is taken");
  assert.match(await text(registrar), new RegExp(`${given}[\\s\\S]*учредителя нет в реестре`));
  await looked(registrar, "company-disputed-task");
  await decide(registrar, async (page) => {
    await page.getByRole("radio", { name: "Зарегистрировать" }).check();
    await sound(page);
  });
  await says(ilya, /Зарегистрировано[\s\S]*Кто решил\s+Специалист регистрирующего органа/);
  const token = await house.platform.token("company-founder");
  const { items } = await house.platform.call("POST", "/api/v1/query", { ids: [person("company-founder")] }, token);
  assert.equal(items[0].attributes.nationalId.value, held, "the register stays as it is");
});
