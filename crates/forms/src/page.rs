//! What is shown of a form: a tree without expressions or keys, ready to be drawn.

use serde_json::Value;
use svod_kernel::Timestamp;

use crate::accept::{Appeared, FieldError};
use crate::around::{Choice, FileRef};
use crate::live::{Condition, Live};
use crate::markdown::Block;
use crate::model::{Like, Part, Style};

/// A page of a form as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The pages that are shown, in their order; one without a name for a form of one page.
    pub pages: Vec<PageTitle>,
    /// Which of them this is.
    pub page: usize,
    /// What stands on it.
    pub items: Vec<Item>,
    /// What is wrong with what was sent, in the order of the page.
    pub errors: Vec<FieldError>,
    /// Questions that what was sent brought up.
    pub appeared: Vec<Appeared>,
    /// Where answers of the page decide what stands on it: what their conditions look at beside them, `data` and `inputs`.
    pub known: Option<Value>,
    /// The words of the form's own button, where it has one.
    pub send: Option<String>,
    /// The page is the one that is signed.
    pub signature: bool,
}

/// A page's name and title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageTitle {
    /// Its name in addresses; empty for a form of one page.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// All that it must have is there.
    pub complete: bool,
}

/// One thing on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Things of one row stand side by side where there is room.
    pub row: Option<String>,
    /// Sixteenths of the row.
    pub columns: Option<u8>,
    /// What decides whether it is shown, where answers of this page do.
    pub condition: Option<Condition>,
    /// What it is.
    pub shown: Shown,
}

/// What can stand on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A field.
    Field(Box<FieldView>),
    /// Things that belong together.
    Group {
        /// What they are together; empty for nothing.
        title: String,
        /// A frame is drawn around them.
        outline: bool,
        /// The things.
        items: Vec<Item>,
    },
    /// Things as often as somebody needs them.
    Repeat {
        /// Its place, for [`crate::Action::Add`] and [`crate::Action::Remove`].
        name: String,
        /// What one of them is.
        title: String,
        /// What stands in each.
        items: Vec<Vec<Item>>,
        /// One more is possible.
        add: bool,
        /// One less is possible.
        remove: bool,
        /// What is wrong with their number, if anything.
        error: Option<FieldError>,
    },
    /// A table of what is known already.
    Table {
        /// What it shows; empty for nothing.
        title: String,
        /// Heads of its columns.
        columns: Vec<String>,
        /// Its rows.
        rows: Vec<Vec<String>>,
    },
    /// Text.
    Prose(Vec<Block>),
    /// A picture of the platform's own.
    Image {
        /// Its path.
        source: String,
        /// What it shows, in words.
        alt: String,
    },
    /// Room.
    Spacer,
    /// A line.
    Separator,
    /// A button that undoes what was typed since the page was opened.
    Reset(String),
    /// Nothing to be seen: a value that conditions of the page look at.
    Computed {
        /// Its place.
        name: String,
        /// FEEL, without the `=`.
        by: String,
    },
}

/// A field as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldView {
    /// Its place: name of its input, end of its id.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// Help; empty for none.
    pub hint: String,
    /// What stands before and behind it; empty for nothing.
    pub around: (String, String),
    /// How it is answered.
    pub control: Control,
    /// What its input shows: what was typed, else the answer as it would be typed.
    pub typed: Vec<String>,
    /// The answer in words.
    pub display: String,
    /// It must be answered.
    pub required: bool,
    /// It is shown and not answered here.
    pub locked: bool,
    /// Where its answer comes from.
    pub source: Option<SourceView>,
    /// In which items of repeats it stands: `Children, 2`.
    pub within: String,
    /// What is wrong with what was sent.
    pub error: Option<FieldError>,
    /// How conditions of the page read its answer; none on a page without them.
    pub live: Option<Live>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceView {
    /// The source in words.
    pub name: String,
    /// As of when.
    pub as_of: Option<Timestamp>,
    /// What it says, in words.
    pub says: String,
    /// The person says that it is wrong and answers anew.
    pub disputed: bool,
    /// The person may say so.
    pub may_dispute: bool,
}

/// How a field is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// A line of text.
    Text {
        /// What kind of text.
        like: Like,
        /// Length at the most, in UTF-16 units.
        most: usize,
        /// What a browser may fill in (HTML, autofill field names).
        purpose: Option<&'static str>,
    },
    /// Several lines.
    Area {
        /// Length at the most.
        most: usize,
    },
    /// A number.
    Number {
        /// It may have digits after the point.
        decimal: bool,
    },
    /// A day, a time, or both.
    Moment {
        /// Which of them.
        part: Part,
        /// First day that may be chosen.
        from: Option<String>,
        /// Minutes between times that can be chosen.
        interval: Option<u32>,
        /// What a browser may fill in.
        purpose: Option<&'static str>,
    },
    /// Yes or no.
    Checkbox,
    /// Some of these.
    Choice {
        /// How they are offered.
        style: Style,
        /// These.
        choices: Vec<Choice>,
    },
    /// A point on the map, typed as latitude and longitude.
    Place,
    /// A place of a register, looked for by its words.
    Address {
        /// The register.
        register: String,
        /// What was found, and what is chosen already.
        choices: Vec<Choice>,
        /// Something was looked for.
        searched: bool,
    },
    /// Files.
    Files {
        /// Kinds that are taken, as the browser's `accept`.
        accept: String,
        /// The same in words: `PDF`, `JPEG`.
        kinds: Vec<&'static str>,
        /// How many at the most.
        most: usize,
        /// A photograph: a telephone offers its camera.
        photo: bool,
        /// Those that are there.
        files: Vec<FileRef>,
    },
}

impl FieldView {
    /// Nothing is written, chosen, ticked or enclosed.
    pub fn is_unanswered(&self) -> bool {
        match &self.control {
            Control::Files { files, .. } => files.is_empty(),
            Control::Checkbox => self.typed.last().is_none_or(|t| t.is_empty() || t == "false"),
            _ => self.typed.iter().all(|t| t.trim().is_empty()),
        }
    }
}

impl Item {
    /// It is no part of the page until its answers bring it up.
    pub fn is_hidden(&self) -> bool {
        self.condition.as_ref().is_some_and(|c| c.hidden)
    }
}

impl View {
    /// The fields of the page in their order, with those in groups and in items of repeats.
    pub fn fields(&self) -> Vec<FieldView> {
        let mut rows = Vec::new();
        gather(&self.items, &mut rows);
        rows
    }
}

/// Answers of one page in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// The page.
    pub page: PageTitle,
    /// Its answers.
    pub rows: Vec<FieldView>,
}

/// The fields among these things that are no hidden ones.
pub(crate) fn gather(items: &[Item], rows: &mut Vec<FieldView>) {
    for item in items.iter().filter(|i| !i.is_hidden()) {
        match &item.shown {
            Shown::Field(field) => rows.push((**field).clone()),
            Shown::Group { items, .. } => gather(items, rows),
            Shown::Repeat { items, .. } => items.iter().for_each(|i| gather(i, rows)),
            _ => {}
        }
    }
}
