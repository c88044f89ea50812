//! What stands beside the process: messages, signals, errors, escalations, pools.

use std::collections::BTreeMap;

use crate::expression::Expression;
use crate::model::Message;
use crate::xml::Node;

use super::draft::Draft;
use super::{BPMN, is_drawn};

/// Root elements by id.
#[derive(Default)]
pub(super) struct Definitions {
    messages: BTreeMap<String, (String, Option<Expression>)>,
    signals: BTreeMap<String, String>,
    /// Code of each error.
    errors: BTreeMap<String, String>,
    /// Code of each escalation.
    escalations: BTreeMap<String, String>,
}

impl Draft<'_, '_> {
    /// A root element other than the process.
    pub(super) fn definition(&mut self, node: &Node) {
        match node.name.as_str() {
            _ if is_drawn(node) => {}
            _ if node.namespace != BPMN => self.refuse(node),
            "message" => {
                self.svod_attributes(node, &["correlation"]);
                let key = Self::svod(node, "correlation").map(str::to_owned);
                let key = key.and_then(|k| self.expression(node, "correlation", &k));
                if let (Some(id), Some(name)) = (self.new_id(node), self.required(node, "name")) {
                    self.definitions.messages.insert(id, (name, key));
                }
            }
            "signal" => {
                if let (Some(id), Some(name)) = (self.new_id(node), self.required(node, "name")) {
                    self.definitions.signals.insert(id, name);
                }
            }
            "error" => {
                if let (Some(id), Some(code)) = (self.new_id(node), self.required(node, "errorCode")) {
                    self.definitions.errors.insert(id, code);
                }
            }
            "escalation" => {
                if let (Some(id), Some(code)) = (self.new_id(node), self.required(node, "escalationCode")) {
                    self.definitions.escalations.insert(id, code);
                }
            }
            // Pools and what flows between them are drawings: messages go by name and key.
            "collaboration" => self.children(
                node,
                &["participant", "messageFlow", "textAnnotation", "association", "group", "messageFlowAssociation"],
            ),
            _ => self.refuse(node),
        }
    }

    /// The message that a node names, with the node's own correlation before the message's.
    pub(super) fn message(&mut self, node: &Node, holder: &Node) -> Option<Message> {
        let reference = self.required(holder, "messageRef")?;
        let Some((name, key)) = self.definitions.messages.get(local(&reference)).cloned() else {
            self.say(node, format!("the message '{reference}' does not exist"), "choose a message of this file");
            return None;
        };
        let own = Self::svod(node, "correlation").map(str::to_owned);
        let own = own.and_then(|k| self.expression(node, "correlation", &k));
        Some(Message { name, correlation: own.or(key) })
    }

    pub(super) fn signal(&mut self, node: &Node, holder: &Node) -> Option<String> {
        let reference = self.required(holder, "signalRef")?;
        let found = self.definitions.signals.get(local(&reference)).cloned();
        if found.is_none() {
            self.say(node, format!("the signal '{reference}' does not exist"), "choose a signal of this file");
        }
        found
    }

    /// The code of an error or escalation; none where none is named.
    pub(super) fn code(&mut self, node: &Node, holder: &Node, attribute: &str) -> Option<String> {
        let reference = holder.attribute(attribute).filter(|r| !r.is_empty())?;
        let of = if attribute == "errorRef" { &self.definitions.errors } else { &self.definitions.escalations };
        let found = of.get(local(reference)).cloned();
        if found.is_none() {
            let fix = "choose one of this file, with its code";
            self.say(node, format!("{attribute} '{reference}' does not exist"), fix);
        }
        found
    }
}

/// Editors may write a prefix before an id.
fn local(reference: &str) -> &str {
    reference.rsplit(':').next().unwrap_or(reference)
}
