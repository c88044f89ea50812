//! `GET /packs/{id}/design`: the files of a working copy, what is wrong with them, and publishing.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_model::{PackError, PackSource};
use svod_portal::components::{self, ButtonKind, Field, PostButton, Table, Tone};
use svod_portal::{CsrfForm, Html, PageContext, PageError, encoded};
use svod_registry::{CandidateError, PublishError};

use super::frame::Frame;
use super::{address, file_address};
use crate::actions::edit::EditFileError;
use crate::pages::file::allowed;
use crate::pages::pack::candidate;
use crate::pages::{pack_title, size};
use crate::publications::Difference;
use crate::working::{Working, WorkingError};
use crate::{OperationsState, faults, held, versions};

/// Fields of a form of these pages.
pub type Fields = CsrfForm<BTreeMap<String, String>>;

/// The version under which it is tried: a field of a form of its own, so that Enter in it never publishes for all.
const TRIED: &str = "tried";

/// What stands in the address: what was done, what is asked.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
    check: Option<String>,
    /// They come back from a fresh proof.
    held: Option<String>,
}

/// What is said beside the files.
#[derive(Default)]
pub struct Notice {
    /// What was done.
    pub banner: Html,
    /// What is wrong with a field.
    pub errors: Vec<(String, String)>,
    /// What a check found; none when nobody asked.
    pub found: Option<Vec<PackError>>,
    /// The version that was sent.
    pub version: Option<String>,
    /// The path that was sent.
    pub path: String,
    /// Who was to try the version.
    pub sent: BTreeMap<String, String>,
}

#[derive(Template)]
#[template(path = "designer/tree.html")]
struct TreePage<'a> {
    ctx: &'a PageContext,
    frame: Frame<'a>,
    address: String,
    files: Html,
    count: usize,
    size: String,
    changed: bool,
    add: Html,
    version: Html,
    trial: Html,
    discard: Html,
    tests: bool,
    archive: Html,
}

/// The page, for who may publish the pack.
///
/// # Errors
/// Not permitted, or no such pack.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let mut notice = Notice::default();
    if let Some(done @ ("removed" | "undone" | "discarded" | "carried" | "taken")) = asked.done.as_deref() {
        notice.banner = components::banner(Tone::Good, ctx.t(&format!("design-done-{done}")), Html::default());
    }
    if asked.check.is_some() {
        match s.registry.check(&working.source()).await {
            Ok(_) => {
                notice.banner = components::banner(Tone::Good, ctx.t("design-sound"), ctx.t("design-sound-text"));
                notice.found = Some(Vec::new());
            }
            Err(PublishError::Faults(all)) => notice.found = Some(all),
            Err(e) => return Err(e.into()),
        }
    }
    let waiting = held::kept::<BTreeMap<String, String>>(&ctx, &s, (&address(&id), asked.held.as_deref())).await?;
    if let Some(sent) = waiting {
        notice.banner = held::notice(&ctx);
        (notice.version, notice.sent) = (sent.get("version").cloned(), sent);
    }
    Ok(render(&ctx, &s, &working, notice))
}

/// The page with what is to be said on it.
pub fn render(ctx: &PageContext, s: &OperationsState, working: &Working, notice: Notice) -> Response {
    let id = &working.pack;
    let (source, changed) = (working.source(), working.changed());
    let found = notice.found.unwrap_or_default();
    let status = if notice.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let of = |field: &str| notice.errors.iter().find(|(f, _)| f == field).map(|(_, t)| t.clone()).unwrap_or_default();
    let add = Field::text("path", ctx.t("design-new-path")).hint(ctx.t("design-new-path-hint"));
    let title = ctx.tf("design-title", &[("pack", pack_title(ctx, id).into())]);
    let lead = ctx.tf("design-lead", &[("version", working.base.as_str().into())]);
    let summary = components::error_summary(ctx, &notice.errors);
    let above = [summary, notice.banner, moved(ctx, working), listed(ctx, id, &source, &found)];
    let body = TreePage {
        ctx,
        frame: Frame::new(ctx, title, lead).notices(above),
        address: address(id),
        files: files(ctx, working, &source, &changed, &found),
        count: source.files.len(),
        size: size(ctx, &source),
        changed: !changed.is_empty(),
        add: add.value(notice.path).error(of("path")).html(),
        trial: Html::join([
            version(ctx, working, TRIED, (notice.sent.get(TRIED).cloned(), of(TRIED))),
            candidate::fields(ctx, s, id, &notice.sent, &notice.errors),
        ]),
        version: version(ctx, working, "version", (notice.version, of("version"))),
        discard: discard_button(ctx, id),
        tests: s.tests.is_some(),
        archive: Field::file("archive", ctx.t("design-archive"), ".zip")
            .hint(ctx.t("design-archive-hint"))
            .error(of("archive"))
            .html(),
    };
    body.frame.first(id).body(&body).status(status).into_response()
}

fn files(
    ctx: &PageContext,
    working: &Working,
    source: &PackSource,
    changed: &[(String, Difference)],
    found: &[PackError],
) -> Html {
    let mut table = Table::new(ctx.t("design-files")).hide_caption();
    table = table.column(ctx.t("design-file")).column(ctx.t("design-state")).number_column(ctx.t("design-faults"));
    let state: BTreeMap<&str, Difference> = changed.iter().map(|(path, d)| (path.as_str(), *d)).collect();
    let gone = changed.iter().filter(|(_, d)| *d == Difference::Removed).map(|(path, _)| path);
    let mut paths: Vec<&String> = source.files.keys().chain(gone).collect();
    paths.sort();
    for path in paths {
        let faults = found.iter().filter(|f| inside(&working.pack, source, &f.file) == Some(path.as_str())).count();
        let name = Html::trusted(format!("<code>{}</code>", Html::text(path)));
        let tag = state.get(path.as_str()).map_or_else(Html::default, |d| {
            let tone = if *d == Difference::Removed { Tone::Warning } else { Tone::Info };
            components::tag(tone, ctx.t(&format!("packs-file-{}", d.word())))
        });
        let faults = if faults == 0 { Html::default() } else { ctx.number(faults as f64).into() };
        table.row([components::link(&file_address(&working.pack, path), name), tag, faults]);
    }
    table.html()
}

/// The path inside the pack of a file that a fault names: some are named with the pack before them.
fn inside<'f>(pack: &str, source: &PackSource, file: &'f str) -> Option<&'f str> {
    if source.files.contains_key(file) {
        return Some(file);
    }
    file.strip_prefix(pack)?.strip_prefix('/').filter(|path| source.files.contains_key(*path))
}

/// The faults, each a way to the place it is at.
fn listed(ctx: &PageContext, pack: &str, source: &PackSource, found: &[PackError]) -> Html {
    if found.is_empty() {
        return Html::default();
    }
    let item = |fault: &PackError| {
        let text = faults::text(ctx, fault);
        let shown = match inside(pack, source, &fault.file) {
            Some(path) => {
                let element = element(&fault.message).map(|e| format!("&element={}", encoded(e))).unwrap_or_default();
                let to = format!("{}&line={}{element}", file_address(pack, path), fault.position.line);
                components::link(&to, text)
            }
            None => text.into(),
        };
        Html::trusted(format!("<li>{shown}</li>"))
    };
    let items = Html::join(found.iter().take(faults::MAX_SHOWN).map(item));
    let more = found.len().checked_sub(faults::MAX_SHOWN).filter(|n| *n > 0).map(|n| {
        let text = Html::from(ctx.tf("packs-faults-more", &[("n", n.into())]));
        Html::trusted(format!("<p>{text}</p>"))
    });
    let body = Html::join([Html::trusted(format!("<ul class=\"faults\">{items}</ul>")), more.unwrap_or_default()]);
    components::banner(Tone::Danger, ctx.tf("design-found", &[("n", found.len().into())]), body)
}

/// The id of an element in a fault of a process: `userTask 'check': …`.
fn element(message: &str) -> Option<&str> {
    let (kind, rest) = message.split_once(" '")?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let (id, _) = rest.split_once("': ")?;
    (plain(kind) && plain(id)).then_some(id)
}

fn moved(ctx: &PageContext, working: &Working) -> Html {
    let Some(now) = working.moved() else { return Html::default() };
    let said = ctx.tf("design-moved-text", &[("version", now.into()), ("base", working.base.as_str().into())]);
    let mut body = vec![Html::trusted(format!("<p>{}</p>", Html::from(said)))];
    let clashes = working.clashes();
    if !clashes.is_empty() {
        let items = clashes.iter().map(|path| Html::trusted(format!("<li><code>{}</code></li>", Html::text(path))));
        let lead = Html::from(ctx.t("design-clashes"));
        body.push(Html::trusted(format!("<p>{lead}</p><ul>{}</ul>", Html::join(items))));
    }
    let action = format!("{}/carry-over", address(&working.pack));
    let text = ctx.tf("design-carry-over", &[("version", now.into())]);
    body.push(components::post_button(ctx, &PostButton { action: &action, text, ..PostButton::default() }));
    components::banner(Tone::Warning, ctx.t("design-moved"), Html::join(body))
}

fn version(ctx: &PageContext, working: &Working, name: &str, (sent, error): (Option<String>, String)) -> Html {
    let taken: Vec<&str> = working.all.iter().map(|p| p.version.as_str()).collect();
    let next = versions::free(&working.base, &taken).unwrap_or_else(|| working.base.clone());
    let hint = ctx.tf("packs-new-version-hint", &[("version", working.base.as_str().into())]);
    let field = Field::text(name, ctx.t("packs-new-version")).hint(hint).value(sent.unwrap_or(next));
    field.error(error).required().html()
}

fn discard_button(ctx: &PageContext, id: &str) -> Html {
    let action = format!("{}/discard", address(id));
    components::post_button(
        ctx,
        &PostButton {
            action: &action,
            text: ctx.t("design-discard"),
            kind: ButtonKind::Danger,
            confirm: Some(ctx.t("design-discard-ask")),
            ..PostButton::default()
        },
    )
}

/// Makes a new file and opens it.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn add(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    CsrfForm(mut fields): Fields,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    let path = fields.remove("path").unwrap_or_default().trim().to_owned();
    let working = Working::open(&s, &ctx.actor, &id).await?;
    match working.add(&s, &ctx.actor, &path).await {
        Ok(_) => Ok(Redirect::to(&file_address(&id, &path)).into_response()),
        Err(e @ (WorkingError::Path(_) | WorkingError::Exists(_) | WorkingError::TooLarge)) => {
            let text = match e {
                WorkingError::Path(_) => ctx.t("design-bad-path"),
                WorkingError::Exists(_) => ctx.t("design-path-taken"),
                _ => ctx.t("design-too-large"),
            };
            let working = Working::open(&s, &ctx.actor, &id).await?;
            let notice = Notice { errors: vec![("path".to_owned(), text)], path, ..Notice::default() };
            Ok(render(&ctx, &s, &working, notice))
        }
        Err(e) => Err(e.into()),
    }
}

/// Puts the changes on the version in force.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn carry_over(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    Working::open(&s, &ctx.actor, &id).await?.carry_over(&s, &ctx.actor).await?;
    Ok(Redirect::to(&format!("{}?done=carried", address(&id))).into_response())
}

/// Throws the working copy away.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn discard(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    Working::open(&s, &ctx.actor, &id).await?.discard(&s, &ctx.actor).await?;
    Ok(Redirect::to(&format!("{}?done=discarded", address(&id))).into_response())
}

/// Publishes the working copy under a new version.
///
/// # Errors
/// Not permitted, or a failure of ours; what is wrong with the pack stands on the page.
pub async fn publish(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    CsrfForm(mut fields): Fields,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    if let Some(elsewhere) = held::until_proved(&ctx, &s, &address(&id), &fields).await? {
        return Ok(elsewhere);
    }
    let version = fields.remove("version").unwrap_or_default().trim().to_owned();
    let working = Working::open(&s, &ctx.actor, &id).await?;
    match working.publish(&s, &ctx.actor, &version).await {
        Ok(p) => {
            held::done(&ctx, &s, &address(&id)).await;
            let entities = p.entities;
            let to =
                format!("/packs/{}?done=published&version={}&entities={entities}", encoded(&id), encoded(&p.version));
            Ok(Redirect::to(&to).into_response())
        }
        Err(e) => {
            let notice = refused(&ctx, e)?;
            let working = Working::open(&s, &ctx.actor, &id).await?;
            Ok(render(&ctx, &s, &working, Notice { version: Some(version), ..notice }))
        }
    }
}

/// Why the working copy was not published, on its page.
fn refused(ctx: &PageContext, e: WorkingError) -> Result<Notice, PageError> {
    let mut notice = Notice::default();
    let mut refused = |text: String| notice.errors.push(("version".to_owned(), text));
    match e {
        WorkingError::Moved(now) => refused(ctx.tf("design-moved-first", &[("version", now.into())])),
        WorkingError::Unchanged => refused(ctx.t("design-unchanged")),
        WorkingError::Edit(EditFileError::Version(_)) => refused(ctx.t("packs-version-bad")),
        WorkingError::Edit(EditFileError::Edit(e)) => {
            refused(ctx.tf("packs-version-unset", &[("detail", e.to_string().into())]));
        }
        WorkingError::Edit(EditFileError::Publish(PublishError::Faults(all))) => {
            refused(ctx.t("design-faults-first"));
            notice.found = Some(all);
        }
        WorkingError::Edit(EditFileError::Publish(e)) => {
            faults::of_publication(ctx, e)?.into_iter().for_each(refused);
        }
        e => return Err(e.into()),
    }
    Ok(notice)
}

/// Publishes the working copy for some, beside the version in force. It stays: what is tried may need another change.
///
/// # Errors
/// Not permitted, or a failure of ours; what is wrong stands on the page.
pub async fn try_out(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    CsrfForm(sent): Fields,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    if let Some(elsewhere) = held::until_proved(&ctx, &s, &address(&id), &sent).await? {
        return Ok(elsewhere);
    }
    let version = sent.get(TRIED).map(|v| v.trim()).unwrap_or_default();
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let mut notice = match (working.ready(version), candidate::scope(&sent)) {
        (Err(e), _) => refused(&ctx, e)?,
        (Ok(_), Err(e)) => Notice { errors: candidate::told(&ctx, e)?, ..Notice::default() },
        (Ok(source), Ok(scope)) => {
            let reason = sent.get("reason").map(String::as_str).unwrap_or_default();
            match s.registry.try_begun(&ctx.actor, &source, scope, (reason, working.begun())).await {
                Ok(tried) => {
                    held::done(&ctx, &s, &address(&id)).await;
                    let to = format!("/packs/{}?done=tried&version={}", encoded(&id), encoded(&tried.version));
                    return Ok(Redirect::to(&to).into_response());
                }
                Err(CandidateError::Publish(e @ PublishError::Faults(_))) => refused(&ctx, e.into())?,
                Err(e) => Notice { errors: candidate::told(&ctx, e)?, ..Notice::default() },
            }
        }
    };
    for (field, _) in notice.errors.iter_mut().filter(|(field, _)| field == "version") {
        TRIED.clone_into(field);
    }
    Ok(render(&ctx, &s, &working, Notice { sent, ..notice }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_lead_to_their_element() {
        assert_eq!(element("userTask 'check': it has no way out"), Some("check"));
        assert_eq!(element("the key 'a': is not known"), None);
        assert_eq!(element("userTask 'a b': x"), None);
        assert_eq!(element("nothing"), None);
    }

    #[test]
    fn files_are_named_with_and_without_their_pack() {
        let source = PackSource { files: [("processes/a.bpmn".to_owned(), String::new())].into() };
        assert_eq!(inside("moving", &source, "processes/a.bpmn"), Some("processes/a.bpmn"));
        assert_eq!(inside("moving", &source, "moving/processes/a.bpmn"), Some("processes/a.bpmn"));
        assert_eq!(inside("moving", &source, "movingprocesses/a.bpmn"), None);
        assert_eq!(inside("moving", &source, "base/processes/a.bpmn"), None);
    }
}
