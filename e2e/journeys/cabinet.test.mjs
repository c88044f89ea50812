// A person's cabinet: who looked at their data, what they agreed to, who acts for them; the official and the security officer on
// the other side of it (issue 4: D6, E1, E11).
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits } from "../harness/axe.mjs";
import { authenticator, picture } from "../harness/browser.mjs";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";

const house = open();
const MOST = 20_000;

/** Somebody with a new account, in a browser of their own; a post asks for a passkey before it gives powers. */
async function somebody(login, name, ...post) {
  const page = await house.browser.person(post.length > 0 ? house.platform.named : house.platform.http);
  page.setDefaultTimeout(MOST);
  if (post.length > 0) await authenticator(page);
  await page.goto(await house.platform.invitation(login, name, ...post));
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.waitForURL(/\/account$/);
  if (post.length > 0) {
    await page.getByRole("button", { name: "Добавить ключ доступа" }).click();
    await page.waitForURL(/#passkeys$/);
  }
  return page;
}

const text = (page) => page.locator("main").innerText();

/** The page, wide and on a telephone, in the three languages. */
async function looked(page, path, name) {
  for (const lang of ["kk", "en", "ru"]) {
    await page.goto(`${path}?lang=${lang}`);
    await accessible(page);
  }
  await picture(page, `${name}-wide`);
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
  await picture(page, `${name}-phone`);
  await page.setViewportSize({ width: 1280, height: 900 });
}

test("data are opened on a ground, the person sees it and objects, the officer answers", async () => {
  const olga = await somebody("olga@cabinet.example", "Ольга Иванова");
  await olga.goto("/my");
  assert.match(await text(olga), /Ольга Иванова/);
  const person = await olga.locator("code.secret").innerText();
  await olga.goto("/my/accesses");
  assert.match(await text(olga), /Никто не смотрел/);

  const official = await somebody("pavel@cabinet.example", "Павел Орлов", "--post", "official", "--space", "kuzbass");
  house.browser.allow(/^422 POST .*\/(people|my\/consents|my\/mandates)/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  await official.goto(`/entities/${encodeURIComponent(person)}`);
  assert.doesNotMatch(await text(official), /Ольга/, "without a ground");
  await official.getByRole("link", { name: "Люди" }).click();
  await official.getByLabel("Чьи данные").fill(person);
  await official.getByLabel("Основание", { exact: true }).fill("152-ФЗ, ст. 6");
  await official.getByLabel("Причина").fill("да");
  await official.getByRole("button", { name: "Открыть данные" }).click();
  await errors(official).waitFor();
  assert.match(await errors(official).innerText(), /человек это прочтёт/);
  await accessible(official);
  await official.getByLabel("Вид основания").selectOption("emergency");
  await official.getByLabel("Причина").fill("авария на теплотрассе, надо связаться с жильцами");
  await official.getByRole("button", { name: "Открыть данные" }).click();
  await official.waitForURL(/\/entities\//);
  assert.match(await text(official), /Ольга Иванова/);
  await looked(official, "/people", "people");

  await olga.reload();
  assert.match(await text(olga), /Специалист[\s\S]*Экстренный случай[\s\S]*авария на теплотрассе/);
  await olga.locator("summary", { hasText: "Возразить" }).click();
  await olga.getByLabel("Почему вы не согласны").fill("у нас не было аварии");
  await olga.getByRole("button", { name: "Отправить возражение" }).click();
  await olga.getByText("Ответа пока нет").waitFor();

  const officer = await somebody("vera@cabinet.example", "Вера Ким", "--post", "auditor", "--space", "kuzbass");
  await officer.getByRole("link", { name: "Надзор" }).click();
  assert.match(await text(officer), /Экстренный доступ[\s\S]*авария на теплотрассе[\s\S]*у нас не было аварии/);
  assert.doesNotMatch(await text(officer), /Ольга/, "no personal data");
  await looked(officer, "/oversight", "oversight");
  await officer.getByRole("button", { name: "Неправомерно" }).click();
  await officer.getByText("Ничто не ждёт проверки").waitFor();
  await officer.locator("summary", { hasText: "Ответить" }).click();
  await officer.getByLabel("Ответ", { exact: true }).fill("доступ признан неправомерным, сотрудник наказан");
  await officer.getByRole("button", { name: "Ответить" }).click();
  await officer.getByText("Ожидающих ответа нет").waitFor();

  await looked(olga, "/my/accesses", "my-accesses");
  assert.match(await text(olga), /Признано неправомерным[\s\S]*сотрудник наказан/);
  await official.goto(`/entities/${encodeURIComponent(person)}`);
  assert.doesNotMatch(await text(official), /Ольга/, "found wrong, it has ended");
});

test("a consent is given and withdrawn; an operator acts for who is present, and that is seen", async () => {
  const anna = await somebody("anna@cabinet.example", "Анна Ли");
  await anna.goto("/my/consents");
  await anna.getByLabel("С какой целью").fill("назначение субсидии на отопление");
  await anna.getByLabel("Телефон").check();
  await anna.getByRole("button", { name: "Дать согласие" }).click();
  await anna.getByText("Действует", { exact: true }).waitFor();
  await looked(anna, "/my/consents", "my-consents");
  anna.once("dialog", (d) => d.accept());
  await anna.getByRole("button", { name: "Отозвать" }).click();
  await anna.getByText("Прекращено").waitFor();
  await looked(anna, "/my/mandates", "my-mandates");
  await anna.getByRole("button", { name: "Показать код" }).click();
  const code = await anna.locator(".code-shown").innerText();
  assert.match(code, /^\d{8}$/);
  await accessible(anna);
  await picture(anna, "my-code-wide");

  const operator = await somebody("oleg@cabinet.example", "Олег Цой", "--post", "official", "--space", "kuzbass");
  await operator.goto("/people");
  await operator.getByLabel("Код", { exact: true }).fill("12 34 56 78");
  await operator.getByRole("button", { name: "Действовать от имени" }).click();
  await errors(operator).waitFor();
  await operator.getByLabel("Код", { exact: true }).fill(code);
  await operator.getByRole("button", { name: "Действовать от имени" }).click();
  await operator.waitForURL(/\/my$/);
  assert.match(await text(operator), /Анна Ли/);
  assert.match(await operator.locator(".who").innerText(), /Олег Цой[\s\S]*действует за: Анна Ли/);
  await accessible(operator);
  await picture(operator, "acting-wide");
  await operator.goto("/account");
  await operator.getByLabel("В своих личных делах").check();
  await operator.getByRole("button", { name: "Действовать так" }).click();
  await operator.waitForURL(/\/account$/);
  assert.doesNotMatch(await operator.locator(".who").innerText(), /действует за/);
  await anna.goto("/my/accesses");
  assert.match(await text(anna), /Действие от имени лица[\s\S]*Оператор, в присутствии лица/);
  await anna.goto("/my/mandates");
  assert.match(await text(anna), /oleg@cabinet\.example/);
  await looked(anna, "/my", "my");
});

/** The part of a page where a form stands, wide and on a telephone. */
async function form(page, field, name) {
  const shot = async (end) => {
    await page.getByLabel(field, { exact: true }).first().scrollIntoViewIfNeeded();
    await picture(page, `${name}-${end}`);
  };
  await accessible(page);
  await shot("wide");
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
  await shot("phone");
  await page.setViewportSize({ width: 1280, height: 900 });
}

test("forms with a file, and the one that appoints who acts, are looked at", async () => {
  const keeper = await somebody("roman@cabinet.example", "Роман Ким", "--post", "administrator", "--space", "kuzbass");
  await keeper.goto("/people");
  await form(keeper, "Скан документа", "people-mandate-form");
  await keeper.goto("/my/mandates");
  await form(keeper, "Скан документа", "my-mandate-form");
  await keeper.goto("/bodies/acting?post=urn:svod:post:kuzbass:administrator");
  await accessible(keeper);
  await picture(keeper, "bodies-acting-wide");
  await keeper.setViewportSize({ width: 390, height: 844 });
  await fits(keeper);
  await picture(keeper, "bodies-acting-phone");
});
