//! What a body's officials see of money: the register of accruals, a provider's file beside what is here, and refunds.

use axum::http::{StatusCode, header};
use svod_kernel::Urn;
use svod_money::{NewAccrual, Notice, Refund, SANDBOX, Settled, State};

use crate::house::{ANNA, House};

const OFFICIAL: &str = "official-municipal";
const BODY: &str = "urn:svod:body:novokuznetsk:ecology";
const REGISTER: &str = "/operations/payments";
const COMPARE: &str = "/operations/payments/reconciliation";

async fn accrued(house: &House, purpose: &str, amount: i64) -> Urn {
    let new = NewAccrual {
        person: format!("persona:{ANNA}").parse().unwrap(),
        body: BODY.parse().unwrap(),
        case: None,
        service: None,
        purpose: purpose.into(),
        basis: None,
        amount,
        currency: "RUB".into(),
        due_days: Some(30),
        space: "kuzbass/novokuznetsk".parse().unwrap(),
    };
    house.money.accrue(&new).await.unwrap().0
}

/// Anna pays all of it; the provider's reference, and the payment.
async fn paid(house: &House, accrual: &Urn, amount: i64) -> (String, Urn) {
    let gone = house.visitor.post(ANNA, &format!("/pay/{accrual}"), "amount=").await;
    let payment: Urn = gone.location.strip_prefix("/sandbox/payments/").unwrap().parse().unwrap();
    let reference = format!("sandbox-{}", payment.local());
    let said =
        Notice { reference: reference.clone(), payment: None, state: State::Done, amount, currency: "RUB".into() };
    let settled = house.money.settle(SANDBOX, &said).await.unwrap();
    assert!(!matches!(settled, Settled::Kept(_) | Settled::Pending), "{settled:?}");
    (reference, payment)
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

#[track_caller]
fn told(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
}

/// The number of an accrual, as the register and a bill have it.
async fn number(house: &House, accrual: &Urn) -> String {
    house.entity_now(accrual.as_str()).await.text("number").unwrap().to_owned()
}

#[tokio::test]
async fn the_register_shows_what_the_body_is_owed_and_saves_it() {
    let house = House::new().await;
    house.people().await;
    let (fee, fine) = (accrued(&house, "State fee", 50_000).await, accrued(&house, "Fine <b>", 20_000).await);
    paid(&house, &fine, 20_000).await;
    let (first, second) = (number(&house, &fee).await, number(&house, &fine).await);
    let all = page(&house, OFFICIAL, REGISTER).await;
    told(
        &all,
        &["Accruals: 2", &first, &second, "State fee", "Fine &lt;b&gt;", "500.00 RUB", "200.00 RUB", "Not paid"],
    );
    told(&all, &["<dt>Owed and not paid</dt><dd>500.00 RUB", "<dt>Accrued</dt><dd>700.00 RUB"]);
    let row = format!("href=\"/entities/{fee}\"");
    told(&all, &[&row]);

    // By how it stands, and by the number of a bill; what is no number finds nothing.
    let open = page(&house, OFFICIAL, &format!("{REGISTER}?status=open")).await;
    assert!(open.contains(&first) && !open.contains(&second), "{open}");
    let one = page(&house, OFFICIAL, &format!("{REGISTER}?number={second}")).await;
    assert!(one.contains("Accruals: 1") && one.contains("Fine &lt;b&gt;") && !one.contains("State fee"), "{one}");
    let none = page(&house, OFFICIAL, &format!("{REGISTER}?number=99999999999999999999")).await;
    told(&none, &["No accruals", "None fits the filter."]);

    let (status, headers, table) = house.download(Some(OFFICIAL), "/operations/payments.csv?status=paid").await;
    assert_eq!((status, &headers[header::CONTENT_DISPOSITION]), (StatusCode::OK, &header_of("accruals.csv")));
    let table = String::from_utf8(table).unwrap();
    let lines: Vec<&str> = table.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("Number") && lines[0].contains("Currency"), "{table}");
    told(lines[1], &[&second, "200.00", "RUB", "Paid", fine.as_str()]);

    // Another body is owed nothing; who is no official sees no register, and is told who does.
    let other = page(&house, "official-migration", REGISTER).await;
    assert!(other.contains("Accruals: 0") && !other.contains("State fee"), "{other}");
    let locked = house.visitor.get(Some(ANNA), REGISTER).await;
    assert!(
        !locked.body.contains("State fee") && locked.body.contains("for officials of the bodies"),
        "{}",
        locked.body
    );
    assert_eq!(house.download(Some(ANNA), "/operations/payments.csv").await.0, StatusCode::FORBIDDEN);
}

fn header_of(file: &str) -> axum::http::HeaderValue {
    format!("attachment; filename=\"{file}\"").parse().unwrap()
}

#[tokio::test]
async fn a_providers_file_is_put_in_and_what_differs_is_shown() {
    let house = House::new().await;
    house.people().await;
    let mut references = Vec::new();
    for amount in [10_000, 20_000, 30_000] {
        let accrual = accrued(&house, "State fee", amount).await;
        references.push(paid(&house, &accrual, amount).await.0);
    }
    let [same, other, gone] = [&references[0], &references[1], &references[2]];
    let file = format!("reference;amount;state\n{same};10000;done\n{other};20100;done\nsandbox-nobody;500;done\n");
    let day = [("provider", SANDBOX), ("from", "2026-01-15"), ("until", "2026-01-15")];
    let send = async |who: &str, fields: &[(&str, &str)], text: &str| {
        house.visitor.upload(who, COMPARE, fields, &[("bank.csv", text)]).await
    };
    let shown = send(OFFICIAL, &day, &file).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let body = plain(&shown.body);
    told(
        &body,
        &[
            "The same</strong> 1 ",
            "Missing here</strong> 1 ",
            "Missing at the provider</strong> 1 ",
            "Different</strong> 1 ",
        ],
    );
    let cells = |verdict: &str, cells: [&str; 5]| {
        let names = ["Reference", "Amount there", "State there", "Amount here", "State here"];
        for (name, cell) in names.iter().zip(cells) {
            let found = body.split("<tr>").any(|row| {
                row.contains(verdict)
                    && row.contains(&format!("data-label=\"{name}"))
                    && row.contains(&format!("<span>{cell}</span>"))
            });
            assert!(found, "{verdict} {name} {cell}: {body}");
        }
    };
    cells("Different", [other, "201.00 RUB", "Done", "200.00 RUB", "Done"]);
    cells("Missing here", ["sandbox-nobody", "5.00", "Done", "", ""]);
    cells("Missing at the provider", [gone, "", "", "300.00 RUB", "Done"]);
    assert!(
        !body.contains(&format!("<span>{same}</span>")),
        "what is the same is counted, and not in the list: {body}"
    );

    // As a file: every line of it.
    let csv = send(OFFICIAL, &[&day[..], &[("as", "csv")]].concat(), &file).await;
    assert_eq!(csv.headers[header::CONTENT_DISPOSITION], header_of("reconciled.csv"));
    told(
        &csv.body,
        &[
            &format!("The same,{same},100.00,RUB,Done,100.00,RUB,Done"),
            &format!("Different,{other},201.00,RUB,Done,200.00,RUB,Done"),
        ],
    );
    let gone = format!("Missing at the provider,{gone},,,,300.00,RUB,Done");
    told(&csv.body, &["Missing here,sandbox-nobody,5.00,,Done,,,", &gone]);
    // What is here, in the columns of the upload, is what would be matched.
    let own = format!("/operations/payments/reconciliation.csv?provider={SANDBOX}&from=2026-01-15&until=2026-01-15");
    let (status, _, own) = house.download(Some(OFFICIAL), &own).await;
    assert_eq!(status, StatusCode::OK);
    let matched = plain(&send(OFFICIAL, &day, &String::from_utf8(own).unwrap()).await.body);
    told(&matched, &["The same</strong> 3 ", "Different</strong> 0 "]);
}

#[tokio::test]
async fn what_is_wrong_with_a_providers_file_is_told_at_its_field() {
    let house = House::new().await;
    house.people().await;
    let file = "reference,amount,state\nsandbox-nobody,500,done\n";
    let send = async |who: &str, fields: &[(&str, &str)], text: &str| {
        house.visitor.upload(who, COMPARE, fields, &[("bank.csv", text)]).await
    };
    let day = [("provider", SANDBOX), ("from", "2026-01-15"), ("until", "2026-01-15")];
    let bad = [("provider", SANDBOX), ("from", "today"), ("until", "2026-01-15")];
    let turned = [("provider", SANDBOX), ("from", "2026-01-16"), ("until", "2026-01-15")];
    let nobody = [("provider", "nobody"), ("from", "2026-01-15"), ("until", "2026-01-15")];
    for (fields, text, words, field) in [
        (&bad, file, "Write a day such as 2026-01-15", "from"),
        (&turned, file, "Write a day such as 2026-01-15", "until"),
        (&nobody, file, "Choose one of the payment providers", "provider"),
        (&day, "reference;sum\nx;1\n", "Line 1: there is no column", "file"),
        (&day, "reference,amount,state\nx,1.5,done\n", "Line 2: amount must be a whole number", "file"),
        (
            &day,
            "reference,amount,state\nx,1,done\nx,2,done\n",
            "Line 3: the reference stands in the file twice",
            "file",
        ),
    ] {
        let refused = send(OFFICIAL, fields, text).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}: {}", refused.body);
        told(&refused.body, &[words, &format!("href=\"#field-{field}\"")]);
    }
    assert_eq!(send(ANNA, &day, file).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_refund_stands_in_the_books_the_register_and_the_cabinet() {
    let house = House::new().await;
    house.people().await;
    let fee = accrued(&house, "State fee", 50_000).await;
    let (reference, _) = paid(&house, &fee, 50_000).await;
    let refund = Refund { accrual: fee.clone(), amount: Some(20_000), case: None, key: "withdrawn".into() };
    let back = house.money.refund(&refund).await.unwrap().remove(0);
    let register = page(&house, OFFICIAL, REGISTER).await;
    told(&register, &["<dt>Given back</dt><dd>200.00 RUB", &number(&house, &fee).await]);
    let mine = page(&house, ANNA, "/my/payments").await;
    told(&mine, &["Refund: 200.00 RUB"]);
    // On its day the provider's file has both, each by its own reference.
    let given = house.entity_now(back.as_str()).await.text("reference").unwrap().to_owned();
    assert_ne!(given, reference);
    let day = [("provider", SANDBOX), ("from", "2026-01-15"), ("until", "2026-01-15")];
    let file = format!("reference,amount,state\n{reference},50000,done\n{given},20000,done\n");
    let both = house.visitor.upload(OFFICIAL, COMPARE, &day, &[("bank.csv", &file)]).await;
    told(&plain(&both.body), &["The same</strong> 2 ", "Missing here</strong> 0 "]);
    assert_eq!(house.money.verify().await.unwrap().faults, Vec::<String>::new());
}
