//! A small bounded XML tree with line numbers. No DTD, so no entity can expand.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// One element.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Node>,
    /// Character data directly inside, references resolved.
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Node {
    /// Attribute without namespace.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.namespace.is_empty() && a.name == name).map(|a| a.value.as_str())
    }
}

/// Not well-formed, or outside the limits.
pub(crate) struct XmlError {
    pub(crate) line: usize,
    pub(crate) message: String,
}

pub(crate) struct Limits {
    pub(crate) depth: usize,
    pub(crate) elements: usize,
}

/// Reads a whole document.
pub(crate) fn read(source: &str, limits: &Limits) -> Result<Node, XmlError> {
    let mut reader = NsReader::from_str(source);
    let mut lines = Lines { source, offset: 0, line: 1 };
    let mut open: Vec<Node> = Vec::new();
    let mut root: Option<Node> = None;
    let mut elements = 0usize;
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(source.len());
        let line = lines.at(start);
        let event =
            reader.read_event().map_err(|e| XmlError { line, message: format!("the XML is not well-formed: {e}") })?;
        let fail = |message: &str| XmlError { line, message: message.to_owned() };
        match event {
            Event::Start(ref tag) | Event::Empty(ref tag) => {
                elements += 1;
                if elements > limits.elements {
                    return Err(fail(&format!("more than {} elements", limits.elements)));
                }
                if open.len() >= limits.depth {
                    return Err(fail(&format!("elements nest deeper than {}", limits.depth)));
                }
                if open.is_empty() && root.is_some() {
                    return Err(fail("more than one root element"));
                }
                let node = element(&reader, tag, line)?;
                if matches!(event, Event::Start(_)) { open.push(node) } else { close(node, &mut open, &mut root) }
            }
            Event::End(_) => {
                let node = open.pop().ok_or_else(|| fail("an end tag without a start tag"))?;
                close(node, &mut open, &mut root);
            }
            Event::Text(text) => add_text(&mut open, &text.xml10_content(), line)?,
            Event::CData(text) => add_text(&mut open, &text.xml10_content(), line)?,
            Event::GeneralRef(name) => {
                let text = quick_xml::escape::unescape(&format!("&{};", &*name))
                    .map_err(|e| fail(&format!("an entity cannot be resolved: {e}")))?
                    .into_owned();
                add_text(&mut open, &text, line)?;
            }
            Event::DocType(_) => return Err(fail("a document type declaration is not allowed")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if !open.is_empty() => return Err(fail("the file ends inside an element")),
            Event::Eof => return root.ok_or_else(|| fail("the file has no element")),
        }
    }
}

fn close(node: Node, open: &mut [Node], root: &mut Option<Node>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => *root = Some(node),
    }
}

fn add_text(open: &mut [Node], text: &str, line: usize) -> Result<(), XmlError> {
    match open.last_mut() {
        Some(node) => node.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(XmlError { line, message: "text outside the root element".to_owned() }),
    }
    Ok(())
}

fn element(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, line: usize) -> Result<Node, XmlError> {
    let fail = |message: String| XmlError { line, message };
    let (resolved, local) = reader.resolver().resolve_element(tag.name());
    let namespace = namespace(&resolved).map_err(fail)?;
    let mut node = Node {
        namespace,
        name: local.into_inner().to_owned(),
        line,
        attributes: Vec::new(),
        children: Vec::new(),
        text: String::new(),
    };
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| fail(format!("an attribute is not well-formed: {e}")))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|e| fail(format!("an attribute value is not well-formed: {e}")))?
            .into_owned();
        let (resolved, local) = reader.resolver().resolve_attribute(attribute.key);
        let namespace = self::namespace(&resolved).map_err(fail)?;
        node.attributes.push(Attribute { namespace, name: local.into_inner().to_owned(), value });
    }
    Ok(node)
}

fn namespace(resolved: &ResolveResult<'_>) -> Result<String, String> {
    match resolved {
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Bound(ns) => Ok(ns.0.to_owned()),
        ResolveResult::Unknown(prefix) => Err(format!("the namespace prefix '{prefix}' is not declared")),
    }
}

/// Line numbers of growing offsets, counted once.
struct Lines<'s> {
    source: &'s str,
    offset: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> usize {
        let bytes = self.source.as_bytes();
        let to = offset.min(bytes.len());
        if to > self.offset {
            self.line += bytes[self.offset..to].iter().filter(|b| **b == b'\n').count();
            self.offset = to;
        }
        self.line
    }
}
