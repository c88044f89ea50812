import { texts } from "./lib/texts";

// Passkeys: a form asks the server for a ceremony, the browser carries it out, the form takes its answer back. A form stays
// hidden where the browser knows no passkeys.

type Json = Record<string, unknown>;

const bytes = (text: string): ArrayBuffer => {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(padded), (c) => c.charCodeAt(0)).buffer as ArrayBuffer;
};

const written = (buffer: ArrayBuffer | null): string | null =>
  buffer === null
    ? null
    : btoa(String.fromCharCode(...new Uint8Array(buffer)))
        .replace(/\+/g, "-")
        .replace(/\//g, "_")
        .replace(/=+$/, "");

/** Options as the server writes them: bytes are text (base64url). */
type Known = { id: string; transports?: AuthenticatorTransport[] }[];
type Making = Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials"> & {
  challenge: string;
  user: Omit<PublicKeyCredentialUserEntity, "id"> & { id: string };
  excludeCredentials?: Known;
};
type Showing = Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials"> & { challenge: string; allowCredentials?: Known };

const listed = (all: Known | undefined): PublicKeyCredentialDescriptor[] => (all ?? []).map((c) => ({ ...c, type: "public-key", id: bytes(c.id) }));

async function made(options: Making): Promise<PublicKeyCredential | null> {
  const publicKey: PublicKeyCredentialCreationOptions = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: listed(options.excludeCredentials),
  };
  return (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
}

async function shown(options: Showing): Promise<PublicKeyCredential | null> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: listed(options.allowCredentials),
  };
  return (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
}

/** The credential as the server reads it (Web Authentication, 5.1: JSON forms). */
function answer(credential: PublicKeyCredential): Json {
  const r = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const response: Json = { clientDataJSON: written(r.clientDataJSON) };
  if ("attestationObject" in r) {
    response["attestationObject"] = written(r.attestationObject);
    response["transports"] = r.getTransports?.() ?? [];
  } else {
    const a = credential.response as AuthenticatorAssertionResponse;
    response["authenticatorData"] = written(a.authenticatorData);
    response["signature"] = written(a.signature);
    response["userHandle"] = written(a.userHandle);
  }
  return { id: credential.id, rawId: written(credential.rawId), type: credential.type, response, extensions: {} };
}

const csrf = (): string => document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "";

async function carry(form: HTMLFormElement): Promise<void> {
  const begun = await fetch(form.dataset["begin"] ?? "", { method: "POST", headers: { "x-csrf-token": csrf(), accept: "application/problem+json" } });
  if (!begun.ok) {
    const problem = (await begun.json()) as { code?: string };
    const elsewhere = form.dataset["confirmAt"];
    if (problem.code === "confirm-first" && elsewhere) return location.assign(elsewhere);
    throw new Error(problem.code ?? String(begun.status));
  }
  const { token, options } = (await begun.json()) as { token: string; options: { publicKey: Making & Showing } };
  const credential = await (form.dataset["passkey"] === "add" ? made(options.publicKey) : shown(options.publicKey));
  if (!credential) throw new Error("nothing");
  const fill = (name: string, value: string): void => {
    const input = form.querySelector<HTMLInputElement>(`[name=${name}]`);
    if (input) input.value = value;
  };
  fill("token", token);
  fill("credential", JSON.stringify(answer(credential)));
  form.submit();
}

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    form.hidden = false;
    for (const hint of form.parentElement?.querySelectorAll<HTMLElement>("[data-passkey-without]") ?? []) hint.hidden = true;
    const error = form.querySelector<HTMLElement>("[data-passkey-error]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (error) error.textContent = "";
      carry(form).catch(async (e: unknown) => {
        const t = await texts();
        const there = e instanceof DOMException && e.name === "InvalidStateError";
        const left = e instanceof DOMException && e.name === "NotAllowedError";
        if (error) error.textContent = t(there ? "js-passkey-there" : left ? "js-passkey-left" : "js-passkey-failed", { why: e instanceof Error ? e.message : String(e) });
      });
    });
  }
}
