/// Text broken at its line feeds and at spaces; a word that is longer than a line is broken anywhere. A line keeps the space
/// it ends with, which parts the words for whoever copies or hears the text.
pub fn wrapped(text: &str, width: f32, advance: impl Fn(char) -> f32) -> Vec<String> {
    text.split('\n').flat_map(|line| broken(line, width, &advance)).collect()
}

fn broken(line: &str, width: f32, advance: &impl Fn(char) -> f32) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut now, mut used) = (String::new(), 0.0_f32);
    for word in line.split_inclusive(' ') {
        let long: f32 = word.trim_end_matches(' ').chars().map(advance).sum();
        if used > 0.0 && used + long > width {
            lines.push(std::mem::take(&mut now));
            used = 0.0;
        }
        for c in word.chars() {
            let wide = advance(c);
            if c != ' ' && used > 0.0 && used + wide > width {
                lines.push(std::mem::take(&mut now));
                used = 0.0;
            }
            now.push(c);
            used += wide;
        }
    }
    lines.push(now);
    lines
}

/// A line cut after so many letters, never beside a space: whoever copies the parts may lose one there.
pub fn cut(line: &str, most: usize) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while letters.len() - at > most.max(1) {
        let mut end = at + most.max(1);
        while end > at + 1 && (letters[end] == ' ' || letters[end - 1] == ' ') {
            end -= 1;
        }
        parts.push(letters[at..end].iter().collect());
        at = end;
    }
    parts.push(letters[at..].iter().collect());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_spaces_and_long_words_anywhere() {
        let of = |text: &str| wrapped(text, 6.0, |_| 1.0);
        assert_eq!(of("one two three"), ["one ", "two ", "three"]);
        assert_eq!(of("ab cd  ef"), ["ab cd  ", "ef"]);
        assert_eq!(of("abcdefghijklmn op"), ["abcdef", "ghijkl", "mn op"]);
        assert_eq!(of("a\n\nb"), ["a", "", "b"]);
        assert_eq!(of(""), [""]);
        assert_eq!(wrapped("abc", 0.5, |_| 1.0), ["a", "b", "c"], "a letter always fits");
    }

    #[test]
    fn parts_are_whole_again_when_they_are_joined() {
        assert_eq!(cut("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(cut("ab cdef", 3), ["a", "b c", "def"]);
        assert_eq!(cut("", 3), [""]);
        for most in 0..9 {
            assert_eq!(cut("— example.org abc  d", most).concat(), "— example.org abc  d");
        }
    }
}
