use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Scripts, styles, fonts and data from this origin alone; nothing inline. `blob:` lets MapLibre start its worker and
/// keep its pictures, `data:` is for the pictures in its style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; manifest-src 'self'";

/// Left in an answer whose form leads on to another site: a browser holds `form-action` against every step of the way.
#[derive(Debug, Clone, Copy)]
pub struct FormsAnywhere;

/// Left in an answer whose scripts write style attributes into what they draw: the editors of packs. Style elements stay
/// refused, and so does everything inline that runs.
#[derive(Debug, Clone, Copy)]
pub struct StyleAttributes;

/// Left in an answer whose form leads on to these origins besides, and to no others.
#[derive(Debug, Clone)]
pub(crate) struct FormsTo(pub Vec<String>);

fn without_forms() -> HeaderValue {
    HeaderValue::from_str(&POLICY.replace("form-action 'self'; ", "")).unwrap_or(HeaderValue::from_static(POLICY))
}

fn with_style_attributes() -> HeaderValue {
    let policy = POLICY.replace("style-src 'self'; ", "style-src 'self'; style-src-attr 'unsafe-inline'; ");
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))
}

fn with_forms(to: &[String]) -> HeaderValue {
    let plain = |o: &&String| !o.is_empty() && o.bytes().all(|b| b.is_ascii_graphic() && !b";,'\"".contains(&b));
    let all: Vec<&str> = std::iter::once("'self'").chain(to.iter().filter(plain).map(String::as_str)).collect();
    let policy = POLICY.replace("form-action 'self'", &format!("form-action {}", all.join(" ")));
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Adds the security headers to every answer. What is kept closer already (a file in which nothing may run) stays so.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let left = response.extensions();
    let policy = match (left.get::<FormsAnywhere>(), left.get::<FormsTo>()) {
        (Some(FormsAnywhere), _) => without_forms(),
        (None, Some(FormsTo(to))) => with_forms(to),
        (None, None) if left.get::<StyleAttributes>().is_some() => with_style_attributes(),
        (None, None) => HeaderValue::from_static(POLICY),
    };
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_attributes_are_all_that_is_let_in() {
        let policy = with_style_attributes();
        let policy = policy.to_str().unwrap();
        assert_eq!(policy.replace("style-src-attr 'unsafe-inline'; ", ""), POLICY);
        assert_ne!(policy, POLICY);
    }

    #[test]
    fn forms_lead_to_what_is_named_and_nowhere_else() {
        let named = ["https://accounts.example", "com.example.app:", "https://bad.example; script-src *", ""];
        let policy = with_forms(&named.map(str::to_owned));
        let policy = policy.to_str().unwrap();
        assert!(
            policy.contains("; form-action 'self' https://accounts.example com.example.app:; base-uri"),
            "{policy}"
        );
        assert_eq!(policy.matches("script-src").count(), 1, "{policy}");
    }
}
