use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use svod_kernel::Lang;
use unic_langid::LanguageIdentifier;

use crate::numbers::localise;

/// One thing wrong with a `.ftl` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}:{line}: {message}")]
pub struct TextError {
    /// The file, as the caller named it.
    pub origin: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// An argument of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg<'a> {
    /// Put in as it is.
    Text(Cow<'a, str>),
    /// Chooses the plural form and is written as the language writes numbers. Years and codes go as text.
    Number(f64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(v: &'a str) -> Self {
        Self::Text(v.into())
    }
}

impl From<String> for Arg<'_> {
    fn from(v: String) -> Self {
        Self::Text(v.into())
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(v: &'a String) -> Self {
        Self::Text(v.into())
    }
}

impl From<f64> for Arg<'_> {
    fn from(v: f64) -> Self {
        Self::Number(v)
    }
}

impl From<i64> for Arg<'_> {
    fn from(v: i64) -> Self {
        Self::Number(v as f64)
    }
}

impl From<i32> for Arg<'_> {
    fn from(v: i32) -> Self {
        Self::Number(f64::from(v))
    }
}

impl From<usize> for Arg<'_> {
    fn from(v: usize) -> Self {
        Self::Number(v as f64)
    }
}

impl From<u64> for Arg<'_> {
    fn from(v: u64) -> Self {
        Self::Number(v as f64)
    }
}

/// The messages of one language.
struct Catalogue {
    lang: Lang,
    bundle: FluentBundle<Arc<FluentResource>>,
    resources: Vec<Arc<FluentResource>>,
    /// Messages that have a text; terms and messages of attributes only are not among them.
    keys: BTreeSet<String>,
}

/// Messages of every language. Cheap to share (`Arc<Texts>`), `Send` and `Sync`.
pub struct Texts {
    catalogues: [Catalogue; 3],
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts: Vec<_> = self.catalogues.iter().map(|c| (c.lang, c.keys.len())).collect();
        f.debug_struct("Texts").field("messages", &counts).finish()
    }
}

impl Texts {
    /// Reads `.ftl` texts (language, origin named in errors, text). A key may stand once per language and file; in another file
    /// it may stand again when it says the same.
    ///
    /// # Errors
    /// Every syntax error and every key that stands twice, with file and line.
    pub fn new(sources: impl IntoIterator<Item = (Lang, String, String)>) -> Result<Self, Vec<TextError>> {
        let mut errors = Vec::new();
        let mut resources: BTreeMap<Lang, Vec<Arc<FluentResource>>> = BTreeMap::new();
        let mut seen = BTreeMap::new();
        for (lang, origin, ftl) in sources {
            // A byte order mark is no part of the first key.
            let ftl = ftl.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(ftl);
            match FluentResource::try_new(ftl) {
                Ok(resource) => {
                    find_duplicates(lang, &origin, &resource, &mut seen, &mut errors);
                    resources.entry(lang).or_default().push(Arc::new(resource));
                }
                Err((resource, found)) => errors.extend(found.iter().map(|e| TextError {
                    origin: origin.clone(),
                    line: line_of(resource.source(), e.pos.start),
                    message: e.kind.to_string(),
                })),
            }
        }
        if errors.is_empty() { Ok(Self::of(resources)) } else { Err(errors) }
    }

    fn of(mut resources: BTreeMap<Lang, Vec<Arc<FluentResource>>>) -> Self {
        Self { catalogues: Lang::ALL.map(|lang| Catalogue::new(lang, resources.remove(&lang).unwrap_or_default())) }
    }

    /// These texts with `over` laid over them: where both have a key, `over` wins. Messages of either may refer
    /// to messages and terms of the other.
    #[must_use]
    pub fn merged(&self, over: &Self) -> Self {
        let both = self.catalogues.iter().chain(&over.catalogues);
        let mut resources: BTreeMap<Lang, Vec<Arc<FluentResource>>> = BTreeMap::new();
        for c in both {
            resources.entry(c.lang).or_default().extend(c.resources.iter().cloned());
        }
        Self::of(resources)
    }

    /// The message without arguments. Falls back to Russian, then to the key itself. `key.attribute` names a
    /// message's attribute.
    pub fn get<'a>(&'a self, lang: Lang, key: &'a str) -> Cow<'a, str> {
        self.find(lang, key, None).unwrap_or(Cow::Borrowed(key))
    }

    /// The message with its arguments put in; falls back as [`Texts::get`] does.
    pub fn format(&self, lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let mut fluent = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            match arg {
                Arg::Text(t) => fluent.set(*name, FluentValue::from(t.as_ref())),
                Arg::Number(n) => fluent.set(*name, FluentValue::from(*n)),
            }
        }
        self.find(lang, key, Some(&fluent)).map_or_else(|| key.to_owned(), Cow::into_owned)
    }

    /// True when the language itself has the message (no fallback).
    pub fn has(&self, lang: Lang, key: &str) -> bool {
        self.catalogue(lang).pattern_exists(key)
    }

    /// The keys of one language, sorted.
    pub fn keys(&self, lang: Lang) -> impl Iterator<Item = &str> {
        self.catalogue(lang).keys.iter().map(String::as_str)
    }

    /// Keys that some language has and this one has not.
    pub fn missing(&self) -> Vec<(Lang, String)> {
        let all: BTreeSet<&String> = self.catalogues.iter().flat_map(|c| &c.keys).collect();
        let lacks = |c: &Catalogue, key: &String| (!c.keys.contains(key)).then(|| (c.lang, key.clone()));
        self.catalogues.iter().flat_map(|c| all.iter().filter_map(|k| lacks(c, k)).collect::<Vec<_>>()).collect()
    }

    fn find<'a>(&'a self, lang: Lang, key: &str, args: Option<&FluentArgs<'_>>) -> Option<Cow<'a, str>> {
        let own = self.catalogue(lang).render(key, args);
        if own.is_some() || lang == Lang::Ru { own } else { self.catalogue(Lang::Ru).render(key, args) }
    }

    const fn catalogue(&self, lang: Lang) -> &Catalogue {
        match lang {
            Lang::Ru => &self.catalogues[0],
            Lang::Kk => &self.catalogues[1],
            Lang::En => &self.catalogues[2],
        }
    }
}

impl Catalogue {
    fn new(lang: Lang, resources: Vec<Arc<FluentResource>>) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![identifier(lang)]);
        // Isolation marks around arguments break copying, searching and comparing of the text.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match lang {
            Lang::Ru => |v, _| number_text(Lang::Ru, v),
            Lang::Kk => |v, _| number_text(Lang::Kk, v),
            Lang::En => |v, _| number_text(Lang::En, v),
        }));
        // Fails only when a function NUMBER is there already; the bundle is new.
        let _ = bundle.add_builtins();
        let mut keys = BTreeSet::new();
        for r in &resources {
            for entry in r.entries() {
                if let Entry::Message(m) = entry
                    && m.value.is_some()
                {
                    keys.insert(m.id.name.to_owned());
                }
            }
            bundle.add_resource_overriding(Arc::clone(r));
        }
        Self { lang, bundle, resources, keys }
    }

    fn pattern_exists(&self, key: &str) -> bool {
        self.pattern(key).is_some()
    }

    fn pattern(&self, key: &str) -> Option<&fluent_syntax::ast::Pattern<&str>> {
        match key.split_once('.') {
            None => self.bundle.get_message(key)?.value(),
            Some((id, attribute)) => Some(self.bundle.get_message(id)?.get_attribute(attribute)?.value()),
        }
    }

    fn render<'a>(&'a self, key: &str, args: Option<&FluentArgs<'_>>) -> Option<Cow<'a, str>> {
        // Errors (an argument not given) leave `{$name}` in the text, which is what a reader can report.
        let mut errors = Vec::new();
        let pattern = self.pattern(key)?;
        let text = self.bundle.format_pattern(pattern, args, &mut errors);
        Some(Cow::Owned(text.into_owned()))
    }
}

fn identifier(lang: Lang) -> LanguageIdentifier {
    // The tags of `Lang` are well-formed; the default is the undetermined language.
    lang.tag().parse().unwrap_or_default()
}

fn number_text(lang: Lang, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(FluentNumber { value, options }) = value else { return None };
    if !value.is_finite() {
        return Some("—".into());
    }
    let most = options.maximum_fraction_digits.unwrap_or(6).min(12);
    let least = options.minimum_fraction_digits.unwrap_or(0).min(most);
    let mut plain = format!("{value:.most$}");
    if let Some(point) = plain.find('.') {
        let floor = point + 1 + least;
        while plain.len() > floor && plain.ends_with('0') {
            plain.pop();
        }
        if plain.ends_with('.') {
            plain.pop();
        }
    }
    Some(localise(lang, &plain, options.use_grouping))
}

fn find_duplicates(
    lang: Lang,
    origin: &str,
    resource: &FluentResource,
    seen: &mut BTreeMap<(Lang, String), (String, String)>,
    errors: &mut Vec<TextError>,
) {
    for entry in resource.entries() {
        // What it says, so that packs that know nothing of each other may name the same thing alike.
        let (id, says) = match entry {
            Entry::Message(m) => (m.id.name.to_owned(), format!("{:?}{:?}", m.value, m.attributes)),
            Entry::Term(t) => (format!("-{}", t.id.name), format!("{:?}{:?}", t.value, t.attributes)),
            _ => continue,
        };
        let line = last_line_of_key(resource.source(), &id);
        let here = format!("{origin}:{line}");
        match seen.get(&(lang, id.clone())) {
            Some((first, said)) if *said != says || first.split(':').next() == Some(origin) => {
                let message = format!("key '{id}' stands already in {first}, and says something else there");
                errors.push(TextError { origin: origin.to_owned(), line, message });
            }
            Some(_) => {}
            None => {
                seen.insert((lang, id), (here, says));
            }
        }
    }
}

/// An entry begins at the start of a line, so its key is found without positions in the syntax tree.
fn last_line_of_key(source: &str, id: &str) -> usize {
    let is_key = |l: &str| l.strip_prefix(id).is_some_and(|rest| rest.trim_start().starts_with('='));
    source.lines().enumerate().filter(|(_, l)| is_key(l)).last().map_or(1, |(i, _)| i + 1)
}

fn line_of(source: &str, at: usize) -> usize {
    source.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ru: &str, kk: &str, en: &str) -> Texts {
        let source = |lang, ftl: &str| (lang, format!("{lang:?}.ftl"), ftl.to_owned());
        Texts::new([source(Lang::Ru, ru), source(Lang::Kk, kk), source(Lang::En, en)]).unwrap()
    }

    #[test]
    fn is_send_and_sync() {
        fn check<T: Send + Sync>() {}
        check::<Texts>();
    }

    #[test]
    fn russian_kazakh_and_english_plurals() {
        let t = texts(
            "tasks = { $n ->\n    [one] { $n } задача\n    [few] { $n } задачи\n    [many] { $n } задач\n   *[other] { $n } задачи\n}\n",
            "tasks = { $n } тапсырма\n",
            "tasks = { $n ->\n    [one] { $n } task\n   *[other] { $n } tasks\n}\n",
        );
        let say = |lang, n: f64| t.format(lang, "tasks", &[("n", n.into())]);
        let russian: Vec<_> = [0.0, 1.0, 2.0, 5.0, 11.0, 12.0, 21.0, 22.0, 25.0, 111.0, 1.5]
            .map(|n| say(Lang::Ru, n).split_whitespace().last().unwrap().to_owned())
            .into();
        assert_eq!(
            russian,
            ["задач", "задача", "задачи", "задач", "задач", "задач", "задача", "задачи", "задач", "задач", "задачи"]
        );
        assert_eq!(say(Lang::Ru, 21_000.0), "21\u{a0}000 задач");
        assert_eq!(say(Lang::Kk, 3.0), "3 тапсырма");
        assert_eq!(say(Lang::En, 1.0), "1 task");
        assert_eq!(say(Lang::En, 1.5), "1.5 tasks");
    }

    #[test]
    fn falls_back_to_russian_and_then_to_the_key() {
        let t = texts("a = А\nb =\n    .label = Метка\n", "", "a = A\n");
        assert_eq!(t.get(Lang::Kk, "a"), "А");
        assert_eq!(t.get(Lang::En, "a"), "A");
        assert_eq!(t.get(Lang::En, "nothing"), "nothing");
        assert_eq!(t.get(Lang::En, "b.label"), "Метка");
        assert!(t.has(Lang::Ru, "a") && !t.has(Lang::Kk, "a"));
        assert_eq!(t.missing(), [(Lang::Kk, "a".to_owned())]);
    }

    #[test]
    fn a_pack_lies_over_the_portal_and_may_use_its_terms() {
        let portal = texts("-svod = Свод\nhello = Привет\nbye = Пока\n", "", "");
        let pack = texts("hello = Здравствуйте, это { -svod }\n", "", "");
        let both = portal.merged(&pack);
        assert_eq!(both.get(Lang::Ru, "hello"), "Здравствуйте, это Свод");
        assert_eq!(both.get(Lang::Ru, "bye"), "Пока");
        assert_eq!(portal.get(Lang::Ru, "hello"), "Привет");
    }

    #[test]
    fn number_options_are_kept() {
        let t = texts("v = { NUMBER($x, minimumFractionDigits: 2, maximumFractionDigits: 2) }\n", "", "");
        assert_eq!(t.format(Lang::Ru, "v", &[("x", 12_345.6.into())]), "12\u{a0}345,60");
    }

    #[test]
    fn errors_name_file_and_line() {
        let bad = (Lang::Ru, "ru.ftl".to_owned(), "a = A\n\nb = { $\n".to_owned());
        let errors = Texts::new([bad]).unwrap_err();
        assert_eq!((errors[0].origin.as_str(), errors[0].line), ("ru.ftl", 3));
        let twice = Texts::new([
            (Lang::En, "a.ftl".into(), "x = 1\n".into()),
            (Lang::En, "b.ftl".into(), "y = 2\nx = 3\n".into()),
        ])
        .unwrap_err();
        assert_eq!(twice[0].to_string(), "b.ftl:2: key 'x' stands already in a.ftl:1, and says something else there");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(ftl in "\\PC{0,200}", key in "\\PC{0,20}") {
            if let Ok(t) = Texts::new([(Lang::Ru, "x".into(), ftl)]) {
                let _ = t.format(Lang::En, &key, &[("n", 1.0.into())]);
            }
        }
    }
}
