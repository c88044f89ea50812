//! Figures of how long things took, and whether they were in time.

use svod_kernel::Timestamp;
use svod_portal::PageContext;

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

    /// The share of those with a term that were done within it, in percent.
    pub fn in_term(&self) -> Option<f64> {
        (self.with_term > 0).then(|| self.in_term as f64 * 100.0 / self.with_term as f64)
    }
}

/// Seconds in words: minutes below two hours, hours below two days, else days.
pub fn span(ctx: &PageContext, seconds: f64) -> String {
    let (key, n) = match seconds {
        s if s < 7_200.0 => ("span-minutes", (s / 60.0).ceil()),
        s if s < 172_800.0 => ("span-hours", (s / 3_600.0).round()),
        s => ("span-days", (s / 86_400.0).round()),
    };
    ctx.tf(key, &[("n", n.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

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
