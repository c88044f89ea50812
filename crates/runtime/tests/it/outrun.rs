//! A task changes under the hands of who completes it: by the clock of its case, say.

use std::sync::{Arc, Mutex};

use serde_json::json;
use svod_kernel::{Clock, SeededRng, SimClock, Timestamp, Urn};
use svod_model::Attribute;
use svod_registry::{Action, Change, Command, Operation, Registry, RegistryDeps};
use svod_runtime::{Cases, Tasks};
use svod_store::testing::TestPlace;
use tokio::runtime::Handle;

use crate::house::{House, map};

crate::on_both_engines!(who_completes_a_task_reads_it_again_when_it_was_changed_meanwhile);

const ASK: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look" name="Look at it"/>
    s -> look -> e"#;
/// How often somebody may ask for the time between the beginning of a completion and its end.
const LOOKS: usize = 12;

/// A clock at which something happens when it is looked at for the n-th time.
struct Trap {
    clock: Arc<SimClock>,
    registry: Arc<Registry>,
    set: Mutex<Option<(usize, Urn)>>,
}

impl Trap {
    fn due(&self) -> Option<Urn> {
        let mut set = self.set.lock().unwrap();
        let (left, urn) = set.take()?;
        if left == 0 {
            return Some(urn);
        }
        *set = Some((left - 1, urn));
        None
    }

    async fn warn(&self, urn: Urn) {
        let set = [("warnedAt".to_owned(), Attribute::property("2026-01-15T01:00:00Z"))].into();
        let patch = Operation::Patch { urn, expected: None, set, unset: Vec::new() };
        let changes = vec![Change::verb(patch, Action::Update, "warn")];
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        self.registry.execute(&svod_kernel::Actor::platform("test"), command).await.unwrap();
    }
}

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        // Threads of the store have no runtime; what is looked at there comes too late to be in anybody's way.
        if let Ok(here) = Handle::try_current()
            && let Some(urn) = self.due()
        {
            tokio::task::block_in_place(|| here.block_on(self.warn(urn)));
        }
        self.clock.now()
    }
}

async fn node(house: &House, clock: Arc<dyn Clock>) -> Arc<Registry> {
    let rng = Arc::new(SeededRng::new(9));
    Registry::open(RegistryDeps { store: house.store.clone(), clock, rng, cache_bytes: 0 }).await.unwrap()
}

async fn who_completes_a_task_reads_it_again_when_it_was_changed_meanwhile(place: &TestPlace) {
    let house = House::new(place, &[("ask", ASK)], &[]).await;
    // Two other nodes: they keep nothing in memory, so that what they read is what is there.
    let clerk = node(&house, house.clock.clone()).await;
    let trap = Arc::new(Trap { clock: house.clock.clone(), registry: clerk.clone(), set: Mutex::default() });
    let registry = node(&house, trap.clone()).await;
    let tasks = Tasks::new(registry.clone(), Cases::new(registry, house.store.clone()));
    let mut sprung = 0;
    for n in 0..LOOKS {
        let case = house.open("ask", &n.to_string(), json!({})).await;
        let all = house.tasks().await;
        let task = all.into_iter().find(|t| t.object("case") == Some(&case)).unwrap();
        tasks.take(&house.actor, &task.id).await.unwrap();
        *trap.set.lock().unwrap() = Some((n, task.id.clone()));
        let done = tasks.complete_with(&house.actor, &task.id, map(json!({"seen": n})), &[]).await;
        assert!(done.is_ok(), "changed at look {n}: {done:?}");
        sprung += usize::from(trap.set.lock().unwrap().take().is_none());
        let task = clerk.entity(&house.actor, &task.id).await.unwrap();
        assert_eq!((task.text("status"), house.is_done(&case).await), (Some("done"), true));
    }
    assert!(sprung > 1, "the task was changed in some of them");
}
