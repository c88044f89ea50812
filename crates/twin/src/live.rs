use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use svod_kernel::{SpacePath, Timestamp, Urn};
use svod_model::{Entity, Metamodel, ObservedValue, Point, SecrecyClass};

/// Metres a thing must move to count as moving: GPS noise is smaller.
pub const MOVED_METRES: f64 = 30.0;

/// The newest observation of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveValue {
    /// In the declared unit.
    pub value: ObservedValue,
    /// When it was observed.
    pub at: Timestamp,
    /// When it arrived.
    pub received: Timestamp,
    /// A simulation made it.
    pub simulated: bool,
    /// Value divided by the declared norm.
    pub ratio: Option<f64>,
}

/// One entity as it is now.
#[derive(Debug, Clone)]
pub struct LiveEntity {
    /// Facts, as committed.
    pub entity: Arc<Entity>,
    /// Newest observations by attribute.
    pub observed: BTreeMap<Arc<str>, LiveValue>,
    /// When any reading arrived last.
    pub received: Option<Timestamp>,
    /// Where it stood when it last moved, and when that was.
    pub moved: Option<(Point, Timestamp)>,
}

impl LiveEntity {
    /// Without observations.
    pub const fn new(entity: Arc<Entity>) -> Self {
        Self { entity, observed: BTreeMap::new(), received: None, moved: None }
    }

    /// Takes a reading as the current one when it is the newest; says whether it was.
    pub fn take(&mut self, attribute: &str, value: LiveValue) -> bool {
        self.received = self.received.max(Some(value.received));
        if self.observed.get(attribute).is_some_and(|old| old.at >= value.at) {
            return false;
        }
        if let Some(p) = value.value.point() {
            let near = self.moved.is_some_and(|(from, _)| metres(from, p) < MOVED_METRES);
            if !near {
                self.moved = Some((p, value.received));
            }
        }
        self.observed.insert(attribute.into(), value);
        true
    }

    /// The worst ratio of all values to their norms.
    pub fn worst_ratio(&self) -> Option<f64> {
        self.observed.values().filter_map(|v| v.ratio).max_by(f64::total_cmp)
    }

    /// Where it is: the observed place before the declared one.
    pub fn place(&self, geometry: &str) -> Option<Point> {
        self.observed.get(geometry).and_then(|v| v.value.point()).or_else(|| self.entity.point(geometry))
    }

    /// When its newest observation was made.
    pub fn newest(&self) -> Option<Timestamp> {
        self.observed.values().map(|v| v.at).max()
    }

    /// As the map's stream sends it: only open attributes, rounded as declared.
    pub fn json(&self, metamodel: &Metamodel, geometry: &str) -> String {
        let e = &self.entity;
        let open = |name: &str| metamodel.attribute(&e.kind, name).is_none_or(|a| a.class == SecrecyClass::Open);
        let shown = Shown {
            id: &e.id,
            kind: &e.kind,
            space: &e.space,
            name: e.text("name").unwrap_or_else(|| e.id.local()),
            k: e.text("kind").filter(|_| open("kind")).map(Cow::Borrowed).or_else(|| step(e, open).map(Cow::Owned)),
            g: self.place(geometry).map(|p| [round6(p.lon), round6(p.lat)]),
            v: self
                .observed
                .iter()
                .filter(|(name, v)| open(name) && v.value.point().is_none())
                .map(|(name, v)| (&**name, &v.value))
                .collect(),
            t: self.newest().map(Timestamp::millis),
            r: self.worst_ratio().map(|r| (r * 1000.0).round() / 1000.0),
            s: e.text("severity").filter(|_| e.text("status") == Some("open")).or_else(|| e.text("status")),
            sim: self.observed.values().any(|v| v.simulated),
        };
        serde_json::to_string(&shown).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a Urn,
    #[serde(rename = "type")]
    kind: &'a str,
    space: &'a SpacePath,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<Cow<'a, str>>,
    g: Option<[f64; 2]>,
    v: BTreeMap<&'a str, &'a ObservedValue>,
    t: Option<i64>,
    r: Option<f64>,
    s: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sim: bool,
}

/// What a task that answers no alert is about: the step of its process, as the packs' texts name it.
fn step(task: &Entity, open: impl Fn(&str) -> bool) -> Option<String> {
    let of = |name: &str| task.text(name).filter(|_| open(name));
    (task.kind == "Task").then(|| Some(format!("{}-{}", of("process")?, of("step")?)))?
}

fn round6(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

/// Great-circle distance in metres (haversine, mean earth radius).
pub fn metres(a: Point, b: Point) -> f64 {
    let (la, lb) = (a.lat.to_radians(), b.lat.to_radians());
    let (dlat, dlon) = (lb - la, (b.lon - a.lon).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + la.cos() * lb.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * 6_371_008.8 * h.sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> LiveEntity {
        let id = "urn:svod:plough:1".parse().unwrap();
        LiveEntity::new(Arc::new(Entity::new(id, "SnowPlough", "kuzbass".parse().unwrap())))
    }

    fn at(lon: f64, t: i64) -> LiveValue {
        LiveValue {
            value: ObservedValue::Point(Point { lon, lat: 53.75 }),
            at: Timestamp(t),
            received: Timestamp(t),
            simulated: false,
            ratio: None,
        }
    }

    #[test]
    fn a_late_reading_never_becomes_current() {
        let mut l = live();
        assert!(l.take("position", at(87.1, 10)));
        assert!(!l.take("position", at(87.2, 5)));
        assert!(!l.take("position", at(87.2, 10)), "the same moment twice is the same reading");
        assert_eq!(l.place("position").unwrap().lon, 87.1);
    }

    #[test]
    fn a_task_says_what_it_is_about() {
        let told = |values: &[(&str, &str)]| {
            let id = "urn:svod:task:1".parse().unwrap();
            let task = Entity::new(id, "Task", "kuzbass".parse().unwrap());
            let task = values.iter().fold(task, |e, (n, v)| e.with(n, svod_model::Attribute::property(*v)));
            let json = LiveEntity::new(Arc::new(task)).json(&Metamodel::default(), "location");
            serde_json::from_str::<serde_json::Value>(&json).unwrap()["k"].clone()
        };
        let step = [("process", "moving"), ("step", "check")];
        assert_eq!(told(&step), "moving-check");
        assert_eq!(told(&[step[0], step[1], ("kind", "air-pollution")]), "air-pollution");
        assert!(told(&[("step", "escalation")]).is_null(), "a task of the platform itself has no process");
    }

    #[test]
    fn small_steps_are_no_movement() {
        let mut l = live();
        l.take("position", at(87.1, 1));
        l.take("position", at(87.1001, 2)); // 6.6 m
        assert_eq!(l.moved.unwrap().1, Timestamp(1));
        l.take("position", at(87.101, 3)); // 66 m
        assert_eq!(l.moved.unwrap().1, Timestamp(3));
    }
}
