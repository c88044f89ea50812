//! `GET|POST /bodies/acting`: somebody is to act in a post while its holder cannot; `POST /bodies/end`: an appointment ends.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_identity::Session;
use svod_kernel::{Timestamp, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Field};
use svod_portal::{CsrfForm, Island, Page, PageContext, PageError, encoded};
use svod_registry::QueryError;

use super::{href, name, place, seats};
use crate::CabinetState;
use crate::actions::{self, NewActing};
use crate::pages::{answer, of};

#[derive(Template)]
#[template(path = "bodies/acting.html")]
struct ActingPage<'a> {
    ctx: &'a PageContext,
    post: &'a Entity,
    name: &'a str,
    place: String,
    back: String,
    fields: Vec<Field>,
    errors: Vec<(String, String)>,
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    post: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Acting {
    #[serde(default)]
    post: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    ground: String,
    #[serde(default)]
    name: String,
}

/// The post, for who may appoint to it.
async fn office(ctx: &PageContext, s: &CabinetState, post: &str) -> Result<(Arc<Session>, Entity), PageError> {
    let Some(session) = ctx.session.clone() else { return Err(ctx.refusal()) };
    let urn: Urn = post.trim().parse().map_err(|_| PageError::not_found())?;
    let post = s.registry.entity(&ctx.actor, &urn).await?;
    if post.kind != "Post" {
        return Err(PageError::not_found());
    }
    if seats::appoints(ctx, s, &post.space) { Ok((session, post)) } else { Err(PageError::forbidden()) }
}

/// The page on which the post stands.
fn back(post: &Entity) -> String {
    match post.object("body") {
        Some(body) => href(body),
        None => format!("/bodies?space={}", encoded(post.space.as_str())),
    }
}

/// The beginning of a day in the territory's time: `2026-03-01` or `01.03.2026`.
pub fn day(text: &str, offset_hours: i32) -> Option<Timestamp> {
    let parts: Vec<&str> = text.trim().split(['-', '.']).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let sign = if offset_hours < 0 { '-' } else { '+' };
    format!("{year}-{month:0>2}-{day:0>2}T00:00:00{sign}{:02}:00", offset_hours.abs()).parse().ok()
}

/// Who is meant: a login, or the identifier of a person whom the visitor may know of.
async fn person(ctx: &PageContext, s: &CabinetState, session: &Session, text: &str) -> Result<Option<Urn>, PageError> {
    let text = text.trim();
    if !text.contains(':') {
        return Ok(s.identity.person_of(session, text).await?);
    }
    let Ok(urn) = text.parse::<Urn>() else { return Ok(None) };
    match s.registry.entity(&ctx.actor, &urn).await {
        Ok(e) if e.kind == "Person" => Ok(Some(urn)),
        Ok(_) | Err(QueryError::NotFound(_)) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

fn fields(ctx: &PageContext, form: &Acting, errors: &[(String, String)]) -> Vec<Field> {
    vec![
        Field::text("person", ctx.t("bodies-acting-person"))
            .hint(ctx.t("bodies-acting-person-hint"))
            .value(&form.person)
            .error(of(errors, "person"))
            .required(),
        Field::text("since", ctx.t("bodies-acting-since"))
            .hint(ctx.t("bodies-acting-since-hint"))
            .value(&form.since)
            .error(of(errors, "since")),
        Field::text("until", ctx.t("bodies-acting-until"))
            .hint(ctx.t("bodies-acting-until-hint"))
            .value(&form.until)
            .error(of(errors, "until"))
            .required(),
        Field::text("ground", ctx.t("bodies-acting-act"))
            .hint(ctx.t("bodies-acting-act-hint"))
            .value(&form.ground)
            .error(of(errors, "ground"))
            .required(),
        Field::text("name", ctx.t("bodies-acting-called"))
            .hint(ctx.t("bodies-acting-called-hint"))
            .value(&form.name)
            .error(of(errors, "name")),
    ]
}

fn page(ctx: &PageContext, post: &Entity, form: &Acting, errors: Vec<(String, String)>) -> Response {
    let page = ActingPage {
        ctx,
        post,
        name: name(post),
        place: place(ctx, &post.space),
        back: back(post),
        fields: fields(ctx, form, &errors),
        errors,
    };
    let whole = Page::new(ctx, ctx.t("bodies-acting-title")).crumb(ctx.t("bodies-title"), "/bodies");
    answer(whole.body(&page).island(Island::Forms), &page.errors)
}

/// The form.
///
/// # Errors
/// Not who appoints there with an account, no such post, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<CabinetState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let (_, post) = office(&ctx, &s, &asked.post).await?;
    Ok(page(&ctx, &post, &Acting::default(), Vec::new()))
}

/// What the form says; its errors where it says nothing sound.
async fn understood(
    ctx: &PageContext,
    s: &CabinetState,
    session: &Session,
    form: &Acting,
) -> Result<Result<NewActing, Vec<(String, String)>>, PageError> {
    let mut errors = Vec::new();
    let since = if form.since.trim().is_empty() { Some(ctx.now) } else { day(&form.since, ctx.offset_hours) };
    // The last day is theirs as well.
    let until = day(&form.until, ctx.offset_hours).map(|day| day.plus_seconds(86_400));
    for (field, missing) in [("since", since.is_none()), ("until", until.is_none())] {
        if missing {
            errors.push((field.to_owned(), ctx.t("bodies-day")));
        }
    }
    let person = person(ctx, s, session, &form.person).await?;
    if person.is_none() {
        errors.insert(0, ("person".to_owned(), ctx.t("bodies-person-unknown")));
    }
    Ok(match (person, since, until) {
        (Some(person), Some(since), Some(until)) => {
            Ok(NewActing { person, since, until, ground: form.ground.clone(), name: form.name.clone() })
        }
        _ => Err(errors),
    })
}

/// `POST /bodies/acting`: a weighty act, which asks for a fresh proof.
///
/// # Errors
/// Not who appoints there with an account, no such post, or the store failed.
pub async fn appoint(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Acting>,
) -> Result<Response, PageError> {
    let (session, post) = office(&ctx, &s, &form.post).await?;
    let here = format!("/bodies/acting?post={}", encoded(post.id.as_str()));
    if let Some(elsewhere) = ctx.confirm_first(&here) {
        return Ok(elsewhere);
    }
    let new = match understood(&ctx, &s, &session, &form).await? {
        Ok(new) => new,
        Err(errors) => return Ok(page(&ctx, &post, &form, errors)),
    };
    match actions::appoint(&s.registry, &ctx.actor, &post, &new).await {
        Ok(_) => Ok(Redirect::to(&back(&post)).into_response()),
        Err(e) => match e.shown() {
            Some((field, key)) => Ok(page(&ctx, &post, &form, vec![(field.to_owned(), ctx.t(key))])),
            None => Err(e.into()),
        },
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct End {
    #[serde(default)]
    id: String,
}

/// `POST /bodies/end`: the powers that the appointment gave end with it, within a second.
///
/// # Errors
/// Not who appoints there with an account, no such appointment, or the store failed.
pub async fn end(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<End>,
) -> Result<Response, PageError> {
    if ctx.session.is_none() {
        return Err(ctx.refusal());
    }
    let id: Urn = form.id.trim().parse().map_err(|_| PageError::not_found())?;
    let appointment = s.registry.entity(&ctx.actor, &id).await?;
    if appointment.kind != "Appointment" {
        return Err(PageError::not_found());
    }
    if !seats::ends(&ctx, &s, &appointment) {
        return Err(PageError::forbidden());
    }
    let post = match appointment.object("post") {
        Some(post) => s.registry.entity(&ctx.actor, post).await.ok(),
        None => None,
    };
    let back = post.as_ref().map_or_else(|| "/bodies".to_owned(), back);
    if let Some(elsewhere) = ctx.confirm_first(&back) {
        return Ok(elsewhere);
    }
    actions::end(&s.registry, &ctx.actor, &appointment).await?;
    Ok(Redirect::to(&back).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        let first: Timestamp = "2026-03-01T00:00:00+07:00".parse().unwrap();
        for text in ["2026-03-01", "01.03.2026", " 1.3.2026 ", "2026.03.01"] {
            assert_eq!(day(text, 7), Some(first), "{text}");
        }
        assert_eq!(day("2026-03-01", -3), "2026-03-01T00:00:00-03:00".parse().ok());
        for text in ["", "tomorrow", "2026-02-30", "01.03.26", "2026-03", "2026-03-01T00", "١.٣.2026", "--2026"] {
            assert_eq!(day(text, 7), None, "{text}");
        }
    }
}
