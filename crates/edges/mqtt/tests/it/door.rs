//! A platform that does what a test tells it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use svod_kernel::{Actor, Role};
use svod_mqtt::{BoxFuture, Credentials, Door, Publication, PublishRefusal, Refusal};
use tokio::sync::watch;

/// Records what it is given; lets publishes through only while its gate is open.
pub struct TestDoor {
    pub seen: Mutex<Vec<Publication>>,
    pub batches: AtomicUsize,
    pub gate: watch::Sender<bool>,
    pub busy: AtomicUsize,
    pub anonymous: bool,
}

impl TestDoor {
    pub fn new() -> Arc<Self> {
        Self::with(true)
    }

    pub fn with(anonymous: bool) -> Arc<Self> {
        Arc::new(Self {
            seen: Mutex::default(),
            batches: AtomicUsize::new(0),
            gate: watch::Sender::new(true),
            busy: AtomicUsize::new(0),
            anonymous,
        })
    }

    pub fn topics(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|p| p.topic.clone()).collect()
    }

    /// Waits until `n` messages came.
    pub async fn count(&self, n: usize) {
        for _ in 0..500 {
            if self.seen.lock().unwrap().len() >= n {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("only {:?} of {n} messages came", self.topics());
    }
}

pub fn actor(id: &str) -> Actor {
    Actor {
        id: id.into(),
        name: id.into(),
        roles: BTreeSet::from([Role::Device]),
        spaces: vec!["kuzbass".parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    }
}

impl Door for TestDoor {
    fn authenticate(&self, c: Credentials) -> BoxFuture<Result<Actor, Refusal>> {
        let answer = match c.password.as_deref() {
            None if self.anonymous => Ok(actor("device")),
            None => Err(Refusal::NotAuthorised),
            Some(b"secret") => Ok(actor(c.username.as_deref().unwrap_or("device"))),
            Some(_) => Err(Refusal::BadCredentials),
        };
        Box::pin(async move { answer })
    }

    fn publish(&self, _: Arc<Actor>, messages: Vec<Publication>) -> BoxFuture<Vec<Result<(), PublishRefusal>>> {
        self.batches.fetch_add(1, Ordering::SeqCst);
        let busy = self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if busy {
            return Box::pin(async move { vec![Err(PublishRefusal::Busy); messages.len()] });
        }
        let answers = messages
            .iter()
            .map(|m| match m.topic.as_str() {
                "fail" => Err(PublishRefusal::Failed),
                "forbidden" => Err(PublishRefusal::NotAuthorised),
                _ => Ok(()),
            })
            .collect();
        self.seen.lock().unwrap().extend(messages);
        let mut gate = self.gate.subscribe();
        Box::pin(async move {
            let _ = gate.wait_for(|open| *open).await;
            answers
        })
    }

    fn may_subscribe(&self, _: &Actor, filter: &str) -> bool {
        !filter.starts_with("private/")
    }
}
