//! `GET /receipt/pdf?space=&seq=`: a receipt to print and to keep. What it proves stands there for people, and the receipt
//! itself for programs: as text, and as a file inside the PDF.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use svod_kernel::Problem;
use svod_paper::{Attachment, Block, Fact, Fonts, Paper};
use svod_portal::{PageContext, PageError};
use tokio::sync::Semaphore;

use super::proof::{Proven, prove};
use super::{Asked, Brought, Named, hidden, make, page};
use crate::ServicesState;

/// Documents made at once: each takes a core meanwhile.
const AT_ONCE: usize = 2;
/// Documents that may wait for that.
const WAITING: usize = 16;

/// The receipt of an event as a PDF.
///
/// # Errors
/// When the visitor may not see the event, or the store fails.
pub async fn print(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let named = asked.named().ok_or_else(PageError::not_found)?;
    let brought = match make(&ctx, &s, &named).await? {
        Ok(receipt) => Brought { receipt, keys: String::new() },
        Err(why) => return Ok(page(&ctx, &s, &Brought::default(), Some(Err(why)), None)),
    };
    let proven = prove(&ctx, &s, &brought).map_err(PageError::internal)?;
    let paper = paper(&ctx, &named, proven, s.notary.key().to_string());
    let bytes = PRESSES.print(paper).await?;
    let file = format!("receipt-{}-{}.pdf", named.space.as_str().replace('/', "-"), named.seq);
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// Documents are made beside what answers requests, a few at a time; who comes when many wait is asked to come back.
struct Presses {
    places: Semaphore,
    waiting: Semaphore,
}

static PRESSES: Presses = Presses { places: Semaphore::const_new(AT_ONCE), waiting: Semaphore::const_new(WAITING) };

impl Presses {
    /// The document.
    async fn print(&'static self, paper: Paper) -> Result<Vec<u8>, PageError> {
        let waits = self.waiting.try_acquire().map_err(|_| busy())?;
        let place = self.places.acquire().await.map_err(PageError::internal)?;
        drop(waits);
        let made = tokio::task::spawn_blocking(move || {
            // Given back when the work ends, also where nobody waits for it any more.
            let _place = place;
            Fonts::shared().and_then(|fonts| paper.pdf(fonts))
        });
        made.await.map_err(PageError::internal)?.map_err(PageError::internal)
    }
}

/// Too many documents are asked for at once.
fn busy() -> PageError {
    PageError::new(Problem {
        kind: "urn:svod:problem:busy".into(),
        code: "busy".into(),
        title: "busy".into(),
        status: 503,
        detail: "too many documents are being made; try again in a moment".into(),
        errors: Vec::new(),
        retry_after: Some(2),
    })
}

fn paper(ctx: &PageContext, named: &Named, proven: Proven, key: String) -> Paper {
    let facts = proven.facts.iter().map(|f| Fact::new(&f.name, &f.text)).collect();
    let mut blocks = vec![Block::Paragraph(ctx.t("receipt-lead")), Block::Facts(facts)];
    let unseen = hidden(ctx, proven.hidden);
    if !proven.changes.is_empty() || !unseen.is_empty() {
        blocks.push(Block::Heading(ctx.t("receipt-changes")));
    }
    if !proven.changes.is_empty() {
        blocks.push(Block::Facts(proven.changes.iter().map(|(name, change)| Fact::verbatim(name, change)).collect()));
    }
    if !unseen.is_empty() {
        blocks.push(Block::Note(unseen));
    }
    let mut ledger = vec![Fact::verbatim(ctx.t("receipt-own-key"), key)];
    if let Some(address) = named.address(ctx) {
        ledger.insert(0, Fact::verbatim(ctx.t("receipt-address"), &address));
        let (alt, caption) = (ctx.t("receipt-qr-alt"), ctx.t("receipt-qr"));
        blocks.push(Block::Qr { content: address, alt, caption });
    }
    blocks.push(Block::Facts(ledger));
    blocks.push(Block::Heading(ctx.t("receipt-whole")));
    blocks.push(Block::Note(ctx.t("receipt-whole-text")));
    blocks.push(Block::Code(proven.receipt.clone()));
    Paper {
        title: format!("{} · {} · {}", ctx.t("receipt-title"), named.space, named.seq),
        lang: ctx.lang,
        made: ctx.now,
        blocks,
        attachments: vec![Attachment {
            name: "receipt.tlog-proof".to_owned(),
            media_type: "text/plain",
            description: ctx.t("receipt-attached"),
            bytes: proven.receipt.into_bytes(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use svod_kernel::{Lang, Timestamp};

    use super::*;

    fn sheet() -> Paper {
        let blocks = vec![Block::Paragraph("квитанция".to_owned())];
        Paper { title: "Receipt".to_owned(), lang: Lang::En, made: Timestamp(0), blocks, attachments: Vec::new() }
    }

    #[tokio::test]
    async fn more_than_may_wait_are_asked_to_come_back() {
        static NONE: Presses = Presses { places: Semaphore::const_new(1), waiting: Semaphore::const_new(0) };
        let refused = NONE.print(sheet()).await.unwrap_err();
        assert_eq!((refused.problem().status, refused.problem().retry_after), (503, Some(2)));
        static ONE: Presses = Presses { places: Semaphore::const_new(1), waiting: Semaphore::const_new(1) };
        for _ in 0..2 {
            assert!(ONE.print(sheet()).await.unwrap().starts_with(b"%PDF-"), "a place is given back");
        }
    }
}
