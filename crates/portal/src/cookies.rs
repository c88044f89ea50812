use axum::http::{HeaderMap, HeaderValue, header};

/// Language of pages.
pub(crate) const LANG: &str = "lang";
/// Token of the person's session.
pub(crate) const SESSION: &str = "svod_session";
/// Token that a form must repeat.
pub(crate) const CSRF: &str = "svod_csrf";
/// What was begun with an outside provider.
pub(crate) const OUTSIDE: &str = "svod_outside";
/// A year.
pub(crate) const YEAR: i64 = 365 * 24 * 3600;

/// The value of a cookie of the request (RFC 6265, 4.2.1).
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|h| h.to_str().ok())
        .flat_map(|h| h.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|v| !v.is_empty())
}

/// Sets a cookie that scripts cannot read; a life of 0 seconds removes it.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str, seconds: i64, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    // Values are tokens and language tags of ours; anything else is not worth a cookie.
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_cookie_and_no_namesake() {
        let mut h = HeaderMap::new();
        h.append(header::COOKIE, HeaderValue::from_static("xlang=de; lang=kk"));
        h.append(header::COOKIE, HeaderValue::from_static("svod_session=a.b=; empty="));
        assert_eq!(read(&h, "lang"), Some("kk"));
        assert_eq!(read(&h, "svod_session"), Some("a.b="));
        assert_eq!(read(&h, "empty"), None);
        assert_eq!(read(&h, "svod"), None);
    }

    #[test]
    fn a_value_cannot_split_the_header() {
        let mut h = HeaderMap::new();
        set(&mut h, "lang", "kk\r\nX: y", 1, false);
        assert!(h.is_empty());
        set(&mut h, "lang", "kk", 1, true);
        assert_eq!(h[header::SET_COOKIE], "lang=kk; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure");
    }
}
