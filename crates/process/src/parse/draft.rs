//! What is read so far.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::expression::Expression;
use crate::model::{DataObject, Element, Flow, NodeKind, Sub, Work};
use crate::text::Text;
use crate::xml::Node;

use super::definitions::Definitions;
use super::{BPMN, Report, is_drawn, label};

/// A process that is being read.
pub(super) struct Draft<'r, 'f> {
    pub(super) report: &'r mut Report<'f>,
    pub(super) definitions: Definitions,
    pub(super) elements: BTreeMap<String, Element>,
    pub(super) flows: Vec<Flow>,
    /// Element, its default flow, line.
    pub(super) defaults: Vec<(String, String, usize)>,
    /// Ends of associations: they tie compensation events to what undoes.
    pub(super) associations: Vec<(String, String)>,
    /// Node and the lane it stands in; inner lanes come later.
    pub(super) lanes: Vec<(String, String)>,
    pub(super) data: Vec<DataObject>,
    ids: BTreeSet<String>,
}

impl<'r, 'f> Draft<'r, 'f> {
    pub(super) fn new(report: &'r mut Report<'f>) -> Self {
        Self {
            report,
            definitions: Definitions::default(),
            elements: BTreeMap::new(),
            flows: Vec::new(),
            defaults: Vec::new(),
            associations: Vec::new(),
            lanes: Vec::new(),
            data: Vec::new(),
            ids: BTreeSet::new(),
        }
    }

    pub(super) fn say(&mut self, node: &Node, reason: impl Into<String>, fix: impl Into<String>) {
        self.report.add(node.line, label(node), reason, fix);
    }

    pub(super) fn process(&mut self, node: &Node) {
        if let Some(id) = node.attribute("id") {
            self.ids.insert(id.to_owned());
        }
        self.svod_attributes(node, &["businessKey"]);
        let known = ["id", "name", "isExecutable", "processType", "isClosed", "definitionalCollaborationRef"];
        self.refuse_attributes(node, &known);
        self.data = self.nodes(node, None, &[]);
    }

    /// Everything inside a process or a sub-process; gives its data objects. `own` are children of the sub-process
    /// itself, read by somebody else.
    pub(super) fn nodes(&mut self, node: &Node, parent: Option<&str>, own: &[&str]) -> Vec<DataObject> {
        let mut data = Vec::new();
        for child in &node.children {
            let name = child.name.as_str();
            match name {
                _ if is_drawn(child) || (child.namespace == BPMN && own.contains(&name)) => {}
                _ if child.namespace != BPMN => self.refuse(child),
                "startEvent" | "endEvent" | "intermediateCatchEvent" | "intermediateThrowEvent" | "boundaryEvent" => {
                    self.event(child, parent);
                }
                "exclusiveGateway" | "parallelGateway" | "inclusiveGateway" | "eventBasedGateway"
                | "complexGateway" => {
                    self.gateway(child, parent);
                }
                "sequenceFlow" => self.flow(child),
                "laneSet" => self.lane_set(child),
                "dataObject" => data.extend(self.data_object(child)),
                "association" => self.association(child),
                "dataObjectReference" | "dataStoreReference" | "textAnnotation" | "group" | "property" => {}
                _ => self.activity(child, parent),
            }
        }
        data
    }

    /// A new id; nothing, and a finding, when there is none or it is used.
    pub(super) fn new_id(&mut self, node: &Node) -> Option<String> {
        let id = self.required(node, "id")?;
        if !self.ids.insert(id.clone()) {
            self.say(node, "its id is used twice", "give every element an id of its own");
            return None;
        }
        Some(id)
    }

    /// Adds a node. The mappings were read; its place among the flows is found when all are known.
    pub(super) fn add(&mut self, node: &Node, parent: Option<&str>, id: String, kind: NodeKind) {
        let (inputs, outputs) = self.mappings(node);
        let result = self.variable_attribute(node, "result");
        if let Some(flow) = node.attribute("default") {
            self.defaults.push((id.clone(), flow.to_owned(), node.line));
        }
        let element = Element {
            name: node.attribute("name").filter(|n| !n.trim().is_empty()).unwrap_or(&id).to_owned(),
            id: id.clone(),
            kind,
            attributes: Self::all_svod(node),
            parent: parent.map(str::to_owned),
            lane: None,
            inputs,
            outputs,
            result,
            line: node.line,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default: None,
            boundary: Vec::new(),
            children: Vec::new(),
        };
        self.elements.insert(id, element);
    }

    fn gateway(&mut self, node: &Node, parent: Option<&str>) {
        let known = ["id", "name", "default", "gatewayDirection", "instantiate", "eventGatewayType"];
        self.refuse_attributes(node, &known);
        self.svod_attributes(node, &[]);
        self.children(node, &["activationCondition"]);
        if node.attribute("instantiate") == Some("true") {
            self.say(node, "a gateway does not start a process", "draw a start event for each message");
        }
        if node.attribute("eventGatewayType").is_some_and(|t| t != "Exclusive") {
            self.say(
                node,
                "a parallel event gateway is not executed",
                "use a parallel gateway and an event on each way",
            );
        }
        let kind = match node.name.as_str() {
            "exclusiveGateway" => NodeKind::Exclusive,
            "parallelGateway" => NodeKind::Parallel,
            "inclusiveGateway" => NodeKind::Inclusive,
            "eventBasedGateway" => NodeKind::EventBased,
            _ => {
                let condition = node.children.iter().find(|c| c.name == "activationCondition");
                NodeKind::Complex { activation: condition.and_then(|c| self.formal(node, c)) }
            }
        };
        if let Some(id) = self.new_id(node) {
            self.add(node, parent, id, kind);
        }
    }

    fn flow(&mut self, node: &Node) {
        self.refuse_attributes(node, &["id", "name", "sourceRef", "targetRef", "isImmediate"]);
        self.svod_attributes(node, &[]);
        self.children(node, &["conditionExpression"]);
        let condition = node.children.iter().find(|c| c.name == "conditionExpression");
        let condition = condition.and_then(|c| self.formal(node, c));
        let (id, source, target) =
            (self.new_id(node), self.required(node, "sourceRef"), self.required(node, "targetRef"));
        if let (Some(id), Some(source), Some(target)) = (id, source, target) {
            self.flows.push(Flow { id, source, target, condition, line: node.line });
        }
    }

    fn lane_set(&mut self, node: &Node) {
        for lane in node.children.iter().filter(|c| c.namespace == BPMN && c.name == "lane") {
            self.svod_attributes(lane, &["role"]);
            let role = Self::svod(lane, "role").or_else(|| lane.attribute("name")).filter(|r| !r.trim().is_empty());
            if let Some(role) = role {
                let nodes = lane.children.iter().filter(|c| c.name == "flowNodeRef");
                self.lanes.extend(nodes.map(|n| (n.text.trim().to_owned(), role.to_owned())));
            }
            for inner in lane.children.iter().filter(|c| c.name == "childLaneSet") {
                self.lane_set(inner);
            }
        }
    }

    fn association(&mut self, node: &Node) {
        if let (Some(source), Some(target)) = (node.attribute("sourceRef"), node.attribute("targetRef")) {
            self.associations.push((source.to_owned(), target.to_owned()));
        }
    }

    fn data_object(&mut self, node: &Node) -> Option<DataObject> {
        self.svod_attributes(node, &["variable", "value"]);
        let id = self.new_id(node)?;
        let value = Self::svod(node, "value").map(str::to_owned).and_then(|v| self.expression(node, "value", &v));
        let declared = self.variable_attribute(node, "variable");
        if declared.is_none() && (Self::svod(node, "variable").is_some() || !is_variable(&id)) {
            self.say(node, format!("'{id}' is no name of a variable"), "add svod:variable=\"name\"");
            return None;
        }
        let list = node.attribute("isCollection") == Some("true");
        let initial = if list { Value::Array(Vec::new()) } else { Value::Null };
        Some(DataObject { name: declared.unwrap_or(id), initial, value })
    }

    pub(super) fn required(&mut self, node: &Node, name: &str) -> Option<String> {
        let value = node.attribute(name).filter(|v| !v.trim().is_empty()).map(str::to_owned);
        if value.is_none() {
            self.say(node, format!("has no {name}"), format!("give it the attribute {name}"));
        }
        value
    }

    /// FEEL in an attribute or a text.
    pub(super) fn expression(&mut self, node: &Node, what: &str, text: &str) -> Option<Expression> {
        match Expression::compile(text) {
            Ok(expression) => Some(expression),
            Err((reason, fix)) => {
                self.say(node, format!("its {what}: {reason}"), fix);
                None
            }
        }
    }

    /// FEEL in an element of its own.
    pub(super) fn formal(&mut self, node: &Node, child: &Node) -> Option<Expression> {
        if child.attribute("language").is_some_and(|l| !l.to_lowercase().contains("feel")) {
            self.say(node, format!("its {} is not in FEEL", child.name), "write it in FEEL and remove the language");
            return None;
        }
        self.expression(node, &child.name, &child.text)
    }

    pub(super) fn text(&mut self, node: &Node, what: &str, text: &str) -> Option<Text> {
        match Text::parse(text) {
            Ok(text) => Some(text),
            Err((reason, fix)) => {
                self.say(node, format!("its {what}: {reason}"), fix);
                None
            }
        }
    }

    pub(super) fn sub_of(&mut self, id: &str) -> Option<&mut Sub> {
        match self.elements.get_mut(id).map(|e| &mut e.kind) {
            Some(NodeKind::Activity(activity)) => match &mut activity.work {
                Work::Sub(sub) => Some(sub),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What FEEL reads as one name.
pub(super) fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
        && name.len() <= 64
}
