//! By which clocks a territory lives: what packs declare for spaces, and the calendars by them.

use std::collections::BTreeMap;
use std::sync::Arc;

use svod_kernel::SpacePath;
use svod_model::{Pack, ServiceTerm};
use svod_process::Calendars;

/// Clocks of spaces, and calendars by them. A space lives by its own clocks, else by those of the nearest space above it, else
/// by those of the calendar that counts.
#[derive(Debug, Default)]
pub struct Clocks {
    declared: BTreeMap<SpacePath, i32>,
    plain: Arc<Calendars>,
    by_offset: BTreeMap<i32, Arc<Calendars>>,
}

impl Clocks {
    pub(crate) fn new(packs: &[&Pack], plain: Calendars) -> Self {
        let spaces = packs.iter().flat_map(|pack| &pack.spaces);
        Self::of(spaces.filter_map(|s| Some((s.path.clone(), s.clock?))).collect(), plain)
    }

    fn of(declared: BTreeMap<SpacePath, i32>, plain: Calendars) -> Self {
        let by_offset = declared.values().map(|offset| (*offset, Arc::new(plain.at(*offset)))).collect();
        Self { declared, plain: Arc::new(plain), by_offset }
    }

    /// Working days and holidays as they are declared.
    pub const fn plain(&self) -> &Arc<Calendars> {
        &self.plain
    }

    /// Seconds by which the clocks of a space are ahead of UTC; none where nobody has said so.
    pub fn offset(&self, space: &SpacePath) -> Option<i32> {
        space.lineage().find_map(|space| self.declared.get(&space).copied())
    }

    /// Working days and holidays by the clocks of a space.
    pub fn calendars(&self, space: &SpacePath) -> &Arc<Calendars> {
        self.offset(space).and_then(|offset| self.by_offset.get(&offset)).unwrap_or(&self.plain)
    }

    /// Clocks by which a day begins for a service in a space, seconds ahead of UTC: those of the space, else of the calendar of
    /// its term, else UTC.
    pub fn of_term(&self, space: Option<&SpacePath>, term: &ServiceTerm) -> i32 {
        if let Some(offset) = space.and_then(|space| self.offset(space)) {
            return offset;
        }
        match term {
            ServiceTerm::WorkingDays { calendar, .. } => self.plain.get(calendar).map_or(0, |c| c.offset),
            ServiceTerm::Seconds(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use svod_process::Calendar;

    use super::*;

    #[test]
    fn a_space_lives_by_its_own_clocks_or_those_above() {
        let plain = "id: ru\noffset: \"+03:00\"\nhours: [\"09:00-18:00\"]\ndaysOff: [saturday, sunday]\nholidays: []\ncarried: []\n";
        let plain = Calendars::new().with(Calendar::parse("ru.yaml", plain).unwrap());
        let declared = [("land", 7), ("land/far", 9)].map(|(path, hours)| (path.parse().unwrap(), hours * 3_600));
        let clocks = Clocks::of(declared.into(), plain);
        let ru = |space: &str| clocks.calendars(&space.parse().unwrap()).get("ru").unwrap().offset / 3_600;
        assert_eq!(["land", "land/town", "land/far", "land/far/village", "sea"].map(ru), [7, 7, 9, 9, 3]);
        let days = ServiceTerm::WorkingDays { days: 1, calendar: "ru".into() };
        let term = |space: Option<&str>, term: &ServiceTerm| {
            clocks.of_term(space.map(|s| s.parse().unwrap()).as_ref(), term) / 3_600
        };
        assert_eq!((term(Some("land/town"), &days), term(Some("sea"), &days), term(None, &days)), (7, 3, 3));
        assert_eq!((term(Some("land"), &ServiceTerm::Seconds(1)), term(None, &ServiceTerm::Seconds(1))), (7, 0));
    }
}
