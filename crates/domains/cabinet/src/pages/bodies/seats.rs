//! Posts with who is in them, as both pages of bodies show them.

use std::cmp::Reverse;

use askama::Template;
use svod_kernel::{SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_portal::components::{self, ButtonKind, PostButton, Tone};
use svod_portal::{Html, PageContext, PageError, encoded};
use svod_registry::{Action, EntityQuery, Tenure};

use super::{CHUNK, read};
use crate::CabinetState;

#[derive(Template)]
#[template(path = "bodies/seats.html")]
struct Seats<'a> {
    ctx: &'a PageContext,
    seats: &'a [Seat],
}

/// A post.
struct Seat {
    name: String,
    role: String,
    vacant: Html,
    held: Vec<Sitting>,
    past: Vec<Sitting>,
    act: Html,
}

/// Somebody in it.
struct Sitting {
    who: Html,
    mark: Html,
    term: String,
    ground: String,
    button: Html,
}

/// What a moment makes of an appointment.
#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Holds,
    Planned,
    Past,
    /// Nothing that anybody needs to see: it ended before it began, or never holds.
    Void,
}

fn stage(tenure: &Tenure, now: Timestamp) -> Stage {
    let empty = tenure.until.map_or(tenure.acting, |until| until <= tenure.since);
    match tenure.until {
        _ if empty => Stage::Void,
        _ if tenure.holds(now) => Stage::Holds,
        Some(until) if until <= now => Stage::Past,
        _ => Stage::Planned,
    }
}

/// May the visitor appoint to posts of that space? Who does so has an account, and proves it anew.
pub fn appoints(ctx: &PageContext, s: &CabinetState, space: &SpacePath) -> bool {
    let resource = s.registry.resource("Appointment", space);
    ctx.session.is_some() && !resource.open && s.registry.may(&ctx.actor, Action::Create, &resource)
}

/// May the visitor end that appointment?
pub fn ends(ctx: &PageContext, s: &CabinetState, appointment: &Entity) -> bool {
    let resource = s.registry.resource_of(appointment);
    ctx.session.is_some() && !resource.open && s.registry.may(&ctx.actor, Action::Update, &resource)
}

/// The posts; `past` adds who held them before.
///
/// # Errors
/// When the store fails.
pub async fn html(ctx: &PageContext, s: &CabinetState, posts: &[Entity], past: bool) -> Result<Html, PageError> {
    let mut seats = Vec::with_capacity(posts.len());
    for post in posts {
        seats.push(seat(ctx, s, post, past).await?);
    }
    Html::of(&Seats { ctx, seats: &seats }).map_err(PageError::internal)
}

async fn seat(ctx: &PageContext, s: &CabinetState, post: &Entity, past: bool) -> Result<Seat, PageError> {
    let (mut held, mut before, mut vacant) = (Vec::new(), Vec::new(), true);
    for (tenure, appointment) in appointments(ctx, s, post).await? {
        let stage = stage(&tenure, ctx.now);
        vacant &= stage != Stage::Holds || tenure.acting;
        match stage {
            Stage::Holds | Stage::Planned => held.push(sitting(ctx, s, (&tenure, &appointment), &stage).await),
            Stage::Past if past => before.push(sitting(ctx, s, (&tenure, &appointment), &stage).await),
            Stage::Past | Stage::Void => {}
        }
    }
    let name = post.text("name").unwrap_or(post.id.as_str()).to_owned();
    let role = ctx.word("PostRole", post.text("role").unwrap_or_default());
    let hidden = Html::trusted(format!("<span class=\"visually-hidden\">: {}</span>", Html::text(&name)));
    let href = format!("/bodies/acting?post={}", encoded(post.id.as_str()));
    let act = Html::join([Html::from(ctx.t("bodies-appoint")), hidden]);
    Ok(Seat {
        role: if role == name { String::new() } else { role },
        vacant: if vacant { components::tag(Tone::Quiet, ctx.t("bodies-vacant")) } else { Html::default() },
        held,
        past: before,
        act: if appoints(ctx, s, &post.space) {
            components::button_link(&href, act, ButtonKind::Secondary)
        } else {
            Html::default()
        },
        name,
    })
}

/// Appointments to the post, latest first. Those made where the post is not give no powers, and are none.
async fn appointments(ctx: &PageContext, s: &CabinetState, post: &Entity) -> Result<Vec<(Tenure, Entity)>, PageError> {
    let query = EntityQuery::of(post.space.top(), &["Appointment"]).with("post", post.id.as_str());
    let found = read(ctx, s, EntityQuery { limit: CHUNK, ..query }).await?;
    let of_post = found.into_iter().filter(|a| a.space.covers(&post.space));
    let mut all: Vec<(Tenure, Entity)> = of_post.filter_map(|a| Some((Tenure::of(&a)?, a))).collect();
    all.sort_by_key(|(tenure, _)| (tenure.acting, Reverse(tenure.since)));
    Ok(all)
}

async fn sitting(
    ctx: &PageContext,
    s: &CabinetState,
    (tenure, appointment): (&Tenure, &Entity),
    stage: &Stage,
) -> Sitting {
    let mut marks = Vec::new();
    if tenure.acting {
        marks.push(components::tag(Tone::Info, ctx.t("bodies-acting")));
    }
    if *stage == Stage::Planned {
        marks.push(components::tag(Tone::Warning, ctx.t("bodies-planned")));
    }
    Sitting {
        who: who(ctx, s, appointment).await,
        mark: Html::join(marks),
        term: term(ctx, tenure),
        ground: appointment.text("ground").unwrap_or_default().to_owned(),
        button: if *stage != Stage::Past && ends(ctx, s, appointment) {
            end_button(ctx, &appointment.id)
        } else {
            Html::default()
        },
    }
}

/// How they are called where that is published; else as far as the visitor may see it.
async fn who(ctx: &PageContext, s: &CabinetState, appointment: &Entity) -> Html {
    if let Some(name) = appointment.text("name") {
        return Html::text(name);
    }
    let Some(person) = appointment.object("person") else { return ctx.t("bodies-unnamed").into() };
    let known = if appoints(ctx, s, &appointment.space) { s.identity.login_of_person(person).await.ok() } else { None };
    let shown = known.flatten().unwrap_or_else(|| person.to_string());
    Html::trusted(format!("<code>{}</code>", Html::text(&shown)))
}

fn term(ctx: &PageContext, tenure: &Tenure) -> String {
    let since = ctx.date(tenure.since);
    match tenure.until {
        None => ctx.tf("bodies-since", &[("day", since.into())]),
        // The end of a day is the beginning of the next one: who reads it wants the last day.
        Some(until) => {
            ctx.tf("bodies-term", &[("from", since.into()), ("to", ctx.date(until.plus_seconds(-1)).into())])
        }
    }
}

fn end_button(ctx: &PageContext, appointment: &Urn) -> Html {
    let fields = [("id", appointment.as_str())];
    let spec = PostButton {
        action: "/bodies/end",
        text: ctx.t("bodies-end"),
        fields: &fields,
        kind: ButtonKind::Secondary,
        confirm: Some(ctx.t("bodies-end-ask")),
    };
    components::post_button(ctx, &spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_tells_what_an_appointment_is() {
        let of =
            |since, until: Option<i64>, acting| Tenure { since: Timestamp(since), until: until.map(Timestamp), acting };
        let now = Timestamp(5);
        for (tenure, expected) in [
            (of(1, None, false), Stage::Holds),
            (of(1, Some(9), true), Stage::Holds),
            (of(6, None, false), Stage::Planned),
            (of(6, Some(9), true), Stage::Planned),
            (of(1, Some(5), true), Stage::Past),
            (of(1, None, true), Stage::Void),
            (of(6, Some(5), true), Stage::Void),
        ] {
            assert_eq!(stage(&tenure, now), expected, "{tenure:?}");
        }
    }
}
