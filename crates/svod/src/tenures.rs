//! Appointments to act in a post that say no end. Before base pack 0.3.0 they could be made so; since then they give no powers, and
//! nobody would know why.

use svod_model::Entity;
use svod_registry::Tenure;
use svod_store::{Conn, Store, StoreError, entity, space};

/// Appointments read at once.
const STEP: i64 = 500;

/// An appointment that gives no powers because it says no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endless {
    /// Its identifier.
    pub urn: String,
    /// The space it lives in.
    pub space: String,
}

/// All of them.
///
/// # Errors
/// When the store cannot be read.
pub fn endless(conn: &mut dyn Conn) -> Result<Vec<Endless>, StoreError> {
    let spaces: Vec<_> = space::list(conn)?.into_iter().filter(|space| !space.open).collect();
    let mut found = Vec::new();
    for space in spaces {
        let mut after = None;
        loop {
            let page = entity::EntityPage {
                spaces: vec![space.id],
                types: vec!["Appointment".to_owned()],
                after,
                limit: STEP,
                ..entity::EntityPage::default()
            };
            let rows = entity::page(conn, &page)?;
            let Some(last) = rows.last() else { break };
            after = Some((last.space, last.id));
            for row in rows {
                let entity: Result<Entity, _> = serde_json::from_str(&row.doc);
                if entity.is_ok_and(|e| Tenure::of(&e).is_some_and(|tenure| tenure.is_endless())) {
                    found.push(Endless { urn: row.urn, space: space.path.clone() });
                }
            }
        }
    }
    Ok(found)
}

/// Says in the log how many there are; `svod doctor` names them. That it cannot be looked for is no reason not to start.
pub async fn tell(store: &Store) {
    match store.read(|conn| endless(conn)).await.map(|found| found.len()) {
        Ok(0) => {}
        Ok(count) => {
            tracing::warn!(
                count,
                "appointments to act in a post say no end and give no powers; `svod doctor` names them"
            );
        }
        Err(error) => tracing::error!(%error, "appointments that say no end could not be looked for"),
    }
}
