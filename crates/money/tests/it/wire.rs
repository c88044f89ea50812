//! What goes over the wire to a provider and back.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use svod_kernel::{Clock, SimClock, Timestamp};
use svod_money::{
    CardToken, HttpProvider, Network, Networked, Order, Provider, ProviderError, SIGNATURE, Spec, State, Unanswered,
    Unsigned, sign,
};

const NOW: &str = "2026-01-15T01:00:00Z";

/// Url, headers and body of a request.
type Sent = (String, Vec<(String, String)>, String);

/// What was sent; what is answered; whether what is not answered has arrived.
#[derive(Default)]
struct Wire {
    sent: Mutex<Vec<Sent>>,
    answer: Mutex<Option<(u16, Value)>>,
    arrives: Mutex<bool>,
}

impl Network for Wire {
    fn post<'a>(&'a self, url: String, headers: Vec<(String, String)>, body: String) -> Networked<'a> {
        self.sent.lock().unwrap().push((url, headers, body));
        let (answer, arrived) = (self.answer.lock().unwrap().clone(), *self.arrives.lock().unwrap());
        Box::pin(async move {
            answer
                .map(|(status, body)| (status, body.to_string().into_bytes()))
                .ok_or_else(|| Unanswered { why: "nobody there".to_owned(), arrived })
        })
    }
}

fn provider(url: &str) -> (HttpProvider, Arc<Wire>) {
    let wire = Arc::new(Wire::default());
    let spec = Spec {
        id: "bank".into(),
        url: url.into(),
        secrets: vec!["new secret".into(), "old secret".into()],
        callback: Some("https://svod.example/api/v1/payments/bank/callback".into()),
    };
    let clock: Arc<dyn Clock> = Arc::new(SimClock::new(NOW.parse().unwrap()));
    (HttpProvider::new(spec, wire.clone(), clock), wire)
}

fn order() -> Order {
    Order {
        payment: "urn:svod:payment:1".parse().unwrap(),
        number: Some("0".repeat(25)),
        amount: 35_000,
        currency: "RUB".into(),
        purpose: "State duty".into(),
        back: "https://svod.example/my/payments".into(),
    }
}

#[tokio::test]
async fn an_order_is_signed_and_has_a_key() {
    let (bank, wire) = provider("https://bank.example/api/");
    let answer = json!({"reference": "b-1", "status": "pending", "redirect": "https://bank.example/pay/b-1"});
    *wire.answer.lock().unwrap() = Some((201, answer));
    let answered = bank.start(&order()).await.unwrap();
    assert_eq!((answered.reference.as_str(), answered.state), ("b-1", State::Pending));
    assert_eq!(answered.go.as_deref(), Some("https://bank.example/pay/b-1"));
    let (url, headers, body) = wire.sent.lock().unwrap().remove(0);
    assert_eq!(url, "https://bank.example/api/payments");
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap();
    assert_eq!(header("idempotency-key"), "urn:svod:payment:1");
    assert_eq!(header(SIGNATURE), sign("new secret", NOW.parse().unwrap(), body.as_bytes()));
    let read: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((read["amount"].as_i64(), read["currency"].as_str()), (Some(35_000), Some("RUB")));
    assert_eq!(read["callback"], "https://svod.example/api/v1/payments/bank/callback");
    assert!(!body.contains("secret") && !format!("{headers:?}").contains("secret"));
    *wire.answer.lock().unwrap() = Some((200, json!({"reference": "b-2", "status": "failed", "failure": "closed"})));
    assert_eq!(bank.payout(&order(), "4081").await.unwrap().state, State::Failed("closed".into()));
    assert_eq!(bank.refund(&order(), "b-1").await.unwrap().reference, "b-2");
    let sent = wire.sent.lock().unwrap();
    assert!(sent[0].0.ends_with("/payouts") && sent[0].2.contains("\"account\":\"4081\""));
    assert!(sent[1].0.ends_with("/refunds") && sent[1].2.contains("\"original\":\"b-1\""));
}

#[tokio::test]
async fn what_is_not_clear_is_asked_again() {
    let (bank, wire) = provider("https://bank.example");
    let unclear = |e: ProviderError| matches!(e, ProviderError::Unclear(_));
    assert!(matches!(bank.start(&order()).await.unwrap_err(), ProviderError::Away(_)), "nobody there");
    *wire.arrives.lock().unwrap() = true;
    assert!(unclear(bank.start(&order()).await.unwrap_err()), "it may have it");
    let fine = json!({"reference": "b-1", "status": "pending"});
    for (status, body) in [
        (500, fine.clone()),
        (401, fine.clone()),
        (429, fine),
        (200, json!({"status": "done"})),
        (200, json!({"reference": "", "status": "done"})),
        (200, json!({"reference": "b", "status": "perhaps"})),
        (200, json!({"reference": "b", "status": "pending", "redirect": "http://bank.example/"})),
        (200, json!({"reference": "b", "status": "pending", "redirect": "javascript:alert(1)"})),
    ] {
        *wire.answer.lock().unwrap() = Some((status, body.clone()));
        assert!(unclear(bank.start(&order()).await.unwrap_err()), "{status} {body}");
    }
    *wire.answer.lock().unwrap() = Some((422, json!({"message": "the account is closed"})));
    assert_eq!(bank.start(&order()).await.unwrap_err(), ProviderError::Refused("the account is closed".into()));
}

/// What the bank is asked of cards is signed as well, has a key only where money moves, and says of the holder what the bank knows.
#[tokio::test]
async fn the_bank_is_asked_about_cards() {
    let (bank, wire) = provider("https://bank.example");
    let answers = |status: u16, body: Value| *wire.answer.lock().unwrap() = Some((status, body));
    let card = CardToken { holder: "h1", token: "tok_1" };
    answers(200, json!({"redirect": "https://bank.example/cards/1"}));
    assert_eq!(bank.card_page("h1", "https://svod.example/back").await.unwrap(), "https://bank.example/cards/1");
    answers(200, json!({"last": "4242"}));
    assert_eq!(bank.card_digits(card).await.unwrap(), "4242");
    answers(200, json!({"reference": "b-3", "status": "done"}));
    assert_eq!(bank.payout_to_card(&order(), card).await.unwrap().state, State::Done);
    let sent = std::mem::take(&mut *wire.sent.lock().unwrap());
    let header = |n: usize, name: &str| sent[n].1.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    let asked: Vec<(&str, Value)> = sent.iter().map(|s| (&*s.0, serde_json::from_str(&s.2).unwrap())).collect();
    assert_eq!(asked[0].0, "https://bank.example/cards");
    assert_eq!(asked[0].1, json!({"holder": "h1", "back": "https://svod.example/back"}));
    assert_eq!(asked[1], ("https://bank.example/cards/known", json!({"holder": "h1", "token": "tok_1"})));
    assert_eq!(asked[2].0, "https://bank.example/payouts");
    assert_eq!((&asked[2].1["holder"], &asked[2].1["token"]), (&json!("h1"), &json!("tok_1")));
    assert!(asked[2].1.get("account").is_none());
    let keys = [None, None, Some("urn:svod:payment:1".to_owned())];
    assert_eq!([0, 1, 2].map(|n| header(n, "idempotency-key")), keys);
    for (n, one) in sent.iter().enumerate() {
        assert_eq!(header(n, SIGNATURE), Some(sign("new secret", NOW.parse().unwrap(), one.2.as_bytes())));
    }

    // A card that the bank does not know for this holder is refused; what it does not say is not made up.
    answers(422, json!({"message": "another holder's"}));
    assert_eq!(bank.card_digits(card).await.unwrap_err(), ProviderError::Refused("another holder's".into()));
    answers(200, json!({"first": "4242"}));
    assert!(matches!(bank.card_digits(card).await.unwrap_err(), ProviderError::Unclear(_)));
    for elsewhere in ["http://bank.example/cards/1", "javascript:alert(1)", ""] {
        answers(200, json!({"redirect": elsewhere}));
        let refused = bank.card_page("h1", "https://svod.example/back").await.unwrap_err();
        assert!(matches!(refused, ProviderError::Unclear(_)), "{elsewhere}");
    }
}

#[test]
fn only_the_bank_speaks_for_the_bank() {
    let (bank, _) = provider("https://bank.example");
    let now: Timestamp = NOW.parse().unwrap();
    let body = json!({"reference": "b-1", "payment": "urn:svod:payment:1", "status": "done", "amount": 35_000,
        "currency": "RUB"})
    .to_string();
    let body = body.as_bytes();
    for secret in ["new secret", "old secret"] {
        let notice = bank.notice(Some(&sign(secret, now, body)), body, now).unwrap();
        assert_eq!((notice.reference.as_str(), notice.state, notice.amount), ("b-1", State::Done, 35_000));
        assert_eq!(notice.payment.unwrap().as_str(), "urn:svod:payment:1");
    }
    let right = sign("new secret", now, body);
    let refused = |signature: Option<&str>, body: &[u8], at: Timestamp| bank.notice(signature, body, at).unwrap_err();
    assert_eq!(refused(None, body, now), Unsigned::Signature);
    assert_eq!(refused(Some(&sign("wrong", now, body)), body, now), Unsigned::Signature);
    assert_eq!(refused(Some(&sign("", now, body)), body, now), Unsigned::Signature);
    assert_eq!(refused(Some("t=1,v1=zz"), body, now), Unsigned::Signature);
    let other = String::from_utf8_lossy(body).replace("35000", "95000");
    assert_eq!(refused(Some(&right), other.as_bytes(), now), Unsigned::Signature);
    // The moment is signed with it.
    let later = right.replace(&format!("t={}", now.millis() / 1_000), &format!("t={}", now.millis() / 1_000 + 1));
    assert_eq!(refused(Some(&later), body, now), Unsigned::Signature);
    bank.notice(Some(&right), body, now.plus_seconds(299)).unwrap();
    assert_eq!(refused(Some(&right), body, now.plus_seconds(301)), Unsigned::Stale);
    assert_eq!(refused(Some(&right), body, now.plus_seconds(-301)), Unsigned::Stale);
    for unread in ["{}", "no", r#"{"reference":"b","status":"done","amount":-1,"currency":"RUB"}"#] {
        let signature = sign("new secret", now, unread.as_bytes());
        assert_eq!(refused(Some(&signature), unread.as_bytes(), now), Unsigned::Unreadable, "{unread}");
    }
}
