use std::collections::HashMap;

use svod_kernel::SpacePath;

/// Surrogate key of a space in the store; 0 is the installation itself.
pub type SpaceId = i64;

/// One space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceInfo {
    /// Key in the store.
    pub id: SpaceId,
    /// Path in the tree.
    pub path: SpacePath,
    /// Any type is accepted and anybody may act (sandbox).
    pub open: bool,
    /// What a writer of this space has to know: one more whenever that changes.
    pub epoch: i64,
}

/// All spaces of the installation.
#[derive(Debug, Default)]
pub struct SpaceTree {
    by_path: HashMap<SpacePath, SpaceInfo>,
    by_id: HashMap<SpaceId, SpacePath>,
    tops: HashMap<SpaceId, SpaceId>,
}

impl SpaceTree {
    /// From a list.
    pub fn new(spaces: impl IntoIterator<Item = SpaceInfo>) -> Self {
        let mut tree = Self::default();
        for s in spaces {
            tree.by_id.insert(s.id, s.path.clone());
            tree.by_path.insert(s.path.clone(), s);
        }
        let top = |path: &SpacePath| path.lineage().filter_map(|p| tree.by_path.get(&p)).last().map(|s| s.id);
        tree.tops = tree.by_id.iter().filter_map(|(id, path)| Some((*id, top(path)?))).collect();
        tree
    }

    /// The space of that path.
    pub fn get(&self, path: &SpacePath) -> Option<&SpaceInfo> {
        self.by_path.get(path)
    }

    /// The path of that key.
    pub fn path(&self, id: SpaceId) -> Option<&SpacePath> {
        self.by_id.get(&id)
    }

    /// The space of that key.
    pub fn by_id(&self, id: SpaceId) -> Option<&SpaceInfo> {
        self.path(id).and_then(|p| self.get(p))
    }

    /// Key of the top-level space over that one: identifiers are unique below it.
    pub fn top(&self, id: SpaceId) -> SpaceId {
        self.tops.get(&id).copied().unwrap_or(id)
    }

    /// Keys of all spaces of a tree, by the key of its top.
    pub fn tree(&self, top: SpaceId) -> Vec<SpaceId> {
        self.path(top).map(|path| self.ids(path, true)).unwrap_or_default()
    }

    /// Keys of the space and, with `below`, of all under it, ascending.
    pub fn ids(&self, path: &SpacePath, below: bool) -> Vec<SpaceId> {
        let mut ids: Vec<_> = if below {
            self.by_path.values().filter(|s| path.covers(&s.path)).map(|s| s.id).collect()
        } else {
            self.get(path).map(|s| s.id).into_iter().collect()
        };
        ids.sort_unstable();
        ids
    }

    /// Keys of every space.
    pub fn ids_of_all(&self) -> Vec<SpaceId> {
        self.by_id.keys().copied().collect()
    }

    /// Every space, by path.
    pub fn all(&self) -> Vec<&SpaceInfo> {
        let mut all: Vec<_> = self.by_path.values().collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_means_below_and_not_beside() {
        let tree = SpaceTree::new(
            ["kuzbass", "kuzbass/belovo", "neighbour", "kuzbass2"].iter().enumerate().map(|(i, p)| SpaceInfo {
                id: i as i64 + 1,
                path: p.parse().unwrap(),
                open: false,
                epoch: 0,
            }),
        );
        let kuzbass: SpacePath = "kuzbass".parse().unwrap();
        assert_eq!(tree.ids(&kuzbass, true), [1, 2]);
        assert_eq!(tree.ids(&kuzbass, false), [1]);
        assert!(tree.ids(&"nowhere".parse().unwrap(), true).is_empty());
        assert_eq!((tree.top(2), tree.top(1), tree.top(4)), (1, 1, 4));
    }
}
