// The first look: `scripts/demo-cases` lives in the demonstration as people would; afterwards each service tells how it goes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { open } from "../harness/house.mjs";
import { looked, sound, text } from "../harness/services.mjs";

const house = open();
const SCRIPT = fileURLToPath(new URL("../../scripts/demo-cases", import.meta.url));
const PLAYED_MS = 900_000;
/** Of each pack the service that the script brings to its end often enough to be told about. */
const SERVICES = ["birth/birth", "road-accident/road-accident", "building-permit/house-notice", "company/company", "moving/moving"];
/** Of fewer nothing is told. */
const TOLD = 5;

test("families, cars, building sites, companies and moves: the script plays them all", async () => {
  const player = spawn(SCRIPT, [house.platform.http], { stdio: ["ignore", "pipe", "pipe"], timeout: PLAYED_MS });
  let said = "";
  for (const stream of [player.stdout, player.stderr]) stream.on("data", (piece) => (said += piece));
  const [code] = await once(player, "exit");
  console.log(said.trim());
  assert.equal(code, 0, said);
  for (const play of ["birth", "road-accident", "building-permit", "company", "moving"]) assert.match(said, new RegExp(`^demo-cases: ${play}: ok`, "m"));
});

/** What a service's page tells, by the words beside it. */
const figures = (page) =>
  page.locator('section[aria-labelledby="figures"] dl.stats > div').evaluateAll((all) => Object.fromEntries(all.map((one) => [one.querySelector("dt").innerText.trim(), one.querySelector("dd").innerText.trim()])));

for (const service of SERVICES) {
  test(`${service} tells how it goes, and on which page of its form people stop`, async () => {
    const page = await house.visit(`/services/${service}`);
    const told = await figures(page);
    const counted = (words) => Number(told[words].replace(/\D/g, ""));
    assert.ok(counted("Начато") >= TOLD && counted("Завершено") >= TOLD, JSON.stringify(told));
    for (const share of ["Решено без человека", "В срок"]) assert.match(told[share], /^\d+\s%$/, share);
    for (const time of ["Обычно длится", "От решения до исполнения, обычно"]) assert.match(told[time], /^\d/, time);
    assert.match(told["Оценка заявителей, из 5"], /^[1-5](,\d)?$/);
    const rows = await page.locator('section[aria-labelledby="reach"] tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
    assert.ok(rows.length >= 2, "a page and the check of the answers");
    for (const row of [rows[0], rows.at(-1)]) {
      assert.ok(Number(row[1]) >= TOLD, `${row}`);
      assert.match(row[3], /^\d+\s%/, `${row}`);
    }
    assert.ok(Number(rows.at(-1)[1]) <= Number(rows[0][1]), "nobody comes to the end who was not at the beginning");
    await looked(page, `demo-${service.split("/")[0]}`);
    for (const lang of ["kk", "en"]) {
      await page.goto(`/services/${service}?lang=${lang}`);
      await sound(page);
    }
  });
}

test("those who asked see their cases, officials their work, heads how it goes", async () => {
  for (const persona of ["mother", "driver-one", "builder", "company-founder", "new-resident"]) {
    const page = await house.visit("/services", { as: persona, phone: true });
    assert.match(await text(page), /Мои дела/, persona);
    await sound(page);
  }
  for (const [persona, words] of [["registrar", /имя|возражение/i], ["building-architect", /Проверить проект/], ["official-migration", /Проверить право на жильё/]]) {
    const page = await house.visit("/tasks", { as: persona });
    assert.match(await text(page), words, persona);
    await sound(page);
  }
  await looked(await house.visit("/tasks/workload", { as: "governor" }), "demo-workload");
});
