use svod_kernel::{Coded as _, Urn};
use svod_money::{MoneyError, Notice, Reason, Sandbox, Settled, State, is_number};
use svod_registry::{Change, Command, CommandError, Operation, Posting};
use svod_store::testing::TestPlace;

use crate::house::{BODY, House, Mood, OTHER, PERSON, flows, nothing, person, reference, said};

crate::on_both_engines!(
    what_is_owed_is_paid_in_parts,
    a_notice_counts_once,
    what_fits_nothing_is_kept,
    what_is_paid_over_is_the_payer_s,
    what_was_paid_over_is_given_back_once,
    one_pays_what_is_ones_own_and_no_more,
    a_payment_begun_twice_is_one,
    lines_that_do_not_add_up_are_refused,
    a_process_waits_until_it_is_paid,
    in_the_sandbox_one_chooses,
);

async fn what_is_owed_is_paid_in_parts(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(35_000).await;
    let number = house.text(&accrual, "number").await;
    assert!(is_number(&number), "{number}");
    assert_eq!(house.text(&accrual, "dueAt").await, "2026-02-14T01:00:00Z");
    assert_eq!(house.holds(&format!("receivable:{BODY}")).await, 35_000);
    house.paid(&accrual, Some(10_000)).await;
    assert_eq!(house.text(&accrual, "status").await, "partly");
    let payment = house.paid(&accrual, None).await;
    assert_eq!((house.number(&payment, "amount").await, house.number(&accrual, "paid").await), (25_000, 35_000));
    assert_eq!(house.text(&accrual, "status").await, "paid");
    let accounts = [("receivable", 0), ("revenue", -35_000)];
    for (name, sum) in accounts {
        assert_eq!(house.holds(&format!("{name}:{BODY}")).await, sum, "{name}");
    }
    assert_eq!((house.holds("cash:bank").await, house.bank.holds()), (35_000, 35_000));
    house.adds_up().await;
    // It is their own, and what the bank calls it is the inner matter of the body.
    let own = house.money.payments(&person(PERSON)).await.unwrap();
    assert_eq!(own.len(), 2);
    assert!(house.money.payments(&person(OTHER)).await.unwrap().is_empty());
    assert!(house.money.accruals(&person(OTHER)).await.unwrap().is_empty());
    let closed = house.money.pay(&person(PERSON), &accrual, None, "").await.unwrap_err();
    assert_eq!(closed.code(), "accrual-closed");
}

async fn a_notice_counts_once(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(500).await;
    let going = house.money.pay(&person(PERSON), &accrual, None, "").await.unwrap();
    let notice = said(&going.payment, State::Done, 500);
    let one = house.money.settle("bank", &notice);
    let two = house.money.settle("bank", &notice);
    let (one, two) = tokio::join!(one, two);
    let mut both = [one.unwrap(), two.unwrap()];
    both.sort_by_key(|s| matches!(s, Settled::Repeated(_)));
    assert_eq!(both, [Settled::Written(going.payment.clone()), Settled::Repeated(going.payment.clone())]);
    for _ in 0..3 {
        assert_eq!(house.money.settle("bank", &notice).await.unwrap(), Settled::Repeated(going.payment.clone()));
    }
    assert_eq!((house.number(&accrual, "paid").await, house.holds("cash:bank").await), (500, 500));
    // What was done does not fail later: people look into it.
    let failed = said(&going.payment, State::Failed("no".into()), 500);
    assert_eq!(house.money.settle("bank", &failed).await.unwrap(), Settled::Kept(Reason::Contradicts));
    assert_eq!(house.text(&going.payment, "status").await, "done");
    house.adds_up().await;
}

async fn what_fits_nothing_is_kept(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(500).await;
    let going = house.money.pay(&person(PERSON), &accrual, None, "").await.unwrap();
    let settle = async |notice: Notice| house.money.settle("bank", &notice).await.unwrap();
    let unknown = Notice { reference: "bank-nobody".into(), ..said(&going.payment, State::Done, 500) };
    assert_eq!(settle(unknown.clone()).await, Settled::Kept(Reason::Unknown));
    assert_eq!(settle(unknown).await, Settled::Kept(Reason::Unknown));
    assert_eq!(settle(said(&going.payment, State::Done, 0)).await, Settled::Kept(Reason::Differs));
    let dollars = Notice { currency: "USD".into(), ..said(&going.payment, State::Done, 500) };
    assert_eq!(settle(dollars).await, Settled::Kept(Reason::Differs));
    // Somebody else's word is not the bank's.
    let sandboxed = house.money.settle("sandbox", &said(&going.payment, State::Done, 500)).await.unwrap();
    assert_eq!(sandboxed, Settled::Kept(Reason::Unknown));
    let kept = house.money.notices().await.unwrap();
    let of = |reference: &str| kept.iter().find(|n| n.reference == reference && n.provider == "bank").unwrap();
    assert_eq!((of("bank-nobody").times, of("bank-nobody").amount), (2, 500));
    assert_eq!(of(&reference(&going.payment)).reason, "differs");
    assert_eq!((house.number(&accrual, "paid").await, house.holds("cash:bank").await), (0, 0));
    house.adds_up().await;
}

/// Two payments were started, and the bank took both: what is owed is paid, the rest is the payer's.
async fn what_is_paid_over_is_the_payer_s(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(500).await;
    let payer = person(PERSON);
    let going = house.money.pay(&payer, &accrual, None, "").await.unwrap();
    let part = house.money.pay(&payer, &accrual, Some(400), "").await.unwrap();
    assert_eq!(house.text(&going.payment, "status").await, "failed", "replaced");
    let settle = async |payment: &Urn, amount| house.money.settle("bank", &said(payment, State::Done, amount)).await;
    assert_eq!(settle(&part.payment, 400).await.unwrap(), Settled::Written(part.payment.clone()));
    let over = going.payment;
    let (one, two) = tokio::join!(settle(&over, 500), settle(&over, 500));
    let written = [one.unwrap(), two.unwrap()].into_iter().filter(|s| *s == Settled::Written(over.clone())).count();
    assert_eq!(written, 1);
    assert_eq!(settle(&over, 500).await.unwrap(), Settled::Repeated(over.clone()));
    assert_eq!(house.entity(&over).await.text("failure"), None);
    assert_eq!((house.number(&accrual, "paid").await, house.text(&accrual, "status").await.as_str()), (500, "paid"));
    assert_eq!((house.number(&over, "overpaid").await, house.number(&over, "owedBack").await), (400, 400));
    assert_eq!((house.holds("cash:bank").await, house.holds(&format!("overpaid:{BODY}")).await), (900, -400));
    assert!(house.money.notices().await.unwrap().is_empty(), "it fits");
    house.adds_up().await;
    // Nothing of it is the accrual's to give back, whoever asks.
    let all = svod_money::Refund { accrual: accrual.clone(), amount: Some(501), case: None, key: "k".into() };
    assert_eq!(house.money.refund(&all).await.unwrap_err().code(), "refund-too-much");
    // More than was asked for by one payment, of what is owed no more.
    let cancelled = house.accrued(100).await;
    let late = house.money.pay(&payer, &cancelled, None, "").await.unwrap().payment;
    house.money.cancel(&cancelled).await.unwrap();
    settle(&late, 150).await.unwrap();
    assert_eq!(
        (house.number(&late, "owedBack").await, house.text(&cancelled, "status").await.as_str()),
        (150, "cancelled")
    );
    house.adds_up().await;
}

async fn what_was_paid_over_is_given_back_once(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(500).await;
    let paid = house.money.pay(&person(PERSON), &accrual, None, "").await.unwrap().payment;
    house.money.settle("bank", &said(&paid, State::Done, 600)).await.unwrap();
    let official = |id: &str, body: &str| svod_kernel::Actor {
        id: id.into(),
        roles: [svod_kernel::Role::Official].into(),
        body: Some(body.parse().unwrap()),
        ..person(PERSON)
    };
    let one = official("urn:t:official", BODY);
    assert_eq!(house.money.overpaid(&one, one.body.as_ref()).await.unwrap()[0].id, paid);
    assert_eq!(house.money.sums(&BODY.parse().unwrap()).await.unwrap()["RUB"].overpaid, 100);
    for other in [person(PERSON), official("urn:t:other", "urn:svod:body:kuzbass:digital"), official(PERSON, BODY)] {
        let refused = house.money.give_back(&other, &paid).await.unwrap_err();
        assert_eq!(refused.status(), 403, "{}: {refused}", other.id);
    }
    // The bank refuses: it is owed as before, and begun anew.
    house.bank.is(Mood::Refuses);
    let refused = house.money.give_back(&one, &paid).await.unwrap();
    assert_eq!((house.text(&refused, "status").await.as_str(), house.number(&paid, "owedBack").await), ("failed", 100));
    house.adds_up().await;
    house.bank.is(Mood::Slow);
    let (a, b) = tokio::join!(house.money.give_back(&one, &paid), house.money.give_back(&one, &paid));
    let back = a.unwrap();
    assert_eq!(b.unwrap(), back, "two clicks are one refund");
    assert_eq!((house.number(&back, "amount").await, house.entity(&back).await.object("original")), (100, Some(&paid)));
    assert_eq!(house.holds(&format!("payable:{BODY}")).await, -100);
    assert!(house.money.overpaid(&one, None).await.unwrap().is_empty());
    house.adds_up().await;
    house.money.settle("bank", &said(&back, State::Done, 100)).await.unwrap();
    assert_eq!(house.money.give_back(&one, &paid).await.unwrap(), back);
    assert_eq!((house.holds("cash:bank").await, house.holds(&format!("overpaid:{BODY}")).await), (500, 0));
    let nothing = house.money.give_back(&one, &house.paid(&house.accrued(5).await, None).await).await.unwrap_err();
    assert!(matches!(nothing, MoneyError::TooMuchBack { rest: 0 }), "{nothing}");
    house.adds_up().await;
}

async fn one_pays_what_is_ones_own_and_no_more(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(500).await;
    let foreign = house.money.pay(&person(OTHER), &accrual, None, "").await.unwrap_err();
    assert_eq!(foreign.status(), 404, "{foreign}");
    for amount in [501, 0, -5] {
        let refused = house.money.pay(&person(PERSON), &accrual, Some(amount), "").await.unwrap_err();
        assert!(matches!(refused, MoneyError::TooMuch { rest: 500 }), "{refused}");
    }
    house.bank.is(Mood::Refuses);
    let refused = house.money.pay(&person(PERSON), &accrual, None, "").await.unwrap_err();
    assert_eq!(refused.code(), "payment-refused");
    let failed = house.only("Payment").await;
    assert_eq!((failed.text("status"), failed.text("failure")), (Some("failed"), Some("no such account")));
    // It is paid by another one, and cancelled no more.
    house.bank.is(Mood::Slow);
    house.paid(&accrual, None).await;
    let refused = house.money.cancel(&accrual).await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("accrual-status", 409));
    let other = house.accrued(700).await;
    house.paid(&other, Some(300)).await;
    house.money.cancel(&other).await.unwrap();
    assert_eq!(house.holds(&format!("revenue:{BODY}")).await, -800);
    for wrong in [house.owed(0), svod_money::NewAccrual { currency: "rubles".into(), ..house.owed(5) }] {
        assert_eq!(house.money.accrue(&wrong).await.unwrap_err().status(), 422);
    }
    house.adds_up().await;
}

async fn a_payment_begun_twice_is_one(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(500).await;
    let payer = person(PERSON);
    let one = house.money.pay(&payer, &accrual, None, "https://x.example/back/{payment}");
    let (one, two) = tokio::join!(one, house.money.pay(&payer, &accrual, None, ""));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one, two);
    assert_eq!(house.only("Payment").await.text("reference"), Some(reference(&one.payment).as_str()));
    // The answer was lost: it is asked again under the same name.
    house.bank.is(Mood::Lost);
    let away = house.money.pay(&payer, &accrual, None, "").await.unwrap_err();
    assert_eq!((away.status(), away.retry_after()), (503, Some(30)));
    house.bank.is(Mood::Prompt);
    assert_eq!(house.money.pay(&payer, &accrual, None, "").await.unwrap().payment, one.payment);
    assert_eq!(house.text(&accrual, "status").await, "paid");
    house.adds_up().await;
}

async fn lines_that_do_not_add_up_are_refused(place: &TestPlace) {
    let house = House::new(place).await;
    let accrual = house.accrued(500).await;
    let line = |account: &str, currency: &str, amount| Posting {
        transaction: "t".into(),
        account: account.into(),
        currency: currency.into(),
        amount,
    };
    let execute = async |status: &str, lines: Vec<Posting>| {
        let set = [("purpose".to_owned(), svod_model::Attribute::property(status))].into();
        let patch = Operation::Patch { urn: accrual.clone(), expected: None, set, unset: Vec::new() };
        let changes = vec![Change::from(patch).posting(lines)];
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        house.registry.execute(&svod_kernel::Actor::platform("test"), command).await
    };
    for uneven in [
        vec![line("a", "RUB", 5)],
        vec![line("a", "RUB", 5), line("b", "RUB", -4)],
        vec![line("a", "RUB", 5), line("b", "USD", -5)],
    ] {
        let refused = execute("changed", uneven).await.unwrap_err();
        assert!(matches!(&refused, CommandError::Uneven(t) if t == "t"), "{refused}");
    }
    let even = || vec![line("a", "RUB", 5), line("b", "RUB", -5)];
    // What changes nothing moves nothing.
    execute("State duty", even()).await.unwrap();
    assert_eq!(house.holds("a").await, 0);
    execute("changed", even()).await.unwrap();
    let again = execute("changed again", even()).await.unwrap_err();
    assert!(matches!(again, CommandError::Posted(_)), "{again}");
    assert_eq!(house.text(&accrual, "purpose").await, "changed");
    assert_eq!(house.holds("a").await, 5);
    // What no payment stands for is found.
    let faults = house.money.verify().await.unwrap().faults;
    assert!(faults.iter().any(|f| f.starts_with("a in ")), "{faults:?}");
}

const FEE: &str = r#"<startEvent id="s"/><endEvent id="e"/>
    <serviceTask id="a" svod:service="money.accrue" svod:result="fee"><extensionElements><svod:input name="amount" value="35000"/><svod:input name="purpose" value="&quot;State duty&quot;"/><svod:input name="basis" value="&quot;Tax Code&quot;"/><svod:input name="dueDays" value="30"/></extensionElements></serviceTask>
    <receiveTask id="r" messageRef="p" svod:correlation="fee.number" svod:result="paid"/>"#;

async fn a_process_waits_until_it_is_paid(place: &TestPlace) {
    let house = House::with(place, &[("fee", &flows(FEE, &["s", "a", "r", "e"]))]).await;
    let case = house.open("fee", "1", nothing()).await;
    let accrual = house.only("Accrual").await;
    assert_eq!((accrual.object("case"), accrual.text("service")), (Some(&case), Some("test/fee")));
    assert_eq!((accrual.object("person").unwrap().as_str(), accrual.text("status")), (PERSON, Some("open")));
    assert_eq!(house.holds(&format!("receivable:{BODY}")).await, 35_000);
    house.paid(&accrual.id, Some(5_000)).await;
    house.settle().await;
    assert!(!house.is_closed(&case).await);
    house.paid(&accrual.id, None).await;
    house.settle().await;
    assert!(house.is_closed(&case).await);
    let paid = &house.variables(&case).await["paid"];
    assert_eq!((paid["accrual"].as_str(), paid["amount"].as_i64()), (Some(accrual.id.as_str()), Some(35_000)));
    house.adds_up().await;
}

async fn in_the_sandbox_one_chooses(place: &TestPlace) {
    let house = House::new(place).await;
    let deps = svod_money::MoneyDeps {
        cases: house.cases.clone(),
        store: house.store.clone(),
        providers: vec![std::sync::Arc::new(Sandbox)],
    };
    let money = svod_money::Money::new(deps);
    assert!(money.is_sandbox() && !house.money.is_sandbox());
    let accrual = house.accrued(500).await;
    let going = money.pay(&person(PERSON), &accrual, None, "").await.unwrap();
    assert_eq!(going.go, Some(format!("/sandbox/payments/{}", going.payment)));
    let foreign = money.choose(&person(OTHER), &going.payment, State::Done).await.unwrap_err();
    assert_eq!(foreign.status(), 404);
    money.choose(&person(PERSON), &going.payment, State::Failed("refused".into())).await.unwrap();
    assert_eq!(house.text(&accrual, "status").await, "open");
    let going = money.pay(&person(PERSON), &accrual, None, "").await.unwrap();
    money.choose(&person(PERSON), &going.payment, State::Done).await.unwrap();
    assert_eq!((house.text(&accrual, "status").await.as_str(), house.holds("cash:sandbox").await), ("paid", 500));
    // Of what the bank was asked for nobody chooses.
    let other = house.accrued(5).await;
    let banked = house.money.pay(&person(PERSON), &other, None, "").await.unwrap();
    assert_eq!(money.choose(&person(PERSON), &banked.payment, State::Done).await.unwrap_err().status(), 404);
    house.adds_up().await;
}
