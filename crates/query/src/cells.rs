//! Places as whole numbers: a quadtree over longitude and latitude whose cells are numbered so that all cells inside
//! one form a stretch of numbers.
//!
//! A geometry is kept under the few cells that cover it. What lies in a rectangle then has a cell inside one of the
//! rectangle's cells (a stretch), or one that holds it (the cells above, looked up one by one).

use crate::geo::Shape;

/// Finest level: cells of about 15 by 7 centimetres at the equator.
const FINEST: u32 = 28;
/// Cells that cover one geometry at the most.
const KEPT: usize = 8;
/// Cells that cover one question at the most.
const ASKED: usize = 16;

/// One square of the quadtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    level: u32,
    x: u32,
    y: u32,
}

impl Cell {
    const WORLD: Self = Self { level: 0, x: 0, y: 0 };

    /// The finest cell of a place.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the cells that there are")]
    fn of(lon: f64, lat: f64) -> Self {
        let side = f64::from(1u32 << FINEST);
        let at = |share: f64| (share * side).clamp(0.0, side - 1.0) as u32;
        Self { level: FINEST, x: at((lon + 180.0) / 360.0), y: at((lat + 90.0) / 180.0) }
    }

    fn bounds(self) -> [f64; 4] {
        let side = f64::from(1u32 << self.level);
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        let (lon, lat) = (|v: f64| v / side * 360.0 - 180.0, |v: f64| v / side * 180.0 - 90.0);
        [lon(x), lat(y), lon(x + 1.0), lat(y + 1.0)]
    }

    fn children(self) -> [Self; 4] {
        let child = |dx, dy| Self { level: self.level + 1, x: self.x * 2 + dx, y: self.y * 2 + dy };
        [child(0, 0), child(1, 0), child(0, 1), child(1, 1)]
    }

    fn parent(self) -> Option<Self> {
        (self.level > 0).then(|| Self { level: self.level - 1, x: self.x / 2, y: self.y / 2 })
    }

    /// The lowest bit that is set tells the level; what stands above it tells the place.
    fn number(self) -> i64 {
        let free = 2 * (FINEST - self.level);
        let mut place: i64 = 0;
        for bit in (0..self.level).rev() {
            place = (place << 2) | i64::from(((self.y >> bit) & 1) << 1 | ((self.x >> bit) & 1));
        }
        (place << (free + 1)) | (1 << free)
    }

    /// Numbers of all cells inside, this one included.
    fn stretch(self) -> (i64, i64) {
        let number = self.number();
        let half = (1i64 << (2 * (FINEST - self.level))) - 1;
        (number - half, number + half)
    }
}

/// The cells under which a geometry is kept.
pub fn of_shape(shape: &Shape) -> Vec<i64> {
    let [w, s, e, n] = shape.bounds();
    if w == e && s == n {
        return vec![Cell::of(w, s).number()];
    }
    cover(shape.bounds(), KEPT, |b| shape.touches(b)).into_iter().map(Cell::number).collect()
}

/// The rectangle (west, south, east, north) of a kept cell, when it is of the finest level: that of a point.
pub fn point_bounds(number: i64) -> Option<[f64; 4]> {
    if number & 1 == 0 {
        return None;
    }
    let (mut x, mut y, place) = (0_u32, 0_u32, number >> 1);
    for bit in 0..FINEST {
        x |= u32::from((place >> (2 * bit)) & 1 == 1) << bit;
        y |= u32::from((place >> (2 * bit + 1)) & 1 == 1) << bit;
    }
    Some(Cell { level: FINEST, x, y }.bounds())
}

/// Where to look for what may touch the rectangle (west, south, east, north): stretches of cells, both ends included,
/// and single cells that hold them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// From, to.
    pub stretches: Vec<(i64, i64)>,
    /// One by one.
    pub above: Vec<i64>,
}

/// The search for a rectangle; `touches` may rule out parts of it.
pub fn search(bounds: [f64; 4], touches: impl Fn([f64; 4]) -> bool) -> Search {
    let cells = cover(bounds, ASKED, touches);
    let mut search = Search::default();
    for cell in cells {
        search.stretches.push(cell.stretch());
        let mut at = cell.parent();
        while let Some(up) = at {
            search.above.push(up.number());
            at = up.parent();
        }
    }
    search.above.sort_unstable();
    search.above.dedup();
    search.stretches.sort_unstable();
    search
}

fn meets(a: [f64; 4], b: [f64; 4]) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// Splits the coarsest cell again and again while there is room.
fn cover(bounds: [f64; 4], most: usize, touches: impl Fn([f64; 4]) -> bool) -> Vec<Cell> {
    let mut cells = vec![Cell::WORLD];
    loop {
        let Some(at) = cells.iter().enumerate().filter(|(_, c)| c.level < FINEST).min_by_key(|(_, c)| c.level) else {
            return cells;
        };
        let cell = cells[at.0];
        let side = 360.0 / f64::from(1u32 << cell.level);
        // Cells much finer than the shape say nothing more.
        if cells.len() > 1 && side < ((bounds[2] - bounds[0]).max(bounds[3] - bounds[1]) / 64.0).max(1e-6) {
            return cells;
        }
        let finer: Vec<Cell> =
            cell.children().into_iter().filter(|c| meets(c.bounds(), bounds) && touches(c.bounds())).collect();
        if cells.len() - 1 + finer.len() > most {
            return cells;
        }
        cells.remove(at.0);
        cells.extend(finer);
        if cells.is_empty() {
            return cells;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(kept: &[i64], s: &Search) -> bool {
        kept.iter().any(|c| s.stretches.iter().any(|(a, b)| a <= c && c <= b) || s.above.contains(c))
    }

    #[test]
    fn whatever_touches_is_found() {
        let mut seed = 7u64;
        let mut random = |low: f64, high: f64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            low + (high - low) * ((seed >> 11) as f64 / (1u64 << 53) as f64)
        };
        let mut missed = 0;
        for _ in 0..2_000 {
            let (lon, lat, size) = (random(-179.0, 170.0), random(-85.0, 80.0), random(0.0001, 5.0));
            let bounds = [lon, lat, lon + size, lat + size];
            let s = search(bounds, |_| true);
            assert!(s.stretches.len() <= ASKED);
            let inside = Shape::point(random(lon, lon + size), random(lat, lat + size));
            assert!(found(&of_shape(&inside), &s));
            let (a, b) = (random(lon - 1.0, lon + size), random(lat - 1.0, lat + size));
            let (w, h) = (random(0.001, 3.0), random(0.001, 3.0));
            let box_ =
                json!({"type": "Polygon", "coordinates": [[[a, b], [a + w, b], [a + w, b + h], [a, b + h], [a, b]]]});
            let shape = Shape::from_json(&box_).unwrap();
            assert!(of_shape(&shape).len() <= KEPT);
            if meets(shape.bounds(), bounds) {
                assert!(found(&of_shape(&shape), &s), "{box_} in {bounds:?}");
            } else {
                missed += usize::from(!found(&of_shape(&shape), &s));
            }
        }
        assert!(missed > 0, "an index that finds everything is none");
    }

    #[test]
    fn stretches_nest() {
        let fine = Cell::of(87.1, 53.7);
        let coarse = fine.parent().and_then(Cell::parent).unwrap();
        let (a, b) = coarse.stretch();
        assert!((a..=b).contains(&fine.number()) && (a..=b).contains(&coarse.number()));
        assert_ne!(Cell::of(87.2, 53.7).number(), fine.number());
        let [w, s, e, n] = point_bounds(fine.number()).unwrap();
        assert!(w <= 87.1 && 87.1 <= e && s <= 53.7 && 53.7 <= n && e - w < 1e-5);
        assert_eq!(point_bounds(coarse.number()), None);
    }
}
