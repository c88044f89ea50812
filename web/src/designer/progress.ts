/** How long until it is looked again, in milliseconds. */
const PAUSE = 2000;
/** Looks that may fail one after another. */
const FAILURES = 5;

/** What changes, each by itself: whoever stands on a button keeps it until the button changes. */
const PLACES = ["run-status", "run-outcome", "run-act"];

/** Follows a run of tests: takes the page anew until it says that the run is over. Without this the page has a link to itself. */
export async function follow(status: HTMLElement): Promise<void> {
  const address = status.dataset["progress"];
  if (!address) return;
  for (let failed = 0; failed < FAILURES; ) {
    await new Promise((done) => setTimeout(done, PAUSE));
    let page: Document;
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
      failed = 0;
    } catch {
      failed += 1;
      continue;
    }
    for (const id of PLACES) {
      const [here, there] = [document.getElementById(id), page.getElementById(id)];
      // The sentence is read out when it changes; the same one again is no news.
      if (here && there && !here.isEqualNode(there)) here.replaceChildren(...there.childNodes);
    }
    if (!page.getElementById(PLACES[0] ?? "")?.dataset["progress"]) return;
  }
}
