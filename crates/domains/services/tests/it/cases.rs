//! One case from both sides: who asked, who answers, and who has no business there.

use axum::http::StatusCode;
use serde_json::json;
use svod_model::{Attribute, Entity};
use svod_portal::testing::form;

use crate::house::{ANNA, BORIS, CASE, House};

const OFFICIAL: &str = "official-migration";

/// All of these stand in the page.
#[track_caller]
fn told(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn both_sides_write_and_see_what_was_read() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let (page, write) = (format!("/cases/{}", case.id), format!("/cases/{}/messages", case.id));

    let mine = house.visitor.get(Some(ANNA), &page).await;
    assert_eq!(mine.status, StatusCode::OK, "{}", mine.body);
    told(
        &mine.body,
        &["What happens now", "waits for an official", "Decided by", "What was filled in", "ул. Кирова, 1, 2"],
    );
    assert!(!mine.body.contains("Personal data are closed"));

    let empty = house.visitor.post(ANNA, &write, "text=++").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    told(&empty.body, &["Write a message.", "href=\"#field-text\"", "aria-invalid=\"true\""]);
    let long = house.visitor.post(ANNA, &write, &format!("text=kept{}", "x".repeat(4_000))).await;
    told(&long.body, &["Shorten it", ">keptxxx"]);
    let sent = house.visitor.post(ANNA, &write, &format!("text={}", form("When?\n<b>Soon</b>"))).await;
    assert_eq!((sent.status, sent.location), (StatusCode::SEE_OTHER, format!("{page}?done=message#messages")));

    // Without a ground the official knows of the message and reads nothing, and it stays unread.
    let locked = house.visitor.get(Some(OFFICIAL), &page).await;
    told(&locked.body, &["Personal data are closed", "href=\"/people\"", "The text is closed"]);
    assert!(!locked.body.contains("ул. Кирова") && !locked.body.contains("Soon"), "{}", locked.body);
    told(&house.visitor.get(Some(ANNA), &page).await.body, &["not read yet", "&lt;b&gt;Soon&lt;/b&gt;"]);

    // The task that is taken is the ground.
    let task = house.task_of(&case).await;
    let taken = house.visitor.post(OFFICIAL, &format!("/tasks/{}/take", task.id), "").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let open = house.visitor.get(Some(OFFICIAL), &page).await;
    told(&open.body, &["1 new", "Soon", "in progress"]);
    told(&house.visitor.get(Some(ANNA), &page).await.body, &["tag--good\">read<"]);

    assert_eq!(house.visitor.post(OFFICIAL, &write, "text=Tomorrow").await.status, StatusCode::SEE_OTHER);
    told(&house.visitor.get(Some(ANNA), "/services").await.body, &["My cases", "1 new", &page]);
    told(&house.visitor.get(Some(ANNA), &page).await.body, &["Tomorrow", "1 new"]);
    assert!(!house.visitor.get(Some(ANNA), "/services").await.body.contains("1 new"), "it was read by that");

    let other = house.visitor.post("official-municipal", &write, "text=x").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN, "another body answers for it");
    assert_eq!(house.visitor.get(Some(BORIS), &page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.visitor.post(BORIS, &write, "text=x").await.status, StatusCode::NOT_FOUND);
    let alert = house.visitor.post("official-municipal", &format!("/cases/{CASE}/messages"), "text=x").await;
    assert_eq!(alert.status, StatusCode::FORBIDDEN, "nobody asked for the case of an alert");
}

#[tokio::test]
async fn what_comes_next_is_told_with_its_day() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let page = format!("/cases/{}", case.id);
    // Looked at within two working days, of the three that the case has; the 17th and 18th are days off.
    for (lang, words) in [
        ("en", "<dt>Next</dt><dd>a decision, by 19 Jan 2026"),
        ("ru", "<dt>Дальше</dt><dd>решение, до 19.01.2026"),
        ("kk", "<dt>Одан кейін</dt><dd>шешім, 19.01.2026 дейін"),
    ] {
        told(&house.visitor.get(Some(ANNA), &format!("{page}?lang={lang}")).await.body, &[words]);
    }
    told(
        &house.visitor.get(Some(OFFICIAL), &format!("{page}?lang=en")).await.body,
        &["<dt>Next</dt><dd>a decision, by"],
    );
    let over = house.moves("owner").await;
    let closed = house.visitor.get(Some(ANNA), &format!("/cases/{}", over.id)).await.body;
    assert!(!closed.contains("<dt>Next</dt>"), "nothing comes after the end: {closed}");
}

#[tokio::test]
async fn the_steps_of_a_permit_are_told_as_possible() {
    let house = House::new().await;
    house.pack("moving").await;
    house.pack("building-permit").await;
    house.people().await;
    let data = json!({"cadastralNumber": "42:30:0301001:12", "buildingKind": "office", "delivery": "electronic"});
    let case = house.asks(&House::anna(), "building-permit/building-permit", data).await;
    // The register of land has not answered yet: refused at once, or looked at.
    let page = house.visitor.get(Some(ANNA), &format!("/cases/{}", case.id)).await.body;
    told(&page, &["<dt>Next</dt><dd>possibly: a decision"]);
    assert_eq!(page.matches("possibly: ").count(), 3, "{page}");
}

#[tokio::test]
async fn who_is_not_read_does_not_write_on_and_on() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let write = format!("/cases/{}/messages", case.id);
    for n in 0..20 {
        assert_eq!(house.visitor.post(ANNA, &write, &format!("text={n}")).await.status, StatusCode::SEE_OTHER);
    }
    let refused = house.visitor.post(ANNA, &write, "text=more").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    told(&refused.body, &["Wait for an answer", ">more<"]);
}

#[tokio::test]
async fn how_it_went_is_said_once_by_who_asked() {
    let house = House::new().await;
    house.people().await;
    let open = house.moves("consent").await;
    let early = house.visitor.post(ANNA, &format!("/cases/{}/rate", open.id), "stars=5").await;
    assert_eq!(early.status, StatusCode::CONFLICT, "it is not over");

    let case = house.moves("owner").await;
    let (page, rate) = (format!("/cases/{}", case.id), format!("/cases/{}/rate", case.id));
    told(&house.visitor.get(Some(ANNA), &page).await.body, &["Completed", "How did it go?", "5 – very good"]);
    assert!(!house.visitor.get(Some(OFFICIAL), &page).await.body.contains("How did it go?"));
    for wrong in ["stars=6", "stars=", "comment=x"] {
        let refused = house.visitor.post(ANNA, &rate, wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        told(&refused.body, &["Choose 1 to 5", "href=\"#field-stars\""]);
    }
    assert_ne!(house.visitor.post(OFFICIAL, &rate, "stars=5").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.visitor.post(ANNA, &rate, "stars=4&comment=Fast").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.visitor.post(ANNA, &rate, "stars=1").await.status, StatusCode::CONFLICT);
    let now = house.entity_now(case.id.as_str()).await;
    assert_eq!((now.number("satisfaction"), now.text("comment")), (Some(4.0), Some("Fast")));
    told(&house.visitor.get(Some(OFFICIAL), &page).await.body, &["rating: 4 of 5"]);
}

fn decision(case: &Entity) -> Entity {
    let text = |v: &str| Attribute::property(v);
    let rules =
        json!([{"element": "d", "hitPolicy": "U", "rules": [{"number": 2, "annotation": "<Leave> is not signed"}]}]);
    let mut made = House::new_entity("urn:svod:decision:1", "Decision")
        .with("name", text("Moving"))
        .with("case", Attribute::object(case.id.clone()))
        .with("service", text("moving/unknown"))
        .with("outcome", text("refused"))
        .with("reason", text("No signature.\nBring it."))
        .with("acts", Attribute::property(json!(["Law 5242-1, 6", "Rules 713, 16"])))
        .with("model", text("moving@0.1.0/moving.dmn#Route"))
        .with("rules", text(&rules.to_string()))
        .with("automatic", Attribute::property(true))
        .with("madeAt", text("2026-01-15T01:00:00Z"))
        .with("objectUntil", text("2026-02-15T01:00:00Z"))
        .with("status", text("inForce"));
    for name in ["person", "body"] {
        made = made.with(name, case.attributes[name].clone());
    }
    made
}

#[tokio::test]
async fn a_decision_says_why_and_by_whom() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    house.write(vec![decision(&case)]).await;
    let page = format!("/cases/{}", case.id);
    let mine = house.visitor.get(Some(ANNA), &page).await;
    told(
        &mine.body,
        &[
            "Decisions",
            "No signature.<br>Bring it.",
            "Law 5242-1, 6<br>Rules 713, 16",
            "The rules alone",
            "Route, version moving@0.1.0",
            "&lt;Leave&gt; is not signed",
            "In force",
        ],
    );
    let theirs = house.visitor.get(Some(OFFICIAL), &page).await;
    assert!(theirs.body.contains("The rules alone") && !theirs.body.contains("No signature"), "the reason is personal");
    // The service knows no way to object: none is offered, and none is taken.
    assert!(!mine.body.contains("Object to this decision"));
    let object = format!("{page}/object");
    let refused = house.visitor.post(ANNA, &object, "decision=urn:svod:decision:1&objection=why").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let other = house.visitor.post(BORIS, &object, "decision=urn:svod:decision:1&objection=why").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_owed_is_paid_by_who_owes_it() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let accrual = House::new_entity("urn:svod:accrual:1", "Accrual")
        .with("number", Attribute::property("12345678901234567890"))
        .with("person", case.attributes["person"].clone())
        .with("body", case.attributes["body"].clone())
        .with("case", Attribute::object(case.id.clone()))
        .with("purpose", Attribute::property("State fee"))
        .with("amount", Attribute::property(35_000))
        .with("paid", Attribute::property(5_000))
        .with("currency", Attribute::property("RUB"))
        .with("accruedAt", Attribute::property("2026-01-15T01:00:00Z"))
        .with("dueAt", Attribute::property("2026-01-20T01:00:00Z"))
        .with("status", Attribute::property("partly"));
    house.write(vec![accrual]).await;
    let page = format!("/cases/{}", case.id);
    let mine = house.visitor.get(Some(ANNA), &page).await.body;
    told(
        &mine,
        &["A payment is awaited: 300.00", "350.00", "300.00\u{a0}RUB left", "action=\"/pay/urn:svod:accrual:1\""],
    );
    let theirs = house.visitor.get(Some(OFFICIAL), &page).await.body;
    assert!(theirs.contains("State fee") && !theirs.contains("/pay/"), "{theirs}");
}

#[tokio::test]
async fn the_page_tells_the_last_and_the_journal_all() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let page = format!("/cases/{}", case.id);
    for n in 0..12 {
        house.visitor.post(ANNA, &format!("{page}/messages"), &format!("text={n}")).await;
    }
    let short = house.visitor.get(Some(ANNA), &page).await.body;
    assert!(!short.contains("Case opened") && short.contains(&format!("{page}/journal")), "{short}");
    let all = house.visitor.get(Some(ANNA), &format!("{page}/journal")).await.body;
    told(&all, &["Case opened", "Task offered", "A message was written"]);
    assert_eq!(all.matches("A message was written").count(), 12);
    for (who, status) in [(None, StatusCode::UNAUTHORIZED), (Some(BORIS), StatusCode::NOT_FOUND)] {
        assert_eq!(house.visitor.get(who, &format!("{page}/journal")).await.status, status);
    }
    for (lang, words) in [("ru", "Переписка"), ("kk", "Хат алмасу"), ("en", "Messages")] {
        let one = house.visitor.get(Some(ANNA), &format!("{page}?lang={lang}")).await;
        told(&one.body, &[words]);
        assert_eq!(one.body.matches("<h1").count(), 1);
    }
}

#[tokio::test]
async fn an_offer_is_taken_with_one_button_or_declined() {
    let house = House::new().await;
    house.people().await;
    let offer = |n: u8| {
        House::new_entity(&format!("urn:svod:offer:o{n}"), "Offer")
            .with("name", Attribute::property("Moving"))
            .with("person", Attribute::object(format!("persona:{ANNA}").parse().unwrap()))
            .with("service", Attribute::property("moving/moving"))
            .with(
                "data",
                Attribute::property(
                    json!({"address": "ул. Кирова, 1", "ground": "owner", "since": "2026-01-10"}).to_string(),
                ),
            )
            .with("madeAt", Attribute::property("2026-01-15T01:00:00Z"))
            .with("status", Attribute::property("open"))
    };
    house.write(vec![offer(1), offer(2)]).await;
    let list = house.visitor.get(Some(ANNA), "/services").await.body;
    told(&list, &["Offered to you", "Registration at the place of residence", "ул. Кирова, 1", "Accept", "Decline"]);
    assert!(!house.visitor.get(Some(BORIS), "/services").await.body.contains("Offered to you"));
    let accept = "/services/offers/urn:svod:offer:o1/accept";
    assert_eq!(house.visitor.post(BORIS, accept, "").await.status, StatusCode::NOT_FOUND);
    let taken = house.visitor.post(ANNA, accept, "").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    told(&house.visitor.get(Some(ANNA), &taken.location).await.body, &["The service has begun"]);
    let declined = house.visitor.post(ANNA, "/services/offers/urn:svod:offer:o2/decline", "").await;
    assert_eq!(declined.status, StatusCode::SEE_OTHER);
    let rest = house.visitor.get(Some(ANNA), &declined.location).await.body;
    assert!(rest.contains("The offer is declined") && !rest.contains("Offered to you"), "{rest}");
}

#[tokio::test]
async fn an_offer_leads_to_its_form_or_is_withdrawn() {
    let house = House::new().await;
    house.people().await;
    let offer = |id: &str, more: &[(&str, Attribute)]| {
        let data =
            json!({"address": "ул. Кирова, 1", "ground": "owner", "since": "2026-01-10", "about": "urn:svod:thing:1"});
        let new = House::new_entity(&format!("urn:svod:offer:{id}"), "Offer")
            .with("name", Attribute::property("Moving"))
            .with("person", Attribute::object(format!("persona:{ANNA}").parse().unwrap()))
            .with("service", Attribute::property("moving/moving"))
            .with("data", Attribute::property(data.to_string()))
            .with("madeAt", Attribute::property("2026-01-15T01:00:00Z"))
            .with("status", Attribute::property("open"));
        more.iter().fold(new, |offer, (name, value)| offer.with(name, value.clone()))
    };
    house.write(vec![offer("fill", &[("mustFill", Attribute::property(true))])]).await;
    let list = house.visitor.get(Some(ANNA), "/services?lang=en").await.body;
    let (way, accept) = ("/services/moving/moving/form", "/services/offers/urn:svod:offer:fill/accept");
    // What is known is told in words: labels and choices of its form, days; what only machines read is left out.
    told(&list, &["ул. Кирова, 1", "10 Jan 2026", "What only you know is missing", &format!("href=\"{way}\"")]);
    assert!(!list.contains(accept) && !list.contains("2026-01-10") && !list.contains("urn:svod:thing:1"), "{list}");
    let refused = house.visitor.post(ANNA, accept, "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    told(&refused.body, &["offer-fill", "answers", "required"]);
    // The form has what is known, and takes the offer.
    told(&house.visitor.get(Some(ANNA), &format!("{way}?page=home")).await.body, &["ул. Кирова, 1"]);
    let home = format!("page=home&do=next&f.address={}&f.since=2026-01-10&f.ground=owner", form("ул. Кирова, 1, 2"));
    assert_eq!(house.visitor.post(ANNA, way, &home).await.status, StatusCode::SEE_OTHER);
    let sent = house.visitor.post(ANNA, way, "do=send").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!(house.entity_now("urn:svod:offer:fill").await.text("status"), Some("accepted"));

    // Withdrawn while its card stood open: told, and no error.
    house.write(vec![offer("over", &[("status", Attribute::property("withdrawn"))])]).await;
    for act in ["accept", "decline"] {
        let answer = house.visitor.post(ANNA, &format!("/services/offers/urn:svod:offer:over/{act}"), "").await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, "/services?done=withdrawn"));
    }
    let list = house.visitor.get(Some(ANNA), "/services?done=withdrawn&lang=en").await.body;
    told(&list, &["The offer is withdrawn", "Withdrawn offers", "Withdrawn on 15 Jan 2026"]);
    assert!(!list.contains("Offered to you"), "{list}");
    assert!(!house.visitor.get(Some(BORIS), "/services?lang=en").await.body.contains("Withdrawn offers"));
}

#[tokio::test]
async fn a_service_says_how_it_goes_and_nothing_of_anybody() {
    let house = House::new().await;
    house.people().await;
    for _ in 0..6 {
        house.moves("owner").await;
    }
    let page = house.visitor.get(None, "/services/moving/moving").await.body;
    told(
        &page,
        &[
            "How the service works",
            "Over the last 30 days",
            "<dt>Started</dt><dd>6",
            "<dt>Finished</dt><dd>6",
            "100\u{a0}%",
        ],
    );
    assert!(page.contains("<dt>Rating by applicants, of 5</dt><dd><span class=\"none\">too few"), "{page}");
}
