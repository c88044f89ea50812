//! What the checklist of `docs/security.md` (OWASP ASVS 5.0.0) says and no other test holds, by its chapters. The number of
//! the requirement stands over each test.

mod api;
mod authentication;
mod encoding;
mod failures;
mod frontend;
mod logging;
mod sessions;
mod tokens;

use svod_identity::{From, Invitation, code};
use svod_kernel::Clock as _;
use svod_testkit::{Answer, TestApp};

/// A token of forms that the visitor's cookie repeats.
const CSRF: &str = "0123456789abcdef0123456789abcdef";
const PASSWORD: &str = "корова на льду";

/// Somebody with an account.
struct Person {
    account: svod_identity::Account,
    /// Of the session that the invitation has begun.
    token: String,
}

impl Person {
    async fn new(app: &TestApp, login: &str) -> Self {
        let invitation = Invitation::new(login, "Olga", app.clock.now().plus_seconds(60)).unwrap();
        let invitation = app.core.identity.invite(&invitation);
        let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
        let token = app.proved(&token).await;
        Self { account, token }
    }

    /// With a password; and the secret of the authenticator that goes with it.
    async fn with_password(app: &TestApp, login: &str, password: &str) -> (Self, Vec<u8>) {
        let person = Self::new(app, login).await;
        let begun = app.core.identity.begin_password(&person.account, "Svod").await.unwrap();
        let secret = base32(&begun.secret);
        let now = code(&secret, app.clock.now());
        let given = (password.to_owned(), now.as_str());
        app.core.identity.set_password(&person.account, &begun.token, given).await.unwrap();
        (person, secret)
    }
}

/// The bytes of a secret as an authenticator is given it (RFC 4648, 6).
fn base32(text: &str) -> Vec<u8> {
    let mut bits = (0_u64, 0);
    let mut out = Vec::new();
    for c in text.bytes() {
        let value = if c.is_ascii_uppercase() { c - b'A' } else { c - b'2' + 26 };
        bits = (bits.0 << 5 | u64::from(value), bits.1 + 5);
        if bits.1 >= 8 {
            bits.1 -= 8;
            out.push((bits.0 >> bits.1) as u8);
        }
    }
    out
}

/// Every byte as a form or an address may carry it.
fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

fn cookies(token: &str) -> (&'static str, String) {
    ("cookie", format!("svod_session={token}; svod_csrf={CSRF}"))
}

/// A page in that session; without a token nobody's.
async fn page(app: &TestApp, token: &str, path: &str) -> Answer {
    app.request("GET", path, &[cookies(token)], Vec::new()).await
}

/// A form of a page.
async fn submit(app: &TestApp, token: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded".to_owned());
    let rest: String = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
    app.request("POST", path, &[cookies(token), kind], format!("csrf={CSRF}{rest}").into_bytes()).await
}

/// The value of a hidden field, or of what else names it so.
fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.text.split_once(&mark).unwrap_or_else(|| panic!("no field {name}: {}", page.text)).1;
    rest.split('"').next().unwrap().to_owned()
}

/// The cookie that an answer sets; none when it sets none.
fn set_cookie(answer: &Answer, name: &str) -> Option<String> {
    answer.headers.get_all("set-cookie").iter().find_map(|c| {
        let value = c.to_str().ok()?.strip_prefix(name)?.strip_prefix('=')?;
        value.split(';').next().map(str::to_owned)
    })
}

/// Both halves of signing in, with the code of the next half minute: each is taken once.
async fn sign_in(app: &TestApp, login: &str, password: &str, secret: &[u8]) -> Answer {
    app.clock.advance(30);
    let first = submit(app, "", "/session/password", &[("login", login), ("password", password)]).await;
    if first.status != 200 {
        return first;
    }
    let (step, now) = (hidden(&first, "step"), code(secret, app.clock.now()));
    submit(app, "", "/session/code", &[("step", &step), ("code", &now)]).await
}

/// The token of a session that begins so.
async fn signed_in(app: &TestApp, login: &str, password: &str, secret: &[u8]) -> String {
    let answer = sign_in(app, login, password, secret).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    set_cookie(&answer, "svod_session").expect("a session begins")
}

/// Does the session go on?
async fn goes_on(app: &TestApp, token: &str) -> bool {
    // What another node ends is over a second later.
    app.clock.advance(1);
    app.core.identity.recognise(token).await.is_ok()
}
