import { el } from "./lib/dom";
import { LiveStream } from "./lib/live";
import { texts } from "./lib/texts";

/** More than this many changes are said as "many": a hint, not a meter. */
const LEAST_PAUSE_MS = 2_000;

/**
 * `<div data-live-reload data-live-url="/api/v1/live?space=…" data-live-types="Task Alert">`: says that the list on
 * the page is no longer the newest and offers to load it again. Nothing moves under the reader's hands.
 */
async function watch(host: HTMLElement): Promise<void> {
  const t = await texts();
  const types = new Set((host.dataset["liveTypes"] ?? "Task").split(/\s+/));
  const known = new Map<string, string | null>();
  let offered = false;
  let last = 0;

  const offer = (): void => {
    if (offered || Date.now() - last < LEAST_PAUSE_MS) return;
    offered = true;
    last = Date.now();
    host.replaceChildren(
      el(
        "div",
        { class: "banner", role: "status" },
        el("p", {}, t("js-live-changed")),
        el("p", {}, el("a", { class: "button", href: location.href }, t("js-live-reload"))),
      ),
    );
  };

  const stream = new LiveStream(
    host.dataset["liveUrl"] ?? "/api/v1/live",
    (batch) => {
      const before = new Map(known);
      if (batch.whole) known.clear();
      let changed = batch.removed.some((id) => known.delete(id));
      for (const entity of batch.entities) {
        if (!types.has(entity.type)) continue;
        if (!batch.whole && known.get(entity.id) !== entity.s) changed = true;
        known.set(entity.id, entity.s);
      }
      // After a lost connection the new snapshot may differ from what was there.
      if (batch.whole && before.size > 0) {
        changed = before.size !== known.size || [...known].some(([id, s]) => before.get(id) !== s);
      }
      if (changed) offer();
    },
    () => undefined,
  );
  stream.open();
  addEventListener("pagehide", () => stream.close());
}

for (const host of document.querySelectorAll<HTMLElement>("[data-live-reload]")) void watch(host);
