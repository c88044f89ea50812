//! Terms over the holidays of the New Year: 31 December 2026 to 10 January 2027 are off.

use serde_json::{Value, json};
use svod_kernel::Urn;
use svod_model::Attribute;
use svod_registry::{Action, Change, Command, Operation};
use svod_runtime::Tasks;
use svod_store::testing::TestPlace;

use crate::house::map;
use crate::law::{ABOVE, BELOW, Law};

crate::on_both_engines!(
    those_who_work_are_warned_and_a_term_that_runs_out_goes_up,
    at_the_top_it_goes_to_the_head_and_ends_with_the_case,
    a_term_stands_still_in_working_time,
    time_stands_still_on_the_clock_where_no_calendar_counts,
    a_pause_needs_a_reason_that_the_service_knows,
    a_deadline_that_the_process_moves_is_kept,
    a_decision_ends_the_term_when_it_says_so,
    a_term_that_runs_out_goes_to_the_post_of_the_head,
    who_does_not_answer_in_time_is_passed_over_as_far_as_somebody_is_above,
);

const LOOK: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
    s -> look -> e"#;

async fn waits(law: &Law, case: &Urn) -> Vec<(String, String)> {
    let all = law.house.waits(case).await.into_iter();
    all.filter_map(|(id, due)| Some((id, due?.to_string()))).collect()
}

fn due(moment: &str) -> (String, String) {
    ("k-due".to_owned(), moment.to_owned())
}

fn warn(moment: &str) -> (String, String) {
    ("k-warn".to_owned(), moment.to_owned())
}

async fn those_who_work_are_warned_and_a_term_that_runs_out_goes_up(place: &TestPlace) {
    let law = Law::new(place, &[("looks", LOOK)], &[]).await;
    let case = law.open("permit", "looks", BELOW, json!({})).await;
    // 30 December, 11 and 12 January; warned a working day before.
    assert_eq!(waits(&law, &case).await, [due("2027-01-12T07:00:00Z"), warn("2027-01-11T07:00:00Z")]);
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("running"));
    law.until("2027-01-11T06:59:59Z").await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("running"));
    law.until("2027-01-11T07:00:00Z").await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("warned"));
    let task = law.task(&case, "look").await;
    assert_eq!((task.text("warnedAt"), task.text("escalatedAt")), (Some("2027-01-11T07:00:00Z"), None));
    law.until("2027-01-12T07:00:00Z").await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("overdue"));
    assert_eq!(law.task(&case, "look").await.text("escalatedAt"), Some("2027-01-12T07:00:00Z"));
    assert!(waits(&law, &case).await.is_empty());
    let up = law.task(&case, "escalation").await;
    assert_eq!(up.object("body").map(Urn::as_str), Some(ABOVE));
    assert_eq!((up.text("title"), up.text("status")), (Some("task-escalated"), Some("offered")));
    assert_eq!(up.text("deadline"), Some("2027-01-13T07:00:00Z"), "a working day for whoever is above");
    law.until("2027-01-20T07:00:00Z").await;
    let ups = law.house.tasks().await.into_iter().filter(|t| t.text("step") == Some("escalation"));
    assert_eq!(ups.count(), 1, "once");
    // The head closes it with a result; the process does not notice.
    let tasks = Tasks::new(law.house.registry.clone(), law.house.cases.clone());
    let head = Law::official("head", ABOVE);
    let before = law.house.row(&case).await.version;
    tasks.take(&head, &up.id).await.unwrap();
    tasks.complete(&head, &up.id, "Поручено заместителю").await.unwrap();
    let up = law.entity(&up.id).await;
    assert_eq!((up.text("status"), up.text("result")), (Some("done"), Some("Поручено заместителю")));
    assert_eq!(law.house.row(&case).await.version, before);
    law.act(&Law::official("one", BELOW), &case, "look", json!({})).await.unwrap();
    assert!(law.house.is_done(&case).await);
    let told = law.house.told(&case).await;
    let clocks: Vec<&str> = told.iter().filter_map(|t| t["clock"].as_str()).collect();
    assert_eq!(clocks, ["warned", "overdue"]);
}

async fn at_the_top_it_goes_to_the_head_and_ends_with_the_case(place: &TestPlace) {
    let law = Law::new(place, &[("looks", LOOK)], &[]).await;
    let (late, soon) =
        (law.open("plain", "looks", ABOVE, json!({})).await, law.open("plain", "looks", ABOVE, json!({})).await);
    assert_eq!(waits(&law, &late).await, [due("2027-01-08T07:00:00Z"), warn("2027-01-07T07:00:00Z")]);
    let official = Law::official("one", ABOVE);
    law.act(&official, &soon, "look", json!({})).await.unwrap();
    assert!(law.house.waits(&soon).await.is_empty(), "with the case its term is over");
    // Nothing ran for days: both moments come at once, and each has its effect.
    law.until("2027-01-08T08:00:00Z").await;
    let up = law.task(&late, "escalation").await;
    assert_eq!(up.object("body").map(Urn::as_str), Some(ABOVE));
    assert_eq!(law.word(&soon, "clock").await.as_deref(), Some("running"));
    law.act(&official, &late, "look", json!({})).await.unwrap();
    assert_eq!(law.word(&up.id, "status").await.as_deref(), Some("withdrawn"), "nobody above is asked any more");
}

const PAUSES: &str = r#"<startEvent id="s"/><endEvent id="e"/><parallelGateway id="fork"/><parallelGateway id="join"/>
    <userTask id="beside"/><userTask id="ask"/><userTask id="look"/>
    <serviceTask id="p1" svod:service="case.pause"><extensionElements><svod:input name="reason" value="&quot;papers&quot;"/></extensionElements></serviceTask>
    <serviceTask id="p2" svod:service="case.pause"><extensionElements><svod:input name="reason" value="&quot;papers&quot;"/></extensionElements></serviceTask>
    <receiveTask id="bring" messageRef="m" svod:correlation="key"/>
    <serviceTask id="r1" svod:service="case.resume" svod:result="back"/><serviceTask id="r2" svod:service="case.resume"/>
    s -> fork -> ask -> p1 -> p2 -> bring -> r1 -> r2 -> look -> join -> e
    fork -> beside -> join"#;

async fn brought(law: &Law) {
    assert!(law.house.cases.message(&law.house.actor, "news", Some("a"), map(json!({}))).await.unwrap());
    law.house.settle().await;
}

async fn a_term_stands_still_in_working_time(place: &TestPlace) {
    let law = Law::new(place, &[("pauses", PAUSES)], &[]).await;
    let case = law.open("permit", "pauses", BELOW, json!({"key": "a"})).await;
    let one = Law::official("one", BELOW);
    law.until("2026-12-29T09:00:00Z").await;
    law.act(&one, &case, "ask", json!({})).await.unwrap();
    let paused = law.entity(&case).await;
    assert_eq!((paused.text("clock"), paused.text("pauseReason")), (Some("paused"), Some("papers")));
    assert_eq!(paused.text("pausedAt"), Some("2026-12-29T09:00:00Z"));
    assert!(waits(&law, &case).await.is_empty());
    law.until("2027-01-11T12:00:00Z").await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("paused"), "no warning while it stands still");
    brought(&law).await;
    // It stood for 12 hours of 29 December, 24 of the 30th and 15 of 11 January, by the clocks of Moscow.
    let case_now = law.entity(&case).await;
    assert_eq!(case_now.text("deadline"), Some("2027-01-14T10:00:00Z"));
    assert_eq!(
        (case_now.text("clock"), case_now.text("pausedAt"), case_now.text("pauseReason")),
        (Some("running"), None, None)
    );
    assert_eq!(waits(&law, &case).await, [due("2027-01-14T10:00:00Z"), warn("2027-01-13T10:00:00Z")]);
    for step in ["beside", "look"] {
        assert_eq!(law.task(&case, step).await.text("deadline"), Some("2027-01-14T10:00:00Z"), "{step}");
    }
    let stood = 12 * 86_400 + 15 * 3_600 + 12 * 3_600;
    let told = law.house.told(&case).await;
    let resumed: Vec<&Value> = told.iter().filter(|t| t["clock"] == "resumed").collect();
    assert_eq!((resumed.len(), resumed[0]["stood"].as_i64()), (1, Some(stood)), "{resumed:?}");
    assert_eq!(told.iter().filter(|t| t["clock"] == "paused").count(), 1, "the second pause is none");
    assert_eq!(law.house.variables(&case).await["back"]["stood"], json!(stood));
    law.until("2027-01-14T10:00:00Z").await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("overdue"));
}

async fn time_stands_still_on_the_clock_where_no_calendar_counts(place: &TestPlace) {
    let law = Law::new(place, &[("pauses", PAUSES)], &[]).await;
    let case = law.open("plain", "pauses", BELOW, json!({"key": "a"})).await;
    // Overdue, though nobody looked: it does not stand still as if it were not.
    law.house.clock.set("2027-01-08T07:00:01Z".parse().unwrap());
    law.act(&Law::official("one", BELOW), &case, "ask", json!({})).await.unwrap();
    assert_eq!(law.task(&case, "escalation").await.text("status"), Some("offered"));
    law.until("2027-01-10T07:00:01Z").await;
    brought(&law).await;
    let now = law.entity(&case).await;
    assert_eq!((now.text("clock"), now.text("deadline")), (Some("overdue"), Some("2027-01-10T07:00:00Z")));
    law.until("2027-01-20T07:00:00Z").await;
    let ups = law.house.tasks().await.into_iter().filter(|t| t.text("step") == Some("escalation"));
    assert_eq!(ups.count(), 1, "what was overdue before is not brought up again");
    let again = law.open("plain", "pauses", BELOW, json!({"key": "a"})).await;
    law.until("2027-01-21T07:00:00Z").await;
    law.act(&Law::official("one", BELOW), &again, "ask", json!({})).await.unwrap();
    law.until("2027-01-23T09:00:00Z").await;
    brought(&law).await;
    assert_eq!(waits(&law, &again).await, [due("2027-02-01T09:00:00Z"), warn("2027-01-31T09:00:00Z")]);
}

async fn a_pause_needs_a_reason_that_the_service_knows(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/>
        <serviceTask id="p" svod:service="case.pause"><extensionElements><svod:input name="reason" value="reason"/></extensionElements></serviceTask>
        s -> p -> e"#;
    let law = Law::new(place, &[("bad", body)], &[]).await;
    let case = law.open("permit", "bad", BELOW, json!({"reason": "holiday"})).await;
    let (_, code, message) = law.incidents(&case).await.remove(0);
    assert_eq!(code, "service-failed");
    assert!(message.contains("holiday") && message.contains("papers"), "{message}");
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("running"));
    law.retry(&case, json!({"reason": "papers"})).await;
    assert!(law.house.is_done(&case).await);
    // Without a term there is nothing to stand still, and nothing to complain of.
    let none = law.house.begin_of("law@1.0.0/bad", json!({"reason": "papers"})).await;
    assert_eq!(law.incidents(&none).await.len(), 1, "a process without a case has no term");
}

async fn a_term_that_runs_out_goes_to_the_post_of_the_head(place: &TestPlace) {
    let law = Law::new(place, &[("looks", LOOK)], &[]).await;
    let entity =
        |id: &str, kind: &str| svod_model::Entity::new(id.parse().unwrap(), kind, crate::house::SPACE.parse().unwrap());
    let object = |urn: &str| Attribute::object(urn.parse().unwrap());
    let post = |id: &str, name: &str, head: bool| {
        entity(id, "Post")
            .with("name", Attribute::property(name))
            .with("role", Attribute::property("official"))
            .with("body", object(ABOVE))
            .with("head", Attribute::property(head))
    };
    let (headship, desk) = ("urn:svod:post:head", "urn:svod:post:desk");
    let appointed = |id: &str, person: &str, post: &str| {
        entity(id, "Appointment")
            .with("person", object(person))
            .with("post", object(post))
            .with("since", Attribute::property("2026-12-01T00:00:00Z"))
    };
    let person = |id: &str| entity(id, "Person").with("name", Attribute::property("x"));
    let made = [
        post(headship, "Специалист head", true),
        post(desk, "Специалист desk", false),
        person("urn:svod:person:head"),
        person("urn:svod:person:desk"),
        appointed("urn:svod:appointment:1", "urn:svod:person:head", headship),
        appointed("urn:svod:appointment:2", "urn:svod:person:desk", desk),
    ];
    let changes = made.map(|e| Operation::Create(e).into()).to_vec();
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    law.house.registry.execute(&law.house.actor, command).await.unwrap();
    let case = law.open("permit", "looks", BELOW, json!({})).await;
    law.until("2027-01-11T07:00:00Z").await;
    law.until("2027-01-12T07:00:00Z").await;
    let up = law.task(&case, "escalation").await;
    assert_eq!((up.object("body").map(Urn::as_str), up.object("post").map(Urn::as_str)), (Some(ABOVE), Some(headship)));
    let tasks = Tasks::new(law.house.registry.clone(), law.house.cases.clone());
    // One of the body, in a post of it; the head, in another post of theirs.
    let other = svod_kernel::Actor { name: "Специалист desk".into(), ..Law::official("head", ABOVE) };
    for nobody in [Law::official("desk", ABOVE), other] {
        let refused = tasks.take(&nobody, &up.id).await.unwrap_err();
        assert_eq!(svod_kernel::Coded::status(&refused), 403, "{}: {refused}", nobody.name);
    }
    let head = Law::official("head", ABOVE);
    tasks.take(&head, &up.id).await.unwrap();
    tasks.complete(&head, &up.id, "Поручено заместителю").await.unwrap();
    assert_eq!(law.word(&up.id, "status").await.as_deref(), Some("done"));
}

async fn who_does_not_answer_in_time_is_passed_over_as_far_as_somebody_is_above(place: &TestPlace) {
    let law = Law::new(place, &[("looks", LOOK)], &[]).await;
    let top: Urn = "urn:svod:body:law:top".parse().unwrap();
    let body = svod_model::Entity::new(top.clone(), "Body", crate::house::SPACE.parse().unwrap());
    let set = [("parent".to_owned(), Attribute::object(top.clone()))].into_iter().collect();
    let above: Urn = ABOVE.parse().unwrap();
    let patch = Operation::Patch { urn: above.clone(), expected: None, set, unset: Vec::new() };
    let made = Operation::Create(body.with("name", Attribute::property("Top")));
    let command = Command { ground: "test".into(), changes: vec![made.into(), patch.into()], ..Command::default() };
    law.house.registry.execute(&law.house.actor, command).await.unwrap();
    let slow = law.open("permit", "looks", BELOW, json!({})).await;
    let answered = law.open("permit", "looks", BELOW, json!({})).await;
    let ended = law.open("permit", "looks", BELOW, json!({})).await;
    law.until("2027-01-11T07:00:00Z").await;
    law.until("2027-01-12T07:00:00Z").await;
    let up = |moment: &str| [("k-up".to_owned(), moment.to_owned())];
    for case in [&slow, &answered, &ended] {
        assert_eq!(waits(&law, case).await, up("2027-01-13T07:00:00Z"), "a working day for whoever is above");
    }
    let tasks = Tasks::new(law.house.registry.clone(), law.house.cases.clone());
    let (one, boss) = (Law::official("one", BELOW), Law::official("head", ABOVE));
    let first = law.task(&slow, "escalation").await.id;
    tasks.take(&boss, &first).await.unwrap();
    let done = law.task(&answered, "escalation").await.id;
    tasks.take(&boss, &done).await.unwrap();
    tasks.complete(&boss, &done, "Поручено заместителю").await.unwrap();
    law.act(&one, &ended, "look", json!({})).await.unwrap();
    assert!(waits(&law, &ended).await.is_empty(), "with the case it is over");
    law.until("2027-01-13T07:00:00Z").await;
    let late = law.entity(&first).await;
    assert_eq!((late.text("status"), late.text("escalatedAt")), (Some("withdrawn"), Some("2027-01-13T07:00:00Z")));
    let second = law.task(&slow, "escalation").await;
    assert_eq!((second.object("body"), second.text("status")), (Some(&top), Some("offered")));
    assert_eq!(second.text("deadline"), Some("2027-01-14T07:00:00Z"));
    assert_eq!(law.word(&done, "status").await.as_deref(), Some("done"), "what was answered stays so");
    for case in [&slow, &answered] {
        assert!(waits(&law, case).await.is_empty(), "nobody is above the top");
    }
    law.until("2027-01-20T07:00:00Z").await;
    let all = law.house.tasks().await;
    let of = |case: &Urn| {
        all.iter().filter(|t| t.object("case") == Some(case) && t.text("step") == Some("escalation")).count()
    };
    assert_eq!((of(&slow), of(&answered), of(&ended)), (2, 1, 1), "once for each above");
    let told = law.house.told(&slow).await;
    let clocks: Vec<&str> = told.iter().filter_map(|t| t["clock"].as_str()).collect();
    assert_eq!(clocks, ["warned", "overdue", "escalated"]);
    // Done at last: whoever is asked now is asked no more.
    law.act(&one, &slow, "look", json!({})).await.unwrap();
    assert_eq!(law.word(&second.id, "status").await.as_deref(), Some("withdrawn"));
}

async fn a_decision_ends_the_term_when_it_says_so(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/><userTask id="hand" name="Hand it out"/>
        <serviceTask id="d" svod:service="decision.record"><extensionElements>
          <svod:input name="outcome" value="&quot;granted&quot;"/><svod:input name="endsTerm" value="ends"/></extensionElements></serviceTask>
        <serviceTask id="p" svod:service="case.pause"><extensionElements><svod:input name="reason" value="&quot;papers&quot;"/></extensionElements></serviceTask>
        <serviceTask id="u" svod:service="case.update"><extensionElements><svod:input name="set" value="{deadline: &quot;2027-01-15T07:00:00Z&quot;}"/></extensionElements></serviceTask>
        s -> look -> d -> p -> u -> hand -> e"#;
    let law = Law::new(place, &[("decides", body)], &[]).await;
    let one = Law::official("one", BELOW);
    let soon = law.open("permit", "decides", BELOW, json!({"ends": true})).await;
    let late = law.open("permit", "decides", BELOW, json!({"ends": true})).await;
    let goes_on = law.open("permit", "decides", BELOW, json!({"ends": false})).await;
    let wrong = law.open("permit", "decides", BELOW, json!({"ends": "yes"})).await;
    law.until("2026-12-30T07:00:00Z").await;
    for case in [&soon, &goes_on, &wrong] {
        law.act(&one, case, "look", json!({})).await.unwrap();
    }
    assert_eq!(law.word(&soon, "clock").await.as_deref(), Some("met"), "neither paused nor moved after it");
    assert_eq!(law.word(&soon, "metAt").await.as_deref(), Some("2026-12-30T07:00:00Z"));
    assert!(law.house.waits(&soon).await.is_empty());
    assert_eq!(law.word(&goes_on, "clock").await.as_deref(), Some("paused"));
    assert!(law.incidents(&wrong).await[0].2.contains("endsTerm"));
    law.until("2027-01-11T07:00:00Z").await;
    law.until("2027-01-12T07:00:00Z").await;
    let up = law.task(&late, "escalation").await.id;
    law.until("2027-01-20T07:00:00Z").await;
    assert!(
        law.house.tasks().await.iter().all(|t| t.object("case") != Some(&soon) || t.text("step") != Some("escalation"))
    );
    law.act(&one, &late, "look", json!({})).await.unwrap();
    assert_eq!(law.word(&late, "clock").await.as_deref(), Some("met"));
    assert_eq!(law.word(&up, "status").await.as_deref(), Some("withdrawn"), "nobody above is asked any more");
    law.act(&one, &soon, "hand", json!({})).await.unwrap();
    assert!(law.house.is_done(&soon).await);
    let told = law.house.told(&soon).await;
    assert_eq!(told.iter().filter_map(|t| t["clock"].as_str()).collect::<Vec<_>>(), ["met"]);
}

async fn a_deadline_that_the_process_moves_is_kept(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="ask"/><userTask id="look"/>
        <serviceTask id="u" svod:service="case.update"><extensionElements><svod:input name="set" value="{deadline: until}"/></extensionElements></serviceTask>
        s -> ask -> u -> look -> e"#;
    let law = Law::new(place, &[("moves", body)], &[]).await;
    let one = Law::official("one", BELOW);
    let case = law.open("permit", "moves", BELOW, json!({"until": "2027-01-15T07:00:00Z"})).await;
    law.until("2027-01-12T07:00:00Z").await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("overdue"));
    law.act(&one, &case, "ask", json!({})).await.unwrap();
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("running"));
    assert_eq!(waits(&law, &case).await, [due("2027-01-15T07:00:00Z"), warn("2027-01-14T07:00:00Z")]);
    assert_eq!(law.task(&case, "escalation").await.text("status"), Some("withdrawn"), "it is in time again");
    assert_eq!(law.task(&case, "look").await.text("deadline"), Some("2027-01-15T07:00:00Z"));
    // Moved by hand, past the process: the wait looks again.
    let set = [("deadline".to_owned(), Attribute::property("2027-01-18T07:00:00Z"))].into_iter().collect();
    let patch = Operation::Patch { urn: case.clone(), expected: None, set, unset: Vec::new() };
    let changes = vec![Change::verb(patch, Action::Update, "update")];
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    law.house.registry.execute(&law.house.actor, command).await.unwrap();
    law.until("2027-01-15T07:00:00Z").await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("warned"));
    assert_eq!(waits(&law, &case).await, [due("2027-01-18T07:00:00Z")]);
}
