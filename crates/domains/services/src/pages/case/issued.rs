//! What was issued: what the process of the case has made, as far as the visitor may see it. What belongs to one for whom they may
//! act, a child to its parent, they see as who acts for them, which is written down before it is shown.

use std::sync::Arc;

use askama::Template;
use svod_identity::Represented;
use svod_model::{Entity, Range};
use svod_portal::components::{self, ButtonKind, PostButton, Tone};
use svod_portal::{Html, PageContext, PageError, encoded};
use svod_runtime::cases::Acting;

use super::papers;
use super::scene::Scene;
use super::traces::Traces;
use crate::ServicesState;
use crate::access::address;
use crate::words::Words;

/// One thing that was made.
pub struct Issued {
    entity: Arc<Entity>,
    /// Name of whose it is and the key to act for them; none: the visitor sees it in their own right.
    acting: Option<(String, String)>,
    files: Html,
    /// Number of the event that made it, where the visitor may have its receipt.
    receipt: Option<i64>,
}

/// What there is of it for the visitor.
///
/// # Errors
/// When the store fails, or it cannot be written down that they see what is another's.
pub async fn of(
    ctx: &PageContext,
    s: &ServicesState,
    (scene, traces): (&Scene, &Traces),
) -> Result<Vec<Issued>, PageError> {
    let mut issued = Vec::new();
    for shown in s.cases.issued(&ctx.actor, &scene.case, &traces.made).await? {
        let acting = shown.acting.map(|Acting { chain, name }| {
            let whom = Represented { chain, name };
            let key = whom.key();
            (whom.name, key)
        });
        let files = if acting.is_none() { papers::files(ctx, s, &shown.entity).await? } else { Html::default() };
        issued.push(Issued { entity: shown.entity, acting, files, receipt: shown.receipt });
    }
    Ok(issued)
}

#[derive(Template)]
#[template(path = "case/issued.html")]
struct Part<'a> {
    ctx: &'a PageContext,
    /// Something of it belongs to others.
    acting: bool,
    rows: Vec<Row>,
}

struct Row {
    what: Html,
    status: Html,
    whose: String,
    files: Html,
    receipt: Html,
    open: Html,
}

/// The part; empty when there is nothing.
///
/// # Errors
/// When its template fails.
pub fn part(words: &Words<'_>, scene: &Scene, issued: &[Issued]) -> Result<Html, PageError> {
    if issued.is_empty() {
        return Ok(Html::default());
    }
    let rows = issued.iter().map(|i| row(words, scene, i)).collect();
    let part = Part { ctx: words.ctx, acting: issued.iter().any(|i| i.acting.is_some()), rows };
    Html::of(&part).map_err(PageError::internal)
}

fn row(words: &Words<'_>, scene: &Scene, issued: &Issued) -> Row {
    let (ctx, e) = (words.ctx, &*issued.entity);
    let what = match words.metamodel.called(e, |_| true) {
        Some(name) => format!("{} · {name}", words.kind(&e.kind)),
        None => words.kind(&e.kind),
    };
    let page = address(&e.kind, &e.id);
    let receipt = issued.receipt.map(|seq| {
        let href = format!("/receipt?space={}&seq={seq}", encoded(scene.case.space.as_str()));
        components::link(&href, ctx.t("event-receipt"))
    });
    // Who has no session of their own cannot begin to act for somebody.
    let open = issued.acting.as_ref().filter(|_| ctx.session.is_some()).map(|(_, key)| {
        let fields = [("appointment", key.as_str()), ("back", page.as_str())];
        let text = ctx.tf("case-issued-open", &[("what", what.as_str().into())]);
        let (action, kind) = ("/account/acting", ButtonKind::Secondary);
        components::post_button(ctx, &PostButton { action, text, fields: &fields, kind, confirm: None })
    });
    Row {
        what: if issued.acting.is_some() { what.into() } else { components::link(&page, what) },
        status: status(words, e),
        whose: issued.acting.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        files: issued.files.clone(),
        receipt: receipt.unwrap_or_default(),
        open: open.unwrap_or_default(),
    }
}

/// How it stands, where its type says so.
fn status(words: &Words<'_>, e: &Entity) -> Html {
    let word = e.attributes.keys().filter(|name| name.ends_with("tatus")).find_map(|name| {
        match &words.metamodel.attribute(&e.kind, name)?.range {
            Range::Enum(list) => Some(words.ctx.word(list, e.text(name)?)),
            _ => None,
        }
    });
    word.map(|word| components::tag(Tone::Quiet, word)).unwrap_or_default()
}
