//! Somebody is to act in a post while its holder cannot.

use svod_kernel::{Actor, Coded, FieldError, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, CommandError, Operation, Registry};

/// Longest act and name, in characters.
const LONGEST: usize = 300;

/// Who is to act, and how long.
#[derive(Debug, Clone)]
pub struct NewActing {
    /// Who.
    pub person: Urn,
    /// From when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The act by which they are appointed, number and date.
    pub ground: String,
    /// Their name, where it is published; empty: it is not.
    pub name: String,
}

/// Why nobody was appointed.
#[derive(Debug, thiserror::Error)]
pub enum AppointError {
    /// Who appoints appoints others.
    #[error("nobody appoints themselves")]
    Oneself,
    /// The act is missing, or far too long.
    #[error("name the act by which they are appointed, in 3 to 300 characters")]
    Ground,
    /// The name is far too long.
    #[error("write the name in 300 characters at the most")]
    Name,
    /// The registry refused it.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl AppointError {
    /// The field of the form that it is about and the text that says so; none for what the form cannot mend.
    pub fn shown(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Oneself => Some(("person", "bodies-acting-self")),
            Self::Ground => Some(("ground", "bodies-acting-ground")),
            Self::Name => Some(("name", "bodies-acting-name")),
            Self::Command(e) => match e.fields().first().and_then(|f| f.rule.split(':').next().map(str::to_owned)) {
                Some(rule) if rule == "acting-term" => Some(("until", "bodies-acting-term")),
                Some(rule) if rule == "appoint-oneself" => Some(("person", "bodies-acting-self")),
                Some(rule) if rule == "acting-holder" => Some(("person", "bodies-acting-holder")),
                _ => None,
            },
        }
    }
}

impl Coded for AppointError {
    fn code(&self) -> &'static str {
        match self {
            Self::Oneself => "appoint-oneself",
            Self::Ground => "appoint-ground",
            Self::Name => "appoint-name",
            Self::Command(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Oneself => 403,
            Self::Ground | Self::Name => 422,
            Self::Command(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Command(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}

/// Appoints them, in the space of the post and beside its holder.
///
/// # Errors
/// [`AppointError`]; the registry judges the time and that the holder is somebody else.
pub async fn appoint(registry: &Registry, actor: &Actor, post: &Entity, new: &NewActing) -> Result<Urn, AppointError> {
    let (ground, name) = (new.ground.trim(), new.name.trim());
    if !(3..=LONGEST).contains(&ground.chars().count()) {
        return Err(AppointError::Ground);
    }
    if name.chars().count() > LONGEST {
        return Err(AppointError::Name);
    }
    if new.person.as_str() == actor.id {
        return Err(AppointError::Oneself);
    }
    let id = Urn::mint("Appointment", registry.clock().now(), &**registry.rng());
    let mut appointment = Entity::new(id.clone(), "Appointment", post.space.clone())
        .with("person", Attribute::object(new.person.clone()))
        .with("post", Attribute::object(post.id.clone()))
        .with("since", Attribute::property(new.since.to_string()))
        .with("until", Attribute::property(new.until.to_string()))
        .with("deputy", Attribute::property(true))
        .with("ground", Attribute::property(ground));
    if !name.is_empty() {
        appointment = appointment.with("name", Attribute::property(name));
    }
    let changes = vec![Change::from(Operation::Create(appointment))];
    registry.execute(actor, Command { ground: ground.to_owned(), changes, ..Command::default() }).await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rule: &str) -> AppointError {
        let one = FieldError { field: "until".into(), rule: rule.into(), fix: String::new() };
        AppointError::Command(CommandError::Invalid { urn: "urn:t:a".parse().unwrap(), errors: vec![one] })
    }

    #[test]
    fn what_the_form_can_mend_is_said_at_its_field() {
        assert_eq!(refused("acting-term: too long").shown(), Some(("until", "bodies-acting-term")));
        assert_eq!(refused("appoint-oneself: nobody").shown(), Some(("person", "bodies-acting-self")));
        assert_eq!(refused("acting-holder: the same").shown(), Some(("person", "bodies-acting-holder")));
        assert_eq!(refused("required").shown(), None);
        assert_eq!((AppointError::Oneself.status(), refused("x").code()), (403, "invalid-entity"));
    }
}
