//! Comma-separated values (RFC 4180): a byte order mark, without which office programs misread Cyrillic; lines end with CR LF.

/// Characters with which a field is a formula to a spreadsheet.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A whole file from its lines; each field is quoted, and none is run.
pub fn written<'a>(lines: impl IntoIterator<Item = &'a [String]>) -> String {
    let mut text = "\u{feff}".to_owned();
    for line in lines {
        let fields: Vec<String> = line.iter().map(|f| quoted(f)).collect();
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

fn quoted(field: &str) -> String {
    let guard = if field.starts_with(FORMULA) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    #[test]
    fn fields_are_quoted_and_no_formula_is_run() {
        let lines = [vec!["a".to_owned(), "x, \"y\"\nz".to_owned()], vec!["=1+1".to_owned(), String::new()]];
        let text = super::written(lines.iter().map(Vec::as_slice));
        assert_eq!(text, "\u{feff}\"a\",\"x, \"\"y\"\"\nz\"\r\n\"'=1+1\",\"\"\r\n");
    }
}
