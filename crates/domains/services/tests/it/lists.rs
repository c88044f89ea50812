//! Lists of work: kept views, many tasks at once, who stands in, and lists that are very long.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use svod_kernel::{Actor, Lang, Role, SpacePath, Timestamp};
use svod_model::{Attribute, Entity, PersonaSpec};
use svod_portal::testing::form;
use svod_runtime::worklist::{Desk, Filter, Listed, StatusFilter, Whose};
use svod_runtime::{Handover, HandoverError, To};

use crate::house::{CASE, House, TASK};

const OFFICIAL: &str = "official-municipal";
const BODY: &str = "urn:svod:body:novokuznetsk:ecology";

#[tokio::test]
async fn one_act_on_many_tells_each() {
    let house = House::new().await;
    let bulk = |rest: &str| format!("task={TASK}&task=urn:svod:task:none&back=%2Ftasks%3Fstatus%3Dopen&{rest}");
    let early = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("act=complete&result=done")).await;
    assert_eq!(early.status, StatusCode::OK, "{}", early.body);
    for part in ["Done: 0 of 2", "take it first", "there is no such task", "href=\"/tasks?status=open\""] {
        assert!(early.body.contains(part), "{part}: {}", early.body);
    }
    let taken = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("act=take")).await;
    assert!(taken.body.contains("Done: 1 of 2"), "{}", taken.body);
    for (rest, says) in [("act=complete", "choose a template"), ("act=fly", "Choose what to do")] {
        let refused = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk(rest)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    let none = house.visitor.post(OFFICIAL, "/tasks/bulk", "act=take").await;
    assert!(none.status == StatusCode::UNPROCESSABLE_ENTITY && none.body.contains("at least one task"));
    let done = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("act=complete&template=By+the+book")).await;
    assert!(done.body.contains("Done: 1 of 2"), "{}", done.body);
    assert_eq!(house.entity_now(TASK).await.text("result"), Some("By the book"));
    assert_eq!(house.visitor.post("citizen", "/tasks/bulk", &bulk("act=take")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn views_and_answers_are_kept_by_name() {
    let house = House::new().await;
    let keep = format!("name={}&query=status%3Dopen%26late%3Doverdue", form("Late & mine"));
    let kept = house.visitor.post(OFFICIAL, "/tasks/views", &keep).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let page = house.visitor.get(Some(OFFICIAL), &kept.location).await.body;
    for part in ["The view is kept", "Late &#38; mine", "aria-current=\"page\"", "late=overdue"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    house.at("2026-01-17T01:00:00Z");
    let later = house.visitor.get(Some(OFFICIAL), "/tasks").await.body;
    assert!(later.contains("Late &#38; mine <span class=\"muted\">1</span>"), "the overdue one is counted: {later}");
    let answer = format!("answer=Usual&words={}&query=status%3Dopen", form("Looked at on site."));
    assert_eq!(house.visitor.post(OFFICIAL, "/tasks/answers", &answer).await.status, StatusCode::SEE_OTHER);
    let page = house.visitor.get(Some(OFFICIAL), "/tasks").await.body;
    assert!(page.contains("<option value=\"Looked at on site.\">Usual</option>"), "{page}");
    let others = house.visitor.get(Some("governor"), "/tasks").await.body;
    assert!(!others.contains("Late &#38; mine") && !others.contains("Usual"), "they are somebody's own");
    assert!(!house.visitor.get(Some(OFFICIAL), "/services").await.body.contains("Late &#38; mine"));
    for bad in ["name=+&query=x".to_owned(), format!("name={}", "x".repeat(61))] {
        let refused = house.visitor.post(OFFICIAL, "/tasks/views", &bad).await;
        assert!(refused.location.ends_with("done=bad"), "{}", refused.location);
    }
    for n in 0..19 {
        house.visitor.post(OFFICIAL, "/tasks/views", &format!("name=v{n}&query=")).await;
    }
    assert!(house.visitor.post(OFFICIAL, "/tasks/views", "name=one-more&query=").await.location.ends_with("done=full"));
    let drop = format!("name={}", form("Late & mine"));
    house.visitor.post(OFFICIAL, "/tasks/views/drop", &drop).await;
    assert!(!house.visitor.get(Some(OFFICIAL), "/tasks").await.body.contains("Late &#38; mine"));
}

#[tokio::test]
async fn a_chosen_view_stays_chosen_and_has_the_name_that_one_gives_it() {
    let house = House::new().await;
    house.at("2026-01-17T01:00:00Z");
    let many: Vec<Entity> = (0..51).map(|n| waiting(n, "2026-01-16T00:00:00Z".parse().unwrap())).collect();
    house.write(many).await;
    let keep = |name: &str, query: &str| format!("name={}&query={}", form(name), form(query));
    let kept = house.visitor.post(OFFICIAL, "/tasks/views", &keep("Late & mine", "status=open&late=overdue")).await;
    assert_eq!(kept.location, "/tasks?status=open&late=overdue&view=Late%20%26%20mine&done=view");
    let chosen = "view=Late%20%26%20mine\" aria-current=\"page\">Late &#38; mine";
    let page = async |path: &str| {
        let page = house.visitor.get(Some(OFFICIAL), path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        page.body.replace("&amp;", "&").replace("&#38;view", "&view")
    };
    let told = page(&kept.location).await;
    for part in [chosen, "<input type=\"hidden\" name=\"view\" value=\"Late &#38; mine\">"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let next = read(&told).1.unwrap();
    assert!(next.ends_with("&view=Late%20%26%20mine&page=2"), "{next}");
    let second = page(&next).await;
    assert!(second.contains(chosen), "{second}");
    assert!(!second.contains("Keep these filters"), "nothing was changed");

    // Searched further in it, it is still that view, and may be kept so.
    let found = page("/tasks?view=Late%20%26%20mine&status=open&late=overdue&q=T7").await;
    assert!(found.contains(chosen) && found.contains("Keep these filters in “Late &#38; mine”"), "{found}");
    assert_eq!(read(&found).0, ["7"]);
    let all = page("/tasks").await;
    assert!(!all.contains(chosen) && all.contains("aria-current=\"page\">All open"), "{all}");

    house.visitor.post(OFFICIAL, "/tasks/views", &keep("Other", "status=done")).await;
    let rename = async |was: &str, name: &str| {
        let fields = format!("was={}&name={}", form(was), form(name));
        house.visitor.post(OFFICIAL, "/tasks/views", &fields).await.location
    };
    assert_eq!(rename("Late & mine", "Pressing").await, "/tasks?status=open&late=overdue&view=Pressing&done=renamed");
    let told = page("/tasks?view=Pressing&status=open&late=overdue").await;
    assert!(told.contains("aria-current=\"page\">Pressing") && !told.contains("Late &#38; mine"), "{told}");
    assert!(told.contains("<label class=\"visually-hidden\" for=\"view-2\">"), "each has a field of its own: {told}");
    assert_eq!(rename("Other", "Pressing").await, "/tasks?status=done&view=Other&done=taken");
    assert!(page("/tasks?done=taken").await.contains("Another view is called so"));
    assert!(rename("Nothing", "Something").await.ends_with("done=bad"));
    assert!(rename("Other", " ").await.ends_with("view=Other&done=bad"));
    let told = page("/tasks").await;
    assert!(told.contains(">Pressing <") && told.contains(">Other <") && !told.contains("Something"), "{told}");

    let drop = format!("name=Pressing&view=Pressing&query={}", form("status=open&late=overdue&q=T7"));
    let dropped = house.visitor.post(OFFICIAL, "/tasks/views/drop", &drop).await;
    assert_eq!(dropped.location, "/tasks?status=open&late=overdue&q=T7&done=drop", "what was found stays in sight");
    let told = page("/tasks").await;
    assert!(!told.contains("Pressing") && told.contains(">Other <"), "{told}");
}

#[tokio::test]
async fn many_are_handed_over_as_one_is() {
    let house = House::new().await;
    let task = TASK.parse().unwrap();
    house.tasks.take(&official("urn:svod:person:c", "Clerk"), &task).await.unwrap();
    for act in ["over-me", "over-body", "release"] {
        let refused = house.visitor.post(OFFICIAL, "/tasks/bulk", &format!("task={TASK}&act={act}")).await;
        assert!(refused.body.contains("Done: 0 of 1") && refused.body.contains("somebody else has it"), "{act}");
        assert_eq!(house.entity_now(TASK).await.text("takenBy"), Some("Clerk"), "{act}");
    }
    let alone = house.visitor.post(OFFICIAL, &format!("/tasks/{TASK}/substitute"), "to=me").await;
    assert_eq!(alone.status, StatusCode::FORBIDDEN);
    let list = house.visitor.get(Some(OFFICIAL), "/tasks").await.body;
    assert!(!list.contains("value=\"over-me\""), "for who heads the body only: {list}");
}

fn official(id: &str, name: &str) -> Actor {
    Actor {
        id: id.into(),
        name: name.into(),
        roles: [Role::Official].into(),
        spaces: vec!["kuzbass/novokuznetsk".parse().unwrap()],
        body: Some(BODY.parse().unwrap()),
        on_behalf: Vec::new(),
    }
}

#[tokio::test]
async fn who_stands_in_takes_over_and_nobody_else() {
    let house = House::new().await;
    let (task, texts) = (TASK.parse().unwrap(), house.registry.catalogue().texts.clone());
    let holder = official("urn:svod:person:h", "Inspector");
    let acting = official("urn:svod:person:a", &texts.format(Lang::Ru, "post-acting", &[("post", "Inspector".into())]));
    let colleague = official("urn:svod:person:c", "Clerk");
    let head = official("urn:svod:person:head", "Chief");
    let handover = Handover::new(house.registry.clone(), house.tasks.clone());
    house.tasks.take(&holder, &task).await.unwrap();
    for other in [&colleague, &head] {
        let refused = handover.hand_over(other, &task, To::Me).await;
        assert!(matches!(refused, Err(HandoverError::NotForYou(_))), "{refused:?}");
    }
    handover.hand_over(&acting, &task, To::Me).await.unwrap();
    assert_eq!(house.entity_now(TASK).await.text("takenBy"), Some(acting.name.as_str()));
    // Back from leave.
    handover.hand_over(&holder, &task, To::Me).await.unwrap();
    let own = handover.hand_over(&holder, &task, To::Body).await;
    assert!(matches!(own, Err(HandoverError::NotForYou(_))), "one's own is given back as always: {own:?}");

    // Whoever heads the body, from the day of their appointment on.
    let post = House::new_entity("urn:svod:post:chief", "Post")
        .with("name", Attribute::property("Chief"))
        .with("role", Attribute::property("official"))
        .with("body", Attribute::object(BODY.parse().unwrap()))
        .with("head", Attribute::property(true));
    let person = House::new_entity(&head.id, "Person").with("name", Attribute::property("X"));
    let appointment = House::new_entity("urn:svod:appointment:1", "Appointment")
        .with("person", Attribute::object(head.id.parse().unwrap()))
        .with("post", Attribute::object("urn:svod:post:chief".parse().unwrap()))
        .with("since", Attribute::property("2026-01-16T00:00:00Z"));
    house.write(vec![post, person]).await;
    house.write(vec![appointment]).await;
    assert!(handover.hand_over(&head, &task, To::Body).await.is_err(), "not yet");
    house.at("2026-01-16T01:00:00Z");
    handover.hand_over(&head, &task, To::Body).await.unwrap();
    let now = house.entity_now(TASK).await;
    assert_eq!((now.text("status"), now.text("takenBy")), (Some("offered"), None));
    let story = house.visitor.get(Some(OFFICIAL), &format!("/cases/{CASE}")).await.body;
    assert!(story.contains("Task handed over by who stands in"), "{story}");
}

#[tokio::test]
async fn heads_see_how_the_work_goes() {
    let house = House::new().await;
    house.visitor.post(OFFICIAL, &format!("/tasks/{TASK}/take"), "").await;
    house.at("2026-01-15T03:00:00Z");
    let open = house.visitor.get(Some("governor"), "/tasks/workload").await;
    assert_eq!(open.status, StatusCode::OK, "{}", open.body);
    assert!(
        open.body.contains("Officer of the ecology committee") && open.body.contains("Air pollution"),
        "{}",
        open.body
    );
    house.visitor.post(OFFICIAL, &format!("/tasks/{TASK}/complete"), "result=x").await;
    let done = house.visitor.get(Some("governor"), "/tasks/workload").await.body;
    for part in ["<dt>Done in 30 days</dt><dd>1", "<dt>Usually takes</dt><dd>2 h", "<dt>In term</dt><dd>100"] {
        assert!(done.contains(part), "{part}: {done}");
    }
    let list = house.visitor.get(Some("governor"), "/tasks").await.body;
    assert!(list.contains("href=\"/tasks/workload\""));
    assert_eq!(house.visitor.get(Some(OFFICIAL), "/tasks/workload").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.visitor.get(None, "/tasks/workload").await.status, StatusCode::UNAUTHORIZED);
    for lang in ["ru", "kk"] {
        let page = house.visitor.get(Some("governor"), &format!("/tasks/workload?lang={lang}")).await;
        assert_eq!(page.status, StatusCode::OK);
    }
}

/// A row of the workload: open, overdue, done, usual time, in term.
fn load(who: &str, cells: [&str; 5]) -> String {
    let names = ["Open", "Overdue", "Done in 30 days", "Usually takes", "In term"];
    let cell = |(name, cell)| format!("<td class=\"num\" data-label=\"{name}\"><span>{cell}</span></td>");
    format!("<th scope=\"row\">{who}</th>{}</tr>", names.into_iter().zip(cells).map(cell).collect::<String>())
}

#[tokio::test]
async fn whose_clock_stood_still_is_not_late() {
    let house = House::new().await;
    house.at("2026-01-20T00:00:00Z");
    let text = |v: &str| Attribute::property(v);
    let case = |id: &str, clock: &str, paused: Option<&str>| {
        let case = House::new_entity(&format!("urn:svod:case:{id}"), "Case")
            .with("name", text(id))
            .with("process", text("p"))
            .with("processVersion", text("p@1"))
            .with("status", text("open"))
            .with("subject", text("air"))
            .with("clock", text(clock))
            .with("deadline", text("2026-01-18T00:00:00Z"))
            .with("openedAt", text("2026-01-15T00:00:00Z"));
        paused.map_or_else(|| case.clone(), |at| case.clone().with("pausedAt", text(at)))
    };
    house
        .write(vec![
            case("runs", "overdue", None),
            case("stands", "paused", Some("2026-01-17T00:00:00Z")),
            // What had run out before is not in term again because a paper is asked for.
            case("ran-out", "paused", Some("2026-01-19T00:00:00Z")),
        ])
        .await;
    let due = "2026-01-18T00:00:00Z".parse().unwrap();
    let has = |n: usize, who: &str, of: &str| {
        let to = Attribute::object(format!("urn:svod:case:{of}").parse().unwrap());
        waiting(n, due).with("case", to).with("status", text("taken")).with("takenBy", text(who))
    };
    let done = |task: Entity, at: &str| {
        let begun = text("2026-01-17T00:00:00Z");
        task.with("status", text("done")).with("offeredAt", begun).with("completedAt", text(at))
    };
    // The one with the clock that stood still has also done one in the term that its case had afterwards.
    let later = |task: Entity| task.with("deadline", text("2026-01-19T12:00:00Z"));
    house
        .write(vec![
            has(1, "Late", "runs"),
            done(has(2, "Late", "runs"), "2026-01-19T00:00:00Z"),
            has(3, "Patient", "stands"),
            later(done(has(4, "Patient", "stands"), "2026-01-19T00:00:00Z")),
            has(5, "Paused", "ran-out"),
        ])
        .await;
    let page = house.visitor.get(Some("governor"), "/tasks/workload").await.body;
    for row in [
        load("Late", ["1", "1", "1", "2 d", "0\u{a0}%"]),
        load("Patient", ["1", "0", "1", "2 d", "100\u{a0}%"]),
        load("Paused", ["1", "1", "0", "too few", "too few"]),
    ] {
        assert!(page.contains(&row), "{row}: {page}");
    }
    assert!(page.contains("<dt>In term</dt><dd>50"), "{page}");
}

/// Two cities of one region, in the order in which they are read.
const CITIES: [&str; 2] = ["kuzbass/kemerovo", "kuzbass/novokuznetsk"];

/// A task of a city that somebody has done.
fn done_in(city: &str, n: usize, at: Timestamp) -> Entity {
    let mut task = waiting(n, at).with("status", Attribute::property("done"));
    task.space = city.parse().unwrap();
    task.attributes.remove("openUntil");
    let begun = Attribute::property(at.plus_seconds(-3_600).to_string());
    task.with("offeredAt", begun).with("completedAt", Attribute::property(at.to_string()))
}

fn numbers(listed: &Listed) -> Vec<usize> {
    let number = |t: &str| t.rsplit('-').next().and_then(|n| n.parse().ok());
    listed.tasks.iter().filter_map(|t| number(t.id.as_str())).collect()
}

#[tokio::test]
async fn whoever_works_in_two_cities_sees_what_is_done_in_both() {
    let house = House::new().await;
    let now: Timestamp = "2026-01-15T01:00:00Z".parse().unwrap();
    // More than is read at once was done in the first city long ago; the second has its own days.
    let old = (0..2_001).map(|n| done_in(CITIES[0], n, now.plus_seconds(-90 * 86_400 - n as i64)));
    let mut all: Vec<Entity> = old.collect();
    all.push(done_in(CITIES[0], 3_000, now.plus_seconds(-86_400)));
    all.push(done_in(CITIES[1], 3_001, now.plus_seconds(-2 * 86_400)));
    all.push(done_in(CITIES[1], 3_002, now.plus_seconds(-60 * 86_400)));
    for some in all.chunks(200) {
        house.write(some.to_vec()).await;
    }
    let mut personas = house.registry.catalogue().personas.clone();
    let (id, spaces) = ("both".to_owned(), CITIES.map(|city| city.parse().unwrap()).to_vec());
    personas.push(PersonaSpec { id, roles: vec![Role::Governor], spaces, body: None, person: None });
    house.identity.set_personas(personas);
    let page = house.visitor.get(Some("both"), "/tasks/workload").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("<dt>Done in 30 days</dt><dd>2"), "{}", page.body);
    assert!(!page.body.contains("are counted"), "all of it: {}", page.body);
}

#[tokio::test]
async fn a_page_that_is_full_at_the_end_of_a_city_leads_to_the_next_one() {
    let house = House::new().await;
    let now: Timestamp = "2026-01-15T01:00:00Z".parse().unwrap();
    let first = (0..5).map(|n| done_in(CITIES[0], n, now.plus_seconds(-(n as i64) - 1)));
    house.write(first.chain([done_in(CITIES[1], 9, now.plus_seconds(-86_400))]).collect()).await;
    let (reader, roots) = (Actor::platform("test"), CITIES.map(|city| city.parse::<SpacePath>().unwrap()));
    let desk = Desk::open(&house.registry, &reader, &roots).await.unwrap();
    let done = Filter { status: StatusFilter::Done, ..Filter::default() };
    for (wanted, pages) in [(5, vec![vec![0, 1, 2, 3, 4], vec![9]]), (2, vec![vec![0, 1], vec![2, 3], vec![4, 9]])] {
        let mut place: Option<String> = None;
        for page in pages {
            let listed = desk.list(&done, (1, place.as_deref()), wanted).await.unwrap();
            assert_eq!(numbers(&listed), page, "{wanted} from {place:?}");
            let next = listed.next.as_deref().map(|n| n.strip_prefix("after=").unwrap().to_owned());
            assert!(next.as_deref().is_none_or(Listed::is_place), "{next:?}");
            place = next;
        }
        assert_eq!(place, None, "all of both, {wanted} at a time");
    }
    for nowhere in ["", "0", "x~", "0~x", "0~17.18446744073709551615"] {
        assert!(!Listed::is_place(nowhere), "{nowhere}");
    }
    // Words are not looked for in what is done, which is told; in what is open they are.
    let words = |status| Filter { status, words: "Кирова".into(), ..Filter::default() };
    assert!(desk.list(&words(StatusFilter::Done), (1, None), 5).await.unwrap().unsearched);
    assert!(!desk.list(&words(StatusFilter::Open), (1, None), 5).await.unwrap().unsearched);
}

#[tokio::test]
async fn of_two_with_posts_of_one_name_each_has_their_own_tasks() {
    let house = House::new().await;
    let until = "2026-01-16T00:00:00Z".parse().unwrap();
    house.write((0..3).map(|n| waiting(n, until)).collect()).await;
    let (one, two) = (official("urn:svod:person:a", "Clerk"), official("urn:svod:person:b", "Clerk"));
    for (who, n) in [(&one, 0), (&one, 1), (&two, 2)] {
        house.tasks.take(who, &waiting(n, until).id).await.unwrap();
    }
    // Of what is done as well, which is read by its index.
    let by = |who: &Actor| {
        let about = [("actor".to_owned(), Attribute::property(who.id.clone()))];
        Attribute { about: about.into_iter().collect(), ..Attribute::property(who.name.clone()) }
    };
    let done = |n: usize, who: &Actor| done_in(CITIES[1], n, until).with("takenBy", by(who));
    house.write(vec![done(10, &one), done(11, &two), done(12, &two)]).await;
    let roots = [CITIES[1].parse::<SpacePath>().unwrap()];
    for (who, open, done) in [(&one, vec![0, 1], vec![10]), (&two, vec![2], vec![12, 11])] {
        let desk = Desk::open(&house.registry, who, &roots).await.unwrap();
        let me = |status| Filter { status, whose: Whose::Me, ..Filter::default() };
        let listed = desk.list(&me(StatusFilter::Open), (1, None), 50).await.unwrap();
        assert_eq!(numbers(&listed), open, "{}", who.id);
        assert_eq!(desk.figures(Whose::All).await.unwrap().mine.n, open.len(), "{}", who.id);
        let mut listed = numbers(&desk.list(&me(StatusFilter::Done), (1, None), 50).await.unwrap());
        listed.sort_by_key(|n| std::cmp::Reverse(*n));
        assert_eq!(listed, done, "{}", who.id);
    }
}

fn waiting(n: usize, until: Timestamp) -> Entity {
    House::new_entity(&format!("urn:svod:task:many-{n}"), "Task")
        .with("name", Attribute::property(format!("T{n}")))
        .with("step", Attribute::property("respond"))
        .with("case", Attribute::object(CASE.parse().unwrap()))
        .with("body", Attribute::object(BODY.parse().unwrap()))
        .with("status", Attribute::property("offered"))
        .with("deadline", Attribute::property(until.to_string()))
        .with("openUntil", Attribute::property(until.to_string()))
}

/// Names of the tasks of a page, in its order, and the address of the next one.
fn read(page: &str) -> (Vec<String>, Option<String>) {
    let names = page.split("href=\"/tasks/urn:svod:task:many-").skip(1);
    let names = names.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    let next = page.split("rel=\"next\" href=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    (names, next.map(|n| n.replace("&amp;", "&").replace("&#38;", "&").replace("&#x26;", "&")))
}

#[tokio::test]
async fn a_list_without_end_is_read_by_its_deadlines() {
    let house = House::new().await;
    let at: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
    // Twenty early, then more than can be sorted that all press at one moment, then twenty late.
    let until = |n: usize| match n {
        0..20 => at.plus_seconds(-86_400 * (n as i64 + 1)),
        20..2_120 => at,
        _ => at.plus_seconds(n as i64),
    };
    let all: Vec<Entity> = (0..2_140).map(|n| waiting(n, until(n))).collect();
    for some in all.chunks(200) {
        house.write(some.to_vec()).await;
    }
    let number = House::new_entity("urn:svod:case:numbered", "Case")
        .with("name", Attribute::property("AB12-CD34"))
        .with("number", Attribute::property("AB12-CD34"))
        .with("process", Attribute::property("p"))
        .with("processVersion", Attribute::property("p@1"))
        .with("status", Attribute::property("open"))
        .with("subject", Attribute::property("air"))
        .with("openedAt", Attribute::property("2026-01-15T01:00:00Z"));
    house.write(vec![number]).await;
    let theirs =
        waiting(9_000, at.plus_seconds(5)).with("case", Attribute::object("urn:svod:case:numbered".parse().unwrap()));
    house.write(vec![theirs]).await;

    let (mut seen, mut order, mut path) = (BTreeSet::new(), Vec::new(), Some("/tasks".to_owned()));
    let mut pages = 0;
    while let Some(href) = path.take() {
        let page = house.visitor.get(Some(OFFICIAL), &href).await;
        assert_eq!(page.status, StatusCode::OK, "{href}: {}", page.body);
        let (names, next) = read(&page.body);
        assert!(!names.is_empty() || next.is_none(), "{href}");
        for name in names {
            assert!(seen.insert(name.clone()), "{name} twice, at {href}");
            order.push(house_order(&name, &until));
        }
        (path, pages) = (next, pages + 1);
        assert!(pages < 60, "it ends");
    }
    assert_eq!(seen.len(), 2_141, "all of them, after {pages} pages");
    assert!(order.is_sorted(), "by deadline");

    let load = house.visitor.get(Some("governor"), "/tasks/workload").await.body;
    assert!(load.contains("<dt>Open</dt><dd>2,141") && !load.contains("are counted"), "each of them, {load}");

    let first = house.visitor.get(Some(OFFICIAL), "/tasks").await.body;
    assert!(first.contains("<dd>100+"), "what is very much is not counted to its end: {first}");
    let found = house.visitor.get(Some(OFFICIAL), "/tasks?q=ab12-cd34").await.body;
    assert_eq!(read(&found).0, ["9000"]);
    let none = house.visitor.get(Some(OFFICIAL), "/tasks?q=nobody").await.body;
    assert!(none.contains("searched by the number of a case"), "{none}");
    let late = house.visitor.get(Some(OFFICIAL), "/tasks?late=overdue").await.body;
    assert_eq!(read(&late).0.len(), 16, "those that ran out by now: {late}");
}

fn house_order(name: &str, until: &impl Fn(usize) -> Timestamp) -> Timestamp {
    let n: usize = name.parse().unwrap();
    if n == 9_000 { "2026-01-20T00:00:05Z".parse().unwrap() } else { until(n) }
}

#[tokio::test]
async fn what_only_the_head_takes_is_marked_for_the_others() {
    let house = House::new().await;
    let post = House::new_entity("urn:svod:post:chief", "Post")
        .with("name", Attribute::property("Chief"))
        .with("role", Attribute::property("official"))
        .with("body", Attribute::object(BODY.parse().unwrap()))
        .with("head", Attribute::property(true));
    house.write(vec![post]).await;
    let now: Timestamp = "2026-01-16T00:00:00Z".parse().unwrap();
    house.write(vec![waiting(1, now).with("post", Attribute::object("urn:svod:post:chief".parse().unwrap()))]).await;
    let urn = waiting(1, now).id;
    let list = house.visitor.get(Some(OFFICIAL), "/tasks?q=T1").await.body;
    assert!(list.contains("for the head only"), "{list}");
    assert!(!list.contains(&format!("value=\"{urn}\"")), "nobody chooses what they may not take: {list}");
    let csv = house.visitor.get(Some(OFFICIAL), "/tasks.csv?q=T1").await.body;
    assert!(csv.contains("; for the head only"), "{csv}");
    let page = house.visitor.get(Some(OFFICIAL), &format!("/tasks/{urn}")).await.body;
    assert!(page.contains("Only the head of this body takes it"), "{page}");
    assert!(!page.contains("/take\""), "{page}");
    let forced = house.visitor.post(OFFICIAL, &format!("/tasks/{urn}/take"), "").await;
    assert_eq!(forced.status, StatusCode::FORBIDDEN);
    let plain = house.visitor.get(Some(OFFICIAL), "/tasks").await.body;
    assert!(plain.contains(&format!("value=\"{TASK}\"")), "others are taken as ever: {plain}");
}

#[tokio::test]
async fn a_case_is_found_by_its_number_however_it_is_typed() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let number = case.text("number").unwrap().to_owned();
    let plain = number.replace('-', "");
    let (a, b) = plain.split_at(4);
    let alike: String = plain.chars().map(|c| if c == '0' { 'O' } else { c }).collect();
    for typed in [number.clone(), plain.to_lowercase(), format!("{a} {b}"), alike] {
        let found = house.visitor.get(Some("official-migration"), &format!("/tasks?q={}", form(&typed))).await.body;
        assert!(found.contains(&number), "{typed}: {found}");
    }
    let none = house.visitor.get(Some("official-migration"), "/tasks?q=ZZZZ9999").await.body;
    assert!(!none.contains(&number), "{none}");
}
