//! Attributes and elements of the namespace `urn:svod:bpmn` (docs/processes.md).

use std::collections::BTreeMap;

use crate::model::Mapping;
use crate::xml::Node;

use super::draft::{Draft, is_variable};
use super::{BPMN, SVOD_NAMESPACE};

impl Draft<'_, '_> {
    /// One of our attributes.
    pub(super) fn svod<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
        let mut ours = node.attributes.iter().filter(|a| a.namespace == SVOD_NAMESPACE);
        ours.find(|a| a.name == name).map(|a| a.value.trim())
    }

    pub(super) fn all_svod(node: &Node) -> BTreeMap<String, String> {
        let ours = node.attributes.iter().filter(|a| a.namespace == SVOD_NAMESPACE);
        ours.map(|a| (a.name.clone(), a.value.clone())).collect()
    }

    /// An attribute of ours that means nothing here is a slip of the pen.
    pub(super) fn svod_attributes(&mut self, node: &Node, known: &[&str]) {
        for a in node.attributes.iter().filter(|a| a.namespace == SVOD_NAMESPACE) {
            if !known.contains(&a.name.as_str()) {
                let fix = match known {
                    [] => "remove it".to_owned(),
                    known => format!("remove it, or use one of {}", known.join(", ")),
                };
                self.say(node, format!("its attribute svod:{} means nothing here", a.name), fix);
            } else if a.value.trim().is_empty() {
                self.say(node, format!("its attribute svod:{} is empty", a.name), "fill it in or remove it");
            }
        }
    }

    /// An attribute that names a variable.
    pub(super) fn variable_attribute(&mut self, node: &Node, name: &str) -> Option<String> {
        let value = Self::svod(node, name)?;
        if is_variable(value) {
            return Some(value.to_owned());
        }
        let fix = "write one word of letters, digits and underscores";
        self.say(node, format!("svod:{name}=\"{value}\" is no name of a variable"), fix);
        None
    }

    /// The `svod:input` and `svod:output` of a node's extensions.
    pub(super) fn mappings(&mut self, node: &Node) -> (Vec<Mapping>, Vec<Mapping>) {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let extensions = node.children.iter().filter(|c| c.namespace == BPMN && c.name == "extensionElements");
        for child in extensions.flat_map(|e| &e.children).filter(|c| c.namespace == SVOD_NAMESPACE) {
            let list = match child.name.as_str() {
                "input" => &mut inputs,
                "output" => &mut outputs,
                other => {
                    let fix = "remove it: input and output are read";
                    self.say(node, format!("svod:{other} inside it means nothing"), fix);
                    continue;
                }
            };
            let (name, value) =
                (child.attribute("name").unwrap_or_default(), child.attribute("value").unwrap_or_default());
            if !is_variable(name) {
                let fix = "write one word of letters, digits and underscores as its name";
                self.say(node, format!("its svod:{} has no name of a variable", child.name), fix);
            } else if let Some(value) = self.expression(node, &format!("svod:{} '{name}'", child.name), value) {
                list.push(Mapping { name: name.to_owned(), value });
            }
        }
        (inputs, outputs)
    }
}
