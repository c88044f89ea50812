//! From the file to a process, refusing what is not executed. Every finding is reported, not only the first.

use std::collections::{BTreeMap, BTreeSet};

use crate::check;
use crate::error::ProcessError;
use crate::process::{Element, Flow, NodeKind, Process};
use crate::xml::{self, Limits, Node};

/// Namespace of the attributes that Svod reads on a user task.
pub const SVOD_NAMESPACE: &str = "urn:svod:bpmn";
/// Largest file in bytes.
pub const MAX_SOURCE: usize = 1024 * 1024;
/// Deepest nesting of XML elements.
pub const MAX_DEPTH: usize = 64;
/// Most XML elements in a file, diagram included.
pub const MAX_ELEMENTS: usize = 20_000;

const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const DIAGRAM: &str = "http://www.omg.org/spec/BPMN/20100524/DI";

/// Errors of one file, collected.
pub(crate) struct Report<'f> {
    file: &'f str,
    pub(crate) errors: Vec<ProcessError>,
}

impl Report<'_> {
    pub(crate) fn add(
        &mut self,
        line: usize,
        element: impl Into<String>,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.errors.push(ProcessError {
            file: self.file.to_owned(),
            line,
            element: element.into(),
            reason: reason.into(),
            fix: fix.into(),
        });
    }
}

impl Process {
    /// Reads a BPMN 2.0 file; `file` is named in errors.
    ///
    /// # Errors
    /// Everything wrong with it: each finding names element, reason and fix.
    pub fn parse(file: &str, xml: &str) -> Result<Self, Vec<ProcessError>> {
        let mut report = Report { file, errors: Vec::new() };
        let process = document(xml, &mut report);
        match process {
            Some(process) if report.errors.is_empty() => Ok(process),
            _ => Err(report.errors),
        }
    }
}

fn document(xml: &str, report: &mut Report<'_>) -> Option<Process> {
    if xml.len() > MAX_SOURCE {
        report.add(1, "file", format!("larger than {MAX_SOURCE} bytes"), "split it into several processes");
        return None;
    }
    let root = match xml::read(xml, &Limits { depth: MAX_DEPTH, elements: MAX_ELEMENTS }) {
        Ok(root) => root,
        Err(e) => {
            report.add(e.line, "file", e.message, "save it again from a BPMN editor");
            return None;
        }
    };
    if root.namespace != BPMN || root.name != "definitions" {
        let fix = format!("the root element must be definitions in the namespace {BPMN}");
        report.add(root.line, label(&root), "is not a BPMN 2.0 file", fix);
        return None;
    }
    let mut processes = Vec::new();
    for child in &root.children {
        match child.name.as_str() {
            _ if child.namespace == DIAGRAM => {}
            "process" if child.namespace == BPMN => processes.push(child),
            _ if is_annotation(child) => {}
            _ => refuse(child, report),
        }
    }
    match processes.as_slice() {
        [one] => process(one, report),
        [] => {
            report.add(root.line, "definitions", "holds no process", "draw one process");
            None
        }
        [_, second, ..] => {
            report.add(second.line, label(second), "is a second process in the file", "keep one process in a file");
            None
        }
    }
}

/// Documentation and extensions say nothing about execution.
fn is_annotation(node: &Node) -> bool {
    node.namespace == BPMN && ["documentation", "extensionElements"].contains(&node.name.as_str())
}

fn process(node: &Node, report: &mut Report<'_>) -> Option<Process> {
    if node.attribute("isExecutable") != Some("true") {
        report.add(node.line, label(node), "is not executable", "set isExecutable=\"true\"");
    }
    let mut draft = Draft { elements: BTreeMap::new(), flows: Vec::new(), ids: BTreeSet::new() };
    for child in &node.children {
        match child.name.as_str() {
            _ if is_annotation(child) => {}
            _ if child.namespace != BPMN => refuse(child, report),
            "startEvent" => draft.node(child, NodeKind::Start, report),
            "userTask" => draft.node(child, NodeKind::UserTask, report),
            "endEvent" => draft.node(child, NodeKind::End, report),
            "sequenceFlow" => draft.flow(child, report),
            _ => refuse(child, report),
        }
    }
    let id = required(node, "id", report)?;
    check::structure(node.line, &id, &draft.elements, &draft.flows, report);
    let start = draft.elements.values().find(|e| e.kind == NodeKind::Start)?.id.clone();
    Some(Process {
        name: node.attribute("name").filter(|n| !n.trim().is_empty()).unwrap_or(&id).to_owned(),
        id,
        elements: draft.elements,
        flows: draft.flows,
        start,
    })
}

struct Draft {
    elements: BTreeMap<String, Element>,
    flows: Vec<Flow>,
    ids: BTreeSet<String>,
}

impl Draft {
    fn new_id(&mut self, node: &Node, report: &mut Report<'_>) -> Option<String> {
        let id = required(node, "id", report)?;
        if !self.ids.insert(id.clone()) {
            report.add(node.line, label(node), "its id is used twice", "give every element an id of its own");
            return None;
        }
        Some(id)
    }

    fn node(&mut self, node: &Node, kind: NodeKind, report: &mut Report<'_>) {
        for child in node.children.iter().filter(|c| !is_annotation(c)) {
            // incoming and outgoing repeat what the sequence flows say.
            if child.namespace != BPMN || !["incoming", "outgoing"].contains(&child.name.as_str()) {
                refuse_inside(node, child, report);
            }
        }
        refuse_attributes(node, &["id", "name", "isInterrupting", "implementation"], report);
        let Some(id) = self.new_id(node, report) else { return };
        let attributes = node
            .attributes
            .iter()
            .filter(|a| a.namespace == SVOD_NAMESPACE)
            .map(|a| (a.name.clone(), a.value.clone()))
            .collect();
        let name = node.attribute("name").filter(|n| !n.trim().is_empty()).unwrap_or(&id).to_owned();
        self.elements.insert(id.clone(), Element { id, kind, name, attributes, line: node.line });
    }

    fn flow(&mut self, node: &Node, report: &mut Report<'_>) {
        for child in node.children.iter().filter(|c| !is_annotation(c)) {
            refuse_inside(node, child, report);
        }
        refuse_attributes(node, &["id", "name", "sourceRef", "targetRef"], report);
        let (id, source, target) =
            (self.new_id(node, report), required(node, "sourceRef", report), required(node, "targetRef", report));
        if let (Some(id), Some(source), Some(target)) = (id, source, target) {
            self.flows.push(Flow { id, source, target, line: node.line });
        }
    }
}

fn required(node: &Node, name: &str, report: &mut Report<'_>) -> Option<String> {
    let value = node.attribute(name).filter(|v| !v.trim().is_empty()).map(str::to_owned);
    if value.is_none() {
        report.add(node.line, label(node), format!("has no {name}"), format!("give it the attribute {name}"));
    }
    value
}

/// An attribute that changes how an element runs must not be passed over in silence.
fn refuse_attributes(node: &Node, known: &[&str], report: &mut Report<'_>) {
    for a in node.attributes.iter().filter(|a| a.namespace.is_empty() && !known.contains(&a.name.as_str())) {
        report.add(
            node.line,
            label(node),
            format!("its attribute {}=\"{}\" is not executed", a.name, a.value),
            format!("remove the attribute {}", a.name),
        );
    }
}

fn refuse_inside(parent: &Node, child: &Node, report: &mut Report<'_>) {
    report.add(
        child.line,
        label(parent),
        format!("{} inside it is not executed", child.name),
        format!("remove {} or use a plain {}", child.name, parent.name),
    );
}

fn refuse(node: &Node, report: &mut Report<'_>) {
    let (reason, fix) = match node.name.as_str() {
        "collaboration" | "participant" | "laneSet" | "lane" => (
            "pools and lanes are not executed: who does a task is decided by territory and subject",
            "draw the process without pools and lanes",
        ),
        n if n.ends_with("Gateway") => ("gateways are not executed yet", "draw the process as one path of user tasks"),
        n if n.ends_with("Task") || n == "task" || n == "callActivity" => {
            ("this kind of task is not executed", "use a user task")
        }
        n if n.ends_with("Event") => ("this kind of event is not executed", "use a plain start or end event"),
        n if n.to_lowercase().contains("subprocess") || n == "transaction" => {
            ("subprocesses are not executed", "draw the tasks in the process itself")
        }
        _ => (
            "this element is not executed",
            "remove it: start event, user task, end event and sequence flow are executed",
        ),
    };
    report.add(node.line, label(node), reason, fix);
}

fn label(node: &Node) -> String {
    match node.attribute("id") {
        Some(id) => format!("{} '{id}'", node.name),
        None => node.name.clone(),
    }
}
