//! Who holds which post: appointments of the graph, asked for whoever signs in.

use std::sync::Arc;

use svod_identity::{Capacity, Directory, Looked};
use svod_kernel::{Actor, Role, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{EntityQuery, INSTALLATION, QueryError, Registry};

/// The posts of the graph.
pub struct Posts(pub Arc<Registry>);

impl Directory for Posts {
    fn posts<'a>(&'a self, person: &'a Urn) -> Looked<'a> {
        Box::pin(async move { self.held(person).await.map_err(|e| e.to_string()) })
    }
}

impl Posts {
    async fn held(&self, person: &Urn) -> Result<Vec<Capacity>, QueryError> {
        let (reader, now, tree) = (Actor::platform("identity"), self.0.clock().now(), self.0.spaces());
        let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && s.path.as_str() != INSTALLATION);
        let mut held = Vec::new();
        for top in tops {
            let filters = vec![("person".to_owned(), person.to_string())];
            let query = EntityQuery { filters, ..EntityQuery::of(top.path.clone(), &["Appointment"]) };
            for appointment in self.0.query(&reader, query).await?.items {
                let Some(since) = holds(&appointment, now) else { continue };
                let Some(post) = appointment.object("post") else { continue };
                match self.0.entity(&reader, post).await {
                    Ok(post) => held.extend(capacity(&appointment, &post).map(|c| (since, c))),
                    // A post that was abolished gives no powers any more.
                    Err(QueryError::NotFound(_)) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        held.sort_by_key(|(since, _)| *since);
        Ok(held.into_iter().map(|(_, capacity)| capacity).collect())
    }
}

/// Since when the appointment holds, if it does at that moment.
fn holds(appointment: &Entity, now: Timestamp) -> Option<Timestamp> {
    let at = |name: &str| appointment.text(name).and_then(|t| t.parse::<Timestamp>().ok());
    let ends = appointment.text("until").is_some();
    let since = at("since").filter(|since| *since <= now)?;
    (!ends || at("until").is_some_and(|until| now < until)).then_some(since)
}

fn capacity(appointment: &Entity, post: &Entity) -> Option<Capacity> {
    let role = match post.text("role")? {
        "official" => Role::Official,
        "governor" => Role::Governor,
        "administrator" => Role::Administrator,
        _ => return None,
    };
    Some(Capacity {
        appointment: appointment.id.clone(),
        title: post.text("name").unwrap_or(post.id.as_str()).to_owned(),
        role,
        space: post.space.clone(),
        body: post.object("body").cloned(),
    })
}
