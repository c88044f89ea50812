//! `POST /packs/{id}/candidate`: the version of a pack that is tried: given to others, brought into force, withdrawn. Its part of
//! the pack's page, and the fields that say who has it.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use svod_kernel::SpacePath;
use svod_portal::components::{self, Choice, Field, SummaryRow};
use svod_portal::{CsrfForm, Html, PageContext, PageError, encoded};
use svod_registry::{Candidate, CandidateError, INSTALLATION, PublishError, Scope};

use super::{Done, Said, address, render};
use crate::pages::actor_name;
use crate::pages::file::allowed;
use crate::{OperationsState, faults, held};

/// Fields as they were sent.
pub type Sent = BTreeMap<String, String>;

/// What is wrong with which field.
pub type Errors = Vec<(String, String)>;

/// The part of the pack's page; nothing where no version is tried.
pub fn part(ctx: &PageContext, s: &OperationsState, id: &str, may: bool, said: &Said) -> Html {
    let catalogue = s.registry.catalogue();
    let Some(tried) = catalogue.tried.get(id) else { return Html::default() };
    let candidate = &tried.candidate;
    let services = tried.pack.services.iter().map(|service| {
        let to = format!("/services/{}/{}", encoded(id), encoded(&service.id));
        Html::trusted(format!("<li>{}</li>", components::link(&to, ctx.t(&format!("service-{}", service.id)))))
    });
    let mut rows = vec![
        SummaryRow::new(ctx.t("packs-version"), Html::text(&candidate.version)),
        SummaryRow::new(ctx.t("candidate-who"), whom(ctx, &candidate.scope)),
        SummaryRow::new(ctx.t("candidate-since"), components::time(ctx, candidate.since)),
        SummaryRow::new(ctx.t("candidate-results"), Html::trusted(format!("<ul>{}</ul>", Html::join(services)))),
    ];
    if may {
        rows.push(SummaryRow::new(ctx.t("packs-who"), actor_name(ctx, &candidate.actor)));
        rows.push(SummaryRow::new(ctx.t("candidate-reason"), Html::text(&candidate.reason)));
    }
    let title = Html::from(ctx.t("candidate-title"));
    let form = if may { form(ctx, s, id, candidate, said) } else { Html::default() };
    Html::trusted(format!("<h2>{title}</h2>{}{form}", components::summary_list(&rows)))
}

/// What a territory is called: by the last part of its path.
fn called(ctx: &PageContext, space: &SpacePath) -> String {
    ctx.t_or(&format!("space-{}", space.name()), space.as_str())
}

/// Who has it, in words.
fn whom(ctx: &PageContext, scope: &Scope) -> String {
    let share = ("share", scope.share.into());
    match &scope.space {
        None => ctx.tf("candidate-share-of-all", &[share]),
        Some(space) => ctx.tf("candidate-share-there", &[share, ("space", called(ctx, space).into())]),
    }
}

fn form(ctx: &PageContext, s: &OperationsState, id: &str, candidate: &Candidate, said: &Said) -> Html {
    let mut sent = said.sent.clone();
    if sent.is_empty() {
        sent.insert("share".into(), candidate.scope.share.to_string());
        sent.insert("space".into(), candidate.scope.space.as_ref().map(ToString::to_string).unwrap_or_default());
    }
    let action = format!("/packs/{}/candidate", encoded(id));
    let button = |act: &str, class: &str, key: &str, confirm: Option<String>| {
        let confirm = confirm.map(|c| format!(" data-confirm=\"{}\"", Html::text(&c))).unwrap_or_default();
        let text = Html::from(ctx.t(key));
        format!("<button class=\"button{class}\" type=\"submit\" name=\"act\" value=\"{act}\"{confirm}>{text}</button>")
    };
    let buttons = [
        button("scope", " button--secondary", "candidate-give", None),
        button("promote", "", "candidate-promote", Some(ctx.t("candidate-promote-ask"))),
        button("withdraw", " button--danger", "candidate-withdraw", Some(ctx.t("candidate-withdraw-ask"))),
    ];
    Html::trusted(format!(
        "<form method=\"post\" action=\"{action}\" novalidate>{}{}<div class=\"actions\">{}</div></form>",
        components::csrf_field(ctx),
        fields(ctx, s, id, &sent, &said.errors),
        buttons.concat()
    ))
}

/// The fields that say who has a version, and why.
pub fn fields(ctx: &PageContext, s: &OperationsState, id: &str, sent: &Sent, errors: &Errors) -> Html {
    let value = |name: &str| sent.get(name).cloned().unwrap_or_default();
    let of = |name: &str| errors.iter().find(|(field, _)| field == name).map(|(_, t)| t.clone()).unwrap_or_default();
    let catalogue = s.registry.catalogue();
    let top = catalogue.pack(id).and_then(|p| p.manifest.space.as_deref()?.parse::<SpacePath>().ok());
    let tree = s.registry.spaces();
    let within = tree.all().into_iter().filter(|space| !space.open && space.path.as_str() != INSTALLATION);
    let within = within.map(|space| &space.path);
    let within = within.filter(|space| top.as_ref().is_none_or(|top| top.covers(space)));
    let choice = |space: &SpacePath| Choice { value: space.to_string(), text: called(ctx, space) };
    let all = Choice { value: String::new(), text: ctx.t("candidate-everywhere") };
    let spaces = std::iter::once(all).chain(within.map(choice)).collect();
    let share = Field::text("share", ctx.t("candidate-share")).hint(ctx.t("candidate-share-hint"));
    Html::join([
        share.value(value("share")).error(of("share")).html(),
        Field::select("space", ctx.t("candidate-space"), spaces).value(value("space")).error(of("space")).html(),
        Field::area("reason", ctx.t("candidate-reason")).value(value("reason")).error(of("reason")).required().html(),
    ])
}

/// Whom the fields name; a field that is none is an error of it.
pub fn scope(sent: &Sent) -> Result<Scope, CandidateError> {
    let field = |name: &str| sent.get(name).map(|text| text.trim()).unwrap_or_default();
    let share = field("share").trim_end_matches('%').trim().parse().map_err(|_| CandidateError::Share)?;
    let space = field("space");
    let none = |_| CandidateError::Space(space.chars().take(80).collect());
    let space = (!space.is_empty()).then(|| space.parse()).transpose().map_err(none)?;
    Ok(Scope { share, space })
}

/// What is wrong, at its field.
///
/// # Errors
/// What is no fault of what was sent.
pub fn told(ctx: &PageContext, e: CandidateError) -> Result<Errors, PageError> {
    let at = |field: &str, text: String| vec![(field.to_owned(), text)];
    Ok(match e {
        CandidateError::Publish(e @ (PublishError::Faults(_) | PublishError::VersionTaken { .. })) => {
            let texts = faults::of_publication(ctx, e)?;
            texts.into_iter().map(|text| ("version".to_owned(), text)).collect()
        }
        CandidateError::Unchanged => at("version", ctx.t("design-unchanged")),
        CandidateError::Beyond(files) => {
            at("version", ctx.tf("candidate-beyond", &[("files", files.join(", ").into())]))
        }
        CandidateError::Service(service) => at("version", ctx.tf("candidate-service", &[("service", service.into())])),
        CandidateError::Standing(version) => {
            at("version", ctx.tf("candidate-standing", &[("version", version.into())]))
        }
        CandidateError::Reason => at("reason", ctx.t("candidate-reason-missing")),
        CandidateError::Share => at("share", ctx.t("candidate-share-bad")),
        CandidateError::Space(space) => at("space", ctx.tf("candidate-space-bad", &[("space", space.into())])),
        other => return Err(other.into()),
    })
}

/// Gives the version to others, brings it into force, withdraws it.
///
/// # Errors
/// Not permitted, or no version is tried; what is wrong with a field stands on the page.
pub async fn act(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    CsrfForm(sent): CsrfForm<Sent>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    if let Some(elsewhere) = held::until_proved(&ctx, &s, &address(&id), &sent).await? {
        return Ok(elsewhere);
    }
    let reason = sent.get("reason").map(String::as_str).unwrap_or_default();
    let done = match sent.get("act").map(String::as_str) {
        Some("promote") => s.registry.promote(&ctx.actor, &id, reason).await.map(|p| ("published", p.version)),
        Some("withdraw") => s.registry.withdraw(&ctx.actor, &id, reason).await.map(|()| ("withdrawn", String::new())),
        _ => match scope(&sent) {
            Ok(scope) => s.registry.try_with(&ctx.actor, &id, scope, reason).await.map(|c| ("tried", c.version)),
            Err(e) => Err(e),
        },
    };
    match done {
        Ok((done, version)) => {
            held::done(&ctx, &s, &address(&id)).await;
            let to = format!("/packs/{}?done={done}&version={}", encoded(&id), encoded(&version));
            Ok(Redirect::to(&to).into_response())
        }
        Err(e) => {
            let errors = told(&ctx, e)?;
            render(&ctx, &s, &id, &Done::default(), Said { errors, sent, ..Said::default() }).await
        }
    }
}
