// A receipt (E3): the browser counts for itself, whatever the server says; a changed letter, another place and another key are found.
import assert from "node:assert/strict";
import test from "node:test";
import { breathe } from "../harness/field.mjs";
import { eventually, open } from "../harness/house.mjs";
import { errors, follow, timeline } from "../harness/pages.mjs";
import { looked } from "../harness/services.mjs";

const house = open();
const GOOD = /Ваш браузер проверил квитанцию сам/;

/** What the browser itself has found, when it has. */
const checked = (page) => {
  const status = page.locator("[data-receipt-checked]");
  return eventually("the browser has counted", async () => (await status.innerText()).trim());
};

/** The receipt with its extra data changed. */
const changed = (receipt, change) =>
  receipt.replace(/^extra (\S+)$/m, (_, extra) => `extra ${Buffer.from(change(Buffer.from(extra, "base64").toString())).toString("base64")}`);

test("a receipt is verified by the browser, and a changed one refused", async () => {
  await breathe(house.platform, 6);
  const page = await house.visit("/journal", { as: "governor" });
  await timeline(page).first().waitFor();
  await follow(page, page.locator('main a[href^="/receipt?"]').last());
  assert.match(await page.locator("h1").innerText(), /Квитанция/);
  const good = await checked(page);
  assert.match(good, GOOD);
  await looked(page, "receipt");
  const whole = await page.locator('textarea[name="receipt"]').inputValue();
  assert.match(whole, /^c2sp\.org\/tlog-proof@v1\n/);

  // Handed over as text, on a phone, by somebody without an account.
  const other = await house.visit("/receipt", { phone: true });
  const verify = async (text) => {
    await other.locator('textarea[name="receipt"]').fill(text);
    await Promise.all([other.waitForLoadState("load"), other.getByRole("button", { name: "Проверить", exact: true }).click()]);
    return checked(other);
  };
  assert.equal(await verify(whole), good);
  await looked(other, "receipt-another");

  house.browser.allow(/^422 POST /);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  const lied = changed(whole, (extra) => extra.replace(/20\d\d-/, "1999-"));
  assert.notEqual(lied, whole);
  const bad = await verify(lied);
  assert.notEqual(bad, good);
  assert.match(bad, /не то, что в реестре/, "what it opens is not what stands in the log");
  await errors(other).waitFor();
  await looked(other, "receipt-changed");
});
