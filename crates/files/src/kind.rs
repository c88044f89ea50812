use image::ImageFormat;
use serde::Serialize;

/// Longest name, in characters.
pub const MAX_NAME: usize = 120;
/// What a file without a name is called.
const NAMELESS: &str = "document";
/// Longest ending that is taken for one.
const MAX_ENDING: usize = 5;

/// What a kept file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// ISO 32000.
    Pdf,
    /// ISO/IEC 10918.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
}

impl FileKind {
    /// The word in the store, in the journal and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }

    /// By its word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Pdf, Self::Jpeg, Self::Png].into_iter().find(|k| k.as_str() == word)
    }

    /// As browsers are told (RFC 2046).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// What was sent, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Pdf,
    /// A picture of a format that is taken.
    Picture(ImageFormat),
}

impl Content {
    /// Nothing when it is none of the kinds that are taken.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        // Not where readers look further for it: what stands before is another file.
        if bytes.starts_with(b"%PDF-") {
            return Some(Self::Pdf);
        }
        let format = image::guess_format(bytes).ok()?;
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP].contains(&format).then_some(Self::Picture(format))
    }

    /// As people call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Picture(ImageFormat::Jpeg) => "JPEG",
            Self::Picture(ImageFormat::Png) => "PNG",
            Self::Picture(_) => "WebP",
        }
    }

    /// May a file of that content have that ending?
    pub fn fits(self, ending: &str) -> bool {
        match self {
            Self::Pdf => ending == "pdf",
            Self::Picture(ImageFormat::Jpeg) => ["jpg", "jpeg"].contains(&ending),
            Self::Picture(ImageFormat::Png) => ending == "png",
            Self::Picture(_) => ending == "webp",
        }
    }
}

/// A name as it was sent, without folders and what nobody sees, and its ending in small letters; empty where it has none.
pub(crate) fn parted(sent: &str) -> (String, String) {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !unseen(*c)).collect();
    let seen = seen.trim_matches(|c: char| c.is_whitespace() || c == '.');
    let ending = |e: &str| {
        let plain = e.len() <= MAX_ENDING && e.bytes().all(|b| b.is_ascii_alphanumeric());
        // The year of a date is none.
        plain && e.bytes().any(|b| b.is_ascii_alphabetic())
    };
    match seen.rsplit_once('.') {
        Some((stem, e)) if ending(e) => (stem.trim_end().to_owned(), e.to_ascii_lowercase()),
        _ => (seen.to_owned(), String::new()),
    }
}

/// The name under which a file is kept: with the ending of what it is.
pub(crate) fn called(stem: &str, kind: FileKind) -> String {
    let room = MAX_NAME - kind.ending().len() - 1;
    let stem: String = stem.chars().take(room).collect();
    let stem = if stem.trim().is_empty() { NAMELESS } else { stem.trim() };
    format!("{stem}.{}", kind.ending())
}

/// Characters that control, hide or turn round what stands beside them.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_folders_and_what_nobody_sees() {
        let kept = |sent: &str| called(&parted(sent).0, FileKind::Pdf);
        assert_eq!(kept("../../etc/passwd.pdf"), "passwd.pdf");
        assert_eq!(kept("C:\\scans\\a\r\nb.PDF"), "ab.pdf");
        assert_eq!(kept("invoice\u{202e}fdp.exe"), "invoicefdp.pdf");
        assert_eq!(kept(" .. "), "document.pdf");
        assert_eq!(kept(&"я".repeat(500)).chars().count(), MAX_NAME);
    }

    #[test]
    fn an_ending_is_told_from_a_date() {
        assert_eq!(parted("Доверенность от 01.02.2026"), ("Доверенность от 01.02.2026".into(), String::new()));
        assert_eq!(parted("scan.JPEG").1, "jpeg");
        assert_eq!(parted("archive.tar.gz"), ("archive.tar".into(), "gz".into()));
    }

    #[test]
    fn content_decides() {
        assert_eq!(Content::of(b"%PDF-1.7\n"), Some(Content::Pdf));
        assert_eq!(Content::of(b"\x89PNG\r\n\x1a\n"), Some(Content::Picture(ImageFormat::Png)));
        assert_eq!(Content::of(b"\xff\xd8\xff\xe0"), Some(Content::Picture(ImageFormat::Jpeg)));
        assert_eq!(Content::of(b"RIFF\x10\0\0\0WEBPVP8 "), Some(Content::Picture(ImageFormat::WebP)));
        for other in [&b"GIF89a"[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90", b" %PDF-1.7", b""] {
            assert_eq!(Content::of(other), None, "{other:?}");
        }
    }
}
