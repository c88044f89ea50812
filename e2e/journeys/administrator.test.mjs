// The administrator: changes a threshold while the platform runs, mends a mapping and replays what was refused.
import assert from "node:assert/strict";
import test from "node:test";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { accessible } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { STATION, breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { live, object } from "../harness/pages.mjs";
import { binary } from "../harness/platform.mjs";

const house = open();
const pack = fileURLToPath(new URL("../../packs/kuzbass", import.meta.url));

/** Publishes the region's pack with one change, as a person at the command line does. */
async function published(file, change) {
  const folder = await mkdtemp(join(tmpdir(), "svod-pack-"));
  try {
    await cp(pack, folder, { recursive: true });
    const manifest = await readFile(join(folder, "pack.yaml"), "utf8");
    await writeFile(join(folder, "pack.yaml"), manifest.replace(/^version: .*$/m, `version: 0.9.${Date.now() % 100000}`));
    const before = await readFile(join(folder, file), "utf8");
    const after = change(before);
    assert.notEqual(after, before, "the change changes nothing");
    await writeFile(join(folder, file), after);
    const token = await house.platform.token("administrator");
    await promisify(execFile)(binary, ["pack", "publish", folder, "--to", house.platform.http, "--token", token]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("a changed threshold works from its publication on, without a restart", async () => {
  const page = await house.visit("/");
  await live(page);
  const alert = page.locator(".object-list").getByRole("button", { name: /Загрязнение воздуха/ });
  await breathe(house.platform, 0.5);
  await object(page, STATION.name).waitFor();
  await page.waitForTimeout(500);
  assert.equal(await alert.count(), 0, "half the norm raises nothing yet");
  await published("decisions/air-quality.dmn", (text) => text.replace("<text>&gt;= 1</text>", "<text>&gt;= 0.4</text>"));
  await breathe(house.platform, 0.5, { seconds: 1 });
  await alert.first().waitFor();

  const packs = await house.visit("/packs", { as: "administrator" });
  assert.match(await packs.locator("main").innerText(), /0\.9\.\d+/, "the new version is shown");
  await accessible(packs);
  await picture(packs, "packs-wide");
  await packs.goto("/packs/kuzbass");
  await accessible(packs);
});

test("a refused reading waits with its reason, and is stored once the mapping is mended", async () => {
  const ts = new Date().toISOString();
  await house.platform.publish(`air/${STATION.id}/up`, { ts, PM10: 0.021 });
  const page = await house.visit("/quarantine", { as: "administrator" });
  const refused = page.locator('main a[href^="/quarantine/"]');
  await eventually("it is in quarantine", async () => {
    await page.reload();
    return (await refused.count()) >= 1;
  });
  await accessible(page);
  await picture(page, "quarantine-wide");
  await page.goto(await refused.first().getAttribute("href"));
  assert.match(await page.locator("main").innerText(), /PM10/);
  await accessible(page);

  await published("devices/air-post.yaml", (text) => text.replace("with_entries(select(", "with_entries(.key |= ascii_downcase | select("));
  await page.locator('main form[action$="/replay"]').getByRole("button").click();
  const bearer = await house.platform.token("administrator");
  await eventually("the reading is on the station", async () => {
    const entity = await house.platform.call("GET", `/api/v1/entities/${STATION.urn}/history?attribute=pm10`, undefined, bearer);
    return entity.points.length > 0;
  });
});
