//! Devices with credentials of their own (ASVS V13.2.1): outside demo mode, over MQTT and HTTP, until they are revoked.

use serde_json::json;
use svod_identity::{DeviceQuery, IdentityError, NewDevice};
use svod_kernel::{Clock as _, SystemClock};
use svod_testkit::{Device, TestApp, on_both_engines};

use crate::{program, repository};

const AIR: [&str; 2] = ["42010102", "42010109"];

/// Seconds that a connection that is to end may take: a second, and what a busy machine adds.
const SOON: f64 = 5.0;

fn new(home: &str, profile: Option<&str>, device: Option<&str>) -> NewDevice {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    NewDevice { name: "Post".into(), home: home.parse().unwrap(), profile: owned(profile), device: owned(device) }
}

/// Delivers over MQTT; false when the broker closes the connection instead.
fn publishes(line: &mut Device, device: &str, at: &str) -> bool {
    let payload = json!({"ts": at, "pm25": 0.01}).to_string();
    line.publish(1, &format!("air/{device}/up"), payload.as_bytes()).is_ok() && line.acknowledged().is_ok()
}

async fn delivers(app: &TestApp, secret: &str, profile: &str, device: &str) -> u16 {
    let headers = [("authorization", format!("Bearer {secret}"))];
    let body = json!({"messages": [{"profile": profile, "device": device, "payload": {"ts": app.ts(), "pm25": 0.01}}]});
    app.request("POST", "/api/v1/observations", &headers, body.to_string().into_bytes()).await.status
}

on_both_engines! {
    async fn a_device_delivers_what_it_may_until_it_is_revoked(builder: TestAppBuilder) {
        let app = builder.without_demo().doors().start().await;
        let administrator = svod_kernel::Actor::platform("test");
        let identity = &app.core.identity;
        let made = |of: NewDevice| async move { identity.add_device(&of, &svod_kernel::Actor::platform("test")).await.unwrap() };
        let (own, secret) = made(new("kuzbass/novokuznetsk", Some("air-post"), Some(AIR[0]))).await;
        let (_, gateway) = made(new("kuzbass", None, None)).await;
        let (_, wrong_profile) = made(new("kuzbass", Some("weather-post"), None)).await;
        assert!(secret.starts_with("svod_device_") && secret.len() > 60, "{secret}");

        // HTTP: its own readings, by this door alone.
        assert_eq!(delivers(&app, &secret, "air-post", AIR[0]).await, 200);
        assert_eq!(delivers(&app, &secret, "air-post", AIR[1]).await, 403, "another device");
        assert_eq!(delivers(&app, &gateway, "air-post", AIR[1]).await, 200);
        assert_eq!(delivers(&app, &wrong_profile, "air-post", AIR[0]).await, 403);
        let bearer = [("authorization", format!("Bearer {secret}"))];
        for path in ["/api/v1/journal", "/api/v1/quarantine", "/api/v1/entities?space=kuzbass&type=Body"] {
            assert_eq!(app.request("GET", path, &bearer, Vec::new()).await.status, 401, "{path}");
        }

        // MQTT: the user name is its identifier.
        let (broker, at) = (app.mqtt(), app.ts());
        let forged = format!("{}x", &secret[..secret.len() - 1]);
        let (id, right) = (own.id.as_str(), secret.as_str());
        for (user, password) in [("other", right), (id, forged.as_str()), (id, "svod_device_"), ("", right)] {
            assert!(Device::connect_as(broker, "post", user, password).is_err(), "{user}");
        }
        let mut line = Device::connect_as(broker, "post", &own.id, &secret).unwrap();
        assert!(publishes(&mut line, AIR[0], &at));
        assert!(!publishes(&mut line, AIR[1], &at), "another device's readings");
        let mut line = Device::connect_as(broker, "post", &own.id, &secret).unwrap();
        let mut idle = Device::connect_as(broker, "idle", &own.id, &secret).unwrap();
        let mut other = Device::connect_as(broker, "gateway", gateway_id(&gateway), &gateway).unwrap();
        assert!(publishes(&mut line, AIR[0], &at) && publishes(&mut other, AIR[0], &at));
        assert!(identity.device(&own.id).await.unwrap().seen.is_some(), "when it was seen is kept");

        identity.revoke_device(&own.id, &administrator).await.unwrap();
        let revoked = SystemClock.now();
        assert!(idle.acknowledged().is_err(), "what is open ends, used or not");
        assert!(SystemClock.now().seconds_since(revoked) < SOON);
        assert!(!publishes(&mut line, AIR[0], &at));
        assert!(Device::connect_as(broker, "post", &own.id, &secret).is_err());
        assert_eq!(delivers(&app, &secret, "air-post", AIR[0]).await, 401);
        assert!(publishes(&mut other, AIR[1], &at), "the others go on");
        let again = identity.revoke_device(&own.id, &administrator).await;
        assert_eq!(again, Err(IdentityError::Missing("device")));
        let all = identity.devices(DeviceQuery { limit: 10, ..DeviceQuery::default() }).await.unwrap();
        assert_eq!(all.iter().filter(|d| d.revoked.is_some()).map(|d| &d.id).collect::<Vec<_>>(), [&own.id]);
        app.settle().await;
    }
}

fn gateway_id(secret: &str) -> &str {
    secret.trim_start_matches("svod_device_").split('_').next().unwrap()
}

/// A device of a municipality delivers by the profile of its region, and only for the municipality.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_a_region_has_devices_of_its_own() {
    let app = TestApp::builder().neighbour().without_demo().doors().start().await;
    let by = svod_kernel::Actor::platform("test");
    let (_, near) = app.core.identity.add_device(&new("kuzbass/novokuznetsk", None, None), &by).await.unwrap();
    let (_, far) = app.core.identity.add_device(&new("kuzbass/kemerovo", None, None), &by).await.unwrap();
    let (_, elsewhere) = app.core.identity.add_device(&new("neighbour", None, None), &by).await.unwrap();
    assert_eq!(delivers(&app, &near, "air-post", AIR[0]).await, 200);
    assert_eq!(delivers(&app, &far, "air-post", AIR[0]).await, 403);
    assert_eq!(delivers(&app, &elsewhere, "air-post", AIR[0]).await, 403);
    app.settle().await;
}

#[test]
fn the_command_line_lets_devices_in_and_out_while_the_platform_runs() {
    let data = tempfile::tempdir().unwrap();
    let binary = program().serve(data.path(), &["--pack", &repository("packs/kuzbass")]).ready();
    let folder = data.path().to_str().unwrap().to_owned();
    let svod = |args: &[&str]| program().run(&[&["device"][..], args, &["--data", &folder][..]].concat());
    let nowhere = svod(&["add", "Post", "--space", "nowhere"]);
    assert!(nowhere.code == Some(1) && nowhere.stderr.contains("nowhere"), "{}", nowhere.stderr);
    let added = svod(&["add", "Post 2", "--space", "kuzbass", "--profile", "air-post"]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let (id, secret) = added.stdout.trim().split_once('\n').unwrap();

    let at = SystemClock.now().to_string();
    let mut line = Device::connect_as(binary.mqtt, "post", id, secret).unwrap();
    assert!(publishes(&mut line, AIR[0], &at));
    let listed = svod(&["list", "--words", "POST"]).stdout;
    assert!(listed.contains(id) && listed.contains("seen 20") && !listed.contains(secret), "{listed}");
    assert!(listed.contains("by platform:command-line"), "{listed}");
    assert!(!svod(&["list", "--words", "zzz"]).stdout.contains(id));

    let out = svod(&["revoke", "Post 2"]);
    assert_eq!(out.code, Some(0), "{}", out.stderr);
    let revoked = SystemClock.now();
    assert!(line.acknowledged().is_err());
    assert!(SystemClock.now().seconds_since(revoked) < SOON);
    assert!(Device::connect_as(binary.mqtt, "post", id, secret).is_err());
    assert_eq!(svod(&["revoke", id]).code, Some(1), "once is enough");
    assert!(svod(&["list"]).stdout.contains("revoked 20"));
    let log = binary.log();
    assert!(log.contains("a device was refused") && !log.contains(secret), "{log}");
    assert!(binary.metric("svod_devices_refused_total", "") >= 1.0);
    binary.stop();
}
