//! What the checklist of `docs/security.md` (OWASP ASVS 5.0.0) says and no other test holds, by its chapters. The number of
//! the requirement stands over each test.

mod alerts;
mod api;
mod authentication;
mod encoding;
mod failures;
mod frontend;
mod logging;
mod sessions;
mod steps;
mod tokens;

use svod_identity::{From, Invitation, code};
use svod_kernel::{Clock as _, Role};
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
        Self::invited(app, Invitation::new(login, "Olga", app.clock.now().plus_seconds(60)).unwrap()).await
    }

    /// With a post in Kuzbass.
    async fn holding(app: &TestApp, login: &str, role: Role) -> Self {
        let mut invitation = Invitation::new(login, "Olga", app.clock.now().plus_seconds(60)).unwrap();
        invitation.post = Some((role, "kuzbass".parse().unwrap()));
        Self::invited(app, invitation).await
    }

    async fn invited(app: &TestApp, invitation: Invitation) -> Self {
        let invitation = app.core.identity.invite(&invitation);
        let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
        let token = app.proved(&token).await;
        Self { account, token }
    }

    /// With a password; and the secret of the authenticator that goes with it.
    async fn with_password(app: &TestApp, login: &str, password: &str) -> (Self, Vec<u8>) {
        let person = Self::new(app, login).await;
        let secret = person.set_password(app, password).await;
        (person, secret)
    }

    async fn set_password(&self, app: &TestApp, password: &str) -> Vec<u8> {
        let begun = app.core.identity.begin_password(&self.account, "Svod").await.unwrap();
        let secret = base32(&begun.secret);
        let now = code(&secret, app.clock.now());
        let given = (password.to_owned(), now.as_str());
        app.core.identity.set_password(&self.account, &begun.token, given).await.unwrap();
        secret
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

/// The token under which the session goes on after a fresh proof.
async fn proved_anew(app: &TestApp, token: &str, secret: &[u8]) -> String {
    app.clock.advance(30);
    let now = code(secret, app.clock.now());
    let right = [("password", PASSWORD), ("code", now.as_str()), ("back", "/account")];
    let proved = submit(app, token, "/session/confirm", &right).await;
    set_cookie(&proved, "svod_session").unwrap_or_else(|| panic!("no proof: {}", proved.text))
}

/// The address that a redirection to a fresh proof leads back to; panics when it leads elsewhere.
#[track_caller]
fn way_back(answer: &Answer) -> String {
    let back = answer.header("location").strip_prefix("/session/confirm?back=");
    percent_decoded(back.unwrap_or_else(|| panic!("{} {}: {}", answer.status, answer.header("location"), answer.text)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b => b,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// Does the session go on?
async fn goes_on(app: &TestApp, token: &str) -> bool {
    // What another node ends is over a second later.
    app.clock.advance(1);
    app.core.identity.recognise(token).await.is_ok()
}
