//! `GET|POST /services/{pack}/{service}/form`: a service's form, page by page, kept as a draft until it is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use svod_forms::{Action, Around, Choice, Draft, Filled, Form, Lists, Prefill, Refused, Sent, Wanted};
use svod_kernel::SpacePath;
use svod_model::{Entity, StartSpec};
use svod_portal::{CsrfForm, FormOverview, FormPage, Html, Island, Page, PageContext, PageError, SentForm, encoded};
use svod_registry::EntityQuery;
use svod_runtime::{Application, Service, plain};

use super::{href, title};
use crate::ServicesState;
use crate::access::address;

/// Addresses that a search shows.
const FOUND: usize = 20;
/// The page behind the last: every answer before the form is sent.
const CHECK: &str = "check";

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    page: Option<String>,
}

/// A form with all that it is shown and read with.
struct Desk {
    service: Service,
    form: Arc<Form>,
    prefill: Prefill,
    draft: Draft,
    inputs: Map<String, Value>,
    /// Where the applicant is.
    space: SpacePath,
}

impl Desk {
    async fn open(ctx: &PageContext, s: &ServicesState, pack: &str, id: &str) -> Result<Self, PageError> {
        if !ctx.signed_in() {
            return Err(PageError::sign_in());
        }
        let service = s.applications.service(&format!("{pack}/{id}"))?;
        let file = service.spec.start.iter().find_map(|s| match s {
            StartSpec::Form(file) => Some(file.clone()),
            StartSpec::Event { .. } => None,
        });
        let programs = s.registry.programs_in_force(pack).await?.ok_or_else(PageError::not_found)?;
        let form = file.and_then(|f| programs.forms.get(&f).cloned()).ok_or_else(PageError::not_found)?;
        let applicant = s.applications.applicant(&ctx.actor).await?;
        let kept = s.applications.draft(&ctx.actor, &service.key()).await?;
        let draft = kept.and_then(|row| serde_json::from_str(&row.doc).ok()).unwrap_or_else(|| Draft::of(json!({})));
        let inputs = [("applicant".to_owned(), plain(&applicant))].into_iter().collect();
        Ok(Self { service, form, prefill: prefill(ctx, &applicant), draft, inputs, space: applicant.space.clone() })
    }

    fn around<'a>(&'a self, ctx: &'a PageContext, lists: &'a Lists) -> Around<'a> {
        Around {
            lang: ctx.lang,
            texts: &ctx.texts,
            now: ctx.now,
            offset_hours: ctx.offset_hours,
            prefill: &self.prefill,
            lists,
            inputs: &self.inputs,
        }
    }

    /// What the registers have for it.
    async fn lists(
        &self,
        ctx: &PageContext,
        s: &ServicesState,
        typed: &BTreeMap<String, Vec<String>>,
    ) -> Result<Lists, PageError> {
        let none = Lists::default();
        let wanted = self.form.wanted(&self.draft, typed, &self.around(ctx, &none));
        look_up(ctx, s, &self.space, &wanted).await
    }

    fn action(&self) -> String {
        format!("{}/form", href(&self.service))
    }

    async fn keep(&self, ctx: &PageContext, s: &ServicesState, draft: &Draft) -> Result<(), PageError> {
        let doc = serde_json::to_string(draft).map_err(PageError::internal)?;
        Ok(s.applications.keep(&ctx.actor, &self.service, doc).await?)
    }
}

/// What the register knows of the applicant: `applicant.<attribute>`.
fn prefill(ctx: &PageContext, applicant: &Entity) -> Prefill {
    let source = ctx.tf("form-source-of", &[("register", ctx.t(&format!("type-{}", applicant.kind)).into())]);
    let Value::Object(known) = plain(applicant) else { return Prefill::new() };
    let as_of = |name: &str| applicant.attributes.get(name).map(|a| a.modified(applicant.created_at));
    known
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let filled = Filled { value, source: source.clone(), as_of: as_of(&name) };
            (format!("applicant.{name}"), filled)
        })
        .collect()
}

async fn look_up(
    ctx: &PageContext,
    s: &ServicesState,
    space: &SpacePath,
    wanted: &Wanted,
) -> Result<Lists, PageError> {
    let catalogue = s.registry.catalogue();
    let mut lists = Lists::default();
    for code in &wanted.codes {
        let values = catalogue.metamodel.enums.get(code).map(|e| e.values.clone()).unwrap_or_default();
        lists.codes.insert(code.clone(), values);
    }
    for (_, id) in &wanted.addresses {
        let Ok(urn) = id.parse() else { continue };
        if let Ok(found) = s.registry.entity(&ctx.actor, &urn).await {
            lists.addresses.insert(id.clone(), found.text("name").unwrap_or(found.id.as_str()).to_owned());
        }
    }
    for (field, register, words) in &wanted.searches {
        lists.found.insert(field.clone(), search(ctx, s, space, (register, words)).await?);
    }
    Ok(lists)
}

/// Things of a register whose names hold all the words.
async fn search(
    ctx: &PageContext,
    s: &ServicesState,
    space: &SpacePath,
    (register, words): (&str, &str),
) -> Result<Vec<Choice>, PageError> {
    let words: Vec<String> = words.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut query = EntityQuery { limit: 1_000, ..EntityQuery::of(space.top(), &[register]) };
    let mut found = Vec::new();
    for _ in 0..20 {
        let page = s.registry.query(&ctx.actor, query.clone()).await?;
        for entity in page.items {
            let name = entity.text("name").unwrap_or_default();
            let small = name.to_lowercase();
            if words.iter().all(|w| small.contains(w)) {
                found.push(Choice { value: entity.id.as_str().into(), label: name.to_owned() });
            }
        }
        if found.len() >= FOUND || page.next.is_none() {
            break;
        }
        query.after = page.next;
    }
    found.sort_by(|a, b| a.label.cmp(&b.label));
    found.truncate(FOUND);
    Ok(found)
}

/// A page of the form, or all answers before it is sent.
///
/// # Errors
/// Not found when there is no such service, a request to sign in for whoever has not.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((pack, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let desk = Desk::open(&ctx, &s, &pack, &id).await?;
    let lists = desk.lists(&ctx, &s, &BTreeMap::new()).await?;
    if asked.page.as_deref() == Some(CHECK) {
        return Ok(overview(&ctx, &desk, &lists, &[]));
    }
    Ok(page(&ctx, &desk, &lists, asked.page.as_deref(), None))
}

fn page(ctx: &PageContext, desk: &Desk, lists: &Lists, name: Option<&str>, refused: Option<&Refused>) -> Response {
    let view = desk.form.view(&desk.draft, name, &desk.around(ctx, lists), refused);
    let (action, title) = (desk.action(), title(ctx, &desk.service));
    let html = FormPage { view: &view, action: &action, title: &title }.html(ctx);
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    shell(ctx, desk, title.clone(), html, status)
}

fn overview(ctx: &PageContext, desk: &Desk, lists: &Lists, errors: &[svod_forms::FieldError]) -> Response {
    let around = desk.around(ctx, lists);
    let chapters = desk.form.overview(&desk.draft, &around);
    let (action, title) = (desk.action(), title(ctx, &desk.service));
    let view = desk.form.view(&desk.draft, None, &around, None);
    let signature = chapters.iter().any(|c| desk.form.view(&desk.draft, Some(&c.page.name), &around, None).signature);
    let page = FormOverview {
        chapters: &chapters,
        action: &action,
        title: &title,
        errors,
        send: view.send.as_deref(),
        signature,
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    shell(ctx, desk, title.clone(), page.html(ctx), status)
}

fn shell(ctx: &PageContext, desk: &Desk, title: String, body: Html, status: StatusCode) -> Response {
    Page::new(ctx, title.clone())
        .crumb(ctx.t("services-title"), "/services")
        .crumb(title, href(&desk.service))
        .html(body)
        .island(Island::Forms)
        .status(status)
        .into_response()
}

/// What was filled in: kept, and on to where its button leads.
///
/// # Errors
/// As [`show`]; what is wrong with the answers is shown at their fields.
pub async fn send(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((pack, id)): Path<(String, String)>,
    sent: SentForm,
) -> Result<Response, PageError> {
    let mut desk = Desk::open(&ctx, &s, &pack, &id).await?;
    let lists = desk.lists(&ctx, &s, &sent.typed).await?;
    let Some(action) = sent.action.clone() else { return Ok(Redirect::to(&desk.action()).into_response()) };
    if action == Action::Send {
        return submit(&ctx, &s, &desk, &lists).await;
    }
    let name = (!sent.page.is_empty()).then_some(sent.page.as_str());
    if sent.typed.is_empty() && action == Action::Save {
        return Ok(Redirect::to("/services").into_response());
    }
    let taken = desk.form.accept(name, &desk.draft, Sent::Typed(&sent.typed), &desk.around(&ctx, &lists));
    let (draft, refused) = match taken {
        Ok(draft) => (draft, None),
        Err(refused) => (refused.draft.clone(), Some(refused)),
    };
    let draft = desk.form.act(&draft, &action, &desk.around(&ctx, &lists));
    desk.keep(&ctx, &s, &draft).await?;
    desk.draft = draft;
    let same = || match name {
        Some(name) => format!("{}?page={}", desk.action(), encoded(name)),
        None => desk.action(),
    };
    Ok(match action {
        Action::Next => match refused {
            Some(refused) => page(&ctx, &desk, &lists, name, Some(&refused)),
            None => Redirect::to(&next(&ctx, &desk, &lists, name)).into_response(),
        },
        Action::Save => Redirect::to("/services").into_response(),
        Action::Page(to) => Redirect::to(&format!("{}?page={}", desk.action(), encoded(&to))).into_response(),
        // What a search found stands on this page only.
        Action::Find(_) => page(&ctx, &desk, &lists, name, None),
        _ => Redirect::to(&same()).into_response(),
    })
}

/// The address behind a page: the next one that is shown, or all answers.
fn next(ctx: &PageContext, desk: &Desk, lists: &Lists, name: Option<&str>) -> String {
    let view = desk.form.view(&desk.draft, name, &desk.around(ctx, lists), None);
    let to = view.pages.get(view.page + 1).map_or(CHECK, |p| p.name.as_str());
    format!("{}?page={}", desk.action(), encoded(to))
}

async fn submit(ctx: &PageContext, s: &ServicesState, desk: &Desk, lists: &Lists) -> Result<Response, PageError> {
    let around = desk.around(ctx, lists);
    let done = match desk.form.finish(&desk.draft, &around) {
        Ok(done) => done,
        Err(errors) => return Ok(overview(ctx, desk, lists, &errors)),
    };
    let chapters = desk.form.overview(&desk.draft, &around);
    let signed = chapters.iter().any(|c| desk.form.view(&desk.draft, Some(&c.page.name), &around, None).signature);
    let back = format!("{}?page={CHECK}", desk.action());
    if signed && let Some(proof) = ctx.confirm_first(&back) {
        return Ok(proof);
    }
    let application = Application {
        service: desk.service.key(),
        data: done.data,
        from_graph: done.from_graph.into_iter().map(|(name, path)| (name, path.into())).collect(),
        disputed: done.disputed.into_iter().collect(),
        channel: "web",
    };
    let case = s.applications.send(&ctx.actor, application).await?;
    Ok(Redirect::to(&format!("{}?done=sent", address("Case", &case))).into_response())
}

/// Throws the draft away.
///
/// # Errors
/// When the store fails.
pub async fn discard(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((pack, id)): Path<(String, String)>,
    _: CsrfForm<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    s.applications.discard(&ctx.actor, &format!("{pack}/{id}")).await?;
    Ok(Redirect::to("/services").into_response())
}
