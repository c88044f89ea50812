import { Browser } from "./harness/browser.mjs";
const b = await Browser.start();
const p = await b.person("http://127.0.0.1:28080", { phone: process.argv[2] === "phone" });
await p.setViewportSize(process.argv[2] === "phone" ? { width: 390, height: 844 } : { width: 1280, height: 800 });
await p.goto("/");
await p.locator('.stream[data-state="live"]').waitFor();
await p.waitForTimeout(4000);
await p.screenshot({ path: "/tmp/shots/m1.png" });
// zoom to Novokuznetsk
await p.locator(".map-card-close").click().catch(() => {}); const box = await p.locator(".map-canvas canvas").boundingBox();
for (let i = 0; i < 3; i++) { await p.mouse.dblclick(+(process.argv[3] ?? 843), +(process.argv[4] ?? 600)); await p.waitForTimeout(700); }
await p.waitForTimeout(Number(process.argv[5] ?? 12000));
await p.screenshot({ path: "/tmp/shots/m2.png" });
console.log(b.complaints, JSON.stringify(box));
await b.chromium.close();
