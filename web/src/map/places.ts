/** Degrees of longitude under which an area is small: its name stands under it, where it covers nothing. */
const SMALL = 0.5;

/** Where the names of areas stand: one point for each, with its width in degrees. */
export function places(areas: GeoJSON.Feature[]): GeoJSON.Feature[] {
  return areas.flatMap((area) => {
    const ring = largest(area.geometry);
    if (!ring) return [];
    const [west, south, east] = bounds(ring);
    const size = east - west;
    const small = size < SMALL;
    const coordinates = small ? [(west + east) / 2, south] : middle(ring);
    return [{ type: "Feature", properties: { ...area.properties, size, small }, geometry: { type: "Point", coordinates } }];
  });
}

type Ring = GeoJSON.Position[];

function largest(geometry: GeoJSON.Geometry): Ring | undefined {
  const rings: (Ring | undefined)[] =
    geometry.type === "Polygon" ? [geometry.coordinates[0]] : geometry.type === "MultiPolygon" ? geometry.coordinates.map((p) => p[0]) : [];
  return rings.filter((r): r is Ring => !!r && r.length > 3).sort((a, b) => Math.abs(area(b)) - Math.abs(area(a)))[0];
}

function bounds(ring: Ring): [number, number, number] {
  const x = ring.map((p) => p[0] ?? 0);
  return [Math.min(...x), Math.min(...ring.map((p) => p[1] ?? 0)), Math.max(...x)];
}

function cross(ring: Ring, visit: (a: GeoJSON.Position, b: GeoJSON.Position, cross: number) => void): void {
  ring.forEach((b, i) => {
    const a = ring[i - 1];
    if (a) visit(a, b, (a[0] ?? 0) * (b[1] ?? 0) - (b[0] ?? 0) * (a[1] ?? 0));
  });
}

function area(ring: Ring): number {
  let sum = 0;
  cross(ring, (_, __, c) => (sum += c));
  return sum / 2;
}

/** The centre of gravity. */
function middle(ring: Ring): GeoJSON.Position {
  let [x, y] = [0, 0];
  cross(ring, (a, b, c) => {
    x += ((a[0] ?? 0) + (b[0] ?? 0)) * c;
    y += ((a[1] ?? 0) + (b[1] ?? 0)) * c;
  });
  const six = 6 * area(ring);
  return six === 0 ? (ring[0] ?? [0, 0]) : [x / six, y / six];
}
