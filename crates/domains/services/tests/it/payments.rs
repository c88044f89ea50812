//! What people pay and bodies give back, on their pages: the sandbox moves nothing, the books are those of every provider.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use svod_kernel::{Actor, Urn};
use svod_model::{Attribute, Entity};
use svod_money::{NewAccrual, Notice, SANDBOX, Settled, State};
use svod_portal::testing::{Answer, CSRF};
use svod_registry::EntityQuery;

use crate::house::{ANNA, BORIS, House};

/// Works for the body that is owed.
const OFFICIAL: &str = "official-municipal";
const BODY: &str = "urn:svod:body:novokuznetsk:ecology";
const REGISTER: &str = "/operations/payments";

async fn accrued(house: &House, amount: i64) -> Urn {
    let new = NewAccrual {
        person: format!("persona:{ANNA}").parse().unwrap(),
        body: BODY.parse().unwrap(),
        case: None,
        service: None,
        purpose: "State fee".into(),
        basis: None,
        amount,
        currency: "RUB".into(),
        due_days: Some(30),
        space: "kuzbass/novokuznetsk".parse().unwrap(),
    };
    house.money.accrue(&new).await.unwrap().0
}

async fn pay(house: &House, who: &str, accrual: &Urn, amount: &str) -> Answer {
    house.visitor.post(who, &format!("/pay/{accrual}"), &format!("amount={amount}")).await
}

async fn payments(house: &House) -> Vec<Entity> {
    let q = EntityQuery::of("kuzbass".parse().unwrap(), &["Payment"]);
    house.registry.query(&Actor::platform("test"), q).await.unwrap().items
}

/// Anna pays, and the bank takes `moved` of her.
async fn paid(house: &House, accrual: &Urn, moved: i64) -> Urn {
    let gone = pay(house, ANNA, accrual, "").await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.body);
    let payment: Urn = gone.location.strip_prefix("/sandbox/payments/").unwrap().parse().unwrap();
    let reference = format!("sandbox-{}", payment.local());
    let said = Notice { reference, payment: None, state: State::Done, amount: moved, currency: "RUB".into() };
    let settled = house.money.settle(SANDBOX, &said).await.unwrap();
    assert!(!matches!(settled, Settled::Kept(_) | Settled::Pending), "{settled:?}");
    payment
}

/// A page as it reads: numbers are set with spaces that do not break.
async fn page(house: &House, who: &str, path: &str) -> String {
    let answer = house.visitor.get(Some(who), path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    plain(&answer.body)
}

fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

#[tokio::test]
async fn an_invoice_is_there_while_something_is_owed() {
    let house = House::new().await;
    house.people().await;
    let accrual = accrued(&house, 50_000).await;
    let path = format!("/my/payments/{accrual}/invoice");
    assert!(page(&house, ANNA, "/my/payments").await.contains(&format!("href=\"{path}\"")));
    let body = house.entity_now(BODY).await;
    let bare = page(&house, ANNA, &path).await;
    for part in ["<h1>Invoice</h1>", "State fee", "500.00 RUB", accrual.local(), body.text("name").unwrap(), "Due"] {
        assert!(bare.contains(part), "{part}: {bare}");
    }
    let picture = "aria-label=\"QR code with the details of the payment\"";
    assert!(
        !bare.contains(picture) && !bare.contains("Bank code"),
        "without an account there is nothing to pay to: {bare}"
    );
    let accounts = [
        ("accountNumber", "03100643000000013900"),
        ("bankName", "ОТДЕЛЕНИЕ КЕМЕРОВО"),
        ("bankCode", "013207212"),
        ("correspondentAccount", "40102810745370000032"),
    ];
    let known = accounts.iter().fold(body, |b, (name, value)| b.with(name, Attribute::property(*value)));
    house.write(vec![known]).await;
    let whole = page(&house, ANNA, &path).await;
    for part in [picture, "03100643000000013900", "ОТДЕЛЕНИЕ КЕМЕРОВО", "<dt>Bank code</dt><dd>013207212"]
    {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    for (who, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some(BORIS), StatusCode::NOT_FOUND),
        (Some(OFFICIAL), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(house.visitor.get(who, &path).await.status, status, "{who:?}");
    }
    paid(&house, &accrual, 50_000).await;
    assert_eq!(house.visitor.get(Some(ANNA), &path).await.status, StatusCode::NOT_FOUND, "nothing is owed any more");
}

#[tokio::test]
async fn what_was_paid_over_is_given_back_from_the_register_once() {
    let house = House::new().await;
    house.people().await;
    let accrual = accrued(&house, 50_000).await;
    let payment = paid(&house, &accrual, 60_000).await;
    let mine = page(&house, ANNA, "/my/payments").await;
    assert!(mine.contains("it is given back to you: 100.00 RUB"), "{mine}");

    let (button, refund) = ("Give back 100.00 RUB</button>", format!("{REGISTER}/{payment}/refund"));
    let register = page(&house, OFFICIAL, REGISTER).await;
    assert!(register.contains("id=\"overpaid\"") && register.contains(button), "{register}");
    assert!(register.contains("data-confirm=\"Give back 100.00 RUB?"), "money is not moved by a slip: {register}");
    // Who oversees sees it and moves nothing; it is nothing to another body.
    let seen = page(&house, "governor", REGISTER).await;
    assert!(seen.contains("id=\"overpaid\"") && !seen.contains(button), "{seen}");
    assert!(!page(&house, "official-migration", REGISTER).await.contains("id=\"overpaid\""));

    for who in [ANNA, BORIS, "governor", "official-migration"] {
        let refused = house.visitor.post(who, &refund, "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{who}: {}", refused.body);
    }
    for (path, status) in [
        (format!("{REGISTER}/urn:svod:payment:none/refund"), StatusCode::NOT_FOUND),
        (format!("{REGISTER}/no-urn/refund"), StatusCode::NOT_FOUND),
        (format!("{REGISTER}/{accrual}/refund"), StatusCode::NOT_FOUND),
    ] {
        let refused = house.visitor.post(OFFICIAL, &path, "").await;
        assert_eq!(refused.status, status, "{path}: {}", refused.body);
    }
    let forged = Request::post(&refund)
        .header(header::COOKIE, format!("svod_csrf={CSRF}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let forged = house.visitor.send(Some(OFFICIAL), forged.body(Body::from("csrf=forged")).unwrap()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(payments(&house).await.len(), 1, "what was refused began nothing");

    let done = house.visitor.post(OFFICIAL, &refund, "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    for (lang, words) in
        [("en", "Given back: 100.00 RUB"), ("ru", "Возвращено: 100,00 RUB"), ("kk", "Қайтарылды: 100,00 RUB")]
    {
        let told = page(&house, OFFICIAL, &format!("{}&lang={lang}", done.location)).await;
        assert!(told.contains(words) && !told.contains("id=\"overpaid\""), "{lang}: {told}");
    }
    // What is no refund is not told as one.
    assert!(!page(&house, OFFICIAL, &format!("{REGISTER}?given={payment}")).await.contains("Given back:"));

    // The button pressed twice: one refund.
    let again = house.visitor.post(OFFICIAL, &refund, "").await;
    assert_eq!((again.status, &again.location), (StatusCode::SEE_OTHER, &done.location));
    let all = payments(&house).await;
    let back: Vec<_> = all.iter().filter(|p| p.text("kind") == Some("refund")).collect();
    assert_eq!(back.len(), 1);
    assert_eq!((back[0].object("original"), back[0].text("status")), (Some(&payment), Some("done")));
    assert_eq!(house.money.verify().await.unwrap().faults, Vec::<String>::new());
    let mine = page(&house, ANNA, "/my/payments").await;
    assert!(mine.contains("Refund: 100.00 RUB") && !mine.contains("it is given back to you"), "{mine}");
}

#[tokio::test]
async fn nothing_is_given_back_of_what_was_owed() {
    let house = House::new().await;
    house.people().await;
    let payment = paid(&house, &accrued(&house, 50_000).await, 50_000).await;
    assert!(!page(&house, OFFICIAL, REGISTER).await.contains("id=\"overpaid\""));
    let refused = house.visitor.post(OFFICIAL, &format!("{REGISTER}/{payment}/refund"), "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert_eq!(payments(&house).await.len(), 1);
}

#[tokio::test]
async fn a_sum_that_cannot_be_paid_is_told_at_its_field() {
    let house = House::new().await;
    house.people().await;
    let accrual = accrued(&house, 50_000).await;
    let field = format!("amount-{}", accrual.local());
    for wrong in ["500.01", "0", "a+lot"] {
        let refused = pay(&house, ANNA, &accrual, wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        let body = plain(&refused.body);
        assert!(body.contains("Write a sum from 0.01 RUB to 500.00 RUB"), "{wrong}: {body}");
        let (told, at) = (format!("href=\"#field-{field}\""), format!("aria-describedby=\"error-{field}\""));
        assert!(body.contains(&told) && body.contains(&at), "{wrong}: {body}");
        assert!(body.contains(&format!("value=\"{}\"", wrong.replace('+', " "))), "what was typed stays: {body}");
    }
    assert_eq!(pay(&house, BORIS, &accrual, "1").await.status, StatusCode::NOT_FOUND, "it is not his");
    assert!(payments(&house).await.is_empty());
    paid(&house, &accrual, 50_000).await;
    // A page that was open when it was paid.
    let late = pay(&house, ANNA, &accrual, "10").await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    assert!(late.body.contains("not owed any more"), "{}", late.body);
    let receipt = page(&house, ANNA, &format!("/my/payments/{}", payments(&house).await[0].id)).await;
    assert!(receipt.contains("sandbox, no money moves"), "{receipt}");
}

#[tokio::test]
async fn a_file_is_compared_in_sums_and_states_that_people_read() {
    let house = House::new().await;
    house.people().await;
    let payment = paid(&house, &accrued(&house, 35_005).await, 35_005).await;
    let other = paid(&house, &accrued(&house, 50_000).await, 60_000).await;
    let reference = |payment: &Urn| format!("sandbox-{}", payment.local());
    let csv = format!(
        "reference,amount,state,currency\n{},35006,failed,\n{},60000,done,rub\nnobody,700,pending,KZT\n",
        reference(&payment),
        reference(&other)
    );
    let path = format!("{REGISTER}/reconciliation");
    let days = [("provider", SANDBOX), ("from", "2026-01-15"), ("until", "2026-01-15")];
    let compared = async |lang: &str, form: &str| {
        let fields: Vec<_> = days.into_iter().chain([("as", form)]).collect();
        let sent = house.visitor.upload(OFFICIAL, &format!("{path}?lang={lang}"), &fields, &[("bank.csv", &csv)]).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
        plain(&sent.body)
    };
    for (lang, words) in [
        ("en", ["350.06 RUB", "350.05 RUB", "7.00 KZT", "100.00 RUB", "Failed", "Done", "Pending"]),
        ("ru", ["350,06 RUB", "350,05 RUB", "7,00 KZT", "100,00 RUB", "Не прошёл", "Проведён", "В обработке"]),
        ("kk", ["350,06 RUB", "350,05 RUB", "7,00 KZT", "100,00 RUB", "Өтпеді", "Өткізілді", "Өңделуде"]),
    ] {
        let page = compared(lang, "page").await;
        for part in words {
            assert!(page.contains(part), "{lang} {part}: {page}");
        }
        for raw in ["35006", "35005", ">done<", ">failed<", "60000"] {
            assert!(!page.contains(raw), "{lang} {raw}: {page}");
        }
    }
    let file = compared("en", "csv").await;
    assert!(file.contains("Different") && file.contains("350.06 RUB") && file.contains("The same"), "{file}");
    // What is given out is what is taken: whole numbers of the smallest unit, words of the machine.
    let own = format!("{path}.csv?provider={SANDBOX}&from=2026-01-15&until=2026-01-15");
    let own = house.visitor.get(Some(OFFICIAL), &own).await.body;
    assert!(own.contains("35005,done,RUB") && own.contains("60000,done,RUB"), "{own}");
}
