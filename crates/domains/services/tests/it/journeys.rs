use axum::http::StatusCode;

use crate::house::{CASE, House, TASK};

const OFFICIAL: &str = "official-municipal";

#[tokio::test]
async fn an_official_takes_and_completes_a_task() {
    let house = House::new().await;
    let (task, case) = (format!("/tasks/{TASK}"), format!("/cases/{CASE}"));

    let list = house.visitor.get(Some(OFFICIAL), "/tasks").await;
    assert_eq!(list.status, StatusCode::OK);
    for part in ["Air pollution · ул. Тольятти, 29 · Particles PM2.5", "in 1 day", "Waiting", &task] {
        assert!(list.body.contains(part), "{part}: {}", list.body);
    }
    let page = house.visitor.get(Some(OFFICIAL), &task).await;
    for part in ["0.4\u{a0}mg/m³. This is 2.5 times the norm of 0.16\u{a0}mg/m³", "Take the task", "Air alert", &case]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(page.body.contains("&lt;act&gt;") || page.body.contains("&#60;act"), "what packs write is escaped");

    let taken = house.visitor.post(OFFICIAL, &format!("{task}/take"), "").await;
    assert_eq!((taken.status, taken.location.as_str()), (StatusCode::SEE_OTHER, format!("{task}?done=take").as_str()));
    let page = house.visitor.get(Some(OFFICIAL), &taken.location).await;
    assert!(page.body.contains("The task is yours") && page.body.contains("Give it back"), "{}", page.body);

    let empty = house.visitor.post(OFFICIAL, &format!("{task}/complete"), "result=+").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.body.contains("Write what was done.") && empty.body.contains("href=\"#field-result\""));
    let long =
        house.visitor.post(OFFICIAL, &format!("{task}/complete"), &format!("result=kept{}", "x".repeat(4_000))).await;
    assert!(long.body.contains("Shorten it") && long.body.contains(">keptxxx"), "what was written stays");

    let done = house.visitor.post(OFFICIAL, &format!("{task}/complete"), "result=Stove+%3Cput+out%3E").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = house.visitor.get(Some(OFFICIAL), &done.location).await;
    assert!(page.body.contains("The task is complete") && !page.body.contains("<put out>"), "{}", page.body);

    let story = house.visitor.get(Some(OFFICIAL), &case).await;
    assert_eq!(story.status, StatusCode::OK);
    let told = [
        "Particles PM2.5: 0.4",
        "Alert raised",
        "Case opened",
        "Task offered",
        "Task taken",
        "Task done",
        "Case closed",
    ];
    let places: Vec<_> =
        told.iter().map(|t| story.body.find(t).unwrap_or_else(|| panic!("{t}: {}", story.body))).collect();
    assert!(places.is_sorted(), "{places:?}");
    for part in ["by a declared rule", "Officer of the ecology committee", "decision “Air alert”", "post in"] {
        assert!(story.body.contains(part), "{part}: {}", story.body);
    }
}

#[tokio::test]
async fn who_comes_late_is_told_who_was_faster() {
    let house = House::new().await;
    let take = format!("/tasks/{TASK}/take");
    assert_eq!(house.visitor.post(OFFICIAL, &take, "").await.status, StatusCode::SEE_OTHER);
    let late = house.visitor.post(OFFICIAL, &take, "").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("Somebody was faster") && late.body.contains("already, perhaps in another window"));
    let given = house.visitor.post(OFFICIAL, &format!("/tasks/{TASK}/release"), "").await;
    assert_eq!(given.status, StatusCode::SEE_OTHER);
    let early = house.visitor.post(OFFICIAL, &format!("/tasks/{TASK}/complete"), "result=x").await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.body.contains("Take it first"), "{}", early.body);
}

#[tokio::test]
async fn others_are_told_who_may() {
    let house = House::new().await;
    for path in ["/tasks", "/journal"] {
        let anonymous = house.visitor.get(None, path).await;
        assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
        assert!(anonymous.body.contains("Officer of the ecology committee of Novokuznetsk"), "{}", anonymous.body);
        assert!(anonymous.body.contains("/session?back="));
        assert_eq!(house.visitor.get(Some("citizen"), path).await.status, StatusCode::FORBIDDEN);
    }
    for path in [format!("/tasks/{TASK}"), format!("/cases/{CASE}")] {
        assert_eq!(house.visitor.get(None, &path).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.visitor.get(Some("citizen"), &path).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(house.visitor.get(None, "/tasks.csv").await.status, StatusCode::UNAUTHORIZED);
    let governor = house.visitor.get(Some("governor"), &format!("/tasks/{TASK}")).await;
    assert!(governor.body.contains("It waits for somebody of this body") && !governor.body.contains("/take\""));
    assert_eq!(house.visitor.post("governor", &format!("/tasks/{TASK}/take"), "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn filters_narrow_and_the_table_follows() {
    let house = House::new().await;
    house.at("2026-01-17T01:00:00Z");
    let list = house.visitor.get(Some(OFFICIAL), "/tasks?body=mine&severity=warning").await;
    assert!(list.body.contains("class=\"overdue\"") && list.body.contains("1 day ago"), "{}", list.body);
    for none in ["status=done", "severity=danger", "status=taken"] {
        let empty = house.visitor.get(Some(OFFICIAL), &format!("/tasks?{none}")).await;
        assert!(empty.body.contains("Nothing fits"), "{none}");
    }
    let csv = house.visitor.get(Some(OFFICIAL), "/tasks.csv?body=mine").await;
    let lines: Vec<&str> = csv.body.split("\r\n").collect();
    assert!(lines[0].starts_with("\u{feff}What,Asset,Indicator"), "{}", lines[0]);
    assert!(
        lines[1].starts_with("Air pollution,\"ул. Тольятти, 29\",Particles PM2.5,Warning,Offered,"),
        "{}",
        lines[1]
    );
    assert!(lines[1].contains(",2026-01-16T01:00:00Z,yes,") && lines[1].ends_with(TASK), "{}", lines[1]);
}

#[tokio::test]
async fn the_journal_is_filtered() {
    let house = House::new().await;
    let all = house.visitor.get(Some("governor"), "/journal").await;
    assert!(all.body.contains("Task offered") && all.body.contains("rel=\"next\""), "{}", all.body);
    let one = house.visitor.get(Some("governor"), &format!("/journal?entity={TASK}&action=offer")).await;
    assert!(one.body.contains("Task offered") && !one.body.contains("Alert raised"));
    let none = house.visitor.get(Some("governor"), &format!("/journal?entity={TASK}&action=delete")).await;
    assert!(none.body.contains("No events"));
    let bad = house.visitor.get(Some("governor"), "/journal?entity=nonsense").await;
    assert!(bad.body.contains("This is no identifier"));
    assert_eq!(house.visitor.get(Some("governor"), "/journal?after=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn every_page_speaks_every_language() {
    let house = House::new().await;
    let (task, case) = (format!("/tasks/{TASK}"), format!("/cases/{CASE}"));
    for path in ["/tasks".to_owned(), task, case.clone(), format!("{case}/journal"), "/journal".to_owned()] {
        for (lang, words) in [("ru", "Задач"), ("kk", "Тапсырма"), ("en", "Task")] {
            let page = house.visitor.get(Some(OFFICIAL), &format!("{path}?lang={lang}")).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.body.to_lowercase().contains(&words.to_lowercase()), "{path} {lang}");
            assert_eq!(page.body.matches("<h1").count(), 1, "{path}");
        }
    }
}

#[tokio::test]
async fn a_receipt_proves_an_event_and_is_verified_by_whoever_has_it() {
    let house = House::new().await;
    let journal = house.visitor.get(Some(OFFICIAL), "/journal").await.body;
    let at = journal.find("/receipt?space=").expect("every event leads to its receipt");
    let href = journal[at..].split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let early = house.visitor.get(Some(OFFICIAL), &href).await;
    assert!(early.body.contains("within a second"), "{}", early.body);
    house.notary.catch_up().await.unwrap();
    let page = house.visitor.get(Some(OFFICIAL), &href).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for part in [
        "The receipt is valid",
        "house.example/ledger",
        "Download the receipt",
        "Download as PDF",
        "aria-label=\"QR code with the address of this receipt\"",
        "What was recorded",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(
        house.visitor.get(None, &href).await.status,
        StatusCode::UNAUTHORIZED,
        "others learn nothing of the event"
    );

    let begin = page.body.find("c2sp.org/tlog-proof@v1\n").unwrap();
    let text = page.body[begin..].split("</textarea>").next().unwrap();
    let send = async |text: &str, keys: &str| {
        let encoded = |t: &str| t.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
        let body = format!("receipt={}&keys={}", encoded(&text.replace('\n', "\r\n")), encoded(keys));
        house.visitor.post(OFFICIAL, "/receipt", &body).await
    };
    assert!(send(text, "").await.body.contains("The receipt is valid"));
    let steps: Vec<&str> = text.lines().collect();
    let swapped = text.replacen(steps[3], steps[4], 1);
    for (text, keys, says) in [
        ("nothing", "", "not a whole receipt"),
        (swapped.as_str(), "", "one of them was changed"),
        (&text.replace("house.example/ledger\n", "other.example/ledger\n"), "", "does not fit"),
        (text, "a+b", "One of the keys"),
    ] {
        let answer = send(text, keys).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(answer.body.contains(says), "{says}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_receipt_is_kept_on_paper_and_found_again_in_the_file() {
    let house = House::new().await;
    let journal = house.visitor.get(Some(OFFICIAL), "/journal").await.body;
    let at = journal.find("/receipt?space=").expect("every event leads to its receipt");
    let href = journal[at..].split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let pdf = href.replacen("/receipt?", "/receipt/pdf?", 1);
    let name =
        format!("attachment; filename=\"receipt-kuzbass-novokuznetsk-{}.pdf\"", href.rsplit('=').next().unwrap());
    let (status, headers, _) = house.download(Some(OFFICIAL), &pdf).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "it is no leaf yet, which a page says");
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");

    house.notary.catch_up().await.unwrap();
    let page = house.visitor.get(Some(OFFICIAL), &href).await.body;
    let begin = page.find("c2sp.org/tlog-proof@v1\n").unwrap();
    let text = page[begin..].split("</textarea>").next().unwrap().trim_end();

    for lang in ["ru", "kk", "en"] {
        let (status, headers, bytes) = house.download(Some(OFFICIAL), &format!("{pdf}&lang={lang}")).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(headers["content-type"], "application/pdf");
        assert_eq!(headers["content-disposition"], name);
        assert_eq!(headers["cache-control"], "no-store");
        assert!(bytes.starts_with(b"%PDF-"));
        // The attachment lies in the file as it is; the pages are compressed.
        let file = String::from_utf8_lossy(&bytes);
        let begin = file.find("c2sp.org/tlog-proof@v1\n").unwrap();
        let attached = file[begin..].split("\nendstream").next().unwrap();
        assert_eq!(attached.trim_end(), text, "{lang}");
        assert!(file.contains(&format!("<dc:language><rdf:Bag><rdf:li>{lang}<")), "{lang}");
    }

    // Copied from the page of a PDF: long lines are broken there, empty ones lost.
    let letters = |line: &str| line.chars().collect::<Vec<_>>();
    let broken = |line: &str| letters(line).chunks(123).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>();
    let copied: Vec<String> = text.lines().filter(|l| !l.is_empty()).flat_map(broken).collect();
    assert!(copied.len() > text.lines().filter(|l| !l.is_empty()).count(), "something was broken");
    let form = format!("receipt={}", svod_portal::testing::form(&copied.join("\n")));
    let answer = house.visitor.post(OFFICIAL, "/receipt", &form).await;
    assert!(answer.body.contains("The receipt is valid") && answer.body.contains(text), "{}", answer.body);

    for (who, path, refused) in [
        (None, pdf.as_str(), StatusCode::UNAUTHORIZED),
        (Some("citizen"), pdf.as_str(), StatusCode::NOT_FOUND),
        (Some(OFFICIAL), "/receipt/pdf", StatusCode::NOT_FOUND),
        (Some(OFFICIAL), "/receipt/pdf?space=kuzbass/novokuznetsk&seq=1000000", StatusCode::NOT_FOUND),
    ] {
        let (status, _, bytes) = house.download(who, path).await;
        assert_eq!(status, refused, "{who:?} {path}");
        assert!(!bytes.starts_with(b"%PDF-"), "{who:?} {path}");
    }
}
