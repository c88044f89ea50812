//! The API. Statuses stand in the order of the visitors: anonymous, citizen, official of the city, official of the
//! neighbouring region, governor, administrator.

use serde_json::json;

use super::{Body, Case, Stage, complete, judge, kuzbass, routes, visitors};

const ALL: [u16; 6] = [200; 6];
const ADMINISTRATOR: [u16; 6] = [403, 403, 403, 403, 403, 200];
const STATION: &str = "urn:svod:station:42010102";
/// Who may change a station is told that stations have no files.
const TO_NOTHING: [u16; 6] = [403, 403, 403, 403, 403, 422];
/// In a list that is not empty.
const SOMETHING: &str = "\"items\":[{";
/// Of the region, in office: others are not told that there is such a thing.
const OFFICE: [bool; 6] = [false, false, true, false, true, true];

fn graph() -> Vec<Case> {
    let create = json!({"entity": {"id": "urn:svod:station:new-{n}", "type": "AirQualityStation",
        "space": "kuzbass/novokuznetsk", "attributes": {"name": {"value": "new"},
        "location": {"geometry": {"type": "Point", "coordinates": [87.1, 53.7]}}}}});
    let patch = json!({"set": {"source": {"value": "by {n}"}}});
    let order = json!({"ground": "test", "changes": [{"patch": {"urn": "urn:svod:station:42010102",
        "set": {"source": {"value": "command {n}"}}}}]});
    let station = "/api/v1/entities/urn:svod:station:42010102";
    let spare = "/api/v1/entities/urn:svod:station:spare-{n}";
    vec![
        Case::new("GET", "/api/openapi.json", "/api/openapi.json", Body::Nothing, ALL),
        Case::new("GET", "/api/v1/entities", "/api/v1/entities?space=kuzbass&type=Case", Body::Nothing, ALL)
            .shows(SOMETHING, OFFICE),
        Case::new("POST", "/api/v1/entities", "/api/v1/entities", Body::Json(create), [403, 403, 403, 403, 403, 201]),
        Case::new("GET", "/api/v1/entities/{urn}", station, Body::Nothing, ALL),
        Case::new("PATCH", "/api/v1/entities/{urn}", station, Body::Json(patch), ADMINISTRATOR),
        Case::new("DELETE", "/api/v1/entities/{urn}", spare, Body::Nothing, ADMINISTRATOR),
        Case::new(
            "POST",
            "/api/v1/query",
            "/api/v1/query",
            Body::Json(json!({"space": "kuzbass", "types": ["Case"]})),
            ALL,
        )
        .shows(SOMETHING, OFFICE),
        Case::new("POST", "/api/v1/commands", "/api/v1/commands", Body::Json(order), ADMINISTRATOR),
        Case::new(
            "POST",
            "/api/v1/templates/copies",
            "/api/v1/templates/copies",
            Body::Json(
                json!({"from": "kuzbass/novokuznetsk", "to": ["kuzbass/kemerovo"], "types": ["Case"], "dryRun": true}),
            ),
            ADMINISTRATOR,
        ),
        Case::new("GET", "/api/v1/entities/{urn}/live", format!("{station}/live"), Body::Nothing, ALL),
        Case::new(
            "GET",
            "/api/v1/entities/{urn}/history",
            format!("{station}/history?attribute=pm25"),
            Body::Nothing,
            ALL,
        ),
        Case::new(
            "POST",
            "/api/v1/files",
            format!("/api/v1/files?owner={STATION}&name=a.pdf"),
            Body::Nothing,
            TO_NOTHING,
        ),
        Case::new("GET", "/api/v1/files/{id}", "/api/v1/files/urn:svod:file:none", Body::Nothing, [404; 6]),
        Case::new("DELETE", "/api/v1/files/{id}", "/api/v1/files/urn:svod:file:none", Body::Nothing, [404; 6]),
        Case::new("GET", "/api/v1/live", "/api/v1/live?space=kuzbass", Body::Nothing, ALL),
        Case::new("GET", "/api/v1/layers", "/api/v1/layers", Body::Nothing, ALL),
        Case::new("GET", "/api/v1/geometry", "/api/v1/geometry?layer=municipalities", Body::Nothing, ALL),
    ]
}

fn work(stage: &Stage) -> Vec<Case> {
    let act = |route: &'static str, verb: &str, body: Body, statuses| {
        Case::new("POST", route, format!("/api/v1/tasks/{}/{verb}", stage.task), body, statuses)
    };
    let take = || act("/api/v1/tasks/{urn}/take", "take", Body::Nothing, [404, 404, 200, 404, 403, 403]);
    // Taken by the official: who may see it and did not take it is told whose it is.
    let theirs = [404, 404, 200, 404, 409, 409];
    let hidden = [404, 404, 200, 404, 200, 200];
    let entity = |urn: &str| format!("/api/v1/entities/{urn}");
    vec![
        Case::new("GET", "/api/v1/entities/{urn}", entity(&stage.task), Body::Nothing, hidden),
        Case::new("GET", "/api/v1/entities/{urn}", entity(&stage.case), Body::Nothing, hidden),
        Case::new("GET", "/api/v1/entities/{urn}/live", format!("{}/live", entity(&stage.task)), Body::Nothing, hidden),
        Case::new("GET", "/api/v1/tasks", "/api/v1/tasks?space=kuzbass", Body::Nothing, ALL).shows(SOMETHING, OFFICE),
        Case::new("GET", "/api/v1/tasks", "/api/v1/tasks?order=deadline", Body::Nothing, ALL).shows(SOMETHING, OFFICE),
        // Each task tells for itself what is refused; nobody is refused to ask.
        Case::new(
            "POST",
            "/api/v1/tasks/bulk",
            "/api/v1/tasks/bulk",
            Body::Json(json!({"act": "release", "tasks": [stage.task]})),
            ALL,
        )
        .shows("\"done\":0", [true; 6]),
        Case::new("GET", "/api/v1/tasks/templates", "/api/v1/tasks/templates", Body::Nothing, ALL),
        // Nobody has it whom somebody could stand in for.
        act(
            "/api/v1/tasks/{urn}/substitute",
            "substitute",
            Body::Json(json!({"to": "me"})),
            [404, 404, 409, 404, 409, 409],
        ),
        Case::new("GET", "/api/v1/journal", "/api/v1/journal?space=kuzbass/novokuznetsk", Body::Nothing, ALL)
            .shows(SOMETHING, OFFICE),
        Case::new(
            "GET",
            "/api/v1/ledger/receipts",
            "/api/v1/ledger/receipts?space=kuzbass/novokuznetsk&seq=1",
            Body::Nothing,
            [404, 404, 200, 404, 200, 200],
        ),
        Case::new("GET", "/ledger/checkpoint", "/ledger/checkpoint", Body::Nothing, ALL),
        Case::new("GET", "/ledger/keys", "/ledger/keys", Body::Nothing, ALL),
        Case::new("GET", "/ledger/tile/{level}/{*number}", "/ledger/tile/0/000.p/1", Body::Nothing, ALL),
        Case::new("POST", "/ledger/add-checkpoint", "/ledger/add-checkpoint", Body::Nothing, [400; 6]),
        // Nothing is proposed for it.
        act("/api/v1/tasks/{urn}/accept", "accept", Body::Nothing, [404, 404, 409, 404, 403, 403]),
        take(),
        act("/api/v1/tasks/{urn}/release", "release", Body::Nothing, theirs),
        take(),
        // Who has it is told that it is done in words.
        act(
            "/api/v1/tasks/{urn}/answers",
            "answers",
            Body::Json(json!({"answers": {}})),
            [404, 404, 409, 404, 409, 409],
        ),
        act("/api/v1/tasks/{urn}/files", "files", Body::Nothing, [404, 404, 409, 404, 409, 409]),
        act("/api/v1/tasks/{urn}/complete", "complete", Body::Json(json!({"result": "done"})), theirs),
    ]
}

fn operations(stage: &Stage) -> Vec<Case> {
    let delivery = json!({"messages": [{"profile": "air-post", "device": "42010102",
        "payload": {"ts": "2026-01-15T01:00:0{n}Z", "pm10": 0.01}}]});
    let foreign = json!({"messages": [{"profile": "neighbour-air", "device": "42010102",
        "payload": {"ts": "2026-01-15T01:00:0{n}Z", "particles": 0.01}}]});
    let quarantine = |verb: &str| format!("/api/v1/quarantine/{verb}");
    let ids = json!({"ids": [stage.refused]});
    vec![
        Case::new("POST", "/api/v1/observations", "/api/v1/observations", Body::Json(delivery), ADMINISTRATOR),
        Case::new("POST", "/api/v1/observations", "/api/v1/observations", Body::Json(foreign), [403; 6]),
        Case::new(
            "POST",
            "/api/v1/decisions/{pack}/{model}/{decision}",
            "/api/v1/decisions/kuzbass/air-quality/Air%20alert",
            Body::Json(json!({"inputs": {"attribute": "pm25", "ratio": 1.5, "open": false}})),
            [403, 403, 200, 403, 200, 200],
        ),
        Case::new("GET", "/api/v1/packs", "/api/v1/packs", Body::Nothing, ALL),
        Case::new("GET", "/api/v1/packs/{id}", "/api/v1/packs/kuzbass", Body::Nothing, ALL),
        Case::new("POST", "/api/v1/packs/check", "/api/v1/packs/check", Body::Json(kuzbass("0.1.2")), ADMINISTRATOR),
        Case::new("POST", "/api/v1/packs", "/api/v1/packs", Body::Json(kuzbass("0.1.2")), ADMINISTRATOR),
        Case::new("GET", "/api/v1/quarantine", "/api/v1/quarantine", Body::Nothing, ADMINISTRATOR),
        Case::new(
            "POST",
            "/api/v1/quarantine/look",
            quarantine("look"),
            Body::Json(json!({"reason": "the gauge was changed"})),
            ADMINISTRATOR,
        ),
        Case::new(
            "POST",
            "/api/v1/quarantine/{id}/try",
            quarantine(&format!("{}/try", stage.refused)),
            Body::Json(json!({"mapping": "{at: .ts, values: {pm10: 0.1}}"})),
            ADMINISTRATOR,
        ),
        Case::new("POST", "/api/v1/quarantine/replay", quarantine("replay"), Body::Json(ids.clone()), ADMINISTRATOR),
        Case::new("POST", "/api/v1/quarantine/discard", quarantine("discard"), Body::Json(ids), ADMINISTRATOR),
    ]
}

/// The case is of an alert: nobody has asked for it, so nobody writes in it. There is no service in these packs.
fn services(stage: &Stage) -> Vec<Case> {
    let case = |method: &'static str, more: &str, route: &'static str, body: Body, statuses| {
        Case::new(method, route, format!("/api/v1/cases/{}{more}", stage.case), body, statuses)
    };
    let service = "/api/v1/services/none/none";
    let letter = Body::Json(json!({"text": "{n}"}));
    let rating = Body::Json(json!({"stars": 5}));
    let objection = Body::Json(json!({"decision": "urn:t:none", "answers": {"text": "no"}}));
    vec![
        Case::new("GET", "/api/v1/services", "/api/v1/services", Body::Nothing, ALL),
        Case::new("GET", "/api/v1/services/{pack}/{service}", service, Body::Nothing, [404; 6]),
        Case::new(
            "POST",
            "/api/v1/services/{pack}/{service}/applications",
            format!("{service}/applications"),
            Body::Json(json!({"answers": {}})),
            [404; 6],
        ),
        Case::new("GET", "/api/v1/cases", "/api/v1/cases?space=kuzbass", Body::Nothing, ALL).shows(SOMETHING, OFFICE),
        case("GET", "", "/api/v1/cases/{urn}", Body::Nothing, [404, 404, 200, 404, 200, 200]),
        case("POST", "/messages", "/api/v1/cases/{urn}/messages", letter, [404; 6]),
        case("POST", "/rating", "/api/v1/cases/{urn}/rating", rating, [404; 6]),
        case("POST", "/objections", "/api/v1/cases/{urn}/objections", objection, [404; 6]),
        case(
            "POST",
            "/objections/urn:t:none/files",
            "/api/v1/cases/{urn}/objections/{decision}/files",
            Body::Nothing,
            [404; 6],
        ),
        // Who may is told that nobody waits.
        Case::new(
            "POST",
            "/api/v1/messages",
            "/api/v1/messages",
            Body::Json(json!({"name": "nobody", "payload": {}})),
            [403, 403, 403, 403, 403, 404],
        ),
        Case::new(
            "POST",
            "/api/v1/signals",
            "/api/v1/signals",
            Body::Json(json!({"name": "nobody"})),
            [403, 403, 403, 403, 403, 202],
        ),
    ]
}

/// Personas are nobody in the graph: they have no cabinet.
fn cabinet() -> Vec<Case> {
    const OF_PERSONS: [u16; 6] = [401, 404, 404, 404, 404, 404];
    let consent = json!({"purpose": "x", "recipient": "urn:t:none", "days": 1});
    let entered = json!({"whom": "urn:t:none", "delegate": "nobody", "basis": "parent", "document": "x"});
    let case = |method: &'static str, route: &'static str, body: Body| {
        let path = route.replace("{urn}", "urn:t:none").replace("{pack}", "none").replace("{service}", "none");
        Case::new(method, route, path, body, OF_PERSONS)
    };
    vec![
        case("GET", "/api/v1/my/accesses", Body::Nothing),
        case("GET", "/api/v1/my/consents", Body::Nothing),
        case("POST", "/api/v1/my/consents", Body::Json(consent)),
        case("DELETE", "/api/v1/my/consents/{urn}", Body::Nothing),
        case("GET", "/api/v1/my/offers", Body::Nothing),
        case("POST", "/api/v1/my/offers/{urn}/accept", Body::Json(json!({}))),
        case("POST", "/api/v1/my/offers/{urn}/decline", Body::Nothing),
        case("POST", "/api/v1/my/offers/{urn}/files", Body::Nothing),
        case("GET", "/api/v1/my/drafts", Body::Nothing),
        case("GET", "/api/v1/my/drafts/{pack}/{service}", Body::Nothing),
        case("PUT", "/api/v1/my/drafts/{pack}/{service}", Body::Json(json!({"answers": {}}))),
        case("DELETE", "/api/v1/my/drafts/{pack}/{service}", Body::Nothing),
        case("POST", "/api/v1/my/drafts/{pack}/{service}/files", Body::Nothing),
        case("POST", "/api/v1/my/drafts/{pack}/{service}/send", Body::Nothing),
        case("GET", "/api/v1/my/mandates", Body::Nothing),
        case("POST", "/api/v1/my/mandates", Body::Json(json!({"delegate": "nobody", "days": 1}))),
        case("DELETE", "/api/v1/my/mandates/{urn}", Body::Nothing),
        case("POST", "/api/v1/mandates", Body::Json(entered)),
        case("DELETE", "/api/v1/mandates/{urn}", Body::Nothing),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_of_the_api_is_answered_as_the_visitor_may() {
    let stage = Stage::set().await;
    let mut cases = graph();
    cases.extend(work(&stage));
    cases.extend(operations(&stage));
    cases.extend(services(&stage));
    cases.extend(cabinet());
    complete(&routes::api(), &cases);
    judge(&stage.app, &cases, &visitors(&stage.app)).await;
    let files = |n: usize| {
        let app = &stage.app;
        async move { app.call("GET", "/api/v1/packs/kuzbass", super::VISITORS[n], None).await.ok()[0]["files"].is_object() }
    };
    for n in 0..super::VISITORS.len() {
        assert_eq!(files(n).await, n == 5, "files of a pack for {:?}", super::VISITORS[n]);
    }
    stage.app.settle().await;
}
