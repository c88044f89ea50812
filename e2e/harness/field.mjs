// What the devices of the pack say in the journeys.

export const STATION = { id: "42010102", urn: "urn:svod:station:42010102", name: "ул. Тольятти, 29", at: [87.1444, 53.7596] };
/** Where a second trouble does not disturb the first. */
export const OTHER = { id: "42010109", urn: "urn:svod:station:42010109", name: "ул. М. Тореза, 71", at: [87.1676, 53.8248] };
/** mg/m3, as the pack declares it (SanPiN 1.2.3685-21). */
const PM25_NORM = 0.035;

let last = 0;

/** A reading of PM2.5 as so many times its norm, observed now; never twice at one moment, which would be a duplicate. */
export async function breathe(platform, ratio, station = STATION) {
  last = Math.max(Date.now(), last + 1);
  const ts = new Date(last).toISOString();
  await platform.publish(`air/${station.id}/up`, { ts, pm25: Math.round(PM25_NORM * ratio * 1e5) / 1e5 });
}
