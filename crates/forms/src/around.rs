//! What a form does not know by itself: the language, the hour, lists, registers, what the graph holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_kernel::{Lang, Timestamp};
use svod_text::Texts;

/// What is kept of a form between its pages and until it is sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Answers by their place: an object as form-js keeps it.
    pub data: Value,
    /// Names of the prefilled fields that the person says are wrong and answers anew.
    #[serde(default)]
    pub disputed: BTreeSet<String>,
}

impl Draft {
    /// A draft of these answers.
    pub fn of(data: Value) -> Self {
        Self { data, disputed: BTreeSet::new() }
    }
}

/// What the graph holds for one `svod.source`.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// In the form in which the field keeps its answer: a text, a number, `2026-01-31`, a list.
    pub value: Value,
    /// Where it comes from, in words of the reader.
    pub source: String,
    /// As of when; none where that is unknown.
    pub as_of: Option<Timestamp>,
}

/// What the graph holds, by `svod.source`.
pub type Prefill = BTreeMap<String, Filled>;

/// One choice of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What is kept.
    pub value: Value,
    /// What is read.
    pub label: String,
}

/// A file that was taken in for a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its id in the store of files.
    pub file: String,
    /// As the sender calls it.
    pub name: String,
    /// Its media type, as it was found by content.
    #[serde(rename = "type")]
    pub media: String,
    /// Bytes.
    pub size: u64,
}

/// What was looked up for a form before it is shown or read; see [`crate::Form::wanted`].
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// Values of code lists by the list's name; their words are the messages `enum-<list>-<value>`.
    pub codes: BTreeMap<String, Vec<String>>,
    /// Addresses that are there, id to text.
    pub addresses: BTreeMap<String, String>,
    /// What a search for an address found, by the field's name.
    pub found: BTreeMap<String, Vec<Choice>>,
    /// Files that came with what is read, by the field's name: taken in already.
    pub files: BTreeMap<String, Vec<FileRef>>,
    /// Files that came with it and were not taken in, by the field's name.
    pub refused: BTreeMap<String, RefusedFile>,
}

/// A file that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFile {
    /// Which rule it breaks: one of [`crate::ERRORS`] that begin with `file-`.
    pub rule: &'static str,
    /// As the sender calls it.
    pub name: String,
    /// The rule's number: MB that a file may have, hours to wait.
    pub n: u64,
}

/// What must be looked up for a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Names of code lists.
    pub codes: BTreeSet<String>,
    /// Addresses as register and id.
    pub addresses: BTreeSet<(String, String)>,
    /// Searches as the field's name, the register and what was typed.
    pub searches: Vec<(String, String, String)>,
}

/// For whom, when and with what a form is shown or read.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Language of the reader.
    pub lang: Lang,
    /// All texts.
    pub texts: &'a Texts,
    /// Now.
    pub now: Timestamp,
    /// Hours by which the territory's time is ahead of UTC.
    pub offset_hours: i32,
    /// What the graph holds.
    pub prefill: &'a Prefill,
    /// What was looked up.
    pub lists: &'a Lists,
    /// Values beside the answers that conditions may see, by the names of `svod.inputs`.
    pub inputs: &'a Map<String, Value>,
}

impl Around<'_> {
    /// The day in the territory: `2026-01-31`.
    pub(crate) fn today(&self) -> String {
        let here = self.now.plus_seconds(i64::from(self.offset_hours.clamp(-25, 25)) * 3_600);
        here.to_string().chars().take(10).collect()
    }

    /// The words of a code list's value.
    pub(crate) fn word(&self, list: &str, value: &str) -> String {
        let key = format!("enum-{list}-{value}");
        let known = self.texts.has(self.lang, &key) || self.texts.has(Lang::Ru, &key);
        if known { self.texts.get(self.lang, &key).into_owned() } else { value.to_owned() }
    }
}
