//! The NGSI-LD edge; statuses in the order of the visitors, as in [`super::api`].

use serde_json::json;
use svod_kernel::Actor;

use super::{Body, Case, Stage, complete, judge, routes, visitors};

const ALL: [u16; 6] = [200; 6];
const BAD: [u16; 6] = [400; 6];
/// In office: the others are not told that there is such a thing.
const HIDDEN: [u16; 6] = [404, 404, 200, 404, 200, 200];
const ADMINISTRATOR: [u16; 6] = [403, 403, 403, 403, 403, 204];
const MADE: [u16; 6] = [403, 403, 403, 403, 403, 201];

fn entities(stage: &Stage) -> Vec<Case> {
    let at = |rest: &str| format!("/ngsi-ld/v1/entities{rest}");
    let point = json!({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [87.1, 53.7]}});
    let new = json!({"id": "urn:svod:station:ld-{n}", "type": "AirQualityStation", "name": "new", "location": point});
    let whole = json!({"type": "AirQualityStation", "name": "by {n}", "location": point});
    let part = json!({"name": {"type": "Property", "value": "by {n}"}});
    let spare = "urn:svod:station:spare-{n}";
    let route = |method, route, path: String, body, statuses| Case::new(method, route, path, body, statuses);
    vec![
        route("GET", "/ngsi-ld/v1/entities", at("?type=Task"), Body::Nothing, ALL)
            .shows(&stage.task, [false, false, true, false, true, true]),
        route("POST", "/ngsi-ld/v1/entities", at(""), Body::Json(new), [403, 403, 403, 403, 403, 201]),
        route("PUT", "/ngsi-ld/v1/entities", at("/"), Body::Json(json!({})), BAD),
        route("PATCH", "/ngsi-ld/v1/entities", at("/"), Body::Json(json!({})), BAD),
        route("GET", "/ngsi-ld/v1/entities/{id}", at(&format!("/{}", stage.task)), Body::Nothing, HIDDEN),
        route("GET", "/ngsi-ld/v1/entities/{id}", at(&format!("/{}", stage.case)), Body::Nothing, HIDDEN),
        route("PUT", "/ngsi-ld/v1/entities/{id}", at(&format!("/{spare}")), Body::Json(whole), ADMINISTRATOR),
        route("PATCH", "/ngsi-ld/v1/entities/{id}", at(&format!("/{spare}")), Body::Json(part.clone()), ADMINISTRATOR),
        route(
            "POST",
            "/ngsi-ld/v1/entities/{id}/attrs",
            at(&format!("/{spare}/attrs")),
            Body::Json(json!({"source": "a{n}"})),
            ADMINISTRATOR,
        ),
        route(
            "PATCH",
            "/ngsi-ld/v1/entities/{id}/attrs",
            at(&format!("/{spare}/attrs")),
            Body::Json(json!({"source": "b{n}"})),
            ADMINISTRATOR,
        ),
        route("PUT", "/ngsi-ld/v1/entities/{id}/attrs", at(&format!("/{spare}/attrs/")), Body::Json(json!({})), BAD),
        route("DELETE", "/ngsi-ld/v1/entities/{id}/attrs", at(&format!("/{spare}/attrs/")), Body::Nothing, [405; 6]),
        route(
            "PATCH",
            "/ngsi-ld/v1/entities/{id}/attrs/{name}",
            at(&format!("/{spare}/attrs/name")),
            Body::Json(json!({"value": "c{n}"})),
            ADMINISTRATOR,
        ),
        route(
            "PUT",
            "/ngsi-ld/v1/entities/{id}/attrs/{name}",
            at(&format!("/{spare}/attrs/name")),
            Body::Json(json!({"value": "d{n}"})),
            ADMINISTRATOR,
        ),
        route(
            "DELETE",
            "/ngsi-ld/v1/entities/{id}/attrs/{name}",
            at(&format!("/{spare}/attrs/source")),
            Body::Nothing,
            ADMINISTRATOR,
        ),
        route("DELETE", "/ngsi-ld/v1/entities/{id}", at(&format!("/{spare}")), Body::Nothing, ADMINISTRATOR),
        route(
            "DELETE",
            "/ngsi-ld/v1/entities",
            at("?type=AirQualityStation&q=name==%22nobody%22"),
            Body::Nothing,
            [204; 6],
        ),
    ]
}

fn batches() -> Vec<Case> {
    let at = |verb: &str| format!("/ngsi-ld/v1/entityOperations/{verb}");
    let point = json!({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [87.1, 53.7]}});
    let one = |n: &str| json!([{"id": format!("urn:svod:station:{n}-{{n}}"), "type": "AirQualityStation", "name": "new {n}", "location": point}]);
    let named = json!([{"id": "urn:svod:station:42010102", "name": "by {n}"}]);
    let (made, changed) = ([207, 207, 207, 207, 207, 201], [207, 207, 207, 207, 207, 204]);
    let query = json!({"type": "Query", "entities": [{"type": "AirQualityStation"}]});
    vec![
        Case::new("POST", "/ngsi-ld/v1/entityOperations/create", at("create"), Body::Json(one("c")), made),
        Case::new("POST", "/ngsi-ld/v1/entityOperations/upsert", at("upsert"), Body::Json(one("u")), made),
        Case::new("POST", "/ngsi-ld/v1/entityOperations/update", at("update"), Body::Json(named.clone()), changed),
        Case::new("POST", "/ngsi-ld/v1/entityOperations/merge", at("merge"), Body::Json(named), changed),
        Case::new(
            "POST",
            "/ngsi-ld/v1/entityOperations/delete",
            at("delete"),
            Body::Json(json!(["urn:svod:station:42010102"])),
            changed,
        ),
        Case::new("POST", "/ngsi-ld/v1/entityOperations/query", at("query"), Body::Json(query), ALL),
    ]
}

fn rest() -> Vec<Case> {
    let at = |rest: &str| format!("/ngsi-ld/v1{rest}");
    let context = json!({"@context": {"speed": "https://a.example/speed"}});
    vec![
        Case::new("GET", "/ngsi-ld/v1/types", at("/types"), Body::Nothing, ALL)
            .shows("\"Task\"", [false, false, true, false, true, true]),
        Case::new("GET", "/ngsi-ld/v1/types/{type}", at("/types/Task"), Body::Nothing, HIDDEN),
        Case::new("GET", "/ngsi-ld/v1/info/sourceIdentity", at("/info/sourceIdentity"), Body::Nothing, ALL),
        Case::new("GET", "/ngsi-ld/v1/attributes", at("/attributes"), Body::Nothing, ALL),
        Case::new("GET", "/ngsi-ld/v1/attributes/{name}", at("/attributes/takenBy"), Body::Nothing, [404; 6]),
        Case::new("GET", "/ngsi-ld/v1/jsonldContexts", at("/jsonldContexts?kind=Cached"), Body::Nothing, ALL),
        Case::new(
            "POST",
            "/ngsi-ld/v1/jsonldContexts",
            at("/jsonldContexts"),
            Body::Json(context),
            [403, 403, 403, 403, 403, 201],
        ),
        Case::new("GET", "/ngsi-ld/v1/jsonldContexts/{id}", at("/jsonldContexts/kept"), Body::Nothing, ALL),
        Case::new(
            "DELETE",
            "/ngsi-ld/v1/jsonldContexts/{id}",
            at("/jsonldContexts/kept"),
            Body::Nothing,
            ADMINISTRATOR,
        ),
    ]
}

/// The past is shown as the present is, and mended by those who may change it.
fn temporal(stage: &Stage) -> Vec<Case> {
    let at = |rest: &str| format!("/ngsi-ld/v1/temporal{rest}");
    let given = json!({"id": "urn:svod:station:past-{n}", "type": "AirQualityStation",
        "name": [{"type": "Property", "value": "was", "observedAt": "2026-01-01T00:00:00Z"}]});
    let more = json!({"name": [{"type": "Property", "value": "and was", "observedAt": "2026-01-02T00:00:00Z"}]});
    let query = json!({"type": "Query", "entities": [{"type": "AirQualityStation"}],
        "temporalQ": {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z", "timeproperty": "createdAt"}});
    let past = "/entities/urn:svod:station:spare-1";
    let case =
        |method, route: &'static str, path: String, body, expected| Case::new(method, route, path, body, expected);
    let window = "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt";
    vec![
        case("GET", "/ngsi-ld/v1/temporal/entities", at(&format!("/entities?type=Task&{window}")), Body::Nothing, ALL)
            .shows(&stage.task, [false, false, true, false, true, true]),
        case("POST", "/ngsi-ld/v1/temporal/entities", at("/entities"), Body::Json(given), MADE),
        case(
            "GET",
            "/ngsi-ld/v1/temporal/entities/{id}",
            at(&format!("/entities/{}", stage.task)),
            Body::Nothing,
            HIDDEN,
        ),
        case(
            "POST",
            "/ngsi-ld/v1/temporal/entities/{id}/attrs",
            at(&format!("{past}/attrs")),
            Body::Json(more),
            ADMINISTRATOR,
        ),
        case(
            "PATCH",
            "/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}",
            at(&format!("{past}/attrs/name")),
            Body::Json(json!({})),
            [405; 6],
        ),
        case(
            "PATCH",
            "/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}/{instance}",
            at(&format!("{past}/attrs/name/urn:ngsi-ld:Instance:0")),
            Body::Json(json!({"type": "Property", "value": "x"})),
            [404; 6],
        ),
        case(
            "DELETE",
            "/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}/{instance}",
            at(&format!("{past}/attrs/name/urn:ngsi-ld:Instance:0")),
            Body::Nothing,
            [404; 6],
        ),
        case(
            "POST",
            "/ngsi-ld/v1/temporal/entityOperations/query",
            at("/entityOperations/query"),
            Body::Json(query),
            ALL,
        ),
        case(
            "DELETE",
            "/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}",
            at(&format!("{past}/attrs/name")),
            Body::Nothing,
            ADMINISTRATOR,
        ),
        case("DELETE", "/ngsi-ld/v1/temporal/entities/{id}", at(past), Body::Nothing, ADMINISTRATOR),
    ]
}

/// Who may name other brokers, and who may know of them.
fn sources() -> Vec<Case> {
    let registration = json!({"id": "urn:t:source", "type": "ContextSourceRegistration", "endpoint": "http://192.0.2.1",
        "information": [{"entities": [{"type": "Elsewhere"}]}]});
    let at = |rest: &str| format!("/ngsi-ld/v1/csourceRegistrations{rest}");
    let one = || at("/urn:t:source");
    let seen = [403, 403, 403, 403, 403, 200];
    let case =
        |method, route: &'static str, path: String, body, expected| Case::new(method, route, path, body, expected);
    vec![
        case("POST", "/ngsi-ld/v1/csourceRegistrations", at(""), Body::Json(registration), MADE),
        case("PATCH", "/ngsi-ld/v1/csourceRegistrations", at(""), Body::Json(json!({})), [405; 6]),
        case("DELETE", "/ngsi-ld/v1/csourceRegistrations", at(""), Body::Nothing, [405; 6]),
        case("GET", "/ngsi-ld/v1/csourceRegistrations", at("?type=Elsewhere"), Body::Nothing, seen),
        case("GET", "/ngsi-ld/v1/csourceRegistrations/{id}", one(), Body::Nothing, seen),
        case(
            "PATCH",
            "/ngsi-ld/v1/csourceRegistrations/{id}",
            one(),
            Body::Json(json!({"description": "other"})),
            [403, 403, 403, 403, 403, 204],
        ),
        case("DELETE", "/ngsi-ld/v1/csourceRegistrations/{id}", one(), Body::Nothing, ADMINISTRATOR),
    ]
}

const NOTIFY: &str = "/ngsi-ld/ex/remote-notify";

/// Maps hold what their maker sees; nobody else finds them.
fn maps() -> Vec<Case> {
    let one = || "/ngsi-ld/v1/entityMaps/urn:t:map".to_owned();
    let case = |method, route, path: String, body, expected| Case::new(method, route, path, body, expected);
    let window = "type=Task&timerel=after&timeAt=2020-01-01T00:00:00Z";
    let (all, past) = ("/ngsi-ld/v1/entityMaps", "/ngsi-ld/v1/temporal/entityMaps");
    vec![
        case("GET", all, format!("{all}?type=Task"), Body::Nothing, [201; 6]),
        case("GET", past, format!("{past}?{window}"), Body::Nothing, [201; 6]),
        case("GET", "/ngsi-ld/v1/entityMaps/{id}", one(), Body::Nothing, [404; 6]),
        case("PATCH", "/ngsi-ld/v1/entityMaps/{id}", one(), Body::Json(json!({})), [404; 6]),
        case("DELETE", "/ngsi-ld/v1/entityMaps/{id}", one(), Body::Nothing, [404; 6]),
        // Sources are entitled by an identifier that nobody can guess.
        case(
            "POST",
            NOTIFY,
            NOTIFY.into(),
            Body::Json(json!({"subscriptionId": "urn:t:unknown", "data": []})),
            [404; 6],
        ),
    ]
}

/// Snapshots hold what their maker sees; nobody else finds them.
fn snapshots() -> Vec<Case> {
    let (all, one) = ("/ngsi-ld/v1/snapshots", "/ngsi-ld/v1/snapshots/{id}");
    let at = |rest: &str| format!("{all}/urn:t:none{rest}");
    let new = json!({"type": "Snapshot", "snapshotQueries": [{"type": "Query", "entities": [{"type": "Task"}]}]});
    vec![
        Case::new("POST", all, all.to_owned(), Body::Json(new), [201; 6]),
        Case::new("DELETE", all, format!("{all}?q=snapshotPriority<3"), Body::Nothing, [204; 6]),
        Case::new("GET", one, at(""), Body::Nothing, [404; 6]),
        Case::new("PATCH", one, at(""), Body::Json(json!({"snapshotPriority": 1})), [404; 6]),
        Case::new("DELETE", one, at(""), Body::Nothing, [404; 6]),
        Case::new("POST", "/ngsi-ld/v1/snapshots/{id}/clone", at("/clone"), Body::Json(json!({})), [404; 6]),
    ]
}

/// Who may tell others to be told, of entities or of registrations.
fn subscriptions(all: &'static str, each: &'static str) -> Vec<Case> {
    let subscription = json!({"id": "urn:t:subscription", "type": "Subscription", "entities": [{"type": "Task"}],
            "notification": {"endpoint": {"uri": "http://192.0.2.1/notify"}}});
    let (list, one) = (|| all.to_owned(), || each.replace("{id}", "urn:t:subscription"));
    let seen = [403, 403, 403, 403, 403, 200];
    let case = |method, path, at, body, expected| Case::new(method, path, at, body, expected);
    let mut cases = vec![
        case("POST", all, list(), Body::Json(subscription), MADE),
        case("PATCH", all, list(), Body::Json(json!({})), [405; 6]),
        case("DELETE", all, list(), Body::Nothing, [405; 6]),
        case("GET", all, list(), Body::Nothing, seen),
        case("GET", each, one(), Body::Nothing, seen),
        case("PATCH", each, one(), Body::Json(json!({"isActive": false})), [403, 403, 403, 403, 403, 204]),
    ];
    if all.ends_with("/subscriptions") {
        // Heard by who has made it, the administrator here; the place is none, so that the stream does not begin.
        let at = "/ngsi-ld/ex/subscriptions/urn:t:subscription/stream?after=x".to_owned();
        let route = "/ngsi-ld/ex/subscriptions/{id}/stream";
        cases.push(case("GET", route, at, Body::Nothing, [403, 403, 403, 403, 403, 400]));
    }
    cases.push(case("DELETE", each, one(), Body::Nothing, ADMINISTRATOR));
    cases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_answered_as_the_visitor_may() {
    let stage = Stage::set().await;
    let kept = json!({"@context": {"speed": "https://a.example/speed"}});
    let (space, platform) = ("kuzbass".parse().unwrap(), Actor::platform("test"));
    stage.app.core.registry.define(&platform, "Context", &space, "kept", kept).await.unwrap();
    let mut cases = entities(&stage);
    cases.extend(batches());
    cases.extend(rest());
    cases.extend(subscriptions("/ngsi-ld/v1/subscriptions", "/ngsi-ld/v1/subscriptions/{id}"));
    cases.extend(subscriptions("/ngsi-ld/v1/csourceSubscriptions", "/ngsi-ld/v1/csourceSubscriptions/{id}"));
    cases.extend(temporal(&stage));
    cases.extend(sources());
    cases.extend(maps());
    cases.extend(snapshots());
    complete(&routes::ngsi(), &cases);
    judge(&stage.app, &cases, &visitors(&stage.app)).await;
    stage.app.settle().await;
}
