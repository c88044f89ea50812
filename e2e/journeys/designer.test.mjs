// The administrator in the designer: a process drawn, played, checked, compared, published and rolled back; decisions and forms in
// their editors; tokens that move.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { OTHER, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { follow } from "../harness/pages.mjs";
import { looked, text } from "../harness/services.mjs";

const house = open();
const DESIGN = "/packs/kuzbass/design";
const at = (path, pack = "kuzbass") => `/packs/${pack}/design/file?path=${encodeURIComponent(path)}`;
const PLAYED_MS = 300_000;
const PROCESS = "processes/alert-response.bpmn";

const save = (page) => page.locator('button[name="act"][value="save"]');
const saved = (page) => page.waitForURL(/done=saved/);
const drawn = (page) => page.locator(".djs-container svg .djs-element").first().waitFor();

test("a process is changed in its drawing, played and published", async () => {
  const page = await house.visit("/packs/kuzbass", { as: "administrator" });
  await follow(page, page.locator(`main a[href="${DESIGN}"]`));
  await accessible(page);
  await page.goto(at(PROCESS));
  await drawn(page);
  await accessible(page);
  await picture(page, "design-process");
  // The mark of bpmn.io is seen: its licence asks for that.
  assert.ok(await page.locator(".bjs-powered-by").isVisible());

  await page.locator("#design-element").selectOption("respond");
  const name = page.locator(".design-panel").getByLabel("Название", { exact: true });
  await name.fill("Принять меры на месте");
  await name.press("Tab");
  await page.getByRole("button", { name: "Прогон по шагам" }).click();
  await page.getByRole("button", { name: "Начать" }).click();
  await page.locator(".design-steps li", { hasText: "Принять меры на месте" }).first().waitFor();
  await page.getByRole("button", { name: "Выполнено" }).click();
  await page.getByText("Процесс закончен: выполнен").waitFor();
  await accessible(page);
  await picture(page, "design-simulation");
  await Promise.all([saved(page), save(page).click()]);

  await page.goto(`${DESIGN}/compare`);
  assert.match(await page.locator("main").innerText(), /userTask respond/);
  await accessible(page);
  await page.goto(`${DESIGN}?check=1`);
  await page.getByText("Ошибок нет").waitFor();
  await accessible(page);
  await picture(page, "design-tree");
  await page.getByRole("button", { name: "Опубликовать", exact: true }).click();
  await page.waitForURL(/done=published/);
  assert.match(await page.locator("main").innerText(), /processes\/alert-response\.bpmn/);
});

test("decisions have their editor, and what is not changed is sent as it was", async () => {
  const page = await house.visit("/", { as: "administrator" });
  await page.goto(at("decisions/air-quality.dmn"));
  const before = await page.locator("textarea[name=content]").inputValue();
  await page.locator(".dmn-decision-table-container, .djs-container").first().waitFor();
  await accessible(page);
  await picture(page, "design-decision");
  await Promise.all([saved(page), save(page).click()]);
  assert.equal(await page.locator("textarea[name=content]").inputValue(), before);
  await page.goto(`${DESIGN}/compare`);
  await page.getByText("Отличий нет.").waitFor();
});

test("on a phone and without JavaScript the text is edited", async () => {
  const phone = await house.visit("/", { as: "administrator", phone: true });
  await phone.goto(at(PROCESS));
  await drawn(phone);
  await fits(phone);
  await picture(phone, "design-phone");

  const page = await house.visit("/", { as: "administrator", javaScript: false });
  await page.goto(at("layers/weather.yaml"));
  const text = await page.locator("textarea").inputValue();
  await page.locator("textarea").fill(`${text}colour: red\n`);
  await Promise.all([saved(page), save(page).click()]);
  await page.goto(`${DESIGN}?check=1`);
  await follow(page, page.locator(".faults a").first());
  assert.match(page.url(), /layers%2Fweather\.yaml&line=\d+/);
  await page.locator('button[name="act"][value="undo"]').click();
  await page.waitForURL(/done=undone/);
});

test("a form is changed in its editor, and compared with the published one", async () => {
  const page = await house.visit("/", { as: "administrator" });
  await page.goto(at("forms/company.form.json", "company"));
  await page.locator(".fjs-editor-container").waitFor();
  const field = page.locator(".fjs-element", { hasText: "@company-own-name" }).last();
  await field.click();
  await page.locator('.fjs-properties-container [data-group-id="group-general"] .bio-properties-panel-group-header').click();
  const label = page.locator('.fjs-properties-container [data-entry-id="label"]').locator('[contenteditable="true"], textarea, input').first();
  assert.match(await label.innerText(), /@company-own-name/);
  await label.click();
  await label.press("Control+a");
  await label.pressSequentially("Как назовёте компанию");
  await page.getByText("Есть несохранённые изменения.").waitFor();
  await page.locator(".fjs-element", { hasText: "Как назовёте компанию" }).last().waitFor();
  await looked(page, "design-form");
  await Promise.all([saved(page), save(page).click()]);
  const written = JSON.parse(await page.locator("textarea[name=content]").inputValue());
  const fields = written.components.flatMap((group) => group.components);
  assert.equal(fields.find((one) => one.key === "ownName").label, "Как назовёте компанию");
  assert.equal(fields.find((one) => one.key === "founderName").properties["svod.source"], "applicant.name", "what the editor does not know is kept");

  await page.goto("/packs/company/design/compare");
  const told = await text(page);
  assert.match(told, /forms\/company\.form\.json/);
  assert.match(told, /@company-own-name/);
  assert.match(told, /Как назовёте компанию/);
  await looked(page, "design-form-compare");
});

/** Counts the dots that move along flows, and where each of them was. */
const watched = (page) =>
  page.evaluate(() => {
    const seen = (window.dots = []);
    const now = new Map();
    new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.addedNodes) if (node.classList?.contains("sim-dot")) seen.push(now.set(node, new Set()).get(node));
        for (const node of change.removedNodes) now.delete(node);
        if (change.type === "attributes") now.get(change.target)?.add(`${change.target.getAttribute("cx")} ${change.target.getAttribute("cy")}`);
      }
    }).observe(document.querySelector(".djs-container"), { subtree: true, childList: true, attributeFilter: ["cx", "cy"] });
  });
/** In how many places each dot has been since then. */
const moved = (page) => page.evaluate(() => window.dots.splice(0).map((places) => places.size));

test("tokens go along the flows of a process with a gateway, a message and a timer", async () => {
  const page = await house.visit("/", { as: "administrator", motion: true });
  await page.goto(at("processes/company.bpmn", "company"));
  await drawn(page);
  await page.getByRole("button", { name: "Прогон по шагам" }).click();
  const act = (name) => page.getByRole("group", { name });
  const begin = act(/^Начало/);
  await begin.waitFor();
  await watched(page);
  const founder = { founderIs: "me", founderName: "Дроздов Илья", founderSnils: "17744455566", ownName: "Ромашка", address: "Новокузнецк", capital: 10_000 };
  await begin.getByLabel("Переменные, JSON").fill(JSON.stringify({ ...founder, mainActivity: "c62-01", headIs: "me", filing: "desk", applicant: { urn: "urn:t:1" } }));
  await begin.getByRole("button", { name: "Начать" }).click();
  await page.locator(".sim-dot").first().waitFor();
  await picture(page, "design-token");
  await act(/Начислить пошлину/).waitFor();
  // The overlay stands where the token has come to, and comes last.
  await page.locator(".design-token").waitFor();
  assert.equal(await page.locator(".sim-dot").count(), 0, "a dot ends with its way");
  let ways = await moved(page);
  assert.ok(ways.length >= 3 && ways.every((places) => places >= 3), `start, script, gateway, fee: ${ways}`);

  /** The answer of a system; the next one is asked for once the tokens stand. */
  const answered = async (name, variables = {}) => {
    const asked = act(name);
    await asked.getByLabel("Переменные, JSON").fill(JSON.stringify(variables));
    await asked.getByRole("button", { name: "Выполнено" }).click();
    await page.locator(".design-token").waitFor({ state: "detached" });
    await page.locator(".design-token").first().waitFor();
  };
  await answered(/Начислить пошлину/, { number: "7", accrual: "urn:t:2", accrualNumber: "7" });
  await answered(/Остановить срок/);
  await answered(/Сообщить о пошлине/);
  await act(/Ждёт сообщения: accrual-paid/).waitFor();
  assert.match(await act(/^Таймер/).innerText(), /Дождаться/);
  assert.ok((await moved(page)).length >= 3, "one way after each answer");
  await looked(page, "design-waits");
  await act(/^Таймер/).getByRole("button", { name: "Дождаться" }).click();
  await act(/Пустить срок, не оплачено/).waitFor();
  await page.locator(".design-token").first().waitFor();
  assert.equal((await moved(page)).length, 2, "to the timer and from it, and nowhere else");
  assert.match(await page.locator(".design-steps").innerText(), /Вошёл: Оплата или десять дней[\s\S]*Наступило время[\s\S]*Пустить срок, не оплачено/);

  // Who wants no motion sees the same places without the way there.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await act(/Пустить срок, не оплачено/).getByRole("button", { name: "Выполнено" }).click();
  await act(/Сколько уплачено/).waitFor();
  await page.locator(".design-token").first().waitFor();
  assert.deepEqual(await moved(page), []);
});

/** Deadlines of tasks about the air, the oldest first: days, or none. */
async function terms() {
  const { items } = await house.platform.call("POST", "/api/v1/query", { types: ["Task"] }, await house.platform.token("official-municipal"));
  const tasks = items.filter((task) => task.attributes.kind?.value === "air-pollution");
  return tasks.toSorted((a, b) => a.attributes.offeredAt.value.localeCompare(b.attributes.offeredAt.value)).map((task) => task.attributes.deadline?.value.slice(0, 10) ?? "none");
}

test("the pack's situations are played, the process is published, works, and is rolled back", async () => {
  const page = await house.visit(at(PROCESS), { as: "administrator" });
  page.on("dialog", (dialog) => dialog.accept());
  await drawn(page);
  await page.locator("#design-element").selectOption("respond");
  const field = page.locator(".design-panel").getByLabel(/^Срок \(deadline\)/);
  await field.fill("P3D");
  await field.press("Tab");
  await Promise.all([saved(page), save(page).click()]);
  await page.goto(`${DESIGN}/tests`);
  await page.getByRole("button", { name: "Прогнать проверочные ситуации" }).click();
  await page.getByText(/Все ситуации прошли: \d+/).waitFor({ timeout: PLAYED_MS });
  await page.goto("/packs/kuzbass");
  const before = (await text(page)).match(/\d+\.\d+\.\d+/)[0];
  await page.goto(DESIGN);
  await page.getByRole("button", { name: "Опубликовать", exact: true }).click();
  await page.waitForURL(/done=published/);
  await breathe(house.platform, 2);
  const begun = (count) => eventually(`${count} tasks`, async () => ((await terms()).length === count ? terms() : undefined));
  const [term] = await begun(1);
  assert.match(term, /^\d{4}-/, "the term is in force");

  await page.goto("/packs/kuzbass");
  await page.getByRole("button", { name: new RegExp(`^Вернуть ${before.replaceAll(".", "\\.")}`) }).click();
  await page.waitForURL(/done=rolled-back/);
  assert.match(await text(page), /Прежние файлы действуют как версия/);
  await looked(page, "pack-rolled-back");
  await breathe(house.platform, 2, OTHER);
  const [still, old] = await begun(2);
  assert.equal(still, term, "what was begun on the new process stays on it");
  assert.ok(old < term, `the old process gives less time: ${old}, ${term}`);
  await page.goto(at(PROCESS));
  assert.doesNotMatch(await page.locator("textarea[name=content]").inputValue(), /P3D/);
});
