/// Comma-separated values (RFC 4180): fields quoted where needed, lines end with CR LF. It begins with a byte order mark, without
/// which office programs misread Cyrillic.
#[derive(Debug)]
pub struct Csv(String);

impl Csv {
    /// With its header line.
    pub fn new(header: &[String]) -> Self {
        let mut csv = Self("\u{feff}".to_owned());
        csv.record(header);
        csv
    }

    /// One more record of texts: none of them is run as a formula.
    pub fn record(&mut self, texts: &[String]) {
        self.row(texts.iter().map(|text| Self::guarded(text)));
    }

    /// One more record as it is, numbers among it: texts come [`Csv::guarded`].
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let line: Vec<String> = cells.into_iter().map(quoted).collect();
        self.0.push_str(&line.join(","));
        self.0.push_str("\r\n");
    }

    /// A text that begins like a formula is kept from being one: a spreadsheet would run it.
    pub fn guarded(text: &str) -> String {
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
    }

    /// The whole file.
    pub fn into_text(self) -> String {
        self.0
    }
}

fn quoted(cell: String) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
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
    fn a_formula_stays_a_text_and_a_number_a_number() {
        for (bad, good) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("-2", "'-2"), ("+a", "'+a"), ("a=b", "a=b")] {
            assert_eq!(Csv::guarded(bad), good);
        }
        let mut csv = Csv::new(&["n".into()]);
        csv.record(&["+a,b".into()]);
        csv.row(["-12.5".to_owned()]);
        assert_eq!(csv.into_text(), "\u{feff}n\r\n\"'+a,b\"\r\n-12.5\r\n");
    }
}
