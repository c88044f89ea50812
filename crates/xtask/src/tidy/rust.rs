//! As much of Rust's grammar as the rules need: which bytes are code, where functions begin and end.

/// The source with comments, strings and character literals blanked; every newline stays where it was.
pub fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' | b'b' | b'c' if !is_word(at.checked_sub(1).map_or(b' ', |before| bytes[before])) => {
                prefixed_end(bytes, at)
            }
            b'\'' => quote_end(bytes, at),
            _ => at,
        };
        if end == at {
            at += 1;
        } else {
            let end = end.min(bytes.len());
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
            at = end;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

/// Block comments nest in Rust.
fn block_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (0usize, at);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" if depth == 1 => return at + 2,
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"`, `b'…'`; the place itself when it is only a word.
fn prefixed_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut raw = false;
    while at < bytes.len() && at < start + 2 && matches!(bytes[at], b'r' | b'b' | b'c') {
        raw |= bytes[at] == b'r';
        at += 1;
    }
    let hashes = bytes[at..].iter().take_while(|byte| **byte == b'#').count();
    match bytes.get(at + hashes) {
        Some(b'"') if raw => {
            let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
            let body = at + hashes + 1;
            bytes[body..]
                .windows(close.len())
                .position(|window| window == close)
                .map_or(bytes.len(), |length| body + length + close.len())
        }
        Some(b'"') if hashes == 0 => string_end(bytes, at),
        Some(b'\'') if hashes == 0 && bytes[start] == b'b' => quote_end(bytes, at),
        _ => start,
    }
}

/// A character literal, or the place itself for a lifetime.
fn quote_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => bytes[at + 3..].iter().position(|byte| *byte == b'\'').map_or(at, |length| at + 4 + length),
        Some(_) => {
            let width = std::str::from_utf8(&bytes[at + 1..bytes.len().min(at + 5)])
                .or_else(|error| std::str::from_utf8(&bytes[at + 1..at + 1 + error.valid_up_to()]))
                .ok()
                .and_then(|text| text.chars().next())
                .map_or(1, char::len_utf8);
            if bytes.get(at + 1 + width) == Some(&b'\'') { at + 2 + width } else { at }
        }
        None => at,
    }
}

/// One function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of the word `fn`, from 1.
    pub line: usize,
    /// Lines from that word to the closing brace.
    pub lines: usize,
}

/// Functions with a body outside `#[cfg(test)]` modules. `code` comes from [`code_only`].
pub fn functions(code: &str) -> Vec<Function> {
    let skip = test_modules(code);
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let free = at == 0 || !is_word(bytes[at - 1]);
        if !free || skip.iter().any(|range| range.contains(&at)) {
            continue;
        }
        let name: String =
            code[at + 3..].trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            continue;
        }
        if let Some(end) = body_open(bytes, at).and_then(|open| close_of(bytes, open)) {
            let lines = bytes[at..end].iter().filter(|byte| **byte == b'\n').count() + 1;
            found.push(Function { name, line: line_at(code, at), lines });
        }
    }
    found
}

/// The line, from 1, of a byte.
pub fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn test_modules(code: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = code.as_bytes();
    let attribute = code.match_indices("#[cfg(test)]").chain(code.match_indices("#[cfg(all(test"));
    attribute.filter_map(|(at, _)| Some(at..close_of(bytes, body_open(bytes, at + 6)?)?)).collect()
}

/// The `{` that opens the body; nothing when a `;` ends the item first.
fn body_open(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = (depth - 1).max(0),
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn close_of(bytes: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_in_strings_comments_and_characters_do_not_count() {
        let source = "fn a<'x>(s: &'x str) -> char {\n let _ = \"}\\\"}\"; // }\n /* } /* } */ } */ let _ = r#\"}\"}\"#; let _ = b'}'; let _ = '\\'';\n '}'\n}\nfn b() { 'ж'; }\n";
        let found = functions(&code_only(source));
        assert_eq!(
            found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect::<Vec<_>>(),
            [("a", 1, 5), ("b", 6, 1)]
        );
    }

    #[test]
    fn a_signature_over_several_lines_counts_and_one_without_body_does_not() {
        let source = "trait T {\n fn only(&self, a: [u8; 4]);\n}\npub async fn long(\n a: [u8; 4],\n) -> Result<(), E>\nwhere E: F {\n ok()\n}\n";
        let found = functions(&code_only(source));
        assert_eq!(found, [Function { name: "long".into(), line: 4, lines: 6 }]);
    }

    #[test]
    fn functions_of_test_modules_are_left_out() {
        let source =
            "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod other;\nfn d() {}\n";
        let names: Vec<String> = functions(&code_only(source)).into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["a", "c", "d"]);
    }
}
