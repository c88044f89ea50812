//! What a refusal says: no value that is denied, and of what is hidden no more than of what was never there.

use serde_json::{Value, json};
use svod_registry::Action;

use super::probe::Life;
use super::{Asking, Court, KINDS};

const NEVER: &str = "urn:probe:never";
const ABSENT: &str = "urn:probe:absent";

/// Requests that are refused, whoever sends them.
fn wrong(kind: &str, id: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let entity = format!("/api/v1/entities/{id}");
    let patch = json!({"patch": {"urn": id, "expected": 999, "set": {"undeclared": {"value": "x"}}}});
    let made = json!({"entity": {"id": id, "type": kind, "space": "kuzbass", "attributes": {}}});
    let question = json!({"space": "kuzbass", "types": [kind], "where": {"matches": ["probe0x0", "("]}});
    vec![
        ("PATCH", entity.clone(), Some(json!({"set": {"undeclared": {"value": "x"}}}))),
        ("POST", "/api/v1/commands".into(), Some(json!({"ground": "test", "changes": [patch]}))),
        ("POST", "/api/v1/entities".into(), Some(made)),
        ("POST", "/api/v1/query".into(), Some(question)),
        ("POST", "/ngsi-ld/v1/entities".into(), Some(json!({"id": id, "type": kind}))),
        ("PATCH", format!("/ngsi-ld/v1/entities/{id}/attrs"), Some(json!({"undeclared": "x"}))),
        ("GET", format!("{entity}/history?attribute=undeclared"), None),
        ("GET", format!("/ngsi-ld/v1/entities?type={kind}&q=probe0x0=="), None),
        ("GET", format!("/ngsi-ld/v1/entities/{id}?attrs=undeclared"), None),
    ]
}

pub async fn judge(court: &Court<'_>, who: &Asking) {
    let present = court.present(who);
    for life in court.lives {
        let id = life.made.id.as_str();
        if !life.gone && court.dice.below(4) == 0 {
            for (method, path, body) in wrong(&life.made.kind, id) {
                let answer = court.ask(who, method, &path, body).await;
                court.judge(who, &path, &answer.text, &present);
            }
        }
        let hidden = life.gone || !court.oracle.permits(&who.actor, Action::Read, &life.last, None);
        for (path, rest) in [("/api/v1/entities/", ""), ("/api/v1/entities/", "/live"), ("/ngsi-ld/v1/entities/", "")] {
            if hidden {
                let found = court.ask(who, "GET", &format!("{path}{id}{rest}"), None).await;
                let never = court.ask(who, "GET", &format!("{path}{NEVER}{rest}"), None).await;
                let (told, wanted) = (found.text.replace(id, NEVER), never.text);
                assert_eq!((found.status, told), (never.status, wanted), "{}", court.hint(who, path));
            }
        }
        if hidden {
            unchanged(court, who, (&life.made.kind, life.made.space.as_str()), id).await;
        }
        // What is removed may be made anew by who may.
        if hidden && !life.gone {
            let restore = |id: &str| Some(json!({"ground": "test", "changes": [{"restore": {"urn": id}}]}));
            let found = court.ask(who, "POST", "/api/v1/commands", restore(id)).await;
            let never = court.ask(who, "POST", "/api/v1/commands", restore(NEVER)).await;
            let told = (found.status, found.text.replace(id, NEVER));
            assert_eq!(told, (404, never.text), "restore: {}", court.hint(who, id));
            for kind in KINDS {
                untold(court, who, (kind, life), id).await;
            }
        }
    }
}

/// Changes and removals of something, by every door.
fn changes((kind, space): (&str, &str), id: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let (entity, ngsi) = (format!("/api/v1/entities/{id}"), format!("/ngsi-ld/v1/entities/{id}"));
    let order = |change: Value| Some(json!({"ground": "test", "changes": [change]}));
    let set = json!({"deviceId": {"value": "another"}});
    let whole = json!({"id": id, "type": kind, "space": space, "attributes": set});
    vec![
        ("PATCH", entity.clone(), Some(json!({"set": set}))),
        ("DELETE", entity, None),
        ("POST", "/api/v1/commands".into(), order(json!({"patch": {"urn": id, "set": set}}))),
        ("POST", "/api/v1/commands".into(), order(json!({"replace": {"entity": whole}}))),
        ("POST", "/api/v1/commands".into(), order(json!({"delete": {"urn": id}}))),
        ("POST", "/api/v1/commands".into(), order(json!({"merge": {"from": id, "into": ABSENT}}))),
        ("POST", "/api/v1/commands".into(), order(json!({"merge": {"from": ABSENT, "into": id}}))),
        ("DELETE", ngsi, None),
    ]
}

/// Something new with that identifier, by every door.
fn makings((kind, space): (&str, &str), id: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let order = |change: Value| Some(json!({"ground": "test", "changes": [change]}));
    let whole = json!({"id": id, "type": kind, "space": space, "attributes": {"deviceId": {"value": "another"}}});
    vec![
        ("POST", "/api/v1/entities".into(), Some(json!({"ground": "test", "entity": whole}))),
        ("POST", "/api/v1/commands".into(), order(json!({"create": whole}))),
        ("POST", "/api/v1/commands".into(), order(json!({"upsert": whole}))),
    ]
}

/// Who may not make what they give hears the same as of what was never there; who may learns that the identifier is taken, and
/// nothing of what has it.
async fn untold(court: &Court<'_>, who: &Asking, (kind, life): (&str, &Life), id: &str) {
    let space = life.made.space.as_str();
    for ((method, path, body), (_, _, other)) in
        makings((kind, space), id).into_iter().zip(makings((kind, space), NEVER))
    {
        let hidden = court.ask(who, method, &path, body).await;
        let never = court.ask(who, method, &path, other).await;
        let hint = format!("{method} {kind} {}", court.hint(who, &path));
        if never.status < 300 {
            court.end(NEVER).await;
            assert_eq!(hidden.status, 409, "{hint}: {}", hidden.text);
            assert!(!hidden.text.contains(&life.made.kind), "{hint}: {}", hidden.text);
        } else {
            assert_eq!((hidden.status, hidden.text.replace(id, NEVER)), (never.status, never.text), "{hint}");
        }
    }
}

/// Whoever may not know of it is told that there is none, as of what was never there.
async fn unchanged(court: &Court<'_>, who: &Asking, what: (&str, &str), id: &str) {
    for ((method, path, body), (_, elsewhere, other)) in changes(what, id).into_iter().zip(changes(what, NEVER)) {
        let hidden = court.ask(who, method, &path, body).await;
        let never = court.ask(who, method, &elsewhere, other).await;
        let (told, wanted) = (hidden.text.replace(id, NEVER), never.text);
        assert_eq!((hidden.status, told), (never.status, wanted), "{} {}", method, court.hint(who, &path));
        assert_eq!(hidden.status, 404, "{} {}", method, court.hint(who, &path));
    }
}
