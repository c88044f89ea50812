use axum::http::StatusCode;
use svod_model::Attribute;

use crate::house::House;

const CITY: &str = "kuzbass/novokuznetsk";
const COMMITTEE: &str = "urn:svod:body:novokuznetsk:ecology";
const OFFICIAL: &str = "official-municipal";

fn text(text: &str) -> Attribute {
    Attribute::property(text)
}

fn link(urn: &str) -> Attribute {
    Attribute::object(urn.parse().unwrap())
}

/// A committee with a head, who is called by name, somebody who acts for a time, one who has left, and an empty post.
async fn staffed() -> House {
    let house = House::new().await;
    for (id, name) in [("olga", "Тайная Ольга"), ("ivan", "Тайный Иван"), ("anna", "Тайная Анна")]
    {
        house.make(&format!("urn:t:person:{id}"), "Person", "kuzbass", &[("name", text(name))]).await;
    }
    let body = || ("body", link(COMMITTEE));
    let official = || ("role", text("official"));
    house.make("urn:t:post:head", "Post", CITY, &[("name", text("Председатель комитета")), official(), body()]).await;
    house.make("urn:t:post:empty", "Post", CITY, &[("name", text("Главный инспектор")), official(), body()]).await;
    let appointed = async |id: &str, person: &str, more: &[(&str, Attribute)]| {
        let mut attributes = vec![("person", link(person)), ("post", link("urn:t:post:head"))];
        attributes.extend(more.iter().cloned());
        house.make(id, "Appointment", CITY, &attributes).await;
    };
    let since = |day: &str| ("since", text(&format!("{day}T00:00:00Z")));
    let until = |day: &str| ("until", text(&format!("{day}T00:00:00Z")));
    let called = ("name", text("Ольга Ким"));
    appointed("urn:t:a:head", "urn:t:person:olga", &[since("2025-03-01"), called]).await;
    let acts = [since("2026-01-10"), until("2026-02-01"), ("deputy", Attribute::property(true))];
    let ground = ("ground", text("распоряжение 41-р"));
    appointed("urn:t:a:acting", "urn:t:person:ivan", &[acts.to_vec(), vec![ground]].concat()).await;
    let left = ("name", text("Анна Лебедь"));
    appointed("urn:t:a:past", "urn:t:person:anna", &[since("2024-01-01"), until("2025-03-01"), left]).await;
    house
}

#[tokio::test]
async fn who_holds_a_post_is_seen_by_all_and_who_they_are_by_some() {
    let house = staffed().await;
    let list = house.visitor.get(None, &format!("/bodies?space={CITY}")).await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    for part in [
        "Комитет охраны окружающей среды",
        "Председатель комитета",
        "Ольга Ким",
        "since 1 Mar 2025",
        ">acting</strong>",
        "Held, the name is not published",
        "10 Jan 2026 – 1 Feb 2026",
        "Главный инспектор",
        ">Vacant</strong>",
    ] {
        assert!(list.body.contains(part), "{part}: {}", list.body);
    }
    for part in ["urn:t:person", "Тайн", "41-р", "Анна", "/bodies/acting", "/bodies/end"] {
        assert!(!list.body.contains(part), "{part}: {}", list.body);
    }
    let seen = house.visitor.get(Some(OFFICIAL), &format!("/bodies?space={CITY}")).await.body;
    assert!(seen.contains("urn:t:person:ivan") && seen.contains("распоряжение 41-р"), "{seen}");
    assert!(!seen.contains("Тайн") && !seen.contains("/bodies/end"), "{seen}");
    let entity = house.registry.entity(&svod_kernel::Actor::anonymous(), &"urn:t:a:head".parse().unwrap()).await;
    let entity = entity.unwrap();
    assert_eq!((entity.text("name"), entity.object("person"), entity.text("ground")), (Some("Ольга Ким"), None, None));
}

#[tokio::test]
async fn a_body_stands_between_those_above_and_below_it() {
    let house = staffed().await;
    let name = |name: &str| ("name", text(name));
    house.make("urn:t:body:dept", "Body", CITY, &[name("Отдел воздуха"), ("parent", link(COMMITTEE))]).await;
    let page = house.visitor.get(None, &format!("/bodies/{COMMITTEE}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for part in
        ["Subordinate bodies", "/bodies/urn:t:body:dept", "Ольга Ким", "Who held it before", "Анна Лебедь", "Air"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("Superior bodies"));
    let lower = house.visitor.get(None, "/bodies/urn:t:body:dept").await.body;
    assert!(lower.contains("Superior bodies") && lower.contains(&format!("/bodies/{COMMITTEE}")), "{lower}");
    assert!(lower.contains("No posts have been entered"), "{lower}");

    // Two that point at each other are shown all the same.
    house.make("urn:t:body:a", "Body", "kuzbass", &[name("А")]).await;
    house.make("urn:t:body:b", "Body", "kuzbass", &[name("Б"), ("parent", link("urn:t:body:a"))]).await;
    house.make("urn:t:body:a", "Body", "kuzbass", &[("parent", link("urn:t:body:b"))]).await;
    let circle = house.visitor.get(None, "/bodies/urn:t:body:a").await;
    assert_eq!(circle.status, StatusCode::OK, "{}", circle.body);
    assert_eq!(circle.body.matches("href=\"/bodies/urn:t:body:b\"").count(), 2, "above and below: {}", circle.body);

    for none in ["/bodies/urn:t:none", "/bodies/urn:t:post:head", "/bodies/nothing"] {
        assert_eq!(house.visitor.get(None, none).await.status, StatusCode::NOT_FOUND, "{none}");
    }
}

#[tokio::test]
async fn bodies_are_searched_and_read_page_by_page() {
    let house = House::new().await;
    let first = house.visitor.get(None, "/bodies").await.body;
    assert!(first.contains("rel=\"next\"") && first.contains("<option value=\"kuzbass\" selected>"), "{first}");
    let second = house.visitor.get(None, "/bodies?space=kuzbass&page=1").await.body;
    let bodies = |page: &str| page.matches("<h2 id=\"body-").count();
    assert_eq!(bodies(&first), 20);
    assert!((1..=20).contains(&bodies(&second)), "{second}");
    let found = house
        .visitor
        .get(None, "/bodies?space=kuzbass&q=%D0%BA%D0%BE%D0%BC%D0%B8%D1%82%D0%B5%D1%82+%D0%BE%D1%85%D1%80")
        .await;
    assert!(bodies(&found.body) == 1 && found.body.contains(COMMITTEE), "{}", found.body);
    let nothing = house.visitor.get(None, "/bodies?q=zzz").await;
    assert!(nothing.status == StatusCode::OK && nothing.body.contains("Nothing found"), "{}", nothing.body);
    for n in 0..25 {
        let id = format!("urn:t:body:unit-{n:02}");
        house.make(&id, "Body", "kuzbass", &[("name", text(&format!("Учебный отдел {n:02}")))]).await;
    }
    let units = "/bodies?space=kuzbass&q=%D0%BE%D1%82%D0%B4+%D1%83%D1%87%D0%B5%D0%B1%D0%BD"; // отд учебн
    let (first, second) =
        (house.visitor.get(None, units).await, house.visitor.get(None, &format!("{units}&page=1")).await);
    assert_eq!((bodies(&first.body), bodies(&second.body)), (20, 5), "{}", first.body);
    assert!(first.body.contains("Учебный отдел 00") && !first.body.contains("Учебный отдел 20"), "{}", first.body);
    assert!(second.body.contains("Учебный отдел 24") && !second.body.contains("rel=\"next\""), "{}", second.body);
    // An official begins where they work.
    let own = house.visitor.get(Some(OFFICIAL), "/bodies").await.body;
    assert!(own.contains(&format!("<option value=\"{CITY}\" selected>")), "{own}");
    for none in ["/bodies?space=nowhere", "/bodies?space=installation", "/bodies?space=%3Cb%3E"] {
        assert_eq!(house.visitor.get(None, none).await.status, StatusCode::NOT_FOUND, "{none}");
    }
}

#[tokio::test]
async fn a_post_of_no_body_is_listed_by_itself() {
    let house = House::new().await;
    let post = [("name", text("Губернатор")), ("role", text("governor"))];
    house.make("urn:t:post:governor", "Post", "kuzbass", &post).await;
    let list = house.visitor.get(None, "/bodies?space=kuzbass").await.body;
    assert!(list.contains("Posts of no body") && list.contains("Губернатор"), "{list}");
    let city = house.visitor.get(None, &format!("/bodies?space={CITY}")).await.body;
    assert!(!city.contains("Губернатор"), "of another space: {city}");
}

#[tokio::test]
async fn every_text_is_there_in_every_language() {
    let house = staffed().await;
    for lang in ["ru", "kk", "en"] {
        for path in [format!("/bodies?space={CITY}&lang={lang}"), format!("/bodies/{COMMITTEE}?lang={lang}")] {
            let body = house.visitor.get(Some(OFFICIAL), &path).await.body;
            assert!(!body.contains("bodies-") && !body.contains("{$"), "{path}: {body}");
            assert_eq!(body.matches("<h1").count(), 1, "{path}");
        }
    }
}

#[tokio::test]
async fn only_an_account_appoints() {
    let house = staffed().await;
    let form = "/bodies/acting?post=urn:t:post:head";
    assert_eq!(house.visitor.get(None, form).await.status, StatusCode::UNAUTHORIZED);
    for persona in ["citizen", OFFICIAL, "governor", "administrator"] {
        assert_eq!(house.visitor.get(Some(persona), form).await.status, StatusCode::FORBIDDEN, "{persona}");
        let fields = "post=urn:t:post:head&person=ivan&until=2026-02-01&ground=order";
        let sent = house.visitor.post(persona, "/bodies/acting", fields).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{persona}");
        let ended = house.visitor.post(persona, "/bodies/end", "id=urn:t:a:head").await;
        assert_eq!(ended.status, StatusCode::FORBIDDEN, "{persona}");
    }
}
