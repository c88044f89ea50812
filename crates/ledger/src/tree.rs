use std::collections::BTreeMap;

use crate::hash::{Hash, empty, node};
use crate::tile::{HEIGHT, TileId, Tiles, WIDTH, fold};

/// The largest power of two below `n`, which is at least 2.
const fn split(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}

/// A tree of a size, read from its tiles.
pub struct Tree<'t, T> {
    tiles: &'t mut T,
    size: u64,
    read: BTreeMap<TileId, Vec<Hash>>,
}

impl<'t, T: Tiles> Tree<'t, T> {
    /// The first `size` entries of the log.
    pub const fn new(tiles: &'t mut T, size: u64) -> Self {
        Self { tiles, size, read: BTreeMap::new() }
    }

    /// The root's hash.
    ///
    /// # Errors
    /// When a tile cannot be read.
    pub fn root(&mut self) -> Result<Hash, T::Error> {
        if self.size == 0 { Ok(empty()) } else { self.range(0, self.size) }
    }

    /// The hashes that lead from an entry to the root, nearest first (RFC 6962, section 2.1.1). `index` is below the size.
    ///
    /// # Errors
    /// When a tile cannot be read.
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<Hash>, T::Error> {
        let (mut from, mut to) = (0, self.size);
        let mut proof = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                proof.push(self.range(middle, to)?);
                to = middle;
            } else {
                proof.push(self.range(from, middle)?);
                from = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// The hashes that lead from the root of the first `old` entries to this one (RFC 6962, section 2.1.2). `old` is at most
    /// the size.
    ///
    /// # Errors
    /// When a tile cannot be read.
    pub fn consistency(&mut self, old: u64) -> Result<Vec<Hash>, T::Error> {
        if old == 0 || old == self.size {
            return Ok(Vec::new());
        }
        let (mut from, mut to, mut whole) = (0, self.size, true);
        let mut proof = Vec::new();
        while to != old {
            let middle = from + split(to - from);
            if old <= middle {
                proof.push(self.range(middle, to)?);
                to = middle;
            } else {
                proof.push(self.range(from, middle)?);
                from = middle;
                whole = false;
            }
        }
        if !whole {
            proof.push(self.range(from, to)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// The root of the subtree over entries `from..to`.
    fn range(&mut self, from: u64, to: u64) -> Result<Hash, T::Error> {
        let length = to - from;
        if length.is_power_of_two() {
            return self.perfect(length.trailing_zeros(), from / length);
        }
        let middle = from + split(length);
        Ok(node(&self.range(from, middle)?, &self.range(middle, to)?))
    }

    /// The node of a height, counted from the left.
    fn perfect(&mut self, height: u32, index: u64) -> Result<Hash, T::Error> {
        let (level, inside) = (u8::try_from(height / HEIGHT).unwrap_or(u8::MAX), height % HEIGHT);
        let first = index << inside;
        let id = TileId { level, number: first / WIDTH };
        if !self.read.contains_key(&id) {
            let hashes = self.tiles.tile(id, id.width(self.size))?;
            self.read.insert(id, hashes);
        }
        let hashes = self.read.get(&id).map_or(&[][..], Vec::as_slice);
        let at = (first % WIDTH) as usize;
        Ok(fold(hashes.get(at..at + (1 << inside)).unwrap_or_default()))
    }
}

/// The right edge of a tree that grows: the last tile of every level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// Of a tree of that size.
    ///
    /// # Errors
    /// When a tile cannot be read.
    pub fn read<T: Tiles>(tiles: &mut T, size: u64) -> Result<Self, T::Error> {
        let mut levels = Vec::new();
        for level in 0..u8::MAX {
            let here = size.checked_shr(HEIGHT * u32::from(level)).unwrap_or(0);
            if here == 0 {
                break;
            }
            let id = TileId { level, number: here / WIDTH };
            let width = id.width(size);
            levels.push(if width == 0 { Vec::new() } else { tiles.tile(id, width)? });
        }
        Ok(Self { size, levels })
    }

    /// How many entries there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of an entry. Tiles that are full now are put into `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<(TileId, Vec<Hash>)>) {
        let mut carried = Some(leaf);
        let mut level = 0;
        while let Some(hash) = carried.take() {
            let place = usize::from(level);
            if self.levels.len() == place {
                self.levels.push(Vec::new());
            }
            let tile = &mut self.levels[place];
            tile.push(hash);
            if tile.len() as u64 == WIDTH {
                let hashes = std::mem::take(tile);
                carried = Some(fold(&hashes));
                full.push((self.tile(level), hashes));
            }
            level += 1;
        }
        self.size += 1;
    }

    /// The last tile of a level.
    fn tile(&self, level: u8) -> TileId {
        let number = self.size.checked_shr(HEIGHT * (u32::from(level) + 1)).unwrap_or(0);
        TileId { level, number }
    }

    /// The tiles that are not full, which have at least one hash.
    pub fn partial(&self) -> impl Iterator<Item = (TileId, &[Hash])> {
        let numbered = (0..=u8::MAX).zip(&self.levels).filter(|(_, hashes)| !hashes.is_empty());
        numbered.map(|(level, hashes)| (self.tile(level), hashes.as_slice()))
    }

    /// The root's hash.
    pub fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        for hashes in &self.levels {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                // The last of the full subtrees: as many as the lowest bit of their number says.
                let (before, last) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
                let hash = fold(last);
                root = Some(root.map_or(hash, |right| node(&hash, &right)));
                rest = before;
            }
        }
        root.unwrap_or_else(empty)
    }
}
