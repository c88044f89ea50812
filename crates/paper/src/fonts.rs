use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};

use crate::PaperError;

/// Stands for what a font has no letter for.
const UNKNOWN: char = '\u{fffd}';

/// Which of the three fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Bold,
    Mono,
}

/// The fonts of a document. Each must have every letter that its text needs: there is no other to fall back on.
pub struct Fonts {
    text: Face,
    bold: Face,
    mono: Face,
}

impl Fonts {
    /// Fonts from TrueType or OpenType files: for text, for headings, of fixed width.
    ///
    /// # Errors
    /// [`PaperError::Font`]
    pub fn new(text: &'static [u8], bold: &'static [u8], mono: &'static [u8]) -> Result<Self, PaperError> {
        Ok(Self { text: Face::new(text, "text")?, bold: Face::new(bold, "bold")?, mono: Face::new(mono, "mono")? })
    }

    /// DejaVu Sans Condensed and Sans Mono, which ship with the program: Latin, Cyrillic with the Kazakh letters, Greek.
    ///
    /// # Errors
    /// [`PaperError::Font`]; a test reads them.
    pub fn dejavu() -> Result<Self, PaperError> {
        use dejavu::{sans_condensed, sans_mono};
        Self::new(sans_condensed::regular(), sans_condensed::bold(), sans_mono::regular())
    }

    /// The same, read once in a process: they have some megabytes, and reading them takes longer than a page.
    ///
    /// # Errors
    /// [`PaperError::Font`]; a test reads them.
    pub fn shared() -> Result<&'static Self, PaperError> {
        static SHARED: LazyLock<Result<Fonts, PaperError>> = LazyLock::new(Fonts::dejavu);
        SHARED.as_ref().map_err(PaperError::clone)
    }

    pub(crate) const fn face(&self, kind: Kind) -> &Face {
        match kind {
            Kind::Text => &self.text,
            Kind::Bold => &self.bold,
            Kind::Mono => &self.mono,
        }
    }
}

/// One font: letters without kerning and ligatures, which Russian, Kazakh and English text can do without. So what is
/// measured is what is drawn.
pub struct Face {
    font: Font,
    letters: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    em: f32,
}

impl Face {
    fn new(bytes: &'static [u8], name: &'static str) -> Result<Self, PaperError> {
        let font = Font::new(bytes.into(), 0).ok_or(PaperError::Font(name))?;
        let read = FontRef::new(bytes).map_err(|_| PaperError::Font(name))?;
        let metrics = read.glyph_metrics(Size::unscaled(), LocationRef::default());
        let face = Self { em: font.units_per_em(), font, letters: read.charmap(), metrics };
        if face.letter(UNKNOWN).is_some() { Ok(face) } else { Err(PaperError::Font(name)) }
    }

    /// The font as the writer knows it.
    pub fn font(&self) -> Font {
        self.font.clone()
    }

    fn letter(&self, c: char) -> Option<skrifa::GlyphId> {
        self.letters.map(c).filter(|glyph| glyph.to_u32() != 0)
    }

    /// The text as this font can show it. Lines stay lines; other control characters become spaces, and what has no letter
    /// here, or no meaning outside of its font, becomes a replacement character.
    pub fn shown(&self, text: &str) -> String {
        let shown = |c: char| match c {
            '\n' => c,
            c if c.is_control() => ' ',
            '\u{feff}' | '\u{fffe}' => UNKNOWN,
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => UNKNOWN,
            c if self.letter(c).is_some() => c,
            _ => UNKNOWN,
        };
        text.chars().map(shown).collect()
    }

    /// How wide a letter is, in parts of the font's size.
    pub fn advance(&self, c: char) -> f32 {
        self.letter(c).and_then(|glyph| self.metrics.advance_width(glyph)).unwrap_or_default() / self.em
    }

    /// The letters of a line that [`Face::shown`] made.
    pub fn glyphs(&self, line: &str) -> Vec<KrillaGlyph> {
        let glyph = |(at, c): (usize, char)| {
            let id = GlyphId::new(self.letter(c)?.to_u32());
            Some(KrillaGlyph::new(id, self.advance(c), 0.0, 0.0, 0.0, at..at + c.len_utf8(), None))
        };
        line.char_indices().filter_map(glyph).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_has_the_letters_of_the_three_languages() {
        let fonts = Fonts::dejavu().unwrap();
        let text = "АБВЁЖЙЩЪЫЬЭЮЯабвёжйщъыьэюя ӘҒҚҢӨҰҮҺІәғқңөұүһі AZaz09 №«»„“—–…·•→×²³µ€₽₸ \u{a0}\u{202f}";
        for kind in [Kind::Text, Kind::Bold, Kind::Mono] {
            let face = fonts.face(kind);
            assert_eq!(face.shown(text), text, "{kind:?}");
            assert_eq!(face.glyphs(text).len(), text.chars().count(), "{kind:?}");
        }
        let mono = fonts.face(Kind::Mono);
        assert!(text.chars().all(|c| mono.advance(c) == mono.advance('0')), "one width for all");
    }

    #[test]
    fn shared_fonts_are_read_once() {
        let (one, other) = (Fonts::shared().unwrap(), std::thread::spawn(|| Fonts::shared().unwrap()).join().unwrap());
        assert!(std::ptr::eq(one, other));
    }

    #[test]
    fn what_has_no_letter_is_replaced() {
        let fonts = Fonts::dejavu().unwrap();
        let shown = fonts.face(Kind::Text).shown("a\tb\u{feff}c\u{e000}d\u{f0001}\n字");
        assert_eq!(shown, "a b\u{fffd}c\u{fffd}d\u{fffd}\n\u{fffd}");
        assert!(matches!(Fonts::new(b"no font", b"", b""), Err(PaperError::Font("text"))));
    }
}
