//! How a question is answered: which index is asked, and what is looked at after it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use svod_query::{Compare, Filter, Georel, Order, Path, Place, Query, Types, WORDS, cells, keys, words};
use svod_store::entity::Keys;
use svod_store::{Conn, StoreError};

use crate::SpaceId;
use crate::index::{self, Indexes};
use crate::view::View;

/// Keys looked at to tell how many entities a way would lead past.
const PROBE: i64 = 2_000;

/// The way in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum Access {
    /// By identifiers.
    Identifiers,
    /// By values of one attribute, from the value index.
    Value {
        /// Attribute.
        attribute: String,
        /// Entities it leads past, counted up to a limit.
        about: i64,
    },
    /// By place, from the index of cells.
    Place {
        /// Attribute.
        attribute: String,
    },
    /// By types, from the index of types.
    Types {
        /// Types.
        types: Vec<String>,
    },
    /// Every entity of the spaces is looked at.
    #[default]
    Everything,
}

/// A stretch of an index, or of the entities themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Entities of a space; of a first type.
    Rows { space: SpaceId, kind: Option<String> },
    /// Entities with a key.
    Keys(Keys),
    /// Entities with a cell.
    Cells { space: SpaceId, attribute: i64, stretch: (i64, i64) },
    /// Entities with one of these cells, which hold what is asked about.
    Above { space: SpaceId, attribute: i64, cells: Vec<i64> },
}

impl Segment {
    pub const fn space(&self) -> SpaceId {
        match self {
            Self::Rows { space, .. } | Self::Cells { space, .. } | Self::Above { space, .. } => *space,
            Self::Keys(keys) => keys.space,
        }
    }
}

/// A way through the store that passes every entity that can fit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub access: Access,
    pub segments: Vec<Segment>,
    /// What the index says needs no second look, types aside: there is no other condition.
    pub exact: bool,
    /// The place asked for, when cells are the way in.
    pub place: Option<Arc<Place>>,
    /// The one type that fits, where no entity has it as a further one: documents of others need not be read.
    pub only_kind: Option<String>,
    /// The keys of each space, when the index gives the answers in the order asked for.
    pub ordered: Option<Ordered>,
    /// Attributes whose index would have helped: top of the tree and name.
    pub wanting: Vec<(SpaceId, String)>,
}

/// A stretch of keys of each space, to be read side by side.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    pub keys: Vec<Keys>,
    pub descending: bool,
}

/// From and to, both included.
type Stretches = Vec<(Vec<u8>, Vec<u8>)>;

/// Conditions that must all hold.
#[derive(Default)]
struct Conjuncts<'q> {
    compares: Vec<&'q Compare>,
    words: Vec<&'q str>,
    /// There are others.
    other: bool,
}

impl<'q> Conjuncts<'q> {
    fn of(filter: Option<&'q Filter>) -> Self {
        let mut all = Self::default();
        filter.into_iter().for_each(|f| all.take(f));
        all
    }

    fn take(&mut self, filter: &'q Filter) {
        match filter {
            Filter::All(all) => all.iter().for_each(|f| self.take(f)),
            Filter::Compare(c) => self.compares.push(c),
            Filter::Word(beginning) => self.words.push(beginning),
            _ => self.other = true,
        }
    }

    /// Attribute, stretches of its index, and whether they hold nothing but what fits, of each that an index can answer.
    fn ways(&self) -> impl Iterator<Item = (&'q str, Stretches, bool)> {
        let alone = !self.other && self.compares.len() + self.words.len() == 1;
        let compares = self
            .compares
            .iter()
            .filter(|c| c.path.is_plain())
            .filter_map(move |c| Some((c.path.attribute.as_str(), keys::ranges(c)?, alone && keys::is_exact(c))));
        let words = self.words.iter().map(|w| (WORDS, vec![words::range(w)], false));
        compares.chain(words)
    }
}

impl Plan {
    /// Chooses the way that leads past the fewest entities.
    pub fn choose(
        conn: &mut dyn Conn,
        view: &View,
        indexes: &Indexes,
        spaces: &[SpaceId],
        query: &Query,
    ) -> Result<Self, StoreError> {
        // Most spaces of a large tree have nothing of one type: they are not asked.
        let there = match query.types.any_of() {
            Some(kinds) if spaces.len() > 1 => Some(svod_store::entity::spaces_with(conn, spaces, &kinds)?),
            _ => None,
        };
        let spaces = there.as_deref().unwrap_or(spaces);
        let conjuncts = Conjuncts::of(query.filter.as_ref());
        let bare = query.ids.is_empty()
            && query.id_pattern.is_none()
            && query.attributes.is_empty()
            && query.datasets.is_empty()
            && query.scope.is_none();
        let mut wanting = Vec::new();
        let mut best: Option<(i64, Self)> = None;
        let tops: BTreeSet<SpaceId> = spaces.iter().map(|s| view.spaces.top(*s)).collect();
        for (name, ranges, exact) in conjuncts.ways() {
            let missing: Vec<_> = tops.iter().filter(|top| !indexes.is_ready(**top, name)).collect();
            if !missing.is_empty() {
                wanting.extend(missing.into_iter().map(|top| (*top, name.to_owned())));
                continue;
            }
            let mut plan = Self::of_keys(spaces, name, &ranges);
            let about = plan.probe(conn)?;
            plan.access = Access::Value { attribute: name.to_owned(), about };
            plan.exact = bare && exact && query.place.is_none();
            if best.as_ref().is_none_or(|(n, _)| about < *n) {
                best = Some((about, plan));
            }
        }
        if let Some(place) = query.place.as_ref().filter(|p| p.georel.is_local()) {
            let mut plan = Self::of_place(spaces, place);
            plan.exact = bare && query.filter.is_none();
            let about = if best.is_some() { plan.probe(conn)? } else { 0 };
            if best.as_ref().is_none_or(|(n, _)| about < *n) {
                best = Some((about, plan));
            }
        }
        let unfiltered = bare && query.filter.is_none() && query.place.is_none();
        let mut plan = Self::or_by_type(conn, spaces, query, best, unfiltered)?;
        plan.wanting = wanting;
        plan.only_kind = plan.only_kind_of(conn, spaces, &query.types)?;
        Ok(plan)
    }

    /// The order asked for is that of the index which was chosen: an attribute by one stretch of its keys, none of them cut off.
    pub fn in_order(mut self, conn: &mut dyn Conn, order: &[Order]) -> Result<Self, StoreError> {
        let ([by], Access::Value { attribute, .. }) = (order, &self.access) else { return Ok(self) };
        if by.path != Path::attribute(attribute) || by.from.is_some() || by.collation.is_some() {
            return Ok(self);
        }
        let mut all = Vec::new();
        for segment in &self.segments {
            let Segment::Keys(keys) = segment else { return Ok(self) };
            if keys.low != keys::OVERFLOW {
                all.push(keys.clone());
            } else if svod_store::entity::count_keys_to(conn, keys, 1)? > 0 {
                return Ok(self);
            }
        }
        let spaces: BTreeSet<SpaceId> = all.iter().map(|k| k.space).collect();
        if spaces.len() == all.len() {
            self.ordered = Some(Ordered { keys: all, descending: by.descending });
        }
        Ok(self)
    }

    fn only_kind_of(
        &self,
        conn: &mut dyn Conn,
        spaces: &[SpaceId],
        types: &Types,
    ) -> Result<Option<String>, StoreError> {
        let (Types::Is(kind), Access::Value { .. } | Access::Place { .. }) = (types, &self.access) else {
            return Ok(None);
        };
        for space in spaces {
            if has_further(conn, *space, kind)? {
                return Ok(None);
            }
        }
        Ok(Some(kind.clone()))
    }

    /// The way by types where a condition leads past nearly everything and there are fewer of the types.
    fn or_by_type(
        conn: &mut dyn Conn,
        spaces: &[SpaceId],
        query: &Query,
        best: Option<(i64, Self)>,
        exact: bool,
    ) -> Result<Self, StoreError> {
        let kinds = query.types.any_of();
        Ok(match (best, kinds) {
            (Some((_, plan)), None) => plan,
            (Some((about, plan)), Some(_)) if about < PROBE => plan,
            (Some((about, plan)), Some(kinds)) if count_types(conn, spaces, &kinds)? > 4 * about => plan,
            (_, Some(kinds)) => Self::of_types(spaces, &kinds, exact),
            (None, None) => Self::of_everything(spaces, exact),
        })
    }

    /// The same way through some of the spaces.
    pub fn only(&self, spaces: &[SpaceId]) -> Self {
        let segments = self.segments.iter().filter(|s| spaces.contains(&s.space())).cloned().collect();
        Self { segments, ..self.clone() }
    }

    fn of_keys(spaces: &[SpaceId], name: &str, ranges: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let attribute = index::number(name);
        let overflow = (keys::OVERFLOW.to_vec(), keys::OVERFLOW.to_vec());
        let segment = |space: SpaceId, (low, high): &(Vec<u8>, Vec<u8>)| {
            Segment::Keys(Keys { space, attribute, low: low.clone(), high: high.clone() })
        };
        let all = ranges.iter().chain(std::iter::once(&overflow));
        let segments = spaces.iter().flat_map(|s| all.clone().map(|r| segment(*s, r))).collect();
        Self { segments, ..Self::default() }
    }

    fn of_place(spaces: &[SpaceId], place: &Place) -> Self {
        let bounds = match place.georel {
            Georel::NearMax(metres) => place.shape.bounds_around(metres),
            _ => place.shape.bounds(),
        };
        let near = matches!(place.georel, Georel::NearMax(_));
        let search = cells::search(bounds, |b| near || place.shape.touches(b));
        let attribute = index::number(&place.attribute);
        let mut segments = Vec::new();
        for space in spaces {
            let cells = |stretch| Segment::Cells { space: *space, attribute, stretch };
            segments.extend(search.stretches.iter().copied().map(cells));
            segments.push(Segment::Above { space: *space, attribute, cells: search.above.clone() });
        }
        let access = Access::Place { attribute: place.attribute.clone() };
        Self { access, segments, place: Some(Arc::new(place.clone())), ..Self::default() }
    }

    fn of_types(spaces: &[SpaceId], kinds: &[&str], exact: bool) -> Self {
        let mut segments = Vec::new();
        for space in spaces {
            for kind in kinds {
                segments.push(Segment::Rows { space: *space, kind: Some((*kind).to_owned()) });
            }
            for kind in kinds {
                let key = keys::text(kind);
                let attribute = index::number(index::TYPES);
                segments.push(Segment::Keys(Keys { space: *space, attribute, low: key.clone(), high: key }));
            }
        }
        let types = kinds.iter().map(|k| (*k).to_owned()).collect();
        Self { access: Access::Types { types }, segments, exact, ..Self::default() }
    }

    fn of_everything(spaces: &[SpaceId], exact: bool) -> Self {
        let segments = spaces.iter().map(|s| Segment::Rows { space: *s, kind: None }).collect();
        Self { segments, exact, ..Self::default() }
    }

    /// Entities that the way leads past, counted up to [`PROBE`].
    fn probe(&self, conn: &mut dyn Conn) -> Result<i64, StoreError> {
        let mut about = 0;
        for segment in &self.segments {
            about += match segment {
                Segment::Keys(keys) => svod_store::entity::count_keys_to(conn, keys, PROBE - about)?,
                Segment::Cells { space, attribute, stretch } => {
                    svod_store::entity::count_cells_to(conn, *space, *attribute, *stretch, PROBE - about)?
                }
                Segment::Above { .. } => 0, // few and large
                Segment::Rows { .. } => PROBE,
            };
            if about >= PROBE {
                break;
            }
        }
        Ok(about)
    }
}

/// Does an entity of the space have the type besides its first?
fn has_further(conn: &mut dyn Conn, space: SpaceId, kind: &str) -> Result<bool, StoreError> {
    let (key, attribute) = (keys::text(kind), index::number(index::TYPES));
    let further = Keys { space, attribute, low: key.clone(), high: key };
    Ok(svod_store::entity::count_keys_to(conn, &further, 1)? > 0)
}

/// Entities of these types; one of several of them counts for each.
fn count_types(conn: &mut dyn Conn, spaces: &[SpaceId], kinds: &[&str]) -> Result<i64, StoreError> {
    kinds.iter().map(|k| svod_store::entity::count(conn, spaces, k)).sum()
}
