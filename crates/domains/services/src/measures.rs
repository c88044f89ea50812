//! Figures of how long things took, and whether they were in time.

use svod_kernel::Timestamp;
pub use svod_portal::components::span;

/// Of things that are done.
#[derive(Debug, Default, Clone)]
pub struct Measures {
    count: usize,
    seconds: Vec<f64>,
    with_term: usize,
    in_term: usize,
}

impl Measures {
    /// One more: begun, done, and due. What is not known is left out of the figure that needs it.
    pub fn add(&mut self, begun: Option<Timestamp>, done: Option<Timestamp>, due: Option<Timestamp>) {
        self.count += 1;
        let Some(done) = done else { return };
        self.seconds.extend(begun.map(|begun| done.seconds_since(begun).max(0.0)));
        if let Some(due) = due {
            self.with_term += 1;
            self.in_term += usize::from(done <= due);
        }
    }

    /// How many.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// How long the middle one took, in seconds.
    pub fn median(&self) -> Option<f64> {
        let mut all = self.seconds.clone();
        all.sort_by(f64::total_cmp);
        let (upper, lower) = (all.get(all.len() / 2)?, all.get((all.len() - 1) / 2)?);
        Some((upper + lower) / 2.0)
    }

    /// How long it took so many of a hundred at the most, in seconds: nearest rank.
    pub fn within(&self, percent: usize) -> Option<f64> {
        let mut all = self.seconds.clone();
        all.sort_by(f64::total_cmp);
        all.get((all.len() * percent).div_ceil(100).saturating_sub(1)).copied()
    }

    /// The share of those with a term that were done within it, in percent.
    pub fn in_term(&self) -> Option<f64> {
        (self.with_term > 0).then(|| self.in_term as f64 * 100.0 / self.with_term as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten() {
        let mut m = Measures::default();
        assert_eq!(m.within(90), None);
        for seconds in (1..=10).rev() {
            m.add(Some(Timestamp(0)), Some(Timestamp(0).plus_seconds(seconds)), None);
        }
        assert_eq!((m.within(90), m.within(100), m.within(1)), (Some(9.0), Some(10.0), Some(1.0)));
        m.add(Some(Timestamp(0)), Some(Timestamp(0).plus_seconds(11)), None);
        assert_eq!(m.within(90), Some(10.0), "the ninth of ten is the tenth of eleven");
    }

    #[test]
    fn the_middle_one_and_the_share_in_term() {
        let at = |s: i64| Some(Timestamp(0).plus_seconds(s));
        let mut m = Measures::default();
        assert_eq!((m.median(), m.in_term()), (None, None));
        m.add(at(0), at(10), at(20));
        m.add(at(0), at(30), at(20));
        m.add(at(0), at(50), None);
        m.add(None, at(50), None);
        assert_eq!((m.count(), m.median(), m.in_term()), (4, Some(30.0), Some(50.0)));
    }
}
