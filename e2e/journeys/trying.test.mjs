// A pack in the designer from a change to the version that is in force for all: its situations played, its archive out and in, a
// version tried on a share of new cases, compared, given to more, brought into force.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { looked, next, send, text } from "../harness/services.mjs";

const house = open();
const DESIGN = "/packs/moving/design";
const at = (path, pack = "moving") => `/packs/${pack}/design/file?path=${encodeURIComponent(path)}`;
const SITUATIONS = "tests/moving.yaml";
const PLAYED_MS = 300_000;

/** What is refused on purpose. */
const refusals = () => {
  house.browser.allow(/^422 POST .*\/(design|form|candidate)/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
};

/** The administrator, who says yes to what is asked. */
async function keeper(path) {
  const page = await house.visit(path, { as: "administrator" });
  page.on("dialog", (dialog) => dialog.accept());
  return page;
}

/** Changes a file of the working copy in its text, as it is without an editor. */
async function changed(page, path, from, to) {
  await page.goto(at(path));
  if (path.endsWith(".bpmn")) await page.getByRole("button", { name: "Текст", exact: true }).click();
  const area = page.locator("textarea[name=content]");
  const before = await area.inputValue();
  assert.ok(before.includes(from), `${from} in ${path}`);
  await area.fill(before.replace(from, to));
  await Promise.all([page.waitForURL(/done=saved/), page.locator('button[name="act"][value="save"]').click()]);
}

test("situations are played beside what the platform does; what failed stands first and leads to its file", async () => {
  const page = await keeper(DESIGN);
  await page.getByRole("link", { name: "Проверочные ситуации" }).click();
  await page.getByText("Ситуации ещё не прогонялись").waitFor();
  await looked(page, "trying-situations-never");
  const play = () => page.getByRole("button", { name: "Прогнать проверочные ситуации" }).click();
  await play();
  await page.getByText(/Готовимся|Идёт прогон|Все ситуации прошли/).waitFor();
  await looked(page, "trying-situations-run");
  await page.getByText(/Все ситуации прошли: \d+/).waitFor({ timeout: PLAYED_MS });
  await looked(page, "trying-situations-passed");

  await changed(page, SITUATIONS, "result: register}", "result: refuse}");
  await page.goto(`${DESIGN}/tests`);
  await page.getByText("Рабочая копия с тех пор изменилась").waitFor();
  await play();
  await page.getByText(/Не прошли 1 из \d+/).waitFor({ timeout: PLAYED_MS });
  const first = page.locator("tbody tr").first();
  assert.match(await first.innerText(), /Who owns the home[\s\S]*не прошла/);
  await looked(page, "trying-situations-failed");
  await first.getByRole("link", { name: SITUATIONS }).click();
  await page.waitForURL(/file\?path=tests/);
  await page.getByRole("button", { name: "Вернуть опубликованное" }).click();
  await page.waitForURL(/done=undone/);
});

test("a pack goes out as an archive and comes in again; what is none is refused", async () => {
  refusals();
  const page = await keeper(DESIGN);
  const out = page.waitForEvent("download");
  await page.getByRole("link", { name: "Скачать архивом" }).click();
  const saved = await out;
  assert.match(saved.suggestedFilename(), /^moving-\d+\.\d+\.\d+\.zip$/);
  const archive = await saved.path();

  await page.getByLabel("Путь", { exact: true }).fill("forms/new.form.json");
  await page.getByRole("button", { name: "Создать файл" }).click();
  await page.waitForURL(/file\?path=forms/);
  await page.goto(DESIGN);
  const choose = page.getByLabel("Архив zip");
  await choose.setInputFiles({ name: "x.zip", mimeType: "application/zip", buffer: Buffer.from("no archive") });
  await page.getByRole("button", { name: "Заменить файлы" }).click();
  await errors(page).waitFor();
  assert.match(await errors(page).innerText(), /broken/);
  await looked(page, "trying-archive-refused");
  await choose.setInputFiles(archive);
  await page.getByRole("button", { name: "Заменить файлы" }).click();
  await page.waitForURL(/done=taken/);
  await page.goto(`${DESIGN}/compare`);
  await page.getByText("Отличий нет.").waitFor();
});

test("a version is tried on some, compared with the one in force, given to more and brought into force", async () => {
  refusals();
  const page = await keeper(DESIGN);
  await changed(page, "processes/moving.bpmn", 'svod:deadline="P2D"', 'svod:deadline="P1D"');
  await page.goto(`${DESIGN}/compare`);
  assert.match(await text(page), /userTask check/);
  await looked(page, "trying-compare");
  await page.goto(DESIGN);
  // Enter in a field of the trial publishes nothing: it is refused for want of a reason.
  await page.getByLabel("Сколько из ста новых заявителей").fill("50");
  await page.getByLabel("Сколько из ста новых заявителей").press("Enter");
  await errors(page).waitFor();
  assert.match(await errors(page).innerText(), /Напишите причину/);
  await looked(page, "trying-refused");
  await page.getByLabel("Причина").fill("Хватит ли одного дня");
  await page.getByRole("button", { name: "Попробовать" }).click();
  await page.waitForURL(/done=tried/);
  assert.match(await text(page), /Версия, которая пробуется[\s\S]*50 из ста/);
  await looked(page, "trying-tried");
  const anna = await house.visit("/services/moving/moving/form", { as: "new-resident" });
  await next(anna);
  await anna.waitForURL(/page=home/);
  await anna.getByLabel("Адрес").fill("Новокузнецк, ул. Кирова, 1, 2");
  await anna.getByLabel("С какого дня").fill("2026-01-10");
  await anna.getByRole("radio", { name: "Я собственник", exact: true }).check();
  await next(anna);
  await anna.waitForURL(/page=check/);
  await send(anna);
  await anna.goto("/services/moving/moving");
  assert.match(await text(anna), /Две версии услуги[\s\S]*в силе[\s\S]*пробуется: 50 из ста/);
  await looked(anna, "trying-service");

  await page.goto("/packs/moving");
  await page.getByLabel("Сколько из ста новых заявителей").fill("сто");
  await page.getByLabel("Причина").fill("Дадим всем в городе");
  await page.getByRole("button", { name: "Дать им" }).click();
  await errors(page).waitFor();
  await looked(page, "trying-give-refused");
  await page.getByLabel("Сколько из ста новых заявителей").fill("100");
  await page.getByLabel("Территория").selectOption({ label: "Новокузнецкий городской округ" });
  await page.getByRole("button", { name: "Дать им" }).click();
  await page.waitForURL(/done=tried/);
  assert.match(await text(page), /100 из ста новых заявителей, Новокузнецкий/);
  await page.getByLabel("Причина").fill("Одного дня хватает");
  await page.getByRole("button", { name: "Ввести в силу для всех" }).click();
  await page.waitForURL(/done=published/);
  await looked(page, "trying-promoted");
});

test("what has no drawing is laid out: several decisions, a process, a new one", async () => {
  const page = await keeper("/");
  const element = page.locator(".djs-container svg .djs-element").first();
  await page.goto(at("decisions/permit.dmn", "building-permit"));
  await element.waitFor();
  await looked(page, "trying-decisions-drawn");
  await page.goto(at("processes/house-notice.bpmn", "building-permit"));
  await element.waitFor();
  await looked(page, "trying-process-drawn");
  const before = await page.locator("textarea[name=content]").inputValue();
  await Promise.all([page.waitForURL(/done=saved/), page.locator('button[name="act"][value="save"]').click()]);
  assert.equal(await page.locator("textarea[name=content]").inputValue(), before, "a drawing made here changes nothing by itself");
  await page.goto("/packs/building-permit/design");
  await page.getByLabel("Путь", { exact: true }).fill("processes/new.bpmn");
  await page.getByRole("button", { name: "Создать файл" }).click();
  await page.waitForURL(/file\?path=processes/);
  await element.waitFor();
  await looked(page, "trying-process-new");
});
