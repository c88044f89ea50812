// Somebody with an account: invited, signs in with a passkey and with a password and a code, sees where they are signed in.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";
import { accessible, fits } from "../harness/axe.mjs";
import { picture } from "../harness/browser.mjs";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";

const house = open();
const PASSWORD = "корова на льду";
const POST = ["--post", "administrator", "--space", "kuzbass"];

/** A browser at the address where passkeys are good, with an authenticator of its own. */
async function person(options = {}) {
  const page = await house.browser.person(house.platform.named, options);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { page, cdp, authenticatorId };
}

/** RFC 6238 of a secret in base 32. */
function code(secret, steps = 0) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

async function accept(page, login, ...args) {
  await page.goto(await house.platform.invitation(login, "Ольга Иванова", ...args));
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.waitForURL(/\/account$/);
}

const signOut = (page) => page.locator('.who button').click();

test("an invitation becomes an account with a passkey, which opens it again", async () => {
  const { page, cdp, authenticatorId } = await person();
  await page.goto(await house.platform.invitation("olga@example.org", "Ольга Иванова", ...POST));
  await page.getByRole("button", { name: "Завести учётную запись" }).waitFor();
  assert.ok(page.url().endsWith("/invitation"), "the address keeps no code");
  assert.match(await page.locator("main").innerText(), /Ольга Иванова[\s\S]*olga@example\.org[\s\S]*Администратор/);
  await accessible(page);
  await picture(page, "invitation-wide");
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.waitForURL(/\/account$/);
  await page.getByText("Войти ещё раз пока нечем").waitFor();
  await page.getByLabel("Название ключа").fill("рабочий ноутбук");
  await page.getByRole("button", { name: "Добавить ключ доступа" }).click();
  await page.waitForURL(/#passkeys$/);
  await page.getByText("рабочий ноутбук").first().waitFor();
  assert.equal(await page.getByText("Войти ещё раз пока нечем").count(), 0);
  // The powers of the post are there: the administrator's rooms.
  await page.getByRole("link", { name: "Пакеты" }).waitFor();
  await accessible(page);
  await picture(page, "account-wide");

  await signOut(page);
  await page.goto("/session?back=/packs");
  await accessible(page);
  await picture(page, "session-wide");
  await page.getByRole("button", { name: "Войти ключом доступа" }).click();
  await page.waitForURL((url) => url.pathname === "/packs");
  assert.match(await page.locator(".who").innerText(), /Ольга Иванова[\s\S]*Администратор/);

  // Somebody else's device opens nothing.
  await cdp.send("WebAuthn.clearCredentials", { authenticatorId });
  await signOut(page);
  await page.goto("/session");
  await page.getByRole("button", { name: "Войти ключом доступа" }).click();
  await page.locator("[data-passkey-error]", { hasText: /\S/ }).waitFor();
  await accessible(page);
});

test("a password goes with a code; recovery codes stand in; every browser is listed and can be shown out", async () => {
  const { page } = await person();
  await accept(page, "ivan@example.org");
  await page.getByRole("link", { name: "Задать пароль" }).click();
  const secret = await page.locator("code.secret").innerText();
  await page.locator(".qr svg").waitFor();
  await accessible(page);
  await picture(page, "password-wide");
  house.browser.allow(/^422 POST .*\/account\/password/);
  house.browser.allow(/console: Failed to load resource: .* (422|401)/);
  const fill = async (password, digits) => {
    await page.getByLabel("Код, который оно показывает сейчас").fill(digits);
    await page.getByLabel("Новый пароль").fill(password);
    await page.getByRole("button", { name: "Сохранить" }).click();
  };
  await fill("1234567890", code(secret));
  await errors(page).waitFor();
  assert.match(await errors(page).innerText(), /пробуют первым/);
  assert.equal(await page.locator("code.secret").innerText(), secret, "what was begun goes on");
  await fill(PASSWORD, code(secret));
  const codes = await page.locator(".codes code").allInnerTexts();
  assert.equal(codes.length, 10);
  await accessible(page);
  await page.getByRole("link", { name: "Коды сохранены" }).click();
  await page.getByText("Осталось 10 запасных кодов").waitFor();

  // Another browser, without JavaScript: first with a wrong code, then with one of the next half minute, then one of paper.
  const other = await house.browser.person(house.platform.http, { javaScript: false });
  const signIn = async (digits, password = PASSWORD) => {
    await other.goto("/session?back=/account");
    await other.getByLabel("Логин").fill("IVAN@example.org");
    await other.getByLabel("Пароль").fill(password);
    await other.getByRole("button", { name: "Продолжить" }).click();
    if (digits) {
      await other.getByLabel("Код", { exact: true }).fill(digits);
      await other.getByRole("button", { name: "Войти" }).click();
    }
  };
  house.browser.allow(/^401 POST .*\/session\/(password|code)/);
  await signIn(undefined, "не тот пароль");
  assert.match(await other.locator("main").innerText(), /Не подошло/);
  await signIn("000000");
  assert.match(await other.locator("main").innerText(), /Не подошло/);
  await signIn(codes[0]);
  await other.waitForURL(/\/account$/);
  assert.match(await other.locator("main").innerText(), /Запасной код[\s\S]*127\.0\.0\.1/);

  await page.reload();
  assert.equal(await page.locator("#sessions ~ .rows > .row").count(), 2);
  await page.getByText("Осталось 9 запасных кодов").waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Выйти там" }).click();
  await page.waitForURL(/#sessions$/);
  house.browser.allow(/^401 GET .*\/account$/);
  await other.reload();
  assert.match(await other.locator("main").innerText(), /Нужно войти/);
});

test("on a telephone nothing runs out of the screen", async () => {
  const { page } = await person({ phone: true });
  await accept(page, "phone@example.org", ...POST);
  await page.getByRole("button", { name: "Добавить ключ доступа" }).click();
  await page.waitForURL(/#passkeys$/);
  for (const [path, name] of [["/account", "account-phone"], ["/account/password", "password-phone"], ["/session", "session-phone"]]) {
    await page.goto(path);
    await fits(page);
    await accessible(page);
    await picture(page, name);
  }
});

test("what opens the account is changed after a fresh proof only", async () => {
  const { page } = await person();
  await accept(page, "fresh@example.org");
  await page.getByRole("button", { name: "Добавить ключ доступа" }).click();
  await page.waitForURL(/#passkeys$/);
  await page.goto("/session/confirm?back=/account/password");
  await accessible(page);
  await page.getByRole("button", { name: "Подтвердить ключом доступа" }).click();
  await page.waitForURL(/\/account\/password$/);
});
