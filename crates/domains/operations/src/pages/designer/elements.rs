//! Two drawings of a process, element by element: what a change of the XML means.

use std::collections::BTreeMap;

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use crate::publications::Difference;

/// Elements that hold a picture or repeat what flows say already.
const DRAWN: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const REPEATED: [&str; 3] = ["incoming", "outgoing", "flowNodeRef"];

/// An element of a process that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Kind and id: `userTask check`.
    pub element: String,
    /// Its name as drawn; empty without one.
    pub name: String,
    /// What became of it.
    pub what: Difference,
}

/// One element: what it is, how it is called, and all that is said of it.
struct Said {
    kind: String,
    name: String,
    rest: String,
}

/// What differs between two files, by id; none when one of them is no readable XML.
pub fn compare(before: &str, after: &str) -> Option<Vec<Changed>> {
    let (before, after) = (read(before)?, read(after)?);
    let changed = |(id, said): (&String, &Said)| {
        let what = match before.get(id) {
            None => Difference::Added,
            Some(old) if old.kind != said.kind || old.name != said.name || old.rest != said.rest => Difference::Changed,
            Some(_) => return None,
        };
        Some(Changed { element: format!("{} {id}", said.kind), name: said.name.clone(), what })
    };
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id)).map(|(id, said)| Changed {
        element: format!("{} {id}", said.kind),
        name: said.name.clone(),
        what: Difference::Removed,
    });
    Some(after.iter().filter_map(changed).chain(gone).collect())
}

/// Every element with an id; what has none belongs to the one around it.
fn read(xml: &str) -> Option<BTreeMap<String, Said>> {
    let mut reader = NsReader::from_str(xml);
    let mut all: BTreeMap<String, Said> = BTreeMap::new();
    // Ids of the elements that are open; the innermost one takes what is said.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut skipped = 0usize;
    loop {
        let event = reader.read_event().ok()?;
        match event {
            Event::Start(ref tag) | Event::Empty(ref tag) => {
                let begins = matches!(event, Event::Start(_));
                let (namespace, local) = reader.resolver().resolve_element(tag.name());
                let kind = local.into_inner().to_owned();
                let drawn = matches!(namespace, ResolveResult::Bound(ns) if ns.0 == DRAWN);
                let model = matches!(namespace, ResolveResult::Bound(ns) if ns.0 == MODEL);
                if skipped > 0 || drawn || (model && REPEATED.contains(&kind.as_str())) {
                    skipped += usize::from(begins);
                    continue;
                }
                let id = enter(&kind, tag, &open, &mut all)?;
                if begins {
                    open.push(id);
                }
            }
            Event::End(_) if skipped > 0 => skipped -= 1,
            Event::End(_) => drop(open.pop()?),
            Event::Text(text) if skipped == 0 => tell(&mut all, &open, text.xml10_content().trim()),
            Event::CData(text) if skipped == 0 => tell(&mut all, &open, text.xml10_content().trim()),
            Event::GeneralRef(name) if skipped == 0 => tell(&mut all, &open, &format!("&{};", &*name)),
            Event::DocType(_) => return None,
            Event::Eof => return open.is_empty().then_some(all),
            _ => {}
        }
    }
}

fn enter(
    kind: &str,
    tag: &BytesStart<'_>,
    open: &[Option<String>],
    all: &mut BTreeMap<String, Said>,
) -> Option<Option<String>> {
    let mut attributes = BTreeMap::new();
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        if attribute.key.as_namespace_binding().is_none() {
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned();
            attributes.insert(attribute.key.local_name().into_inner().to_owned(), value);
        }
    }
    let Some(id) = attributes.remove("id") else {
        tell(all, open, &format!("<{kind} {attributes:?}>"));
        return Some(None);
    };
    let name = attributes.remove("name").unwrap_or_default();
    let parent = open.iter().rev().flatten().next().cloned().unwrap_or_default();
    let rest = format!("{parent} {attributes:?}");
    all.insert(id.clone(), Said { kind: kind.to_owned(), name, rest });
    Some(Some(id))
}

fn tell(all: &mut BTreeMap<String, Said>, open: &[Option<String>], what: &str) {
    if let Some(said) = open.iter().rev().flatten().next().and_then(|id| all.get_mut(id)) {
        said.rest.push_str(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVING: &str = include_str!("../../../../../../packs/moving/processes/moving.bpmn");

    fn told(before: &str, after: &str) -> Vec<String> {
        let all = compare(before, after).unwrap();
        all.into_iter().map(|c| format!("{} {}", c.what.word(), c.element)).collect()
    }

    #[test]
    fn elements_are_named_by_what_became_of_them() {
        assert!(told(MOVING, MOVING).is_empty());
        let longer = MOVING.replace("svod:deadline=\"P2D\"", "svod:deadline=\"P3D\"");
        assert_eq!(told(MOVING, &longer), ["changed userTask check"]);
        let other = MOVING.replace("decision = &quot;register&quot;", "decision = &quot;yes&quot;");
        assert_eq!(told(MOVING, &other), ["changed sequenceFlow to-register-too"]);
        let inputs = MOVING.replace("<svod:input name=\"movingDoubts\" value=\"doubts\"/>", "");
        assert_eq!(told(MOVING, &inputs), ["changed userTask check"]);
        let fewer = MOVING.replace("<endEvent id=\"refused\" name=\"Отказано\"/>", "<endEvent id=\"no\"/>");
        assert_eq!(told(MOVING, &fewer), ["added endEvent no", "removed endEvent refused"]);
    }

    #[test]
    fn a_picture_and_another_order_are_no_change() {
        let drawn = MOVING
            .replace("xmlns:svod", "xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" xmlns:svod")
            .replace(
                "</definitions>",
                "<di:BPMNDiagram id=\"d\"><di:BPMNPlane id=\"p\"/></di:BPMNDiagram></definitions>",
            )
            .replace("targetRef=\"route\"></sequenceFlow>", "targetRef=\"route\"/>")
            .replace(
                "name=\"Заявление принято\"/>",
                "name=\"Заявление принято\"><outgoing>to-route</outgoing></startEvent>",
            );
        assert_ne!(drawn, MOVING);
        assert!(told(MOVING, &drawn).is_empty());
        assert_eq!(compare(MOVING, "<a>"), None);
        assert_eq!(compare(MOVING, "<!DOCTYPE a><a/>"), None);
    }
}
