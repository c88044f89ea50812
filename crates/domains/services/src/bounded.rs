//! Questions to very many entities that stay cheap: the platform's own, for these pages as well.

pub use svod_runtime::bounded::{Asked, Cursor, FEW, FEW_ROWS, Stretch, any_of, is, since};
