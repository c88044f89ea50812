//! Two texts, line by line.

/// Cells of the table in which the longest common row of lines is looked for; beyond it the middle counts as changed whole.
const MAX_CELLS: usize = 4_000_000;

/// Unchanged lines shown around a change.
const AROUND: usize = 3;

/// One line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'t> {
    /// In both, with its number in each.
    Both(usize, usize, &'t str),
    /// Only in the first.
    Gone(usize, &'t str),
    /// Only in the second.
    New(usize, &'t str),
    /// As many lines are the same and not shown.
    Skipped(usize),
}

/// What differs, with a few lines around; nothing when the texts are the same.
pub fn compare<'t>(before: &'t str, after: &'t str) -> Vec<Line<'t>> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = a.len().min(b.len()) - head;
    let tail = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(x, y)| x == y).count();
    let mut all: Vec<Line<'t>> = (0..head).map(|n| Line::Both(n + 1, n + 1, a[n])).collect();
    middle(&a[head..a.len() - tail], &b[head..b.len() - tail], head, &mut all);
    let (from_a, from_b) = (a.len() - tail, b.len() - tail);
    all.extend((0..tail).map(|n| Line::Both(from_a + n + 1, from_b + n + 1, a[from_a + n])));
    shortened(&all)
}

/// The lines between the common beginning and end.
fn middle<'t>(a: &[&'t str], b: &[&'t str], offset: usize, all: &mut Vec<Line<'t>>) {
    let width = b.len() + 1;
    let fits = (a.len() + 1).checked_mul(width).is_some_and(|cells| cells <= MAX_CELLS);
    // longest[i * width + j]: length of the longest common row of a[i..] and b[j..].
    let mut longest = vec![0u32; if fits { (a.len() + 1) * width } else { 0 }];
    if fits {
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i * width + j] = if a[i] == b[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let both = fits && i < a.len() && j < b.len() && a[i] == b[j];
        if both {
            all.push(Line::Both(offset + i + 1, offset + j + 1, a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || !fits || longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            all.push(Line::Gone(offset + i + 1, a[i]));
            i += 1;
        } else {
            all.push(Line::New(offset + j + 1, b[j]));
            j += 1;
        }
    }
}

fn shortened<'t>(all: &[Line<'t>]) -> Vec<Line<'t>> {
    let changed: Vec<usize> = (0..all.len()).filter(|n| !matches!(all[*n], Line::Both(..))).collect();
    let mut shown = Vec::new();
    let mut next = 0;
    for at in changed {
        let from = at.saturating_sub(AROUND).max(next);
        if from > next {
            shown.push(Line::Skipped(from - next));
        }
        let to = (at + AROUND + 1).min(all.len());
        shown.extend_from_slice(&all[from.min(to)..to]);
        next = next.max(to);
    }
    if next > 0 && next < all.len() {
        shown.push(Line::Skipped(all.len() - next));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Vec<String> {
        let line = |l: Line<'_>| match l {
            Line::Both(a, b, t) => format!("={a},{b} {t}"),
            Line::Gone(a, t) => format!("-{a} {t}"),
            Line::New(b, t) => format!("+{b} {t}"),
            Line::Skipped(n) => format!("~{n}"),
        };
        compare(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn changes_are_shown_with_what_stands_around() {
        assert!(told("a\nb\n", "a\nb\n").is_empty());
        assert_eq!(told("a\nb\nc", "a\nx\nc\nd"), ["=1,1 a", "-2 b", "+2 x", "=3,3 c", "+4 d"]);
        let long: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
        let before = long.join("\n");
        let after = before.replace("\n10\n", "\nten\n");
        assert_eq!(
            told(&before, &after),
            ["~6", "=7,7 7", "=8,8 8", "=9,9 9", "-10 10", "+10 ten", "=11,11 11", "=12,12 12", "=13,13 13", "~7"]
        );
        assert_eq!(told("", "a"), ["+1 a"]);
        assert_eq!(told("a\nb\na\nb", "b\na\nb"), ["-1 a", "=2,1 b", "=3,2 a", "=4,3 b"]);
    }

    #[test]
    fn texts_too_large_to_weigh_are_changed_whole() {
        let many = |mark: &str| (0..3_000).map(|n| format!("{mark}{n}\n")).collect::<String>();
        let (before, after) = (many("a"), many("b"));
        let lines = compare(&before, &after);
        assert_eq!(lines.len(), 6_000);
        assert_eq!((lines[0], lines[5_999]), (Line::Gone(1, "a0"), Line::New(3_000, "b2999")));
    }

    /// Whatever the texts are, both can be read off the comparison again.
    #[test]
    fn nothing_is_lost() {
        let words = ["a", "b", "c"];
        for seed in 0..500usize {
            let text = |mut n: usize| {
                let mut all = Vec::new();
                while n > 0 {
                    all.push(words[n % 3]);
                    n /= 3;
                }
                all.join("\n")
            };
            let (before, after) = (text(seed * 7 + 1), text(seed * 13 + 5));
            let lines = compare(&before, &after);
            if lines.iter().any(|l| matches!(l, Line::Skipped(_))) {
                continue;
            }
            let side = |first: bool| {
                let of = |l: &Line<'_>| match *l {
                    Line::Both(_, _, t) => Some(t.to_owned()),
                    Line::Gone(_, t) => first.then(|| t.to_owned()),
                    Line::New(_, t) => (!first).then(|| t.to_owned()),
                    Line::Skipped(_) => None,
                };
                lines.iter().filter_map(of).collect::<Vec<_>>().join("\n")
            };
            if before != after {
                assert_eq!((side(true), side(false)), (before, after), "seed {seed}");
            }
        }
    }
}
