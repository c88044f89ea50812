// Texts of the editors stand in the page as data, so that no other page carries them.
export type Words = (key: string, args?: Record<string, string | number>) => string;

function read(): Map<string, string> {
  const block = document.getElementById("design-texts")?.dataset["texts"];
  try {
    return new Map(Object.entries(JSON.parse(block ?? "{}") as Record<string, string>));
  } catch {
    return new Map();
  }
}

const messages = read();

function filled(text: string, args: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/** The text of a key; a key nobody wrote is shown as it is. */
export const t: Words = (key, args = {}) => filled(messages.get(key) ?? key, args);

/** True where the key has a text. */
export const has = (key: string): boolean => messages.has(key);

/** What a library says in English, in the page's language where there is a text for it. */
export function translate(template: string, replacements: Record<string, string> = {}): string {
  const key = `lib-${template.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}`;
  return filled(messages.get(key) ?? template, replacements);
}

/** For the editors of bpmn.io: their own `translate`, replaced. */
export const translateModule = { translate: ["value", translate] as const };
