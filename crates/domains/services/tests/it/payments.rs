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

/// Without the signs that Fluent sets around what it is given.
fn plain_words(text: &str) -> String {
    plain(text).replace(['\u{2068}', '\u{2069}'], "")
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
    // Of what neither side names the money of, no money is named.
    let nameless = "reference,amount,state\nnobody,700,pending\n";
    let sent = house.visitor.upload(OFFICIAL, &path, &days, &[("bank.csv", nameless)]).await;
    assert!(plain(&sent.body).contains(">7.00<"), "{}", sent.body);

    // A spreadsheet adds the sums of the file: numbers, with the currency in a column of its own.
    let file = compared("en", "csv").await;
    let rows: Vec<Vec<&str>> = file.lines().map(|line| line.split(',').collect()).collect();
    let head = rows[0].iter().map(|cell| cell.trim_start_matches('\u{feff}')).collect::<Vec<_>>();
    let names = ["Outcome", "Reference", "Amount there", "Currency there", "State there"];
    let more = ["Amount here", "Currency here", "State here", "More than was owed"];
    assert_eq!(head, names.into_iter().chain(more).collect::<Vec<_>>());
    let of = |reference: &str| rows.iter().find(|row| row[1] == reference).unwrap()[2..].to_vec();
    assert_eq!(of(&reference(&payment)), ["350.06", "RUB", "Failed", "350.05", "RUB", "Done", ""]);
    assert_eq!(of(&reference(&other)), ["600.00", "RUB", "Done", "600.00", "RUB", "Done", "100.00"]);
    assert_eq!(of("nobody"), ["7.00", "KZT", "Pending", "", "", "", ""]);
    // What is wrong with a file is said in the reader's language.
    for (lang, words) in
        [("ru", "Строка 2: в amount пишут"), ("kk", "2-жол: amount бағанында"), ("en", "Line 2: amount")]
    {
        let wrong = [("bank.csv", "reference,amount,state\na,3.5,done\n")];
        let refused = house.visitor.upload(OFFICIAL, &format!("{path}?lang={lang}"), &days, &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{lang}");
        assert!(plain_words(&refused.body).contains(words), "{lang}: {}", refused.body);
    }
    // What is given out is what is taken: whole numbers of the smallest unit, words of the machine.
    let own = format!("{path}.csv?provider={SANDBOX}&from=2026-01-15&until=2026-01-15");
    let own = house.visitor.get(Some(OFFICIAL), &own).await.body;
    assert!(own.contains("35005,done,RUB") && own.contains("60000,done,RUB"), "{own}");
}

const CARDS: &str = "/my/payments/cards";

/// Anna shows the sandbox a card with these last digits; the token with which she comes back.
async fn shown(house: &House, last: &str) -> String {
    let back = house.visitor.post(ANNA, "/sandbox/cards", &format!("last={last}")).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    back.location.strip_prefix("/my/payments/cards?token=").unwrap().to_owned()
}

async fn act(house: &House, who: &str, form: &str) -> Answer {
    house.visitor.post(who, CARDS, form).await
}

#[tokio::test]
async fn a_card_is_shown_to_the_provider_kept_and_forgotten() {
    let house = House::new().await;
    house.people().await;
    assert!(page(&house, ANNA, CARDS).await.contains("You have no cards here."));
    let away = act(&house, ANNA, "act=add").await;
    assert_eq!((away.status, &*away.location), (StatusCode::SEE_OTHER, "/sandbox/cards"));
    assert!(page(&house, ANNA, "/sandbox/cards").await.contains("name=\"last\""));
    let wrong = house.visitor.post(ANNA, "/sandbox/cards", "last=4111111111111111").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("Write four digits."), "{}", wrong.body);

    let token = shown(&house, "4242").await;
    let asked = page(&house, ANNA, &format!("{CARDS}?token={token}")).await;
    assert!(asked.contains(&format!("value=\"{token}\"")) && asked.contains("Keep the card"), "{asked}");
    // It is given to her: nobody else keeps it, and a number is no token.
    for (who, token, words) in [
        (BORIS, &*token, "The provider has not given this card to you."),
        (ANNA, "4111111111111111", "the number of a card is not taken here"),
    ] {
        let refused = act(&house, who, &format!("act=keep&token={token}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{who}");
        assert!(refused.body.contains(words), "{who}: {}", refused.body);
    }
    for _ in 0..2 {
        let kept = act(&house, ANNA, &format!("act=keep&token={token}")).await;
        assert_eq!((kept.status, &*kept.location), (StatusCode::SEE_OTHER, "/my/payments/cards?done=kept"));
    }
    let mine = page(&house, ANNA, &format!("{CARDS}?done=kept")).await;
    assert!(mine.contains("The card is kept") && mine.matches("<strong>•••• 4242</strong>").count() == 1, "{mine}");
    assert!(!mine.contains(&token), "the token stays hidden");
    assert!(page(&house, BORIS, CARDS).await.contains("You have no cards here."));

    let card = house.money.cards(&House::anna()).await.unwrap().remove(0).id;
    assert_eq!(act(&house, BORIS, &format!("act=forget&card={card}")).await.status, StatusCode::NOT_FOUND);
    let gone = act(&house, ANNA, &format!("act=forget&card={card}")).await;
    assert_eq!((gone.status, &*gone.location), (StatusCode::SEE_OTHER, "/my/payments/cards?done=forgotten"));
    assert!(page(&house, ANNA, &gone.location).await.contains("The card is forgotten"));
    assert!(page(&house, ANNA, CARDS).await.contains("You have no cards here."));
}

#[tokio::test]
async fn a_card_that_is_paid_to_now_stays_and_there_are_ten_at_the_most() {
    let house = House::new().await;
    house.people().await;
    for n in 0..10 {
        let kept = act(&house, ANNA, &format!("act=keep&token={}", shown(&house, &format!("{n:04}")).await)).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{n}: {}", kept.body);
    }
    let token = shown(&house, "9999").await;
    for (lang, words) in
        [("en", "You keep ten cards already"), ("ru", "У вас уже десять карт"), ("kk", "Сізде он карта бар")]
    {
        let path = format!("{CARDS}?lang={lang}");
        let full = house.visitor.post(ANNA, &path, &format!("act=keep&token={token}")).await;
        assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY, "{lang}");
        assert!(full.body.contains(words), "{lang}: {}", full.body);
    }
    let card = house.money.cards(&House::anna()).await.unwrap().remove(0).id;
    let payout = House::new_entity("urn:svod:payment:waits", "Payment")
        .with("kind", Attribute::property("payout"))
        .with("person", Attribute::object(format!("persona:{ANNA}").parse().unwrap()))
        .with("card", Attribute::object(card.clone()))
        .with("amount", Attribute::property(100))
        .with("currency", Attribute::property("RUB"))
        .with("provider", Attribute::property(SANDBOX))
        .with("startedAt", Attribute::property("2026-01-15T01:00:00Z"));
    let stands = |status: &str| payout.clone().with("status", Attribute::property(status));
    house.write(vec![stands("pending")]).await;
    let form = format!("act=forget&card={card}");
    let stays = act(&house, ANNA, &form).await;
    assert_eq!(stays.status, StatusCode::CONFLICT, "{}", stays.body);
    assert!(stays.body.contains("A payout to this card is under way."), "{}", stays.body);
    house.write(vec![stands("done").with("settledAt", Attribute::property("2026-01-15T01:00:00Z"))]).await;
    assert_eq!(act(&house, ANNA, &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.money.cards(&House::anna()).await.unwrap().len(), 9);
    let kept = act(&house, ANNA, &format!("act=keep&token={token}")).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
}

#[tokio::test]
async fn why_a_payment_was_not_done_is_said_in_the_readers_language() {
    let house = House::new().await;
    house.people().await;
    let accrual = accrued(&house, 50_000).await;
    for amount in ["100", "200"] {
        assert_eq!(pay(&house, ANNA, &accrual, amount).await.status, StatusCode::SEE_OTHER);
    }
    let all = payments(&house).await;
    let first = all.iter().find(|p| p.text("status") == Some("failed")).unwrap();
    for (lang, words) in [
        ("en", "Another payment was started instead"),
        ("ru", "Вместо него начат другой платёж"),
        ("kk", "Оның орнына басқа төлем басталды"),
    ] {
        let receipt = page(&house, ANNA, &format!("/my/payments/{}?lang={lang}", first.id)).await;
        assert!(receipt.contains(words), "{lang}: {receipt}");
    }
}
