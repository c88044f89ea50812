use svod_kernel::{Timestamp, Urn};

use crate::ScopeExpr;
use crate::geo::Shape;

/// What is wanted: all that is said must hold.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// One of these; empty means any.
    pub ids: Vec<Urn>,
    /// The identifier matches this regular expression.
    pub id_pattern: Option<regex::Regex>,
    /// Types.
    pub types: Types,
    /// Having at least one of these attributes; empty asks for none.
    pub attributes: Vec<String>,
    /// Having at least one instance of these datasets (`@none`: the default one); empty asks for none.
    pub datasets: Vec<String>,
    /// Values.
    pub filter: Option<Filter>,
    /// Where.
    pub place: Option<Place>,
    /// Scopes.
    pub scope: Option<ScopeExpr>,
}

/// Types of entities.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Types {
    /// Any.
    #[default]
    Any,
    /// Of this one, whatever else it is.
    Is(String),
    /// Of one of them.
    Or(Vec<Types>),
    /// Of all of them.
    And(Vec<Types>),
}

impl Types {
    /// Any of these; [`Types::Any`] without one.
    pub fn one_of(names: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<Self> = names.into_iter().map(Self::Is).collect();
        match all.len() {
            0 => Self::Any,
            1 => all.remove(0),
            _ => Self::Or(all),
        }
    }

    /// Does an entity of these types fit?
    pub fn fits(&self, kinds: &[&str]) -> bool {
        match self {
            Self::Any => true,
            Self::Is(name) => kinds.contains(&name.as_str()),
            Self::Or(all) => all.iter().any(|t| t.fits(kinds)),
            Self::And(all) => all.iter().all(|t| t.fits(kinds)),
        }
    }

    /// Names of which every fitting entity has at least one; `None` when any entity may fit.
    pub fn any_of(&self) -> Option<Vec<&str>> {
        match self {
            Self::Any => None,
            Self::Is(name) => Some(vec![name]),
            Self::Or(all) => all.iter().map(Self::any_of).collect::<Option<Vec<_>>>().map(|v| v.concat()),
            Self::And(all) => all.iter().filter_map(Self::any_of).min_by_key(Vec::len),
        }
    }
}

/// A condition on values.
#[derive(Debug, Clone)]
pub enum Filter {
    /// All hold.
    All(Vec<Filter>),
    /// At least one holds.
    Any(Vec<Filter>),
    /// There is something there.
    Exists(Path),
    /// There is nothing there.
    Missing(Path),
    /// A word in one of the texts begins so; folded as [`crate::words::of_text`] does.
    Word(String),
    /// Something there compares so.
    Compare(Compare),
}

/// A comparison.
#[derive(Debug, Clone)]
pub struct Compare {
    /// What is compared.
    pub path: Path,
    /// How.
    pub operation: Operation,
    /// With which; more than one for a list: any of them (none of them for [`Operation::NotEqual`]).
    pub operands: Vec<Operand>,
}

/// A way to a value: `attribute.about.about[inside.inside]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    /// Attribute of the entity.
    pub attribute: String,
    /// Attributes about it, outermost first; the last may be a member such as `observedAt`.
    pub about: Vec<String>,
    /// Members inside the JSON value, or a language tag.
    pub inside: Vec<String>,
    /// Follow the relationship: type wanted of the related entity (empty: any) and the way from there.
    pub linked: Option<Box<(String, Path)>>,
}

impl Path {
    /// An attribute's own value.
    pub fn attribute(name: &str) -> Self {
        Self { attribute: name.to_owned(), ..Self::default() }
    }

    /// True when it leads to the value of an attribute of the entity itself.
    pub fn is_plain(&self) -> bool {
        self.about.is_empty() && self.inside.is_empty() && self.linked.is_none()
    }
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Equal, or within a range.
    Equal,
    /// There is something, and it is not equal.
    NotEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessEqual,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterEqual,
    /// Matches the regular expression.
    Match,
    /// There is something, and it does not match.
    NotMatch,
}

impl Operation {
    /// True when it asks what comes before what.
    pub const fn is_of_order(self) -> bool {
        matches!(self, Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual)
    }
}

/// What values are compared with.
#[derive(Debug, Clone)]
pub enum Operand {
    /// A number.
    Number(f64),
    /// A text or a URI.
    Text(String),
    /// A switch.
    Bool(bool),
    /// A moment; texts that are moments compare by time.
    Moment(Timestamp),
    /// From, to, both included; of one kind.
    Range(Box<Operand>, Box<Operand>),
    /// A regular expression.
    Pattern(Box<regex::Regex>),
}

/// A condition on a geometry.
#[derive(Debug, Clone)]
pub struct Place {
    /// Attribute that holds the geometry.
    pub attribute: String,
    /// How it lies.
    pub georel: Georel,
    /// To which shape.
    pub shape: Shape,
}

/// How geometries lie to each other (OGC 06-103r4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Georel {
    /// At most so many metres away.
    NearMax(f64),
    /// At least so many metres away.
    NearMin(f64),
    /// Inside the shape.
    Within,
    /// Holding the shape.
    Contains,
    /// With a point in common.
    Intersects,
    /// The same points.
    Equals,
    /// Without a point in common.
    Disjoint,
    /// Sharing a part, neither holding the other, of one dimension.
    Overlaps,
}

impl Georel {
    /// True when what fits lies at or near the shape, so that an index of places helps.
    pub const fn is_local(self) -> bool {
        !matches!(self, Self::NearMin(_) | Self::Disjoint)
    }
}

/// In which order entities come.
#[derive(Debug, Clone)]
pub struct Order {
    /// By this value; entities without one come last.
    pub path: Path,
    /// From large to small.
    pub descending: bool,
    /// By the distance from here, when the value is a geometry.
    pub from: Option<Shape>,
    /// Texts in the order of a language; none: by code points.
    pub collation: Option<crate::Collation>,
}

/// Stands for the texts of an entity where attributes are named.
pub const WORDS: &str = "@text";

impl Query {
    /// Attributes whose values decide.
    pub fn asked(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.attributes.iter().map(String::as_str).collect();
        if let Some(filter) = &self.filter {
            filter.asked(&mut names);
        }
        names.extend(self.place.as_ref().map(|p| p.attribute.as_str()));
        names
    }

    /// Attributes whose values stand in the question itself; with each, whether it is one of a related entity.
    pub fn compared(&self) -> Vec<(&str, bool)> {
        let mut names = Vec::new();
        if let Some(filter) = &self.filter {
            filter.compared(&mut names);
        }
        names.extend(self.place.as_ref().map(|p| (p.attribute.as_str(), false)));
        names
    }

    /// Relationships that the filter follows, level by level.
    pub fn links(&self) -> Vec<Vec<String>> {
        let mut levels: Vec<Vec<String>> = Vec::new();
        if let Some(filter) = &self.filter {
            filter.links(&mut levels);
        }
        levels
    }
}

impl Filter {
    fn asked<'q>(&'q self, into: &mut Vec<&'q str>) {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().for_each(|f| f.asked(into)),
            Self::Exists(path) | Self::Missing(path) => into.push(&path.attribute),
            Self::Compare(c) => into.push(&c.path.attribute),
            Self::Word(_) => into.push(WORDS),
        }
    }

    fn compared<'q>(&'q self, into: &mut Vec<(&'q str, bool)>) {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().for_each(|f| f.compared(into)),
            Self::Compare(c) => {
                let (mut path, mut related) = (&c.path, false);
                while let Some(linked) = &path.linked {
                    (path, related) = (&linked.1, true);
                }
                into.push((&path.attribute, related));
            }
            Self::Exists(_) | Self::Missing(_) | Self::Word(_) => {}
        }
    }

    fn links(&self, levels: &mut Vec<Vec<String>>) {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().for_each(|f| f.links(levels)),
            Self::Exists(path) | Self::Missing(path) => path.links(0, levels),
            Self::Compare(c) => c.path.links(0, levels),
            Self::Word(_) => {}
        }
    }
}

impl Path {
    fn links(&self, level: usize, levels: &mut Vec<Vec<String>>) {
        let Some((_, rest)) = self.linked.as_deref() else { return };
        if levels.len() <= level {
            levels.push(Vec::new());
        }
        if !levels[level].contains(&self.attribute) {
            levels[level].push(self.attribute.clone());
        }
        rest.links(level + 1, levels);
    }
}
