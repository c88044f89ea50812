// The administrator in the designer: a process drawn, played, checked, compared and published; decisions and forms in their editors.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { open } from "../harness/house.mjs";
import { follow } from "../harness/pages.mjs";

const house = open();
const DESIGN = "/packs/kuzbass/design";
const at = (path) => `${DESIGN}/file?path=${encodeURIComponent(path)}`;
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
