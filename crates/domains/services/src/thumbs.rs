//! Files as links; pictures are seen where they are named, once somebody opens them. That is written down as any other reading.

use serde_json::{Map, Value};
use svod_files::{FileInfo, FileKind, FileState};
use svod_kernel::Urn;
use svod_portal::components::{self, Tone};
use svod_portal::{Html, PageContext, encoded};

/// A file to be shown.
pub struct Thumb {
    href: String,
    name: String,
    picture: bool,
    state: Html,
}

impl Thumb {
    /// One that an entity names.
    pub fn of(ctx: &PageContext, file: &FileInfo) -> Self {
        let (open, state) = match file.state {
            FileState::Waiting => (false, components::tag(Tone::Quiet, ctx.t("case-file-waiting"))),
            FileState::Infected => (false, components::tag(Tone::Danger, ctx.t("case-file-infected"))),
            FileState::Clean | FileState::Unscanned => (true, Html::default()),
        };
        let picture = open && matches!(file.kind, FileKind::Jpeg | FileKind::Png);
        Self { href: href(file.id.as_str()), name: file.name.clone(), picture, state }
    }

    /// One of another case, which this one, or an offer, lends.
    pub fn lent(ctx: &PageContext, file: &FileInfo, by: &Urn) -> Self {
        let thumb = Self::of(ctx, file);
        Self { href: format!("{}?case={}", thumb.href, encoded(by.as_str())), ..thumb }
    }

    /// One that an answer of a form names.
    pub fn answered(answer: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let id = text("file").filter(|id| id.starts_with("urn:svod:file:"))?;
        Some(Self {
            href: href(id),
            name: text("name").unwrap_or(id).to_owned(),
            picture: text("type").is_some_and(|t| t.starts_with("image/")),
            state: Html::default(),
        })
    }
}

fn href(id: &str) -> String {
    format!("/files/{}", encoded(id))
}

/// The files, one under another, and behind a fold the pictures among them; the door of files asks whether they are given out.
pub fn list(ctx: &PageContext, files: &[Thumb]) -> Html {
    if files.is_empty() {
        return Html::default();
    }
    let link = |f: &Thumb| Html::trusted(format!("<li>{} {}</li>", components::link(&f.href, &f.name), f.state));
    let links = Html::join(files.iter().map(link));
    let shown: Vec<&Thumb> = files.iter().filter(|f| f.picture).collect();
    let fold = if shown.is_empty() { Html::default() } else { fold(ctx, &shown) };
    Html::trusted(format!("<ul>{links}</ul>{fold}"))
}

fn fold(ctx: &PageContext, pictures: &[&Thumb]) -> Html {
    // What is folded and lazy is not fetched: nobody is written down as a reader who has not looked.
    let picture = |f: &&Thumb| {
        let (href, name) = (Html::text(&f.href), Html::text(&f.name));
        Html::trusted(format!(
            r#"<li><a href="{href}"><img src="{href}" alt="{name}" loading="lazy" decoding="async"></a></li>"#
        ))
    };
    let note = Html::from(ctx.t("pictures-recorded"));
    let body =
        format!(r#"<p class="muted">{note}</p><ul class="thumbs">{}</ul>"#, Html::join(pictures.iter().map(picture)));
    components::more(ctx.tf("pictures", &[("n", pictures.len().into())]), Html::trusted(body))
}
