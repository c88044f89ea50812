//! A first reading of a DMN file: what dsntk leaves out (rule ids, annotations, lines) and what it would trip over
//! (document types, depth, size, rules with missing cells, functions).

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::error::RuleError;
use crate::vet::{self, Profile};

/// Largest file in bytes.
const MAX_SOURCE: usize = 1024 * 1024;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;

/// A table of a decision or a business knowledge model.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) element: String,
    inputs: usize,
    outputs: usize,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Default)]
pub(crate) struct Rule {
    pub(crate) id: Option<String>,
    pub(crate) annotation: String,
    /// Stands in for the annotation where there is none.
    pub(crate) description: String,
    pub(crate) line: usize,
    /// Lines of the input entries.
    pub(crate) inputs: Vec<usize>,
    outputs: usize,
}

impl Rule {
    /// Its annotation or, without one, its description.
    pub(crate) fn note(&self) -> String {
        let text = if self.annotation.trim().is_empty() { &self.description } else { &self.annotation };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// How a matched rule is named: its id or number, and its annotation.
    pub(crate) fn label(&self, position: usize) -> String {
        let id = self.id.clone().unwrap_or_else(|| format!("rule {}", position + 1));
        let annotation = self.note();
        if annotation.is_empty() { id } else { format!("{id}: {annotation}") }
    }
}

struct Scanner<'s> {
    file: &'s str,
    profile: Profile,
    open: Vec<String>,
    /// Id of the decision or business knowledge model.
    element: String,
    tables: Vec<Table>,
    text: String,
    text_line: usize,
}

/// Scans a whole file.
pub(crate) fn tables(file: &str, xml: &str, profile: Profile) -> Result<Vec<Table>, RuleError> {
    if xml.len() > MAX_SOURCE {
        let message = format!("the file is larger than {MAX_SOURCE} bytes");
        return Err(RuleError::new(file, None, message, "split it into several models"));
    }
    let mut scanner = Scanner {
        file,
        profile,
        open: vec![],
        element: String::new(),
        tables: vec![],
        text: String::new(),
        text_line: 1,
    };
    let mut reader = Reader::from_str(xml);
    let (mut offset, mut line) = (0usize, 1usize);
    loop {
        let here = usize::try_from(reader.buffer_position()).unwrap_or(xml.len()).min(xml.len());
        line += xml.as_bytes()[offset..here].iter().filter(|b| **b == b'\n').count();
        offset = here;
        let event = reader.read_event().map_err(|e| scanner.error(line, format!("the XML is not well-formed: {e}")))?;
        match event {
            Event::Start(tag) => scanner.enter(&tag, line)?,
            Event::Empty(tag) => {
                scanner.enter(&tag, line)?;
                scanner.leave(line)?;
            }
            Event::End(_) => scanner.leave(line)?,
            Event::Text(text) => scanner.text.push_str(&text.xml10_content()),
            Event::CData(text) => scanner.text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let text = quick_xml::escape::unescape(&format!("&{};", &*name)).map(|t| t.into_owned());
                let text = text.map_err(|e| scanner.error(line, format!("an entity cannot be resolved: {e}")))?;
                scanner.text.push_str(&text);
            }
            Event::DocType(_) => return Err(scanner.error(line, "a document type declaration is not allowed")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if !scanner.open.is_empty() => {
                return Err(scanner.error(line, "the file ends inside an element"));
            }
            Event::Eof => return Ok(scanner.tables),
        }
    }
}

impl Scanner<'_> {
    fn error(&self, line: usize, message: impl std::fmt::Display) -> RuleError {
        RuleError::new(self.file, Some(line), message, "correct it in a DMN editor")
    }

    fn enter(&mut self, tag: &BytesStart<'_>, line: usize) -> Result<(), RuleError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(line, format!("elements nest deeper than {MAX_DEPTH}")));
        }
        let name = tag.local_name().into_inner().to_owned();
        let parent = self.open.last().map_or("", String::as_str);
        match (parent, name.as_str()) {
            (
                _,
                "businessKnowledgeModel"
                | "decisionService"
                | "import"
                | "functionDefinition"
                | "invocation"
                | "for"
                | "some"
                | "every"
                | "filter",
            ) if self.profile == Profile::Strict => {
                let message = format!("{name} is not executed");
                let fix = "use decisions with decision tables and FEEL expressions over input data";
                return Err(RuleError::new(self.file, Some(line), message, fix));
            }
            (_, "decision" | "businessKnowledgeModel") => {
                self.element = self.attribute(tag, "id", line)?.unwrap_or_default();
            }
            (parent, "decisionTable") if parent == "decision" || self.profile != Profile::Strict => {
                self.tables.push(Table { element: self.element.clone(), ..Table::default() });
            }
            (_, "decisionTable") => {
                let fix = "make the table a decision of its own";
                return Err(RuleError::new(self.file, Some(line), "a table inside an expression is not executed", fix));
            }
            _ => self.cell(parent.to_owned(), &name, tag, line)?,
        }
        self.open.push(name);
        self.text.clear();
        self.text_line = line;
        Ok(())
    }

    fn cell(&mut self, parent: String, name: &str, tag: &BytesStart<'_>, line: usize) -> Result<(), RuleError> {
        let id = if name == "rule" { self.attribute(tag, "id", line)? } else { None };
        let Some(table) = self.tables.last_mut() else { return Ok(()) };
        match (parent.as_str(), name) {
            ("decisionTable", "input") => table.inputs += 1,
            ("decisionTable", "output") => table.outputs += 1,
            ("decisionTable", "rule") => table.rules.push(Rule { id, line, ..Rule::default() }),
            ("rule", "inputEntry") => table.rules.last_mut().into_iter().for_each(|r| r.inputs.push(line)),
            ("rule", "outputEntry") => table.rules.last_mut().into_iter().for_each(|r| r.outputs += 1),
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, line: usize) -> Result<(), RuleError> {
        let name = self.open.pop().unwrap_or_default();
        let parent = self.open.last().map_or("", String::as_str);
        match (parent, name.as_str()) {
            ("description" | "question" | "allowedAnswers", _) => {}
            ("annotationEntry", "text") => self.annotate(),
            ("rule", "description") => self.describe(),
            (_, "text") if parent != "textAnnotation" => {
                vet::expression(self.file, Some(self.text_line), &self.text, self.profile)?
            }
            (_, "decisionTable") => self.check_cells(line)?,
            _ => {}
        }
        self.text.clear();
        Ok(())
    }

    fn describe(&mut self) {
        if let Some(rule) = self.tables.last_mut().and_then(|t| t.rules.last_mut()) {
            rule.description.push_str(&self.text);
        }
    }

    fn annotate(&mut self) {
        if let Some(rule) = self.tables.last_mut().and_then(|t| t.rules.last_mut()) {
            rule.annotation.push_str(&self.text);
            rule.annotation.push(' ');
        }
    }

    fn check_cells(&self, line: usize) -> Result<(), RuleError> {
        let Some(table) = self.tables.last() else { return Ok(()) };
        if table.outputs == 0 || table.rules.is_empty() {
            return Err(self.error(line, "the table needs an output and a rule"));
        }
        match table.rules.iter().find(|r| r.inputs.len() != table.inputs || r.outputs != table.outputs) {
            Some(rule) => Err(self.error(
                rule.line,
                format!(
                    "the rule has {} input and {} output cells, the table has {} and {}",
                    rule.inputs.len(),
                    rule.outputs,
                    table.inputs,
                    table.outputs
                ),
            )),
            None => Ok(()),
        }
    }

    fn attribute(&self, tag: &BytesStart<'_>, name: &str, line: usize) -> Result<Option<String>, RuleError> {
        let found =
            tag.try_get_attribute(name).map_err(|e| self.error(line, format!("an attribute is broken: {e}")))?;
        let Some(found) = found else { return Ok(None) };
        let value = found.normalized_value(XmlVersion::Implicit1_0);
        value.map(|v| Some(v.into_owned())).map_err(|e| self.error(line, format!("an attribute is broken: {e}")))
    }
}
