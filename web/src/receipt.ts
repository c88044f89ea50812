import { texts } from "./lib/texts";

// Verifies a receipt (C2SP tlog-proof) with nothing but the browser's own arithmetic: the event opens a commitment, the
// commitment leads to the root, the root is signed by the ledger. The server has done the same; here nobody needs to believe it.

type Part = { salt: string; name: string; change: string } | { digest: string };
type Secret = { salt: string; event: string; changes: Part[] };

const encoder = new TextEncoder();
const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text) as Uint8Array<ArrayBuffer>;
const bytes = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** Exactly so many bytes. */
function unhex(text: string, length: number): Uint8Array<ArrayBuffer> {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) throw new Error("format");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
}

/** A text after its length in four bytes. */
function measured(text: string): Uint8Array<ArrayBuffer> {
  const body = utf8(text);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length);
  return join(length, body);
}

async function entry(secret: Secret): Promise<Uint8Array<ArrayBuffer>> {
  const digests = await Promise.all(
    secret.changes.map((part) =>
      "change" in part ? sha256(unhex(part.salt, 16), measured(part.name), utf8(part.change)) : unhex(part.digest, 32),
    ),
  );
  return sha256(unhex(secret.salt, 16), measured(secret.event), ...digests);
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((v, n) => v === b[n]);

/** The root that the proof leads to (RFC 9162, section 2.1.3.2); nothing when it does not fit the size. */
async function root(leaf: Uint8Array, index: bigint, size: bigint, proof: Uint8Array[]): Promise<Uint8Array | undefined> {
  if (index >= size) return undefined;
  let [place, last, hash] = [index, size - 1n, leaf];
  for (const step of proof) {
    if (last === 0n) return undefined;
    if (place % 2n === 1n || place === last) {
      hash = await sha256(Uint8Array.of(1), step, hash);
      while (place % 2n === 0n && place !== 0n) {
        place /= 2n;
        last /= 2n;
      }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, step);
    }
    place /= 2n;
    last /= 2n;
  }
  return last === 0n ? hash : undefined;
}

/** Has the key `name+id+key` of a ledger signed the text? */
async function signed(text: string, signatures: string[], key: string): Promise<boolean> {
  const [name = "", , material = ""] = key.split("+", 2).concat(key.split("+").slice(2).join("+"));
  const raw = bytes(material);
  if (raw[0] !== 1) return false; // a witness signs with a moment; the ledger's own signature is what counts
  const id = (await sha256(utf8(`${name}\n`), raw)).slice(0, 4);
  const imported = await crypto.subtle.importKey("raw", raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
  for (const line of signatures) {
    const [dash, signer, signature] = line.split(" ");
    if (dash !== "\u2014" || signer !== name || signature === undefined) continue;
    const all = bytes(signature);
    if (!same(all.slice(0, 4), id)) continue;
    return crypto.subtle.verify({ name: "Ed25519" }, imported, all.slice(4), utf8(text));
  }
  return false;
}

/** Why the receipt proves nothing; nothing when it is valid. */
async function fault(receipt: string, keys: string[]): Promise<string | undefined> {
  const text = `${receipt.replace(/\r\n/g, "\n").trim()}\n`;
  const cut = text.indexOf("\n\n");
  const [head, ...steps] = text.slice(0, cut).split("\n");
  const extra = steps.shift()?.replace(/^extra /, "");
  const index = steps.shift()?.replace(/^index /, "");
  if (cut < 0 || head !== "c2sp.org/tlog-proof@v1" || !extra || !index) return "format";
  const note = text.slice(cut + 2);
  const end = note.lastIndexOf("\n\n");
  const [body, signatures] = [note.slice(0, end + 1), note.slice(end + 2).split("\n")];
  const [origin, size = "0", expected = ""] = body.split("\n");
  const secret = JSON.parse(new TextDecoder().decode(bytes(extra))) as Secret;
  const leaf = await sha256(Uint8Array.of(0), await entry(secret));
  const found = await root(leaf, BigInt(index), BigInt(size), steps.map(bytes));
  if (!found || !same(found, bytes(expected))) return "root";
  const own = keys.filter((key) => key.split("+", 1)[0] === origin);
  for (const key of own) if (await signed(body, signatures, key)) return undefined;
  return "signature";
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-receipt]")) {
  const receipt = form.querySelector<HTMLTextAreaElement>("[name=receipt]")?.value ?? "";
  const status = document.querySelector<HTMLElement>("[data-receipt-checked]");
  if (receipt.trim() && status) {
    const others = form.querySelector<HTMLTextAreaElement>("[name=keys]")?.value ?? "";
    const keys = [form.dataset["keys"] ?? "", ...others.split("\n")].map((k) => k.trim()).filter((k) => k !== "");
    void (async () => {
      const found = await fault(receipt, keys).catch((e: unknown) => String(e));
      const t = await texts();
      // Anything else is the browser's own trouble.
      const said: { [fault: string]: string } = {
        format: t("js-receipt-format"),
        root: t("js-receipt-root"),
        signature: t("js-receipt-signature"),
      };
      const why = found === undefined ? undefined : (said[found] ?? found);
      status.textContent = why === undefined ? t("js-receipt-good") : t("js-receipt-bad", { why });
    })();
  }
}
