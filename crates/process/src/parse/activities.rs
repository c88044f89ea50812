//! Tasks, calls and sub-processes.

use crate::model::{Activity, AdHoc, NodeKind, Sub, SubKind, TimerKind, Work};
use crate::span::Cycle;
use crate::xml::Node;

use super::draft::Draft;

/// Children of any activity.
const OWN: [&str; 9] = [
    "incoming",
    "outgoing",
    "standardLoopCharacteristics",
    "multiInstanceLoopCharacteristics",
    "ioSpecification",
    "property",
    "dataInputAssociation",
    "dataOutputAssociation",
    "completionCondition",
];
const ATTRIBUTES: [&str; 19] = [
    "id",
    "name",
    "default",
    "isForCompensation",
    "startQuantity",
    "completionQuantity",
    "implementation",
    "scriptFormat",
    "messageRef",
    "operationRef",
    "instantiate",
    "calledElement",
    "triggeredByEvent",
    "ordering",
    "cancelRemainingInstances",
    "method",
    "protocol",
    "rendering",
    "isExpanded",
];

impl Draft<'_, '_> {
    pub(super) fn activity(&mut self, node: &Node, parent: Option<&str>) {
        let known: &[&str] = match node.name.as_str() {
            "task" | "manualTask" | "subProcess" | "transaction" => &["result"],
            "userTask" => &["form", "role", "body", "deadline", "calendar", "result"],
            "serviceTask" => &["service", "retry", "result"],
            "sendTask" => &["correlation"],
            "receiveTask" => &["correlation", "result"],
            "scriptTask" | "callActivity" => &["result"],
            "businessRuleTask" => &["decision", "result"],
            "adHocSubProcess" => &["activate", "result"],
            _ => return self.refuse(node),
        };
        self.svod_attributes(node, known);
        self.refuse_attributes(node, &ATTRIBUTES);
        self.only(node, "startQuantity", "1");
        self.only(node, "completionQuantity", "1");
        self.only(node, "instantiate", "false");
        let repeat = self.repetition(node);
        let Some(id) = self.new_id(node) else { return };
        let sub = matches!(node.name.as_str(), "subProcess" | "transaction" | "adHocSubProcess");
        let work = if sub {
            self.sub(node)
        } else {
            let own: Vec<&str> = OWN.iter().copied().chain(["script"]).collect();
            self.children(node, &own);
            self.work(node)
        };
        let Some(work) = work else { return };
        let compensates = node.attribute("isForCompensation") == Some("true");
        self.add(node, parent, id.clone(), NodeKind::Activity(Box::new(Activity { work, repeat, compensates })));
        if sub {
            let data = self.nodes(node, Some(&id), &OWN);
            if let Some(sub) = self.sub_of(&id) {
                sub.data = data;
            }
        }
    }

    fn work(&mut self, node: &Node) -> Option<Work> {
        Some(match node.name.as_str() {
            "userTask" => {
                let text = |draft: &mut Self, name: &str| {
                    Self::svod(node, name).map(str::to_owned).and_then(|t| draft.text(node, name, &t))
                };
                let calendar = Self::svod(node, "calendar").map(str::to_owned);
                let deadline = Self::svod(node, "deadline").map(str::to_owned);
                let deadline = deadline.and_then(|d| self.time(node, TimerKind::Duration, &d, calendar.clone()));
                if calendar.is_some() && Self::svod(node, "deadline").is_none() {
                    self.say(node, "it has a calendar and no deadline", "add svod:deadline or remove svod:calendar");
                }
                Work::User { role: text(self, "role"), body: text(self, "body"), deadline }
            }
            "serviceTask" => {
                let retry = Self::svod(node, "retry").map(str::to_owned);
                if retry
                    .as_ref()
                    .is_some_and(|r| Cycle::parse(r).is_none_or(|c| c.times.is_none() || c.begin.is_some()))
                {
                    self.say(
                        node,
                        "its svod:retry cannot be read",
                        "write it as R3/PT5M: three times, five minutes apart",
                    );
                }
                Work::Service { service: self.ours(node, "service", "the operation of a connector")?, retry }
            }
            "sendTask" => Work::Send(self.message(node, node)?),
            "receiveTask" => Work::Receive(self.message(node, node)?),
            "scriptTask" => self.script(node)?,
            "businessRuleTask" => {
                let decision = self.ours(node, "decision", "file and name, such as fees.dmn#Fee")?;
                if decision.split_once('#').is_none_or(|(file, name)| file.is_empty() || name.is_empty()) {
                    self.say(node, format!("svod:decision=\"{decision}\" is no decision"), "write fees.dmn#Fee");
                }
                self.ours(node, "result", "the variable that takes the outcome");
                Work::Decision { decision }
            }
            "callActivity" => Work::Call { process: self.required(node, "calledElement")? },
            _ => Work::Pass,
        })
    }

    fn script(&mut self, node: &Node) -> Option<Work> {
        if node.attribute("scriptFormat").is_some_and(|f| !f.to_lowercase().contains("feel")) {
            let fix = "write it in FEEL and remove scriptFormat";
            self.say(node, "scripts are executed in FEEL only", fix);
            return None;
        }
        self.ours(node, "result", "the variable that takes its value");
        match node.children.iter().find(|c| c.name == "script") {
            Some(script) => self.formal(node, script).map(Work::Script),
            None => {
                self.say(node, "has no script", "write a FEEL expression");
                None
            }
        }
    }

    fn ours(&mut self, node: &Node, name: &str, what: &str) -> Option<String> {
        let value = Self::svod(node, name).filter(|v| !v.is_empty()).map(str::to_owned);
        if value.is_none() {
            self.say(node, format!("has no svod:{name}"), format!("add svod:{name}: {what}"));
        }
        value
    }

    fn sub(&mut self, node: &Node) -> Option<Work> {
        let kind = match node.name.as_str() {
            "transaction" => {
                let method = node.attribute("method").filter(|m| !m.to_lowercase().contains("compensate"));
                if let Some(method) = method {
                    let fix = "remove method: a transaction is undone by compensation";
                    self.say(node, format!("method=\"{method}\" is not executed"), fix);
                }
                SubKind::Transaction
            }
            "adHocSubProcess" => SubKind::AdHoc(self.ad_hoc(node)),
            _ if node.attribute("triggeredByEvent") == Some("true") => SubKind::Event,
            _ => SubKind::Embedded,
        };
        for child in &node.children {
            let name = child.name.as_str();
            let stray = (name == "completionCondition" && node.name != "adHocSubProcess")
                || ["potentialOwner", "humanPerformer", "performer", "resourceRole"].contains(&name);
            if stray {
                self.refuse_inside(node, child);
            }
        }
        Some(Work::Sub(Sub { kind, data: Vec::new() }))
    }

    fn ad_hoc(&mut self, node: &Node) -> AdHoc {
        let condition = node.children.iter().find(|c| c.name == "completionCondition");
        let activate = Self::svod(node, "activate").map(str::to_owned);
        AdHoc {
            sequential: node.attribute("ordering") == Some("Sequential"),
            completion: condition.and_then(|c| self.formal(node, c)),
            cancels: node.attribute("cancelRemainingInstances") != Some("false"),
            activate: activate.and_then(|a| self.expression(node, "svod:activate", &a)),
        }
    }
}
