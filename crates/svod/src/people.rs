//! The people of the demonstration: who is to be tried as somebody in particular is somebody in the graph.

use svod_kernel::Actor;
use svod_model::{Attribute, Entity, PersonaSpec};
use svod_registry::{Command, CommandError, Operation, QueryError, Registry};

/// Makes the people of these personas that are not there yet. In demo mode only.
///
/// # Errors
/// What the registry refuses, by the persona it refuses it for.
pub async fn settle(registry: &Registry, personas: &[PersonaSpec]) -> anyhow::Result<()> {
    let platform = Actor::platform("demo");
    for persona in personas {
        let (Some(urn), Some(known), Some(space)) = (persona.person_urn(), &persona.person, persona.spaces.first())
        else {
            continue;
        };
        match registry.entity(&platform, &urn).await {
            Ok(_) => continue,
            Err(QueryError::NotFound(_)) => {}
            Err(e) => return Err(e.into()),
        }
        let person = Entity::new(urn, "Person", space.clone());
        let person = known.iter().fold(person, |p, (name, value)| p.with(name, Attribute::property(value.as_str())));
        let changes = vec![Operation::Create(person).into()];
        let made =
            registry.execute(&platform, Command { ground: "demo".to_owned(), changes, ..Command::default() }).await;
        match made {
            // Another node was faster.
            Ok(_) | Err(CommandError::Exists(_)) => {}
            Err(e) => return Err(anyhow::Error::from(e).context(format!("the person of persona '{}'", persona.id))),
        }
    }
    Ok(())
}
