//! What was opened with a task is open as long as the task is in hand, and its trace says so.

use serde_json::json;
use svod_kernel::Urn;
use svod_runtime::Tasks;
use svod_store::testing::TestPlace;

use crate::law::{ABOVE, BELOW, Law};

crate::on_both_engines!(a_trace_ends_when_the_work_ends_and_never_later,);

const LOOK: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look" svod:deadline="PT2H"/>
    s -> look -> e"#;

async fn until(law: &Law, task: &Urn) -> (Urn, String) {
    let access = law.entity(task).await.object("access").cloned().unwrap();
    let until = law.word(&access, "until").await.unwrap();
    (access, until)
}

async fn a_trace_ends_when_the_work_ends_and_never_later(place: &TestPlace) {
    let law = Law::new(place, &[("looks", LOOK)], &[]).await;
    let tasks = Tasks::new(law.house.registry.clone(), law.house.cases.clone());
    let (one, head) = (Law::official("one", BELOW), Law::official("head", ABOVE));
    let first = law.open("permit", "looks", BELOW, json!({})).await;
    let second = law.open("permit", "looks", BELOW, json!({})).await;
    let (early, late) = (law.task(&first, "look").await.id, law.task(&second, "look").await.id);
    tasks.take(&one, &early).await.unwrap();
    tasks.take(&one, &late).await.unwrap();
    let (ended, most) = until(&law, &early).await;
    let (ran_out, same) = until(&law, &late).await;
    assert_eq!((most.as_str(), same.as_str()), ("2026-12-30T07:00:00Z", "2026-12-30T07:00:00Z"), "a day at the most");
    law.until("2026-12-29T08:00:00Z").await;
    tasks.complete(&one, &early, "so it is").await.unwrap();
    assert_eq!(law.word(&ended, "until").await.as_deref(), Some("2026-12-29T08:00:00Z"));
    // It ran out before the work was done: nobody saw anything after that.
    law.until("2027-01-12T07:00:00Z").await;
    let up = law.task(&second, "escalation").await.id;
    tasks.take(&head, &up).await.unwrap();
    let (above, _) = until(&law, &up).await;
    law.until("2027-01-12T09:00:00Z").await;
    tasks.complete(&one, &late, "so it is").await.unwrap();
    assert_eq!(law.word(&ran_out, "until").await.as_deref(), Some("2026-12-30T07:00:00Z"));
    // The case is closed, and with it what was opened above.
    assert_eq!(law.word(&up, "status").await.as_deref(), Some("withdrawn"));
    assert_eq!(law.word(&above, "until").await.as_deref(), Some("2027-01-12T09:00:00Z"));
}
