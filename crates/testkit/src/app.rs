use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use svod::config::{Config, DataDir, StoreConfig};
use svod::rooms::{Core, Ground};
use svod::{Platform, PlatformOptions};
use svod_ingest::{Accepted, IngestLimits, QuarantineFilter, QuarantineRow, RawMessage, Source};
use svod_kernel::{Actor, Clock as _, SeededRng, SimClock, SpacePath, Timestamp, Urn};
use svod_model::{Entity, PackSource};
use svod_notify::{Notify, NotifyConfig, NotifyDeps};
use svod_registry::{Change, Command, EntityQuery, JournalEvent, JournalQuery, Operation};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreError, StoreOptions};

use crate::{Answer, Sent, TestAppBuilder, place};

/// The key under which a test's tokens are signed.
const KEY: [u8; 32] = [7; 32];

/// Simulated time moves in steps so that intervals come due one after the other.
const STEP_SECONDS: i64 = 30;

/// Real time within which work that is under way must be done.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// What stays when the platform is started again.
pub(crate) struct Setup {
    pub place: TestPlace,
    pub packs: Vec<PackSource>,
    pub clock: Arc<SimClock>,
    pub seed: u64,
    pub doors: bool,
    pub demo: bool,
    pub leftovers: bool,
    pub configured: fn(&mut Config),
    pub data: tempfile::TempDir,
}

enum Running {
    /// Without doors: the runtime works when asked to settle.
    Rooms(Notify),
    /// Pages, API, broker and runtime.
    Doors(Box<Platform>),
}

/// An isolated platform in this process. Start it on a multi-threaded runtime: dropping it waits for its threads.
pub struct TestApp {
    /// The rooms.
    pub core: Core,
    /// The present; it moves only when told to.
    pub clock: Arc<SimClock>,
    /// What was told to the outside; stays empty with doors, where the broker tells it.
    pub sent: Arc<Sent>,
    setup: Option<Setup>,
    running: Option<Running>,
    client: reqwest::Client,
}

impl TestApp {
    /// The packs base and kuzbass on SQLite, without doors.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Anything else.
    pub fn builder() -> TestAppBuilder {
        TestAppBuilder::default()
    }

    pub(crate) async fn start_on(setup: Setup) -> Self {
        let sent = Arc::new(Sent::default());
        let secrets = setup.data.path().join("secrets");
        std::fs::create_dir_all(&secrets).unwrap();
        std::fs::write(secrets.join("identity.key"), KEY).unwrap();
        let (core, running) = if setup.doors { with_doors(&setup).await } else { rooms(&setup, &sent).await };
        let clock = setup.clock.clone();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { core, clock, sent, setup: Some(setup), running: Some(running), client }
    }

    /// Stops the platform and starts it again over the same store, clock and secrets.
    pub async fn restart(mut self) -> Self {
        self.stop().await;
        Self::start_on(self.setup.take().expect("only the end takes it")).await
    }

    /// The same with other packs coming with the program.
    pub async fn restart_with(mut self, packs: Vec<PackSource>) -> Self {
        if let Some(setup) = &mut self.setup {
            setup.packs = packs;
        }
        self.restart().await
    }

    async fn stop(&mut self) {
        match self.running.take() {
            Some(Running::Rooms(notify)) => {
                notify.stop().await;
                self.core.runtime.release().await;
                self.core.worker.release().await;
                self.core.store.clone().close().await;
            }
            Some(Running::Doors(platform)) => platform.stop().await,
            None => {}
        }
    }

    /// The address of pages and API: `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// Without doors.
    pub fn http(&self) -> String {
        format!("http://{}", self.addresses().http)
    }

    /// The address of the broker.
    ///
    /// # Panics
    /// Without doors.
    pub fn mqtt(&self) -> std::net::SocketAddr {
        self.addresses().mqtt
    }

    fn addresses(&self) -> svod::Addresses {
        match &self.running {
            Some(Running::Doors(platform)) => platform.addresses,
            _ => panic!("the platform was started without doors; call .doors() on the builder"),
        }
    }

    /// A bearer token of a demo persona, good for an hour of simulated time.
    ///
    /// # Panics
    /// When there is no such persona.
    pub fn token(&self, persona: &str) -> String {
        self.core.identity.mint(persona, 3600).unwrap_or_else(|e| panic!("{persona}: {e}"))
    }

    /// A token nobody asked whether it may be: expired, of nobody, outside demo mode.
    pub fn signed(&self, persona: &str, expires: Timestamp) -> String {
        svod_identity::sign(&KEY, persona, expires)
    }

    /// The demo persona as an actor.
    ///
    /// # Panics
    /// When there is no such persona.
    pub fn actor(&self, persona: &str) -> Actor {
        self.core.identity.signed(&self.token(persona)).unwrap()
    }

    /// One request to the API or a page, as that persona or as nobody.
    ///
    /// # Panics
    /// When the platform does not answer.
    pub async fn call(&self, method: &str, path: &str, persona: Option<&str>, body: Option<Value>) -> Answer {
        let mut headers = Vec::new();
        if let Some(persona) = persona {
            headers.push(("authorization", format!("Bearer {}", self.token(persona))));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        self.request(method, path, &headers, body).await
    }

    /// One request, byte by byte. Of a stream of events, which has no end, the text stays empty.
    ///
    /// # Panics
    /// When the platform does not answer.
    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.http())).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.timeout(PATIENCE).send().await.unwrap_or_else(|e| panic!("{path}: {e}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut answer = Answer { status, headers, text: String::new() };
        if !answer.header("content-type").starts_with("text/event-stream") {
            answer.text = response.text().await.unwrap();
        }
        answer
    }

    /// Whoever has come by an invitation has proved who they are by something of their own. The token under which their session
    /// goes on.
    ///
    /// # Panics
    /// When there is no such session.
    pub async fn proved(&self, token: &str) -> String {
        let session = self.core.identity.recognise(token).await.unwrap().session.unwrap();
        self.core.identity.strengthened(&session, svod_identity::Method::Passkey).await.unwrap().unwrap()
    }

    /// The beginning of a stream of server-sent events: everything until `enough` says so.
    ///
    /// # Panics
    /// When it is not enough in time.
    pub async fn stream(&self, path: &str, persona: Option<&str>, enough: impl Fn(&str) -> bool) -> String {
        let mut request = self.client.get(format!("{}{path}", self.http()));
        if let Some(persona) = persona {
            request = request.bearer_auth(self.token(persona));
        }
        let mut response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let mut text = String::new();
        let read = async {
            while !enough(&text) {
                let part = response.chunk().await.unwrap().expect("the stream goes on");
                text.push_str(&String::from_utf8_lossy(&part));
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, read).await;
        assert!(outcome.is_ok(), "{path}: not enough came: {text}");
        text
    }

    /// The present as devices write it.
    pub fn ts(&self) -> String {
        self.clock.now().to_string()
    }

    /// The moment so many seconds from the present, as devices write it.
    pub fn clock_plus(&self, seconds: i64) -> String {
        self.clock.now().plus_seconds(seconds).to_string()
    }

    /// Delivers one message; what it led to may still be under way.
    ///
    /// # Panics
    /// When it is not taken.
    pub async fn deliver(&self, profile: &str, device: &str, payload: Value) -> Accepted {
        let bytes = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
        let message = RawMessage::named(profile.to_owned(), device.to_owned(), Bytes::from(bytes), Source::Http);
        self.core.ingest.submit(&Actor::platform("test"), message).await.unwrap()
    }

    /// One reading of an air station of Kuzbass, now, and everything it leads to.
    ///
    /// # Panics
    /// When it is not taken.
    pub async fn air(&self, device: &str, attribute: &str, value: f64) -> Accepted {
        self.reading("air-post", device, json!({"ts": self.ts(), attribute: value})).await
    }

    /// One message and everything it leads to.
    ///
    /// # Panics
    /// When it is not taken.
    pub async fn reading(&self, profile: &str, device: &str, payload: Value) -> Accepted {
        let accepted = self.deliver(profile, device, payload).await;
        self.settle().await;
        accepted
    }

    /// Waits until no finding is left undone and no message unsent; without doors the runtime works now.
    ///
    /// # Panics
    /// When something is left in the end.
    pub async fn settle(&self) {
        let done = async {
            loop {
                if matches!(self.running, Some(Running::Rooms(_))) {
                    self.core.runtime.settle().await.unwrap();
                    self.core.worker.settle().await.unwrap();
                }
                if left_over(&self.core.store).await.unwrap() == (0, 0) {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(PATIENCE, done).await.is_err() {
            let (findings, outbox) = left_over(&self.core.store).await.unwrap();
            panic!("{findings} findings and {outbox} messages of the outbox are left");
        }
    }

    /// Moves simulated time and lets what comes due happen.
    ///
    /// # Panics
    /// When something does not settle.
    pub async fn wait(&self, mut seconds: i64) {
        while seconds > 0 {
            let step = seconds.min(STEP_SECONDS);
            self.clock.advance(step);
            self.settle().await;
            seconds -= step;
        }
    }

    /// Waits, in real time, until it is so: projections follow the journal a moment later.
    ///
    /// # Panics
    /// When it does not become so.
    pub async fn until(&self, what: &str, mut so: impl AsyncFnMut() -> bool) {
        let looked = async {
            while !so().await {
                tokio::time::sleep(LOOK).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, looked).await.is_ok();
        assert!(in_time, "did not happen: {what}");
    }

    /// One entity, with all its attributes.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn entity(&self, urn: &Urn) -> Entity {
        self.core.registry.entity(&Actor::platform("test"), urn).await.unwrap()
    }

    /// Every entity of a type in a space and under it, in the order of making.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn all(&self, space: &str, kind: &str) -> Vec<Entity> {
        self.seen(&Actor::platform("test"), space, kind).await
    }

    /// The same as that actor sees it.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn seen(&self, actor: &Actor, space: &str, kind: &str) -> Vec<Entity> {
        let query = EntityQuery { limit: 1_000, ..EntityQuery::of(path(space), &[kind]) };
        let page = self.core.registry.query(actor, query).await.unwrap();
        assert!(page.next.is_none(), "more than a page of {kind}");
        page.items
    }

    /// The one entity of a type in Kuzbass.
    ///
    /// # Panics
    /// When there is none or more than one.
    pub async fn only(&self, kind: &str) -> Entity {
        let mut all = self.all("kuzbass", kind).await;
        assert_eq!(all.len(), 1, "entities of type {kind}");
        all.remove(0)
    }

    /// The journal of a space as that actor sees it, oldest first, of one case where that is given.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn journal(&self, actor: &Actor, space: &str, case: Option<&Urn>) -> Vec<JournalEvent> {
        let query = JournalQuery {
            space: path(space),
            below: true,
            entity: None,
            cause: case.cloned(),
            newest_first: false,
            after: None,
            limit: 1_000,
        };
        self.core.registry.journal(actor, query).await.unwrap().items
    }

    /// The newest messages in quarantine, whatever became of them.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn quarantine(&self) -> Vec<QuarantineRow> {
        let filter = QuarantineFilter { limit: 500, ..QuarantineFilter::default() };
        self.core.ingest.quarantine().page(&Actor::platform("test"), filter).await.unwrap()
    }

    /// Makes an entity and waits until the twin (where such entities live in it) and the directory of devices know it.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn create(&self, entity: Entity) {
        let urn = entity.id.clone();
        let before = self.core.ingest.devices().len() + usize::from(entity.value("deviceId").is_some());
        let held = self.core.twin.holds(&entity);
        let command = Command { changes: vec![Change::from(Operation::Create(entity))], ..Command::default() };
        self.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
        let known =
            async || self.core.twin.entity(&urn).is_some() == held && self.core.ingest.devices().len() >= before;
        self.until("the twin and the directory know the new entity", known).await;
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(setup) = &self.setup else { return };
        let (store, running) = (self.core.store.clone(), self.running.take());
        let judged = !setup.leftovers && !std::thread::panicking();
        // A runtime of its own, on a thread of its own: this thread belongs to the test's.
        let ended = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let left = if judged { nothing_left(&store).await } else { Ok(()) };
                drop(running);
                store.close().await;
                left
            })
        });
        match ended.join() {
            Ok(Ok(())) => {}
            _ if std::thread::panicking() => {}
            Ok(Err(left)) => panic!("{left} at the end of the test; settle() first, or say .leftovers()"),
            Err(_) => panic!("the platform could not be ended"),
        }
    }
}

async fn rooms(setup: &Setup, sent: &Arc<Sent>) -> (Core, Running) {
    let store = setup.place.open_with(StoreOptions::default(), setup.clock.clone()).unwrap();
    let ground = Ground {
        store: store.clone(),
        clock: setup.clock.clone(),
        rng: Arc::new(SeededRng::new(setup.seed)),
        key: KEY,
        node: "test".into(),
        demo: setup.demo,
        origin: Some("http://localhost".into()),
        session_seconds: 12 * 3600,
        breached: None,
        cache_bytes: 4 << 20,
        ledger: svod::ledger::Keeping::for_a_while(&KEY).unwrap(),
        reached: Default::default(),
    };
    let core = Core::open(ground, &setup.packs, Vec::new(), IngestLimits::default()).await.unwrap();
    let deps = NotifyDeps { store, clock: setup.clock.clone(), publish: sent.clone() };
    (core, Running::Rooms(Notify::start(deps, NotifyConfig::default())))
}

async fn with_doors(setup: &Setup) -> (Core, Running) {
    let mut config = Config {
        data: DataDir(setup.data.path().to_owned()),
        store: StoreConfig { url: Some(place::address(&setup.place)), ..StoreConfig::default() },
        ..Config::default()
    };
    config.http.listen = ([127, 0, 0, 1], 0).into();
    config.mqtt.listen = ([127, 0, 0, 1], 0).into();
    (setup.configured)(&mut config);
    let options = PlatformOptions {
        demo: setup.demo,
        sandbox: false,
        packs: setup.packs.clone(),
        clock: setup.clock.clone(),
        rng: Arc::new(SeededRng::new(setup.seed)),
    };
    let platform = Platform::start(&config, options).await.unwrap();
    (platform.core.clone(), Running::Doors(Box::new(platform)))
}

/// Findings not dealt with and messages not sent.
async fn left_over(store: &Store) -> Result<(i64, i64), StoreError> {
    store.read(|conn| Ok((svod_store::finding::count(conn)?, svod_store::outbox::count(conn)?))).await
}

/// What is under way at the end may still be done.
async fn nothing_left(store: &Store) -> Result<(), String> {
    for _ in 0..200 {
        match left_over(store).await {
            Ok((0, 0)) => return Ok(()),
            Ok(_) => tokio::time::sleep(LOOK).await,
            Err(e) => return Err(e.to_string()),
        }
    }
    let (findings, outbox) = left_over(store).await.map_err(|e| e.to_string())?;
    Err(format!("{findings} findings and {outbox} messages of the outbox are left over"))
}

fn path(space: &str) -> SpacePath {
    space.parse().unwrap_or_else(|_| panic!("'{space}' is no space"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn with_a_finding_left(builder: TestAppBuilder) {
        let app = builder.start().await;
        app.deliver("air-post", "42010102", json!({"ts": app.ts(), "pm25": 0.05})).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[should_panic(expected = "1 findings and 0 messages of the outbox are left over")]
    async fn work_left_over_fails_the_test() {
        with_a_finding_left(TestApp::builder()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn work_left_over_on_purpose_does_not() {
        with_a_finding_left(TestApp::builder().leftovers()).await;
    }
}
