// Money through a bank outside, which this journey plays: a sum that cannot be paid, the way out, more than was owed, given back by
// the body, the bank's file beside the books.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";
import { day, looked, next, says, send, text } from "../harness/services.mjs";

const SECRET = "a secret of this journey, which nobody else knows";
const [FEE, OVER] = [35_000, 10_000];

/** What the bank was asked for, by the payment: {what, reference, amount}. The same payment again is the same order. */
const orders = new Map();
const bank = createServer((request, answer) => {
  let body = "";
  request.on("data", (piece) => (body += piece)).on("end", () => {
    const { payment, amount } = JSON.parse(body);
    const what = request.url.slice(1);
    if (!orders.has(payment)) orders.set(payment, { what, amount, reference: `bank-${orders.size + 1}` });
    const said = { reference: orders.get(payment).reference, status: "pending", ...(what === "payments" && { redirect: `${base()}/pay` }) };
    answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  });
});
const base = () => `http://127.0.0.1:${bank.address().port}`;
await new Promise((resolve) => bank.listen(0, "127.0.0.1", resolve));
after(() => bank.close());

const folder = mkdtempSync(join(tmpdir(), "svod-bank-"));
writeFileSync(join(folder, "secret"), SECRET);
writeFileSync(
  join(folder, "svod.toml"),
  `[outbound]
hosts = ["127.0.0.1"]
private = true

[payments]
provider = "bank"

[[payments.providers]]
id = "bank"
url = "${base()}"
secret_file = "${join(folder, "secret")}"
`,
);
const house = open({ args: ["--config", join(folder, "svod.toml"), "--pack", fileURLToPath(new URL("../packs/trial", import.meta.url))] });

/** The bank says what became of a payment, signed. */
async function told(reference, amount, status = "done") {
  const body = JSON.stringify({ reference, status, amount, currency: "RUB" });
  const seconds = Math.floor(Date.now() / 1000);
  const signature = `t=${seconds},v1=${createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex")}`;
  const headers = { "content-type": "application/json", "svod-signature": signature };
  const answer = await fetch(`${house.platform.http}/api/v1/payments/bank/callback`, { method: "POST", headers, body });
  assert.equal(answer.status, 200, await answer.text());
}

const asked = (what) => [...orders.values()].find((order) => order.what === what);
let mother;
let official;

test("a sum that cannot be paid is told at its field, and the way out says where it leads", async () => {
  house.browser.allow(/^422 POST .*\/(pay|form)/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
  mother = await house.visit("/my/payments", { as: "mother", phone: true });
  await mother.getByText("Платить нечего").waitFor();
  await looked(mother, "payments-none");
  await mother.goto("/services/trial/certificate/form");
  await mother.getByLabel("Зачем нужна справка").fill("Для банка");
  await mother.getByRole("radio", { name: "За плату" }).check();
  await next(mother);
  await mother.waitForURL(/page=check/);
  await send(mother);
  await says(mother, /Ожидается оплата/);

  await mother.goto("/my/payments");
  assert.match(await text(mother), /К оплате[\s\S]*Плата за справку[\s\S]*350,00/);
  await looked(mother, "payments-owed");
  const amount = mother.getByLabel(/^Сумма/);
  await amount.fill("1000");
  await mother.getByRole("button", { name: "Оплатить" }).click();
  await errors(mother).waitFor();
  assert.match(await errors(mother).innerText(), /от 0,01\sRUB до 350,00\sRUB/);
  assert.equal(await amount.inputValue(), "1000", "what was typed stays");
  await errors(mother).getByRole("link").click();
  assert.equal(await mother.evaluate(() => document.activeElement.name), "amount", "the error leads to its field");
  await looked(mother, "payments-too-much");
  await amount.fill("350");
  await mother.getByRole("button", { name: "Оплатить" }).click();
  await mother.getByRole("link", { name: "Перейти к оплате" }).waitFor();
  assert.match(await text(mother), /Вы платите на сайте 127\.0\.0\.1/);
  await looked(mother, "payments-leave");
  assert.equal(asked("payments").amount, FEE);
});

test("what was paid over is seen by both sides, and the body gives it back", async () => {
  await told(asked("payments").reference, FEE + OVER);
  house.platform.allow(/notice fits nothing here/);
  await told("nobody-knows", 500);
  await mother.goto("/my/payments");
  assert.match(await text(mother), /Уплачено сверх начисленного, будет возвращено вам: 100,00/);
  await looked(mother, "payments-over");

  official = await house.visit("/operations/payments", { as: "official-migration" });
  assert.match(await text(official), /Плата за справку[\s\S]*Уплачено сверх начисленного[\s\S]*100,00[\s\S]*Такого номера здесь нет/);
  await looked(official, "payments-register");
  const questions = [];
  official.on("dialog", (dialog) => {
    questions.push(dialog.message());
    return questions.length === 1 ? dialog.dismiss() : dialog.accept();
  });
  const give = official.getByRole("button", { name: /^Вернуть 100,00/ });
  await give.click();
  assert.match(questions[0], /Вернуть 100,00/);
  assert.equal(asked("refunds"), undefined, "who thinks better of it moves nothing");
  await give.click();
  await official.waitForURL(/given=/);
  assert.match(await text(official), /100,00\sRUB возвращается/);
  assert.equal(asked("refunds").amount, OVER);
  await looked(official, "payments-given");
  assert.equal(await give.count(), 0);
  await told(asked("refunds").reference, OVER);
  await says(official, /Возвращено: 100,00/);
  await mother.goto("/my/payments");
  assert.match(await text(mother), /Возврат: 100,00/);
  await looked(mother, "payments-returned");
  await mother.getByRole("link", { name: /^Возврат/ }).click();
  await looked(mother, "payments-refund");
});

test("the bank's file is laid beside the books", async () => {
  house.browser.allow(/^422 POST .*\/reconciliation/);
  await official.getByRole("link", { name: "Сверка с провайдером" }).click();
  await official.waitForURL(/\/reconciliation/);
  await looked(official, "payments-reconciliation");
  await official.getByLabel("Первый день").fill(day());
  await official.getByLabel("Последний день").fill(day());
  await official.getByRole("button", { name: "Сверить", exact: true }).click();
  await errors(official).waitFor();
  await looked(official, "payments-reconciliation-error");
  const lines = ["reference,amount,state", `${asked("payments").reference},${FEE},done`, "nobody-knows,500,done"];
  await official.getByLabel("Файл провайдера").setInputFiles({ name: "bank.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) });
  await official.getByRole("button", { name: "Сверить", exact: true }).click();
  await official.getByText("Нет у провайдера").first().waitFor();
  assert.match(await text(official), /Различается[\s\S]*Нет у нас[\s\S]*Нет у провайдера/);
  await looked(official, "payments-reconciled");
});
