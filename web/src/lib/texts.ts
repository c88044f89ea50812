// Texts of the islands come from the platform's Fluent files: the page names the JSON file of its language, whose
// messages keep their arguments as {name}.
export type Texts = (key: string, args?: Record<string, string | number>) => string;

let loading: Promise<Texts> | undefined;

/** Loads the texts of the page's language once. A key nobody wrote is shown as it is. */
export function texts(): Promise<Texts> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Texts> {
  const url = document.querySelector<HTMLMetaElement>('meta[name="svod-texts"]')?.content;
  let messages: Record<string, string> = {};
  if (url) {
    try {
      const answer = await fetch(url);
      if (answer.ok) messages = (await answer.json()) as Record<string, string>;
    } catch {
      // Offline: the keys stand in for the words, the page itself is server-rendered and whole.
    }
  }
  return (key, args = {}) =>
    (messages[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/** BCP 47 tag of the page. */
export function lang(): string {
  return document.documentElement.lang || "ru";
}
