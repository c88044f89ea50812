//! A provider over HTTP: JSON, sums in smallest units, both ways signed with a shared secret (HMAC-SHA-256, RFC 2104), the
//! payment's URN as `Idempotency-Key`. What it is asked and says stands in docs/how-to/connect-a-payment-provider.md.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use svod_kernel::{Clock, Timestamp, Urn};

use crate::provider::{Answered, CardToken, Notice, Order, Provider, ProviderError, Reply, State, Unsigned, Word};

/// The header field of a signature: `t=<seconds since 1970>,v1=<hexadecimal>`.
pub const SIGNATURE: &str = "svod-signature";
/// Why a payment failed, where its provider does not say it.
pub const UNEXPLAINED: &str = "the provider gives no reason";
/// How far a signature's moment may be from now, in seconds.
const FRESH: i64 = 300;
/// Longest name of a payment at a provider, in characters.
const MOST_REFERENCE: usize = 128;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// In words.
    pub why: String,
    /// What was sent may have arrived.
    pub arrived: bool,
}

/// Status and body of an answer, or why there is none.
pub type Networked<'a> = Pin<Box<dyn Future<Output = Result<(u16, Vec<u8>), Unanswered>> + Send + 'a>>;

/// Speaks to other systems, as far as the configuration allows.
pub trait Network: Send + Sync {
    /// Posts a body.
    fn post<'a>(&'a self, url: String, headers: Vec<(String, String)>, body: String) -> Networked<'a>;
}

/// How a provider over HTTP is met. Not printable: it holds the secrets.
pub struct Spec {
    /// Its name.
    pub id: String,
    /// Its address without a slash at the end; `/payments`, `/refunds`, `/payouts` and `/cards` follow.
    pub url: String,
    /// Secrets shared with it: the first signs, any of them proves.
    pub secrets: Vec<String>,
    /// The absolute address at which it tells what became of a payment; none: it is told by other means.
    pub callback: Option<String>,
}

/// A provider over HTTP.
pub struct HttpProvider {
    spec: Spec,
    network: Arc<dyn Network>,
    clock: Arc<dyn Clock>,
}

/// The signature of a body.
pub fn sign(secret: &str, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.millis().div_euclid(1_000);
    let hex: String = mac(secret, seconds, body).finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

fn mac(secret: &str, seconds: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    mac
}

/// What a provider answers an order.
#[derive(Deserialize)]
struct Said {
    reference: String,
    status: String,
    #[serde(default)]
    redirect: Option<String>,
    #[serde(default)]
    failure: Option<String>,
}

/// What it says by itself.
#[derive(Deserialize)]
struct Told {
    reference: String,
    #[serde(default)]
    payment: Option<String>,
    status: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    failure: Option<String>,
}

fn state(word: &str, failure: Option<String>) -> Option<State> {
    match word {
        "pending" => Some(State::Pending),
        "done" => Some(State::Done),
        "failed" => Some(State::Failed(failure.unwrap_or_else(|| UNEXPLAINED.to_owned()))),
        _ => None,
    }
}

/// A name that can be kept.
fn is_reference(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MOST_REFERENCE && text.bytes().all(|b| b.is_ascii_graphic())
}

impl HttpProvider {
    /// With what it is met by, how it is reached, and the time by which signatures are judged.
    pub fn new(spec: Spec, network: Arc<dyn Network>, clock: Arc<dyn Clock>) -> Self {
        Self { spec, network, clock }
    }

    async fn ask(&self, what: &str, order: &Order, more: Value) -> Result<Answered, ProviderError> {
        self.read(&self.post(what, Some(order), more).await?)
    }

    /// A word of the answer to what is no order.
    async fn word(&self, what: &str, asked: Value, name: &str) -> Result<String, ProviderError> {
        let answer: Value = serde_json::from_slice(&self.post(what, None, asked).await?).unwrap_or_default();
        let word = answer[name].as_str().map(str::to_owned);
        word.ok_or_else(|| ProviderError::Unclear(format!("its answer cannot be read: '{name}' is missing")))
    }

    async fn post(&self, what: &str, order: Option<&Order>, more: Value) -> Result<Vec<u8>, ProviderError> {
        let mut body = order.map_or_else(|| json!({}), |order| self.described(order));
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        let body = body.to_string();
        let secret = self.spec.secrets.first().map_or("", String::as_str);
        let headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("accept".to_owned(), "application/json".to_owned()),
            (SIGNATURE.to_owned(), sign(secret, self.clock.now(), body.as_bytes())),
        ];
        let key = order.map(|order| ("idempotency-key".to_owned(), order.payment.to_string()));
        let headers = headers.into_iter().chain(key).collect();
        let url = format!("{}/{what}", self.spec.url.trim_end_matches('/'));
        let lost = |e: Unanswered| match e.arrived {
            true => ProviderError::Unclear(e.why),
            false => ProviderError::Away(e.why),
        };
        let (status, answer) = self.network.post(url, headers, body).await.map_err(lost)?;
        match status {
            200..=299 => Ok(answer),
            // These two are about the order; whatever else is answered may be better later, or when somebody has mended it.
            402 | 422 => Err(ProviderError::Refused(why(&answer, status))),
            _ => Err(ProviderError::Unclear(format!("it answers {status}"))),
        }
    }

    fn described(&self, order: &Order) -> Value {
        json!({
            "payment": order.payment,
            "amount": order.amount,
            "currency": order.currency,
            "purpose": order.purpose,
            "callback": self.spec.callback,
        })
    }

    /// Nobody is led from a provider that speaks TLS to an address that does not.
    fn leads(&self, go: &str) -> bool {
        go.starts_with("https://") || (!self.spec.url.starts_with("https:") && go.starts_with("http://"))
    }

    fn read(&self, answer: &[u8]) -> Result<Answered, ProviderError> {
        let unread = |e: String| ProviderError::Unclear(format!("its answer cannot be read: {e}"));
        let said: Said = serde_json::from_slice(answer).map_err(|e| unread(e.to_string()))?;
        if !is_reference(&said.reference) {
            return Err(unread("reference must be 1 to 128 visible ASCII characters".into()));
        }
        if said.redirect.as_ref().is_some_and(|go| !self.leads(go)) {
            return Err(unread("redirect is no https address".into()));
        }
        let state = state(&said.status, said.failure).ok_or_else(|| unread(format!("status '{}'", said.status)))?;
        Ok(Answered { reference: said.reference, go: said.redirect, state })
    }
}

/// What a provider says of why it refuses, in short.
fn why(answer: &[u8], status: u16) -> String {
    let body: Value = serde_json::from_slice(answer).unwrap_or_default();
    let said = ["message", "failure", "detail"].iter().find_map(|name| body[name].as_str());
    said.map_or_else(|| format!("it answers {status}"), |s| s.chars().take(300).collect())
}

impl Provider for HttpProvider {
    fn id(&self) -> &str {
        &self.spec.id
    }

    fn start<'a>(&'a self, order: &'a Order) -> Reply<'a> {
        Box::pin(self.ask("payments", order, json!({"number": order.number, "back": order.back})))
    }

    fn refund<'a>(&'a self, order: &'a Order, original: &'a str) -> Reply<'a> {
        Box::pin(self.ask("refunds", order, json!({"original": original})))
    }

    fn payout<'a>(&'a self, order: &'a Order, account: &'a str) -> Reply<'a> {
        Box::pin(self.ask("payouts", order, json!({"account": account})))
    }

    fn card_page<'a>(&'a self, holder: &'a str, back: &'a str) -> Word<'a> {
        Box::pin(async move {
            let go = self.word("cards", json!({"holder": holder, "back": back}), "redirect").await?;
            let wrong = || ProviderError::Unclear("its redirect is no https address".into());
            if self.leads(&go) { Ok(go) } else { Err(wrong()) }
        })
    }

    fn card_digits<'a>(&'a self, card: CardToken<'a>) -> Word<'a> {
        Box::pin(self.word("cards/known", json!({"holder": card.holder, "token": card.token}), "last"))
    }

    fn payout_to_card<'a>(&'a self, order: &'a Order, card: CardToken<'a>) -> Reply<'a> {
        Box::pin(self.ask("payouts", order, json!({"holder": card.holder, "token": card.token})))
    }

    fn notice(&self, signature: Option<&str>, body: &[u8], now: Timestamp) -> Result<Notice, Unsigned> {
        let (seconds, given) = signature.and_then(parts).ok_or(Unsigned::Signature)?;
        let proves = |secret: &String| !secret.is_empty() && mac(secret, seconds, body).verify_slice(&given).is_ok();
        if !self.spec.secrets.iter().any(proves) {
            return Err(Unsigned::Signature);
        }
        if (now.millis().div_euclid(1_000) - seconds).abs() > FRESH {
            return Err(Unsigned::Stale);
        }
        let told: Told = serde_json::from_slice(body).map_err(|_| Unsigned::Unreadable)?;
        let payment: Option<Urn> = told.payment.map(|p| p.parse()).transpose().map_err(|_| Unsigned::Unreadable)?;
        let state = state(&told.status, told.failure).filter(|_| is_reference(&told.reference) && told.amount >= 0);
        let state = state.ok_or(Unsigned::Unreadable)?;
        let plain = told.currency.len() == 3 && told.currency.bytes().all(|b| b.is_ascii_uppercase());
        if !plain {
            return Err(Unsigned::Unreadable);
        }
        Ok(Notice { reference: told.reference, payment, state, amount: told.amount, currency: told.currency })
    }
}

/// Moment and bytes of a signature.
fn parts(field: &str) -> Option<(i64, Vec<u8>)> {
    let of = |name: &str| field.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let hex = of("v1")?;
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let pairs = hex.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs.map(|p| u8::from_str_radix(std::str::from_utf8(p).ok()?, 16).ok()).collect();
    Some((of("t")?.parse().ok()?, bytes?))
}
