//! The portal: what every page shares.
//!
//! A domain's handler takes a [`PageContext`], renders its own askama template and gives it to [`Page`], which puts
//! the shell around it; errors leave as [`PageError`] and become pages in one place. [`components`] are the patterns
//! (tables, timelines, summary lists …) that the templates put together; `people` are the pages of signing in. [`Portal::wrap`] adds the shell's own routes,
//! the context, the cookies and the security headers to the whole application.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod address;
mod api_page;
pub mod assets;
mod called;
pub mod components;
mod context;
mod cookies;
mod csv;
mod error;
mod form;
mod form_fields;
mod html;
mod multipart;
mod page;
mod people;
mod security;
pub mod testing;
mod texts;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use svod_identity::Identity;
use svod_kernel::{Clock, Rng};
use svod_text::Texts;

pub use address::encoded;
pub use assets::Island;
pub use context::PageContext;
pub use csv::Csv;
pub use error::PageError;
pub use form::{CsrfForm, csrf_header_holds};
pub use form_fields::{FormOverview, FormPage, SentForm};
pub use html::Html;
pub use multipart::{CsrfFiles, CsrfMultipart, SentFile};
pub use page::Page;
pub use people::{FRESH, PeerAddress};
pub(crate) use security::FormsTo;
pub use security::{FormsAnywhere, StyleAttributes};
pub use texts::{parse_locales, texts};

/// Gives the texts of the packs published now.
pub type PackTexts = Arc<dyn Fn() -> Arc<Texts> + Send + Sync>;

/// What the portal needs from the rest of the house.
pub struct PortalOptions {
    /// Who somebody is.
    pub identity: Arc<Identity>,
    /// Texts of the packs, asked for with each page: they change when a pack is published.
    pub pack_texts: PackTexts,
    /// Texts of the portal and of the domains ([`texts`] merged with theirs).
    pub interface_texts: Texts,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Makes the tokens of forms.
    pub rng: Arc<dyn Rng>,
    /// Hours by which the territory's time is ahead of UTC.
    pub offset_hours: i32,
    /// Cookies go over TLS only.
    pub secure_cookies: bool,
}

/// The page shell of one installation; cheap to clone.
#[derive(Clone)]
pub struct Portal(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub identity: Arc<Identity>,
    pub texts: texts::TextCache,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub offset_hours: i32,
    pub secure_cookies: bool,
}

impl Portal {
    /// A portal over these parts.
    pub fn new(options: PortalOptions) -> Self {
        Self(Arc::new(Inner {
            identity: options.identity,
            texts: texts::TextCache::new(options.interface_texts, options.pack_texts),
            clock: options.clock,
            rng: options.rng,
            offset_hours: options.offset_hours,
            secure_cookies: options.secure_cookies,
        }))
    }

    /// The whole application: `inner`, the shell's own routes, a page for what is not there, and around all of it
    /// the context of pages, their cookies, error pages and security headers.
    pub fn wrap(&self, inner: Router) -> Router {
        let own = Router::new()
            .merge(people::routes())
            .route("/api", get(api_page::show))
            .route("/assets/texts/{file}", get(texts::serve))
            .route("/assets/{*file}", get(assets::serve))
            .route("/favicon.svg", get(assets::favicon))
            .with_state(self.clone());
        inner
            .merge(own)
            .fallback(|| async { PageError::not_found() })
            .layer(axum::middleware::from_fn_with_state(self.clone(), context::around))
            .layer(axum::middleware::from_fn(security::headers))
    }
}
