//! All parts are read: they find each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Element, NodeKind, Process, Reference, Trigger};
use crate::xml::Node;

use super::draft::Draft;

impl Draft<'_, '_> {
    /// The process of everything that was read.
    pub(super) fn assemble(mut self, node: &Node) -> Option<Process> {
        let id = self.required(node, "id")?;
        let key = Self::svod(node, "businessKey").map(str::to_owned);
        let business_key = key.and_then(|k| self.expression(node, "svod:businessKey", &k));
        self.join_flows();
        self.join_borders();
        let parents: Vec<(String, String)> =
            self.elements.values().filter_map(|e| e.parent.clone().map(|p| (p, e.id.clone()))).collect();
        for (parent, child) in parents {
            if let Some(parent) = self.elements.get_mut(&parent) {
                parent.children.push(child);
            }
        }
        for (node, lane) in std::mem::take(&mut self.lanes) {
            if let Some(element) = self.elements.get_mut(&node) {
                element.lane = Some(lane);
            }
        }
        let references = references(&self.elements);
        Some(Process {
            name: node.attribute("name").filter(|n| !n.trim().is_empty()).unwrap_or(&id).to_owned(),
            id,
            business_key,
            elements: self.elements,
            flows: self.flows,
            data: self.data,
            references,
        })
    }

    fn join_flows(&mut self) {
        for (at, flow) in self.flows.iter().enumerate() {
            if let Some(source) = self.elements.get_mut(&flow.source) {
                source.outgoing.push(at);
            }
            if let Some(target) = self.elements.get_mut(&flow.target) {
                target.incoming.push(at);
            }
        }
        for (id, flow, line) in std::mem::take(&mut self.defaults) {
            let Some(element) = self.elements.get_mut(&id) else { continue };
            element.default = element.outgoing.iter().copied().find(|f| self.flows[*f].id == flow);
            if element.default.is_none() {
                let label = format!("{} '{id}'", element.tag());
                let reason = format!("its default flow '{flow}' does not leave it");
                self.report.add(line, label, reason, "choose one of its own flows as default");
            }
        }
    }

    fn join_borders(&mut self) {
        let borders: Vec<(String, String)> = self
            .elements
            .values()
            .filter_map(|e| match &e.kind {
                NodeKind::Boundary { on, .. } => Some((e.id.clone(), on.clone())),
                _ => None,
            })
            .collect();
        for (border, on) in borders {
            let tied = self.associations.iter().find_map(|(a, b)| match (*a == border, *b == border) {
                (true, _) => Some(b.clone()),
                (_, true) => Some(a.clone()),
                _ => None,
            });
            let tied = tied.filter(|t| self.elements.get(t).and_then(Element::activity).is_some_and(|a| a.compensates));
            if let Some(NodeKind::Boundary { handler, trigger: Trigger::Compensation(_), .. }) =
                self.elements.get_mut(&border).map(|e| &mut e.kind)
            {
                *handler = tied;
            }
            if let Some(activity) = self.elements.get_mut(&on) {
                activity.boundary.push(border);
            }
        }
    }
}

fn references(elements: &BTreeMap<String, Element>) -> Vec<Reference> {
    let found: BTreeSet<Reference> = elements.values().flat_map(Element::references).collect();
    found.into_iter().collect()
}
