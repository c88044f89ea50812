//! Comma-separated values (RFC 4180): fields quoted where needed, lines end with CR LF.

/// Writes records; begins with a byte order mark, without which office programs misread Cyrillic.
#[derive(Debug)]
pub struct Csv(String);

impl Csv {
    /// With its header line.
    pub fn new(header: &[String]) -> Self {
        let mut csv = Self("\u{feff}".to_owned());
        csv.record(header);
        csv
    }

    /// One more record.
    pub fn record(&mut self, fields: &[String]) {
        let line: Vec<String> = fields.iter().map(|f| field(f)).collect();
        self.0.push_str(&line.join(","));
        self.0.push_str("\r\n");
    }

    /// The whole file.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// A field that begins like a formula is made a text: a spreadsheet would run it.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_only_what_needs_it() {
        let mut csv = Csv::new(&["a".into(), "б".into()]);
        csv.record(&["x, y".into(), "say \"no\"\nnow".into()]);
        csv.record(&["".into(), "ул. Тольятти".into()]);
        assert_eq!(csv.into_text(), "\u{feff}a,б\r\n\"x, y\",\"say \"\"no\"\"\nnow\"\r\n,ул. Тольятти\r\n");
    }

    #[test]
    fn a_formula_stays_a_text() {
        for (bad, good) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("-2", "'-2"), ("+a,b", "\"'+a,b\"")] {
            assert_eq!(field(bad), good);
        }
        assert_eq!(field("a=b"), "a=b");
    }
}
