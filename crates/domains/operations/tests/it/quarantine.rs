use axum::http::StatusCode;
use svod_ingest::QuarantineStatus;
use svod_kernel::Actor;
use svod_portal::testing::form;

use crate::house::House;

const ADMINISTRATOR: &str = "administrator";

/// The gauge was changed: it now names its values otherwise.
const CHANGED: &str = r#"{"time":"2026-01-15T00:59:00Z","dust25":0.02,"<b>":1}"#;

const MAPPING: &str = "{\n  at: .time,\n  values: {pm25: .dust25}\n}";

async fn held(house: &House) -> i64 {
    let counts = house.ingest.quarantine().counts(&Actor::platform("test"), QuarantineStatus::Held).await.unwrap();
    counts.iter().map(|(_, n)| n).sum()
}

#[tokio::test]
async fn a_corrected_mapping_lets_the_held_readings_in() {
    let house = House::new().await;
    house.refuse(CHANGED).await;
    house.refuse(&CHANGED.replace("00:59", "00:58")).await;
    assert_eq!(held(&house).await, 2);

    // Who has not said what payloads are needed for sees none of them, on no page.
    for path in ["/quarantine", "/quarantine/1"] {
        let closed = house.visitor.get(Some(ADMINISTRATOR), path).await;
        assert!(
            closed.status == StatusCode::OK && closed.body.contains("Payloads are closed"),
            "{path}: {}",
            closed.body
        );
        assert!(!closed.body.contains("59:00") && !closed.body.contains("59:<wbr>00"), "{path}: {}", closed.body);
    }
    let tried = house.visitor.post(ADMINISTRATOR, "/quarantine/1/try", &format!("mapping={}", form(MAPPING))).await;
    assert!(tried.body.contains("say first what you need them for") && !tried.body.contains("PM2.5"), "{}", tried.body);
    for fields in ["purpose=why", "purpose=why&id=1"] {
        let unsaid = house.visitor.post(ADMINISTRATOR, "/quarantine/look", fields).await;
        assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            unsaid.body.contains("id=\"error-purpose\"") && unsaid.body.contains(">why</textarea>"),
            "{}",
            unsaid.body
        );
    }
    let opened = house.visitor.post(ADMINISTRATOR, "/quarantine/look", "purpose=a+new+gauge&id=1").await;
    assert_eq!((opened.status, opened.location.as_str()), (StatusCode::SEE_OTHER, "/quarantine/1#payload"));
    let opened = house.visitor.post(ADMINISTRATOR, "/quarantine/look", "purpose=a+new+gauge").await;
    assert_eq!((opened.status, opened.location.as_str()), (StatusCode::SEE_OTHER, "/quarantine?status=held"));

    let list = house.visitor.get(Some(ADMINISTRATOR), "/quarantine").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(
        list.body.contains("air-post") && list.body.contains("Message 1") && !list.body.contains("<b>"),
        "{}",
        list.body
    );
    let page = house.visitor.get(Some(ADMINISTRATOR), "/quarantine/1").await;
    assert!(page.body.contains("with_entries") && page.body.contains("dust25"), "{}", page.body);

    let wrong =
        house.visitor.post(ADMINISTRATOR, "/quarantine/1/try", &format!("mapping={}", form("{at: .time,"))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("Line 1, column") && wrong.body.contains("{at: .time,"), "{}", wrong.body);
    let tried = house.visitor.post(ADMINISTRATOR, "/quarantine/1/try", &format!("mapping={}", form(MAPPING))).await;
    assert!(
        tried.body.contains("The message would be taken in") && tried.body.contains("Particles PM2.5"),
        "{}",
        tried.body
    );
    assert_eq!(held(&house).await, 2);

    let done = house.visitor.post(ADMINISTRATOR, "/quarantine/1/correct", &format!("mapping={}", form(MAPPING))).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(held(&house).await, 0);
    let told = house.visitor.get(Some(ADMINISTRATOR), &done.location).await;
    assert!(told.body.contains("Taken in: 2. Still held: 0. New readings: 2"), "{}", told.body);
    let catalogue = house.registry.catalogue();
    let profile = catalogue.profiles.iter().find(|p| p.spec.id == "air-post").unwrap();
    assert_eq!(profile.spec.mapping, format!("{MAPPING}\n"));
    assert_eq!(profile.spec.topic, "air/{device}/up");

    // The same once more: nothing to publish, nothing to replay.
    let again = house.visitor.post(ADMINISTRATOR, "/quarantine/1/correct", &format!("mapping={}", form(MAPPING))).await;
    assert!(again.location.ends_with("examined=0&replayed=0&stored=0&duplicates=0"), "{}", again.location);
    assert_eq!(house.registry.pack_history("kuzbass").await.unwrap().len(), 2);

    house.clock.advance(svod_ingest::LOOK_SECONDS);
    let after = house.visitor.get(Some(ADMINISTRATOR), "/quarantine/1").await;
    assert!(after.body.contains("Payloads are closed") && !after.body.contains("00:59:00"), "{}", after.body);
}

#[tokio::test]
async fn messages_are_chosen_replayed_and_discarded() {
    let house = House::new().await;
    for minute in ["57", "58", "59"] {
        house.refuse(&CHANGED.replace("59", minute)).await;
    }
    let nothing = house.visitor.post(ADMINISTRATOR, "/quarantine/discard", "").await;
    assert!(house.visitor.get(Some(ADMINISTRATOR), &nothing.location).await.body.contains("Nothing was chosen"));
    let discarded = house.visitor.post(ADMINISTRATOR, "/quarantine/discard", "ids=1&ids=2").await;
    assert!(house.visitor.get(Some(ADMINISTRATOR), &discarded.location).await.body.contains("2 messages."));
    assert_eq!(held(&house).await, 1);
    let replayed = house.visitor.post(ADMINISTRATOR, "/quarantine/replay", "ids=3").await;
    assert!(replayed.location.contains("examined=1&replayed=0"), "{}", replayed.location);
    let by_reason = house.visitor.post(ADMINISTRATOR, "/quarantine/replay", "reason=mapping-error").await;
    assert_eq!(by_reason.status, StatusCode::SEE_OTHER);
    let filtered = house.visitor.get(Some(ADMINISTRATOR), "/quarantine?status=discarded").await;
    assert!(filtered.body.contains("Message 2") && !filtered.body.contains("Message 3"), "{}", filtered.body);
}

#[tokio::test]
async fn a_look_leads_back_to_the_same_page_of_the_list() {
    let house = House::new().await;
    house.refuse(CHANGED).await;
    house.refuse(&CHANGED.replace("59", "58")).await;
    let discarded = house.visitor.post(ADMINISTRATOR, "/quarantine/discard", "ids=1&ids=2").await;
    assert_eq!(discarded.status, StatusCode::SEE_OTHER);
    let list = house.visitor.get(Some(ADMINISTRATOR), "/quarantine?status=discarded&before=2").await;
    for hidden in [r#"name="status" value="discarded""#, r#"name="before" value="2""#] {
        assert!(list.body.contains(hidden), "{hidden}: {}", list.body);
    }
    let fields = "reason=&status=discarded&before=2";
    let unsaid = house.visitor.post(ADMINISTRATOR, "/quarantine/look", &format!("purpose=why&{fields}")).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.body.contains("Message 1") && !unsaid.body.contains("Message 2"), "{}", unsaid.body);
    let said = house.visitor.post(ADMINISTRATOR, "/quarantine/look", &format!("purpose=a+new+gauge&{fields}")).await;
    assert_eq!(said.location, "/quarantine?status=discarded&before=2");
}

#[tokio::test]
async fn others_stay_outside() {
    let house = House::new().await;
    house.refuse(CHANGED).await;
    for path in ["/quarantine", "/quarantine/1"] {
        assert_eq!(house.visitor.get(None, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(house.visitor.get(Some("governor"), path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let act =
        house.visitor.post("official-regional", "/quarantine/1/correct", &format!("mapping={}", form(MAPPING))).await;
    assert_eq!(act.status, StatusCode::FORBIDDEN);
    let look = house.visitor.post("official-regional", "/quarantine/look", "purpose=no+business+of+theirs").await;
    assert_eq!(look.status, StatusCode::FORBIDDEN);
    assert_eq!(house.visitor.get(Some(ADMINISTRATOR), "/quarantine/99").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_page_speaks_every_language() {
    let house = House::new().await;
    house.refuse(CHANGED).await;
    let pages = ["/packs", "/packs/kuzbass", "/packs/kuzbass/files/pack.yaml", "/quarantine", "/quarantine/1"];
    for path in pages {
        for lang in ["ru", "kk", "en"] {
            let page = house.visitor.get(Some(ADMINISTRATOR), &format!("{path}?lang={lang}")).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.body.contains(&format!("<html lang=\"{lang}\"")));
            assert_eq!(page.body.matches("<h1").count(), 1, "{path}");
        }
    }
}
