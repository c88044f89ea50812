//! V1: encoding and sanitization.

use serde_json::json;
use svod_model::{Attribute, Entity, Point};
use svod_testkit::TestApp;

use super::{encoded, submit};

/// V1.1.1: what comes encoded twice is decoded once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_encoded_twice_is_decoded_once() {
    let app = TestApp::builder().doors().start().await;
    let get = async |path: String| app.call("GET", &path, None, None).await;
    for edge in ["/api/v1/entities/", "/ngsi-ld/v1/entities/", "/entities/"] {
        let once = get(format!("{edge}urn%3Asvod%3Astation%3A42010102")).await;
        assert_eq!(once.status, 200, "{edge}: {}", once.text);
        let twice = get(format!("{edge}urn%253Asvod%253Astation%253A42010102")).await;
        assert!((400..500).contains(&twice.status), "{edge}: {} {}", twice.status, twice.text);
    }
    let once = get("/session?back=%2Ftasks".into()).await;
    assert!(once.text.contains("name=\"back\" value=\"/tasks\""), "{}", once.text);
    let twice = get("/session?back=%252Ftasks".into()).await;
    assert!(!twice.text.contains("name=\"back\" value=\"/tasks\""), "{}", twice.text);
}

/// V1.2.4: what looks like a piece of SQL is a word like any other, at every door that takes words to the store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_word_becomes_a_part_of_a_statement() {
    const WORDS: [&str; 5] = [
        "' OR '1'='1",
        "'; DROP TABLE entity; --",
        "\" OR \"\"=\"",
        "x') UNION SELECT doc FROM entity --",
        "\\' OR 1=1 OR 'a'='a",
    ];
    let app = TestApp::builder().doors().start().await;
    let before = app.all("kuzbass", "Body").await.len();
    assert!(before > 0);
    for word in WORDS {
        let w = encoded(word);
        for path in [
            format!("/api/v1/entities?space=kuzbass&type={w}"),
            format!("/api/v1/entities?space=kuzbass&type=Body&filter=territory={w}"),
            format!("/api/v1/entities?space=kuzbass&type=Body&filter={w}=x"),
            format!("/api/v1/entities?space=kuzbass&type=Body&after={w}"),
            format!("/api/v1/entities/{w}"),
            format!("/api/v1/journal?space=kuzbass&after={w}"),
            format!("/api/v1/journal?space={w}"),
            format!("/ngsi-ld/v1/entities?type={w}"),
            format!("/ngsi-ld/v1/entities?type=Body&q=name==%22{w}%22"),
            format!("/ngsi-ld/v1/entities?type=Body&attrs={w}"),
            format!("/entities.csv?space=kuzbass&type=Body&q={w}"),
        ] {
            let answer = app.call("GET", &path, Some("administrator"), None).await;
            assert!(answer.status < 500, "{path}: {}", answer.text);
            assert!(!answer.text.contains("urn:svod:body:"), "{path}: {}", answer.text);
        }
        for question in [
            json!({"space": "kuzbass", "types": ["Body"], "where": {"eq": ["name", word]}}),
            json!({"space": "kuzbass", "types": ["Body"], "where": {"eq": [word, "x"]}}),
            json!({"space": "kuzbass", "types": ["Body"], "ids": [], "text": word}),
        ] {
            let answer = app.call("POST", "/api/v1/query", Some("administrator"), Some(question)).await;
            assert!(answer.status < 500, "{word}: {}", answer.text);
            assert!(!answer.text.contains("urn:svod:body:"), "{word}: {}", answer.text);
        }
        let refused = submit(&app, "", "/session/password", &[("login", word), ("password", word)]).await;
        assert!([401, 422, 429].contains(&refused.status), "{word}: {}", refused.text);
    }
    assert_eq!(app.all("kuzbass", "Body").await.len(), before);
}

/// V1.3.7: a name that looks like a template is shown as it was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_looks_like_a_template_is_not_worked_out() {
    const NAME: &str = "{{ 7*7 }} {% include x %} ${7*7} #{7*7} { $count } *{7*7}";
    let app = TestApp::builder().doors().start().await;
    let station = Entity::new(
        "urn:svod:station:template".parse().unwrap(),
        "AirQualityStation",
        "kuzbass/novokuznetsk".parse().unwrap(),
    );
    let place = Attribute::point(Point { lon: 87.1, lat: 53.7 });
    app.create(station.with("name", Attribute::property(NAME)).with("location", place)).await;
    for path in [
        "/entities/urn:svod:station:template",
        "/entities?space=kuzbass&type=AirQualityStation&q=include",
        "/api/v1/entities/urn:svod:station:template",
    ] {
        let answer = app.call("GET", path, None, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text.contains(NAME), "{path}: {}", answer.text);
    }
    let lost = app.call("GET", &format!("/entities?space=kuzbass&q={}", encoded(NAME)), None, None).await;
    assert!(lost.text.contains(NAME), "what was looked for: {}", lost.text);
    app.settle().await;
}
