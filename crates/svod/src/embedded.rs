//! The packs that come with the program.

use rust_embed::RustEmbed;
use svod_model::PackSource;

#[derive(RustEmbed)]
#[folder = "../../packs"]
struct Packs;

/// A pack by its folder's name: `base`, `kuzbass`, `neighbour`.
pub fn pack(id: &str) -> Option<PackSource> {
    let prefix = format!("{id}/");
    let mut source = PackSource::default();
    for path in Packs::iter() {
        let Some(inside) = path.strip_prefix(&prefix).filter(|p| !p.ends_with(".md")) else { continue };
        let file = Packs::get(&path)?;
        source.files.insert(inside.to_owned(), String::from_utf8_lossy(&file.data).into_owned());
    }
    (!source.files.is_empty()).then_some(source)
}
