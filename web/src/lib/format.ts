import { lang } from "./texts";

/** Minutes by which the page's local time is ahead of UTC, as the server writes it. */
export function utcOffset(): number {
  const given = Number(document.documentElement.dataset["utcOffset"]);
  return Number.isFinite(given) ? given : -new Date().getTimezoneOffset();
}

/** A number with at most four significant digits, in the page's language. */
export function number(value: number): string {
  return new Intl.NumberFormat(lang(), { maximumSignificantDigits: 4 }).format(value).replace("-", "−");
}

/** A moment in the territory's time. */
export function moment(ms: number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(lang(), { ...options, timeZone: "UTC" }).format(new Date(ms + utcOffset() * 60_000));
}

/** How long ago, in words: "5 minutes ago". */
export function ago(ms: number, now: number): string {
  const seconds = Math.round((ms - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(lang(), { numeric: "auto", style: "short" });
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(seconds, "second");
}
