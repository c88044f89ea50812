//! Changes on their way to the registry: worked out on the entity as it stands when it is written.

use std::sync::{Arc, Mutex, PoisonError};

use svod_identity::PROVE;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_query::Types;
use svod_registry::{Change, Command, CommandError, Edit, Operation, Receipt};

use crate::NgsiState;
use crate::error::{Answer, ApiError, Kind};
use crate::request::Asked;

/// `type` says of which type the entity must be (clause 5.5.15).
#[derive(Debug, Clone, Default)]
pub struct Selected(Option<(Types, String)>);

impl Selected {
    /// What the request says.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of(state: &NgsiState, asked: &Asked) -> Answer<Self> {
        let Some(text) = asked.param("type") else { return Ok(Self(None)) };
        let context = asked.context(state).await?;
        Ok(Self(Some((crate::params::types::parse(text, &context)?, text.to_owned()))))
    }

    /// True when nothing is said.
    pub const fn is_any(&self) -> bool {
        self.0.is_none()
    }

    /// The types that are named.
    pub fn kinds(&self) -> Vec<String> {
        let named = self.0.as_ref().and_then(|(types, _)| types.any_of());
        named.into_iter().flatten().map(str::to_owned).collect()
    }

    /// Is the entity of that type?
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, entity: &Entity) -> Answer<()> {
        match &self.0 {
            Some((types, text)) if !types.fits(&entity.kinds().collect::<Vec<_>>()) => {
                Err(ApiError::missing(format!("the entity {} is not of the type {text}", entity.id)))
            }
            _ => Ok(()),
        }
    }
}

/// What a function told besides the new entity; it may run more than once.
#[derive(Debug)]
pub struct Told<T>(Arc<Mutex<Option<T>>>);

impl<T> Told<T> {
    /// What it told the last time.
    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Changes of one command.
#[derive(Debug, Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// One more; its place.
    pub fn push(&mut self, operation: Operation) -> usize {
        self.0.push(operation.into());
        self.0.len() - 1
    }

    /// Makes an entity that is there into another.
    pub fn revise<T: Send + 'static>(
        &mut self,
        urn: &Urn,
        work: impl Fn(&Entity) -> Answer<(Entity, T)> + Send + Sync + 'static,
    ) -> Told<T> {
        let missing = urn.clone();
        self.edit(urn, move |old| match old {
            Some(old) => work(old),
            None => Err(ApiError::missing(format!("there is no entity {missing}"))),
        })
    }

    /// Makes an entity, or one that is there into another.
    pub fn edit<T: Send + 'static>(
        &mut self,
        urn: &Urn,
        work: impl Fn(Option<&Entity>) -> Answer<(Entity, T)> + Send + Sync + 'static,
    ) -> Told<T> {
        let told = Arc::new(Mutex::new(None));
        let tell = told.clone();
        let edit = Edit::new(move |old| {
            let (new, outcome) = work(old)?;
            *tell.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            Ok(new)
        });
        self.0.push(Operation::Edit { urn: urn.clone(), edit }.into());
        Told(told)
    }

    /// All or none.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn all(self, state: &NgsiState, asked: &Asked) -> Result<Receipt, CommandError> {
        self.execute(state, asked, false).await
    }

    /// Each for itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn each(self, state: &NgsiState, asked: &Asked) -> Result<Receipt, CommandError> {
        self.execute(state, asked, true).await
    }

    async fn execute(self, state: &NgsiState, asked: &Asked, each: bool) -> Result<Receipt, CommandError> {
        if self.0.is_empty() {
            return Ok(Receipt::default());
        }
        let touched = asked.stale && state.registry.touches_powers(&self.0).await.map_err(ApiError::from)?;
        if touched {
            let why = "appointments and posts ask for a proof of the last ten minutes of who you are";
            return Err(ApiError::new(Kind::Forbidden, format!("{why}: {PROVE}")).into());
        }
        let command = Command {
            ground: "ngsi-ld".into(),
            changes: self.0,
            within: Some(asked.space.clone()),
            each,
            ..Command::default()
        };
        state.registry.execute(&asked.actor, command).await
    }
}

/// One change.
///
/// # Errors
/// See [`CommandError`].
pub async fn one(state: &NgsiState, asked: &Asked, operation: Operation) -> Result<Receipt, CommandError> {
    let mut changes = Changes::default();
    changes.push(operation);
    changes.all(state, asked).await
}

/// Makes an entity that is there, and of the type that `type` says, into another.
///
/// # Errors
/// The work's own, or the registry's.
pub async fn revise<T: Send + 'static>(
    state: &NgsiState,
    asked: &Asked,
    urn: &Urn,
    work: impl Fn(&Entity) -> Answer<(Entity, T)> + Send + Sync + 'static,
) -> Answer<T> {
    let selected = Selected::of(state, asked).await?;
    let mut changes = Changes::default();
    let told = changes.revise(urn, move |old| {
        selected.check(old)?;
        work(old)
    });
    changes.all(state, asked).await?;
    told.take().ok_or_else(|| ApiError::new(Kind::InternalError, "the change was not told"))
}
