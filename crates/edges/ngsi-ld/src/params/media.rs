//! Media types and the context's link (clauses 6.3.4 to 6.3.6).

use axum::http::{HeaderMap, header};

use crate::error::{Answer, ApiError, Kind};
use crate::request::Media;

const CONTEXT: &str = "http://www.w3.org/ns/json-ld#context";

/// The media type of the answer.
///
/// # Errors
/// When none that is accepted can be given.
pub fn wanted(headers: &HeaderMap, path: &str) -> Answer<Media> {
    let mut all: Vec<(f32, u8, Media)> = Vec::new();
    let mut said = false;
    let geo = !path.contains("/temporal/") && (path.contains("/entities") || path.contains("/entityOperations/query"));
    let mut refused: Vec<Media> = Vec::new();
    for value in headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok()) {
        for part in value.split(',') {
            said = true;
            let mut pieces = part.split(';').map(str::trim);
            let kind = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let q = pieces.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
            let (exact, media) = match kind.as_str() {
                "application/json" => (2, Media::Json),
                "application/ld+json" => (2, Media::Ld),
                "application/geo+json" if geo => (2, Media::Geo),
                "text/event-stream" if path.ends_with("/stream") => (2, Media::Json),
                "application/*" => (1, Media::Json),
                "*/*" | "" => (0, Media::Json),
                _ => continue,
            };
            if q > 0.0 {
                all.push((q, exact, media));
                if exact < 2 {
                    // A wildcard takes what can be given, the plain one first.
                    all.push((q, exact, Media::Ld));
                }
            } else if exact == 2 {
                refused.push(media);
            }
        }
    }
    if !said {
        return Ok(Media::Json);
    }
    // Among equals the more exact, then the order of clause 6.3.4.
    let rank = |m: Media| match m {
        Media::Json => 2,
        Media::Ld => 1,
        Media::Geo => 0,
    };
    let mut best: Option<(f32, u8, Media)> = None;
    for one in all.into_iter().filter(|one| !refused.contains(&one.2)) {
        if best.is_none_or(|b| (one.0, one.1, rank(one.2)) > (b.0, b.1, rank(b.2))) {
            best = Some(one);
        }
    }
    best.map(|b| b.2).ok_or_else(|| {
        ApiError::new(
            Kind::NotAcceptable,
            "accept application/json, application/ld+json or (entities) application/geo+json",
        )
    })
}

/// The media type of the body.
///
/// # Errors
/// When it is none of ours.
pub fn given(headers: &HeaderMap) -> Answer<Media> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        // What says nothing is taken for what everybody sends.
        "" | "application/json" | "application/merge-patch+json" => Ok(Media::Json),
        "application/ld+json" => Ok(Media::Ld),
        other => {
            let shown: String = other.chars().take(60).collect();
            let detail = format!("'{shown}' is not taken; send application/json or application/ld+json");
            Err(ApiError::new(Kind::UnsupportedMediaType, detail))
        }
    }
}

/// The context's address in the `Link` header (RFC 8288).
///
/// # Errors
/// When there are two.
pub fn link(headers: &HeaderMap) -> Answer<Option<String>> {
    let mut found: Vec<String> = Vec::new();
    for value in headers.get_all(header::LINK).iter().filter_map(|v| v.to_str().ok()) {
        for part in value.split(",<").flat_map(|p| p.split(", <")) {
            let Some((target, params)) = part.trim().trim_start_matches('<').split_once('>') else { continue };
            let rel = params.split(';').filter_map(|p| p.trim().strip_prefix("rel=")).map(|r| r.trim_matches('"'));
            if rel.flat_map(str::split_whitespace).any(|r| r == CONTEXT) {
                found.push(target.trim().to_owned());
            }
        }
    }
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => Err(ApiError::bad("one Link header to an @context is enough")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (header::HeaderName::from_static(n), v.parse().unwrap())).collect()
    }

    #[test]
    fn the_best_type_that_can_be_given_is_given() {
        for (accept, wanted_media) in [
            ("application/ld+json", Media::Ld),
            ("application/json;q=0.5, application/ld+json;q=0.9", Media::Ld),
            ("*/*", Media::Json),
            ("text/html, application/geo+json", Media::Geo),
            ("application/ld+json, application/json", Media::Json),
            ("application/json;q=0, */*", Media::Ld),
            ("application/ld+json, */*", Media::Ld),
        ] {
            assert_eq!(
                wanted(&headers(&[("accept", accept)]), "/ngsi-ld/v1/entities").unwrap(),
                wanted_media,
                "{accept}"
            );
        }
        assert!(wanted(&headers(&[("accept", "text/html")]), "/x").is_err());
        assert!(wanted(&headers(&[("accept", "application/geo+json")]), "/ngsi-ld/v1/subscriptions").is_err());
        assert_eq!(wanted(&headers(&[]), "/x").unwrap(), Media::Json);
    }

    #[test]
    fn the_link_to_the_context_is_found() {
        let one = headers(&[(
            "link",
            "<https://a.example/c.jsonld>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"",
        )]);
        assert_eq!(link(&one).unwrap().as_deref(), Some("https://a.example/c.jsonld"));
        assert_eq!(link(&headers(&[("link", "</next>; rel=\"next\"")])).unwrap(), None);
    }
}
