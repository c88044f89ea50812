//! From the file to a process, refusing what is not executed. Every finding is reported, not only the first.

mod activities;
mod assemble;
mod definitions;
mod draft;
mod events;
mod extensions;
mod refuse;
mod repeat;

use crate::check;
use crate::error::ProcessError;
use crate::model::Process;
use crate::xml::{self, Limits, Node};

use draft::Draft;

/// Namespace of the attributes and elements that Svod adds to BPMN.
pub const SVOD_NAMESPACE: &str = "urn:svod:bpmn";
/// Largest file in bytes.
pub const MAX_SOURCE: usize = 1024 * 1024;
/// Deepest nesting of XML elements.
pub const MAX_DEPTH: usize = 64;
/// Most XML elements in a file, diagram included.
pub const MAX_ELEMENTS: usize = 20_000;

const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const DIAGRAM: &str = "http://www.omg.org/spec/BPMN/20100524/DI";

/// Says how a thing is drawn, or explains it: nothing that is executed.
const DRAWN: [&str; 12] = [
    "documentation",
    "extensionElements",
    "itemDefinition",
    "category",
    "dataStore",
    "partnerEntity",
    "partnerRole",
    "endPoint",
    "resource",
    "monitoring",
    "auditing",
    "interface",
];

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
    /// Everything wrong with it, by line: each finding names element, reason and fix.
    pub fn parse(file: &str, xml: &str) -> Result<Self, Vec<ProcessError>> {
        let mut report = Report { file, errors: Vec::new() };
        let process = document(xml, &mut report);
        match process {
            Some(process) if report.errors.is_empty() => Ok(process),
            _ => {
                report.errors.sort_by_key(|e| e.line);
                Err(report.errors)
            }
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
    let mut draft = Draft::new(report);
    let mut processes = Vec::new();
    for child in &root.children {
        match child.name.as_str() {
            _ if child.namespace == DIAGRAM => {}
            "process" if child.namespace == BPMN => processes.push(child),
            _ => draft.definition(child),
        }
    }
    let node = chosen(&root, &processes, draft.report)?;
    draft.process(node);
    let process = draft.assemble(node)?;
    check::all(&process, node.line, report);
    Some(process)
}

/// The one process that is executed; others in the file are drawings of what partners do.
fn chosen<'n>(root: &Node, processes: &[&'n Node], report: &mut Report<'_>) -> Option<&'n Node> {
    let mut executable = processes.iter().filter(|p| p.attribute("isExecutable") == Some("true"));
    match (executable.next(), executable.next()) {
        (Some(one), None) => return Some(one),
        (Some(_), Some(second)) => {
            report.add(second.line, label(second), "is a second process in the file", "keep one process in a file");
        }
        (None, _) => match processes.first() {
            Some(one) => {
                report.add(one.line, label(one), "is not executable", "set isExecutable=\"true\"");
                return Some(one);
            }
            None => report.add(root.line, "definitions", "holds no process", "draw one process"),
        },
    }
    None
}

/// Element and id, as findings name it.
fn label(node: &Node) -> String {
    match node.attribute("id") {
        Some(id) => format!("{} '{id}'", node.name),
        None => node.name.clone(),
    }
}

/// Documentation and extensions say nothing about execution by themselves.
fn is_drawn(node: &Node) -> bool {
    node.namespace == BPMN && DRAWN.contains(&node.name.as_str())
}
