use crate::hash::{Hash, node};

/// Hashes of a full tile.
pub const WIDTH: u64 = 256;
/// Levels of the tree in one tile.
pub(crate) const HEIGHT: u32 = 8;

/// Which tile: level, and number inside the level (C2SP tlog-tiles).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Level; leaves are at 0.
    pub level: u8,
    /// Number inside the level.
    pub number: u64,
}

impl TileId {
    /// How many hashes it has in a tree of that size; none when it is not there.
    pub fn width(self, size: u64) -> u64 {
        let bits = HEIGHT * u32::from(self.level);
        let here = if bits < u64::BITS { size >> bits } else { 0 };
        here.saturating_sub(self.number.saturating_mul(WIDTH)).min(WIDTH)
    }

    /// Where it stands below the prefix of the log, when it has so many hashes.
    pub fn path(self, width: u64) -> String {
        format!("tile/{}/{}{}", self.level, number_path(self.number), partial(width))
    }
}

/// Where the entries of that number stand below the prefix of the log, when there are so many of them.
pub fn entries_path(number: u64, width: u64) -> String {
    format!("tile/entries/{}{}", number_path(number), partial(width))
}

fn partial(width: u64) -> String {
    if width < WIDTH { format!(".p/{width}") } else { String::new() }
}

/// `1234067` as `x001/x234/067`.
fn number_path(number: u64) -> String {
    let mut rest = number / 1_000;
    let mut path = format!("{:03}", number % 1_000);
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1_000);
        rest /= 1_000;
    }
    path
}

/// Number and width of a tile from what follows its level in a path: `x001/x234/067.p/112`. The width of a full one is
/// [`WIDTH`]; none when it is not written as it must be.
pub fn parse_number(path: &str) -> Option<(u64, u64)> {
    let (number, width) = match path.split_once(".p/") {
        None => (path, WIDTH),
        Some((number, width)) => {
            let parsed = width.parse::<u64>().ok().filter(|w| (1..WIDTH).contains(w) && w.to_string() == width)?;
            (number, parsed)
        }
    };
    let mut found: u64 = 0;
    let parts: Vec<&str> = number.split('/').collect();
    for (place, part) in parts.iter().enumerate() {
        let digits = if place + 1 == parts.len() { part } else { part.strip_prefix('x')? };
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        found = found.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    (number_path(found) == number).then_some((found, width))
}

/// Where tiles are read.
pub trait Tiles {
    /// Why one could not be read.
    type Error;

    /// The first `width` hashes of a tile, which the tree has.
    ///
    /// # Errors
    /// When it cannot be read or has fewer.
    fn tile(&mut self, id: TileId, width: u64) -> Result<Vec<Hash>, Self::Error>;
}

/// The root of a full subtree over these hashes; their number is a power of two.
pub(crate) fn fold(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => crate::hash::empty(),
        [one] => *one,
        all => {
            let (left, right) = all.split_at(all.len() / 2);
            node(&fold(left), &fold(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(TileId { level: 0, number: 1_234_067 }.path(WIDTH), "tile/0/x001/x234/067");
        assert_eq!(TileId { level: 1, number: 0 }.path(17), "tile/1/000.p/17");
        assert_eq!(entries_path(999, 1), "tile/entries/999.p/1");
        for number in [0, 7, 999, 1_000, 1_234_067, u64::MAX / 1_000] {
            assert_eq!(parse_number(&number_path(number)), Some((number, WIDTH)));
        }
        assert_eq!(parse_number("x001/x234/067.p/112"), Some((1_234_067, 112)));
        for wrong in ["", "1", "0001", "x000/001", "001/002", "x001", "000.p/0", "000.p/256", "000.p/01", "x001/x234"] {
            assert_eq!(parse_number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn tiles_of_the_example_in_the_specification() {
        let size = 70_000;
        let width = |level, number| TileId { level, number }.width(size);
        assert_eq!((width(0, 272), width(0, 273), width(0, 274)), (256, 112, 0));
        assert_eq!((width(1, 0), width(1, 1), width(2, 0), width(3, 0)), (256, 17, 1, 0));
    }
}
