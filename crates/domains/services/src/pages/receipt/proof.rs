//! What a receipt proves, or why it proves nothing.

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_ledger::{Receipt, ReceiptError, Signed, Verifier};
use svod_notary::{Part, Secret};
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, PageContext};

use super::Brought;
use crate::ServicesState;

/// A fact that a receipt proves, in words for paper and in markup for a page.
pub(super) struct Proof {
    pub name: String,
    pub text: String,
    pub html: Html,
}

/// What a receipt proves.
pub(super) struct Proven {
    /// The receipt as a ledger writes it.
    pub receipt: String,
    pub facts: Vec<Proof>,
    pub changes: Vec<(String, String)>,
    /// How many changes it commits to without showing them.
    pub hidden: usize,
}

impl Proven {
    /// The facts as a list of the page.
    pub(super) fn list(&self) -> Html {
        let rows: Vec<_> = self.facts.iter().map(|f| SummaryRow::new(&f.name, f.html.clone())).collect();
        components::summary_list(&rows)
    }
}

/// What the receipt proves, or why it proves nothing.
pub(super) fn prove(ctx: &PageContext, s: &ServicesState, brought: &Brought) -> Result<Proven, String> {
    let mut known = vec![s.notary.key().clone()];
    for line in brought.keys.lines().map(str::trim).filter(|l| !l.is_empty()) {
        known.push(Verifier::parse(line).map_err(|_| ctx.t("receipt-bad-key"))?);
    }
    let receipt = read(&brought.receipt).ok_or_else(|| ctx.t("receipt-unreadable"))?;
    let secret: Secret = serde_json::from_slice(&receipt.extra).map_err(|_| ctx.t("receipt-unreadable"))?;
    let entry = secret.entry().ok_or_else(|| ctx.t("receipt-unreadable"))?;
    let (head, signed) = receipt.verify(&entry, &known).map_err(|e| match e {
        ReceiptError::Shape(_) => ctx.t("receipt-unreadable"),
        ReceiptError::Note(_) => ctx.t("receipt-unsigned"),
        ReceiptError::Other(_) => ctx.t("receipt-changed"),
    })?;
    let place = ctx.tf(
        "receipt-leaf-of",
        &[
            ("n", (receipt.index as f64).into()),
            ("size", (head.size as f64).into()),
            ("log", head.origin.as_str().into()),
        ],
    );
    let event: Value = serde_json::from_str(&secret.event).unwrap_or_default();
    let open = secret.changes.iter().filter_map(|part| match part {
        Part::Open { name, change, .. } => Some((name.clone(), change.clone())),
        Part::Hidden { .. } => None,
    });
    let changes: Vec<_> = open.collect();
    let hidden = secret.changes.len() - changes.len();
    Ok(Proven { receipt: receipt.to_string(), facts: facts(ctx, &event, place, &signed), changes, hidden })
}

fn facts(ctx: &PageContext, event: &Value, place: String, signed: &[Signed]) -> Vec<Proof> {
    let said = |name: &str| {
        event.get(name).map_or_else(String::new, |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
    };
    let fact = |key: &str, text: String| Proof { name: ctx.t(key), html: Html::from(text.as_str()), text };
    let at: Option<Timestamp> = said("at").parse().ok();
    let when = at.map_or_else(
        || fact("receipt-when", said("at")),
        |at| Proof { html: components::exact_time(ctx, at), ..fact("receipt-when", ctx.datetime_exact(at)) },
    );
    let mut facts = vec![
        fact("receipt-event", format!("{} · {} · {}", said("type"), said("action"), said("entity"))),
        when,
        fact("receipt-who", said("actorName")),
    ];
    facts.extend(Some(said("ground")).filter(|g| !g.is_empty()).map(|g| fact("event-ground", g)));
    facts.push(fact("receipt-place", place));
    facts.push(Proof {
        name: ctx.t("receipt-signed"),
        text: signed.iter().map(|s| signer(ctx, s).0).collect::<Vec<_>>().join("\n"),
        html: Html::join(signed.iter().map(|s| Html::trusted(format!("<p>{}</p>", signer(ctx, s).1)))),
    });
    facts
}

/// Who signed, and when if the signature says it: in words and in markup.
fn signer(ctx: &PageContext, signed: &Signed) -> (String, Html) {
    let Some(seconds) = signed.seconds else { return (signed.name.clone(), Html::from(&signed.name)) };
    let at = Timestamp(i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000));
    let html = Html::join([Html::from(format!("{} · ", signed.name)), components::exact_time(ctx, at)]);
    (format!("{} · {}", signed.name, ctx.datetime_exact(at)), html)
}

/// Reads what somebody brings.
fn read(text: &str) -> Option<Receipt> {
    // A textarea sends lines as CR LF, and none at the end.
    let text = text.replace("\r\n", "\n");
    Receipt::parse(&format!("{}\n", text.trim())).or_else(|_| Receipt::parse(&mended(&text))).ok()
}

/// Where in a receipt a line stands.
#[derive(Clone, Copy)]
enum Place {
    Extra,
    Steps,
    Head,
    Signatures,
}

/// A receipt that was copied from a PDF, or typed from paper, as it was: there long lines are broken and empty ones lost.
fn mended(text: &str) -> String {
    let (mut whole, mut place) = (Vec::<String>::new(), Place::Extra);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let signature = line.starts_with("\u{2014} ");
        let begins = match place {
            Place::Extra => whole.is_empty() || line.starts_with("extra ") || line.starts_with("index "),
            Place::Steps | Place::Head => true,
            Place::Signatures => signature,
        };
        place = match place {
            Place::Extra if line.starts_with("index ") => Place::Steps,
            // A step is 32 bytes in base64; the name of the ledger follows the last one.
            Place::Steps if line.len() != 44 || !line.ends_with('=') => {
                whole.push(String::new());
                Place::Head
            }
            Place::Head if signature => {
                whole.push(String::new());
                Place::Signatures
            }
            same => same,
        };
        match whole.last_mut() {
            Some(last) if !begins => last.push_str(line),
            _ => whole.push(line.to_owned()),
        }
    }
    format!("{}\n", whole.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_copied_from_paper_is_mended() {
        let (hash, extra) = (format!("{}=", "A".repeat(43)), "e".repeat(300));
        let signature = format!("\u{2014} example.org/ledger {}", "s".repeat(150));
        let head = format!("example.org/ledger\n7\n{hash}\n");
        let whole = format!(
            "c2sp.org/tlog-proof@v1\nextra {extra}\nindex 3\n{hash}\n{hash}\n\n{head}\n{signature}\n{signature}\n"
        );
        let broken = |line: &str| {
            let letters: Vec<char> = line.chars().collect();
            letters.chunks(100).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>()
        };
        let lines: Vec<String> = whole.lines().filter(|l| !l.is_empty()).flat_map(broken).collect();
        assert!(lines.len() > 12, "something was broken");
        assert_eq!(mended(&lines.join("\n")), whole);
        assert_eq!(mended(&lines.join(" \r\n\r\n")), whole);
        assert_eq!(mended(&whole), whole, "what is whole stays so");
        assert_eq!(mended("nothing"), "nothing\n");
    }
}
