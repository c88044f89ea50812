//! `GET /services`: what can be asked for, by life situation, and what the visitor has going; `GET /services/{pack}/{service}`: one
//! of them, with figures of how it goes.

mod apply;
mod figures;
mod mine;
mod reach;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_model::{Audience, ServiceSpec, ServiceTerm, StartSpec};
use svod_portal::components::{self, ButtonKind, Choice, Field, Filters, SummaryRow, Tone};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::QueryError;
use svod_runtime::{DraftRow, Service};
use svod_text::Arg;

pub use apply::{discard, send, show as form};
pub use mine::{accept, decline, title_of as offer_title};

use crate::ServicesState;
use crate::bounded::Cursor;
use crate::words::space_name;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    situation: String,
    #[serde(default)]
    audience: String,
    /// Where the page before of the visitor's cases ended.
    #[serde(default)]
    cases: String,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "services/list.html")]
struct ListPage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    offers: Vec<mine::Offered>,
    withdrawn: Vec<mine::Withdrawn>,
    cases: Vec<mine::Row>,
    more: Option<String>,
    filters: Html,
    drafts: Vec<(String, String, Html)>,
    groups: Vec<Group>,
    empty: Html,
}

/// Services of one life situation.
struct Group {
    title: String,
    id: String,
    services: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "services/service.html")]
struct ServicePage<'a> {
    ctx: &'a PageContext,
    title: String,
    about: String,
    result: String,
    facts: Html,
    figures: Html,
    acts: Vec<String>,
    begin: Html,
    unasked: bool,
}

pub(crate) fn title(ctx: &PageContext, service: &Service) -> String {
    ctx.t(&format!("service-{}", service.spec.id))
}

pub(crate) fn href(service: &Service) -> String {
    format!("/services/{}/{}", service.spec.pack, service.spec.id)
}

/// The catalogue.
///
/// # Errors
/// When drafts cannot be read.
pub async fn list(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let words = asked.q.to_lowercase();
    let fits = |service: &Service| {
        let spec = &service.spec;
        let audience = match asked.audience.as_str() {
            "person" => spec.audience.contains(&Audience::Person),
            "organization" => spec.audience.contains(&Audience::Organization),
            _ => true,
        };
        let text = format!("{} {}", title(&ctx, service), ctx.t(&format!("service-{}-about", spec.id))).to_lowercase();
        // What begins by itself is asked for by nobody.
        let asked_for = spec.start.iter().any(|s| matches!(s, StartSpec::Form(_)));
        audience
            && asked_for
            && (asked.situation.is_empty() || spec.situation == asked.situation)
            && words.split_whitespace().all(|word| text.contains(word))
    };
    let mut by_situation: BTreeMap<String, Vec<Service>> = BTreeMap::new();
    for service in s.applications.services().into_iter().filter(fits) {
        by_situation.entry(service.spec.situation.clone()).or_default().push(service);
    }
    let groups: Vec<Group> = by_situation
        .into_iter()
        .map(|(situation, services)| Group {
            title: ctx.word("LifeSituation", &situation),
            services: services
                .iter()
                .map(|s| (href(s), title(&ctx, s), ctx.t(&format!("service-{}-about", s.spec.id))))
                .collect(),
            id: situation,
        })
        .collect();
    let nothing = groups.is_empty();
    let (cases, next) = mine::cases(&ctx, &s, Cursor::parse(&asked.cases)).await?;
    let body = ListPage {
        ctx: &ctx,
        banner: banner(&ctx, &asked.done),
        offers: mine::offers(&ctx, &s).await?,
        withdrawn: mine::withdrawn(&ctx, &s).await?,
        cases,
        more: next.map(|c| format!("/services?cases={}", svod_portal::encoded(&c.text()))),
        filters: filters(&ctx, &s, &asked),
        drafts: drafts(&ctx, &s).await?,
        groups,
        empty: if nothing {
            components::empty(ctx.t("services-none-title"), ctx.t("services-none"))
        } else {
            Html::default()
        },
    };
    Ok(Page::new(&ctx, ctx.t("services-title")).body(&body).into_response())
}

/// What was done with an offer.
fn banner(ctx: &PageContext, done: &str) -> Html {
    let (title, text) = (ctx.t("services-withdrawn-title"), ctx.t("services-withdrawn-text"));
    match done {
        "decline" => components::banner(Tone::Good, ctx.t("services-declined"), Html::default()),
        "withdrawn" => components::banner(Tone::Info, title, text),
        _ => Html::default(),
    }
}

fn filters(ctx: &PageContext, s: &ServicesState, asked: &Asked) -> Html {
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let mut situations: Vec<String> = s.applications.services().into_iter().map(|s| s.spec.situation).collect();
    situations.sort();
    situations.dedup();
    let all = std::iter::once(choice("", ctx.t("services-every-situation")));
    let situations = all.chain(situations.iter().map(|v| choice(v, ctx.word("LifeSituation", v)))).collect();
    let audience = vec![
        choice("", ctx.t("services-everybody")),
        choice("person", ctx.t("services-person")),
        choice("organization", ctx.t("services-organization")),
    ];
    Filters {
        action: "/services".into(),
        fields: vec![
            Field::text("q", ctx.t("services-search")).value(&asked.q),
            Field::select("situation", ctx.t("services-situation"), situations).value(&asked.situation),
            Field::select("audience", ctx.t("services-audience"), audience).value(&asked.audience),
        ],
    }
    .html(ctx)
}

/// What the visitor has begun and not sent.
async fn drafts(ctx: &PageContext, s: &ServicesState) -> Result<Vec<(String, String, Html)>, PageError> {
    if ctx.session.is_none() {
        return Ok(Vec::new());
    }
    let kept = s.applications.drafts(&ctx.actor).await?;
    let known = |row: &DraftRow| {
        let service = s.applications.service(&row.form).ok()?;
        Some((format!("{}/form", href(&service)), title(ctx, &service), components::ago(ctx, row.modified)))
    };
    Ok(kept.iter().filter_map(known).collect())
}

/// One service.
///
/// # Errors
/// Not found when there is none.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((pack, id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let service = s.applications.service(&format!("{pack}/{id}"))?;
    let spec = &service.spec;
    let asked_for = spec.start.iter().any(|s| matches!(s, StartSpec::Form(_)));
    let form = format!("{}/form", href(&service));
    let begin = match (asked_for, ctx.signed_in()) {
        (false, _) => Html::default(),
        (true, true) => components::button_link(&form, ctx.t("service-begin"), ButtonKind::Primary),
        (true, false) => {
            let to = format!("/session?back={}", svod_portal::encoded(&form));
            components::button_link(&to, ctx.t("service-sign-in"), ButtonKind::Primary)
        }
    };
    let mut rows = vec![
        SummaryRow::new(ctx.t("service-term"), term(&ctx, &spec.term)),
        SummaryRow::new(ctx.t("service-fee"), spec.fee.clone().unwrap_or_else(|| ctx.t("service-free"))),
        SummaryRow::new(ctx.t("service-for"), audience(&ctx, &spec.audience)),
    ];
    let unasked = spec.start.iter().any(|s| matches!(s, StartSpec::Event { .. }));
    if unasked {
        rows.push(SummaryRow::new(ctx.t("service-start"), ctx.t("service-unasked")));
    }
    let processes: Vec<String> =
        std::iter::once(&spec.process).chain(spec.variants.iter().map(|v| &v.process)).cloned().collect();
    let versions = versions(&ctx, &s, spec);
    let market = market(&s, spec).await?;
    let apart = figures::Apart { processes: &processes, versions: &versions, market };
    let body = ServicePage {
        ctx: &ctx,
        title: title(&ctx, &service),
        about: ctx.t(&format!("service-{id}-about")),
        result: ctx.t(&format!("service-{id}-result")),
        facts: components::summary_list(&rows),
        figures: Html::join([
            figures::part(&ctx, &s, &service.key(), (service.top.as_ref(), &apart)).await?,
            reach::part(&ctx, &s, &service).await?,
        ]),
        acts: spec.acts.clone(),
        begin,
        unasked,
    };
    let page = Page::new(&ctx, title(&ctx, &service)).crumb(ctx.t("services-title"), "/services");
    Ok(page.body(&body).into_response())
}

/// The version in force and the one that is tried beside it, each with its words; nothing where none is tried.
fn versions(ctx: &PageContext, s: &ServicesState, spec: &ServiceSpec) -> Vec<(String, String)> {
    let catalogue = s.registry.catalogue();
    let Some(tried) = catalogue.tried.get(&spec.pack).map(|t| &t.candidate) else { return Vec::new() };
    let in_force = ctx.tf("figures-version-in-force", &[("version", spec.version.as_str().into())]);
    let mut args = vec![("version", tried.version.as_str().into()), ("share", tried.scope.share.into())];
    let space = tried.scope.space.as_ref().map(|space| space_name(ctx, space));
    let key = if space.is_some() { "figures-version-there" } else { "figures-version-tried" };
    args.extend(space.as_ref().map(|space| ("space", space.into())));
    vec![(spec.version.clone(), in_force), (tried.version.clone(), ctx.tf(key, &args))]
}

/// The version in force, and the seconds from the first change of its working copy until it was published.
async fn market(s: &ServicesState, spec: &ServiceSpec) -> Result<Option<(String, f64)>, PageError> {
    let made = s.registry.made(&spec.pack).await.map_err(QueryError::from)?;
    Ok(made.get(&spec.version).map(|made| (spec.version.clone(), made.published.seconds_since(made.begun).max(0.0))))
}

fn term(ctx: &PageContext, term: &ServiceTerm) -> String {
    match term {
        ServiceTerm::WorkingDays { days, .. } => ctx.tf("service-term-days", &[("days", Arg::from(*days as f64))]),
        ServiceTerm::Seconds(seconds) if *seconds < 3_600 => {
            ctx.tf("service-term-minutes", &[("minutes", Arg::from((*seconds as f64 / 60.0).ceil()))])
        }
        ServiceTerm::Seconds(seconds) => {
            ctx.tf("service-term-hours", &[("hours", Arg::from((*seconds as f64 / 3_600.0).ceil()))])
        }
    }
}

fn audience(ctx: &PageContext, audience: &[Audience]) -> String {
    let of = |a: &Audience| match a {
        Audience::Person => ctx.t("services-person"),
        Audience::Organization => ctx.t("services-organization"),
    };
    audience.iter().map(of).collect::<Vec<_>>().join(", ")
}
