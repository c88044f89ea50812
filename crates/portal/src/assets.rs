//! What the browser loads: islands, style and fonts built by `web/`, embedded under names that change with their
//! content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use serde::Deserialize;

#[derive(RustEmbed)]
#[folder = "../../web/dist/"]
struct Dist;

/// A script that a page may have; the page works without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Island {
    /// The live map on `<div id="map" data-layers-url data-live-url>`.
    Map,
    /// Charts on `<div class="chart" data-history-url>`.
    Chart,
    /// The hint that a list has changed, on `<div data-live-reload data-live-url data-live-types>`.
    Live,
    /// Confirmation, folder upload, no double posts, fields behind `#` of the address; for forms of packs questions that come and go
    /// (`data-conditions`) and the device's own place (`data-locate`), each loaded where a page has it.
    Forms,
    /// The page that tries the API, on `<div data-openapi-url>`.
    Api,
    /// Passkeys, on `<form data-passkey data-begin>`.
    Passkey,
    /// Verifies a receipt by itself, on `<form data-receipt data-keys>`.
    Receipt,
    /// The editors of a pack's files, on `<form data-design data-path data-simulate>`.
    Designer,
}

impl Island {
    const fn source(self) -> &'static str {
        match self {
            Self::Map => "src/map/map.ts",
            Self::Chart => "src/chart.ts",
            Self::Live => "src/live.ts",
            Self::Forms => "src/forms.ts",
            Self::Api => "src/api.ts",
            Self::Passkey => "src/passkey.ts",
            Self::Receipt => "src/receipt.ts",
            Self::Designer => "src/designer/designer.ts",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct Chunk {
    file: String,
    #[serde(default)]
    css: Vec<String>,
    #[serde(default)]
    imports: Vec<String>,
}

/// Vite's manifest: source file to what became of it.
static MANIFEST: LazyLock<BTreeMap<String, Chunk>> =
    LazyLock::new(|| Dist::get("manifest.json").and_then(|f| serde_json::from_slice(&f.data).ok()).unwrap_or_default());

/// Addresses that a page's head names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub styles: Vec<String>,
    pub scripts: Vec<String>,
    pub preloads: Vec<String>,
    pub fonts: Vec<String>,
}

/// What a page with these islands loads; empty when the islands were not built.
pub(crate) fn head(islands: &[Island]) -> Head {
    let mut head = Head::default();
    head.styles.extend(MANIFEST.get("src/theme/theme.css").map(|c| address(&c.file)));
    head.fonts.extend(
        MANIFEST
            .iter()
            .filter(|(source, _)| {
                source.ends_with("-cyrillic-wght-normal.woff2") || source.ends_with("-latin-wght-normal.woff2")
            })
            .map(|(_, chunk)| address(&chunk.file)),
    );
    let mut seen = BTreeSet::new();
    for island in islands {
        if let Some(chunk) = MANIFEST.get(island.source()) {
            head.scripts.push(address(&chunk.file));
            collect(chunk, &mut head, &mut seen);
        }
    }
    head
}

fn collect(chunk: &'static Chunk, head: &mut Head, seen: &mut BTreeSet<&'static str>) {
    for css in &chunk.css {
        if seen.insert(css) {
            head.styles.push(address(css));
        }
    }
    for import in &chunk.imports {
        let Some(imported) = MANIFEST.get(import) else { continue };
        if seen.insert(import) {
            head.preloads.push(address(&imported.file));
            collect(imported, head, seen);
        }
    }
}

fn address(file: &str) -> String {
    format!("/assets/{file}")
}

/// A file of `web/dist`, `/assets/<name>-<hash>.<ending>`.
pub(crate) async fn serve(Path(file): Path<String>) -> Response {
    match Dist::get(&file) {
        Some(found) => (
            [
                (header::CONTENT_TYPE, content_type(&file)),
                // The manifest alone keeps its name when its content changes; no page loads it.
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            found.data.into_owned(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The mark in the browser's tab.
pub(crate) async fn favicon() -> Response {
    (
        [(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")],
        include_str!("../static/favicon.svg"),
    )
        .into_response()
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap_or("") {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_a_page_names_is_there() {
        let all =
            [Island::Map, Island::Chart, Island::Live, Island::Forms, Island::Api, Island::Passkey, Island::Designer];
        let head = head(&all);
        if MANIFEST.is_empty() {
            assert_eq!(head, Head::default());
            return;
        }
        assert_eq!(head.scripts.len(), all.len());
        assert_eq!(head.fonts.len(), 2);
        for address in head.styles.iter().chain(&head.scripts).chain(&head.preloads).chain(&head.fonts) {
            let file = address.strip_prefix("/assets/").unwrap();
            assert!(Dist::get(file).is_some(), "{file}");
            assert_ne!(content_type(file), "application/octet-stream", "{file}");
        }
    }
}
