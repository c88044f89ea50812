// What the pages promise to a test, in one place: roles and addresses first, classes where a part has no name of its own.
import { eventually } from "./house.mjs";

/** The map's list of objects: each one a button that begins with its name. */
export const object = (page, name) => page.locator(".object-list").getByRole("button", { name: typeof name === "string" ? new RegExp(`^${name.replaceAll(".", "\\.")}`) : name });
/** The station in that list: its alerts and tasks, which are called after it, stand above it. */
export const station = (page, name) => object(page, name).last();
/** Open alerts in that list, and as pins on the map. */
export const alerts = (page) => page.locator(".object-list").getByRole("button", { name: /Тревоги/ });
export const pins = (page) => page.locator(".map-canvas").getByRole("button", { name: /Тревоги/ });
/** The map, when the stream has brought the first picture. */
export const live = (page) => page.locator('.stream[data-state="live"]').waitFor();
/** The side card of the map. */
export const card = (page) => page.locator("aside.map-card");
/** Tasks in a list: links to their pages. */
export const tasks = (page) => page.locator('main a[href^="/tasks/urn"]');
/** The button that does `verb` (take, release, complete) on a task's page. */
export const act = (page, verb) => page.locator(`main form[action$="/${verb}"] button:not([formaction]), main button[formaction$="/${verb}"]`);
/** Where the result is written. */
export const result = (page) => page.locator('main form[action$="/complete"] textarea');
/** The timeline of a case. */
export const timeline = (page) => page.locator("ol.timeline > li");
/** What a refused form says. */
export const errors = (page) => page.locator(".error-summary");

/** Follows a link and waits for the page it leads to. */
export async function follow(page, link) {
  const there = new URL(await link.getAttribute("href"), page.url());
  await Promise.all([page.waitForURL((url) => url.pathname + url.search === there.pathname + there.search), link.click()]);
}

/** Loads the list until it holds a task, and opens the first one. */
export async function openTask(page) {
  await listed(page);
  await follow(page, tasks(page).first());
}

/** Loads the list until it holds a task. */
export async function listed(page) {
  await eventually("a task is in the list", async () => {
    await page.goto("/tasks");
    return (await tasks(page).count()) > 0;
  });
}

/** Takes the task that is open and writes what was done. */
export async function doTask(page, words) {
  await act(page, "take").click();
  await result(page).fill(words);
  await act(page, "complete").click();
  await act(page, "complete").waitFor({ state: "detached" });
}
