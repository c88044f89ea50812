// The harness must be able to fail: pages and logs that are wrong on purpose, without the platform.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { accessible } from "./axe.mjs";
import { Browser } from "./browser.mjs";
import { Platform } from "./platform.mjs";

async function served(html, look) {
  const server = createServer((request, answer) => {
    if (request.url !== "/") return void answer.writeHead(request.url === "/favicon.ico" ? 204 : 404).end();
    answer.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'self' http: 'unsafe-inline'" }).end(html);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await Browser.start();
  try {
    const page = await browser.person(`http://127.0.0.1:${server.address().port}`);
    await page.goto("/", { waitUntil: "load" });
    await look(page, browser);
  } finally {
    await browser.stop().catch(() => {});
    server.close();
  }
}

const page = (body) => `<!doctype html><html lang="ru"><head><title>Проба</title></head><body><main><h1>Проба</h1>${body}</main></body></html>`;

test("a sound page passes", () =>
  served(page("<p>Текст</p>"), async (tab, browser) => {
    await accessible(tab);
    assert.deepEqual(browser.complaints, []);
  }));

test("a picture without text fails the accessibility check", () =>
  served(page('<input type="text">'), async (tab) => {
    await assert.rejects(accessible(tab), /label/);
  }));

test("a request that leaves, a missing file and an error in a page are complaints", () =>
  served(page('<img alt="" src="http://tiles.example.org/1.png"><script src="/missing.js"></script><script>throw new Error("broken")</script>'), async (tab, browser) => {
    await tab.waitForTimeout(200);
    for (const what of [/left the platform: http:\/\/tiles/, /^404 GET .*missing/, /broken/]) assert.ok(browser.complaints.some((line) => what.test(line)), `${what} in ${browser.complaints}`);
    await assert.rejects(browser.stop(), /pages complained/);
  }));

test("warnings and panics in the log are unexpected unless allowed", () => {
  const platform = new Platform();
  platform.log.push({ level: "INFO", message: "listening" }, { level: "WARN", message: "queue is full" });
  platform.noise.push("thread 'main' panicked at x.rs:1");
  assert.equal(platform.unexpected().length, 2);
  platform.allow(/queue is full/);
  assert.deepEqual(platform.unexpected(), ["thread 'main' panicked at x.rs:1"]);
});
