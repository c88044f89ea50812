import { texts } from "./lib/texts";

/** How long the telephone may look for its place, and how old what it knows may be: milliseconds. */
const WAIT = 20_000;
const OLD = 60_000;

/**
 * `<button data-locate="id" hidden>`: puts the place of who fills the form in into that input, as latitude and longitude. Typing it
 * works without this, and where the browser refuses.
 */
export async function locate(button: HTMLButtonElement): Promise<void> {
  const id = button.dataset["locate"] ?? "";
  const input = document.getElementById(id);
  const status = button.form?.querySelector<HTMLElement>(`[data-located="${CSS.escape(id)}"]`);
  if (!(input instanceof HTMLInputElement) || !status || !isSecureContext || !("geolocation" in navigator)) return;
  const t = await texts();
  button.hidden = false;
  const found = ({ coords }: GeolocationPosition): void => {
    button.removeAttribute("aria-disabled");
    input.value = `${coords.latitude.toFixed(6)}, ${coords.longitude.toFixed(6)}`;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    status.textContent = t("js-place-found", { metres: Math.ceil(coords.accuracy) });
  };
  const failed = (error: GeolocationPositionError): void => {
    button.removeAttribute("aria-disabled");
    status.textContent = t(error.code === error.PERMISSION_DENIED ? "js-place-denied" : "js-place-failed");
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    status.textContent = t("js-place-asking");
    navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: WAIT, maximumAge: OLD });
  });
}
