//! Whether an answer is good.

use serde_json::Value;
use svod_kernel::Lang;

use crate::around::{Around, Choice, FileRef};
use crate::decimal::Decimal;
use crate::expression::Facts;
use crate::model::{FileRules, Input, Kind, Like, Limit, MomentRules, NumberRules, Style, Switch, TextRules};
use crate::phrase::Speaker;
use crate::value::{self, Complaint};
use crate::{moment, place};

impl Switch {
    /// On or off, as the answers stand.
    pub(crate) fn is_on(&self, facts: &Facts) -> bool {
        match self {
            Self::Fixed(b) => *b,
            Self::By(expression) => expression.is_true(facts),
        }
    }
}

impl Limit {
    /// The bound, as the answers stand; none when it comes to no number.
    pub(crate) fn now(&self, facts: &Facts) -> Option<Decimal> {
        match self {
            Self::Fixed(n) => Some(*n),
            Self::By(expression) => value::decimal(&expression.value(facts)),
        }
    }

    fn length(limit: Option<&Self>, facts: &Facts) -> Option<usize> {
        limit?.now(facts)?.to_string().parse().ok()
    }
}

/// What is wrong with a kept value, if anything.
pub(crate) fn check(input: &Input, value: &Value, options: &[Choice], speaker: &Speaker<'_>) -> Option<Complaint> {
    if value::is_empty(value) {
        return input.required.is_on(speaker.facts).then(|| Complaint::of(missing(&input.kind)));
    }
    match &input.kind {
        Kind::Text(rules) => text(rules, value.as_str()?, speaker),
        Kind::Number(rules) => number(rules, value::decimal(value)?, speaker),
        Kind::Moment(rules) => when(rules, value.as_str()?, speaker.around),
        Kind::Checkbox => None,
        Kind::Choice(_) => {
            let known = |v: &Value| options.iter().any(|o| o.value == *v);
            let all = value.as_array().map_or_else(|| known(value), |chosen| chosen.iter().all(known));
            (!all).then(|| Complaint::of("choice"))
        }
        Kind::Address(_) => {
            let known = speaker.around.lists.addresses.contains_key(value.as_str()?);
            (!known).then(|| Complaint::of("address"))
        }
        Kind::Place => (!place::is_there(value)).then(|| Complaint::of("place-range")),
        Kind::Files(rules) => files(rules, &value::files(value)),
    }
}

const fn missing(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) | Kind::Number(_) | Kind::Moment(_) | Kind::Place => "required",
        Kind::Checkbox => "required-check",
        Kind::Choice(rules) => match rules.style {
            Style::Radio | Style::Select => "required-choice",
            Style::Checklist | Style::Taglist => "required-choices",
        },
        Kind::Address(_) => "required-choice",
        Kind::Files(_) => "required-file",
    }
}

fn text(rules: &TextRules, text: &str, speaker: &Speaker<'_>) -> Option<Complaint> {
    // As form-js counts: UTF-16 units without spaces around.
    let length = text.trim().encode_utf16().count();
    if let Some(min) = Limit::length(rules.min.as_ref(), speaker.facts).filter(|min| length < *min) {
        return Some(Complaint::of("min-length").with("n", min));
    }
    let most = Limit::length(rules.max.as_ref(), speaker.facts).unwrap_or(crate::limits::MOST_TEXT);
    if length > most {
        return Some(Complaint::of("max-length").with("n", most));
    }
    match rules.like {
        Like::Email if !is_email(text) => return Some(Complaint::of("email")),
        Like::Phone if !is_phone(text) => return Some(Complaint::of("phone")),
        _ => {}
    }
    let pattern = rules.pattern.as_ref()?;
    if pattern.is_match(text) {
        return None;
    }
    Some(match &rules.pattern_words {
        Some(words) => Complaint::of("said").with("text", words.say(speaker)),
        None => Complaint::of("pattern"),
    })
}

/// An address as the HTML standard takes it.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let in_local = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 254 && !local.is_empty() && local.bytes().all(in_local) && domain.split('.').all(label)
}

/// A number with its country: + and 8 to 15 digits (ITU-T E.164). Spaces and brackets were taken out when it was read.
fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or_default();
    (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A number in the reader's writing.
fn said(around: &Around<'_>, n: Decimal) -> String {
    let plain = n.to_string();
    if around.lang == Lang::En { plain } else { plain.replace('.', ",") }
}

fn number(rules: &NumberRules, n: Decimal, speaker: &Speaker<'_>) -> Option<Complaint> {
    match rules.digits {
        Some(0) if n.decimals() > 0 => return Some(Complaint::of("integer")),
        Some(digits) if n.decimals() > digits => return Some(Complaint::of("digits").with("n", i64::from(digits))),
        _ => {}
    }
    let bound = |limit: &Option<Limit>| limit.as_ref().and_then(|l| l.now(speaker.facts));
    if let Some(min) = bound(&rules.min).filter(|min| n.compare(*min).is_lt()) {
        return Some(Complaint::of("min").with("n", said(speaker.around, min)));
    }
    if let Some(max) = bound(&rules.max).filter(|max| n.compare(*max).is_gt()) {
        return Some(Complaint::of("max").with("n", said(speaker.around, max)));
    }
    let step = rules.step.filter(|step| !n.is_multiple_of(*step))?;
    Some(Complaint::of("step").with("n", said(speaker.around, step)))
}

fn when(rules: &MomentRules, text: &str, around: &Around<'_>) -> Option<Complaint> {
    if rules.no_past && moment::is_past(rules, text, around) {
        return Some(Complaint::of("past"));
    }
    let interval = rules.interval.filter(|_| !moment::on_step(rules, text, around.offset_hours))?;
    Some(Complaint::of("interval").with("n", i64::from(interval)))
}

fn files(rules: &FileRules, files: &[FileRef]) -> Option<Complaint> {
    if files.len() > rules.most {
        return Some(Complaint::of("files").with("n", rules.most));
    }
    let wrong = files.iter().find(|file| !rules.takes(file))?;
    Some(Complaint::of("file-kind").with("file", wrong.name.clone()).with("kinds", rules.accept.join(", ")))
}

/// What the platform keeps (`svod-files` examines by content): its word, its media type, its endings.
const KEPT: [(&str, &str, &[&str]); 4] = [
    ("PDF", "application/pdf", &[".pdf"]),
    ("JPEG", "image/jpeg", &[".jpg", ".jpeg"]),
    ("PNG", "image/png", &[".png"]),
    ("WebP", "image/webp", &[".webp"]),
];

/// Is that kind of file meant by an ending, a media type or a family of them?
fn means(asked: &str, (_, media, endings): &(&str, &str, &[&str])) -> bool {
    let family = asked.strip_suffix("/*").is_some_and(|family| media.split('/').next() == Some(family));
    family || asked == *media || endings.contains(&asked)
}

impl FileRules {
    /// Kinds of files that can be sent, in words: what is asked for and the platform keeps.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let wanted = |kept: &&(&str, &str, &[&str])| {
            self.accept.is_empty() || self.accept.iter().any(|asked| means(asked, kept))
        };
        KEPT.iter().filter(wanted).map(|(word, ..)| *word).collect()
    }

    /// Those of the endings and media types that a browser offers: the others could not be sent.
    pub(crate) fn offered(&self) -> String {
        let kept = |asked: &&String| KEPT.iter().any(|kept| means(asked, kept));
        self.accept.iter().filter(kept).map(String::as_str).collect::<Vec<_>>().join(",")
    }

    /// True for a file of the kinds that are asked for.
    fn takes(&self, file: &FileRef) -> bool {
        let name = file.name.to_lowercase();
        self.accept.is_empty()
            || self.accept.iter().any(|kind| {
                kind.strip_suffix("/*").map_or_else(
                    || if kind.starts_with('.') { name.ends_with(kind.as_str()) } else { file.media == *kind },
                    |family| file.media.split('/').next() == Some(family),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers() {
        for good in ["a@b.kz", "first.last+tag@mail.example.org", "a@localhost"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c.d", "a@-b.c", "a@b..c", "а@б.рф", "a@b@c"] {
            assert!(!is_email(bad), "{bad}");
        }
        for good in ["+73842123456", "0077012345678"] {
            assert!(is_phone(good), "{good}");
        }
        for bad in ["", "89001234567", "+7 900", "+1234567", "+0123456789", "+1234567890123456"] {
            assert!(!is_phone(bad), "{bad}");
        }
    }
}
