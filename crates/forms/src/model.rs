//! A form as it was read.

use regex::Regex;
use serde_json::Value;

use crate::decimal::Decimal;
use crate::expression::Expression;
use crate::phrase::Phrase;

/// One component.
pub(crate) struct Component {
    /// Where it stands in the file.
    pub at: String,
    /// It is not shown, and its answers are dropped, where this is true.
    pub hide: Option<Expression>,
    /// Components of one row stand side by side.
    pub row: Option<String>,
    /// Of sixteen.
    pub columns: Option<u8>,
    pub what: What,
}

pub(crate) enum What {
    Input(Box<Input>),
    Group(Group),
    Repeat(Repeat),
    Table(Table),
    Prose(Phrase),
    Image { source: String, alt: Phrase },
    Spacer,
    Separator,
    Submit(Phrase),
    Reset(Phrase),
    Computed { key: String, by: Expression },
}

/// A field that somebody answers.
pub(crate) struct Input {
    /// Its place below its container.
    pub key: String,
    pub label: Phrase,
    pub hint: Option<Phrase>,
    pub readonly: Switch,
    pub disabled: Switch,
    pub required: Switch,
    pub source: Option<Source>,
    pub default: Option<Value>,
    pub prefix: Option<Phrase>,
    pub suffix: Option<Phrase>,
    pub kind: Kind,
}

/// Where a field is prefilled from.
pub(crate) struct Source {
    /// A path into the graph.
    pub path: String,
    /// What comes from there may be changed without disputing it.
    pub editable: bool,
}

/// True, false, or depending on the answers.
pub(crate) enum Switch {
    Fixed(bool),
    By(Expression),
}

pub(crate) enum Kind {
    Text(TextRules),
    Number(NumberRules),
    Moment(MomentRules),
    Checkbox,
    Choice(ChoiceRules),
    /// A place of the register of this name.
    Address(String),
    /// A point on the map.
    Place,
    Files(FileRules),
}

pub(crate) struct TextRules {
    pub area: bool,
    pub min: Option<Limit>,
    pub max: Option<Limit>,
    pub pattern: Option<Regex>,
    pub pattern_words: Option<Phrase>,
    pub like: Like,
    /// What a browser may fill in (HTML, autofill field names).
    pub purpose: Option<&'static str>,
}

/// What a line of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Like {
    /// Anything.
    #[default]
    Plain,
    /// An address of e-mail.
    Email,
    /// A telephone number with its country.
    Phone,
}

/// A bound, fixed or depending on the answers.
pub(crate) enum Limit {
    Fixed(Decimal),
    By(Expression),
}

#[derive(Default)]
pub(crate) struct NumberRules {
    pub min: Option<Limit>,
    pub max: Option<Limit>,
    /// Digits after the point at the most.
    pub digits: Option<u32>,
    pub step: Option<Decimal>,
    /// Kept as a text, with all its digits.
    pub as_text: bool,
}

pub(crate) struct MomentRules {
    pub part: Part,
    pub zone: Zoned,
    /// Minutes between times that can be chosen.
    pub interval: Option<u32>,
    pub no_past: bool,
    pub purpose: Option<&'static str>,
}

/// What a `datetime` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// Both.
    Both,
}

/// How a time says its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zoned {
    Offset,
    Utc,
    Silent,
}

pub(crate) struct ChoiceRules {
    pub style: Style,
    pub options: Options,
}

/// How choices are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One of several, all in view.
    Radio,
    /// One of several, folded.
    Select,
    /// Any of several, all in view.
    Checklist,
    /// Any of many.
    Taglist,
}

impl Style {
    /// Several may be chosen.
    pub const fn many(self) -> bool {
        matches!(self, Self::Checklist | Self::Taglist)
    }
}

pub(crate) enum Options {
    Fixed(Vec<(Value, Phrase)>),
    /// A list at this place of the answers or inputs.
    Key(String),
    By(Expression),
    /// A code list of the packs.
    Codes(String),
}

pub(crate) struct FileRules {
    /// Endings and media types, as the browser takes them: `.pdf,image/*`.
    pub accept: Vec<String>,
    pub most: usize,
    pub photo: bool,
}

pub(crate) struct Group {
    pub path: String,
    pub label: Option<Phrase>,
    pub outline: bool,
    pub page: Option<Page>,
    pub components: Vec<Component>,
}

/// A group that is a page.
pub(crate) struct Page {
    pub name: String,
    /// The page on which the form is signed.
    pub signature: bool,
}

pub(crate) struct Repeat {
    pub path: String,
    pub label: Option<Phrase>,
    pub first: usize,
    pub min: usize,
    pub max: usize,
    pub changes: bool,
    pub components: Vec<Component>,
}

pub(crate) struct Table {
    pub label: Option<Phrase>,
    pub rows: RowSource,
    pub columns: Columns,
    pub most: usize,
}

pub(crate) enum RowSource {
    Key(String),
    By(Expression),
}

pub(crate) enum Columns {
    Fixed(Vec<(String, Phrase)>),
    By(Expression),
}

/// A form, read and found good: an immutable value that many requests share.
pub struct Form {
    pub(crate) id: String,
    pub(crate) components: Vec<Component>,
    /// Names of values beside the answers.
    pub(crate) inputs: Vec<String>,
    /// What of the applicant's own is looked up for it.
    pub(crate) own: Vec<Own>,
}

/// Things of the applicant's own, from which a field offers to choose: the value beside the answers of this name is the list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Name of the list among the values beside the answers.
    pub name: String,
    /// Their type.
    pub kind: String,
    /// The attribute that says whose they are.
    pub by: String,
    /// The attribute that is kept as the answer; none for their id.
    pub value: Option<String>,
    /// Attributes and the words of which each has one: what has none of them is not offered.
    pub among: Vec<(String, Vec<String>)>,
    /// Attributes by which they are told apart.
    pub label: Vec<String>,
    /// What is chosen for none of them, and its words; offered behind them where there is any.
    pub other: Option<(String, String)>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("id", &self.id).field("components", &self.components.len()).finish()
    }
}
