//! What is done at the command line stands in the journal of the installation: who takes everything away, or invites somebody, is
//! known by their number among the system's users.

use std::os::unix::fs::MetadataExt as _;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use svod_kernel::{Clock as _, SystemClock};
use svod_store::journal::{self, NewEvent};
use svod_store::space::INSTALLATION;
use svod_store::{Conn, Store};

/// Writes an event: what was done, with which particulars.
///
/// # Errors
/// When the store cannot be written.
pub fn traced(store: &Store, action: &str, particulars: &[(&str, &str)]) -> anyhow::Result<()> {
    let user = std::fs::metadata("/proc/self").map_or_else(|_| "unknown".to_owned(), |m| m.uid().to_string());
    let changes: Map<String, Value> =
        particulars.iter().map(|(name, value)| ((*name).to_owned(), json!({"new": {"value": value}}))).collect();
    let event = NewEvent {
        at: SystemClock.now(),
        actor: format!("operator:{user}"),
        actor_name: format!("operator:{user}"),
        action: action.to_owned(),
        urn: "urn:svod:installation:store".to_owned(),
        kind: "Installation".to_owned(),
        // It is no state of an entity.
        version: 0,
        ground: "command line".to_owned(),
        cause: None,
        changes: Value::Object(changes).to_string(),
        on_behalf: None,
    };
    let job = move |conn: &mut dyn Conn| journal::append(conn, INSTALLATION, std::slice::from_ref(&event)).map(drop);
    store.blocking_write(job).with_context(|| format!("the journal does not take that there was this {action}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use svod_store::{StoreOptions, StoreUrl};

    use super::*;

    /// ASVS V16.2.1: who, when, what.
    #[test]
    fn what_an_operator_does_is_an_event_of_the_installation() {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::sqlite(folder.path().join("svod.sqlite"));
        let store = Store::open(&url, StoreOptions::default(), Arc::new(SystemClock)).unwrap();
        traced(&store, "export", &[("space", "kuzbass")]).unwrap();
        let events = store.blocking_read(|conn: &mut dyn Conn| journal::page(conn, INSTALLATION, 0, 10)).unwrap();
        store.blocking_close();
        assert_eq!(events.len(), 1);
        let event = &events[0];
        assert_eq!(event.event.action, "export");
        assert!(event.event.actor.starts_with("operator:") && event.event.actor != "operator:unknown");
        assert_eq!(event.event.changes, r#"{"space":{"new":{"value":"kuzbass"}}}"#);
    }
}
