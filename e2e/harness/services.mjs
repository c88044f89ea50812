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

/** Somebody with a new account, in a browser of their own; a post asks for a passkey before it gives powers. */
export async function somebody(house, login, name, ...post) {
  const page = await house.browser.person(post.length > 0 ? house.platform.named : house.platform.http);
  if (post.length > 0) await authenticator(page);
  await page.goto(await house.platform.invitation(login, name, ...post));
  await page.getByRole("button", { name: "Завести учётную запись" }).click();
  await page.waitForURL(/\/account$/);
  if (post.length > 0) {
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

/** Reloads until the page says so. */
export const says = (page, words) =>
  eventually(`${words} on ${page.url()}`, async () => {
    await page.reload();
    return words.test(await text(page));
  });

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
