//! `GET /receipt/pdf?space=&seq=`: a receipt to print and to keep. What it proves stands there for people, and the receipt
//! itself for programs: as text, and as a file inside the PDF.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use svod_paper::{Attachment, Block, Fact, Fonts, Paper};
use svod_portal::{PageContext, PageError};

use super::proof::{Proven, prove};
use super::{Asked, Brought, Named, hidden, make, page};
use crate::ServicesState;

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
    let bytes = Fonts::dejavu().and_then(|fonts| paper.pdf(&fonts)).map_err(PageError::internal)?;
    let file = format!("receipt-{}-{}.pdf", named.space.as_str().replace('/', "-"), named.seq);
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
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
