/// The candidate that looks most like `word`, when one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words are somebody's data, not a slip of the pen.
    let word: Vec<char> = word.chars().take(65).flat_map(char::to_lowercase).collect();
    if word.len() > 64 {
        return None;
    }
    let limit = 1 + word.len() / 3;
    candidates
        .into_iter()
        .map(|c| (distance(&word, c), c))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// "write 'X'" when something near exists, otherwise the list of what may stand there.
pub fn suggest<'a, I>(word: &str, candidates: I) -> String
where
    I: IntoIterator<Item = &'a str> + Clone,
{
    if let Some(n) = nearest(word, candidates.clone()) {
        return format!("write '{n}'");
    }
    let mut all: Vec<&str> = candidates.into_iter().collect();
    all.sort_unstable();
    let more = all.len().saturating_sub(20);
    all.truncate(20);
    match (all.is_empty(), more) {
        (true, _) => "declare it first".into(),
        (false, 0) => format!("one of: {}", all.join(", ")),
        (false, n) => format!("one of: {} and {n} more", all.join(", ")),
    }
}

/// Levenshtein distance, letters' case ignored.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    if a.len().abs_diff(b.len()) > 32 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_slip_of_the_pen_and_no_stranger() {
        assert_eq!(nearest("tpoic", ["topic", "type", "mapping"]), Some("topic"));
        assert_eq!(nearest("AirStation", ["AirQualityStation", "airstation"]), Some("airstation"));
        assert_eq!(nearest("zebra", ["topic", "mapping"]), None);
        assert_eq!(suggest("zebra", ["b", "a"]), "one of: a, b");
        assert_eq!(suggest("zebra", []), "declare it first");
    }
}
