import { mountCharts } from "../chart";
import { el, icon } from "../lib/dom";
import type { Texts } from "../lib/texts";

const CLOSE = "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4 6.4 5Z";

/** The side card (a sheet at the bottom on a phone): an entity's page fragment as the server renders it. */
export class Card {
  readonly node: HTMLElement;
  private readonly body = el("div", { class: "map-card-body" });
  private opener: HTMLElement | null = null;
  private asked = 0;
  private dispose: () => void = () => undefined;
  /** The entity shown. */
  current: string | undefined;

  constructor(
    private readonly t: Texts,
    private readonly onClose: () => void,
  ) {
    const close = el("button", { type: "button", class: "map-card-close", "aria-label": t("js-close") }, icon(CLOSE));
    close.addEventListener("click", () => this.close());
    this.node = el("aside", { class: "map-card", tabindex: "-1", hidden: true, "aria-label": t("js-map-card") }, close, this.body);
    this.node.addEventListener("keydown", (e) => {
      if (e.key === "Escape") this.close();
    });
  }

  async open(id: string, name: string): Promise<void> {
    if (!this.node.contains(document.activeElement)) this.opener = document.activeElement as HTMLElement | null;
    this.current = id;
    this.asked += 1;
    const asked = this.asked;
    this.dispose();
    this.node.hidden = false;
    this.node.setAttribute("aria-busy", "true");
    this.body.replaceChildren(el("h2", {}, name), el("p", { class: "muted" }, this.t("js-loading")));
    this.node.focus();
    let html: string | undefined;
    try {
      const answer = await fetch(`/entities/${encodeURIComponent(id)}?fragment=1`, { headers: { accept: "text/html" } });
      if (answer.ok) html = await answer.text();
    } catch {
      // The link below still leads to the whole page.
    }
    if (asked !== this.asked) return;
    this.node.removeAttribute("aria-busy");
    if (html === undefined) {
      this.body.replaceChildren(
        el("h2", {}, name),
        el("p", {}, this.t("js-load-failed")),
        el("p", {}, el("a", { href: `/entities/${encodeURIComponent(id)}` }, this.t("js-open-page"))),
      );
      return;
    }
    // Rendered and escaped by our own server, under a policy that runs no inline script.
    this.body.innerHTML = html;
    this.dispose = mountCharts(this.body);
  }

  close(): void {
    this.asked += 1;
    this.dispose();
    this.dispose = () => undefined;
    this.current = undefined;
    this.node.hidden = true;
    this.onClose();
    if (this.opener?.isConnected) this.opener.focus();
  }
}
