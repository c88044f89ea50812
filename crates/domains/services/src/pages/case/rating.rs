//! At the end, once: how it went.

use askama::Template;
use svod_portal::components::{self, Field};
use svod_portal::{Html, PageContext, PageError};

use super::Notice;
use super::scene::Scene;
use crate::access::address;

#[derive(Template)]
#[template(path = "case/rating.html")]
struct Part<'a> {
    ctx: &'a PageContext,
    action: String,
    stars: [(u8, String); 5],
    error: String,
    comment: Html,
}

/// The part: a question to who asked, their answer to everybody who may see it, else nothing.
///
/// # Errors
/// When its template fails.
pub fn part(ctx: &PageContext, scene: &Scene, notice: &Notice) -> Result<Html, PageError> {
    if let Some(stars) = scene.case.number("satisfaction") {
        let text = ctx.tf("case-rated", &[("n", stars.into())]);
        return Ok(Html::trusted(format!(r#"<p class="muted">{}</p>"#, Html::from(text))));
    }
    if !scene.own || scene.case.text("status") != Some("closed") {
        return Ok(Html::default());
    }
    let part = Part {
        ctx,
        action: format!("{}/rate", address("Case", &scene.case.id)),
        stars: [5, 4, 3, 2, 1].map(|n: u8| (n, ctx.t(&format!("case-stars-{n}")))),
        error: notice.error_of("stars"),
        comment: Field::area("comment", ctx.t("case-comment"))
            .hint(ctx.t("case-comment-hint"))
            .value(notice.written_in("stars"))
            .html(),
    };
    Html::of(&part).map_err(PageError::internal)
}
