// Pictures of the documents: docs/pictures/*.png from the running demo. By hand: `npm run pictures` in e2e/.
import { mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Browser } from "./harness/browser.mjs";
import { signIn } from "./harness/house.mjs";
import { act, live, openTask, pins, result, timeline } from "./harness/pages.mjs";
import { Platform } from "./harness/platform.mjs";

const folder = fileURLToPath(new URL("../docs/pictures/", import.meta.url));
const MOST_BYTES = 250_000;
/** The simulation is seeded: the first alert comes within this time, and stays for some minutes. */
const ALERT_MS = 300_000;
/** Until the ploughs have drawn traces worth seeing. */
const TRACES_MS = 100_000;

async function shot(page, name, options = {}) {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${folder}${name}.png`, animations: "disabled", ...options });
  const { size } = await stat(`${folder}${name}.png`);
  if (size > MOST_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${MOST_BYTES}`);
  console.log(`docs/pictures/${name}.png: ${Math.ceil(size / 1000)} kB`);
}

await mkdir(folder, { recursive: true });
const platform = await Platform.start({ simulation: true });
// Faults of devices are part of the simulation, and the log says them.
platform.allow(/./);
const browser = await Browser.start();
try {
  const map = await browser.person(platform.http);
  await map.setViewportSize({ width: 1280, height: 800 });
  const phone = await browser.person(platform.http, { phone: true });
  for (const page of [map, phone]) {
    await page.goto("/?space=kuzbass%2Fnovokuznetsk");
    await live(page);
  }
  await pins(map).first().waitFor({ timeout: ALERT_MS });
  await map.waitForTimeout(TRACES_MS);
  // Nearer to the middle of the city, where the stations are.
  await map.getByRole("button", { name: "Приблизить", exact: true }).click();
  await map.evaluate(() => document.activeElement.blur());
  await map.waitForTimeout(3_000);
  await shot(map, "map");
  await shot(phone, "phone");

  const official = await browser.person(platform.http);
  await official.setViewportSize({ width: 1280, height: 800 });
  await signIn(official, "official-municipal");
  await openTask(official);
  await shot(official, "task");
  await act(official, "take").click();
  await result(official).fill("Предприятие предупреждено, выброс прекращён");
  await act(official, "complete").click();
  await act(official, "complete").waitFor({ state: "detached" });
  await official.goto(await official.locator('main a[href^="/cases/"]').first().getAttribute("href"));
  await timeline(official).first().waitFor();
  await official.setViewportSize({ width: 1280, height: 1400 });
  await shot(official, "case");
} finally {
  await Promise.allSettled([browser.stop(), platform.stop()]);
}
