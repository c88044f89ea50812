use axum::http::StatusCode;
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
