//! Pages of a search by name. The store has no index over parts of names, so entities are read in order and those
//! that do not fit are passed over; the cursor names the chunk and how many hits of it were shown before.

use svod_model::Entity;
use svod_portal::PageError;
use svod_registry::{EntityQuery, Page};

use super::Wanted;
use crate::show::{Sight, names};

/// Entities read at once while looking for words.
const CHUNK: usize = 500;

/// Chunks looked through for one page: 20,000 entities.
const MAX_CHUNKS: usize = 40;

/// A page of what is wanted, at most `limit`.
///
/// # Errors
/// When the space or the cursor is unknown, or the store fails.
pub async fn page(
    sight: &Sight<'_>,
    wanted: &Wanted,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Entity>, PageError> {
    let (chunk, mut skip) = parse(after);
    let mut query = EntityQuery {
        space: wanted.space.clone(),
        below: true,
        types: wanted.types(sight),
        filters: Vec::new(),
        after: chunk,
        limit: if wanted.words.is_empty() { limit } else { CHUNK },
    };
    if wanted.words.is_empty() {
        return Ok(sight.registry.query(&sight.ctx.actor, query).await?);
    }
    let words = wanted.words.to_lowercase();
    let mut items = Vec::new();
    for _ in 0..MAX_CHUNKS {
        let found = sight.registry.query(&sight.ctx.actor, query.clone()).await?;
        let hits: Vec<Entity> = found.items.into_iter().filter(|e| fits(sight, e, &words)).collect();
        let (total, room) = (hits.len(), limit - items.len());
        items.extend(hits.into_iter().skip(skip).take(room));
        if total.saturating_sub(skip) > room {
            return Ok(Page { items, next: Some(cursor(query.after.as_deref(), skip + room)) });
        }
        skip = 0;
        query.after = found.next;
        if query.after.is_none() || items.len() == limit {
            break;
        }
    }
    Ok(Page { items, next: query.after.as_deref().map(|c| cursor(Some(c), 0)) })
}

fn fits(sight: &Sight<'_>, e: &Entity, words: &str) -> bool {
    names::of_entity(sight, e).to_lowercase().contains(words) || e.id.as_str().to_lowercase().contains(words)
}

fn cursor(chunk: Option<&str>, shown: usize) -> String {
    if shown == 0 { chunk.unwrap_or_default().to_owned() } else { format!("{}~{shown}", chunk.unwrap_or_default()) }
}

/// The chunk (none for the first) and the hits of it already shown.
fn parse(after: Option<&str>) -> (Option<String>, usize) {
    let text = after.unwrap_or_default();
    let (chunk, shown) = text.split_once('~').unwrap_or((text, "0"));
    ((!chunk.is_empty()).then(|| chunk.to_owned()), shown.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went() {
        for (chunk, shown) in [(None, 7), (Some("3.120"), 0), (Some("3.120"), 50)] {
            let (c, s) = parse(Some(&cursor(chunk, shown)));
            assert_eq!((c.as_deref(), s), (chunk, shown));
        }
        assert_eq!(parse(None), (None, 0));
        assert_eq!(parse(Some("~x")), (None, 0));
    }
}
