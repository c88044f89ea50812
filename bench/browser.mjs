// From publishing to the painted map in a real browser. Called by bench/browser:
//   node bench/browser.mjs HTTP MQTT TOKEN SVOD_BENCH RATE SECONDS
// Each reading carries the moment it was sent; the page's own stream tells when it was received, the next but one
// animation frame when it was painted (by software where there is no graphics card). One clock: everything runs on this machine.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const require = createRequire(new URL("../e2e/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const [http, mqtt, token, bench, rate, seconds] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
await context.addCookies([{ name: "svod_session", value: token, url: `http://${http}` }]);
await context.addInitScript(() => {
  globalThis.ages = { received: [], painted: [] };
  const listen = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (kind, handler, ...rest) {
    if (kind !== "update") return listen.call(this, kind, handler, ...rest);
    return listen.call(
      this,
      kind,
      (event) => {
        handler.call(this, event);
        const now = Date.now();
        const sent = (JSON.parse(event.data).entities ?? []).map((e) => e.t).filter(Boolean);
        const age = (since) => sent.map((t) => since - t);
        globalThis.ages.received.push(...age(now));
        requestAnimationFrame(() => requestAnimationFrame(() => globalThis.ages.painted.push(...age(Date.now()))));
      },
      ...rest,
    );
  };
});
const page = await context.newPage();
await page.goto(`http://${http}/?space=kuzbass`);
await page.waitForSelector("canvas");
await page.waitForTimeout(2000);
await page.evaluate(() => (globalThis.ages = { received: [], painted: [] }));

const load = spawn(bench, ["map", "--http", http, "--mqtt", mqtt, "--token", token, "--device-token", token, "--rate", rate, "--seconds", seconds], {
  stdio: ["ignore", "pipe", "inherit"],
});
let told = "";
load.stdout.on("data", (part) => (told += part));
await new Promise((resolve, reject) => load.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`svod-bench map: ${code}`)))));
const found = await page.evaluate(() => globalThis.ages);
await browser.close();
for (const [what, ages] of Object.entries(found)) {
  if (ages.length < 100) throw new Error(`only ${ages.length} readings were ${what}`);
  ages.sort((a, b) => a - b);
  const at = (share) => ages[Math.min(ages.length - 1, Math.floor(ages.length * share))];
  const latency = { p50: at(0.5), p99: at(0.99), max: ages.at(-1) };
  console.log(JSON.stringify({ workload: `publish to ${what} in Chromium, ${rate} readings/s`, readings: ages.length, latency }));
}
console.log(told.trim());
