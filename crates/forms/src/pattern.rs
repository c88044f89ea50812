//! Patterns of the file are those of JavaScript, without flags. Here they run in an engine whose time grows with the
//! text and never with the pattern's tricks; what the two engines read differently is written out or refused.

use regex::{Regex, RegexBuilder};

use crate::limits::{PATTERN, PATTERN_MEMORY};

/// Compiles a JavaScript pattern.
pub(crate) fn compile(text: &str) -> Result<Regex, String> {
    if text.len() > PATTERN {
        return Err(format!("the pattern is longer than {PATTERN} bytes"));
    }
    let ours = translated(text)?;
    RegexBuilder::new(&ours)
        .size_limit(PATTERN_MEMORY)
        .dfa_size_limit(PATTERN_MEMORY)
        .nest_limit(32)
        .build()
        .map_err(|e| e.to_string().lines().last().unwrap_or("it cannot be read").to_owned())
}

fn translated(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push_str(&escape(chars.next(), in_class)?),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
                if chars.peek() == Some(&']') {
                    return Err("an empty [] means nothing here".into());
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            // Plain signs in a JavaScript class, operators here.
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '(' if !in_class && chars.peek() == Some(&'?') => {
                let after: String = chars.clone().skip(1).take(2).collect();
                if !after.starts_with(':') {
                    return Err("(?…) other than (?:…) is not read the same everywhere".into());
                }
                out.push('(');
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// JavaScript's digits and word characters are those of ASCII.
fn escape(next: Option<char>, in_class: bool) -> Result<String, String> {
    let Some(c) = next else { return Err("it ends with a backslash".into()) };
    Ok(match (c, in_class) {
        ('d', true) => "0-9".into(),
        ('d', false) => "[0-9]".into(),
        ('w', true) => "0-9A-Za-z_".into(),
        ('w', false) => "[0-9A-Za-z_]".into(),
        ('D', false) => "[^0-9]".into(),
        ('W', false) => "[^0-9A-Za-z_]".into(),
        ('b', false) => r"(?-u:\b)".into(),
        ('s' | 'S' | 't' | 'n' | 'r', _) => format!("\\{c}"),
        (c, _) if c.is_ascii_punctuation() => format!("\\{c}"),
        _ => return Err(format!("\\{c} is not read the same everywhere")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_javascript_mean_the_same_here() {
        for (pattern, yes, no) in [
            (r"^\d{4}$", "2026", "٢٠٢٦"),
            (r"^[\w.-]+$", "a_b.c-d", "слово"),
            (r"^[А-ЯЁ][а-яё]+$", "Ёлка", "elka"),
            (r"^[[&~]$", "[", "a"),
            (r"\bAB\b", "x AB y", "xABy"),
            (r"^(?:KZ|RU)\/\d+$", "KZ/7", "KZ7"),
            ("b", "abc", "xyz"),
        ] {
            let compiled = compile(pattern).expect(pattern);
            assert!(compiled.is_match(yes) && !compiled.is_match(no), "{pattern}");
        }
    }

    #[test]
    fn what_differs_or_costs_is_refused() {
        let huge = format!("(?:{}){{900}}", "a{90}");
        for bad in [r"(?=a)", r"(?<=a)b", r"(a)\1", r"\p{L}", "(?i)a", "[]", "(", "a\\", &huge, &"a".repeat(501)] {
            assert!(compile(bad).is_err(), "{bad}");
        }
    }
}
