// A case from all its sides: what stands still is put right, a fee is paid, both sides write, a decision is rated and objected to; and
// the list of work by keyboard.
import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { OTHER, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { errors, tasks } from "../harness/pages.mjs";
import { decide, looked, next, says, send, takeTask, text } from "../harness/services.mjs";

const house = open({ args: ["--pack", fileURLToPath(new URL("../packs/trial", import.meta.url))] });
const WHY = "Для банка, где я живу с сестрой";
const QUESTION = "Когда будет готова справка?";
const ANSWER = "Завтра к полудню";

/** Where the case of the journey is; the first test begins it. */
let place;
/** The applicant, on the phone. */
let mother;

/** What is refused on purpose. */
const refusals = () => {
  house.browser.allow(/^422 POST /);
  house.browser.allow(/console: Failed to load resource: .* 422/);
};

test("what stands still is found by the administrator and tried again", async () => {
  house.platform.allow(/a case stands still/);
  mother = await house.visit("/services/trial/certificate/form", { as: "mother", phone: true });
  await mother.getByLabel("Зачем нужна справка").fill(WHY);
  await mother.getByRole("radio", { name: "Путём, которого процесс не знает" }).check();
  await looked(mother, "case-form");
  await next(mother);
  await mother.waitForURL(/page=check/);
  await send(mother);
  place = new URL(mother.url()).pathname;
  await looked(mother, "case-stuck");

  const keeper = await house.visit("/operations/cases", { as: "administrator" });
  await says(keeper, /Ни один путь дальше не подходит/);
  await looked(keeper, "incidents");
  await keeper.getByRole("link", { name: /Справка|Каким путём|Открыть/ }).first().click();
  await keeper.waitForURL(/\/operations\/cases\/.+/);
  assert.doesNotMatch(await text(keeper), new RegExp(WHY), "what people wrote is not shown");
  await looked(keeper, "incident");
  await keeper.getByRole("link", { name: /^Повторить/ }).first().click();
  await keeper.waitForURL(/\/retry/);
  refusals();
  await keeper.getByRole("button", { name: /^Повторить/ }).click();
  await errors(keeper).waitFor();
  await looked(keeper, "incident-retry");
  await keeper.locator('textarea[name="variables"]').fill('{"way": "paid"}');
  await keeper.locator('input[name="reason"]').fill("Ошибка в форме: путь назван неверно");
  await keeper.getByRole("button", { name: /^Повторить/ }).click();
  await keeper.waitForURL(/done=retry/);
  await looked(keeper, "incident-done");
  await says(mother, /Ожидается оплата/);
});

test("a fee is paid on the sandbox's page", async () => {
  await mother.goto(place);
  await looked(mother, "case-fee");
  await mother.getByRole("button", { name: "Оплатить" }).click();
  await mother.waitForURL(/\/sandbox\/payments\//);
  assert.match(await text(mother), /деньги не движутся[\s\S]*Плата за справку[\s\S]*350,00/);
  await looked(mother, "payment-sandbox");
  await mother.getByRole("button", { name: "Оплачен" }).click();
  await mother.waitForURL(/\/my\/payments\//);
  assert.match(await text(mother), /Квитанция[\s\S]*350,00/);
  await looked(mother, "payment-receipt");
  await mother.goto(place);
  await says(mother, /Проверить заявление[\s\S]*Оплачено/);
});

test("both sides write, and what was written is closed to the official before the task is taken", async () => {
  await mother.goto(place);
  await mother.getByLabel("Сообщение").fill(QUESTION);
  await mother.getByRole("button", { name: "Отправить", exact: true }).click();
  await mother.waitForURL(/done=message/);
  assert.match(await text(mother), new RegExp(`Вы · [\\s\\S]*не прочитано[\\s\\S]*${QUESTION.replace("?", "\\?")}`));

  const official = await house.visit(place, { as: "official-migration" });
  assert.match(await text(official), /Личные данные закрыты/);
  for (const words of [WHY, QUESTION]) assert.doesNotMatch(await text(official), new RegExp(words.replace("?", "\\?")), "before the task is taken");
  await looked(official, "case-locked");
  const before = await takeTask(official, /Проверить заявление/);
  assert.doesNotMatch(before, new RegExp(WHY));
  assert.match(await text(official), new RegExp(WHY));
  await looked(official, "case-task");
  await official.goto(place);
  assert.match(await text(official), /Когда будет готова справка/);
  await official.getByLabel("Сообщение").fill(ANSWER);
  await official.getByRole("button", { name: "Отправить", exact: true }).click();
  await official.waitForURL(/done=message/);
  await looked(official, "case-messages");

  await mother.goto("/services");
  assert.match(await text(mother), /новых: 1/);
  await mother.goto(place);
  assert.match(await text(mother), new RegExp(`новых: 1[\\s\\S]*прочитано[\\s\\S]*${ANSWER}`));
  await looked(mother, "case-answered");
  await mother.goto("/services");
  assert.doesNotMatch(await text(mother), /новых/);
  await official.reload();
  assert.match(await text(official), new RegExp(`прочитано[\\s\\S]*${ANSWER}`));
});

test("a decision is rated once and objected to within its time", async () => {
  refusals();
  const official = await house.visit("/tasks?body=me", { as: "official-migration" });
  await official.getByRole("link", { name: /Проверить заявление/ }).first().click();
  await official.waitForURL(/\/tasks\/urn/);
  await decide(official, async (page) => page.getByRole("radio", { name: "Отказать" }).check());
  await mother.goto(place);
  await says(mother, /В справке отказано/);
  await mother.getByRole("button", { name: "Оценить" }).click();
  await errors(mother).waitFor();
  await looked(mother, "case-rate-error");
  await mother.getByRole("radio", { name: "4 – хорошо" }).check();
  await mother.getByRole("button", { name: "Оценить" }).click();
  await mother.waitForURL(/done=rate/);
  assert.equal(await mother.getByRole("button", { name: "Оценить" }).count(), 0, "once");
  assert.match(await text(mother), /Возразить можно до/);
  await mother.getByRole("link", { name: "Возразить против решения" }).click();
  await mother.waitForURL(/\/object\//);
  await mother.getByLabel("С чем вы не согласны").fill("Все сведения есть в реестре");
  await looked(mother, "case-objection-form");
  await next(mother);
  await mother.waitForURL(/page=check/);
  await send(mother, /done=object/);
  await looked(mother, "case-objection");
  await mother.goto(place);
  assert.match(await text(mother), /Возражение/);
  assert.equal(await mother.getByRole("link", { name: "Возразить против решения" }).count(), 0, "once");
  await looked(mother, "case-objected");
});

test("the list of work by keyboard: views, answers, many tasks at once, workload", async () => {
  await breathe(house.platform, 2);
  await breathe(house.platform, 3, OTHER);
  const page = await house.visit("/tasks", { as: "official-municipal" });
  // Stations that say nothing have tasks of their own.
  const list = "/tasks?kind=air-pollution";
  await eventually("two tasks", async () => {
    await page.goto(list);
    return (await tasks(page).count()) === 2;
  }, 30_000);
  await page.locator("summary", { hasText: "Подборки и шаблоны ответов" }).click();
  await page.getByLabel("Название подборки").fill("Воздух");
  await looked(page, "work-keeping");
  await page.getByLabel("Название подборки").press("Enter");
  await page.getByText("Подборка сохранена").waitFor();
  await page.locator("summary", { hasText: "Подборки и шаблоны ответов" }).click();
  await page.getByLabel("Название шаблона").fill("Выброс");
  await page.getByLabel("Текст ответа").fill("Предприятие предупреждено, выброс прекращён");
  await page.getByRole("button", { name: "Сохранить шаблон" }).press("Enter");
  await page.getByText("Шаблон сохранён").waitFor();
  assert.match(await page.getByRole("navigation", { name: "Мои подборки" }).innerText(), /Воздух\s*2/);

  /** Everything by keys: from the first box on with Tab, chosen with Space, done with Enter. */
  const many = async (act, words) => {
    await page.goto(list);
    const boxes = page.getByRole("checkbox", { name: /^Выбрать/ });
    assert.equal(await boxes.count(), 2);
    await boxes.first().focus();
    for (let done = 0; done < 2; ) {
      const [box, on] = await page.evaluate(() => [document.activeElement.name === "task", document.activeElement.checked]);
      if (box && !on) {
        await page.keyboard.press("Space");
        done += 1;
      }
      await page.keyboard.press("Tab");
    }
    if (words) await page.getByLabel("Шаблон ответа").selectOption({ label: words });
    await page.getByRole("button", { name: act, exact: true }).focus();
    await looked(page, `work-${words ? "complete" : "take"}`);
    await page.keyboard.press("Enter");
    await page.getByText("Сделано: 2 из 2").waitFor();
  };
  await many("Взять");
  await looked(page, "work-done");
  await many("Исполнить", "Выброс");
  await page.getByRole("link", { name: "К списку" }).press("Enter");
  await page.waitForURL(/\/tasks\?/);
  assert.equal(await tasks(page).count(), 0);

  const keeper = await house.visit("/tasks/workload", { as: "governor" });
  assert.match(await text(keeper), /Специалист комитета экологии Новокузнецка/);
  await looked(keeper, "workload");
});
