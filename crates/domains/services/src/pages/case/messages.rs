//! What both sides wrote, and a form to write.

use askama::Template;
use svod_model::Entity;
use svod_portal::components::{self, Field, Tone};
use svod_portal::{Html, PageContext, PageError};
use svod_runtime::Side;
use svod_runtime::cases::said;

use super::scene::Scene;
use super::traces::Traces;
use super::{Notice, lines};
use crate::access::address;
use crate::words::Words;

#[derive(Template)]
#[template(path = "case/messages.html")]
struct Part<'a> {
    ctx: &'a PageContext,
    /// Messages that the visitor has not read before.
    unread: usize,
    messages: Vec<Message>,
    form: Option<Form>,
}

struct Message {
    who: String,
    at: Html,
    text: Html,
    files: Html,
    tag: Html,
}

struct Form {
    action: String,
    field: Html,
    files: Html,
}

/// The part; empty when nobody writes there.
///
/// # Errors
/// When its template fails.
pub fn part(words: &Words<'_>, (scene, traces): (&Scene, &Traces), notice: &Notice) -> Result<Html, PageError> {
    if scene.messages.is_empty() && scene.side.is_none() {
        return Ok(Html::default());
    }
    let ctx = words.ctx;
    let part = Part {
        ctx,
        unread: scene.messages.iter().filter(|m| is_new(m, scene.side)).count(),
        messages: scene.messages.iter().map(|m| message(words, (scene, traces), m)).collect(),
        form: scene.side.map(|side| form(ctx, scene, side, notice)),
    };
    Html::of(&part).map_err(PageError::internal)
}

/// The other side wrote it, and nobody of this one had seen it.
fn is_new(message: &Entity, side: Option<Side>) -> bool {
    side.is_some_and(|s| message.text("from") != Some(s.as_str())) && message.text("readAt").is_none()
}

fn message(words: &Words<'_>, (scene, traces): (&Scene, &Traces), m: &Entity) -> Message {
    let ctx = words.ctx;
    let from = m.text("from").unwrap_or_default();
    let mine = scene.side.is_some_and(|s| s.as_str() == from);
    let writer = traces.writers.get(&m.id);
    // On one side there may be several: the person, an operator for them, officials of the body.
    let you = writer.map_or(mine, |w| mine && w.id == ctx.actor.id);
    let who = match (from, m.object("body").or_else(|| scene.case.object("body")), writer) {
        _ if you => ctx.t("case-message-you"),
        (_, _, Some(w)) if !w.on_behalf.is_empty() => words.doer((&w.id, &w.name), &w.on_behalf, w.at),
        ("body", Some(body), _) => words.names.called(ctx, body),
        _ => ctx.word("MessageSide", from),
    };
    let tag = match (m.text("readAt"), mine) {
        (None, true) => components::tag(Tone::Quiet, ctx.t("case-message-unread")),
        (None, false) if is_new(m, scene.side) => components::tag(Tone::Info, ctx.t("case-message-new")),
        (Some(_), true) => components::tag(Tone::Good, ctx.t("case-message-read")),
        _ => Html::default(),
    };
    Message {
        who,
        at: m.time("sentAt").map(|at| components::time(ctx, at)).unwrap_or_default(),
        text: said(m, "text", ctx.lang).map_or_else(|| ctx.t("case-message-closed").into(), lines),
        files: scene.files.get(&m.id).cloned().unwrap_or_default(),
        tag,
    }
}

fn form(ctx: &PageContext, scene: &Scene, side: Side, notice: &Notice) -> Form {
    let hint = match side {
        Side::Applicant => "case-message-hint",
        Side::Body => "case-message-hint-body",
    };
    // A message whose file is refused stays as it was written.
    let refused = notice.error_of("files");
    let field = Field::area("text", ctx.t("case-message-label"))
        .hint(ctx.t(hint))
        .value(if refused.is_empty() { notice.written_in("text") } else { notice.written.as_str() })
        .error(notice.error_of("text"))
        .required();
    let files = Field::files("files", ctx.t("case-message-files"), ".pdf,.jpg,.jpeg,.png,.webp")
        .hint(ctx.tf("case-message-files-hint", &[("mib", scene.mib.into())]))
        .error(refused);
    Form { action: format!("{}/messages", address("Case", &scene.case.id)), field: field.html(), files: files.html() }
}
