use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use svod_model::Attribute;

use crate::house::House;

const SPACE: &str = "kuzbass";
const ME: &str = "persona:citizen";

#[tokio::test]
async fn what_is_to_be_paid_is_found_from_the_cabinet() {
    let house = House::new().await;
    let text = |v: &str| Attribute::property(v);
    let link = |urn: &str| Attribute::object(urn.parse().unwrap());
    house.make(ME, "Person", SPACE, &[("name", text("Анна Ким"))]).await;
    house.make("urn:t:person:boris", "Person", SPACE, &[("name", text("Борис Ли"))]).await;
    let none = house.visitor.get(Some("citizen"), "/my").await;
    assert_eq!(none.status, StatusCode::OK, "{}", none.body);
    assert!(none.body.contains("href=\"/my/payments\"") && !none.body.contains("to pay"), "{}", none.body);

    let owed = [("1", ME, "open"), ("2", ME, "partly"), ("3", ME, "paid"), ("4", "urn:t:person:boris", "open")];
    for (n, person, status) in owed {
        let paid = match status {
            "open" => 0,
            "partly" => 40,
            _ => 100,
        };
        let accrual = [
            ("number", text(&format!("1234567890123456789{n}"))),
            ("person", link(person)),
            ("purpose", text("State fee")),
            ("amount", Attribute::property(100)),
            ("paid", Attribute::property(paid)),
            ("currency", text("RUB")),
            ("accruedAt", text("2026-01-15T01:00:00Z")),
            ("status", text(status)),
        ];
        house.make(&format!("urn:t:accrual:{n}"), "Accrual", SPACE, &accrual).await;
    }
    for room in ["/my", "/my/accesses", "/my/mandates"] {
        let page = house.visitor.get(Some("citizen"), room).await.body;
        assert!(page.contains("2 to pay"), "{room}: {page}");
        assert!(page.contains(&format!("href=\"{room}\" aria-current=\"page\"")), "{page}");
    }
}

/// An access of that kind to the data of whoever is in the cabinet.
async fn accessed(house: &House, id: &str, basis: &str, at: &str) {
    let text = |v: &str| Attribute::property(v);
    let of = [
        ("person", Attribute::object(ME.parse().unwrap())),
        ("actor", text("exchange:insurer")),
        ("post", text(if basis == "law" { "official-regional" } else { "insurer" })),
        ("basis", text(basis)),
        ("ground", text("40-ФЗ, ст. 14.1")),
        ("reason", text("claim")),
        ("only", Attribute::property(serde_json::json!(["phone", "estimate"]))),
        ("since", text(at)),
        ("until", text(at)),
    ];
    house.make(&format!("urn:t:access:{id}"), "Access", SPACE, &of).await;
}

#[tokio::test]
async fn what_was_given_to_others_stands_apart_and_what_is_new_is_counted() {
    let house = House::new().await;
    house.make(ME, "Person", SPACE, &[("name", Attribute::property("Анна Ким"))]).await;
    let get = async |path: &str, cookie: &str| {
        let request = Request::get(path).header(header::COOKIE, cookie).header(header::ACCEPT_LANGUAGE, "en");
        house.visitor.send(Some("citizen"), request.body(Body::empty()).unwrap()).await
    };
    let empty = get("/my/accesses?given=true", "").await;
    assert!(empty.body.contains("Nothing was given away"), "{}", empty.body);
    accessed(&house, "1", "law", "2026-01-14T01:00:00Z").await;
    accessed(&house, "2", "exchange", "2026-01-14T02:00:00Z").await;
    assert!(get("/my", "").await.body.contains("2 new"));

    let looked = get("/my/accesses", "").await;
    assert!(looked.body.contains("Officer of the ministry of ecology"), "{}", looked.body);
    assert!(!looked.body.contains("insurer"), "{}", looked.body);
    let given = get("/my/accesses?given=true", "").await;
    assert!(given.body.contains("<strong>insurer</strong>") && given.body.contains("estimate"), "{}", given.body);
    assert!(!given.body.contains("Officer of the ministry"), "{}", given.body);

    let set = looked.headers.get_all(header::SET_COOKIE).iter().filter_map(|c| c.to_str().ok());
    let seen = set.filter(|c| c.starts_with("svod_seen=")).find_map(|c| c.split(';').next()).unwrap().to_owned();
    assert!(!get("/my", &seen).await.body.contains(" new<"), "they have been shown");
    accessed(&house, "3", "site", "2026-01-15T01:00:01Z").await;
    assert!(get("/my", &seen).await.body.contains("1 new"));
    // Another's browser says nothing of them.
    assert!(get("/my", "svod_seen=0000000000000000.99999999999999999").await.body.contains("3 new"));
}
