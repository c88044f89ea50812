// What the devices of the pack say in the journeys.

export const STATION = { id: "42010102", urn: "urn:svod:station:42010102", name: "ул. Тольятти, 29" };
/** mg/m3, as the pack declares it (SanPiN 1.2.3685-21). */
const PM25_NORM = 0.035;

/** A reading of PM2.5 as so many times its norm; seconds from now. */
export async function breathe(platform, ratio, { seconds = 0, station = STATION.id } = {}) {
  const ts = new Date(Date.now() + seconds * 1000).toISOString();
  await platform.publish(`air/${station}/up`, { ts, pm25: Math.round(PM25_NORM * ratio * 1e5) / 1e5 });
}
