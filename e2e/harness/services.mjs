// What journeys through services share: the graph filled in by the API, forms filled in by hand, pages looked at.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";
import { accessible, fits } from "./axe.mjs";
import { PHONE, WIDE, authenticator, picture } from "./browser.mjs";
import { eventually } from "./house.mjs";

/** The person of a persona of the demonstration. */
export const person = (id) => `urn:svod:person:demo-${id}`;
export const text = (page) => page.locator("main").innerText();

/** A day so many days from today, as people of the region count it. */
export const day = (offset = 0) => new Date(Date.now() + 7 * 3_600_000 + offset * 86_400_000).toISOString().slice(0, 10);

/** The page as it is, wide and on a telephone; it stays on the screen that it had. */
export async function looked(page, name) {
  const before = page.viewportSize();
  for (const [screen, size] of [["wide", WIDE], ["phone", PHONE]]) {
    await page.setViewportSize(size);
    await accessible(page);
    await fits(page);
    await picture(page, `${name}-${screen}`, true);
  }
  await page.setViewportSize(before);
}

/** The page as it is, wide by day and on a telephone by night, with no picture kept of it. */
export async function sound(page) {
  const before = page.viewportSize();
  for (const [size, scheme] of [[WIDE, "light"], [PHONE, "dark"]]) {
    await page.setViewportSize(size);
    await accessible(page, [scheme]);
    await fits(page);
  }
  await page.setViewportSize(before);
}

/** A form that asks for more answers is refused so. */
export function refusals(house) {
  house.browser.allow(/^422 POST .*\/(form|object\/|sandbox\/cards)/);
  house.browser.allow(/console: Failed to load resource: .* 422/);
}

/** Somebody with a new account, in a browser of their own; a post asks for a passkey before it gives powers. */
export const somebody = (house, login, name, ...post) => invited(house, { login, name, post, passkey: post.length > 0 });
/** Somebody with a new account, on a phone. */
export const phoned = (house, login, name) => invited(house, { login, name, post: [], phone: true });
/** Somebody with a new account and a passkey: acting for others asks for more than a link as well. */
export const keyed = (house, login, name) => invited(house, { login, name, post: [], passkey: true });

async function invited(house, { login, name, post, passkey, phone }) {
  const page = await house.browser.person(passkey ? house.platform.named : house.platform.http, { phone });
  if (passkey) await authenticator(page);
  await page.goto(await house.platform.invitation(login, name, ...post));
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.waitForURL(/\/account$/);
  if (passkey) {
    await page.getByRole("button", { name: "Добавить ключ доступа" }).click();
    await page.waitForURL(/#passkeys$/);
  }
  return page;
}

/** Entities made by a persona in one transaction: [type, id, attributes]; an attribute that is a URN is a relationship. */
export async function made(platform, persona, entities, space = "kuzbass/novokuznetsk") {
  const attribute = (value) => (typeof value === "string" && value.startsWith("urn:svod:") ? { object: value } : { value });
  const changes = entities.map(([type, id, attributes]) => ({
    create: { id: `urn:svod:${type.toLowerCase()}:${id}`, type, space, attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(value)])) },
  }));
  await platform.call("POST", "/api/v1/commands", { ground: "journey", changes }, await platform.token(persona));
}

/** At the desk: the person shows a code on their own screen, the operator types it, and from then on acts for them. */
export async function attended(operator, person, name) {
  await person.goto("/my/mandates");
  await person.getByRole("button", { name: "Показать код" }).click();
  const code = await person.locator(".code-shown").innerText();
  await operator.goto("/people");
  await operator.getByLabel("Код", { exact: true }).fill(code);
  await operator.getByRole("button", { name: "Действовать от имени" }).click();
  await operator.waitForURL(/\/my$/);
  assert.match(await operator.locator(".who").innerText(), new RegExp(`действует за: ${name}`));
}

/** Opens the form of what is offered, as its card leads there. */
export async function offered(page, service, words) {
  await page.goto("/services");
  await says(page, words);
  await page.getByRole("region", { name: "Предложено вам" }).locator(`a[href$="/services/${service}/form"]`).first().click();
  await page.waitForURL(/\/form/);
}

/** Pays what the page asks for on the sandbox's page; the receipt is left open. `outcome`: what the bank answers. */
export async function paid(page, words, outcome = "Оплачен") {
  await page.getByRole("button", { name: "Оплатить" }).first().click();
  await page.waitForURL(/\/sandbox\/payments\//);
  assert.match(await text(page), /деньги не движутся/);
  assert.match(await text(page), words);
  await sound(page);
  await page.getByRole("button", { name: outcome }).click();
  await page.waitForURL(/\/my\/payments\//);
  assert.match(await text(page), words);
  await sound(page);
}

/** Objects to the decision that is shown: `field` of its form. The case of the objection is left open. */
export async function objected(page, field, words) {
  await page.getByRole("link", { name: "Возразить против решения" }).click();
  await page.waitForURL(/\/object\//);
  await page.getByLabel(field).fill(words);
  await sound(page);
  await next(page);
  await page.waitForURL(/page=check/);
  await sound(page);
  await send(page, /done=object/);
}

/** Reloads until the page says so; else what it says instead is told. */
export async function says(page, words) {
  let said = "";
  const ask = async () => {
    await page.reload();
    said = await text(page);
    return words.test(said);
  };
  await eventually(`${words} on ${page.url()}`, ask).catch((error) => {
    throw new Error(`${error.message}\n${said.slice(0, 3_000)}`);
  });
}

/** On to the next page of a form. */
export async function next(page) {
  await page.getByRole("button", { name: "Продолжить" }).last().click();
}

/** Sends a form whose answers are shown; confirms who it is where a signature asks for that. */
export async function send(page, there = /\/cases\//) {
  await page.getByRole("button", { name: /тправить/ }).last().click();
  await page.waitForURL(there);
}

/** A small picture that is a picture: so many pixels of one colour. */
export function photo(name, [red, green, blue] = [90, 110, 130], side = 64) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.concat(Array(side).fill(Buffer.from([red, green, blue])))]);
  const rows = deflateSync(Buffer.concat(Array(side).fill(row)));
  const buffer = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
  return { name, mimeType: "image/png", buffer };
}

/** A PDF of one empty page. */
export function pdf(name) {
  const objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"];
  let body = "%PDF-1.4\n";
  const places = objects.map((object, n) => {
    const at = body.length;
    body += `${n + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, "0")} 00000 n \n`;
  });
  const tail = `xref\n0 4\n0000000000 65535 f \n${places.join("")}trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF\n`;
  return { name, mimeType: "application/pdf", buffer: Buffer.from(body + tail, "latin1") };
}

/** Opens the first task of that name, and takes it. */
export async function takeTask(page, name) {
  await page.goto("/tasks");
  await says(page, name);
  await page.getByRole("link", { name }).first().click();
  await page.waitForURL(/\/tasks\/urn/);
  const before = await text(page);
  await page.getByRole("button", { name: "Взять в работу" }).click();
  await page.getByRole("link", { name: "Заполнить" }).waitFor();
  return before;
}

/** Opens the form of the task that is taken, fills it in and sends it. */
export async function decide(page, fill) {
  await page.getByRole("link", { name: "Заполнить" }).click();
  await page.waitForURL(/\/form/);
  await fill(page);
  await next(page);
  await page.waitForURL(/page=check/);
  await send(page, /\/tasks\/urn[^/]*(\?|$)/);
  assert.match(await text(page), /Исполнена|Выполнена|завершена/);
}
