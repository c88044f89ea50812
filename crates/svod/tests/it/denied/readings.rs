//! What devices tell: the chart, the card and the map's stream.

use svod_registry::Action;

use super::{Asking, Court};

/// The value of each device is seen by who may, in the chart; nowhere by anybody else.
pub async fn judge(court: &Court<'_>, who: &Asking) {
    let mut open = Vec::new();
    for life in court.lives {
        let (e, name) = (&life.made, life.observed());
        let reads = court.oracle.permits(&who.actor, Action::Read, e, None);
        let may = reads && court.oracle.attribute(&who.actor, e, &name);
        if may {
            open.push(life.level);
        }
        if life.gone {
            continue;
        }
        let path = format!("/api/v1/entities/{}/history?attribute={name}", e.id);
        let chart = court.ask(who, "GET", &path, None).await;
        let value = chart.json()["points"][0][1].as_f64();
        assert_eq!(value, may.then(|| f64::from(life.level)), "{}: {}", court.hint(who, &path), chart.text);
        for path in [format!("/api/v1/entities/{}/live", e.id), format!("/entities/{}", e.id)] {
            let text = court.get(who, &path).await;
            assert!(may || !text.contains(&life.level.to_string()), "{}: {text}", court.hint(who, &path));
        }
    }
    let told = stream(court, who).await;
    court.judge(who, "/api/v1/live", &told, &court.ever(who, Action::Read));
    for life in court.lives.iter().filter(|l| !open.contains(&l.level)) {
        assert!(!told.contains(&life.level.to_string()), "{}: {told}", court.hint(who, "/api/v1/live"));
    }
}

/// The first picture of the map.
async fn stream(court: &Court<'_>, who: &Asking) -> String {
    let mut request = reqwest::Client::new().get(format!("{}/api/v1/live?space=kuzbass", court.app.http()));
    for (name, value) in who.headers() {
        request = request.header(name, value);
    }
    let mut response = request.send().await.unwrap();
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains("event: ready") {
        bytes.extend_from_slice(&response.chunk().await.unwrap().expect("the stream goes on"));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
