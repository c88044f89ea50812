//! For the tests of the domains: visitors of a [`Portal`](crate::Portal) without a network, and the check that every
//! text a page names is there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use svod_identity::Identity;
use svod_kernel::Lang;
use svod_text::Texts;
use tower::ServiceExt as _;

/// Token of the forms; the visitor's cookie holds the same.
pub const CSRF: &str = "0123456789abcdef0123456789abcdef";

/// What came back.
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Where a redirect leads; empty without one.
    pub location: String,
    /// The page, or what of a file is text.
    pub body: String,
    /// The same, byte by byte.
    pub bytes: Vec<u8>,
}

/// Somebody at the pages of an application, in English; a persona is named with each request.
pub struct Visitor {
    app: Router,
    identity: Arc<Identity>,
}

impl Visitor {
    /// A visitor of that application, whose personas this identity knows.
    pub const fn new(app: Router, identity: Arc<Identity>) -> Self {
        Self { app, identity }
    }

    /// Sends a request as that persona, or as nobody.
    ///
    /// # Panics
    /// When there is no such persona.
    pub async fn send(&self, who: Option<&str>, mut request: Request<Body>) -> Answer {
        if let Some(persona) = who {
            let token = self.identity.mint(persona, 3_600).expect("a persona of the packs");
            let bearer = format!("Bearer {token}").parse().expect("a token is a header");
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }
        let response = self.app.clone().oneshot(request).await.expect("an application always answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 8 << 20).await.expect("a page");
        let location = parts.headers.get(header::LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
        Answer {
            status: parts.status,
            location: location.to_owned(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes: bytes.to_vec(),
        }
    }

    /// Opens a page.
    pub async fn get(&self, who: Option<&str>, path: &str) -> Answer {
        self.send(who, asked(Request::get(path), Body::empty())).await
    }

    /// Sends a form: `a=1&b=2`.
    pub async fn post(&self, who: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, format!("svod_csrf={CSRF}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(Some(who), asked(request, Body::from(format!("csrf={CSRF}&{form}")))).await
    }

    /// Sends a form with fields and the files of a folder, as a browser does (RFC 7578).
    pub async fn upload(&self, who: &str, path: &str, fields: &[(&str, &str)], files: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in [("csrf", CSRF)].iter().chain(fields) {
            body += &format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        for (file, text) in files {
            let disposition = format!("content-disposition: form-data; name=\"files\"; filename=\"{file}\"");
            body += &format!("--x\r\n{disposition}\r\n\r\n{text}\r\n");
        }
        body += "--x--\r\n";
        let request = Request::post(path)
            .header(header::COOKIE, format!("svod_csrf={CSRF}"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        self.send(Some(who), asked(request, Body::from(body))).await
    }
}

fn asked(request: axum::http::request::Builder, body: Body) -> Request<Body> {
    let request = request.header(header::ACCEPT, "text/html").header(header::ACCEPT_LANGUAGE, "en");
    request.body(body).expect("a request of a test is well formed")
}

/// A value as a form sends it.
pub fn form(text: &str) -> String {
    text.replace('\n', "\r\n").bytes().map(|b| format!("%{b:02X}")).collect()
}

/// Every key that the sources of a domain name after one of the marks, `ctx.t("` say, stands in every language, and
/// none of its own texts stands idle, save those whose keys are made from these beginnings.
///
/// # Panics
/// When one is missing or idle.
pub fn check_keys(sources: &Path, own: &Texts, marks: &[&str], made: &[&str]) {
    let mut text = String::new();
    read(sources, &mut text);
    let texts = crate::texts().merged(own);
    let at_call = marks.iter().flat_map(|mark| text.split(mark).skip(1));
    let used: BTreeSet<&str> = at_call.filter_map(|rest| rest.split('"').next()).filter(|k| !k.contains('{')).collect();
    assert!(used.len() > 80, "the search for keys finds too few: {used:?}");
    for lang in Lang::ALL {
        let missing: Vec<_> = used.iter().filter(|k| !texts.has(lang, k)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", lang.tag());
    }
    let named = |k: &&str| text.contains(&format!("\"{k}\"")) || made.iter().any(|m| k.starts_with(m));
    let idle: Vec<_> = own.keys(Lang::Ru).filter(|k| !named(k)).collect();
    assert!(idle.is_empty(), "texts that nobody says: {idle:?}");
}

fn read(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            read(&path, out);
        } else {
            out.push_str(&std::fs::read_to_string(&path).expect("a source is text"));
        }
    }
}
