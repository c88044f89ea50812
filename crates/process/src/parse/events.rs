//! Events.

use crate::model::{NodeKind, Timer, TimerKind, Trigger};
use crate::span::{Cycle, Span};
use crate::text::Text;
use crate::xml::Node;

use super::draft::Draft;

const DEFINITIONS: [&str; 10] = [
    "messageEventDefinition",
    "timerEventDefinition",
    "signalEventDefinition",
    "errorEventDefinition",
    "escalationEventDefinition",
    "conditionalEventDefinition",
    "compensateEventDefinition",
    "cancelEventDefinition",
    "terminateEventDefinition",
    "linkEventDefinition",
];
const DATA: [&str; 7] =
    ["dataInputAssociation", "dataOutputAssociation", "dataInput", "dataOutput", "inputSet", "outputSet", "property"];

impl Draft<'_, '_> {
    pub(super) fn event(&mut self, node: &Node, parent: Option<&str>) {
        let known = ["id", "name", "isInterrupting", "cancelActivity", "attachedToRef", "parallelMultiple"];
        self.refuse_attributes(node, &known);
        self.svod_attributes(node, &["correlation", "calendar", "result"]);
        let all: Vec<&str> = DEFINITIONS.iter().chain(&DATA).copied().collect();
        self.children(node, &all);
        let found: Vec<&Node> = node.children.iter().filter(|c| DEFINITIONS.contains(&c.name.as_str())).collect();
        let trigger = match found.as_slice() {
            [] => Some(Trigger::None),
            [one] => self.trigger(node, one),
            _ => {
                let fix = "draw an event for each, or an event-based gateway";
                self.say(node, "events of several kinds at once are not executed", fix);
                None
            }
        };
        let attached = (node.name == "boundaryEvent").then(|| self.required(node, "attachedToRef"));
        let (Some(id), Some(trigger)) = (self.new_id(node), trigger) else { return };
        let kind = match node.name.as_str() {
            "startEvent" => {
                NodeKind::Start { trigger, interrupting: node.attribute("isInterrupting") != Some("false") }
            }
            "endEvent" => NodeKind::End(trigger),
            "intermediateCatchEvent" => NodeKind::Catch(trigger),
            "intermediateThrowEvent" => NodeKind::Throw(trigger),
            _ => {
                let Some(Some(on)) = attached else { return };
                let interrupting = node.attribute("cancelActivity") != Some("false");
                NodeKind::Boundary { on, trigger, interrupting, handler: None }
            }
        };
        self.add(node, parent, id, kind);
    }

    fn trigger(&mut self, node: &Node, definition: &Node) -> Option<Trigger> {
        if let Some(name) = Self::all_svod(definition).keys().next() {
            self.say(
                definition,
                format!("its attribute svod:{name} means nothing here"),
                "write it on the event itself",
            );
        }
        Some(match definition.name.as_str() {
            "messageEventDefinition" => Trigger::Message(self.message(node, definition)?),
            "timerEventDefinition" => Trigger::Timer(self.timer(node, definition)?),
            "signalEventDefinition" => Trigger::Signal(self.signal(node, definition)?),
            "errorEventDefinition" => Trigger::Error(self.code(node, definition, "errorRef")),
            "escalationEventDefinition" => Trigger::Escalation(self.code(node, definition, "escalationRef")),
            "conditionalEventDefinition" => {
                let Some(condition) = definition.children.iter().find(|c| c.name == "condition") else {
                    self.say(node, "has no condition", "write a FEEL condition");
                    return None;
                };
                Trigger::Condition(self.formal(node, condition)?)
            }
            "compensateEventDefinition" => {
                self.only(definition, "waitForCompletion", "true");
                Trigger::Compensation(definition.attribute("activityRef").map(str::to_owned))
            }
            "cancelEventDefinition" => Trigger::Cancel,
            "terminateEventDefinition" => Trigger::Terminate,
            _ => Trigger::Link(self.required(definition, "name")?),
        })
    }

    fn timer(&mut self, node: &Node, definition: &Node) -> Option<Timer> {
        let kinds =
            [("timeDate", TimerKind::Date), ("timeDuration", TimerKind::Duration), ("timeCycle", TimerKind::Cycle)];
        let of = |c: &Node| kinds.iter().find(|(name, _)| *name == c.name).map(|(_, kind)| *kind);
        let found: Vec<(TimerKind, &Node)> =
            definition.children.iter().filter_map(|c| of(c).map(|kind| (kind, c))).collect();
        let [(kind, child)] = found.as_slice() else {
            self.say(node, "has no time, or several", "give it one of timeDate, timeDuration, timeCycle");
            return None;
        };
        let calendar = Self::svod(node, "calendar").map(str::to_owned);
        self.time(node, *kind, &child.text, calendar)
    }

    /// A time as it is written; what needs no variables is checked now.
    pub(super) fn time(&mut self, node: &Node, kind: TimerKind, text: &str, calendar: Option<String>) -> Option<Timer> {
        let text = self.text(node, "time", text)?;
        if let Text::Plain(plain) = &text {
            let (good, example) = match kind {
                TimerKind::Date => (plain.parse::<svod_kernel::Timestamp>().is_ok(), "2026-01-15T08:00:00+07:00"),
                TimerKind::Duration => (Span::parse(plain).is_some(), "P3D or PT4H"),
                TimerKind::Cycle => (Cycle::parse(plain).is_some(), "R3/PT1H"),
            };
            if !good {
                let fix = format!("write it as {example}, or as FEEL after a =");
                self.say(node, format!("its time '{plain}' cannot be read"), fix);
                return None;
            }
        }
        Some(Timer { kind, text, calendar })
    }
}
