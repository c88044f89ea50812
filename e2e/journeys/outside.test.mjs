// Signing in through an outside OpenID provider, which this journey plays: an issuer of its own with a key of its own (jose).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { accessible, fits } from "../harness/axe.mjs";
import { authenticator, PHONE, picture, WIDE } from "../harness/browser.mjs";
import { open } from "../harness/house.mjs";
import { errors } from "../harness/pages.mjs";

const CLIENT = "region";
const LEVEL = "urn:example:loa:high";
const { publicKey, privateKey } = await generateKeyPair("ES256");

/** Who stands before the provider, and how sure it is of them. */
let person = {};
/** Codes that were given out, each good once. */
const codes = new Map();
/** What the platform has asked for, last. */
let asked;

const issuer = createServer((request, answer) => {
  const url = new URL(request.url, base());
  const json = (status, body) => answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (url.pathname === "/.well-known/openid-configuration") {
    return json(200, { issuer: base(), authorization_endpoint: `${base()}/authorize`, token_endpoint: `${base()}/token`, jwks_uri: `${base()}/keys`, response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["ES256"] });
  }
  if (url.pathname === "/keys") return exportJWK(publicKey).then((key) => json(200, { keys: [{ ...key, kid: "one", alg: "ES256", use: "sig" }] }));
  if (url.pathname === "/authorize") {
    asked = url.searchParams;
    const code = `code-${codes.size}`;
    codes.set(code, { ...Object.fromEntries(asked), ...person });
    const back = new URL(asked.get("redirect_uri"));
    for (const [name, value] of Object.entries({ code, state: asked.get("state"), iss: base() })) back.searchParams.set(name, value);
    return answer.writeHead(302, { location: back.href }).end();
  }
  if (url.pathname === "/token") {
    let body = "";
    request.on("data", (piece) => (body += piece)).on("end", () => void token(new URLSearchParams(body), json));
    return undefined;
  }
  return json(404, {});
});

async function token(form, json) {
  const of = codes.get(form.get("code"));
  codes.delete(form.get("code"));
  const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
  if (!of || challenge !== of.code_challenge || form.get("redirect_uri") !== of.redirect_uri) return json(400, { error: "invalid_grant" });
  const claims = { name: of.name, nonce: of.nonce, acr: of.acr, auth_time: Math.floor(Date.now() / 1000), ...(of.number && { snils: of.number }) };
  const signed = new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "one" });
  const idToken = await signed.setIssuer(base()).setAudience(CLIENT).setSubject(of.sub).setIssuedAt().setExpirationTime("5m").sign(privateKey);
  return json(200, { access_token: "none", token_type: "Bearer", id_token: idToken });
}

const base = () => `http://localhost:${issuer.address().port}`;
await new Promise((resolve) => issuer.listen(0, "127.0.0.1", resolve));
after(() => issuer.close());

const config = join(mkdtempSync(join(tmpdir(), "svod-outside-")), "svod.toml");
writeFileSync(
  config,
  `[outbound]
hosts = ["localhost"]
private = true

[[identity.providers]]
id = "national"
name = "Госвход"
issuer = "${base()}"
client_id = "${CLIENT}"
national_id_claim = "snils"
acr = ["${LEVEL}"]
`,
);
const house = open({ args: ["--config", config] });
const OLGA = { sub: "1000", name: "Иванова Ольга", number: "112-233-445 95", acr: LEVEL };

const text = (page) => page.locator("main").innerText();

/** The page as it stands, wide and on a telephone. */
async function looked(page, name) {
  await accessible(page);
  await picture(page, `${name}-wide`);
  await page.setViewportSize(PHONE);
  await fits(page);
  await picture(page, `${name}-phone`);
  await page.setViewportSize(WIDE);
}

/** At the page of signing in, by the provider's button. */
async function arrive(page) {
  await page.goto("/session");
  await page.getByRole("button", { name: "Госвход" }).click();
}

test("a verified number leads to the person of the register, and the session says how sure the provider is", async () => {
  house.browser.allow(/a request left the platform: http:\/\/localhost/);
  const bearer = await house.platform.token("administrator");
  const known = { id: "urn:t:person:olga", type: "Person", space: "kuzbass", attributes: { name: { value: "Ольга из реестра" }, nationalId: { value: "11223344595" } } };
  await house.platform.call("POST", "/api/v1/entities", { entity: known, ground: "register" }, bearer);

  const page = await house.browser.person(house.platform.named);
  await page.goto("/session");
  await page.getByRole("heading", { name: "Через другого поставщика" }).waitFor();
  await looked(page, "outside-session");
  person = OLGA;
  await page.getByRole("button", { name: "Госвход" }).click();
  await page.waitForURL((url) => url.origin === house.platform.named && !url.pathname.startsWith("/session"));
  assert.equal(asked.get("client_id"), CLIENT);
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.equal(asked.get("acr_values"), LEVEL);

  await page.goto("/my");
  assert.match(await text(page), /Ольга из реестра[\s\S]*urn:t:person:olga/, "who has the number, not somebody new");
  await looked(page, "outside-my");
  await page.goto("/account");
  assert.match(await text(page), /Другой поставщик \(urn:example:loa:high\)/);
  await looked(page, "outside-account");

  // The second time the provider itself is known: the number is not asked for.
  const again = await house.browser.person(house.platform.named, { phone: true });
  person = { ...OLGA, number: undefined };
  await arrive(again);
  await again.waitForURL((url) => url.origin === house.platform.named && !url.pathname.startsWith("/session"));
  await again.goto("/my");
  assert.match(await text(again), /Ольга из реестра/);
  await fits(again);
});

test("who has an account links the provider first; a weaker proof opens nothing", async () => {
  house.browser.allow(/a request left the platform: http:\/\/localhost/);
  const page = await house.browser.person(house.platform.named);
  await authenticator(page);
  await page.goto(await house.platform.invitation("ivan@outside.example", "Иван Петров"));
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.getByRole("button", { name: "Добавить ключ доступа" }).click();
  await page.waitForURL(/#passkeys$/);
  person = { sub: "2000", name: "Петров Иван", acr: LEVEL };

  // Nobody here is known by it yet, and it tells no number.
  const stranger = await house.browser.person(house.platform.named);
  house.browser.allow(/^4\d\d GET .*\/session\/outside\/return/);
  house.browser.allow(/console: Failed to load resource: .* 4\d\d/);
  await arrive(stranger);
  await errors(stranger).waitFor();
  await accessible(stranger);

  await page.getByRole("button", { name: "Связать Госвход" }).click();
  await page.waitForURL(/\/account#outside$/);
  assert.match(await text(page), new RegExp(base().replaceAll(".", "\\.")));
  assert.equal(asked.get("prompt"), "login", "linking asks for a fresh proof there");

  await arrive(stranger);
  await stranger.waitForURL((url) => url.origin === house.platform.named && !url.pathname.startsWith("/session"));
  await stranger.goto("/my");
  assert.match(await text(stranger), /Иван Петров/);

  house.platform.allow(/has asked for less than is demanded/);
  person = { ...person, acr: "urn:example:loa:low" };
  const weak = await house.browser.person(house.platform.named);
  await arrive(weak);
  await errors(weak).waitFor();
  await accessible(weak);
  await picture(weak, "outside-weak-wide");
  assert.ok(!(await weak.context().cookies()).some((cookie) => cookie.name.endsWith("svod_session")), "no session has begun");
});
