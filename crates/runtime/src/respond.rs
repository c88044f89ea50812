use serde_json::{Map, Value, json};
use svod_kernel::{Timestamp, Urn, number};
use svod_model::{Attribute, Entity, Point};
use svod_registry::{Action, Change, Command, CompiledTrigger, Operation};
use svod_store::finding::FindingRow;
use svod_store::outbox::NewOutbox;

use crate::cases::{Along, NewCase};
use crate::territory::Answerable;

/// Hours to deal with an alert when the decision names none.
const DEFAULT_DEADLINE_HOURS: f64 = 24.0;

/// What a decision found, read from its row.
pub struct Finding {
    /// Number, one in the whole installation.
    pub id: i64,
    /// Entity judged.
    pub urn: Urn,
    /// Attribute judged, empty for triggers by time.
    pub attribute: String,
    /// `<pack>/<trigger>`.
    pub trigger: String,
    /// As the twin wrote it: action, outcome, rules, inputs, reading, ground.
    pub body: Value,
}

impl Finding {
    /// From its row; none when the row cannot be understood.
    pub fn parse(row: &FindingRow) -> Option<Self> {
        Some(Self {
            id: row.id,
            urn: row.finding.urn.parse().ok()?,
            attribute: row.finding.attribute.clone(),
            trigger: row.finding.trigger_id.clone(),
            body: serde_json::from_str(&row.finding.body).ok()?,
        })
    }

    /// `raise` or `clear`.
    pub fn action(&self) -> &str {
        self.body.get("action").and_then(Value::as_str).unwrap_or_default()
    }

    fn ground(&self) -> String {
        self.body.get("ground").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn severity(&self) -> &str {
        self.body.pointer("/outcome/severity").and_then(Value::as_str).unwrap_or("warning")
    }

    fn deadline(&self, now: Timestamp) -> Timestamp {
        let hours = self.body.pointer("/outcome/deadlineHours").and_then(Value::as_f64);
        now.plus_seconds(number::whole(hours.unwrap_or(DEFAULT_DEADLINE_HOURS).clamp(0.0, 24.0 * 365.0) * 3600.0))
    }

    fn local(&self, kind: &str) -> Urn {
        Urn::svod(kind, &self.id.to_string()).expect("a number makes a URI")
    }

    fn rule_text(&self) -> String {
        let rules = self.body.get("rules").and_then(Value::as_array).cloned().unwrap_or_default();
        rules.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    }

    fn evidence(&self) -> String {
        json!({"inputs": self.body.get("inputs"), "reading": self.body.get("reading"),
               "outcome": self.body.get("outcome")})
        .to_string()
    }
}

/// The asset a finding is about, and where.
pub struct Scene<'a> {
    /// The entity judged.
    pub asset: &'a Entity,
    /// Where it is now.
    pub place: Option<Point>,
    /// Who answers.
    pub answerable: Option<Answerable>,
}

/// What raises an alert: alert, case and first task, all or nothing, and the finding is dealt with.
pub fn raise(f: &Finding, trigger: &CompiledTrigger, scene: &Scene<'_>, now: Timestamp) -> (NewCase, Along) {
    let (alert_id, case_id) = (f.local("alert"), f.local("case"));
    let alert = alert_entity(f, trigger, scene, now, &alert_id, &case_id);
    let case = case_entity(f, trigger, scene, now, &case_id, &alert);
    let new = NewCase {
        process: trigger.process_name.clone(),
        element: None,
        variables: variables_of(f, &alert),
        space: scene.asset.space.clone(),
        case: Some(case),
    };
    let along = Along {
        ground: Some(f.ground()),
        changes: vec![Change::verb(Operation::Create(alert.clone()), Action::Create, "raise")],
        consume: vec![f.id],
        outbox: vec![(scene.asset.space.clone(), alert_message(&alert, "open"))],
        ..Along::default()
    };
    (new, along)
}

/// What the process may judge by.
fn variables_of(f: &Finding, alert: &Entity) -> Map<String, Value> {
    let mut variables = Map::new();
    variables.insert("alert".into(), alert.id.as_str().into());
    variables.insert("entity".into(), f.urn.as_str().into());
    variables.insert("severity".into(), f.severity().into());
    variables.insert("outcome".into(), f.body.get("outcome").cloned().unwrap_or_default());
    variables
}

fn alert_entity(
    f: &Finding,
    trigger: &CompiledTrigger,
    scene: &Scene<'_>,
    now: Timestamp,
    alert: &Urn,
    case: &Urn,
) -> Entity {
    let text = |s: &str| Attribute::property(s);
    let mut e = Entity::new(alert.clone(), "Alert", scene.asset.space.clone())
        .with("name", text(scene.asset.text("name").unwrap_or(scene.asset.id.local())))
        .with("kind", text(&trigger.spec.alert.kind))
        .with("severity", text(f.severity()))
        .with("subject", text(&trigger.spec.alert.subject))
        .with("entity", Attribute::object(f.urn.clone()))
        .with("status", text("open"))
        .with("raisedAt", text(&now.to_string()))
        .with("trigger", text(&f.trigger))
        .with("decision", text(&f.ground()))
        .with("rule", text(&f.rule_text()))
        .with("inputs", text(&f.evidence()))
        .with("case", Attribute::object(case.clone()));
    if !f.attribute.is_empty() {
        e = e.with("attribute", text(&f.attribute));
    }
    placed(e, scene.place)
}

fn case_entity(
    f: &Finding,
    trigger: &CompiledTrigger,
    scene: &Scene<'_>,
    now: Timestamp,
    case: &Urn,
    alert: &Entity,
) -> Entity {
    let mut e = Entity::new(case.clone(), "Case", scene.asset.space.clone())
        .with("process", Attribute::property(trigger.process.id()))
        .with("processVersion", Attribute::property(trigger.process_name.as_str()))
        .with("status", Attribute::property("open"))
        .with("alert", Attribute::object(alert.id.clone()))
        .with("openedAt", Attribute::property(now.to_string()))
        .with("deadline", Attribute::property(f.deadline(now).to_string()));
    for name in ["name", "kind", "severity", "subject"] {
        if let Some(a) = alert.attributes.get(name) {
            e = e.with(name, a.clone());
        }
    }
    if let Some(a) = &scene.answerable {
        e = e.with("body", Attribute::object(a.body.clone()));
    }
    placed(e, scene.place)
}

fn placed(e: Entity, place: Option<Point>) -> Entity {
    match place {
        Some(p) => e.with("location", Attribute::point(p)),
        None => e,
    }
}

/// The command that closes an alert because its decision says that the ground for it is gone.
pub fn clear(f: &Finding, alert: &Entity, now: Timestamp) -> Command {
    let set = [
        ("status".to_owned(), Attribute::property("closed")),
        ("closedAt".to_owned(), Attribute::property(now.to_string())),
        ("closing".to_owned(), Attribute::property(f.evidence())),
    ];
    let patch = Operation::Patch {
        urn: alert.id.clone(),
        expected: Some(alert.version),
        set: set.into_iter().collect(),
        unset: Vec::new(),
    };
    Command {
        ground: f.ground(),
        cause: alert.object("case").cloned(),
        changes: vec![Change::verb(patch, Action::Update, "close")],
        consume: vec![f.id],
        outbox: vec![(alert.space.clone(), alert_message(alert, "closed"))],
        ..Command::default()
    }
}

/// What subscribers to `svod/<space>/alerts/<id>` are told; retained while the alert is open, emptied when it ends.
pub fn alert_message(alert: &Entity, status: &str) -> NewOutbox {
    let payload = if status == "closed" {
        Value::Null
    } else {
        json!({"id": alert.id, "kind": alert.text("kind"), "severity": alert.text("severity"),
               "entity": alert.object("entity"), "attribute": alert.text("attribute"), "status": status,
               "raisedAt": alert.text("raisedAt"), "location": alert.geometry("location")})
    };
    NewOutbox {
        kind: "mqtt".into(),
        body: json!({"topic": format!("svod/{}/alerts/{}", alert.space, alert.id.local()), "payload": payload,
                     "retain": true})
        .to_string(),
    }
}
