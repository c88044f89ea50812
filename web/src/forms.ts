import { el } from "./lib/dom";
import { number } from "./lib/format";
import { texts } from "./lib/texts";

/** Forms work without this file; it asks before what cannot be undone, stops double posts and shows chosen files. */
function guard(form: HTMLFormElement): void {
  form.addEventListener("submit", (e) => {
    const question = (e.submitter as HTMLElement | null)?.dataset["confirm"] ?? form.dataset["confirm"];
    if (question && !window.confirm(question)) {
      e.preventDefault();
      return;
    }
    if (form.dataset["sent"] !== undefined) {
      e.preventDefault();
      return;
    }
    form.dataset["sent"] = "";
    for (const button of form.querySelectorAll<HTMLButtonElement>("button[type=submit], button:not([type])")) {
      button.setAttribute("aria-disabled", "true");
    }
  });
}

// A page brought back from the browser's cache may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
    delete form.dataset["sent"];
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

/**
 * `<input type="file" data-folder>`: chooses a whole folder. A multipart form loses the paths, so each file's path
 * inside the chosen folder goes along in a hidden field `path`, in the order of the files.
 */
async function folder(input: HTMLInputElement): Promise<void> {
  input.toggleAttribute("webkitdirectory", true);
  input.multiple = true;
  const t = await texts();
  const list = el("div", { class: "muted small", role: "status" });
  input.after(list);
  input.addEventListener("change", () => {
    const form = input.form;
    if (!form) return;
    for (const old of form.querySelectorAll("input[data-path]")) old.remove();
    const files = [...(input.files ?? [])];
    let bytes = 0;
    for (const file of files) {
      bytes += file.size;
      const inside = file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
      // Before the file itself: a server that reads the form as a stream knows the path when the bytes come.
      input.before(el("input", { type: "hidden", name: "path", value: inside, "data-path": true }));
    }
    list.textContent = files.length ? t("js-files", { n: files.length, size: number(bytes / 1024) }) : "";
  });
}

/**
 * `<form data-fragment="name">`: what stands behind `#` in the address is that field, and is sent at once. The server never
 * sees it in an address, and the history does not keep it.
 */
function fragment(form: HTMLFormElement): void {
  const given = location.hash.slice(1);
  const input = form.elements.namedItem(form.dataset["fragment"] ?? "");
  if (!given || !(input instanceof HTMLInputElement)) return;
  history.replaceState(null, "", location.pathname + location.search);
  input.value = given;
  form.requestSubmit();
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[method=post]")) guard(form);
// FEEL comes only to pages that have conditions; where it does not come, the server asks what has come up.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-conditions]")) {
  void import("./conditions").then(({ watch }) => watch(form)).catch(() => undefined);
}
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-locate]")) {
  void import("./place").then(({ locate }) => locate(button)).catch(() => undefined);
}
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-fragment]")) {
  fragment(form);
  // Another link, opened on the page of the first.
  addEventListener("hashchange", () => fragment(form));
}
for (const input of document.querySelectorAll<HTMLInputElement>("input[type=file][data-folder]")) void folder(input);
for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-submit]")) {
  select.addEventListener("change", () => select.form?.requestSubmit());
}
