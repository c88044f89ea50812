//! Other people's clients.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use svod_mqtt::{MqttBroker, MqttConfig};
use tokio::process::Command;

use crate::door::TestDoor;

fn has(tool: &str) -> bool {
    let found = std::process::Command::new(tool).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_err() {
        println!("skipped: {tool} is not installed (Debian: apt-get install mosquitto-clients)");
    }
    found.is_ok()
}

fn tool(name: &str, addr: SocketAddr, args: &[&str]) -> Command {
    let mut c = Command::new(name);
    c.args(["-h", "127.0.0.1", "-p", &addr.port().to_string()]).args(args);
    c.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    c
}

#[tokio::test]
async fn mosquitto_clients_of_every_version() {
    if !has("mosquitto_pub") || !has("mosquitto_sub") {
        return;
    }
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let door = TestDoor::with(false);
            let (addr, broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
            broker.publish("svod/state", "open".into(), true).unwrap();
            let auth = ["-V", version, "-q", qos, "-u", "plough", "-P", "secret"];
            let mut sub = tool("mosquitto_sub", addr, &auth);
            let sub = sub.args(["-t", "air/+/up", "-t", "svod/#", "-C", "3", "-W", "20", "-v"]).spawn().unwrap();
            // Its subscription is in place when the retained message was delivered; publish until it ends.
            tokio::time::sleep(Duration::from_millis(300)).await;
            for payload in ["one", "two"] {
                let mut publisher = tool("mosquitto_pub", addr, &auth);
                let out = publisher.args(["-t", "air/7/up", "-m", payload]).output().await.unwrap();
                assert!(out.status.success(), "{version} {qos}: {}", String::from_utf8_lossy(&out.stderr));
            }
            let out = sub.wait_with_output().await.unwrap();
            let text = String::from_utf8_lossy(&out.stdout);
            assert_eq!(text, "svod/state open\nair/7/up one\nair/7/up two\n", "{version} {qos}");
            assert_eq!(door.topics(), ["air/7/up"; 2]);
            let out = tool("mosquitto_pub", addr, &["-V", version, "-u", "x", "-P", "wrong", "-t", "t", "-m", "x"])
                .output()
                .await
                .unwrap();
            assert!(!out.status.success(), "{version}: wrong password was let in");
        }
    }
}

#[tokio::test]
async fn rumqttc_version_4() {
    use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let mut options = MqttOptions::new("rumqttc", addr.ip().to_string(), addr.port());
    options.set_credentials("plough", "secret");
    let (client, mut events) = AsyncClient::new(options, 100);
    client.subscribe("air/#", QoS::AtLeastOnce).await.unwrap();
    let publisher = tokio::spawn(async move {
        for n in 0..500 {
            client.publish(format!("air/{n}/up"), QoS::AtLeastOnce, false, "x").await.unwrap();
        }
    });
    let (mut acks, mut got) = (0, 0);
    tokio::time::timeout(Duration::from_secs(20), async {
        while acks < 500 || got < 500 {
            match events.poll().await.unwrap() {
                Event::Incoming(Packet::PubAck(_)) => acks += 1,
                Event::Incoming(Packet::Publish(p)) => {
                    assert_eq!(p.topic, format!("air/{got}/up"));
                    got += 1;
                }
                _ => {}
            }
        }
    })
    .await
    .unwrap();
    publisher.await.unwrap();
    assert_eq!(door.topics().len(), 500);
}

#[tokio::test]
async fn rumqttc_version_5() {
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::Packet;
    use rumqttc::v5::{AsyncClient, Event, MqttOptions};
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let options = MqttOptions::new("rumqttc", addr.ip().to_string(), addr.port());
    let (client, mut events) = AsyncClient::new(options, 100);
    client.subscribe("air/#", QoS::AtMostOnce).await.unwrap();
    let publisher = tokio::spawn(async move {
        for n in 0..200 {
            client.publish(format!("air/{n}/up"), QoS::ExactlyOnce, false, "x").await.unwrap();
        }
    });
    let (mut complete, mut got) = (0, 0);
    tokio::time::timeout(Duration::from_secs(20), async {
        while complete < 200 || got < 200 {
            match events.poll().await.unwrap() {
                Event::Incoming(Packet::PubComp(_)) => complete += 1,
                Event::Incoming(Packet::Publish(_)) => got += 1,
                _ => {}
            }
        }
    })
    .await
    .unwrap();
    publisher.await.unwrap();
    assert_eq!(door.topics().len(), 200);
}

/// A certificate for 127.0.0.1, valid for a day, made by the openssl program: `(certificate, key)` as PEM files.
fn certificate(folder: &std::path::Path) -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args([std::ffi::OsStr::new("-keyout"), key.as_os_str(), std::ffi::OsStr::new("-out"), cert.as_os_str()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match made {
        Ok(status) if status.success() => Some((cert, key)),
        _ => {
            println!("skipped: openssl is not installed (Debian: apt-get install openssl)");
            None
        }
    }
}

#[tokio::test]
async fn tls() {
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio_rustls::rustls::{ServerConfig, crypto};
    if !has("mosquitto_pub") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some((cert, key)) = certificate(folder.path()) else { return };
    let chain = CertificateDer::pem_file_iter(&cert).unwrap().map(Result::unwrap).collect();
    let config = ServerConfig::builder_with_provider(std::sync::Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(&key).unwrap())
        .unwrap();
    let door = TestDoor::new();
    let broker = MqttBroker::new(MqttConfig::default(), door.clone());
    let addr = broker.listen("127.0.0.1:0", Some(std::sync::Arc::new(config))).await.unwrap();
    let trust = cert.to_str().unwrap();
    let send = |args: &[&str]| tool("mosquitto_pub", addr, args).output();
    let args = ["--cafile", trust, "-q", "1", "-t", "air/1/up", "-m", "sealed"];
    let out = send(&args).await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let out = send(&["-q", "1", "-t", "air/1/up", "-m", "open"]).await.unwrap();
    assert!(!out.status.success(), "a client without TLS was let in");
    assert_eq!(door.topics(), ["air/1/up"]);
}
