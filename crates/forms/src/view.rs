//! What is shown of a form now.

use std::rc::Rc;

use serde_json::Value;
use svod_text::Arg;

use crate::accept::{FieldError, Lock, Refused, lock_at};
use crate::around::{Around, Choice, Draft};
use crate::data::{get, join};
use crate::live::{self, Condition};
use crate::markdown;
use crate::model::{Columns, Component, Form, Group, Input, Kind, Limit, Repeat, RowSource, Table, What};
use crate::options::options;
use crate::page::{Chapter, Control, FieldView, Item, PageTitle, Shown, SourceView, View, gather};
use crate::phrase::{Speaker, args, shown};
use crate::settle::{Hidden, Scope, begin, filled, items, settle};
use crate::value;

struct Drawer<'a> {
    form: &'a Form,
    around: &'a Around<'a>,
    draft: &'a Draft,
    data: &'a Value,
    /// Answers with those of what is hidden.
    base: &'a Value,
    hidden: &'a Hidden,
    live: Option<live::Page<'a>>,
    args: Vec<(String, Arg<'static>)>,
    refused: Option<&'a Refused>,
}

/// Where a component stands.
#[derive(Clone, Copy)]
struct Spot<'s> {
    place: &'s str,
    scope: &'s Rc<Scope>,
    /// In which items of repeats.
    within: &'s str,
    /// Under something that is hidden.
    ghost: bool,
}

impl Form {
    /// A page as it is now: `page` by its name, else the first. With `refused`, what was typed and what is wrong with it.
    pub fn view(&self, draft: &Draft, page: Option<&str>, around: &Around<'_>, refused: Option<&Refused>) -> View {
        let draft = refused.map_or(draft, |r| &r.draft);
        let base = begin(self, around, draft);
        let settled = settle(self, around, &base);
        let mut drawer = Drawer {
            form: self,
            around,
            draft,
            data: &settled.data,
            base: &base,
            hidden: &settled.hidden,
            live: None,
            args: args(&settled.data),
            refused,
        };
        let top = Scope::top(self, around, &settled.data);
        let pages = drawer.pages(&top);
        let at = pages.iter().position(|(_, p)| Some(p.name.as_str()) == page).unwrap_or(0);
        let (components, name, signature) = match pages.get(at) {
            Some((group, _)) => {
                (&group.components, group.path.as_str(), group.page.as_ref().is_some_and(|p| p.signature))
            }
            None => (&self.components, "", false),
        };
        drawer.live = live::Page::new(components, name, (draft, around));
        let items = drawer.list(components, &Spot { place: name, scope: &top, within: "", ghost: false });
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
            appeared: refused.map_or_else(Vec::new, |r| r.appeared.clone()),
            known: drawer.live.as_ref().map(|live| live.known(&settled.data, self, around)),
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
                let spot = Spot { place: &group.path, scope: top, within: "", ghost: false };
                let complete = complete(&self.list(&group.components, &spot));
                (group, PageTitle { name: page.name.clone(), title, complete })
            })
            .collect()
    }

    /// What is shown, and what answers of the page may bring up.
    fn list(&self, components: &'a [Component], spot: &Spot<'_>) -> Vec<Item> {
        let each = components.iter().filter_map(|c| {
            let hidden = if spot.ghost {
                c.hide.as_ref().is_some_and(|hide| hide.hides(&spot.scope.facts))
            } else {
                self.is_hidden(c, spot.scope)
            };
            let decided = self.live.as_ref().is_some_and(|live| live.decides(c));
            let ghost = spot.ghost || hidden;
            // What the graph holds comes when it is shown by right.
            let from_graph = matches!(&c.what, What::Input(input) if filled(input, self.around).is_some());
            if hidden && !decided || ghost && from_graph {
                return None;
            }
            let shown = self.shown(c, &Spot { ghost, ..*spot })?;
            let hide = c.hide.as_ref().filter(|_| decided);
            let condition = hide.map(|hide| Condition { hide: hide.text().to_owned(), hidden });
            Some(Item { row: c.row.clone(), columns: c.columns, condition, shown })
        });
        each.collect()
    }

    fn shown(&self, component: &'a Component, spot: &Spot<'_>) -> Option<Shown> {
        let Spot { place, scope, .. } = *spot;
        let speaker = self.speaker(scope);
        Some(match &component.what {
            What::Input(input) => Shown::Field(Box::new(self.field(input, spot))),
            What::Group(group) => Shown::Group {
                title: group.label.as_ref().map_or_else(String::new, |l| l.say(&speaker)),
                outline: group.outline,
                items: self.list(&group.components, &Spot { place: &join(place, &group.path), ..*spot }),
            },
            What::Repeat(repeat) => self.repeat(repeat, spot),
            What::Table(table) => self.table(table, scope),
            What::Prose(words) => Shown::Prose(markdown::parse(&words.say_marked(&speaker))),
            What::Image { source, alt } => Shown::Image { source: source.clone(), alt: alt.say(&speaker) },
            What::Spacer => Shown::Spacer,
            What::Separator => Shown::Separator,
            What::Reset(words) => Shown::Reset(words.say(&speaker)),
            What::Computed { key, by } if self.live.is_some() => {
                Shown::Computed { name: join(place, key), by: by.text().to_owned() }
            }
            What::Submit(_) | What::Computed { .. } => return None,
        })
    }

    fn repeat(&self, repeat: &'a Repeat, spot: &Spot<'_>) -> Shown {
        let Spot { scope, within, ghost, .. } = *spot;
        let data = if ghost { self.base } else { self.data };
        let name = join(spot.place, &repeat.path);
        let title = repeat.label.as_ref().map_or_else(String::new, |l| l.say(&self.speaker(scope)));
        let count = items(data, &name);
        let each = (0..count).map(|at| {
            let prefix = format!("{name}.{at}");
            let inner = scope.item(data, prefix.clone(), at);
            let joint = if within.is_empty() { "" } else { "; " };
            let within = format!("{within}{joint}{title}, {}", at + 1);
            self.list(&repeat.components, &Spot { place: &prefix, scope: &inner, within: &within, ghost })
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

    fn field(&self, input: &Input, spot: &Spot<'_>) -> FieldView {
        let Spot { scope, within, ghost, .. } = *spot;
        let speaker = self.speaker(scope);
        let name = join(spot.place, &input.key);
        let value = get(if ghost { self.base } else { self.data }, &name).cloned().unwrap_or(Value::Null);
        let offered = options(input, self.around, &speaker, self.data);
        let lock = lock_at(input, &name, scope, self.draft, self.around);
        let error = self.error(&name);
        // What could not be read is shown as it was typed; what could is shown as it is kept.
        let attempt = self.refused.filter(|_| error.is_some()).and_then(|r| r.typed.get(&name));
        let say =
            |phrase: &Option<crate::phrase::Phrase>| phrase.as_ref().map_or_else(String::new, |p| p.say(&speaker));
        let live = self.live.as_ref().map(|_| live::reading(input, &value, lock.is_some(), (&offered, self.around)));
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
            live,
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
            Kind::Place => Control::Place,
            Kind::Files(rules) => Control::Files {
                accept: rules.offered(),
                kinds: rules.kinds(),
                most: rules.most,
                photo: rules.photo,
                files: value::files(value),
            },
        }
    }
}
