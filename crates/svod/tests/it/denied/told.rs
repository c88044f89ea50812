//! What subscribers are told of changes: over HTTP, and by the stream that one listens to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use svod_registry::Action;
use svod_testkit::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::probe::{LAST, is_over};
use super::{Asking, Court, KINDS};

/// Real time within which the last must be told.
const PATIENCE: Duration = Duration::from_secs(30);
const TRIGGERS: [&str; 6] =
    ["entityCreated", "entityUpdated", "entityDeleted", "attributeCreated", "attributeUpdated", "attributeDeleted"];

/// Everything that came, by subscription.
type Heard = Arc<Mutex<BTreeMap<String, String>>>;

/// Where everybody is told.
pub struct Told(Heard);

fn by_post(n: usize) -> String {
    format!("urn:t:by-post:{n}")
}

fn by_stream(n: usize) -> String {
    format!("urn:t:by-stream:{n}")
}

/// Where a listener goes on who has heard everything so far.
pub fn place(app: &TestApp) -> String {
    let (spaces, heads) = (app.core.registry.spaces(), app.core.registry.heads());
    let top = "kuzbass".parse().unwrap();
    let all = spaces.ids(&top, true).into_iter().map(|id| format!("{id}:{}", heads.get(&id).unwrap_or(&0)));
    all.collect::<Vec<_>>().join(".")
}

impl Told {
    /// Everybody subscribes to everything, twice.
    pub async fn begin(app: &TestApp, asking: &[Asking]) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", socket.local_addr().unwrap());
        let heard = Heard::default();
        let kept = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                tokio::spawn(receive(stream, kept.clone()));
            }
        });
        let kinds: Vec<Value> = KINDS.iter().chain([&LAST]).map(|kind| json!({"type": kind})).collect();
        for (n, who) in asking.iter().enumerate() {
            for (id, uri) in [(by_post(n), url.as_str()), (by_stream(n), "stream:")] {
                let body = json!({"id": id, "type": "Subscription", "entities": kinds, "notificationTrigger": TRIGGERS,
                    "notification": {"endpoint": {"uri": uri}, "showChanges": true, "sysAttrs": true}});
                let mut headers = who.headers();
                headers.push(("content-type", "application/json".to_owned()));
                let path = "/ngsi-ld/v1/subscriptions";
                let made = app.request("POST", path, &headers, body.to_string().into_bytes()).await;
                assert_eq!(made.status, 201, "{}: {}", who.actor.id, made.text);
            }
        }
        Self(heard)
    }

    /// Whoever subscribed is told of the last, and of nothing that is denied.
    pub async fn judge(&self, court: &Court<'_>, (n, who): (usize, &Asking), from: &str) {
        let allowed = court.ever(who, Action::Read);
        let posted = || self.0.lock().unwrap().get(&by_post(n)).cloned().unwrap_or_default();
        court.app.until("a subscriber is told of the last", async || is_over(&posted())).await;
        court.judge(who, "a notification", &posted(), &allowed);
        let heard = heard(court.app, who, &by_stream(n), from).await;
        court.judge(who, "a stream of notifications", &heard, &allowed);
    }
}

/// One notification.
async fn receive(mut stream: TcpStream, heard: Heard) {
    let (mut bytes, mut part) = (Vec::new(), [0_u8; 4096]);
    let body = loop {
        let read = stream.read(&mut part).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&part[..read]);
        let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if bytes.len() >= at + 4 + length.unwrap_or(0) {
            break String::from_utf8_lossy(&bytes[at + 4..]).into_owned();
        }
    };
    let told: Value = serde_json::from_str(&body).unwrap();
    let id = told["subscriptionId"].as_str().unwrap().to_owned();
    heard.lock().unwrap().entry(id).or_default().push_str(&body);
    drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await);
}

/// What a listener hears from a place on until the last was told.
async fn heard(app: &TestApp, who: &Asking, id: &str, from: &str) -> String {
    let address = format!("{}/ngsi-ld/ex/subscriptions/{id}/stream?after={from}", app.http());
    let mut request = reqwest::Client::new().get(address);
    for (name, value) in who.headers() {
        request = request.header(name, value);
    }
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{id}");
    let mut bytes = Vec::new();
    let read = async {
        while !is_over(&String::from_utf8_lossy(&bytes)) {
            let part = response.chunk().await.unwrap().expect("the stream goes on");
            bytes.extend_from_slice(&part);
        }
    };
    let outcome = tokio::time::timeout(PATIENCE, read).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(outcome.is_ok(), "{}: not enough came: {text}", who.actor.id);
    text
}
