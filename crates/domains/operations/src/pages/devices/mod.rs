//! `GET /devices`: devices with credentials of their own; which deliver, new ones, revoked ones.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_identity::{Device, DeviceQuery, IdentityError, NewDevice, device_place};
use svod_kernel::{Coded as _, SpacePath};
use svod_portal::components::{self, ButtonKind, Choice, Field, Filters, PostButton, SummaryRow, Table, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};

use super::accounts::allowed;
use crate::OperationsState;

/// Rows on a page.
const PAGE: usize = 50;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    after: String,
    #[serde(default)]
    q: String,
    /// What was typed before a fresh proof was asked for.
    #[serde(flatten)]
    typed: Add,
}

#[derive(Template)]
#[template(path = "devices/devices.html")]
struct DevicesPage<'a> {
    ctx: &'a PageContext,
    user: &'a str,
    secret: &'a str,
    errors: Vec<(String, String)>,
    filters: Html,
    /// Names the form: sent twice it lets in one device.
    form: String,
    fields: Vec<Field>,
    table: Html,
    empty: Html,
    pages: Html,
}

#[derive(Template)]
#[template(path = "devices/device.html")]
struct DevicePage<'a> {
    ctx: &'a PageContext,
    device: &'a Device,
    state: Html,
    trail: Html,
    summary: Html,
    revoke: Html,
}

/// The page.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn list(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let spaces = allowed(&ctx, &s)?;
    shown(&ctx, &s, &asked, (&spaces, &asked.typed, Ok(None))).await
}

/// The form as it was sent, and what came of it.
type Sent<'a> = (&'a [SpacePath], &'a Add, Result<Option<&'a (Device, String)>, &'a IdentityError>);

async fn shown(
    ctx: &PageContext,
    s: &OperationsState,
    asked: &Asked,
    (spaces, form, outcome): Sent<'_>,
) -> Result<Response, PageError> {
    let query = DeviceQuery {
        homes: Some(spaces.iter().map(ToString::to_string).collect()),
        words: asked.q.chars().take(100).collect::<String>().to_lowercase(),
        after: device_place(&asked.after),
        limit: PAGE,
        ..DeviceQuery::default()
    };
    let devices = s.identity.devices(query).await?;
    let first = format!("/devices?q={}", encoded(&asked.q));
    let next =
        devices.last().filter(|_| devices.len() == PAGE).map(|d| format!("{first}&after={}", encoded(&d.place())));
    let back = (!asked.after.is_empty()).then_some(first.as_str());
    let errors: Vec<(String, String)> = match outcome {
        Err(IdentityError::Field(field, rule, fix)) => {
            vec![((*field).to_owned(), ctx.t_or(&format!("devices-{field}-{rule}"), fix))]
        }
        Err(e) => vec![("name".into(), ctx.t_or(&format!("problem-{}", e.code()), &e.to_string()))],
        Ok(_) => Vec::new(),
    };
    let (user, secret) =
        outcome.ok().flatten().map_or(("", ""), |(device, secret)| (device.id.as_str(), secret.as_str()));
    let empty = if asked.q.is_empty() { "devices-empty" } else { "devices-none" };
    let search = Field::text("q", ctx.t("devices-search")).value(&asked.q);
    let body = DevicesPage {
        ctx,
        user,
        secret,
        filters: Filters { action: "/devices".into(), fields: vec![search] }.html(ctx),
        form: format!("{:016x}{:016x}", s.registry.rng().next_u64(), s.registry.rng().next_u64()),
        fields: fields(ctx, s, spaces, form, &errors),
        errors,
        table: if devices.is_empty() { Html::default() } else { table(ctx, &devices) },
        empty: components::empty(ctx.t("devices-empty-title"), ctx.t(empty)),
        pages: components::pagination(ctx, devices.len(), back, next.as_deref()),
    };
    let status = if outcome.is_err() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page::new(ctx, ctx.t("devices-title")).status(status).body(&body).island(Island::Forms);
    let mut response = page.into_response();
    if !secret.is_empty() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

fn fields(
    ctx: &PageContext,
    s: &OperationsState,
    spaces: &[SpacePath],
    form: &Add,
    errors: &[(String, String)],
) -> Vec<Field> {
    let of = |name: &str| errors.iter().find(|(n, _)| n == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let places = spaces.iter().map(|space| choice(space.as_str(), space.to_string())).collect();
    let mut profiles = vec![choice("", ctx.t("devices-any-profile"))];
    profiles.extend(known_profiles(s).into_iter().map(|id| choice(&id, id.clone())));
    vec![
        Field::text("name", ctx.t("devices-name")).value(&form.name).error(of("name")).required(),
        Field::select("space", ctx.t("devices-space"), places)
            .hint(ctx.t("devices-space-hint"))
            .value(&form.space)
            .error(of("space")),
        Field::select("profile", ctx.t("devices-profile"), profiles).value(&form.profile).error(of("profile")),
        Field::text("device", ctx.t("devices-device"))
            .hint(ctx.t("devices-device-hint"))
            .value(&form.device)
            .error(of("device")),
    ]
}

/// Identifiers of the profiles of the packs in force.
fn known_profiles(s: &OperationsState) -> Vec<String> {
    let mut ids: Vec<String> = s.registry.catalogue().profiles.iter().map(|p| p.spec.id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn state(ctx: &PageContext, device: &Device) -> Html {
    match device.revoked {
        None => components::tag(Tone::Good, ctx.t("devices-active")),
        Some(_) => components::tag(Tone::Danger, ctx.t("devices-revoked")),
    }
}

fn seen(ctx: &PageContext, device: &Device) -> Html {
    device.seen.map_or_else(|| ctx.t("devices-never").into(), |at| components::time(ctx, at))
}

/// What it may deliver beside its space.
fn limits(ctx: &PageContext, device: &Device) -> String {
    let profile = device.profile.clone().unwrap_or_else(|| ctx.t("devices-any-profile"));
    device.device.as_ref().map_or(profile.clone(), |id| format!("{profile} · {id}"))
}

fn address(device: &Device) -> String {
    format!("/devices/{}", encoded(&device.id))
}

fn table(ctx: &PageContext, devices: &[Device]) -> Html {
    let mut table = Table::new(ctx.t("devices-title"))
        .hide_caption()
        .column(ctx.t("devices-name"))
        .column(ctx.t("devices-space"))
        .column(ctx.t("devices-limits"))
        .column(ctx.t("devices-seen"))
        .column(ctx.t("devices-state"));
    for device in devices {
        table.row([
            components::link(&address(device), device.name.as_str()),
            Html::text(device.home.as_str()),
            Html::text(&limits(ctx, device)),
            seen(ctx, device),
            state(ctx, device),
        ]);
    }
    table.html()
}

#[derive(Debug, Default, Deserialize)]
pub struct Add {
    #[serde(default)]
    name: String,
    #[serde(default)]
    space: String,
    #[serde(default)]
    profile: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    form: String,
}

impl Add {
    /// The page with what was typed.
    fn address(&self) -> String {
        let fields =
            [("name", &self.name), ("space", &self.space), ("profile", &self.profile), ("device", &self.device)];
        let typed: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        format!("/devices?{}#add", typed.join("&"))
    }
}

/// `POST /devices/add`: the answer shows the secret, once.
///
/// # Errors
/// Not permitted.
pub async fn add(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(form): CsrfForm<Add>,
) -> Result<Response, PageError> {
    let spaces = allowed(&ctx, &s)?;
    if let Some(elsewhere) = ctx.confirm_first(&form.address()) {
        return Ok(elsewhere);
    }
    match added(&ctx, &s, &spaces, &form).await {
        Ok(new) => shown(&ctx, &s, &Asked::default(), (&spaces, &Add::default(), Ok(Some(&new)))).await,
        Err(e) => shown(&ctx, &s, &Asked::default(), (&spaces, &form, Err(&e))).await,
    }
}

async fn added(
    ctx: &PageContext,
    s: &OperationsState,
    spaces: &[SpacePath],
    form: &Add,
) -> Result<(Device, String), IdentityError> {
    let wrong = |field, fix: &str| IdentityError::Field(field, "choice", fix.to_owned());
    let home = spaces.iter().find(|space| space.as_str() == form.space).cloned();
    let home = home.ok_or_else(|| wrong("space", "choose a territory where you run the installation"))?;
    let given = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let profile = given(&form.profile);
    if profile.as_ref().is_some_and(|id| !known_profiles(s).contains(id)) {
        return Err(wrong("profile", "choose a profile of the packs in force"));
    }
    let new = NewDevice { name: form.name.clone(), home, profile, device: given(&form.device) };
    match form.form.as_str() {
        "" => s.identity.add_device(&new, &ctx.actor).await,
        name => s.identity.add_device_by_form(&new, (&ctx.actor, name)).await,
    }
}

/// The device, when it is one of theirs.
async fn theirs(ctx: &PageContext, s: &OperationsState, id: &str) -> Result<Device, PageError> {
    let spaces = allowed(ctx, s)?;
    let device = s.identity.device(id).await?;
    // Who runs another territory learns nothing of it.
    if spaces.contains(&device.home) { Ok(device) } else { Err(IdentityError::Missing("device").into()) }
}

/// `GET /devices/{id}`: what is known of one, and the question whether to revoke it.
///
/// # Errors
/// Not permitted, or no such device.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let device = theirs(&ctx, &s, &id).await?;
    let mut rows = vec![
        SummaryRow::new(ctx.t("devices-user"), Html::text(&device.id)),
        SummaryRow::new(ctx.t("devices-space"), Html::text(device.home.as_str())),
        SummaryRow::new(ctx.t("devices-limits"), Html::text(&limits(&ctx, &device))),
        SummaryRow::new(ctx.t("devices-created"), components::time(&ctx, device.created)),
        SummaryRow::new(ctx.t("devices-by"), Html::text(&device.by)),
        SummaryRow::new(ctx.t("devices-seen"), seen(&ctx, &device)),
    ];
    if let Some(at) = device.revoked {
        rows.push(SummaryRow::new(ctx.t("devices-revoked"), components::time(&ctx, at)));
    }
    let fields = [("id", device.id.as_str())];
    let spec = PostButton {
        action: "/devices/revoke",
        text: ctx.t("devices-revoke"),
        fields: &fields,
        kind: ButtonKind::Danger,
        confirm: None,
    };
    let body = DevicePage {
        ctx: &ctx,
        device: &device,
        state: state(&ctx, &device),
        trail: components::breadcrumbs(&ctx, &[(ctx.t("devices-title"), "/devices".into())], &device.name),
        summary: components::summary_list(&rows),
        revoke: components::post_button(&ctx, &spec),
    };
    Ok(Page::new(&ctx, device.name.clone()).body(&body).into_response())
}

#[derive(Deserialize)]
pub struct Revoke {
    id: String,
}

/// `POST /devices/revoke`: out within a second, for good.
///
/// # Errors
/// Not permitted, or no such device.
pub async fn revoke(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(form): CsrfForm<Revoke>,
) -> Result<Response, PageError> {
    let device = theirs(&ctx, &s, &form.id).await?;
    if let Some(elsewhere) = ctx.confirm_first(&address(&device)) {
        return Ok(elsewhere);
    }
    s.identity.revoke_device(&device.id, &ctx.actor).await?;
    Ok(Redirect::to(&address(&device)).into_response())
}
