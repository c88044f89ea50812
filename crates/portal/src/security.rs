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

fn without_forms() -> HeaderValue {
    HeaderValue::from_str(&POLICY.replace("form-action 'self'; ", "")).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Adds the security headers to every answer. What is kept closer already (a file in which nothing may run) stays so.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let anywhere = response.extensions().get::<FormsAnywhere>().is_some();
    let headers = response.headers_mut();
    let policy = if anywhere { without_forms() } else { HeaderValue::from_static(POLICY) };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}
