//! From JSON to a [`Form`]: everything wrong is found at once, each with its place in the JSON, the rule and the fix.

mod containers;
mod inputs;
mod kinds;
mod own;
mod reader;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::data;
use crate::fault::{Faults, FormFault};
use crate::limits;
use crate::model::{Columns, Component, Form, Kind, Options, Own, Page, RowSource, Switch, What};
use crate::phrase::Phrase;
use reader::At;

/// Newest version of the schema of form-js that is read.
const NEWEST: u64 = 19;
/// Keys that every component may have.
const COMMON: [&str; 5] = ["type", "id", "layout", "conditional", "properties"];

pub(crate) struct Parser {
    pub faults: Faults,
    /// Places in the data that belong to a field, and where that field stands.
    taken: BTreeMap<String, String>,
    count: usize,
    pages: BTreeSet<String>,
}

/// Where a component stands.
#[derive(Clone)]
pub(crate) struct Standing {
    /// Place in the data; `[]` for the items of a repeat.
    pub place: String,
    pub depth: usize,
    /// Only there a group may be a page.
    pub top: bool,
}

impl Form {
    /// Reads a form: JSON of form-js (schema versions up to 19) with the properties `svod.…` of `docs/forms.md`.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place in the JSON, the rule and the fix.
    pub fn parse(file: &str, json: &str) -> Result<Self, Vec<FormFault>> {
        let mut faults = Faults::new(file);
        if json.len() > limits::SOURCE {
            faults.add(
                "",
                "form-size",
                format!("the form is larger than {} bytes", limits::SOURCE),
                "split it into several",
            );
            return Err(faults.into_found());
        }
        let root = match serde_json::from_str::<Value>(json) {
            Ok(Value::Object(root)) => root,
            Ok(_) => {
                faults.add("", "form-syntax", "the form is no JSON object", "save it from a form-js editor");
                return Err(faults.into_found());
            }
            Err(e) => {
                faults.add("", "form-syntax", e, "correct the JSON");
                return Err(faults.into_found());
            }
        };
        Parser { faults, taken: BTreeMap::new(), count: 0, pages: BTreeSet::new() }.form(&root)
    }
}

impl Parser {
    fn form(mut self, root: &Map<String, Value>) -> Result<Form, Vec<FormFault>> {
        let at = At::root(root);
        let known = [
            "type",
            "id",
            "schemaVersion",
            "executionPlatform",
            "executionPlatformVersion",
            "versionTag",
            "exporter",
            "components",
            "svod.inputs",
            "svod.own",
            "$schema",
        ];
        self.keys(&at, &known, &[]);
        if root.get("type").and_then(Value::as_str) != Some("default") {
            self.faults.add("type", "form-syntax", "the type of a form is \"default\"", "write \"type\": \"default\"");
        }
        if let Some(version) = root.get("schemaVersion")
            && version.as_u64().is_none_or(|v| !(1..=NEWEST).contains(&v))
        {
            let fix = format!("save the form with a schema version from 1 to {NEWEST}");
            self.faults.add("schemaVersion", "form-version", format!("{version} is not read"), fix);
        }
        let id = self.text(&at, "id", limits::TEXT).unwrap_or_default();
        let mut inputs = self.inputs(root);
        let own = self.own(root, &mut inputs);
        let Some(Value::Array(list)) = root.get("components") else {
            self.faults.add("components", "form-syntax", "there are no components", "give a list of components");
            return Err(self.faults.into_found());
        };
        let standing = Standing { place: String::new(), depth: 0, top: true };
        let components = self.components(list, "components", &standing);
        self.check_pages(&components);
        if self.count > limits::COMPONENTS {
            let message = format!("there are {} components", self.count);
            self.faults.add("components", "form-size", message, format!("keep to {}", limits::COMPONENTS));
        }
        self.faults.into_result(Form { id, components, inputs, own })
    }

    /// Names of the values beside the answers that expressions may see.
    fn inputs(&mut self, root: &Map<String, Value>) -> Vec<String> {
        let Some(value) = root.get("svod.inputs") else { return Vec::new() };
        let names: Option<Vec<String>> = value
            .as_array()
            .and_then(|list| list.iter().map(|n| n.as_str().filter(|n| is_step(n)).map(str::to_owned)).collect());
        names.filter(|n| n.len() <= 50).unwrap_or_else(|| {
            let fix = "write a list of at most 50 names such as [\"case\", \"applicant\"]";
            self.faults.add("svod.inputs", "form-kind", "this is no list of names", fix);
            Vec::new()
        })
    }

    /// The components of a list.
    pub(crate) fn components(&mut self, list: &[Value], path: &str, standing: &Standing) -> Vec<Component> {
        if standing.depth > limits::DEPTH {
            let fix = format!("nest at most {} containers", limits::DEPTH);
            self.faults.add(path, "form-size", "containers stand too deep in one another", fix);
            return Vec::new();
        }
        let mut out = Vec::new();
        for (i, value) in list.iter().enumerate() {
            self.count += 1;
            // Enough to say so; the rest of a file that is far too large is not looked at.
            if self.count > 2 * limits::COMPONENTS {
                break;
            }
            let path = format!("{path}[{i}]");
            let Some(map) = value.as_object() else {
                self.faults.add(&path, "form-kind", "a component is an object", "write {\"type\": …}");
                continue;
            };
            out.extend(self.component(&At { map, path }, standing));
        }
        out
    }

    fn component(&mut self, at: &At<'_>, standing: &Standing) -> Option<Component> {
        let hide = self.hide(at);
        let (row, columns) = self.layout(at);
        let Some(kind) = at.map.get("type").and_then(Value::as_str) else {
            self.faults.add(&at.to("type"), "form-component", "the component has no type", "write its type");
            return None;
        };
        let what = match kind {
            "textfield" | "textarea" | "number" | "datetime" | "checkbox" | "checklist" | "radio" | "select"
            | "taglist" | "filepicker" => What::Input(Box::new(self.input(at, kind, standing)?)),
            "group" => self.group(at, standing)?,
            "dynamiclist" => self.repeat(at, standing)?,
            "table" => What::Table(self.table(at)?),
            "text" => {
                self.keys(at, &COMMON, &["text"]);
                self.property_keys(at, &[]);
                What::Prose(self.phrase(at, "text", limits::PROSE, true)?)
            }
            "image" => self.image(at)?,
            "spacer" | "separator" => {
                self.keys(at, &COMMON, &["height"]);
                self.property_keys(at, &[]);
                if kind == "spacer" { What::Spacer } else { What::Separator }
            }
            "button" => self.button(at)?,
            "expression" => self.computed(at, standing)?,
            _ => {
                self.refuse(at, kind);
                return None;
            }
        };
        Some(Component { at: at.path.clone(), hide, row, columns, what })
    }

    fn refuse(&mut self, at: &At<'_>, kind: &str) {
        let path = at.to("type");
        match kind {
            "html" => {
                let fix = "write a text component: Markdown has headings, lists, bold, italic, links";
                self.faults.add(&path, "form-unsafe", "html would put foreign markup into the page", fix);
            }
            "iframe" => {
                let fix = "say in a text component where to look, with a link";
                self.faults.add(&path, "form-unsafe", "iframe would put a foreign page into this one", fix);
            }
            _ => {
                let fix = "use one of those in docs/forms.md";
                self.faults.add(&path, "form-component", format!("'{kind}' is no component that is known here"), fix);
            }
        }
    }

    /// Either all that stands at the top is pages, save buttons, or nothing is.
    fn check_pages(&mut self, components: &[Component]) {
        let pages: Vec<_> = components.iter().filter_map(|c| page_of(c).map(|p| (c, p))).collect();
        if pages.len() > limits::PAGES {
            let message = format!("there are {} pages", pages.len());
            self.faults.add("components", "form-size", message, format!("keep to {}", limits::PAGES));
        }
        if let Some((at, _)) = pages.split_last().and_then(|(_, before)| before.iter().find(|(_, p)| p.signature)) {
            let fix = "sign on the last page";
            self.faults.add(&at.at, "form-page", "the page that is signed is not the last one", fix);
        }
        if pages.is_empty() {
            return;
        }
        for stray in components.iter().filter(|c| page_of(c).is_none() && !matches!(c.what, What::Submit(_))) {
            let fix = "put it into one of the pages";
            self.faults.add(&stray.at, "form-page", "it stands outside of the pages", fix);
        }
    }

    /// Takes a place in the data for a field.
    pub(crate) fn take(&mut self, place: &str, at: &str) {
        let inside = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let before = self.taken.iter().find(|(t, _)| inside(place, t) || inside(t, place)).map(|(_, at)| at.clone());
        match before {
            Some(before) => {
                let message = format!("'{place}' belongs to {before} already");
                self.faults.add(at, "form-duplicate", message, "give each field a key of its own");
            }
            None => _ = self.taken.insert(place.to_owned(), at.to_owned()),
        }
    }

    /// A page's name is taken once.
    pub(crate) fn take_page(&mut self, name: &str) -> bool {
        self.pages.insert(name.to_owned())
    }
}

fn page_of(component: &Component) -> Option<&Page> {
    match &component.what {
        What::Group(group) => group.page.as_ref(),
        _ => None,
    }
}

/// A word of a key: letters, digits and _, not beginning with a digit, so that no answer can be taken for an index.
pub(crate) fn is_step(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    // Every object of a browser has these already.
    let taken = ["__proto__", "prototype", "constructor"].contains(&text);
    text.len() <= 64 && text.starts_with(first) && text.chars().all(plain) && !taken
}

impl Form {
    /// The form's own id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What of the applicant's own it offers to choose from (`svod.own`): each list is a value beside the answers.
    pub fn own(&self) -> &[Own] {
        &self.own
    }

    /// Names of the values beside the answers that its conditions look at (`svod.inputs`, `svod.own`).
    pub fn input_names(&self) -> &[String] {
        &self.inputs
    }

    /// Names of its pages in their order; empty for a form of one page.
    pub fn page_names(&self) -> Vec<&str> {
        self.components
            .iter()
            .filter_map(|c| match &c.what {
                What::Group(g) => g.page.as_ref().map(|p| p.name.as_str()),
                _ => None,
            })
            .collect()
    }

    /// True when its last page is signed.
    pub fn is_signed(&self) -> bool {
        self.components
            .iter()
            .any(|c| matches!(&c.what, What::Group(g) if g.page.as_ref().is_some_and(|p| p.signature)))
    }

    /// Every key of the locales that it names: a pack's check looks for each of them in each language.
    pub fn text_keys(&self) -> BTreeSet<&str> {
        let mut keys = BTreeSet::new();
        self.each(&mut |c| keys.extend(c.phrases().into_iter().filter_map(Phrase::key)));
        keys.extend(self.own.iter().filter_map(|own| own.other.as_ref()?.1.strip_prefix('@')));
        keys
    }

    /// Every path of `svod.source`.
    pub fn sources(&self) -> BTreeSet<&str> {
        let mut out = BTreeSet::new();
        self.each(&mut |c| {
            if let What::Input(input) = &c.what {
                out.extend(input.source.as_ref().map(|s| s.path.as_str()));
            }
        });
        out
    }

    /// Every code list that it offers.
    pub fn code_lists(&self) -> BTreeSet<&str> {
        let mut out = BTreeSet::new();
        self.each(&mut |c| {
            if let What::Input(input) = &c.what
                && let Kind::Choice(rules) = &input.kind
                && let Options::Codes(list) = &rules.options
            {
                out.insert(list.as_str());
            }
        });
        out
    }

    /// Every component, containers before what they hold.
    pub(crate) fn each<'f>(&'f self, see: &mut impl FnMut(&'f Component)) {
        fn walk<'f>(components: &'f [Component], see: &mut impl FnMut(&'f Component)) {
            for c in components {
                see(c);
                walk(c.inner(), see);
            }
        }
        walk(&self.components, see);
    }
}

impl Component {
    /// What a container holds; nothing for others.
    pub(crate) fn inner(&self) -> &[Self] {
        match &self.what {
            What::Group(g) => &g.components,
            What::Repeat(r) => &r.components,
            _ => &[],
        }
    }

    fn phrases(&self) -> Vec<&Phrase> {
        let mut out = Vec::new();
        match &self.what {
            What::Input(input) => {
                out.push(&input.label);
                out.extend([&input.hint, &input.prefix, &input.suffix].into_iter().flatten());
                match &input.kind {
                    Kind::Text(rules) => out.extend(&rules.pattern_words),
                    Kind::Choice(rules) => {
                        if let Options::Fixed(options) = &rules.options {
                            out.extend(options.iter().map(|(_, label)| label));
                        }
                    }
                    _ => {}
                }
            }
            What::Group(g) => out.extend(&g.label),
            What::Repeat(r) => out.extend(&r.label),
            What::Table(t) => {
                out.extend(&t.label);
                if let Columns::Fixed(columns) = &t.columns {
                    out.extend(columns.iter().map(|(_, label)| label));
                }
            }
            What::Prose(p) | What::Submit(p) | What::Reset(p) | What::Image { alt: p, .. } => out.push(p),
            What::Spacer | What::Separator | What::Computed { .. } => {}
        }
        out
    }
}

impl Switch {
    pub(crate) const OFF: Self = Self::Fixed(false);
}

/// A key that is read as a place, or `=expression`.
pub(crate) fn rows_of(parser: &mut Parser, at: &At<'_>, key: &str) -> Option<RowSource> {
    let text = parser.text(at, key, limits::TEXT)?;
    if text.starts_with('=') {
        return parser.expression(at, key).map(RowSource::By);
    }
    parser.place(at, key, &text).map(RowSource::Key)
}

/// The place of something inside a container.
pub(crate) fn below(standing: &Standing, key: &str) -> String {
    data::join(&standing.place, key)
}
