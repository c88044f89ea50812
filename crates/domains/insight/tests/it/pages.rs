use axum::http::StatusCode;
use svod_kernel::{Actor, Lang};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, Operation};

use crate::house::{House, STATION};

/// Keys of messages that stand on a page instead of their texts.
fn untranslated(body: &str) -> Vec<String> {
    let texts = svod_portal::texts().merged(&svod_insight::texts());
    let plain: String =
        body.split('<').filter_map(|p| p.split_once('>').map(|(_, text)| text)).collect::<Vec<_>>().join(" ");
    let keys: std::collections::BTreeSet<&str> = texts.keys(Lang::Ru).filter(|k| k.contains('-')).collect();
    let words = plain.split(|c: char| c.is_whitespace() || ",.:;()«»".contains(c));
    words.filter(|w| keys.contains(w) || w.starts_with("{$")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_map_is_readable_as_tables_in_every_language() {
    let house = House::open().await;
    house.reading("pm25", 0.077, house.now.plus_seconds(-120), true, false).await;
    house.alert("open", "open").await;
    house.alert("over", "closed").await;
    house.twin_has("urn:svod:alert:open").await;
    for (lang, above) in [("ru", "выше нормы"), ("kk", "нормадан жоғары"), ("en", "above the norm")]
    {
        for path in ["/", "/table"] {
            let body = house.page(&format!("{path}?lang={lang}")).await;
            assert!(body.contains("ул. Тольятти, 29") && body.contains(STATION), "{lang} {path}");
            assert!(body.contains(above), "{lang} {path}: the word of the level");
            assert!(body.contains("tag--simulated") && body.contains("class=\"notice\""), "{lang} {path}: labelled");
            assert!(body.contains("/entities/urn:svod:alert:open") && body.contains("/entities/urn:svod:alert:over"));
            assert_eq!(untranslated(&body), Vec::<String>::new(), "{lang} {path}");
        }
    }
    let body = house.page("/").await;
    assert!(body.contains(r#"data-live-url="/api/v1/live?space=kuzbass""#));
    assert!(body.contains(r#"<option value="kuzbass" selected>"#));
    assert!(body.contains("<option value=\"kuzbass/novokuznetsk\">"));
    assert!(!body.contains("style=\""), "the page's policy refuses inline styles");
    assert_eq!(body.matches("<h1").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_space_shows_only_itself() {
    let house = House::open().await;
    let body = house.page("/table?space=kuzbass/belovo").await;
    assert!(!body.contains(STATION), "a station of another city");
    assert!(body.contains("urn:svod:municipality:belovo"));
    assert_eq!(house.visitor.get(None, "/?space=nowhere").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.visitor.get(None, "/?space=%3Cscript%3E").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replayed_values_name_their_source() {
    let house = House::open().await;
    let attribution = "FEERC observations, collected by PavelSyomin/mosecom-data";
    house.reading("no2", 0.01, house.now.plus_seconds(-60), false, false).await;
    assert!(!house.page("/table").await.contains(attribution));
    house.reading("no2", 0.02, house.now.plus_seconds(-30), false, true).await;
    assert!(house.page("/table").await.contains(attribution));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entity_tells_all_that_is_known_of_it() {
    let house = House::open().await;
    for minute in 0..40 {
        house
            .reading(
                "pm25",
                0.05 + f64::from(minute) / 1000.0,
                house.now.plus_seconds(i64::from(minute) * 60 - 3600),
                false,
                false,
            )
            .await;
    }
    house.reading("co", 0.3, house.now, true, false).await;
    house.alert("open", "open").await;
    house.alert("over", "closed").await;
    for lang in ["ru", "kk", "en"] {
        let body = house.page(&format!("/entities/{STATION}?lang={lang}")).await;
        for part in [
            "Министерство природных ресурсов и экологии Кузбасса",
            "/entities/urn:svod:body:kuzbass:ecology",
            "FEERC",
            "<meter",
            "tag--simulated",
            "/api/v1/entities/urn:svod:station:42010102/history?attribute=pm25",
            "data-norm=\"0.035\"",
            "attribute=co",
            "/entities/urn:svod:alert:open",
            "/entities/urn:svod:alert:over",
            "/?space=kuzbass#urn:svod:station:42010102",
        ] {
            assert!(body.contains(part), "{lang}: {part}");
        }
        assert_eq!(untranslated(&body), Vec::<String>::new(), "{lang}");
        assert!(!body.contains("/journal?"), "the journal is for those entitled");
        let rows = body.matches("<time class=\"number\"").count();
        assert!((20..60).contains(&rows), "the last 24 stretches as a table: {rows}");
    }
    let official = house.visitor.get(Some("official-municipal"), &format!("/entities/{STATION}")).await;
    assert!(official.body.contains("/journal?entity=urn:svod:station:42010102"));
    let other = house.page(&format!("/entities/{STATION}?attribute=co")).await;
    assert!(other.find("attribute=co\"").unwrap() < other.find("attribute=pm25\"").unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_is_a_piece_of_a_page() {
    let house = House::open().await;
    house.reading("pm25", 0.02, house.now, false, false).await;
    let card = house.page("/entities/urn%3Asvod%3Astation%3A42010102?fragment=1").await;
    assert!(card.starts_with("<h2>ул. Тольятти, 29</h2>"), "{card}");
    assert!(!card.contains("<html") && !card.contains("<h1"));
    assert_eq!(card.matches("data-history-url").count(), 1);
    assert!(card.contains("FEERC") && card.contains("Министерство природных ресурсов"));
    assert!(card.contains("href=\"/entities/urn:svod:station:42010102\""));
    house.alert("open", "open").await;
    let card = house.page("/entities/urn:svod:alert:open?fragment=1&lang=ru").await;
    assert!(card.contains("Загрязнение воздуха") && card.contains("ул. Тольятти, 29"), "{card}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_or_secret_is_a_page_of_404() {
    let house = House::open().await;
    for path in ["/entities/urn:svod:station:0", "/entities/nonsense", "/entities?space=nowhere"] {
        assert_eq!(house.visitor.get(None, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(house.visitor.get(None, "/entities?after=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_filters_pages_and_exports() {
    let house = House::open().await;
    house.reading("pm25", 0.02, house.now, false, false).await;
    let body = house.page("/entities?type=AirQualityStation").await;
    assert_eq!(body.matches("/entities/urn:svod:station:").count(), 6);
    let body = house.page("/entities?type=Asset&q=%D0%A2%D0%9E%D0%9B%D0%AC%D0%AF%D0%A2%D0%A2%D0%98").await;
    assert_eq!(body.matches("/entities/urn:svod:station:").count(), 1, "whatever the case of the letters");
    let first = house.page("/entities").await;
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let second = house.page(&next.replace("&amp;", "&")).await;
    let ids = |body: &str| -> Vec<String> {
        let links = body.split("<th scope=\"row\"><a href=\"").skip(1);
        links.map(|l| l.split('"').next().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&first).len(), 50);
    assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)), "no row twice");
    assert!(!first.contains("value=\"Task\""), "types that a visitor may not read are not offered");
    let csv = house.visitor.get(None, "/entities.csv?type=AirQualityStation").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = csv.body.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 7);
    assert!(lines[0].starts_with("\u{feff}id,type,name,space,version,modifiedAt,") && lines[0].contains(",pm25"));
    let station = lines.iter().find(|l| l.starts_with(STATION)).unwrap();
    assert!(
        station.contains("\"ул. Тольятти, 29\"")
            && station.contains("POINT (87.1444 53.7596)")
            && station.contains("0.02")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_found_page_by_page() {
    let house = House::open().await;
    let all = house.page("/entities?q=urn:svod:").await;
    let next = all.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    assert!(next.contains("after=~50") || next.contains("after=%7E50"), "{next}");
    let second = house.page(&next).await;
    assert!(second.contains("<th scope=\"row\">"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_called_by_what_is_to_be_done_and_for_which_case() {
    let house = House::open().await;
    let text = |value: &str| Attribute::property(value);
    let new = |urn: &str, kind: &str| Entity::new(urn.parse().unwrap(), kind, "kuzbass/novokuznetsk".parse().unwrap());
    let case = new("urn:svod:case:one", "Case")
        .with("name", text("AB12-CD34"))
        .with("process", text("alert-response"))
        .with("processVersion", text("kuzbass@0.1.0/alert-response"))
        .with("subject", text("air"))
        .with("openedAt", text("2026-01-15T00:00:00Z"))
        .with("pauseReason", text("papers"))
        .with("status", text("open"));
    let task = |n: u8, step: &str| {
        new(&format!("urn:svod:task:{n}"), "Task")
            .with("name", text("AB12-CD34"))
            .with("case", Attribute::object("urn:svod:case:one".parse().unwrap()))
            .with("process", text("alert-response"))
            .with("step", text(step))
            .with("title", text("Посмотреть"))
            .with("status", text("offered"))
    };
    let all = [case, task(1, "respond"), task(2, "elsewhere")].map(|e| Operation::Create(e).into()).to_vec();
    let command = Command { changes: all, ..Command::default() };
    house.registry.execute(&Actor::platform("runtime"), command).await.unwrap();
    for (n, name) in [(1, "Act on the alert: AB12-CD34"), (2, "Посмотреть: AB12-CD34")] {
        let page = house.visitor.get(Some("official-municipal"), &format!("/entities/urn:svod:task:{n}?lang=en")).await;
        assert!(page.body.contains(&format!("<h1>{name}")), "{name}: {}", page.body);
    }
}
