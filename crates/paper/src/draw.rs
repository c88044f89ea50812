use std::num::NonZeroU16;

use jiff::tz::TimeZone;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};
use krilla::{Document, SerializeSettings};
use svod_kernel::Timestamp;

use crate::fonts::Fonts;
use crate::layout::{FOOT, FOOTER, Ink, LEFT, Laid, Piece, RIGHT, SIDE, Shape, Style};
use crate::{Paper, PaperError};

/// Draws what was laid and writes it.
pub fn document(paper: &Paper, fonts: &Fonts, laid: &Laid) -> Result<Vec<u8>, PaperError> {
    let mut document = Document::new_with(settings()?);
    let mut leaves: Vec<Vec<Identifier>> = vec![Vec::new(); laid.elements.len()];
    for (n, pieces) in laid.pages.iter().enumerate() {
        let mut page = document.start_page();
        let mut surface = page.surface();
        for piece in pieces {
            draw(&mut surface, fonts, piece, &mut leaves);
        }
        footer(&mut surface, fonts, &format!("{} · {} / {}", paper.title, n + 1, laid.pages.len()));
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tree(paper, laid, &leaves));
    document.set_outline(outline(laid));
    document.set_metadata(
        Metadata::new()
            .title(paper.title.clone())
            .language(paper.lang.tag().to_owned())
            .creator("Svod".to_owned())
            .producer("Svod".to_owned())
            .creation_date(date(paper.made)),
    );
    for attachment in &paper.attachments {
        let file = EmbeddedFile {
            path: attachment.name.clone(),
            mime_type: MimeType::new(attachment.media_type),
            description: Some(attachment.description.clone()),
            association_kind: AssociationKind::Source,
            data: attachment.bytes.clone().into(),
            modification_date: Some(date(paper.made)),
            compress: Some(false),
            location: None,
        };
        document.embed_file(file).ok_or_else(|| PaperError::Attached(attachment.name.clone()))?;
    }
    document.finish().map_err(|e| PaperError::Write(format!("{e:?}")))
}

/// The standards that the writer checks the document against.
fn settings() -> Result<SerializeSettings, PaperError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|e| PaperError::Write(format!("{e:?}")))?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, piece: &Piece, leaves: &mut [Vec<Identifier>]) {
    match piece {
        Piece::Text { element, x, y, style, text } => {
            leaves[*element].push(surface.start_tagged(ContentTag::Span(SpanTag::empty())));
            write(surface, fonts, (*x, *y), *style, text);
        }
        Piece::Rule { y } => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            fill(surface, Ink::Rule, Rect::from_ltrb(LEFT, *y, RIGHT, *y + 0.6));
        }
        Piece::Qr { element, y, width, dark } => {
            leaves[*element].push(surface.start_tagged(ContentTag::Other));
            fill(surface, Ink::Dark, modules(*y, *width, dark));
        }
    }
    surface.end_tagged();
}

fn footer(surface: &mut Surface<'_>, fonts: &Fonts, text: &str) {
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
    write(surface, fonts, (LEFT, FOOT), FOOTER, &fonts.face(FOOTER.kind).shown(text));
    surface.end_tagged();
}

fn write(surface: &mut Surface<'_>, fonts: &Fonts, (x, y): (f32, f32), style: Style, text: &str) {
    let face = fonts.face(style.kind);
    let glyphs = face.glyphs(text);
    surface.set_fill(Some(paint(style.ink)));
    surface.draw_glyphs(Point::from_xy(x, y), glyphs.as_slice(), face.font(), text, style.size, false);
}

/// Rectangles as one path, so that no seams show between them.
fn fill(surface: &mut Surface<'_>, ink: Ink, places: impl IntoIterator<Item = Rect>) {
    let mut path = PathBuilder::new();
    for place in places {
        path.push_rect(place);
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(paint(ink)));
        surface.draw_path(&path);
    }
}

/// The colours of the pages (`tokens.css`).
fn paint(ink: Ink) -> Fill {
    let color = match ink {
        Ink::Dark => rgb::Color::new(18, 27, 38),
        Ink::Muted => rgb::Color::new(76, 91, 109),
        Ink::Rule => rgb::Color::new(212, 219, 228),
    };
    Fill { paint: color.into(), ..Fill::default() }
}

/// The dark modules of a code, those that touch in a row as one.
fn modules(top: f32, width: usize, dark: &[bool]) -> Vec<Rect> {
    let step = SIDE / width as f32;
    let mut places = Vec::new();
    for (row, line) in dark.chunks(width).enumerate() {
        let mut at = 0;
        for run in line.chunk_by(|a, b| a == b) {
            let (x, y) = (LEFT + at as f32 * step, top + row as f32 * step);
            if run.first() == Some(&true) {
                places.extend(Rect::from_xywh(x, y, run.len() as f32 * step, step));
            }
            at += run.len();
        }
    }
    places
}

/// The document's structure, for who hears it.
fn tree(paper: &Paper, laid: &Laid, leaves: &[Vec<Identifier>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(paper.lang.tag().to_owned()));
    for group in children(laid, leaves, None) {
        tree.push(group);
    }
    tree
}

fn children(laid: &Laid, leaves: &[Vec<Identifier>], parent: Option<usize>) -> Vec<TagGroup> {
    let from = parent.map_or(0, |n| n + 1);
    let own = laid.elements.iter().enumerate().skip(from).filter(|(_, element)| element.parent == parent);
    own.map(|(n, element)| {
        let mut group = TagGroup::new(kind(&element.shape));
        for leaf in &leaves[n] {
            group.push(*leaf);
        }
        for child in children(laid, leaves, Some(n)) {
            group.push(child);
        }
        group
    })
    .collect()
}

fn kind(shape: &Shape) -> TagKind {
    let first = NonZeroU16::MIN;
    match shape {
        Shape::Title(text) => Tag::Hn(first, Some(text.clone())).into(),
        Shape::Heading(text) => Tag::Hn(first.saturating_add(1), Some(text.clone())).into(),
        Shape::Paragraph => Tag::P.into(),
        Shape::Table => Tag::Table.into(),
        Shape::Row => Tag::TR.into(),
        Shape::Name => Tag::TH(TableHeaderScope::Row).into(),
        Shape::Value => Tag::TD.into(),
        Shape::Code => Tag::Code.into(),
        Shape::Figure { alt, page, place } => {
            Tag::Figure(Some(alt.clone())).with_bbox(place.map(|rect| BBox::new(*page, rect))).into()
        }
    }
}

/// The headings, for the reader's side bar.
fn outline(laid: &Laid) -> Outline {
    let mut outline = Outline::new();
    for mark in &laid.bookmarks {
        let place = XyzDestination::new(mark.page, Point::from_xy(0.0, mark.y));
        outline.push_child(OutlineNode::new(mark.text.clone(), place));
    }
    outline
}

fn date(at: Timestamp) -> DateTime {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default().to_zoned(TimeZone::UTC);
    let small = |n: i8| u8::try_from(n).unwrap_or_default();
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
}
