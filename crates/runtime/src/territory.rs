use std::collections::HashMap;
use std::sync::Arc;

use geo::{Area, BoundingRect, Contains, Coord, LineString, MultiPolygon, Polygon, Rect};
use serde_json::Value;
use svod_kernel::{SpacePath, Urn};
use svod_model::{Entity, Point};

/// Territories and bodies, ready for the question "who answers here?".
#[derive(Default)]
pub struct Territories {
    areas: HashMap<Urn, Territory>,
    bodies: Vec<Body>,
}

struct Territory {
    shape: MultiPolygon<f64>,
    bounds: Option<Rect<f64>>,
    size: f64,
}

struct Body {
    urn: Urn,
    space: SpacePath,
    territory: Option<Urn>,
    subjects: Vec<String>,
}

/// The body that answers, and how far its territory reaches (square degrees; infinite for a whole space).
#[derive(Debug, Clone, PartialEq)]
pub struct Answerable {
    /// The body.
    pub body: Urn,
    /// Smaller is closer.
    pub reach: f64,
}

impl Territories {
    /// From the entities of type `Municipality` (attribute `boundary`) and `Body` (`territory`, `subjects`).
    pub fn new<'a>(entities: impl IntoIterator<Item = &'a Arc<Entity>>) -> Self {
        let mut all = Self::default();
        for e in entities {
            if let Some(shape) = e.geometry("boundary").and_then(shape) {
                let territory = Territory { bounds: shape.bounding_rect(), size: shape.unsigned_area(), shape };
                all.areas.insert(e.id.clone(), territory);
            }
            if let Some(Value::Array(subjects)) = e.value("subjects") {
                all.bodies.push(Body {
                    urn: e.id.clone(),
                    space: e.space.clone(),
                    territory: e.object("territory").cloned(),
                    subjects: subjects.iter().filter_map(|s| s.as_str().map(str::to_owned)).collect(),
                });
            }
        }
        all
    }

    /// The body answering for `subject` at `place`: of those whose territory holds the point the one with the smallest,
    /// else one that answers for the whole of a space above, the nearest. Without a place a body answers for the space it lives in,
    /// below the region's own also one with a territory: the nearest space, in it the body without a territory. Then the lower
    /// id, so that the answer never flickers.
    pub fn answerable(&self, subject: &str, place: Option<Point>, space: &SpacePath) -> Option<Answerable> {
        let candidates = self.bodies.iter().filter(|b| b.subjects.iter().any(|s| s == subject));
        let fitting = candidates.filter_map(|b| {
            let reach = match &b.territory {
                Some(t) => match place {
                    Some(place) => self.reach(t, place)?,
                    None if b.space.covers(space) && b.space != b.space.top() => f64::INFINITY,
                    None => return None,
                },
                None if b.space.covers(space) => f64::INFINITY,
                None => return None,
            };
            let near = (std::cmp::Reverse(b.space.lineage().count()), b.territory.is_some());
            (b.space.top() == space.top()).then(|| (Answerable { body: b.urn.clone(), reach }, near))
        });
        let nearest = fitting.min_by(|(a, a_near), (b, b_near)| {
            a.reach.total_cmp(&b.reach).then_with(|| a_near.cmp(b_near)).then_with(|| a.body.cmp(&b.body))
        });
        nearest.map(|(answerable, _)| answerable)
    }

    fn reach(&self, territory: &Urn, place: Point) -> Option<f64> {
        let t = self.areas.get(territory)?;
        let at = Coord { x: place.lon, y: place.lat };
        (t.bounds.is_some_and(|b| b.contains(&at) || on_edge(&b, at)) && t.shape.contains(&at)).then_some(t.size)
    }
}

fn on_edge(b: &Rect<f64>, c: Coord<f64>) -> bool {
    (b.min().x..=b.max().x).contains(&c.x) && (b.min().y..=b.max().y).contains(&c.y)
}

/// GeoJSON Polygon or MultiPolygon (RFC 7946, 3.1.6 and 3.1.7).
fn shape(g: &Value) -> Option<MultiPolygon<f64>> {
    let coordinates = g.get("coordinates")?.as_array()?;
    match g.get("type")?.as_str()? {
        "Polygon" => Some(MultiPolygon(vec![polygon(coordinates)?])),
        "MultiPolygon" => {
            coordinates.iter().map(|p| polygon(p.as_array()?)).collect::<Option<Vec<_>>>().map(MultiPolygon)
        }
        _ => None,
    }
}

fn polygon(rings: &[Value]) -> Option<Polygon<f64>> {
    let mut lines = rings.iter().map(|ring| {
        let points = ring.as_array()?.iter().map(|c| Some(Coord { x: c.get(0)?.as_f64()?, y: c.get(1)?.as_f64()? }));
        points.collect::<Option<Vec<_>>>().map(LineString)
    });
    let outer = lines.next()??;
    Some(Polygon::new(outer, lines.collect::<Option<Vec<_>>>()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use svod_model::Attribute;

    use super::*;

    fn square(id: &str, x: f64, y: f64, side: f64) -> Arc<Entity> {
        let ring = json!([[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]);
        let g = json!({"type": "Polygon", "coordinates": [ring]});
        let urn = Urn::svod("municipality", id).unwrap();
        Arc::new(Entity::new(urn, "Municipality", "k".parse().unwrap()).with("boundary", Attribute::geometry(g)))
    }

    fn body(id: &str, space: &str, territory: Option<&str>, subjects: &[&str]) -> Arc<Entity> {
        let urn = Urn::svod("body", id).unwrap();
        let mut e =
            Entity::new(urn, "Body", space.parse().unwrap()).with("subjects", Attribute::property(json!(subjects)));
        if let Some(t) = territory {
            e = e.with("territory", Attribute::object(Urn::svod("municipality", t).unwrap()));
        }
        Arc::new(e)
    }

    fn who(t: &Territories, subject: &str, lon: f64, lat: f64) -> Option<String> {
        t.answerable(subject, Some(Point { lon, lat }), &"k/a".parse().unwrap()).map(|a| a.body.local().to_owned())
    }

    #[test]
    fn the_smallest_territory_answers_then_the_region() {
        let t = Territories::new(&[
            square("district", 0.0, 0.0, 10.0),
            square("town", 4.0, 4.0, 1.0),
            body("district", "k", Some("district"), &["air", "roads"]),
            body("town", "k/a", Some("town"), &["air"]),
            body("ministry", "k", None, &["air", "water"]),
            body("elsewhere", "z", None, &["air", "heat"]),
        ]);
        assert_eq!(who(&t, "air", 4.5, 4.5).as_deref(), Some("town"));
        assert_eq!(who(&t, "roads", 4.5, 4.5).as_deref(), Some("district"));
        assert_eq!(who(&t, "air", 1.0, 1.0).as_deref(), Some("district"));
        assert_eq!(who(&t, "air", 50.0, 50.0).as_deref(), Some("ministry"));
        assert_eq!(who(&t, "water", 4.5, 4.5).as_deref(), Some("ministry"));
        assert_eq!(who(&t, "heat", 4.5, 4.5), None, "another region's body never answers");
    }

    #[test]
    fn of_whole_spaces_the_nearest_answers() {
        let t = Territories::new(&[body("a-region", "k", None, &["homes"]), body("z-town", "k/a", None, &["homes"])]);
        assert_eq!(who(&t, "homes", 4.5, 4.5).as_deref(), Some("z-town"));
        let elsewhere = t.answerable("homes", None, &"k/b".parse().unwrap()).unwrap();
        assert_eq!(elsewhere.body.local(), "a-region");
    }

    #[test]
    fn without_a_place_the_body_of_the_space_answers() {
        let t = Territories::new(&[
            body("town", "k/a", Some("town"), &["air"]),
            body("other", "k/b", Some("other"), &["air"]),
            body("far", "k", Some("far"), &["air"]),
            body("ministry", "k", None, &["air", "water"]),
        ]);
        let who = |subject: &str, space: &str| {
            t.answerable(subject, None, &space.parse().unwrap()).map(|a| a.body.local().to_owned())
        };
        assert_eq!(who("air", "k/a").as_deref(), Some("town"));
        assert_eq!(who("air", "k/b/c").as_deref(), Some("other"));
        assert_eq!(who("air", "k/d").as_deref(), Some("ministry"), "nobody's territory is guessed");
        assert_eq!(who("water", "k/a").as_deref(), Some("ministry"));
    }

    #[test]
    fn a_hole_is_outside() {
        let g = json!({"type": "Polygon", "coordinates": [
            [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]], [[3, 3], [6, 3], [6, 6], [3, 6], [3, 3]]]});
        let urn = Urn::svod("municipality", "ring").unwrap();
        let ring =
            Arc::new(Entity::new(urn, "Municipality", "k".parse().unwrap()).with("boundary", Attribute::geometry(g)));
        let t = Territories::new(&[ring, body("r", "k", Some("ring"), &["air"])]);
        assert_eq!(who(&t, "air", 1.0, 1.0).as_deref(), Some("r"));
        assert_eq!(who(&t, "air", 4.5, 4.5), None);
    }
}
