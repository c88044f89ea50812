//! The part of Markdown that `text` components may use: paragraphs, headings, lists, bold, italic, links. Everything
//! else is shown as it was typed; no markup of a page comes out of it.

/// One block of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of the page's second (1) or third (2) level.
    Heading(u8, Vec<Span>),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list of lines.
    List {
        /// The lines are numbered.
        ordered: bool,
        /// Its lines.
        items: Vec<Vec<Span>>,
    },
}

/// A run of text that looks the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// What is read.
    pub text: String,
    /// Bold.
    pub strong: bool,
    /// Italic.
    pub emphasis: bool,
    /// Where it leads: a path of this site, or https.
    pub link: Option<String>,
}

/// Reads a text.
pub(crate) fn parse(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let made = heading(line).or_else(|| item(line));
        if line.is_empty() || made.is_some() {
            end(&mut paragraph, &mut blocks);
        }
        match made {
            Some(Block::List { ordered, mut items }) => match blocks.last_mut() {
                Some(Block::List { ordered: before, items: all }) if *before == ordered => all.append(&mut items),
                _ => blocks.push(Block::List { ordered, items }),
            },
            Some(block) => blocks.push(block),
            None if !line.is_empty() => paragraph.push(line),
            None => {}
        }
    }
    end(&mut paragraph, &mut blocks);
    blocks
}

fn end(paragraph: &mut Vec<&str>, blocks: &mut Vec<Block>) {
    if !paragraph.is_empty() {
        blocks.push(Block::Paragraph(spans(&paragraph.join(" "))));
        paragraph.clear();
    }
}

fn heading(line: &str) -> Option<Block> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let text = line.get(level..)?.strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| Block::Heading(if level < 3 { 1 } else { 2 }, spans(text)))
}

fn item(line: &str) -> Option<Block> {
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some(Block::List { ordered: false, items: vec![spans(text)] });
    }
    let (number, text) = line.split_once(". ")?;
    let counts = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    counts.then(|| Block::List { ordered: true, items: vec![spans(text)] })
}

fn spans(text: &str) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let (mut strong, mut emphasis) = (false, false);
    let mut run = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        let marks = |mark: &str| rest.starts_with(mark);
        if c == '\\' && rest[1..].chars().next().is_some_and(|c| c.is_ascii_punctuation()) {
            run.extend(rest[1..].chars().next());
            length = 2;
        } else if (marks("**") || marks("__")) && (strong || rest[2..].contains(&rest[..2])) {
            flush(&mut out, &mut run, strong, emphasis);
            strong = !strong;
            length = 2;
        } else if (c == '*' || (c == '_' && (emphasis || !run.ends_with(char::is_alphanumeric))))
            && (emphasis || rest[1..].contains(c))
        {
            flush(&mut out, &mut run, strong, emphasis);
            emphasis = !emphasis;
        } else if let Some((label, to, all)) = link(rest) {
            flush(&mut out, &mut run, strong, emphasis);
            out.push(Span { text: label.to_owned(), strong, emphasis, link: Some(to.to_owned()) });
            length = all;
        } else {
            run.push(c);
        }
        rest = &rest[length..];
    }
    flush(&mut out, &mut run, strong, emphasis);
    out
}

fn flush(out: &mut Vec<Span>, run: &mut String, strong: bool, emphasis: bool) {
    if !run.is_empty() {
        out.push(Span { text: std::mem::take(run), strong, emphasis, link: None });
    }
}

/// `[label](address)` at the beginning: label, address, length of all of it.
fn link(text: &str) -> Option<(&str, &str, usize)> {
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (to, _) = rest.split_once(')')?;
    let own = to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\");
    let safe = (own || to.starts_with("https://")) && to.chars().all(|c| c.is_ascii_graphic() && c != '"');
    let plain = !label.is_empty() && !label.contains(['[', ']', '\\']);
    (safe && plain).then(|| (label, to, label.len() + to.len() + 4))
}

/// Text that stays text wherever it is put: for what people and registers say.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(blocks: &[Block]) -> String {
        let text = |spans: &[Span]| spans.iter().map(|s| s.text.as_str()).collect::<String>();
        let of = |b: &Block| match b {
            Block::Heading(_, s) | Block::Paragraph(s) => text(s),
            Block::List { items, .. } => items.iter().map(|i| text(i)).collect::<Vec<_>>().join("|"),
        };
        blocks.iter().map(of).collect::<Vec<_>>().join("¶")
    }

    #[test]
    fn blocks_and_marks() {
        let blocks = parse("# Title\none **two** _three_\nfour\n\n- a\n- b\n1. c\n\n[go](/my/page) [x](javascript:1)");
        assert_eq!(plain(&blocks), "Title¶one two three four¶a|b¶c¶go [x](javascript:1)");
        let Block::Paragraph(spans) = &blocks[1] else { panic!("{blocks:?}") };
        assert!(
            spans.iter().any(|s| s.text == "two" && s.strong) && spans.iter().any(|s| s.text == "three" && s.emphasis)
        );
        let Block::Paragraph(spans) = blocks.last().unwrap() else { panic!("{blocks:?}") };
        assert_eq!(spans[0].link.as_deref(), Some("/my/page"));
        assert_eq!(spans.iter().filter(|s| s.link.is_some()).count(), 1);
        assert_eq!(plain(&parse("snake_case and 2 * 3")), "snake_case and 2 * 3");
    }

    #[test]
    fn what_people_say_stays_text() {
        for evil in ["**b**", "[x](https://evil.example)", "# h\n- l", "\\*", "1. x", "_a_", "<b>&"] {
            let blocks = parse(&escaped(evil));
            assert_eq!(plain(&blocks), evil.replace('\n', " "));
            assert!(matches!(&blocks[0], Block::Paragraph(s) if s.iter().all(|s| !s.strong && s.link.is_none())));
        }
    }
}
