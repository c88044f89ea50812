//! Somebody leaves a post, or does not begin in it.

use svod_kernel::Actor;
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, CommandError, Operation, Registry, Tenure};

/// Ends an appointment at this moment, and with it the powers that it gives. One that is over stays as it is.
///
/// # Errors
/// What the registry refuses.
pub async fn end(registry: &Registry, actor: &Actor, appointment: &Entity) -> Result<(), CommandError> {
    let now = registry.clock().now();
    if Tenure::of(appointment).and_then(|t| t.until).is_some_and(|until| until <= now) {
        return Ok(());
    }
    let set = [("until".to_owned(), Attribute::property(now.to_string()))].into();
    let (urn, expected) = (appointment.id.clone(), Some(appointment.version));
    let changes = vec![Change::from(Operation::Patch { urn, expected, set, unset: Vec::new() })];
    registry.execute(actor, Command { ground: "dismissal".into(), changes, ..Command::default() }).await.map(drop)
}
