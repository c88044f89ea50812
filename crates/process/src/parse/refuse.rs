//! What is not executed, and why.

use crate::xml::Node;

use super::draft::Draft;
use super::{BPMN, is_drawn};

impl Draft<'_, '_> {
    /// An attribute that changes how an element runs must not be passed over in silence.
    pub(super) fn refuse_attributes(&mut self, node: &Node, known: &[&str]) {
        for a in node.attributes.iter().filter(|a| a.namespace.is_empty() && !known.contains(&a.name.as_str())) {
            let reason = format!("its attribute {}=\"{}\" is not executed", a.name, a.value);
            self.say(node, reason, format!("remove the attribute {}", a.name));
        }
    }

    /// An attribute that is executed with one value only.
    pub(super) fn only(&mut self, node: &Node, name: &str, value: &str) {
        if let Some(given) = node.attribute(name).filter(|v| *v != value) {
            self.say(
                node,
                format!("{name}=\"{given}\" is not executed"),
                format!("set {name}=\"{value}\" or remove it"),
            );
        }
    }

    /// Children outside of the known ones are refused; `incoming` and `outgoing` repeat what the flows say.
    pub(super) fn children(&mut self, node: &Node, known: &[&str]) {
        for child in node.children.iter().filter(|c| !is_drawn(c)) {
            let name = child.name.as_str();
            let ours = child.namespace == BPMN && (["incoming", "outgoing"].contains(&name) || known.contains(&name));
            if !ours {
                self.refuse_inside(node, child);
            } else if name.ends_with("Association") && child.children.iter().any(|c| is_computing(&c.name)) {
                let fix = "use svod:input or svod:output in extensionElements";
                self.say(node, format!("a {name} that computes is not executed"), fix);
            }
        }
    }

    pub(super) fn refuse_inside(&mut self, parent: &Node, child: &Node) {
        let fix = match child.name.as_str() {
            "potentialOwner" | "humanPerformer" | "performer" | "resourceRole" => {
                "say who does it by svod:role or svod:body, or by the lane".to_owned()
            }
            name => format!("remove {name} or use a plain {}", parent.name),
        };
        self.report.add(child.line, super::label(parent), format!("{} inside it is not executed", child.name), fix);
    }

    pub(super) fn refuse(&mut self, node: &Node) {
        let (reason, fix) = match node.name.as_str() {
            "import" => {
                ("files are not imported", "put everything into this file; call other processes by a call activity")
            }
            "choreography" | "globalConversation" | "conversation" | "choreographyTask" | "subChoreography"
            | "callChoreography" => {
                ("choreographies and conversations are not executed", "draw the process of one side")
            }
            "globalUserTask" | "globalManualTask" | "globalScriptTask" | "globalBusinessRuleTask" | "globalTask" => {
                ("global tasks are not executed", "draw the task in the process, or make a process of it and call that")
            }
            "correlationProperty" | "correlationSubscription" | "correlationKey" => {
                ("correlation by properties is not executed", "write svod:correlation on the message or the event")
            }
            "eventDefinition"
            | "messageEventDefinition"
            | "timerEventDefinition"
            | "signalEventDefinition"
            | "errorEventDefinition"
            | "escalationEventDefinition"
            | "conditionalEventDefinition"
            | "compensateEventDefinition"
            | "cancelEventDefinition"
            | "terminateEventDefinition"
            | "linkEventDefinition" => ("event definitions beside events are not executed", "put it into the event"),
            "extension" => ("extensions of others are not executed", "remove it"),
            "ioSpecification" | "ioBinding" | "supports" | "resourceRole" | "performer" => {
                ("this part of a process is not executed", "remove it: variables come with what starts the process")
            }
            _ => ("this element is not executed", "remove it: docs/processes.md lists what is executed"),
        };
        self.say(node, reason, fix);
    }
}

fn is_computing(name: &str) -> bool {
    ["assignment", "transformation"].contains(&name)
}
