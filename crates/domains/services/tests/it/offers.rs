//! What somebody is offered because of a case: withdrawn by its body, and seen with what the other side lends.

use axum::http::StatusCode;
use serde_json::json;
use svod_files::Upload;
use svod_kernel::{Actor, Role, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, JournalQuery, Operation};

use crate::house::{ANNA, BORIS, House};

const OFFICIAL: &str = "official-migration";
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";

fn text(text: &str) -> Attribute {
    Attribute::property(text)
}

fn link(urn: &str) -> Attribute {
    Attribute::object(urn.parse().unwrap())
}

fn citizen(persona: &str) -> Actor {
    Actor { id: format!("persona:{persona}"), roles: [Role::Citizen].into(), ..House::anna() }
}

/// A permit of Boris, made in a case.
async fn permit(house: &House, case: &Entity, id: &str) {
    let permit = House::new_entity(id, "BuildingPermit")
        .with("permitNumber", text(&format!("42-30-{}-2026", id.rsplit(':').next().unwrap().to_uppercase())))
        .with("permitKind", text("permit"))
        .with("person", link(&format!("persona:{BORIS}")))
        .with("landParcel", link("urn:svod:landparcel:demo-1"))
        .with("buildingKind", text("office"))
        .with("permitSince", text("2026-01-15"))
        .with("permitUntil", text("2027-03-15"))
        .with("permitStatus", text("valid"));
    let changes = vec![Change::verb(Operation::Create(permit), Action::Create, "create")];
    let command = Command { ground: "process:x".into(), cause: Some(case.id.clone()), changes, ..Command::default() };
    house.registry.execute(&Actor::platform("process"), command).await.unwrap();
}

/// Its prolongation is offered to Boris.
fn offer(id: &str, event: &str) -> Entity {
    House::new_entity(id, "Offer")
        .with("name", text("Prolongation"))
        .with("person", link(&format!("persona:{BORIS}")))
        .with("service", text("building-permit/permit-prolongation"))
        .with("data", text(&json!({"permitNumber": "42-30-SECRET-2026"}).to_string()))
        .with("event", text(event))
        .with("madeAt", text("2026-01-15T01:00:00Z"))
        .with("until", text("2026-02-14T01:00:00Z"))
        .with("status", text("open"))
}

async fn house() -> House {
    let house = House::new().await;
    house.pack("moving").await;
    house.pack("building-permit").await;
    house.people().await;
    house
}

#[tokio::test]
async fn the_body_withdraws_an_offer_with_a_reason_that_its_party_reads() {
    let house = house().await;
    let case = house.moves("owner").await;
    permit(&house, &case, "urn:t:buildingpermit:aa11").await;
    let (here, elsewhere) = ("urn:svod:offer:here", "urn:svod:offer:elsewhere");
    house.write(vec![offer(here, "urn:t:buildingpermit:aa11"), offer(elsewhere, "urn:t:buildingpermit:bb22")]).await;
    let (page, way) = (format!("/cases/{}", case.id), format!("/cases/{}/offers/withdraw", case.id));
    let shown = house.visitor.get(Some(OFFICIAL), &page).await.body;
    for part in ["Offered because of this case", "Prolongation of a building permit", &format!("action=\"{way}\"")] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("42-30-SECRET-2026") && !shown.contains(elsewhere), "{shown}");
    for who in [ANNA, "governor", "official-municipal"] {
        let theirs = house.visitor.get(Some(who), &page).await.body;
        assert!(!theirs.contains("Offered because of this case"), "{who}: {theirs}");
    }
    let sent = |offer: &str, why: &str| format!("withdraw-offer={offer}&withdraw-reason={why}");
    for who in [ANNA, BORIS, "governor", "official-municipal"] {
        let refused = house.visitor.post(who, &way, &sent(here, "I+want+to")).await;
        assert!(matches!(refused.status.as_u16(), 403 | 404), "{who}: {}", refused.status);
    }
    for offer in [elsewhere, "urn:svod:offer:none", case.id.as_str(), "none"] {
        let refused = house.visitor.post(OFFICIAL, &way, &sent(offer, "why")).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{offer}: {}", refused.body);
    }
    for why in ["", "+", &"x".repeat(1_001)] {
        let refused = house.visitor.post(OFFICIAL, &way, &sent(here, why)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("Write why it is withdrawn"), "{}", refused.body);
    }
    let status = async |id: &str| house.entity_now(id).await.text("status").unwrap().to_owned();
    assert_eq!((status(here).await, status(elsewhere).await), ("open".to_owned(), "open".to_owned()));

    let done = house.visitor.post(OFFICIAL, &way, &sent(here, "The+permit+was+given+by+mistake")).await;
    assert_eq!((done.status, done.location), (StatusCode::SEE_OTHER, format!("{page}?done=withdraw")), "{}", done.body);
    let now = house.entity_now(here).await;
    assert_eq!((now.text("status"), now.text("reason")), (Some("withdrawn"), Some("The permit was given by mistake")));
    let q = JournalQuery {
        space: case.space.clone(),
        below: false,
        entity: Some(here.parse().unwrap()),
        cause: None,
        newest_first: true,
        after: None,
        limit: 1,
    };
    let event = house.registry.journal(&Actor::platform("test"), q).await.unwrap().items.remove(0);
    assert_eq!((event.action.as_str(), event.cause.as_ref()), ("withdraw", Some(&case.id)));
    assert_eq!(event.actor, format!("persona:{OFFICIAL}"), "it is known who did it");
    let after = house.visitor.get(Some(OFFICIAL), &format!("{page}?done=withdraw")).await.body;
    assert!(after.contains("The offer is withdrawn") && !after.contains("Offered because of this case"), "{after}");
    let again = house.visitor.post(OFFICIAL, &way, &sent(here, "again")).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    for (lang, words) in [("en", "What the body says"), ("ru", "Орган сообщает"), ("kk", "Орган хабарлайды")]
    {
        let told = house.visitor.get(Some(BORIS), &format!("/services?lang={lang}")).await.body;
        assert!(told.contains(words) && told.contains("The permit was given by mistake"), "{lang}: {told}");
    }
    assert!(!house.visitor.get(Some(ANNA), "/services").await.body.contains("by mistake"));
}

#[tokio::test]
async fn what_is_lent_to_an_offer_is_seen_by_whom_it_is_made_to_while_it_is_open() {
    let house = house().await;
    let case = house.moves("owner").await;
    let upload = Upload { name: "place.pdf".into(), bytes: PDF.to_vec() };
    let kept = house.files.put(&House::anna(), &case.id, upload).await.unwrap();
    let id: Urn = "urn:svod:offer:lent".parse().unwrap();
    let files = Attribute::property(vec![kept.id.to_string(), "urn:svod:file:none".to_owned()]);
    house.write(vec![offer(id.as_str(), "urn:t:buildingpermit:aa11").with("lent", files)]).await;
    let way = format!("/files/{}?case={}", svod_portal::encoded(kept.id.as_str()), svod_portal::encoded(id.as_str()));
    let card = house.visitor.get(Some(BORIS), "/services").await.body;
    for part in ["From the other side", "place.pdf", &format!("href=\"{way}\"")] {
        assert!(card.contains(part), "{part}: {card}");
    }
    assert!(!house.visitor.get(Some(ANNA), "/services").await.body.contains("From the other side"));
    let read = async |who: &Actor| house.files.read_lent(who, &kept.id, &id).await.map(|(file, _)| file.name);
    assert_eq!(read(&citizen(BORIS)).await.unwrap(), "place.pdf");
    let official = Actor { id: "persona:x".into(), roles: [Role::Official].into(), ..House::anna() };
    for other in [&House::anna(), &official, &Actor::anonymous()] {
        assert!(read(other).await.is_err(), "{}", other.id);
    }
    assert!(house.files.read(&citizen(BORIS), &kept.id).await.is_err(), "by the offer alone");
    let declined = house.visitor.post(BORIS, &format!("/services/offers/{id}/decline"), "").await;
    assert_eq!(declined.status, StatusCode::SEE_OTHER, "{}", declined.body);
    assert!(read(&citizen(BORIS)).await.is_err(), "it is answered");
    house
        .write(vec![offer("urn:svod:offer:old", "urn:t:x:1").with("lent", Attribute::property(vec![kept.id.as_str()]))])
        .await;
    let old: Urn = "urn:svod:offer:old".parse().unwrap();
    assert!(house.files.read_lent(&citizen(BORIS), &kept.id, &old).await.is_ok());
    house.at("2026-02-14T02:00:00Z");
    assert!(house.files.read_lent(&citizen(BORIS), &kept.id, &old).await.is_err(), "its time is over");
}
