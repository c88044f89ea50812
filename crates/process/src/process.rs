use std::collections::BTreeMap;

/// A process that passed every check. Immutable; share it in an `Arc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) elements: BTreeMap<String, Element>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) start: String,
}

/// What a node of the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Where a case begins (BPMN 2.0.2, 10.5.2).
    Start,
    /// Work of a person (10.3.3).
    UserTask,
    /// Where a token ends (10.5.3).
    End,
}

/// A node of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Id, unique in the file.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// Name as drawn; the id where none is given.
    pub name: String,
    /// Attributes in the namespace `urn:svod:bpmn`, by local name (`form`, `result` …).
    pub attributes: BTreeMap<String, String>,
    /// Line in the file, from 1.
    pub line: usize,
}

/// A sequence flow (8.4.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Id, unique in the file.
    pub id: String,
    /// Element it leaves.
    pub source: String,
    /// Element it enters.
    pub target: String,
    /// Line in the file, from 1.
    pub line: usize,
}

impl Process {
    /// Id of the process: what a trigger names.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Name of the process; its id where none is given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All nodes, by id.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.elements.values()
    }

    /// One node.
    pub fn element(&self, id: &str) -> Option<&Element> {
        self.elements.get(id)
    }

    /// All flows, in the order of the file.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// Elements that the flows out of `id` enter.
    pub(crate) fn targets<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        self.flows.iter().filter(move |f| f.source == id).map(|f| f.target.as_str())
    }
}
