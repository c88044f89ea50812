use crate::hash::{Hash, empty, node};

/// Is the entry with that hash the one at `index` of a tree with that root (RFC 9162, section 2.1.3.2)?
pub fn includes(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for step in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(step, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Is the tree of size `old` the beginning of the tree of size `new` (RFC 9162, section 2.1.4.2)?
pub fn consistent(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    let hollow = |size: u64, root: &Hash| size == 0 && *root != empty();
    if old > new || hollow(old, old_root) || hollow(new, new_root) {
        return false;
    }
    if old == new || old == 0 {
        return proof.is_empty() && (old == 0 || old_root == new_root);
    }
    let mut steps = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { steps.next() };
    let Some(first) = first else { return false };
    let (mut place, mut last) = (old - 1, new - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut was, mut is) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            was = node(step, &was);
            is = node(step, &is);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            is = node(&is, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && was == *old_root && is == *new_root
}
