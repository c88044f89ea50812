//! Documents to print and to keep: blocks of text become a PDF, with files attached.
//!
//! Pure: fonts and blocks in, bytes out. What comes out is good for an archive (PDF/A-3a, ISO 19005-3) and for a screen
//! reader (PDF/UA-1, ISO 14289-1); a document that is not is an error.
//!
//! * `fonts` – which letters there are, and how wide they are
//! * `lines` – text broken into lines
//! * `layout` – blocks laid on pages, each piece with its place in the document's structure
//! * `draw` – the pages drawn, tagged and written

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod draw;
mod fonts;
mod layout;
mod lines;

use svod_kernel::{Lang, Timestamp};

pub use fonts::Fonts;

/// A document of A4 pages.
#[derive(Debug, Clone)]
pub struct Paper {
    /// What it is; stands on top, at the foot of each page before its number, and in the reader's window. Never empty.
    pub title: String,
    /// Language of its text.
    pub lang: Lang,
    /// When it was made.
    pub made: Timestamp,
    /// What stands in it, from top to bottom.
    pub blocks: Vec<Block>,
    /// Files that travel inside it.
    pub attachments: Vec<Attachment>,
}

/// A piece of a document, across the whole page.
#[derive(Debug, Clone)]
pub enum Block {
    /// A heading under the title; never empty.
    Heading(String),
    /// Text; a line feed begins a new line.
    Paragraph(String),
    /// Text in small print.
    Note(String),
    /// Names and values, a row each; at least one.
    Facts(Vec<Fact>),
    /// Text to be copied letter by letter: fixed width, broken anywhere but at a space.
    Code(String),
    /// A code that a telephone reads.
    Qr {
        /// What it says: an address.
        content: String,
        /// What it is, for who does not see it; never empty.
        alt: String,
        /// Stands beside it.
        caption: String,
    },
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What.
    pub name: String,
    /// Its value; a line feed begins a new line.
    pub value: String,
    /// The value is meant for programs: fixed width.
    pub verbatim: bool,
}

impl Fact {
    /// A value in words.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), verbatim: false }
    }

    /// A value for programs: a key, an address, JSON.
    pub fn verbatim(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { verbatim: true, ..Self::new(name, value) }
    }
}

/// A file inside a document: what the document was made of. It is kept as it is, uncompressed, so that it can be cut out
/// without a PDF reader.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Media type, `text/plain` say, without parameters.
    pub media_type: &'static str,
    /// What it is, for people.
    pub description: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Why a document cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// The file is no font that can be embedded.
    #[error("the {0} font cannot be read")]
    Font(&'static str),
    /// The content of a code is too long.
    #[error("the content of the QR code is too long")]
    Qr,
    /// Two attachments have one name.
    #[error("there are two attachments named {0}")]
    Attached(String),
    /// It would not be good for an archive or for a screen reader, or its fonts cannot be embedded.
    #[error("the document cannot be written: {0}")]
    Write(String),
}

impl Paper {
    /// The document as a PDF.
    ///
    /// # Errors
    /// [`PaperError`]
    pub fn pdf(&self, fonts: &Fonts) -> Result<Vec<u8>, PaperError> {
        draw::document(self, fonts, &layout::lay(self, fonts)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn sample(code: &str) -> Paper {
        Paper {
            title: "Түбіртек · квитанция · receipt".into(),
            lang: Lang::Kk,
            made: "2026-01-15T01:00:00Z".parse().unwrap(),
            blocks: vec![
                Block::Paragraph("Әрі қарай: ғылым, қала, таң, өмір, ұлт, үй, шаһар, іс.".into()),
                Block::Heading("Не жазылды".into()),
                Block::Facts(vec![Fact::new("Кто", "Olga\nИван"), Fact::verbatim("key", "a+b+c")]),
                Block::Qr { content: "https://e.org".into(), alt: "QR".into(), caption: "Сканируйте".into() },
                Block::Note("\u{1f600} \u{e000} \t \u{feff}".into()),
                Block::Code(code.into()),
            ],
            attachments: vec![Attachment {
                name: "receipt.tlog-proof".into(),
                media_type: "text/plain",
                description: "The receipt".into(),
                bytes: b"c2sp.org/tlog-proof@v1\nextra AAAA\n".to_vec(),
            }],
        }
    }

    fn holds(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_document_is_written_and_holds_its_attachment_in_clear() {
        let paper = sample("c2sp.org/tlog-proof@v1\n\n— example.org AAAA\n");
        let pdf = paper.pdf(&Fonts::dejavu().unwrap()).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        assert!(holds(&pdf, b"c2sp.org/tlog-proof@v1\nextra AAAA\n") && holds(&pdf, b"receipt.tlog-proof"));
        assert!(holds(&pdf, b"<pdfaid:part>3</pdfaid:part>") && holds(&pdf, b"<pdfuaid:part>1</pdfuaid:part>"));
    }

    #[test]
    fn what_would_not_be_accessible_is_an_error() {
        let fonts = Fonts::dejavu().unwrap();
        let nameless = Paper { title: String::new(), ..sample("x") };
        assert!(matches!(nameless.pdf(&fonts), Err(PaperError::Write(_))));
        let twice = Paper { attachments: [sample("x").attachments, sample("x").attachments].concat(), ..sample("x") };
        assert_eq!(twice.pdf(&fonts), Err(PaperError::Attached("receipt.tlog-proof".into())));
        let long = Block::Qr { content: "x".repeat(4_000), alt: "QR".into(), caption: String::new() };
        assert_eq!(Paper { blocks: vec![long], ..sample("x") }.pdf(&fonts), Err(PaperError::Qr));
    }
}
