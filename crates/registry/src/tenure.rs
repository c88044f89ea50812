//! For how long somebody is in a post. Who acts in one does so for a time that ends, and never beside themselves; nobody appoints
//! themselves, whichever way they come.

use serde_json::Value;
use svod_kernel::{Actor, FieldError, Role, Timestamp};
use svod_model::Entity;
use svod_query::keys;
use svod_store::Conn;

use crate::command::CommandError;
use crate::desk::Desk;
use crate::execute::entity_of;
use crate::index;
use crate::view::View;

/// Longest time for which somebody acts in a post by one act: a year, even a leap year.
pub const ACTING_DAYS: i64 = 366;

/// How an `Appointment` of the base pack puts somebody in a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenure {
    /// From when.
    pub since: Timestamp,
    /// Until when; none: as long as nobody ends it.
    pub until: Option<Timestamp>,
    /// They act in the post while its holder cannot.
    pub acting: bool,
}

impl Tenure {
    /// As the appointment says it; none when it has no beginning, or an end that is no moment.
    pub fn of(appointment: &Entity) -> Option<Self> {
        let until = match appointment.attributes.get("until") {
            None => None,
            Some(_) => Some(appointment.time("until")?),
        };
        let acting = appointment.value("deputy").and_then(Value::as_bool).unwrap_or(false);
        Some(Self { since: appointment.time("since")?, until, acting })
    }

    /// Are they in the post at that moment? Who would act in it without an end does not act at all.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.since <= now && self.until.map_or(!self.acting, |until| now < until)
    }

    /// Does it say that somebody acts in the post, and not until when? Such ones were possible before base pack 0.4.0; they give
    /// no powers any more.
    pub const fn is_endless(&self) -> bool {
        self.acting && self.until.is_none()
    }

    /// Is no moment its own that the other has not?
    fn is_within(&self, other: &Self) -> bool {
        let ends = match (self.until, other.until) {
            (_, None) => true,
            (Some(mine), Some(theirs)) => mine <= theirs,
            (None, Some(_)) => false,
        };
        self.acting == other.acting && other.since <= self.since && ends
    }

    /// Does it end, after its beginning and in time for who acts?
    fn is_bounded(&self) -> bool {
        let last = self.since.plus_seconds(ACTING_DAYS * 86_400);
        self.until.is_some_and(|until| self.since < until && until <= last)
    }

    /// Do both hold at some moment from then on?
    fn meets(&self, other: &Self, from: Timestamp) -> bool {
        let begin = self.since.max(other.since).max(from);
        [self.until, other.until].into_iter().flatten().all(|until| begin < until)
    }
}

/// What says who has which powers when.
const SAYS: [(&str, &[&str]); 2] =
    [("Appointment", &["since", "until", "deputy", "post", "person"]), ("Post", &["role", "body"])];

/// Refuses what would be another thing at another moment, or when an instance of it is gone.
fn said_once(view: &View, new: &Entity) -> Result<(), CommandError> {
    let Some((_, names)) = SAYS.iter().find(|(kind, _)| *kind == new.kind).filter(|_| !view.is_open(&new.space)) else {
        return Ok(());
    };
    let wavers = |name: &&&str| {
        let given = new.attributes.get(**name);
        given.is_some_and(|a| !a.others.is_empty() || a.dataset.is_some() || a.expires_at.is_some())
    };
    match names.iter().find(wavers) {
        None => Ok(()),
        Some(name) => {
            let rule = "said-once: one value without expiresAt and datasetId";
            Err(refused(new, name, rule, "give one value, and leave expiresAt and datasetId out"))
        }
    }
}

/// Refuses who appoints themselves, who would act in a post without an end or for too long, and who would hold a post and act in
/// it at a time. What is over gives nothing: it may be as it is, so that every appointment can be ended.
pub(crate) fn check(
    conn: &mut dyn Conn,
    desk: &Desk<'_>,
    (view, actor): (&View, &Actor),
    new: &Entity,
) -> Result<(), CommandError> {
    said_once(view, new)?;
    if new.kind != "Appointment" || view.is_open(&new.space) {
        return Ok(());
    }
    let Some(tenure) = Tenure::of(new).filter(|t| t.until.is_none_or(|until| view.present < until)) else {
        return Ok(());
    };
    let before = desk.slot(&new.id).and_then(|s| s.now.as_deref());
    if is_own(actor, new) && !before.is_some_and(|old| narrows(old, (new, &tenure))) {
        let rule = "appoint-oneself: nobody appoints themselves, nor whom they act for";
        return Err(refused(new, "person", rule, "let somebody else appoint them"));
    }
    if tenure.acting && !tenure.is_bounded() {
        let rule = "acting-term: who acts in a post does so for a time that ends, of 366 days at the most";
        return Err(refused(new, "until", rule, "give 'until', after 'since' and within 366 days of it"));
    }
    if is_doubled(conn, desk, view, (new, &tenure))? {
        let rule = "acting-holder: nobody holds a post and acts in it at one time";
        return Err(refused(new, "person", rule, "end the other appointment first, or name somebody else"));
    }
    Ok(())
}

/// Is it the actor who is appointed, or whom they act for?
fn is_own(actor: &Actor, appointment: &Entity) -> bool {
    let Some(person) = appointment.object("person") else { return false };
    !actor.is(Role::Platform)
        && (person.as_str() == actor.id || actor.on_behalf.iter().any(|link| link.person == *person))
}

/// Does it give no more than it gave before? One may leave a post, and a word of the act may be mended.
fn narrows(old: &Entity, (new, tenure): (&Entity, &Tenure)) -> bool {
    let same = |name: &str| old.object(name) == new.object(name);
    same("person") && same("post") && Tenure::of(old).is_some_and(|was| tenure.is_within(&was))
}

fn refused(of: &Entity, field: &str, rule: &str, fix: &str) -> CommandError {
    let one = FieldError { field: field.into(), rule: rule.into(), fix: fix.into() };
    CommandError::Invalid { urn: of.id.clone(), errors: vec![one] }
}

/// Has the same person the same post at the same time, in the other way?
fn is_doubled(
    conn: &mut dyn Conn,
    desk: &Desk<'_>,
    view: &View,
    (new, tenure): (&Entity, &Tenure),
) -> Result<bool, CommandError> {
    let (Some(person), Some(post)) = (new.object("person"), new.object("post")) else { return Ok(false) };
    let info = view.spaces.get(&new.space).ok_or_else(|| CommandError::UnknownSpace(new.space.clone()))?;
    let tree = view.spaces.tree(view.spaces.top(info.id));
    let here = |e: &Entity| view.spaces.get(&e.space).is_some_and(|s| tree.contains(&s.id));
    let other = |e: &Entity| {
        let same = e.id != new.id && e.kind == new.kind;
        let same = same && e.object("person") == Some(person) && e.object("post") == Some(post);
        same && Tenure::of(e).is_some_and(|t| t.acting != tenure.acting && t.meets(tenure, view.present))
    };
    if desk.present().any(|e| here(e) && other(e)) {
        return Ok(true);
    }
    for row in svod_store::entity::having(conn, &tree, index::number("post"), &keys::text(post.as_str()))? {
        let entity = entity_of(&row)?;
        // What lies on the desk was looked at as it is by now.
        if desk.slot(&entity.id).is_none() && other(&entity) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    const DAY: i64 = 86_400;

    fn at(day: i64) -> Timestamp {
        Timestamp(0).plus_seconds(day * DAY)
    }

    fn tenure(since: i64, until: Option<i64>, acting: bool) -> Tenure {
        Tenure { since: at(since), until: until.map(at), acting }
    }

    fn appointment(attributes: &[(&str, Attribute)]) -> Entity {
        let mut entity = Entity::new("urn:t:a".parse().unwrap(), "Appointment", "kuzbass".parse().unwrap());
        entity.attributes.extend(attributes.iter().map(|(name, a)| ((*name).to_owned(), a.clone())));
        entity
    }

    #[test]
    fn an_appointment_says_how_long_and_how() {
        let (since, until) = (Attribute::property(at(1).to_string()), Attribute::property(at(3).to_string()));
        let acting = ("deputy", Attribute::property(true));
        let one = appointment(&[("since", since.clone()), ("until", until), acting]);
        assert_eq!(Tenure::of(&one), Some(tenure(1, Some(3), true)));
        assert_eq!(Tenure::of(&appointment(&[("since", since.clone())])), Some(tenure(1, None, false)));
        assert_eq!(Tenure::of(&appointment(&[])), None);
        let strange = appointment(&[("since", since), ("until", Attribute::property("some day"))]);
        assert_eq!(Tenure::of(&strange), None, "an end that nobody can read is no leave to stay");
    }

    #[test]
    fn it_holds_from_its_beginning_until_its_end() {
        let acting = tenure(1, Some(3), true);
        assert_eq!([0, 1, 2, 3].map(|d| acting.holds(at(d))), [false, true, true, false]);
        assert!(tenure(1, None, false).holds(at(9_999)));
        assert!(!tenure(1, None, true).holds(at(2)), "who acts without an end does not act");
    }

    #[test]
    fn nobody_gives_themselves_more_than_they_have() {
        let me = Actor { id: "urn:t:me".into(), ..Actor::anonymous() };
        let of = |person: &str, until: i64| {
            let (since, until) = (Attribute::property(at(1).to_string()), Attribute::property(at(until).to_string()));
            let (person, post) =
                (Attribute::object(person.parse().unwrap()), Attribute::object("urn:t:p".parse().unwrap()));
            appointment(&[("person", person), ("post", post), ("since", since), ("until", until)])
        };
        let (mine, theirs) = (of("urn:t:me", 5), of("urn:t:other", 5));
        assert!(is_own(&me, &mine) && !is_own(&me, &theirs));
        assert!(
            !is_own(&Actor { roles: [Role::Platform].into(), ..me.clone() }, &mine),
            "invitations are the platform's"
        );
        let link = svod_kernel::OnBehalf {
            person: "urn:t:other".parse().unwrap(),
            mandate: "urn:t:m".parse().unwrap(),
            basis: "head".into(),
            scope: [].into(),
        };
        assert!(is_own(&Actor { on_behalf: vec![link], ..me }, &theirs), "nor whom they act for");
        let narrowed = |old: &Entity, new: &Entity| narrows(old, (new, &Tenure::of(new).unwrap()));
        assert!(narrowed(&mine, &of("urn:t:me", 3)) && narrowed(&mine, &mine));
        assert!(!narrowed(&mine, &of("urn:t:me", 6)), "longer");
        assert!(!narrowed(&theirs, &mine), "another's becomes one's own");
    }

    #[test]
    fn who_acts_has_an_end_within_a_year() {
        for (until, good) in [(None, false), (Some(0), false), (Some(1), true), (Some(366), true), (Some(367), false)] {
            assert_eq!(tenure(0, until, true).is_bounded(), good, "{until:?}");
        }
    }

    #[test]
    fn appointments_meet_only_in_what_is_to_come() {
        let (holder, acting) = (tenure(0, Some(5), false), tenure(3, Some(9), true));
        assert!(holder.meets(&acting, at(0)) && acting.meets(&holder, at(4)));
        assert!(!holder.meets(&acting, at(5)), "what is over is no obstacle");
        assert!(!tenure(0, Some(3), false).meets(&acting, at(0)), "one begins when the other ends");
        assert!(tenure(0, None, false).meets(&acting, at(8)));
    }
}
