use krilla::geom::Rect;
use qrcode::{Color, QrCode};

use crate::fonts::{Fonts, Kind};
use crate::{Block, Fact, Paper, PaperError, lines};
use svod_kernel::number;

/// The page is 595 by 842 points (A4); what stands on it, stands between these.
pub const LEFT: f32 = 56.0;
pub const RIGHT: f32 = 539.0;
pub const TOP: f32 = 56.0;
pub const BOTTOM: f32 = 778.0;
/// Where the line at the foot of a page stands.
pub const FOOT: f32 = 806.0;
/// Where the values of facts begin.
const VALUES: f32 = 190.0;
/// A side of a code, which stands at the left: 34 mm.
pub const SIDE: f32 = 96.0;

/// What colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Dark,
    Muted,
    Rule,
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub kind: Kind,
    pub size: f32,
    /// From one line to the next.
    pub line: f32,
    pub ink: Ink,
}

impl Style {
    const fn new(kind: Kind, size: f32, line: f32, ink: Ink) -> Self {
        Self { kind, size, line, ink }
    }
}

const TITLE: Style = Style::new(Kind::Bold, 19.0, 25.0, Ink::Dark);
const HEADING: Style = Style::new(Kind::Bold, 12.5, 17.0, Ink::Dark);
const BODY: Style = Style::new(Kind::Text, 10.0, 14.0, Ink::Dark);
const NAME: Style = Style::new(Kind::Text, 10.0, 14.0, Ink::Muted);
const NOTE: Style = Style::new(Kind::Text, 8.5, 12.0, Ink::Muted);
const VERBATIM: Style = Style::new(Kind::Mono, 8.0, 12.0, Ink::Dark);
const CODE: Style = Style::new(Kind::Mono, 6.5, 8.8, Ink::Dark);
/// The line at the foot.
pub const FOOTER: Style = Style::new(Kind::Text, 8.0, 10.0, Ink::Muted);

/// What an element of the document is (PDF 1.7, 14.8.4).
#[derive(Debug)]
pub enum Shape {
    Title(String),
    Heading(String),
    Paragraph,
    Table,
    Row,
    Name,
    Value,
    Code,
    Figure { alt: String, page: usize, place: Option<Rect> },
}

/// An element, and the one it is part of.
#[derive(Debug)]
pub struct Element {
    pub shape: Shape,
    pub parent: Option<usize>,
}

/// What is drawn, and of which element it is. A rule between rows is of none.
#[derive(Debug)]
pub enum Piece {
    Text {
        element: usize,
        x: f32,
        /// Of the base line.
        y: f32,
        style: Style,
        text: String,
    },
    Rule {
        y: f32,
    },
    Qr {
        element: usize,
        y: f32,
        /// Modules in a row.
        width: usize,
        /// Row by row.
        dark: Vec<bool>,
    },
}

/// Where a heading stands.
#[derive(Debug)]
pub struct Bookmark {
    pub text: String,
    pub page: usize,
    pub y: f32,
}

/// A document laid on pages. Elements are in reading order.
#[derive(Debug)]
pub struct Laid {
    pub pages: Vec<Vec<Piece>>,
    pub elements: Vec<Element>,
    pub bookmarks: Vec<Bookmark>,
}

/// Lays the blocks of a document on pages.
pub fn lay(paper: &Paper, fonts: &Fonts) -> Result<Laid, PaperError> {
    let laid = Laid { pages: vec![Vec::new()], elements: Vec::new(), bookmarks: Vec::new() };
    let mut flow = Flow { fonts, laid, y: TOP };
    flow.heading(&paper.title, TITLE, Shape::Title);
    for block in &paper.blocks {
        match block {
            Block::Heading(text) => flow.heading(text, HEADING, Shape::Heading),
            Block::Paragraph(text) => flow.paragraph(text, BODY),
            Block::Note(text) => flow.paragraph(text, NOTE),
            Block::Facts(facts) => flow.facts(facts),
            Block::Code(text) => flow.code(text),
            Block::Qr { content, alt, caption } => flow.qr(content, alt, caption)?,
        }
    }
    Ok(flow.laid)
}

/// The place where the next piece goes.
struct Flow<'a> {
    fonts: &'a Fonts,
    laid: Laid,
    y: f32,
}

impl Flow<'_> {
    /// Begins a page when so much does not fit any more.
    fn room(&mut self, height: f32) {
        if self.y > TOP && self.y + height > BOTTOM {
            self.laid.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    fn put(&mut self, piece: Piece) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(piece);
        }
    }

    fn element(&mut self, shape: Shape, parent: Option<usize>) -> usize {
        self.laid.elements.push(Element { shape, parent });
        self.laid.elements.len() - 1
    }

    fn lines(&self, style: Style, text: &str, width: f32) -> Vec<String> {
        let face = self.fonts.face(style.kind);
        lines::wrapped(&face.shown(text), width, |c| face.advance(c) * style.size)
    }

    /// A line in a row of this height, whose base line is the same for every style.
    fn line(&mut self, element: usize, (x, height): (f32, f32), style: Style, text: String) {
        if !text.trim().is_empty() {
            self.put(Piece::Text { element, x, y: self.y + 0.75 * height, style, text });
        }
    }

    fn text(&mut self, element: usize, style: Style, text: &str) {
        for line in self.lines(style, text, RIGHT - LEFT) {
            self.room(style.line);
            self.line(element, (LEFT, style.line), style, line);
            self.y += style.line;
        }
    }

    fn heading(&mut self, text: &str, style: Style, shape: fn(String) -> Shape) {
        if self.y > TOP {
            self.y += 10.0;
        }
        // A heading does not stand alone at the end of a page.
        self.room(style.line + 3.0 * BODY.line);
        let page = self.laid.pages.len() - 1;
        self.laid.bookmarks.push(Bookmark { text: text.to_owned(), page, y: self.y });
        let element = self.element(shape(text.to_owned()), None);
        self.text(element, style, text);
        self.y += 4.0;
    }

    fn paragraph(&mut self, text: &str, style: Style) {
        let element = self.element(Shape::Paragraph, None);
        self.text(element, style, text);
        self.y += 7.0;
    }

    fn facts(&mut self, facts: &[Fact]) {
        let table = self.element(Shape::Table, None);
        for fact in facts {
            self.fact(table, fact);
        }
        self.y += 4.0;
    }

    fn fact(&mut self, table: usize, fact: &Fact) {
        let row = self.element(Shape::Row, Some(table));
        let name = self.element(Shape::Name, Some(row));
        let value = self.element(Shape::Value, Some(row));
        let style = if fact.verbatim { VERBATIM } else { BODY };
        let names = self.lines(NAME, &fact.name, VALUES - LEFT - 12.0);
        let values = self.lines(style, &fact.value, RIGHT - VALUES);
        let count = names.len().max(values.len());
        // A short row stays whole.
        self.room(count.min(4) as f32 * style.line + 3.0);
        let (mut names, mut values) = (names.into_iter(), values.into_iter());
        for _ in 0..count {
            self.room(style.line);
            if let Some(text) = names.next() {
                self.line(name, (LEFT, style.line), NAME, text);
            }
            if let Some(text) = values.next() {
                self.line(value, (VALUES, style.line), style, text);
            }
            self.y += style.line;
        }
        self.put(Piece::Rule { y: self.y + 2.5 });
        self.y += 6.0;
    }

    fn code(&mut self, text: &str) {
        let paragraph = self.element(Shape::Paragraph, None);
        let element = self.element(Shape::Code, Some(paragraph));
        let face = self.fonts.face(CODE.kind);
        let letters = usize::try_from(number::whole(((RIGHT - LEFT) / (face.advance('0') * CODE.size)).into()))
            .unwrap_or_default();
        for line in face.shown(text.trim_end()).split('\n') {
            for part in lines::cut(line, letters) {
                self.room(CODE.line);
                self.line(element, (LEFT, CODE.line), CODE, part);
                self.y += CODE.line;
            }
        }
        self.y += 7.0;
    }

    fn qr(&mut self, content: &str, alt: &str, caption: &str) -> Result<(), PaperError> {
        let code = QrCode::new(content).map_err(|_| PaperError::Qr)?;
        self.y += 6.0;
        self.room(SIDE);
        let place = Rect::from_xywh(LEFT, self.y, SIDE, SIDE);
        let figure = Shape::Figure { alt: alt.to_owned(), page: self.laid.pages.len() - 1, place };
        let element = self.element(figure, None);
        let dark = code.to_colors().into_iter().map(|c| c == Color::Dark).collect();
        self.put(Piece::Qr { element, y: self.y, width: code.width(), dark });
        let (beside, x, end) = (self.element(Shape::Paragraph, None), LEFT + SIDE + 18.0, self.y + SIDE);
        for line in self.lines(BODY, caption, RIGHT - x) {
            self.line(beside, (x, BODY.line), BODY, line);
            self.y += BODY.line;
        }
        self.y = self.y.max(end) + 12.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_goes_on_on_the_next_page_and_stays_within_the_margins() {
        let fonts = Fonts::dejavu().unwrap();
        let code = "x".repeat(30_000);
        let laid = lay(&crate::tests::sample(&code), &fonts).unwrap();
        assert!(laid.pages.len() > 2, "{} pages", laid.pages.len());
        let mut copied = 0;
        for piece in laid.pages.iter().flatten() {
            let Piece::Text { x, y, style, text, .. } = piece else { continue };
            let face = fonts.face(style.kind);
            let end = x + text.trim_end().chars().map(|c| face.advance(c) * style.size).sum::<f32>();
            assert!(*x >= LEFT && end <= RIGHT + 0.01 && *y > TOP && *y < BOTTOM, "{text} at {x} {y}");
            copied += text.chars().filter(|c| *c == 'x').count();
        }
        assert_eq!(copied, code.len(), "not a letter is lost");
        assert_eq!(lay(&crate::tests::sample("x"), &fonts).unwrap().pages.len(), 1);
    }

    #[test]
    fn headings_are_found_and_rows_have_name_and_value() {
        let laid = lay(&crate::tests::sample("x"), &Fonts::dejavu().unwrap()).unwrap();
        let marks: Vec<&str> = laid.bookmarks.iter().map(|b| b.text.as_str()).collect();
        assert_eq!(marks, ["Түбіртек · квитанция · receipt", "Не жазылды"]);
        let rows = laid.elements.iter().enumerate().filter(|(_, e)| matches!(e.shape, Shape::Row));
        for (row, _) in rows {
            assert_eq!(laid.elements.iter().filter(|e| e.parent == Some(row)).count(), 2);
        }
    }
}
