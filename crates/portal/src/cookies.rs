use axum::http::{HeaderMap, HeaderValue, header};

/// Language of pages.
pub(crate) const LANG: &str = "lang";
/// Token of the person's session.
pub(crate) const SESSION: &str = "svod_session";
/// Token that a form must repeat.
pub(crate) const CSRF: &str = "svod_csrf";
/// What was begun with an outside provider.
pub(crate) const OUTSIDE: &str = "svod_outside";
/// When its owner was last shown who looked at their data.
pub(crate) const SEEN: &str = "svod_seen";
/// Before the names of cookies that only this host can set, over TLS (RFC 6265bis, 4.1.3.2).
const HOST: &str = "__Host-";
/// A year.
pub(crate) const YEAR: i64 = 365 * 24 * 3600;

/// The value of a cookie of the request (RFC 6265, 4.2.1).
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = || headers.get_all(header::COOKIE).iter().filter_map(|h| h.to_str().ok()).flat_map(|h| h.split(';'));
    let bound = |pair: &'a str| pair.trim().strip_prefix(HOST)?.strip_prefix(name)?.strip_prefix('=');
    let plain = |pair: &'a str| pair.trim().strip_prefix(name)?.strip_prefix('=');
    // What only this host can have set wins over what a neighbour of its name may have.
    all().find_map(bound).or_else(|| all().find_map(plain)).filter(|v| !v.is_empty())
}

/// Does the answer set that cookie?
pub(crate) fn sets(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut all = headers.get_all(header::SET_COOKIE).iter().filter_map(|c| c.to_str().ok());
    all.find_map(|c| {
        let (value, _) = c.strip_prefix(HOST).unwrap_or(c).strip_prefix(name)?.strip_prefix('=')?.split_once(';')?;
        Some(value.to_owned())
    })
}

/// Sets a cookie that scripts cannot read; a life of 0 seconds removes it.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str, seconds: i64, secure: bool) {
    let (host, secure) = if secure { (HOST, "; Secure") } else { ("", "") };
    let cookie = format!("{host}{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
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
        h.append(header::COOKIE, HeaderValue::from_static("__Host-lang=ru"));
        assert_eq!(read(&h, "lang"), Some("ru"), "what a neighbour has set does not count");
    }

    #[test]
    fn a_value_cannot_split_the_header() {
        let mut h = HeaderMap::new();
        set(&mut h, "lang", "kk\r\nX: y", 1, false);
        assert!(h.is_empty());
        set(&mut h, "lang", "kk", 1, true);
        assert_eq!(h[header::SET_COOKIE], "__Host-lang=kk; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(sets(&h, "lang").as_deref(), Some("kk"));
        assert_eq!(sets(&h, "svod_session"), None);
    }
}
