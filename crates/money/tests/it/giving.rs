use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use svod_kernel::{Coded as _, Urn};
use svod_money::{Money, MoneyDeps, MoneyError, Notice, PayTo, Payments, Payout, Refund, Settled, State};
use svod_registry::JournalQuery;
use svod_runtime::cases::Worker;
use svod_store::testing::TestPlace;

use crate::house::{BODY, House, Mood, OTHER, PERSON, SPACE, flows, person, said};

crate::on_both_engines!(
    what_was_paid_is_given_back_and_no_more,
    a_refund_of_parts_goes_back_by_each,
    a_payout_moves_money_once,
    what_a_provider_refuses_is_reversed_and_told,
    a_killed_node_pays_once,
    too_much_back_is_the_process_s_error,
    a_payout_goes_to_a_card_of_whoever_is_paid,
    a_card_of_somebody_else_is_refused,
    a_card_is_not_forgotten_while_a_payout_to_it_is_under_way,
    a_card_that_is_gone_is_no_outcome,
    a_card_is_kept_and_forgotten_by_who_does_it,
    no_more_cards_are_kept_than_are_seen,
    a_notice_of_a_payout_shows_what_its_provider_was_given,
);

fn refund(accrual: &Urn, amount: Option<i64>, key: &str) -> Refund {
    Refund { accrual: accrual.clone(), amount, case: None, key: key.into() }
}

async fn what_was_paid_is_given_back_and_no_more(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(1_000).await;
    let nothing_paid = house.money.refund(&refund(&accrual, None, "k0")).await.unwrap_err();
    assert!(matches!(nothing_paid, MoneyError::TooMuchBack { rest: 0 }), "{nothing_paid}");
    house.paid(&accrual, None).await;
    let too_much = house.money.refund(&refund(&accrual, Some(1_001), "k1")).await.unwrap_err();
    assert_eq!(too_much.code(), "refund-too-much");
    let begun = house.money.refund(&refund(&accrual, Some(400), "k2")).await.unwrap();
    assert_eq!((house.number(&accrual, "refunded").await, house.holds(&format!("payable:{BODY}")).await), (400, -400));
    // What is on its way back is not given twice.
    let rest = house.money.refund(&refund(&accrual, Some(601), "k3")).await.unwrap_err();
    assert!(matches!(rest, MoneyError::TooMuchBack { rest: 600 }), "{rest}");
    // The same key is the same refund.
    assert_eq!(house.money.refund(&refund(&accrual, Some(400), "k2")).await.unwrap(), begun);
    assert_eq!(house.number(&accrual, "refunded").await, 400);
    house.adds_up().await;
    house.money.settle("bank", &said(&begun[0], State::Done, 400)).await.unwrap();
    assert_eq!((house.holds("cash:bank").await, house.holds(&format!("payable:{BODY}")).await), (600, 0));
    assert_eq!(house.text(&accrual, "status").await, "paid");
    let two = tokio::join!(async { house.money.refund(&refund(&accrual, None, "k4")).await }, async {
        house.money.refund(&refund(&accrual, None, "k5")).await
    });
    let all = [two.0, two.1];
    assert_eq!(all.iter().filter(|r| r.is_ok()).count(), 1, "{all:?}");
    let last = all.into_iter().find_map(Result::ok).unwrap();
    house.money.settle("bank", &said(&last[0], State::Done, 600)).await.unwrap();
    assert_eq!((house.text(&accrual, "status").await.as_str(), house.holds("cash:bank").await), ("refunded", 0));
    house.adds_up().await;
}

async fn a_refund_of_parts_goes_back_by_each(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(1_000).await;
    let first = house.paid(&accrual, Some(300)).await;
    house.clock.advance(60);
    let second = house.paid(&accrual, Some(200)).await;
    house.bank.is(Mood::Prompt);
    let all = house.money.refund(&refund(&accrual, Some(400), "k")).await.unwrap();
    assert_eq!(all.len(), 2);
    let of = async |urn: &Urn| {
        (house.entity(urn).await.object("original").unwrap().clone(), house.number(urn, "amount").await)
    };
    assert_eq!((of(&all[0]).await, of(&all[1]).await), ((second, 200), (first, 200)));
    house.money.refund(&refund(&accrual, None, "rest")).await.unwrap();
    // All is back: what was not paid is not owed any more either.
    assert_eq!((house.text(&accrual, "status").await.as_str(), house.bank.holds()), ("refunded", 0));
    assert_eq!(house.holds(&format!("receivable:{BODY}")).await, 0);
    house.adds_up().await;
}

const PAYOUT: &str = r#"<startEvent id="s"/><endEvent id="e"/>
    <serviceTask id="a" svod:service="money.payout" svod:result="out"><extensionElements><svod:input name="amount" value="sum"/><svod:input name="purpose" value="&quot;Benefit&quot;"/><svod:input name="account" value="&quot;40817810099910004312&quot;"/></extensionElements></serviceTask>
    <receiveTask id="r" messageRef="m" svod:correlation="out.payment" svod:result="told"/>"#;

async fn a_payout_moves_money_once(place: &TestPlace) {
    let house = House::with(place, &[("pay", &flows(PAYOUT, &["s", "a", "r", "e"]))]).await;
    house.bank.is(Mood::Lost);
    let case = house.open("pay", "1", json!({"sum": 7_000})).await;
    house.settle().await;
    // It has moved; nobody here knows.
    let payment = house.only("Payment").await;
    assert_eq!((payment.text("status"), house.bank.holds()), (Some("pending"), -7_000));
    assert_eq!(payment.object("case"), Some(&case));
    house.adds_up().await;
    house.bank.is(Mood::Prompt);
    house.clock.advance(3_600);
    house.settle().await;
    assert_eq!((house.bank.asked(), house.bank.holds(), house.holds("cash:bank").await), (2, -7_000, -7_000));
    assert!(house.is_closed(&case).await);
    let told = &house.variables(&case).await["told"];
    assert_eq!((told["status"].as_str(), told["payment"].as_str()), (Some("done"), Some(payment.id.as_str())));
    assert_eq!(house.holds(&format!("payouts:{BODY}")).await, 7_000);
    // The number of the account is personal: who has no ground does not see it.
    let official = svod_kernel::Actor {
        id: "urn:t:official".into(),
        roles: [svod_kernel::Role::Official].into(),
        ..person(PERSON)
    };
    let seen = house.registry.entity(&official, &payment.id).await.unwrap();
    assert_eq!((seen.text("account"), seen.text("status")), (None, Some("done")));
    house.adds_up().await;
}

async fn what_a_provider_refuses_is_reversed_and_told(place: &TestPlace) {
    let house = House::with(place, &[("pay", &flows(PAYOUT, &["s", "a", "r", "e"]))]).await;
    house.bank.is(Mood::Refuses);
    let case = house.open("pay", "1", json!({"sum": 7_000})).await;
    house.settle().await;
    assert!(house.is_closed(&case).await);
    let told = &house.variables(&case).await["told"];
    assert_eq!((told["status"].as_str(), told["failure"].as_str()), (Some("failed"), Some("no such account")));
    for account in ["payable", "payouts"] {
        assert_eq!(house.holds(&format!("{account}:{BODY}")).await, 0);
    }
    house.adds_up().await;
    // A refund that fails later is owed to nobody again, and may be begun anew.
    house.bank.is(Mood::Slow);
    let accrual = house.accrued(100).await;
    house.paid(&accrual, None).await;
    let back = house.money.refund(&refund(&accrual, None, "a")).await.unwrap();
    let failed = said(&back[0], State::Failed("closed".into()), 100);
    assert_eq!(house.money.settle("bank", &failed).await.unwrap(), Settled::Written(back[0].clone()));
    assert_eq!(house.money.settle("bank", &failed).await.unwrap(), Settled::Repeated(back[0].clone()));
    assert_eq!((house.number(&accrual, "refunded").await, house.text(&accrual, "status").await.as_str()), (0, "paid"));
    house.bank.is(Mood::Prompt);
    house.money.refund(&refund(&accrual, None, "b")).await.unwrap();
    assert_eq!(house.text(&accrual, "status").await, "refunded");
    house.adds_up().await;
}

/// The process is killed when the bank has paid and nothing of it is written: another node asks again, with the same key.
async fn a_killed_node_pays_once(place: &TestPlace) {
    let house = House::with(place, &[("pay", &flows(PAYOUT, &["s", "a", "r", "e"]))]).await;
    house.bank.is(Mood::Hangs);
    let case = house.open("pay", "1", json!({"sum": 7_000})).await;
    let worker = house.worker.clone();
    let running = tokio::spawn(async move { worker.settle().await });
    while house.bank.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.abort();
    assert!(running.await.is_err());
    assert_eq!(
        (house.bank.holds(), house.text(&house.only("Payment").await.id, "status").await.as_str()),
        (-7_000, "pending")
    );
    house.bank.is(Mood::Prompt);
    let deps =
        MoneyDeps { cases: house.cases.clone(), store: house.store.clone(), providers: vec![house.bank.clone()] };
    let other = Worker::new(house.cases.clone(), vec![Arc::new(Payments(Money::new(deps)))], "two".into());
    house.clock.advance(60);
    other.settle().await.unwrap();
    assert!(house.is_closed(&case).await);
    let calls = house.bank.calls.lock().unwrap().clone();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0], calls[1], "the key stays");
    assert_eq!((house.bank.holds(), house.holds("cash:bank").await), (-7_000, -7_000));
    house.adds_up().await;
}

const BACK: &str = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="no"/>
    <serviceTask id="a" svod:service="money.refund" svod:result="out"><extensionElements><svod:input name="accrual" value="accrual"/><svod:input name="amount" value="sum"/></extensionElements></serviceTask>
    <boundaryEvent id="b" attachedToRef="a"><errorEventDefinition id="ed" errorRef="x"/></boundaryEvent>
    <sequenceFlow id="g" sourceRef="b" targetRef="no"/>"#;

async fn too_much_back_is_the_process_s_error(place: &TestPlace) {
    let house = House::with(place, &[("back", &flows(BACK, &["s", "a", "e"]))]).await;
    house.bank.is(Mood::Slow);
    let accrual = house.accrued(100).await;
    house.paid(&accrual, None).await;
    let case = house.open("back", "1", json!({"accrual": accrual, "sum": 101})).await;
    house.settle().await;
    assert!(house.is_closed(&case).await);
    assert_eq!(house.number(&accrual, "refunded").await, 0);
    let case = house.open("back", "2", json!({"accrual": accrual, "sum": 100})).await;
    house.settle().await;
    assert!(house.is_closed(&case).await);
    assert_eq!(house.number(&accrual, "refunded").await, 100);
    let payout = Payout {
        person: PERSON.parse().unwrap(),
        body: BODY.parse().unwrap(),
        case: None,
        purpose: "x".into(),
        amount: 0,
        currency: "RUB".into(),
        to: PayTo::Account("1".into()),
        space: SPACE.parse().unwrap(),
        key: "k".into(),
    };
    assert_eq!(house.money.payout(&payout).await.unwrap_err().code(), "payout-field");
    let nameless = Payout { amount: 5, to: PayTo::Account(" ".into()), ..payout };
    assert_eq!(house.money.payout(&nameless).await.unwrap_err().fields()[0].field, "account");
    house.adds_up().await;
}

const TO_CARD: &str = r#"<startEvent id="s"/><endEvent id="e"/>
    <serviceTask id="a" svod:service="money.payout" svod:result="out"><extensionElements><svod:input name="amount" value="sum"/><svod:input name="purpose" value="&quot;Benefit&quot;"/><svod:input name="card" value="card"/></extensionElements></serviceTask>
    <receiveTask id="r" messageRef="m" svod:correlation="out.payment" svod:result="told"/>"#;

/// A card of somebody with these last digits, shown to the sandbox.
async fn card(house: &House, who: &str, last: &str) -> Urn {
    let actor = person(who);
    let token = house.money.sandbox_card(&actor, last).await.unwrap();
    house.money.keep_card(&actor, &token).await.unwrap()
}

async fn a_payout_goes_to_a_card_of_whoever_is_paid(place: &TestPlace) {
    let house = House::of_sandbox(place, &[("pay", &flows(TO_CARD, &["s", "a", "r", "e"]))]).await;
    assert_eq!(house.money.show_card(&person(PERSON), "https://x/my/payments/cards").await.unwrap(), "/sandbox/cards");
    let own = card(&house, PERSON, "4242").await;
    assert_eq!(card(&house, PERSON, "4242").await, own, "shown twice, it is one");
    let listed = house.money.cards(&person(PERSON)).await.unwrap();
    assert_eq!((listed.len(), listed[0].text("name"), listed[0].text("token")), (1, Some("•••• 4242"), None));
    assert!(house.money.cards(&person(OTHER)).await.unwrap().is_empty(), "nobody sees the cards of another");

    let case = house.open("pay", "1", json!({"sum": 7_000, "card": own})).await;
    house.settle().await;
    assert!(house.is_closed(&case).await);
    let payment = house.only("Payment").await;
    assert_eq!(
        (payment.text("status"), payment.object("card"), payment.text("account")),
        (Some("done"), Some(&own), None)
    );
    assert_eq!(house.holds(&format!("payouts:{BODY}")).await, 7_000);

    // What the provider does not carry out is owed to nobody, and the process hears why.
    let empty = card(&house, PERSON, "0000").await;
    let case = house.open("pay", "2", json!({"sum": 5, "card": empty})).await;
    house.settle().await;
    let told = &house.variables(&case).await["told"];
    assert_eq!(told["status"].as_str(), Some("failed"));
    assert!(told["failure"].as_str().unwrap().contains("0000"), "{told}");
    assert_eq!(house.holds(&format!("payouts:{BODY}")).await, 7_000);
    house.adds_up().await;
}

async fn a_card_of_somebody_else_is_refused(place: &TestPlace) {
    let house = House::of_sandbox(place, &[]).await;
    let theirs = card(&house, OTHER, "4242").await;
    let payout = Payout {
        person: PERSON.parse().unwrap(),
        body: BODY.parse().unwrap(),
        case: None,
        purpose: "x".into(),
        amount: 5,
        currency: "RUB".into(),
        to: PayTo::Card(theirs.clone()),
        space: SPACE.parse().unwrap(),
        key: "k".into(),
    };
    assert_eq!(house.money.payout(&payout).await.unwrap_err().code(), "payout-card");
    let nothing = Payout { to: PayTo::Card("urn:svod:payout-card:none".parse().unwrap()), ..payout.clone() };
    assert_eq!(house.money.payout(&nothing).await.unwrap_err().code(), "payout-card");
    // A token of another is no card of one's own, nor is a number, and nobody forgets what is not theirs.
    let token = house.money.sandbox_card(&person(OTHER), "4242").await.unwrap();
    let taken = house.money.keep_card(&person(PERSON), &token).await.unwrap_err();
    assert!(matches!(taken, MoneyError::Provider(svod_money::ProviderError::Refused(_))), "{taken}");
    for number in ["4111111111111111", "4111-1111-1111-1111"] {
        assert_eq!(house.money.keep_card(&person(PERSON), number).await.unwrap_err().fields()[0].field, "token");
    }
    assert_eq!(house.money.forget_card(&person(PERSON), &theirs).await.unwrap_err().status(), 404);
    assert!(house.money.cards(&person(PERSON)).await.unwrap().is_empty());
    // Forgotten, nobody is paid to it.
    house.money.forget_card(&person(OTHER), &theirs).await.unwrap();
    let late = Payout { person: OTHER.parse().unwrap(), ..payout };
    assert_eq!(house.money.payout(&late).await.unwrap_err().code(), "payout-card");
    house.adds_up().await;
}

/// The bank has paid and its answer is lost; who is paid wants the card forgotten: the bank is asked once more, with the same key.
async fn a_card_is_not_forgotten_while_a_payout_to_it_is_under_way(place: &TestPlace) {
    let house = House::with(place, &[("pay", &flows(TO_CARD, &["s", "a", "r", "e"]))]).await;
    house.bank.is(Mood::Lost);
    let own = house.money.keep_card(&person(PERSON), "tok-4242").await.unwrap();
    let other = house.money.keep_card(&person(PERSON), "tok-1111").await.unwrap();
    let case = house.open("pay", "1", json!({"sum": 7_000, "card": own})).await;
    house.settle().await;
    let payment = house.only("Payment").await;
    assert_eq!((payment.text("status"), house.bank.holds(), house.bank.asked()), (Some("pending"), -7_000, 1));
    let refused = house.money.forget_card(&person(PERSON), &own).await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("payout-card-in-use", 409));
    house.money.forget_card(&person(PERSON), &other).await.unwrap();
    house.bank.is(Mood::Prompt);
    house.clock.advance(3_600);
    house.settle().await;
    assert!(house.is_closed(&case).await);
    let calls = house.bank.calls.lock().unwrap().clone();
    assert_eq!((calls.len(), &calls[0]), (2, &calls[1]));
    assert_eq!(house.variables(&case).await["told"]["status"].as_str(), Some("done"));
    assert_eq!((house.bank.holds(), house.holds("cash:bank").await), (-7_000, -7_000));
    house.money.forget_card(&person(PERSON), &own).await.unwrap();
    assert!(house.money.cards(&person(PERSON)).await.unwrap().is_empty());
    house.adds_up().await;
}

/// Somebody takes the card out of the register all the same: the payout is neither done nor failed until the bank says so.
async fn a_card_that_is_gone_is_no_outcome(place: &TestPlace) {
    let house = House::with(place, &[("pay", &flows(TO_CARD, &["s", "a", "r", "e"]))]).await;
    house.bank.is(Mood::Lost);
    let own = house.money.keep_card(&person(PERSON), "tok-4242").await.unwrap();
    let case = house.open("pay", "1", json!({"sum": 7_000, "card": own})).await;
    house.settle().await;
    let delete = svod_registry::Operation::Delete { urn: own, expected: None };
    let command = svod_registry::Command { ground: "test".into(), changes: vec![delete.into()], ..Default::default() };
    house.registry.execute(&svod_kernel::Actor::platform("test"), command).await.unwrap();
    house.bank.is(Mood::Prompt);
    house.clock.advance(3_600);
    house.settle().await;
    let payment = house.only("Payment").await;
    assert_eq!((payment.text("status"), house.is_closed(&case).await), (Some("pending"), false));
    let named = Notice { payment: Some(payment.id.clone()), ..said(&payment.id, State::Done, 7_000) };
    house.money.settle("bank", &named).await.unwrap();
    assert_eq!(house.text(&payment.id, "status").await, "done");
    assert_eq!((house.bank.holds(), house.holds("cash:bank").await), (-7_000, -7_000));
    house.adds_up().await;
}

async fn a_card_is_kept_and_forgotten_by_who_does_it(place: &TestPlace) {
    let house = House::of_sandbox(place, &[]).await;
    let own = card(&house, PERSON, "4242").await;
    house.money.forget_card(&person(PERSON), &own).await.unwrap();
    let query = JournalQuery {
        space: SPACE.parse().unwrap(),
        below: true,
        entity: Some(own),
        cause: None,
        newest_first: false,
        after: None,
        limit: 9,
    };
    let events = house.registry.journal(&svod_kernel::Actor::platform("test"), query).await.unwrap().items;
    let done: Vec<(&str, &str)> = events.iter().map(|e| (e.actor.as_str(), e.action.as_str())).collect();
    assert_eq!(done, [(PERSON, "create"), (PERSON, "delete")]);
}

async fn no_more_cards_are_kept_than_are_seen(place: &TestPlace) {
    let house = House::of_sandbox(place, &[]).await;
    let mut all = Vec::new();
    for n in 0..10 {
        all.push(card(&house, PERSON, &format!("{:04}", 1_000 + n)).await);
        house.clock.advance(1);
    }
    let token = house.money.sandbox_card(&person(PERSON), "9999").await.unwrap();
    let full = house.money.keep_card(&person(PERSON), &token).await.unwrap_err();
    assert_eq!((full.code(), full.status()), ("payout-cards", 422));
    let listed: Vec<Urn> = house.money.cards(&person(PERSON)).await.unwrap().into_iter().map(|c| c.id).collect();
    assert_eq!(listed.len(), 10);
    assert!(listed.iter().eq(all.iter().rev()), "the latest first");
    house.money.forget_card(&person(PERSON), &all[9]).await.unwrap();
    house.money.keep_card(&person(PERSON), &token).await.unwrap();
    // Another's are not counted.
    card(&house, OTHER, "4242").await;
}

/// The bank has the order and its answer is lost: what it was given is known once it speaks of it, and not only when it is asked again.
async fn a_notice_of_a_payout_shows_what_its_provider_was_given(place: &TestPlace) {
    let house = House::with(place, &[("pay", &flows(PAYOUT, &["s", "a", "r", "e"]))]).await;
    house.bank.is(Mood::Lost);
    let case = house.open("pay", "1", json!({"sum": 7_000})).await;
    house.settle().await;
    let payment = house.only("Payment").await.id;
    assert!(house.bank.heard.lock().unwrap().is_empty());
    let named = Notice { payment: Some(payment.clone()), ..said(&payment, State::Done, 7_000) };
    house.money.settle("bank", &named).await.unwrap();
    assert_eq!(*house.bank.heard.lock().unwrap(), [(payment.to_string(), false)]);
    house.clock.advance(3_600);
    house.settle().await;
    assert_eq!((house.is_closed(&case).await, house.bank.asked()), (true, 1));
    // What a person pays tells a provider nothing of the kind.
    house.bank.is(Mood::Slow);
    let accrual = house.accrued(100).await;
    house.paid(&accrual, None).await;
    assert_eq!(house.bank.heard.lock().unwrap().len(), 1);
}
