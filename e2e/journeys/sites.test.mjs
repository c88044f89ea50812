// Another site whose people sign in here, with a client library that knows nothing of this platform (openid-client).
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { accessible, fits } from "../harness/axe.mjs";
import { authenticator, PHONE, picture } from "../harness/browser.mjs";
import { eventually, open } from "../harness/house.mjs";
import { follow } from "../harness/pages.mjs";

// The site is told of ended sessions: on this machine, where the platform goes only when it may.
const config = join(mkdtempSync(join(tmpdir(), "svod-sites-")), "svod.toml");
writeFileSync(config, '[outbound]\nhosts = ["localhost"]\nprivate = true\n');
const house = open({ args: ["--config", config] });
const SCOPE = "openid profile email posts offline_access";
const insecure = { execute: [client.allowInsecureRequests] };

/** The site: it remembers at which address it was called back. */
let site;
let calls = [];
let told = [];
before(async () => {
  site = createServer((request, answer) => {
    if (request.url.startsWith("/cb") || request.url.startsWith("/left")) calls.push(request.url);
    if (request.url === "/ended") {
      let body = "";
      request.on("data", (piece) => (body += piece)).on("end", () => told.push(new URLSearchParams(body).get("logout_token")));
    }
    answer.writeHead(/^\/(cb|left)/.test(request.url) ? 200 : 204, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1></html>");
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
});
after(() => site.close());

const back = () => `http://localhost:${site.address().port}/cb`;
const provider = () => new URL(house.platform.named);

/** Somebody with an account and a passkey, as administrator when a post is named. */
async function person(login, ...args) {
  const page = await house.browser.person(house.platform.named);
  await authenticator(page);
  await page.goto(await house.platform.invitation(login, "Ольга Иванова", ...args));
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.getByRole("button", { name: "Добавить ключ доступа" }).click();
  await page.waitForURL(/#passkeys$/);
  return page;
}

/** Registers as the library does and is let in by the administrator on the page. */
async function registered(metadata, authentication) {
  const config = await client.dynamicClientRegistration(provider(), { client_name: "Лавка", redirect_uris: [back()], scope: SCOPE, grant_types: ["authorization_code", "refresh_token", "client_credentials"], ...metadata }, authentication, insecure);
  const page = await house.visit("/clients", { as: "administrator" });
  await accessible(page);
  const row = page.locator(".row", { hasText: config.clientMetadata().client_id });
  await row.getByRole("button", { name: "Допустить" }).click();
  await row.getByText("действует").waitFor();
  await picture(page, "clients-wide");
  await page.context().close();
  return config;
}

/** From the site's button back to the site; what the person does in between is given. */
async function signedIn(config, page, act, more = {}, pushed = false) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const parameters = { redirect_uri: back(), scope: SCOPE, state, nonce, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more };
  const { DPoP, ...asked } = parameters;
  const address = pushed ? await client.buildAuthorizationUrlWithPAR(config, asked, DPoP && { DPoP }) : client.buildAuthorizationUrl(config, asked);
  calls = [];
  await page.goto(address.href);
  await act(page);
  await page.waitForURL((url) => url.href.startsWith(back()));
  const called = new URL(calls.at(-1), back());
  return client.authorizationCodeGrant(config, called, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }, undefined, DPoP && { DPoP });
}

const allow = async (page) => {
  await page.getByRole("button", { name: "Разрешить", exact: true }).click();
};

test("a site registers, waits, is let in; a person allows it, and it learns what was allowed", async () => {
  house.browser.allow(/a request left the platform: http:\/\/localhost/);
  house.browser.allow(/a request left the platform: http:\/\/127\.0\.0\.1/);
  house.browser.allow(/favicon/);
  const page = await person("olga@example.org", "--post", "administrator", "--space", "kuzbass");
  const config = await registered({ token_endpoint_auth_method: "client_secret_post" });
  const tokens = await signedIn(config, page, async () => {
    await page.getByText("Лавка").waitFor();
    assert.match(await page.locator("main").innerText(), /действует 10 минут[\s\S]*дней: 30[\s\S]*после входа: 180[\s\S]*помнится/);
    await accessible(page);
    await picture(page, "consent-wide");
    await page.setViewportSize(PHONE);
    await fits(page);
    await picture(page, "consent-phone");
    await page.setViewportSize({ width: 1280, height: 900 });
    await allow(page);
  });
  const claims = tokens.claims();
  assert.deepEqual(claims.amr, ["pop", "user"]);
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(info.name, "Ольга Иванова");
  assert.equal(info.email, "olga@example.org");
  assert.equal(info.posts[0].role, "administrator");

  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, true);
  house.platform.allow(/came twice/);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" }, "the old one comes twice");
  assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, false, "and ends them all");

  // Allowed once, not asked again; pushed beforehand; ended by the site.
  const again = await signedIn(config, page, async () => {}, {}, true);
  await client.tokenRevocation(config, again.refresh_token);
  assert.equal((await client.tokenIntrospection(config, again.access_token)).active, false);
  const own = await client.clientCredentialsGrant(config);
  assert.equal((await client.tokenIntrospection(config, own.access_token)).client_id, config.clientMetadata().client_id);

  // Who is not signed in signs in on the way: the form leads on to the site.
  await page.goto("/account");
  await page.locator(".who button").click();
  const fresh = await signedIn(config, page, async () => {
    await page.getByRole("button", { name: "Войти ключом доступа" }).click();
  });
  assert.deepEqual(fresh.claims().amr, ["pop", "user"]);

  // On the page of the account the site stands, and can be shown out.
  await page.goto("/account");
  await page.getByRole("heading", { name: "Сайты, которым вы разрешили" }).waitFor();
  await accessible(page);
  await page.getByText("Разрешить меньше").click();
  await page.getByRole("button", { name: "Больше не разрешать: адрес почты" }).click();
  await page.waitForURL(/#sites$/);
  const less = await client.refreshTokenGrant(config, fresh.refresh_token);
  assert.equal(less.scope, "openid profile posts offline_access");
  assert.equal((await client.fetchUserInfo(config, less.access_token, fresh.claims().sub)).email, undefined);
  await page.goto("/account");
  assert.equal(await page.getByRole("button", { name: "Больше не разрешать: адрес почты" }).count(), 0);
  await page.getByRole("button", { name: "Отозвать" }).click();
  await page.waitForURL(/#sites$/);
  await assert.rejects(client.refreshTokenGrant(config, less.refresh_token));
});

test("who signs out at a site signs out here, and is signed out at every other", async () => {
  const page = await person("leaving@example.org");
  const at = (path) => `http://localhost:${site.address().port}${path}`;
  const config = await registered({ token_endpoint_auth_method: "client_secret_post", post_logout_redirect_uris: [at("/left")], backchannel_logout_uri: at("/ended") });
  const tokens = await signedIn(config, page, allow);
  const leave = client.buildEndSessionUrl(config, { post_logout_redirect_uri: at("/left"), id_token_hint: tokens.id_token, state: "back" });
  told = [];
  calls = [];
  await page.goto(leave.href);
  await page.getByRole("heading", { name: "Выйти и здесь?" }).waitFor();
  await page.getByText("Лавка").waitFor();
  await accessible(page);
  await picture(page, "leave-wide");
  await page.setViewportSize(PHONE);
  await fits(page);
  await picture(page, "leave-phone");
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.locator("main").getByRole("button", { name: "Выйти" }).click();
  await page.waitForURL((url) => url.href.startsWith(at("/left")));
  assert.equal(new URL(calls.at(-1), back()).searchParams.get("state"), "back");
  house.browser.allow(/^401 GET .*\/account$/);
  house.browser.allow(/console: Failed to load resource: .* 40[01]/);
  assert.equal((await page.goto("/account")).status(), 401);

  const word = await eventually("the site hears that the session has ended", () => told[0]);
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const { payload, protectedHeader } = await jwtVerify(word, keys, { issuer: config.serverMetadata().issuer, audience: config.clientMetadata().client_id, typ: "logout+jwt" });
  assert.equal(protectedHeader.alg, "ES256");
  assert.equal(payload.sid, tokens.claims().sid);
  assert.deepEqual(payload.events, { "http://schemas.openid.net/event/backchannel-logout": {} });
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);

  // Nothing to sign out of: said so, and nowhere else is one sent.
  await page.goto("/oauth/logout");
  await page.getByRole("heading", { name: "Вы вышли" }).waitFor();
  await accessible(page);
  house.browser.allow(/^400 GET .*\/oauth\/logout/);
  const stray = await page.goto(`/oauth/logout?client_id=${config.clientMetadata().client_id}&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F`);
  assert.equal(stray.status(), 400);
});

test("a program without a secret, with tokens bound to its key", async () => {
  const page = await person("bound@example.org");
  const config = await registered({ token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], dpop_bound_access_tokens: true }, client.None());
  const keys = await client.randomDPoPKeyPair("ES256", { extractable: false });
  const DPoP = client.getDPoPHandle(config, keys);
  const tokens = await signedIn(config, page, allow, { DPoP });
  assert.equal(tokens.token_type, "dpop");
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
  assert.equal(info.sub, tokens.claims().sub);
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), "without the key it is worth nothing");
  await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
});

test("a site that proves itself with a key of its own", async () => {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const config = await registered({ token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [{ kty, crv, x, y, alg: "ES256" }] } }, client.PrivateKeyJwt(pair.privateKey));
  const own = await client.clientCredentialsGrant(config);
  assert.ok(own.access_token);
});

test("an administrator invites somebody and keeps them out again", async () => {
  const page = await house.visit("/accounts", { as: "administrator" });
  await page.getByLabel("Логин").fill("guest@example.org");
  await page.getByLabel("Имя").fill("Гость Гостев");
  await page.getByRole("button", { name: "Создать приглашение" }).click();
  const address = await page.locator("code.secret").innerText();
  await accessible(page);
  await picture(page, "accounts-wide");
  // Another one, made and taken back.
  await page.goto("/accounts");
  await page.getByLabel("Логин").fill("mistake@example.org");
  await page.getByLabel("Имя").fill("Ошибка");
  await page.getByRole("button", { name: "Создать приглашение" }).click();
  const mistake = await page.locator("code.secret").innerText();
  page.once("dialog", (dialog) => dialog.accept());
  await page.locator("tr", { hasText: "mistake@example.org" }).getByRole("button", { name: "Отозвать" }).click();
  await page.waitForURL(/#invited$/);
  assert.equal(await page.locator("tr", { hasText: "mistake@example.org" }).count(), 0);
  house.browser.allow(/^410 POST .*\/invitation$/);
  house.browser.allow(/console: Failed to load resource: .* 410/);
  const over = page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/invitation"));
  await page.goto(`/invitation${new URL(mistake).hash}`);
  assert.equal((await over).status(), 410);
  await page.getByLabel("Код приглашения").waitFor();
  const guest = await house.browser.person(house.platform.named);
  await guest.goto(`/invitation${new URL(address).hash}`);
  await guest.getByRole("button", { name: "Завести учётную запись" }).click();
  await guest.waitForURL(/\/account$/);
  await page.goto("/accounts");
  const row = page.locator("tr", { hasText: "guest@example.org" });
  page.once("dialog", (dialog) => dialog.accept());
  await row.getByRole("button", { name: "Закрыть вход" }).click();
  await row.getByText("вход закрыт").waitFor();
  house.browser.allow(/^401 GET .*\/account$/);
  house.browser.allow(/console: Failed to load resource: .* 401/);
  await guest.reload();
  await guest.getByText("Нужно войти").waitFor();
  await page.setViewportSize(PHONE);
  await fits(page);
  await picture(page, "accounts-phone");
});
