// What the pages promise to a test, in one place: roles and addresses first, classes where a part has no name of its own.

/** The map's list of objects: each one a button with its name. */
export const object = (page, name) => page.locator(".object-list").getByRole("button", { name });
/** The map, when the stream has brought the first picture. */
export const live = (page) => page.locator('.stream[data-state="live"]').waitFor();
/** The side card of the map. */
export const card = (page) => page.locator("aside.map-card");
/** Tasks in a list: links to their pages. */
export const tasks = (page) => page.locator('main a[href^="/tasks/urn"]');
/** The button that does `verb` (take, complete) on a task's page. */
export const act = (page, verb) => page.locator(`main form[action$="/${verb}"]`);
/** The timeline of a case. */
export const timeline = (page) => page.locator("ol.timeline > li");

/** Follows a link and waits for the page it leads to. */
export async function follow(page, link) {
  const href = await link.getAttribute("href");
  await Promise.all([page.waitForURL((url) => url.pathname + url.search === new URL(href, page.url()).pathname + new URL(href, page.url()).search), link.click()]);
}
