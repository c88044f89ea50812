//! Decisions, passwords, tokens: what trust costs, one core at a time, in this process over a SQLite store of its own.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use svod_identity::provider::{AuthMethod, ClientState, Credentials, Registration, TokenRequest};
use svod_identity::{From, Identity, IdentityDeps, Invitation};
use svod_kernel::{Actor, Clock as _, Role, SeededRng, SystemClock};
use svod_policy::{Action, ResourceRef};
use svod_store::{Store, StoreOptions};

#[derive(Args)]
pub struct Options {
    /// How long each is measured.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Clients at once, where several ask.
    #[arg(long, default_value_t = 50)]
    connections: usize,
}

const ORIGIN: &str = "https://bench.example";

pub fn run(options: &Options) -> Result<()> {
    let length = Duration::from_secs(options.seconds);
    decisions(length)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(people(options.connections, length))
}

fn say(what: &str, count: u64, took: Duration, about: &str) {
    let rate = count as f64 / took.as_secs_f64();
    println!("{}", json!({"what": what, "per_second": rate.round(), "about": about}));
}

/// So many times a second, on this thread.
fn measured(length: Duration, mut once: impl FnMut(u64)) -> (u64, Duration) {
    let (begin, mut count) = (Instant::now(), 0);
    while begin.elapsed() < length {
        for _ in 0..100 {
            once(count);
            count += 1;
        }
    }
    (count, begin.elapsed())
}

fn decisions(length: Duration) -> Result<()> {
    let sources: Vec<_> = ["base", "kuzbass"].into_iter().filter_map(svod::embedded::pack).collect();
    let catalogue = svod_registry::compile(0, &sources).map_err(|_| anyhow::anyhow!("the packs have faults"))?;
    let space = "kuzbass/novokuznetsk".parse()?;
    let official = |n: u64| Actor {
        id: format!("urn:svod:person:{n}"),
        name: "official".into(),
        roles: [Role::Official].into(),
        spaces: vec!["kuzbass".parse().expect("a literal")],
        body: None,
        on_behalf: Vec::new(),
    };
    let task = ResourceRef::new("Task", space);
    // Each new to the cache: what the policy engine itself takes, with making its entities.
    let (count, took) = measured(length, |n| {
        std::hint::black_box(catalogue.policies.allows(&official(n), Action::Read, &task));
    });
    say("authorisation decisions, each new", count, took, "cedar-policy behind Policies::allows, one thread");
    let same = official(1);
    let (count, took) = measured(length, |_| {
        std::hint::black_box(catalogue.policies.allows(&same, Action::Read, &task));
    });
    say("authorisation decisions, asked before", count, took, "the cache of Policies, one thread");
    bare(length)
}

/// The engine alone, its entities and request made beforehand.
fn bare(length: Duration) -> Result<()> {
    use cedar_policy::{Authorizer, Context, Entities, PolicySet, Request};
    let files = svod::embedded::pack("base").context("the base pack")?.files;
    let text: Vec<String> =
        files.into_iter().filter(|(path, _)| path.ends_with(".cedar")).map(|(_, text)| text).collect();
    let policies: PolicySet = text.join("\n").parse()?;
    let entities = Entities::from_json_value(
        json!([
            {"uid": {"type": "Actor", "id": "o"}, "parents": [],
                "attrs": {"roles": ["official"], "spaces": ["kuzbass"], "body": "", "acting": false}},
            {"uid": {"type": "Entity", "id": "Task"}, "parents": [],
                "attrs": {"type": "Task", "space": "kuzbass/novokuznetsk", "spaces": ["kuzbass/novokuznetsk", "kuzbass"],
                    "body": "", "own": false, "ground": "", "open": false}}]),
        None,
    )?;
    let request = Request::new(
        "Actor::\"o\"".parse()?,
        "Action::\"read\"".parse()?,
        "Entity::\"Task\"".parse()?,
        Context::empty(),
        None,
    )?;
    let authorizer = Authorizer::new();
    let (count, took) = measured(length, |_| {
        std::hint::black_box(authorizer.is_authorized(&request, &policies, &entities));
    });
    say(
        "authorisation decisions, bare cedar-policy",
        count,
        took,
        "same policies, entities made beforehand, one thread",
    );
    Ok(())
}

async fn people(connections: usize, length: Duration) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(SystemClock);
    let url = format!("sqlite:{}", folder.path().join("bench.db").display()).parse()?;
    let store = Store::open(&url, StoreOptions::default(), clock.clone())?;
    let identity = Identity::new(IdentityDeps {
        store,
        key: [7; 32],
        demo: false,
        clock: clock.clone(),
        rng: Arc::new(SeededRng::new(1)),
        origin: Some(ORIGIN.into()),
        session_seconds: 3600,
        breached: None,
    });
    let identity = Arc::new(identity.map_err(anyhow::Error::msg)?);
    let invitation = Invitation::new("olga", "Olga", clock.now().plus_seconds(60))?;
    let (_, session) = identity.accept(&identity.invite(&invitation), &From::default()).await?;

    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < length {
        // An unknown login costs what a known one does.
        let from = From { agent: String::new(), address: format!("10.{}.{}.1", count / 250, count % 250) };
        drop(identity.sign_in(&format!("nobody-{count}"), "корова на льду".into(), &from).await);
        count += 1;
    }
    say("passwords verified", count, begin.elapsed(), "Argon2id, 19 MiB, 2 passes, one after another: one core");

    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < length {
        identity.authenticate(&session).await?;
        count += 1;
    }
    say("sessions recognised", count, begin.elapsed(), "one session, believed for a second, one task");
    tokens(identity, connections, length).await
}

async fn tokens(identity: Arc<Identity>, connections: usize, length: Duration) -> Result<()> {
    let registration = Registration {
        client_name: "Bench".into(),
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        grant_types: vec!["client_credentials".into()],
        scope: "openid".into(),
        jwks: None,
        dpop_bound_access_tokens: false,
    };
    let (client, secret) = identity.add_client(registration, ClientState::Active).await?;
    let credentials = Credentials { basic: Some((client.id, secret)), ..Credentials::default() };
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (identity, credentials) = (identity.clone(), credentials.clone());
        tasks.spawn(async move {
            let request = TokenRequest { grant: "client_credentials".into(), ..TokenRequest::default() };
            let mut count = 0_u64;
            while begin.elapsed() < length {
                let given = identity.give_tokens(&request, &credentials, "https://bench.example/oauth/token").await;
                count += u64::from(given.is_ok());
            }
            count
        });
    }
    let count = tasks.join_all().await.into_iter().sum();
    say(
        "tokens given",
        count,
        begin.elapsed(),
        "client_credentials, each durable in SQLite before its answer, both cores",
    );
    Ok(())
}
