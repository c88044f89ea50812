//! A registry and a pipeline on a store of their own, and the portal around the pages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use svod_history::History;
use svod_identity::Identity;
use svod_ingest::{DeviceDirectory, Ingest, IngestDeps, IngestLimits, NoJudge, RawMessage};
use svod_kernel::{Actor, Clock, SeededRng, SimClock};
use svod_model::PackSource;
use svod_operations::{OperationsState, routes};
use svod_portal::{Portal, PortalOptions};
use svod_registry::{Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use tower::ServiceExt as _;

pub const CSRF: &str = "0123456789abcdef0123456789abcdef";

pub struct House {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
    identity: Arc<Identity>,
    app: Router,
    _place: TestPlace,
}

pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub body: String,
}

pub fn source(folder: &Path) -> PackSource {
    fn walk(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let inside = path.strip_prefix(root).unwrap().display().to_string();
                files.insert(inside, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(folder, folder, &mut files);
    PackSource { files }
}

impl House {
    pub async fn new() -> Self {
        let place = TestPlace::sqlite();
        let clock: Arc<dyn Clock> = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let registry = Registry::open(RegistryDeps { store: store.clone(), clock: clock.clone(), rng: rng.clone() })
            .await
            .unwrap();
        let packs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../packs");
        for pack in ["base", "kuzbass"] {
            registry.publish(&Actor::platform("packs"), source(&packs.join(pack))).await.unwrap();
        }
        let identity = Arc::new(Identity::new([7; 32], true, clock.clone()));
        identity.set_personas(registry.catalogue().personas.clone());
        let (portal_registry, interface) = (registry.clone(), svod_portal::texts().merged(&svod_operations::texts()));
        let portal = Portal::new(PortalOptions {
            identity: identity.clone(),
            pack_texts: Arc::new(move || portal_registry.catalogue().texts.clone()),
            interface_texts: interface,
            clock: clock.clone(),
            rng,
            offset_hours: 7,
            secure_cookies: false,
        });
        let deps = IngestDeps {
            registry: registry.clone(),
            history: Arc::new(History::new(store.clone())),
            store,
            clock,
            devices: DeviceDirectory::open(registry.clone()).await.unwrap(),
            judge: Arc::new(NoJudge),
        };
        let ingest = Ingest::new(deps, IngestLimits::default());
        let state = OperationsState { registry: registry.clone(), quarantine: ingest.quarantine() };
        Self { registry, ingest, identity, app: portal.wrap(routes(state)), _place: place }
    }

    /// A message that the mapping in force refuses.
    pub async fn refuse(&self, payload: &str) {
        let message = RawMessage::published("air/42010102/up".into(), payload.to_owned().into());
        self.ingest.submit(&Actor::platform("test"), message).await.unwrap();
        self.ingest.settle().await;
    }

    async fn send(&self, who: Option<&str>, request: Request<Body>) -> Answer {
        let mut request = request;
        if let Some(persona) = who {
            let token = self.identity.mint(persona, 3_600).unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 4 << 20).await.unwrap();
        let location = parts.headers.get(header::LOCATION).map(|l| l.to_str().unwrap().to_owned());
        Answer {
            status: parts.status,
            location: location.unwrap_or_default(),
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, who: Option<&str>, path: &str) -> Answer {
        self.send(who, Request::get(path).header("accept-language", "en").body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, who: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header("accept-language", "en")
            .header("cookie", format!("svod_csrf={CSRF}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={CSRF}&{form}")))
            .unwrap();
        self.send(Some(who), request).await
    }

    /// A folder as a browser sends it.
    pub async fn upload(&self, who: &str, act: &str, files: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in [("csrf", CSRF), ("act", act)] {
            body += &format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        for (path, text) in files {
            body += &format!(
                "--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{path}\"\r\n\r\n{text}\r\n"
            );
        }
        body += "--x--\r\n";
        let request = Request::post("/packs")
            .header("accept-language", "en")
            .header("cookie", format!("svod_csrf={CSRF}"))
            .header("content-type", "multipart/form-data; boundary=x")
            .body(Body::from(body))
            .unwrap();
        self.send(Some(who), request).await
    }
}

/// A text as a form sends it.
pub fn form(text: &str) -> String {
    text.replace('\n', "\r\n").bytes().map(|b| format!("%{b:02X}")).collect()
}
