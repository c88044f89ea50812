//! What is shown of a form now: a tree without conditions, expressions or keys, ready to be drawn.

use std::rc::Rc;

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_text::Arg;

use crate::accept::{FieldError, Lock, Refused, lock_at};
use crate::around::{Around, Choice, Draft, FileRef};
use crate::data::{get, join};
use crate::markdown::{self, Block};
use crate::model::{
    Columns, Component, Form, Group, Input, Kind, Like, Limit, Part, Repeat, RowSource, Style, Table, What,
};
use crate::options::options;
use crate::phrase::{Speaker, args, shown};
use crate::settle::{Hidden, Scope, begin, filled, items, settle};
use crate::value;

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
        /// How many at the most.
        most: usize,
        /// A photograph: a telephone offers its camera.
        photo: bool,
        /// Those that are there.
        files: Vec<FileRef>,
    },
}

/// Answers of one page in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// The page.
    pub page: PageTitle,
    /// Its answers.
    pub rows: Vec<FieldView>,
}

struct Drawer<'a> {
    form: &'a Form,
    around: &'a Around<'a>,
    draft: &'a Draft,
    data: &'a Value,
    hidden: &'a Hidden,
    args: Vec<(String, Arg<'static>)>,
    refused: Option<&'a Refused>,
}

impl Form {
    /// A page as it is now: `page` by its name, else the first. With `refused`, what was typed and what is wrong with it.
    pub fn view(&self, draft: &Draft, page: Option<&str>, around: &Around<'_>, refused: Option<&Refused>) -> View {
        let draft = refused.map_or(draft, |r| &r.draft);
        let base = begin(self, around, draft);
        let settled = settle(self, around, &base);
        let drawer = Drawer {
            form: self,
            around,
            draft,
            data: &settled.data,
            hidden: &settled.hidden,
            args: args(&settled.data),
            refused,
        };
        let top = Scope::top(self, around, &settled.data);
        let pages = drawer.pages(&top);
        let at = pages.iter().position(|(_, p)| Some(p.name.as_str()) == page).unwrap_or(0);
        let (items, signature) = match pages.get(at) {
            Some((group, _)) => {
                let name = group.path.as_str();
                (drawer.list(&group.components, name, &top, ""), group.page.as_ref().is_some_and(|p| p.signature))
            }
            None => (drawer.list(&self.components, "", &top, ""), false),
        };
        let send = self.components.iter().find_map(|c| send(c, &drawer.speaker(&top)));
        let mut titles: Vec<PageTitle> = pages.into_iter().map(|(_, title)| title).collect();
        if titles.is_empty() {
            titles.push(PageTitle { complete: complete(&items), ..PageTitle::default() });
        }
        View {
            pages: titles,
            page: at,
            items,
            errors: refused.map_or_else(Vec::new, |r| r.errors.clone()),
            send,
            signature,
        }
    }

    /// Titles of all pages in the order of [`Form::page_names`], as they are before anything is answered.
    pub fn page_titles(&self, around: &Around<'_>) -> Vec<String> {
        let data = begin(self, around, &Draft::default());
        let (top, args) = (Scope::top(self, around, &data), args(&data));
        let speaker = Speaker { around, facts: &top.facts, args: &args };
        let title = |group: &Group| group.label.as_ref().map_or_else(String::new, |l| l.say(&speaker));
        self.components
            .iter()
            .filter_map(|c| match &c.what {
                What::Group(group) if group.page.is_some() => Some(title(group)),
                _ => None,
            })
            .collect()
    }

    /// All answers in words, page by page: what somebody checks before the form is sent.
    pub fn overview(&self, draft: &Draft, around: &Around<'_>) -> Vec<Chapter> {
        let first = self.view(draft, None, around, None);
        let mut out = Vec::new();
        for (at, page) in first.pages.iter().enumerate() {
            let view = if at == 0 { None } else { Some(self.view(draft, Some(&page.name), around, None)) };
            let mut rows = Vec::new();
            gather(&view.as_ref().unwrap_or(&first).items, &mut rows);
            out.push(Chapter { page: page.clone(), rows });
        }
        out
    }
}

fn gather(items: &[Item], rows: &mut Vec<FieldView>) {
    for item in items {
        match &item.shown {
            Shown::Field(field) => rows.push((**field).clone()),
            Shown::Group { items, .. } => gather(items, rows),
            Shown::Repeat { items, .. } => items.iter().for_each(|i| gather(i, rows)),
            _ => {}
        }
    }
}

/// True when nothing that must be there is missing.
fn complete(items: &[Item]) -> bool {
    let mut rows = Vec::new();
    gather(items, &mut rows);
    let empty = |f: &FieldView| match &f.control {
        Control::Files { files, .. } => files.is_empty(),
        _ => f.typed.iter().all(|t| t.trim().is_empty()),
    };
    rows.iter().all(|f| f.locked || !f.required || !empty(f))
}

/// The words of the form's button, wherever it stands.
fn send(component: &Component, speaker: &Speaker<'_>) -> Option<String> {
    match &component.what {
        What::Submit(words) => Some(words.say(speaker)),
        _ => component.inner().iter().find_map(|c| send(c, speaker)),
    }
}

impl<'a> Drawer<'a> {
    fn speaker<'s>(&'s self, scope: &'s Scope) -> Speaker<'s> {
        Speaker { around: self.around, facts: &scope.facts, args: &self.args }
    }

    fn is_hidden(&self, component: &Component, scope: &Scope) -> bool {
        self.hidden.contains(&(component.at.clone(), scope.prefix.clone()))
    }

    /// The pages that are shown.
    fn pages(&self, top: &Rc<Scope>) -> Vec<(&'a Group, PageTitle)> {
        let shown = self.form.components.iter().filter(|c| !self.is_hidden(c, top));
        let page = |c: &'a Component| match &c.what {
            What::Group(group) => Some((group, group.page.as_ref()?)),
            _ => None,
        };
        shown
            .filter_map(page)
            .map(|(group, page)| {
                let title = group.label.as_ref().map_or_else(String::new, |l| l.say(&self.speaker(top)));
                let complete = complete(&self.list(&group.components, &group.path, top, ""));
                (group, PageTitle { name: page.name.clone(), title, complete })
            })
            .collect()
    }

    fn list(&self, components: &'a [Component], place: &str, scope: &Rc<Scope>, within: &str) -> Vec<Item> {
        let visible = components.iter().filter(|c| !self.is_hidden(c, scope));
        visible
            .filter_map(|c| {
                let shown = self.shown(c, place, scope, within)?;
                Some(Item { row: c.row.clone(), columns: c.columns, shown })
            })
            .collect()
    }

    fn shown(&self, component: &'a Component, place: &str, scope: &Rc<Scope>, within: &str) -> Option<Shown> {
        let speaker = self.speaker(scope);
        Some(match &component.what {
            What::Input(input) => Shown::Field(Box::new(self.field(input, place, scope, within))),
            What::Group(group) => Shown::Group {
                title: group.label.as_ref().map_or_else(String::new, |l| l.say(&speaker)),
                outline: group.outline,
                items: self.list(&group.components, &join(place, &group.path), scope, within),
            },
            What::Repeat(repeat) => self.repeat(repeat, place, scope, within),
            What::Table(table) => self.table(table, scope),
            What::Prose(words) => Shown::Prose(markdown::parse(&words.say_marked(&speaker))),
            What::Image { source, alt } => Shown::Image { source: source.clone(), alt: alt.say(&speaker) },
            What::Spacer => Shown::Spacer,
            What::Separator => Shown::Separator,
            What::Reset(words) => Shown::Reset(words.say(&speaker)),
            What::Submit(_) | What::Computed { .. } => return None,
        })
    }

    fn repeat(&self, repeat: &'a Repeat, place: &str, scope: &Rc<Scope>, within: &str) -> Shown {
        let name = join(place, &repeat.path);
        let title = repeat.label.as_ref().map_or_else(String::new, |l| l.say(&self.speaker(scope)));
        let count = items(self.data, &name);
        let each = (0..count).map(|at| {
            let prefix = format!("{name}.{at}");
            let inner = scope.item(self.data, prefix.clone(), at);
            let joint = if within.is_empty() { "" } else { "; " };
            self.list(&repeat.components, &prefix, &inner, &format!("{within}{joint}{title}, {}", at + 1))
        });
        Shown::Repeat {
            items: each.collect(),
            add: repeat.changes && count < repeat.max,
            remove: repeat.changes && count > repeat.min,
            error: self.error(&name),
            name,
            title,
        }
    }

    fn error(&self, name: &str) -> Option<FieldError> {
        self.refused?.errors.iter().find(|e| e.name == name).cloned()
    }

    fn table(&self, table: &Table, scope: &Scope) -> Shown {
        let speaker = self.speaker(scope);
        let rows = match &table.rows {
            RowSource::Key(place) => {
                let outside = || {
                    place.split_once('.').map_or_else(
                        || self.around.inputs.get(place),
                        |(first, rest)| get(self.around.inputs.get(first)?, rest),
                    )
                };
                get(self.data, place).or_else(outside).cloned().unwrap_or(Value::Null)
            }
            RowSource::By(expression) => expression.value(speaker.facts),
        };
        let columns: Vec<(String, String)> = match &table.columns {
            Columns::Fixed(columns) => columns.iter().map(|(key, label)| (key.clone(), label.say(&speaker))).collect(),
            Columns::By(expression) => {
                let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).map(str::to_owned);
                let made = expression.value(speaker.facts);
                let columns = made.as_array().into_iter().flatten().take(20);
                columns.filter_map(|c| Some((text(c, "key")?, text(c, "label")?))).collect()
            }
        };
        let rows = rows.as_array().into_iter().flatten().take(table.most);
        let cell = |row: &Value, key: &str| get(row, key).map(shown).unwrap_or_default();
        Shown::Table {
            title: table.label.as_ref().map_or_else(String::new, |l| l.say(&speaker)),
            rows: rows.map(|row| columns.iter().map(|(key, _)| cell(row, key)).collect()).collect(),
            columns: columns.into_iter().map(|(_, label)| label).collect(),
        }
    }

    fn field(&self, input: &Input, place: &str, scope: &Rc<Scope>, within: &str) -> FieldView {
        let speaker = self.speaker(scope);
        let name = join(place, &input.key);
        let value = get(self.data, &name).cloned().unwrap_or(Value::Null);
        let offered = options(input, self.around, &speaker, self.data);
        let lock = lock_at(input, &name, scope, self.draft, self.around);
        let error = self.error(&name);
        // What could not be read is shown as it was typed; what could is shown as it is kept.
        let attempt = self.refused.filter(|_| error.is_some()).and_then(|r| r.typed.get(&name));
        let say =
            |phrase: &Option<crate::phrase::Phrase>| phrase.as_ref().map_or_else(String::new, |p| p.say(&speaker));
        FieldView {
            label: input.label.say(&speaker),
            hint: say(&input.hint),
            around: (say(&input.prefix), say(&input.suffix)),
            typed: attempt.cloned().unwrap_or_else(|| value::typed(input, &value, self.around)),
            display: value::display(input, &value, &offered, self.around),
            required: input.required.is_on(speaker.facts),
            locked: lock.is_some(),
            source: self.source(input, &name, &value, lock, &offered),
            within: within.to_owned(),
            control: self.control(input, &name, &value, offered, &speaker),
            error,
            name,
        }
    }

    fn source(
        &self,
        input: &Input,
        name: &str,
        value: &Value,
        lock: Option<Lock>,
        offered: &[Choice],
    ) -> Option<SourceView> {
        let given = filled(input, self.around)?;
        let from = self.around.prefill.get(&input.source.as_ref()?.path)?;
        let disputed = self.draft.disputed.contains(name);
        // Somebody changed what they may change: the source has nothing to do with it any more.
        if *value != given && !disputed {
            return None;
        }
        Some(SourceView {
            name: from.source.clone(),
            as_of: from.as_of,
            says: value::display(input, &given, offered, self.around),
            disputed,
            may_dispute: lock == Some(Lock::Source),
        })
    }

    fn control(
        &self,
        input: &Input,
        name: &str,
        value: &Value,
        offered: Vec<Choice>,
        speaker: &Speaker<'_>,
    ) -> Control {
        let most = |limit: &Option<Limit>| {
            let now = limit.as_ref().and_then(|l| l.now(speaker.facts));
            now.and_then(|n| n.to_string().parse().ok()).unwrap_or(crate::limits::MOST_TEXT)
        };
        match &input.kind {
            Kind::Text(rules) if rules.area => Control::Area { most: most(&rules.max) },
            Kind::Text(rules) => Control::Text { like: rules.like, most: most(&rules.max), purpose: rules.purpose },
            Kind::Number(rules) => Control::Number { decimal: rules.digits != Some(0) },
            Kind::Moment(rules) => Control::Moment {
                part: rules.part,
                from: rules.no_past.then(|| self.around.today()),
                interval: rules.interval,
                purpose: rules.purpose,
            },
            Kind::Checkbox => Control::Checkbox,
            Kind::Choice(rules) => Control::Choice { style: rules.style, choices: offered },
            Kind::Address(register) => {
                let found = self.around.lists.found.get(name);
                let mut choices = found.cloned().unwrap_or_default();
                if let Value::String(id) = value
                    && let Some(label) = self.around.lists.addresses.get(id)
                    && !choices.iter().any(|c| c.value == *value)
                {
                    choices.insert(0, Choice { value: value.clone(), label: label.clone() });
                }
                Control::Address { register: register.clone(), choices, searched: found.is_some() }
            }
            Kind::Files(rules) => Control::Files {
                accept: rules.accept.join(","),
                most: rules.most,
                photo: rules.photo,
                files: value::files(value),
            },
        }
    }
}
