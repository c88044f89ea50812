//! What every page of the designer has around what is its own: the way to it, what was done, what is wrong, what it is.

use svod_portal::{Html, Island, Page, PageContext, encoded};

use super::address;
use crate::pages::pack_title;

/// The frame of a page; its template is `frame.html`.
pub struct Frame<'a> {
    /// Whose page.
    pub ctx: &'a PageContext,
    title: String,
    /// The title, marked up.
    pub heading: Html,
    /// What the page is, in a sentence.
    pub lead: String,
    /// What was done and what is wrong, above the heading.
    pub notices: Html,
}

impl<'a> Frame<'a> {
    /// A page of that title.
    pub fn new(ctx: &'a PageContext, title: impl Into<String>, lead: String) -> Self {
        let title = title.into();
        Self { ctx, heading: Html::text(&title), title, lead, notices: Html::default() }
    }

    /// The title is the name of a file.
    pub fn of_file(mut self) -> Self {
        self.heading = Html::trusted(format!("<code>{}</code>", self.heading));
        self
    }

    /// What stands above the heading, one under another.
    pub fn notices(mut self, all: impl IntoIterator<Item = Html>) -> Self {
        self.notices = Html::join(all);
        self
    }

    /// The first page of the working copy of a pack.
    pub fn first(&self, pack: &str) -> Page<'a> {
        let page = Page::new(self.ctx, self.title.clone()).island(Island::Forms);
        let page = page.crumb(self.ctx.t("packs-title"), "/packs");
        page.crumb(pack_title(self.ctx, pack), format!("/packs/{}", encoded(pack)))
    }

    /// A page behind the first.
    pub fn inner(&self, pack: &str) -> Page<'a> {
        self.first(pack).crumb(self.ctx.t("design-crumb"), address(pack)).wide()
    }
}
