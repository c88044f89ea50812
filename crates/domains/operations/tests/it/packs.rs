use axum::http::StatusCode;
use svod_portal::testing::form;

use crate::house::House;

const ADMINISTRATOR: &str = "administrator";
const LAYER: &str = "/packs/kuzbass/files/layers/air.yaml";

fn version(house: &House) -> String {
    house.registry.catalogue().pack("kuzbass").unwrap().manifest.version.clone()
}

#[tokio::test]
async fn packs_are_seen_by_all_and_their_files_by_some() {
    let house = House::new().await;
    let list = house.visitor.get(None, "/packs").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.body.contains("Kuzbass") && !list.body.contains("type=\"file\""), "{}", list.body);
    assert!(house.visitor.get(Some(ADMINISTRATOR), "/packs").await.body.contains("webkitdirectory"));
    let one = house.visitor.get(None, "/packs/kuzbass").await;
    assert!(one.body.contains("Air-quality station") && !one.body.contains(LAYER), "{}", one.body);
    assert!(house.visitor.get(Some(ADMINISTRATOR), "/packs/kuzbass").await.body.contains(LAYER));
    assert_eq!(house.visitor.get(None, "/packs/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.visitor.get(None, LAYER).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.visitor.get(Some("governor"), LAYER).await.status, StatusCode::FORBIDDEN);
    // The base pack belongs to the installation, not to a region.
    assert_eq!(
        house.visitor.get(Some(ADMINISTRATOR), "/packs/base/files/pack.yaml").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_file_is_edited_refused_published_and_rolled_back() {
    let house = House::new().await;
    let first = version(&house);
    let before = house.registry.catalogue().pack("kuzbass").unwrap().source.clone();
    let old = before.files["layers/air.yaml"].clone();
    let page = house.visitor.get(Some(ADMINISTRATOR), LAYER).await;
    let next = svod_next(&first);
    assert!(page.body.contains(&format!("value=\"{next}\"")), "{}", page.body);

    let bad = format!("content={}&version={next}", form("id: air\ncolour: red\n"));
    let refused = house.visitor.post(ADMINISTRATOR, LAYER, &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("layers/air.yaml, line 2:") && refused.body.contains("colour: red"),
        "{}",
        refused.body
    );
    let same = house.visitor.post(ADMINISTRATOR, LAYER, &format!("content={}&version={next}", form(&old))).await;
    assert!(same.body.contains("The file is as it was"), "{}", same.body);
    let worse = house.visitor.post(ADMINISTRATOR, LAYER, &format!("content=x&version={}", form("1 # x"))).await;
    assert!(worse.body.contains("Write a version such as"));
    assert_eq!(version(&house), first);

    let new = format!("# seen from afar\n{old}");
    let good = house.visitor.post(ADMINISTRATOR, LAYER, &format!("content={}&version={next}", form(&new))).await;
    assert_eq!(good.status, StatusCode::SEE_OTHER, "{}", good.body);
    assert_eq!(version(&house), next);
    let told = house.visitor.get(Some(ADMINISTRATOR), &good.location).await;
    assert!(told.body.contains("layers/air.yaml</code> — changed"), "{}", told.body);

    let back = house.visitor.post(ADMINISTRATOR, "/packs/kuzbass/rollback", &format!("version={first}")).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let now = house.registry.catalogue().pack("kuzbass").unwrap().clone();
    assert_eq!(now.manifest.version, svod_next(&next));
    for (path, text) in &before.files {
        assert!(path == "pack.yaml" || now.source.files[path] == *text, "{path} is as it was");
    }
    assert!(house.visitor.get(Some(ADMINISTRATOR), &back.location).await.body.contains("are in force as version"));
    let forbidden = house.visitor.post("governor", "/packs/kuzbass/rollback", &format!("version={first}")).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
}

fn svod_next(version: &str) -> String {
    let (head, patch) = version.rsplit_once('.').unwrap();
    format!("{head}.{}", patch.parse::<u64>().unwrap() + 1)
}

#[tokio::test]
async fn a_folder_is_checked_and_published() {
    let house = House::new().await;
    let manifest = "id: tiny\nversion: 0.1.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base]\nspace: kuzbass\n";
    let texts = "pack-tiny-title = Tiny\npack-tiny-description = Small\n";
    let good = [
        ("tiny/pack.yaml", manifest),
        ("tiny/locales/ru.ftl", texts),
        ("tiny/locales/kk.ftl", texts),
        ("tiny/locales/en.ftl", texts),
        ("tiny/.git/HEAD", "x"),
    ];
    let checked = house.visitor.upload(ADMINISTRATOR, "/packs", &[("act", "check")], &good).await;
    assert_eq!(checked.status, StatusCode::OK, "{}", checked.body);
    assert!(checked.body.contains("The pack has no faults") && checked.body.contains("tiny 0.1.0: 4 files"));
    assert!(house.registry.catalogue().pack("tiny").is_none());
    let bad = house
        .visitor
        .upload(ADMINISTRATOR, "/packs", &[("act", "publish")], &[("tiny/pack.yaml", "id: tiny\nversion: x\n")])
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.body.contains("pack.yaml, line 2:"), "{}", bad.body);
    let none = house.visitor.upload(ADMINISTRATOR, "/packs", &[("act", "publish")], &[("", "")]).await;
    assert!(none.body.contains("Choose the folder of the pack."));
    assert_eq!(
        house.visitor.upload("governor", "/packs", &[("act", "publish")], &good).await.status,
        StatusCode::FORBIDDEN
    );
    let done = house.visitor.upload(ADMINISTRATOR, "/packs", &[("act", "publish")], &good).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(house.visitor.get(Some(ADMINISTRATOR), &done.location).await.body.contains("Version 0.1.0 is in force"));
}

#[tokio::test]
async fn a_version_is_tried_given_to_others_and_withdrawn() {
    let house = House::new().await;
    let (first, design) = (version(&house), "/packs/kuzbass/design");
    let next = svod_next(&first);
    let process = format!("{design}/file?path=processes%2Falert-response.bpmn");
    let old = house.registry.catalogue().pack("kuzbass").unwrap().source.files["processes/alert-response.bpmn"].clone();
    let changed = form(&old.replacen("<process ", "<!-- another way -->\n  <process ", 1));
    house.visitor.post(ADMINISTRATOR, &process, &format!("act=save&content={changed}")).await;
    let give = async |share: &str, space: &str, reason: &str| {
        let fields = format!("tried={next}&share={share}&space={}&reason={}", form(space), form(reason));
        house.visitor.post(ADMINISTRATOR, &format!("{design}/try"), &fields).await
    };
    for (share, space, reason, words) in [
        ("many", "", "why", "Write the share as a number"),
        ("100", "", "why", "Write the share as a number"),
        ("10", "nowhere", "why", "no territory nowhere"),
        ("10", "", "", "Write a reason"),
    ] {
        let refused = give(share, space, reason).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(
            refused.body.contains(words) && refused.body.contains(&format!("value=\"{share}\"")),
            "{}",
            refused.body
        );
    }
    // The form of trying has a version of its own: what is wrong with it is told there, and the one beside publishes.
    let bad = house.visitor.post(ADMINISTRATOR, &format!("{design}/try"), "tried=1+%23+x&share=10&reason=why").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.body.contains("id=\"error-tried\"") && !bad.body.contains("id=\"error-version\""), "{}", bad.body);
    let done = give("10%", "", "Is it quicker?").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = house.visitor.get(Some(ADMINISTRATOR), &done.location).await.body;
    assert!(page.contains(&format!("Version {next} is tried")) && page.contains("10 of a hundred"), "{page}");
    assert!(page.contains("Is it quicker?") && version(&house) == first);
    // Everybody sees that it is tried, and only who may publish why, and by whom.
    let public = house.visitor.get(None, "/packs/kuzbass").await.body;
    assert!(public.contains("10 of a hundred") && !public.contains("Is it quicker?"), "{public}");

    let act = async |who: &str, fields: &str| house.visitor.post(who, "/packs/kuzbass/candidate", fields).await;
    assert_eq!(act("governor", "act=withdraw&reason=x").await.status, StatusCode::FORBIDDEN);
    let refused = act(ADMINISTRATOR, "act=scope&share=0&space=&reason=x").await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("id=\"error-share\""));
    let more = act(ADMINISTRATOR, "act=scope&share=100&space=kuzbass%2Fnovokuznetsk&reason=Here+first").await;
    assert!(
        house.visitor.get(None, &more.location).await.body.contains("100 of a hundred new applicants, Novokuznetsk")
    );
    act(ADMINISTRATOR, "act=withdraw&reason=Enough").await;
    assert!(!house.visitor.get(None, "/packs/kuzbass").await.body.contains("of a hundred"));

    give("10", "", "Once more").await;
    let promoted = act(ADMINISTRATOR, "act=promote&reason=It+is+quicker").await;
    assert!(promoted.location.contains("done=published"), "{} {}", promoted.location, promoted.body);
    assert_eq!(version(&house), next);
    assert_eq!(act(ADMINISTRATOR, "act=promote&reason=x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn how_long_a_version_was_made_counts_from_the_first_change() {
    let house = House::new().await;
    let (first, design, hour) = (version(&house), "/packs/kuzbass/design", 3_600);
    let post = async |path: &str, fields: &str| {
        let done = house.visitor.post(ADMINISTRATOR, &format!("{design}{path}"), fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.body);
        done.location
    };
    let save = async |text: &str| {
        let text = form(&format!("# {text}\n"));
        post("/file?path=README.md", &format!("act=save&content={text}")).await
    };
    // What is thrown away, or undone to the last file, was no beginning.
    save("thrown away").await;
    house.clock.advance(hour);
    post("/discard", "").await;
    save("undone").await;
    house.clock.advance(hour);
    post("/file?path=README.md", "act=undo").await;
    house.clock.advance(hour);
    let begun = house.registry.clock().now();
    save("kept").await;
    house.clock.advance(2 * hour);
    save("changed once more").await;
    house.clock.advance(hour);
    let next = svod_next(&first);
    let to = post("/publish", &format!("version={next}")).await;
    let page = house.visitor.get(None, &to).await.body;
    let fact = |took: &str| format!("<dt>From working copy to publication</dt><dd>{took}</dd>");
    assert!(page.contains(&fact("3 h")), "{page}");
    assert!(page.contains("not made in the designer"), "the version before came otherwise: {page}");
    for (lang, words) in [("ru", "От рабочей копии до публикации"), ("kk", "Жұмыс көшірмесінен жариялауға дейін")]
    {
        let page = house.visitor.get(None, &format!("/packs/kuzbass?lang={lang}")).await.body;
        assert!(page.contains(words), "{lang}: {page}");
    }
    let made = house.registry.made("kuzbass").await.unwrap();
    assert_eq!(made.into_iter().map(|(v, m)| (v, m.begun)).collect::<Vec<_>>(), [(next.clone(), begun)]);

    // What is tried first was made until it comes into force for all.
    save("tried").await;
    house.clock.advance(24 * hour);
    let tried = svod_next(&next);
    post("/try", &format!("tried={tried}&share=10&space=&reason=why")).await;
    house.clock.advance(24 * hour);
    let promoted = house.visitor.post(ADMINISTRATOR, "/packs/kuzbass/candidate", "act=promote&reason=fine").await;
    assert_eq!(promoted.status, StatusCode::SEE_OTHER, "{}", promoted.body);
    let page = house.visitor.get(None, "/packs/kuzbass").await.body;
    assert!(version(&house) == tried && page.contains(&fact("2 d")), "{page}");
    // A roll-back is nobody's work.
    let back = house.visitor.post(ADMINISTRATOR, "/packs/kuzbass/rollback", &format!("version={first}")).await;
    let page = house.visitor.get(None, &back.location).await.body;
    assert!(!page.contains("<dt>From working copy to publication</dt>"), "{page}");
}
