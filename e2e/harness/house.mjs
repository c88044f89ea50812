// What a file of journeys opens once: one platform, one browser; closed and checked after its last test.
import { after, before } from "node:test";
import { Browser } from "./browser.mjs";
import { Platform } from "./platform.mjs";

/** options as Platform.start takes them. The fields platform and browser stand from the first test on. */
export function open(options = {}) {
  const house = {
    /** A person on the page of `path`, signed in when `as` names a persona. */
    async visit(path, { as, ...person } = {}) {
      const page = await house.browser.person(house.platform.http, person);
      if (as) await signIn(page, as);
      await page.goto(path);
      return page;
    },
  };
  before(async () => {
    house.platform = await Platform.start(options);
    house.browser = await Browser.start();
  });
  after(async () => {
    // Both are closed whatever the first one says, and both may complain.
    const ends = await Promise.allSettled([house.browser?.stop(), house.platform?.stop()]);
    const wrong = ends.filter((end) => end.status === "rejected").map((end) => end.reason.message);
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
  });
  return house;
}

/** Through the page, as a person does it; works without JavaScript. */
export async function signIn(page, persona) {
  await page.goto("/session");
  await page.locator(`button[name="persona"][value="${persona}"]`).click();
  await page.waitForURL((url) => url.pathname !== "/session");
}

/** Asks again until the answer is true or the time is over; the last answer goes into the message. */
export async function eventually(what, ask, milliseconds = 10_000) {
  const end = Date.now() + milliseconds;
  let last;
  do {
    last = await ask();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < end);
  throw new Error(`${what}: not within ${milliseconds} ms (last answer: ${JSON.stringify(last)})`);
}
