//! What the buttons of a page ask for: one more item, one less, a file taken away, a value of the graph disputed.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::accept::{Lock, Sent, lock};
use crate::around::{Around, Draft};
use crate::data::{self, get_mut};
use crate::model::{Form, Kind, What};
use crate::settle::{begin, filled, items, settle};

/// The value of a page's button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// On to the next page, or to the overview behind the last.
    Next,
    /// Back to the page before.
    Back,
    /// Keep what is there and come back later.
    Save,
    /// Send the form.
    Send,
    /// To that page.
    Page(String),
    /// One more item of that repeat.
    Add(String),
    /// That repeat without its item (from 0).
    Remove(String, usize),
    /// That field without its file (from 0).
    Drop(String, usize),
    /// What the graph says for that field is wrong.
    Dispute(String),
    /// What the graph says for that field is right after all.
    Keep(String),
    /// Look for an address in the register of that field.
    Find(String),
}

impl FromStr for Action {
    type Err = ();

    /// `next`, `add:children`, `remove:children.1` …; nothing else is an act.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, name) = text.split_once(':').unwrap_or((text, ""));
        let plain =
            |n: &str| n.len() <= 300 && n.split('.').all(|s| data::index(s).is_some() || crate::parse::is_step(s));
        if !name.is_empty() && word != "page" && !plain(name) {
            return Err(());
        }
        let counted = || {
            let (name, at) = name.rsplit_once('.').ok_or(())?;
            Ok((name.to_owned(), data::index(at).ok_or(())?))
        };
        let own = name.to_owned();
        match (word, name.is_empty()) {
            ("next", true) => Ok(Self::Next),
            ("back", true) => Ok(Self::Back),
            ("save", true) => Ok(Self::Save),
            ("send", true) => Ok(Self::Send),
            ("page", false) if name.len() <= 40 => Ok(Self::Page(own)),
            ("add", false) => Ok(Self::Add(own)),
            ("remove", false) => counted().map(|(name, at)| Self::Remove(name, at)),
            ("drop", false) => counted().map(|(name, at)| Self::Drop(name, at)),
            ("dispute", false) => Ok(Self::Dispute(own)),
            ("keep", false) => Ok(Self::Keep(own)),
            ("find", false) => Ok(Self::Find(own)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("next"),
            Self::Back => f.write_str("back"),
            Self::Save => f.write_str("save"),
            Self::Send => f.write_str("send"),
            Self::Page(name) => write!(f, "page:{name}"),
            Self::Add(name) => write!(f, "add:{name}"),
            Self::Remove(name, at) => write!(f, "remove:{name}.{at}"),
            Self::Drop(name, at) => write!(f, "drop:{name}.{at}"),
            Self::Dispute(name) => write!(f, "dispute:{name}"),
            Self::Keep(name) => write!(f, "keep:{name}"),
            Self::Find(name) => write!(f, "find:{name}"),
        }
    }
}

impl Form {
    /// The draft after an act; the same draft where the form does not offer it, and for acts that only lead elsewhere.
    #[must_use]
    pub fn act(&self, draft: &Draft, action: &Action, around: &Around<'_>) -> Draft {
        let base = begin(self, around, draft);
        let settled = settle(self, around, &base);
        let mut out = Draft { data: base, disputed: draft.disputed.clone() };
        self.visible(&settled, around, &settled.data, &mut |met| match (action, &met.component.what) {
            (Action::Add(name), What::Repeat(repeat)) if *name == met.name && repeat.changes => {
                if items(&out.data, name) < repeat.max
                    && let Some(Value::Array(list)) = get_mut(&mut out.data, name)
                {
                    list.push(Value::Object(Map::new()));
                }
            }
            (Action::Remove(name, at), What::Repeat(repeat)) if *name == met.name && repeat.changes => {
                if items(&out.data, name) > repeat.min
                    && let Some(Value::Array(list)) = get_mut(&mut out.data, name)
                    && *at < list.len()
                {
                    list.remove(*at);
                }
            }
            (Action::Drop(name, at), What::Input(input)) if *name == met.name => {
                if matches!(input.kind, Kind::Files(_))
                    && lock(input, met, draft, around).is_none()
                    && let Some(Value::Array(list)) = get_mut(&mut out.data, name)
                    && *at < list.len()
                {
                    list.remove(*at);
                }
            }
            (Action::Dispute(name), What::Input(input))
                if *name == met.name && lock(input, met, draft, around) == Some(Lock::Source) =>
            {
                out.disputed.insert(name.clone());
            }
            (Action::Keep(name), What::Input(input)) if *name == met.name => {
                if out.disputed.remove(name)
                    && let Some(value) = filled(input, around)
                {
                    data::set(&mut out.data, name, value);
                }
            }
            _ => {}
        });
        let data = settle(self, around, &begin(self, around, &out)).data;
        Draft { data, disputed: out.disputed }
    }

    /// A draft that was kept, over what the form begins with now: where its reader may not answer, that counts.
    #[must_use]
    pub fn resume(&self, first: &Draft, kept: Draft, around: &Around<'_>) -> Draft {
        let base = Draft { data: first.data.clone(), disputed: kept.disputed };
        match self.accept(None, &base, Sent::Data(&kept.data), around) {
            Ok(draft) => draft,
            Err(refused) => refused.draft,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_written_and_read() {
        for text in [
            "next",
            "back",
            "save",
            "send",
            "page:who-you-are",
            "add:a.b",
            "remove:a.0.b.11",
            "drop:scan.0",
            "dispute:x",
            "keep:x",
            "find:home.address",
        ] {
            assert_eq!(text.parse::<Action>().unwrap().to_string(), text);
        }
        for bad in
            ["", "next:x", "add", "remove:a", "remove:a.b", "remove:a.99999", "add:a b", "add:..", "drop:.0", "run:x"]
        {
            assert!(bad.parse::<Action>().is_err(), "{bad}");
        }
    }
}
