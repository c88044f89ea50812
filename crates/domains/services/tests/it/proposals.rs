//! What the rules propose, accepted as it stands: with one button, or with many at once.

use axum::http::StatusCode;
use serde_json::{Value, json};
use svod_kernel::Actor;
use svod_model::Entity;
use svod_registry::EntityQuery;

use crate::house::{ANNA, House};

const OFFICIAL: &str = "official-migration";

/// The task of somebody who moves, for which the rules propose this.
async fn proposed(house: &House, proposal: Value) -> Entity {
    let data = json!({"name": "Анна Ким", "address": "ул. Кирова, 1, 2", "since": "2026-01-10", "ground": "consent",
        "document": "Согласие от 01.01.2026", "proposal": proposal});
    let case = house.asks(&House::anna(), "moving/moving", data).await;
    house.task_of(&case).await
}

async fn status(house: &House, task: &Entity) -> String {
    house.entity_now(task.id.as_str()).await.text("status").unwrap().to_owned()
}

async fn decisions(house: &House, task: &Entity) -> Vec<Entity> {
    let q = EntityQuery::of("kuzbass".parse().unwrap(), &["Decision"]);
    let q = q.with("case", task.object("case").unwrap().as_str());
    house.registry.query(&Actor::platform("test"), q).await.unwrap().items
}

#[tokio::test]
async fn a_proposal_is_accepted_with_one_button() {
    let house = House::new().await;
    house.people().await;
    let task = proposed(&house, json!({"decision": "register"})).await;
    let page = format!("/tasks/{}", task.id);
    let accept = format!("{page}/accept");
    let button = format!("action=\"{accept}\"");
    let offered = house.visitor.get(Some(OFFICIAL), &page).await.body;
    assert!(offered.contains(&button) && offered.contains("Accept what is proposed"), "{offered}");
    // What it is was made of what the applicant wrote: it is open to who has taken the task.
    let words = house.text("moving-decision-register");
    assert!(!offered.contains(&words), "{offered}");
    for (who, refused) in [("official-municipal", StatusCode::FORBIDDEN), (ANNA, StatusCode::FORBIDDEN)] {
        let answer = house.visitor.post(who, &accept, "").await;
        assert!([refused, StatusCode::NOT_FOUND].contains(&answer.status), "{who}: {}", answer.status);
        assert!(!house.visitor.get(Some(who), &page).await.body.contains(&button), "{who}");
    }
    assert_eq!(status(&house, &task).await, "offered", "nobody has taken it by that");
    let taken = house.visitor.post(OFFICIAL, &format!("{page}/take"), "").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let mine = house.visitor.get(Some(OFFICIAL), &page).await.body;
    assert!(mine.contains(&button) && mine.contains(&words), "{mine}");
    // One thing to do first: what is proposed; the form, and taking it, are other ways.
    for shown in [&offered, &mine] {
        assert_eq!(shown.matches("class=\"button\" ").count(), 1, "{shown}");
    }
    assert!(mine.contains(&format!("class=\"button button--secondary\" href=\"{page}/form\"")), "{mine}");
    let done = house.visitor.post(OFFICIAL, &accept, "").await;
    assert_eq!((done.status, done.location), (StatusCode::SEE_OTHER, format!("{page}?done=complete")), "{}", done.body);
    let made = decisions(&house, &task).await;
    assert_eq!(made.len(), 1);
    assert_eq!(
        (made[0].text("outcome"), made[0].value("overridden")),
        (Some("moving-registered"), Some(&json!(false)))
    );
    let again = house.visitor.post(OFFICIAL, &accept, "").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "it is done");
    assert!(!house.visitor.get(Some(OFFICIAL), &page).await.body.contains(&button));
}

#[tokio::test]
async fn what_does_not_fit_the_form_leads_to_it() {
    let house = House::new().await;
    house.people().await;
    // An answer that the form does not know (any more), and one that it hides.
    for proposal in [json!({"decision": "tomorrow"}), json!({"decision": "register", "reason": "so"})] {
        let task = proposed(&house, proposal.clone()).await;
        let page = format!("/tasks/{}", task.id);
        let refused = house.visitor.post(OFFICIAL, &format!("{page}/accept"), "").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{proposal}");
        for part in ["The proposal does not fit the form", &format!("href=\"{page}/form\"")] {
            assert!(refused.body.contains(part), "{part}: {}", refused.body);
        }
        assert_eq!(status(&house, &task).await, "taken", "it is theirs to answer");
        assert_eq!(house.visitor.get(Some(OFFICIAL), &format!("{page}/form")).await.status, StatusCode::OK);
        assert!(decisions(&house, &task).await.is_empty());
    }
    // What was proposed for another step is nothing for this one.
    let task = proposed(&house, json!({"permitOutcome": "grant"})).await;
    let page = format!("/tasks/{}", task.id);
    assert!(!house.visitor.get(Some(OFFICIAL), &page).await.body.contains("/accept\""));
    assert_eq!(house.visitor.post(OFFICIAL, &format!("{page}/accept"), "").await.status, StatusCode::CONFLICT);
    assert_eq!(status(&house, &task).await, "offered");
}

#[tokio::test]
async fn proposals_of_many_tasks_are_accepted_at_once() {
    let house = House::new().await;
    house.people().await;
    let good = proposed(&house, json!({"decision": "register"})).await;
    let stale = proposed(&house, json!({"decision": "tomorrow"})).await;
    let bare = house.task_of(&house.moves("consent").await).await;
    let asked = format!("act=accept&task={}&task={}&task={}", good.id, stale.id, bare.id);
    let sure = house.visitor.post(OFFICIAL, "/tasks/bulk", &asked).await;
    for part in ["cannot be undone", "Will be done as proposed", "nothing is proposed for it", "Do it: 2"] {
        assert!(sure.body.contains(part), "{part}: {}", sure.body);
    }
    assert_eq!(status(&house, &good).await, "offered", "nothing has happened yet");
    let sent = format!("{asked}&sure=1");
    let told = house.visitor.post(OFFICIAL, "/tasks/bulk", &sent).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    for part in
        ["Done: 1 of 3", "Done as proposed", "does not fit the form, open the task", "nothing is proposed for it"]
    {
        assert!(told.body.contains(part), "{part}: {}", told.body);
    }
    let now = [status(&house, &good).await, status(&house, &stale).await, status(&house, &bare).await];
    assert_eq!(now, ["done", "taken", "offered"]);
    assert_eq!(decisions(&house, &good).await[0].value("overridden"), Some(&json!(false)));
}
