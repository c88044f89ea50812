use serde::{Deserialize, Serialize};

/// A place: longitude and latitude, degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Degrees east.
    pub lon: f64,
    /// Degrees north.
    pub lat: f64,
}

/// One observed value as history keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ObservedValue {
    /// A number in the attribute's declared unit.
    Number(f64),
    /// A switch.
    Bool(bool),
    /// A place.
    Point(Point),
    /// A word of a code list or a short text.
    Text(String),
}

impl ObservedValue {
    /// The number, where it is one.
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// The place, where it is one.
    pub const fn point(&self) -> Option<Point> {
        match self {
            Self::Point(p) => Some(*p),
            _ => None,
        }
    }
}
