//! The log that nobody can rewrite, as C2SP static resources and a witness under `/ledger`, and receipts.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::SpacePath;
use svod_ledger::parse_number;
use svod_notary::{Answer, Notary, NotaryError, Witness};
use utoipa::IntoParams;

use crate::{Caller, Failure, RestState};

/// Longest request to a witness: 63 steps and a note with many signatures.
const MAX_CHECKPOINT: usize = 64 * 1024;
const TEXT: &str = "text/plain; charset=utf-8";

/// The log, and the witness of others.
#[derive(Clone)]
pub struct Ledger {
    /// Keeps the log.
    pub notary: Arc<Notary>,
    /// Signs heads of other logs.
    pub witness: Arc<Witness>,
}

/// `GET /ledger/checkpoint` (C2SP tlog-tiles, Checkpoints)
pub async fn checkpoint(State(s): State<RestState>) -> Result<Response, Failure> {
    let note = s.ledger.notary.checkpoint().await?;
    Ok(([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "max-age=1")], note).into_response())
}

/// `GET /ledger/keys`: what signatures of the log and of the witness are checked with, a line each.
pub async fn keys(State(s): State<RestState>) -> Response {
    let text = format!("{}\n{}\n", s.ledger.notary.key(), s.ledger.witness.key());
    ([(header::CONTENT_TYPE, TEXT)], text).into_response()
}

/// `GET /ledger/tile/{level or entries}/{number}` (C2SP tlog-tiles, Merkle Tree and Log entries)
pub async fn tile(
    State(s): State<RestState>,
    Path((level, number)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let missing = || NotaryError::Missing(format!("tile {level}/{number}"));
    let (place, width) = parse_number(&number).ok_or_else(missing)?;
    let bytes = match level.as_str() {
        "entries" => s.ledger.notary.entries(place, width).await?,
        level => {
            let parsed = level.parse::<u8>().ok().filter(|l| *l < 64 && l.to_string() == level);
            s.ledger.notary.tile(parsed.ok_or_else(missing)?, place, width).await?
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}

/// `POST /ledger/add-checkpoint` (C2SP tlog-witness)
pub async fn add_checkpoint(State(s): State<RestState>, body: Bytes) -> Result<Response, Failure> {
    let malformed = |why: &str| (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response();
    let Ok(text) = std::str::from_utf8(&body) else { return Ok(malformed("it is not UTF-8")) };
    if body.len() > MAX_CHECKPOINT {
        return Ok(malformed("it is too long"));
    }
    Ok(match s.ledger.witness.add(text).await? {
        Answer::Signed(lines) => ([(header::CONTENT_TYPE, TEXT)], lines).into_response(),
        Answer::Malformed(why) => malformed(why),
        Answer::Unknown => (StatusCode::NOT_FOUND, "this log is not witnessed here\n").into_response(),
        Answer::Untrusted => (StatusCode::FORBIDDEN, "the log has not signed it\n").into_response(),
        Answer::Conflict(size) => {
            (StatusCode::CONFLICT, [(header::CONTENT_TYPE, "text/x.tlog.size")], format!("{size}\n")).into_response()
        }
        Answer::Inconsistent => {
            (StatusCode::UNPROCESSABLE_ENTITY, "the proof does not lead to this head\n").into_response()
        }
    })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReceiptParams {
    /// Space of the event.
    #[param(value_type = String)]
    space: SpacePath,
    /// Number of the event in its space, as the journal has it.
    seq: i64,
}

/// Proof that an event of the journal stands in the log as it is, with those of its changes that the caller may see
/// (C2SP tlog-proof; the extra data are JSON).
#[utoipa::path(get, path = "/api/v1/ledger/receipts", tag = "work", params(ReceiptParams),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404), (status = 410)),
    security(("bearer" = [])))]
pub async fn receipt(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<ReceiptParams>,
) -> Result<Response, Failure> {
    let missing = || NotaryError::Missing(format!("event {} of {}", p.seq, p.space));
    let event = s.registry.event(&actor, &p.space, p.seq).await?.ok_or_else(missing)?;
    let shown = event.changes.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    let space = s.registry.spaces().get(&p.space).map(|i| i.id).ok_or_else(missing)?;
    let receipt = s.ledger.notary.receipt((space, &p.space), p.seq, shown).await?;
    let name = format!("attachment; filename=\"{}-{}.tlog-proof\"", p.space.to_string().replace('/', "-"), p.seq);
    Ok(([(header::CONTENT_TYPE, TEXT.to_owned()), (header::CONTENT_DISPOSITION, name)], receipt.to_string())
        .into_response())
}
