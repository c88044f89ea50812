import { Browser } from "./harness/browser.mjs";
import { accessible } from "./harness/axe.mjs";
import { signIn } from "./harness/house.mjs";
const base = "http://127.0.0.1:28080";
const only = process.argv.slice(2);
const b = await Browser.start();
const list = JSON.parse(process.env.LIST ?? "null") ?? [["admin","administrator","/packs"],["pack","administrator","/packs/kuzbass"],["file","administrator","/packs/kuzbass/files/decisions/air-quality.dmn"],["quar","administrator","/quarantine"],["session",null,"/session"],["entity",null,"/entities/urn:svod:station:42010102"],["entities",null,"/entities?space=kuzbass"],["journal","governor","/journal"],["tasks","official-municipal","/tasks"],["table",null,"/?view=table"],["map",null,"/"]];
for (const phone of [false, true]) {
  for (const dark of [false]) {
  const pages = new Map();
  for (const [name, as, path] of list) {
    if (only.length && !only.includes(name)) continue;
    let p = pages.get(as);
    if (!p) { p = await b.person(base, { phone }); if (as) await signIn(p, as); pages.set(as, p); if (dark) await p.emulateMedia({ colorScheme: "dark" }); }
    await p.goto(path, { waitUntil: "load" });
    await p.waitForTimeout(name === "map" ? 4000 : 600);
    try { await accessible(p); } catch (e) { console.log(name, phone, e.message); }
    const w = await p.evaluate(() => [document.documentElement.scrollWidth, innerWidth, document.documentElement.scrollHeight]);
    console.log(name, phone ? "phone" : "wide", w.join("/"));
    await p.screenshot({ path: `/tmp/shots/${name}-${phone ? "phone" : "wide"}.png`, fullPage: name !== "map", animations: "disabled", clip: undefined });
  }
  }
}
console.log([...new Set(b.complaints)].join("\n"));
await b.chromium.close();
