// The administrator: changes a threshold while the platform runs, mends a mapping and replays what was refused.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { alerts, errors, follow, live, object } from "../harness/pages.mjs";

const house = open();
const content = (page) => page.getByLabel("Содержание");
const publish = (page) => page.getByRole("button", { name: "Проверить и опубликовать" });

const attempt = (page) => page.locator('main form[action$="/try#tried"] button:not([formaction])');

/** What the station says in the list of a map. */
const says = (map, words) => object(map, words).waitFor();

test("a threshold edited in the browser works from its publication on; it can be rolled back", async () => {
  const map = await house.visit("/");
  await live(map);
  await breathe(house.platform, 0.5);
  await says(map, /0,51? нормы/);
  await map.waitForTimeout(500);
  assert.equal(await alerts(map).count(), 0, "half the norm raises nothing yet");

  const page = await house.visit("/packs", { as: "administrator" });
  await accessible(page);
  await picture(page, "packs-wide");
  await follow(page, page.locator('main a[href="/packs/kuzbass"]').first());
  const before = (await page.locator("main").innerText()).match(/\d+\.\d+\.\d+/)[0];
  await accessible(page);
  await follow(page, page.getByRole("link", { name: "decisions/air-quality.dmn" }));
  await accessible(page);
  const table = await content(page).inputValue();

  // A fault is shown with its file and line, and what was written is not lost.
  house.browser.allow(/^422 POST .*air-quality\.dmn/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  const wrong = table.replace("<text>&gt;= 1</text>", "<text>&gt;= ((</text>");
  assert.notEqual(wrong, table);
  const line = wrong.split("\n").findIndex((text) => text.includes("((")) + 1;
  await content(page).fill(wrong);
  await publish(page).click();
  await errors(page).waitFor();
  const fault = await errors(page).innerText();
  assert.ok(fault.includes("decisions/air-quality.dmn"), fault);
  const told = Number(fault.match(/(?:строка\s|:)(\d+)/)?.[1]);
  assert.ok(Math.abs(told - line) <= 1, `line ${line} in: ${fault}`);
  assert.equal(await content(page).inputValue(), wrong);
  await accessible(page);
  await picture(page, "pack-fault");

  await content(page).fill(table.replace("<text>&gt;= 1</text>", "<text>&gt;= 0.4</text>"));
  await publish(page).click();
  await page.waitForURL(/done=published/);
  await accessible(page);
  await picture(page, "pack-wide");
  await breathe(house.platform, 0.6);
  await alerts(map).waitFor();

  page.on("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: new RegExp(`${before.replaceAll(".", "\\.")}$`) }).click();
  await page.waitForURL(/done=rolled-back/);
  await accessible(page);
  await breathe(house.platform, 0.3);
  await alerts(map).waitFor({ state: "detached" });
  await breathe(house.platform, 0.7);
  await says(map, /0,7\d? нормы/);
  await map.waitForTimeout(500);
  assert.equal(await alerts(map).count(), 0, "the old threshold is in force again");
});

const MENDED = `{
  at: .ts,
  simulated: .simulated,
  values: (if .PM10 then {pm10: .PM10} else {} end)
}`;

test("a refused reading waits with its reason, and is stored once the mapping is mended", async () => {
  const ts = new Date().toISOString();
  await house.platform.publish(`air/${STATION.id}/up`, { ts, PM10: 0.021 });
  const page = await house.visit("/quarantine", { as: "administrator" });
  const refused = page.locator('main a[href^="/quarantine/"]');
  await eventually("it is in quarantine", async () => {
    await page.goto("/quarantine");
    return (await refused.count()) >= 1;
  });
  await accessible(page);
  await picture(page, "quarantine-wide");
  await follow(page, refused.first());
  // What is in it is shown to who says what for.
  assert.equal(await page.locator("main pre").count(), 0);
  await accessible(page);
  await page.locator("#field-purpose").fill("Датчик заменили, ищем причину");
  await page.locator('form[action="/quarantine/look"] button').click();
  await page.waitForURL(/#payload$/);
  assert.match(await page.locator("main pre").innerText(), /PM10/);
  await accessible(page);

  const mapping = page.locator("#field-mapping");
  house.browser.allow(/^422 POST .*\/quarantine\/\d+\/try/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  await mapping.fill("{at: .ts, values: {pm10: .PM10");
  await attempt(page).click();
  await errors(page).waitFor();
  await accessible(page);

  await mapping.fill(MENDED);
  await attempt(page).click();
  const preview = page.locator("main table tr", { hasText: STATION.name });
  await preview.waitFor();
  assert.match(await preview.innerText(), /PM10.*0,021/s);
  await accessible(page);
  await picture(page, "quarantine-try");

  const bearer = await house.platform.token("administrator");
  const points = async () => (await house.platform.call("GET", `/api/v1/entities/${STATION.urn}/history?attribute=pm10`, undefined, bearer)).points.length;
  assert.equal(await points(), 0, "trying stores nothing");
  await page.locator('main button[formaction$="/correct"]').click();
  await page.waitForURL(/done=corrected/);
  await accessible(page);
  await eventually("the reading is on the station", async () => (await points()) === 1);
  assert.equal(await refused.count(), 0, "nothing is held any more");
});
