use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use svod_kernel::Lang;
use svod_text::{Arg, TextError, Texts};

use crate::{PackTexts, Portal};

/// `locales/<lang>/<section>.ftl` of this crate.
#[derive(RustEmbed)]
#[folder = "locales/"]
struct Locales;

/// Arguments that messages of islands (`js-…`) may have; the browser puts the values in.
const ISLAND_ARGS: [&str; 9] = ["n", "name", "value", "ago", "size", "unit", "why", "what", "metres"];

/// The shell's own texts.
///
/// # Panics
/// Never: a unit test parses the embedded files.
pub fn texts() -> Texts {
    let sources = Locales::iter().filter_map(|path| {
        let lang = path.split(['/', '.']).next()?.parse().ok()?;
        let file = Locales::get(&path)?;
        Some((lang, format!("portal/locales/{path}"), String::from_utf8_lossy(&file.data).into_owned()))
    });
    Texts::new(sources).expect("the portal's texts are parsed by a unit test of this crate")
}

/// Parses a crate's `locales/{ru,kk,en}.ftl`; call it through [`crate::locales!`].
///
/// # Errors
/// Every syntax error and every key that stands twice, with file and line.
pub fn parse_locales(origin: &str, files: [(Lang, &str); 3]) -> Result<Texts, Vec<TextError>> {
    Texts::new(files.map(|(lang, ftl)| (lang, format!("{origin}/locales/{}.ftl", lang.tag()), ftl.to_owned())))
}

/// The texts of the calling crate's `locales/{ru,kk,en}.ftl`, parsed: `Result<Texts, Vec<TextError>>`.
#[macro_export]
macro_rules! locales {
    () => {
        $crate::parse_locales(
            env!("CARGO_PKG_NAME"),
            [
                (svod_kernel::Lang::Ru, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/ru.ftl"))),
                (svod_kernel::Lang::Kk, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/kk.ftl"))),
                (svod_kernel::Lang::En, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/en.ftl"))),
            ],
        )
    };
}

/// Interface texts laid over those of the packs; made anew only when a pack was published.
pub(crate) struct TextCache {
    interface: Texts,
    packs: PackTexts,
    merged: RwLock<Option<(Arc<Texts>, Arc<Texts>)>>,
    islands: [(String, String); 3],
}

impl TextCache {
    pub fn new(interface: Texts, packs: PackTexts) -> Self {
        let islands = Lang::ALL.map(|lang| island_file(&interface, lang));
        Self { interface, packs, merged: RwLock::default(), islands }
    }

    /// All texts as of now.
    pub fn now(&self) -> Arc<Texts> {
        let packs = (self.packs)();
        if let Some((of, merged)) = &*self.merged.read().unwrap_or_else(PoisonError::into_inner)
            && Arc::ptr_eq(of, &packs)
        {
            return merged.clone();
        }
        let merged = Arc::new(packs.merged(&self.interface));
        *self.merged.write().unwrap_or_else(PoisonError::into_inner) = Some((packs, merged.clone()));
        merged
    }

    /// Name of the file with the islands' texts in that language; it changes with its content.
    pub fn island_name(&self, lang: Lang) -> &str {
        &self.islands[index(lang)].0
    }
}

fn index(lang: Lang) -> usize {
    Lang::ALL.iter().position(|l| *l == lang).unwrap_or(0)
}

fn island_file(texts: &Texts, lang: Lang) -> (String, String) {
    let marks: Vec<String> = ISLAND_ARGS.iter().map(|a| format!("{{{a}}}")).collect();
    let args: Vec<(&str, Arg<'_>)> = ISLAND_ARGS.iter().zip(&marks).map(|(a, m)| (*a, Arg::from(m))).collect();
    // Russian has every key; what another language misses comes from there.
    let messages: BTreeMap<&str, String> =
        texts.keys(Lang::Ru).filter(|k| k.starts_with("js-")).map(|k| (k, texts.format(lang, k, &args))).collect();
    let body = serde_json::to_string(&messages).expect("a map of texts is always JSON");
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    (format!("{}-{:016x}.json", lang.tag(), hasher.finish()), body)
}

/// Texts of the islands, `/assets/texts/<lang>-<hash>.json`.
pub(crate) async fn serve(State(portal): State<Portal>, Path(file): Path<String>) -> Response {
    match portal.0.texts.islands.iter().find(|(name, _)| *name == file) {
        Some((_, body)) => (
            [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            body.clone(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text() {
        assert_eq!(texts().missing(), []);
        assert!(texts().keys(Lang::Kk).count() > 100);
    }

    #[test]
    fn island_texts_keep_their_arguments() {
        let (name, body) = island_file(&texts(), Lang::Kk);
        assert!(name.starts_with("kk-") && name.ends_with(".json"));
        let messages: BTreeMap<String, String> = serde_json::from_str(&body).unwrap();
        assert!(messages["js-map-found"].contains("{n}"), "{}", messages["js-map-found"]);
        for (key, text) in &messages {
            assert!(!text.contains("{$"), "{key}: an argument that ISLAND_ARGS does not name: {text}");
        }
    }

    #[test]
    fn texts_are_merged_once_per_publication() {
        let first = Arc::new(Texts::new([(Lang::Ru, "p".into(), "persona-x = Икс".into())]).unwrap());
        let current = Arc::new(RwLock::new(first));
        let source = current.clone();
        let cache = TextCache::new(texts(), Arc::new(move || source.read().unwrap().clone()));
        let (a, b) = (cache.now(), cache.now());
        assert!(Arc::ptr_eq(&a, &b));
        assert_eq!(a.get(Lang::Ru, "persona-x"), "Икс");
        *current.write().unwrap() = Arc::new(Texts::new([]).unwrap());
        assert!(!cache.now().has(Lang::Ru, "persona-x"));
    }
}
