//! Loops and many instances.

use crate::model::Repeat;
use crate::xml::Node;

use super::draft::Draft;

impl Draft<'_, '_> {
    /// How often an activity is done; the outer none is a finding.
    pub(super) fn repetition(&mut self, node: &Node) -> Option<Repeat> {
        let named = |name: &str| node.children.iter().find(|c| c.name == name);
        match (named("standardLoopCharacteristics"), named("multiInstanceLoopCharacteristics")) {
            (None, None) => None,
            (Some(one), None) => self.standard_loop(node, one),
            (None, Some(many)) => self.many(node, many),
            (Some(_), Some(_)) => {
                self.say(node, "it is a loop and many instances at once", "keep one of them");
                None
            }
        }
    }

    fn standard_loop(&mut self, node: &Node, one: &Node) -> Option<Repeat> {
        let condition = one.children.iter().find(|c| c.name == "loopCondition");
        let condition = condition.map(|c| self.formal(node, c));
        let maximum = one.attribute("loopMaximum").map(|m| m.parse().ok().filter(|n| *n > 0_u32));
        if maximum == Some(None) {
            self.say(node, "its loopMaximum is no number", "write a number from 1");
        }
        if condition.is_none() && maximum.is_none() {
            self.say(node, "its loop has no end", "give it a loopCondition or a loopMaximum");
        }
        let before = one.attribute("testBefore") == Some("true");
        Some(Repeat::Loop { condition: condition.flatten(), before, maximum: maximum.flatten() })
    }

    fn many(&mut self, node: &Node, many: &Node) -> Option<Repeat> {
        self.svod_attributes(many, &["collection", "element", "output", "value"]);
        self.only(many, "behavior", "All");
        for child in &many.children {
            if ["loopDataInputRef", "inputDataItem", "loopDataOutputRef", "outputDataItem"]
                .contains(&child.name.as_str())
            {
                let fix = "use svod:collection, svod:element and svod:output on multiInstanceLoopCharacteristics";
                self.say(node, format!("{} inside it is not executed", child.name), fix);
            }
        }
        let cardinality = many.children.iter().find(|c| c.name == "loopCardinality");
        let collection = Self::svod(many, "collection").map(str::to_owned);
        let items = match (cardinality, collection) {
            (Some(number), None) => self.formal(node, number)?,
            (None, Some(list)) => self.expression(node, "svod:collection", &list)?,
            _ => {
                let fix = "give it svod:collection (a list) or a loopCardinality (a number), one of them";
                self.say(node, "it is not said how often it is done", fix);
                return None;
            }
        };
        let completion = many.children.iter().find(|c| c.name == "completionCondition");
        let completion = completion.and_then(|c| self.formal(node, c));
        let value = Self::svod(many, "value").map(str::to_owned);
        let value = value.and_then(|v| self.expression(node, "svod:value", &v));
        Some(Repeat::Items {
            sequential: many.attribute("isSequential") == Some("true"),
            items,
            element: self.variable_attribute(many, "element"),
            completion,
            output: self.variable_attribute(many, "output"),
            value,
        })
    }
}
