//! Groups, repeats, tables, pictures, buttons, expressions.

use serde_json::Value;

use super::reader::At;
use super::{COMMON, Parser, Standing, below, rows_of};
use crate::limits;
use crate::model::{Columns, Component, Group, Page, Repeat, Table, What};

impl Parser {
    fn held(&mut self, at: &At<'_>, standing: &Standing) -> Vec<Component> {
        match at.map.get("components") {
            Some(Value::Array(list)) => self.components(list, &at.to("components"), standing),
            None => Vec::new(),
            Some(_) => {
                self.faults.add(&at.to("components"), "form-kind", "components are a list", "write a list");
                Vec::new()
            }
        }
    }

    pub(crate) fn group(&mut self, at: &At<'_>, standing: &Standing) -> Option<What> {
        self.keys(at, &COMMON, &["label", "path", "components", "showOutline", "verticalAlignment"]);
        let properties = self.property_keys(at, &["svod.page", "svod.signature"]);
        let signature = self.yes(at, properties.get("svod.signature"), "svod.signature");
        let page = properties.get("svod.page").and_then(|name| self.page(at, name, signature, standing));
        if signature && page.is_none() {
            let path = format!("{}.svod.signature", at.to("properties"));
            self.faults.add(&path, "form-property", "only a page is signed", "make the group a page with svod.page");
        }
        let label = self.phrase(at, "label", limits::TEXT, page.is_some());
        let outline = self.flag(at, "showOutline").unwrap_or(false);
        let path = self.path(at)?;
        let inner = Standing { place: below(standing, &path), depth: standing.depth + 1, top: false };
        let components = self.held(at, &inner);
        Some(What::Group(Group { path, label, outline, page, components }))
    }

    fn page(&mut self, at: &At<'_>, name: &str, signature: bool, standing: &Standing) -> Option<Page> {
        let path = format!("{}.svod.page", at.to("properties"));
        let good = name.len() <= 40
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !good {
            let fix = "write a word for the page's address: applicant";
            self.faults.add(&path, "form-property", format!("'{name}' is no name of a page"), fix);
        } else if !standing.top {
            self.faults.add(&path, "form-page", "a page stands inside of another group", "move it to the top");
        } else if !self.take_page(name) {
            let message = format!("there are two pages '{name}'");
            self.faults.add(&path, "form-duplicate", message, "give each page its own name");
        }
        good.then(|| Page { name: name.to_owned(), signature })
    }

    pub(crate) fn repeat(&mut self, at: &At<'_>, standing: &Standing) -> Option<What> {
        let own = [
            "label",
            "path",
            "components",
            "showOutline",
            "verticalAlignment",
            "isRepeating",
            "allowAddRemove",
            "defaultRepetitions",
            "disableCollapse",
            "nonCollapsedItems",
        ];
        self.keys(at, &COMMON, &own);
        let properties = self.property_keys(at, &["svod.min-items", "svod.max-items"]);
        let repeats = self.flag(at, "isRepeating").unwrap_or(false);
        let label = self.phrase(at, "label", limits::TEXT, repeats);
        let outline = self.flag(at, "showOutline").unwrap_or(false);
        let path = self.path(at)?;
        if !repeats {
            let inner = Standing { place: below(standing, &path), depth: standing.depth + 1, top: false };
            let components = self.held(at, &inner);
            return Some(What::Group(Group { path, label, outline, page: None, components }));
        }
        if path.is_empty() {
            self.missing(at, "path", "say where its items are kept: children");
            return None;
        }
        let place = below(standing, &path);
        self.take(&place, &at.path);
        let changes = self.flag(at, "allowAddRemove").unwrap_or(false);
        let most = limits::MOST_ITEMS;
        let min = self.count_of(at, properties.get("svod.min-items"), "svod.min-items", most).unwrap_or(0);
        let max = self.count_of(at, properties.get("svod.max-items"), "svod.max-items", most).unwrap_or(limits::ITEMS);
        let first = self.whole(at, "defaultRepetitions", 0, most).unwrap_or(1);
        if min > max || first > max {
            let fix = "raise svod.max-items";
            self.faults.add(&at.path, "form-value", format!("at most {max} items are allowed"), fix);
        }
        let inner = Standing { place: format!("{place}[]"), depth: standing.depth + 1, top: false };
        let components = self.held(at, &inner);
        Some(What::Repeat(Repeat { path, label, first: first.max(min), min, max, changes, components }))
    }

    pub(crate) fn table(&mut self, at: &At<'_>) -> Option<Table> {
        self.keys(at, &COMMON, &["label", "dataSource", "columns", "columnsExpression", "rowCount"]);
        self.property_keys(at, &[]);
        let label = self.phrase(at, "label", limits::TEXT, false);
        let most = self.whole(at, "rowCount", 1, limits::MOST_ROWS).unwrap_or(limits::ROWS);
        if !at.map.contains_key("dataSource") {
            self.missing(at, "dataSource", "write the place of a list, or =expression");
        }
        let rows = rows_of(self, at, "dataSource");
        let columns = if at.map.contains_key("columnsExpression") {
            self.expression(at, "columnsExpression").map(Columns::By)
        } else {
            self.columns(at)
        };
        Some(Table { label, rows: rows?, columns: columns?, most })
    }

    fn columns(&mut self, at: &At<'_>) -> Option<Columns> {
        let path = at.to("columns");
        let list = at.map.get("columns").and_then(Value::as_array).filter(|l| (1..=20).contains(&l.len()));
        let Some(list) = list else {
            let fix = "write from 1 to 20 of {\"label\": …, \"key\": …}";
            self.faults.add(&path, "form-missing", "the table has no columns", fix);
            return None;
        };
        let mut out = Vec::new();
        for (i, item) in list.iter().enumerate() {
            let path = format!("{path}[{i}]");
            let Some(map) = item.as_object() else {
                self.faults.add(&path, "form-kind", "a column is an object", "write {\"label\": …, \"key\": …}");
                continue;
            };
            let column = At { map, path };
            self.keys(&column, &["label", "key"], &[]);
            let label = self.phrase(&column, "label", limits::TEXT, true);
            let key = self.key(&column);
            out.extend(key.zip(label));
        }
        Some(Columns::Fixed(out))
    }

    pub(crate) fn image(&mut self, at: &At<'_>) -> Option<What> {
        self.keys(at, &COMMON, &["source", "alt"]);
        self.property_keys(at, &[]);
        let alt = self.phrase(at, "alt", limits::TEXT, true);
        let source = self.text(at, "source", limits::TEXT).unwrap_or_default();
        let own = source.strip_prefix("/assets/").is_some_and(|rest| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_.-".contains(&b);
            !rest.is_empty() && !rest.contains("..") && rest.bytes().all(plain)
        });
        if !own {
            let fix = "write a path below /assets/";
            self.faults.add(&at.to("source"), "form-image", format!("'{source}' is no picture of the platform"), fix);
        }
        alt.filter(|_| own).map(|alt| What::Image { source, alt })
    }

    pub(crate) fn button(&mut self, at: &At<'_>) -> Option<What> {
        self.keys(at, &COMMON, &["label", "action"]);
        self.property_keys(at, &[]);
        let label = self.phrase(at, "label", limits::TEXT, true);
        match self.text(at, "action", 20).as_deref() {
            None | Some("submit") => label.map(What::Submit),
            Some("reset") => label.map(What::Reset),
            Some(other) => {
                let fix = "write submit or reset";
                self.faults.add(&at.to("action"), "form-value", format!("'{other}' is no act"), fix);
                None
            }
        }
    }

    pub(crate) fn computed(&mut self, at: &At<'_>, standing: &Standing) -> Option<What> {
        self.keys(at, &COMMON, &["key", "expression", "computeOn"]);
        self.property_keys(at, &[]);
        match self.text(at, "computeOn", 20).as_deref() {
            None | Some("change" | "presubmit") => {}
            Some(other) => {
                let fix = "write change or presubmit";
                self.faults.add(&at.to("computeOn"), "form-value", format!("'{other}' is no moment"), fix);
            }
        }
        let key = self.key(at);
        if let Some(key) = &key {
            self.take(&below(standing, key), &at.path);
        }
        if !at.map.contains_key("expression") {
            self.missing(at, "expression", "write =expression");
        }
        let by = self.expression(at, "expression");
        Some(What::Computed { key: key?, by: by? })
    }
}
