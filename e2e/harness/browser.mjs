// Debian's Chromium, with no way out of the machine and every complaint of a page remembered.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const pictures = fileURLToPath(new URL("../pictures/", import.meta.url));
export const WIDE = { width: 1280, height: 900 };
/** Software drawing repeats what is taller. */
const TALLEST = 3_500;
export const PHONE = { width: 390, height: 844 };

/** Software drawing for the map's WebGL; names other than this machine's do not resolve (passkeys need a name). */
const ARGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

export class Browser {
  /** What went wrong in any page: requests that left, errors, failed loads. */
  complaints = [];
  #allowed = [];

  static async start() {
    const browser = new Browser();
    browser.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
    return browser;
  }

  /** A complaint that this journey provokes on purpose. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  /** A person's own browser: cookies of its own. options: phone, lang ("ru"), javaScript (true), motion (false: nothing moves on pages). */
  async person(base, options = {}) {
    const context = await this.chromium.newContext({
      baseURL: base,
      locale: { ru: "ru-RU", kk: "kk-KZ", en: "en-GB" }[options.lang ?? "ru"],
      timezoneId: "Asia/Novokuznetsk",
      viewport: options.phone ? PHONE : WIDE,
      hasTouch: Boolean(options.phone),
      isMobile: Boolean(options.phone),
      deviceScaleFactor: options.phone ? 2 : 1,
      javaScriptEnabled: options.javaScript ?? true,
      reducedMotion: options.motion ? "no-preference" : "reduce",
    });
    context.setDefaultTimeout(20_000);
    this.#listen(context, new URL(base).host);
    return context.newPage();
  }

  #listen(context, host) {
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (["http:", "https:", "ws:", "wss:"].includes(url.protocol) && url.host !== host) this.complaints.push(`a request left the platform: ${request.url()}`);
    });
    context.on("response", (response) => {
      if (response.status() >= 400) this.complaints.push(`${response.status()} ${response.request().method()} ${response.url()}`);
    });
    context.on("weberror", (error) => this.complaints.push(`error in a page: ${error.error().stack ?? error.error()}`));
    context.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`console: ${message.text()} (${message.location().url})`);
    });
  }

  /** Closes, and throws when a page complained. */
  async stop() {
    await this.chromium.close();
    const wrong = this.complaints.filter((line) => !this.#allowed.some((pattern) => pattern.test(line)));
    if (wrong.length > 0) throw new Error(`pages complained:\n${[...new Set(wrong)].join("\n")}`);
  }
}

/** A picture of the page for a person to look at: e2e/pictures/NAME.png; the whole of it, not only what is on the screen, when asked. */
export async function picture(page, name, whole = false) {
  await mkdir(pictures, { recursive: true });
  const all = whole && { fullPage: true, clip: { x: 0, y: 0, width: page.viewportSize().width, height: Math.min(TALLEST, await page.evaluate(() => document.documentElement.scrollHeight)) } };
  await page.screenshot({ path: `${pictures}${name}.png`, animations: "disabled", ...all });
}

/** A virtual authenticator of the page's device, which knows its person: passkeys are made and used without a hand. */
export async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
}
