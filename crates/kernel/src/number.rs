//! Numbers of one type as those of another: what does not fit becomes the end of the range, nothing wraps round.

/// A float without its fraction; 0 for what is no number.
#[allow(clippy::cast_possible_truncation, reason = "cut on purpose, and a float beyond the range becomes its end")]
pub const fn whole(n: f64) -> i64 {
    n as i64
}

/// How many there are, as the store counts.
pub fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// So many as a length in memory.
pub fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_becomes_the_end_of_the_range() {
        assert_eq!([2.9, -2.9, 0.0].map(whole), [2, -2, 0]);
        assert_eq!([1e30, -1e30, f64::INFINITY].map(whole), [i64::MAX, i64::MIN, i64::MAX]);
        assert_eq!(whole(f64::NAN), 0);
        assert_eq!([count(0), count(7), count(usize::MAX)], [0, 7, i64::MAX]);
        assert_eq!([size(0), size(7), size(u64::MAX)], [0, 7, usize::MAX]);
    }
}
