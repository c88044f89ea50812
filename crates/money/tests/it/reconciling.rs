use svod_kernel::{Actor, Role, Timestamp};
use svod_money::{Line, Register, State, Verdict};
use svod_store::testing::TestPlace;

use crate::house::{BODY, House, PERSON, person, reference, said};

crate::on_both_engines!(files_are_compared_with_what_is_here, the_register_shows_what_one_may_see);

fn line(reference: &str, amount: i64, state: &str) -> Line {
    Line { reference: reference.to_owned(), amount, state: state.to_owned(), currency: None }
}

fn official(space: &str) -> Actor {
    Actor {
        id: "urn:t:official".into(),
        roles: [Role::Official].into(),
        spaces: vec![space.parse().unwrap()],
        body: Some(BODY.parse().unwrap()),
        ..person(PERSON)
    }
}

async fn files_are_compared_with_what_is_here(place: &TestPlace) {
    let house = House::new(place).await;
    let mut paid = Vec::new();
    for amount in [100, 200, 300] {
        let accrual = house.accrued(amount).await;
        paid.push(house.paid(&accrual, None).await);
    }
    let waiting = house.accrued(400).await;
    let going = house.money.pay(&person(PERSON), &waiting, None, "").await.unwrap();
    let days = |from: &str, until: &str| -> (Timestamp, Timestamp) { (from.parse().unwrap(), until.parse().unwrap()) };
    let january = days("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let lines = [
        line(&reference(&paid[0]), 100, "done"),
        line(&reference(&paid[1]), 250, "done"),
        line(&reference(&going.payment), 400, "done"),
        line("bank-nobody", 5, "done"),
    ];
    let reads = official("kuzbass");
    let found = house.money.reconcile(&reads, "bank", &lines, january).await.unwrap();
    let of = |verdict| -> Vec<&str> {
        found.lines.iter().filter(|l| l.verdict == verdict).map(|l| l.reference.as_str()).collect()
    };
    assert_eq!(of(Verdict::Matched), [reference(&paid[0])]);
    assert_eq!(of(Verdict::MissingHere), ["bank-nobody"]);
    assert_eq!(of(Verdict::MissingThere), [reference(&paid[2])]);
    let mut different = [reference(&paid[1]), reference(&going.payment)];
    different.sort();
    assert_eq!(of(Verdict::Different), different);
    assert_eq!((found.lines[0].verdict, found.count(Verdict::Different)), (Verdict::MissingHere, 2));
    // Of what is not here and names no money, nobody knows which it is.
    assert_eq!(found.lines[0].there.as_ref().unwrap().currency, None);
    // The same number of another money is another sum.
    let tenge = Line { currency: Some("KZT".into()), ..line(&reference(&paid[0]), 100, "done") };
    let other = house.money.reconcile(&reads, "bank", std::slice::from_ref(&tenge), january).await.unwrap();
    let found_other = other.lines.iter().find(|l| l.reference == tenge.reference).unwrap();
    let sides = (found_other.there.as_ref().unwrap(), &found_other.here.as_ref().unwrap().1);
    assert_eq!(
        (found_other.verdict, sides.0.currency.as_deref(), sides.1.currency.as_deref()),
        (Verdict::Different, Some("KZT"), Some("RUB"))
    );
    // Another day has nothing to miss; whose spaces are others, sees nothing of it.
    let february = days("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
    let later = house.money.reconcile(&reads, "bank", &lines, february).await.unwrap();
    assert_eq!(later.count(Verdict::MissingThere), 0);
    let foreign = house.money.reconcile(&official("altai"), "bank", &lines, january).await.unwrap();
    assert_eq!((foreign.lines.len(), foreign.elsewhere), (1, 3));
    // What is sent out is what would be matched.
    let own: Vec<Line> =
        house.money.lines(&reads, "bank", january).await.unwrap().into_iter().map(|(line, _)| line).collect();
    assert_eq!(own.len(), 3);
    let again = house.money.reconcile(&reads, "bank", &own, january).await.unwrap();
    assert_eq!((again.count(Verdict::Matched), again.lines.len()), (3, 3));
    assert!(house.money.reconcile(&reads, "nobody", &own, january).await.is_err());
    // What the bank took over and above is the same on both sides, and is marked.
    let over = house.money.settle("bank", &said(&going.payment, State::Done, 450)).await.unwrap();
    assert_eq!(over, svod_money::Settled::Written(going.payment.clone()));
    let line = [line(&reference(&going.payment), 450, "done")];
    let found = house.money.reconcile(&reads, "bank", &line, february).await.unwrap();
    assert_eq!((found.lines[0].verdict, found.lines[0].overpaid), (Verdict::Matched, 50));
}

async fn the_register_shows_what_one_may_see(place: &TestPlace) {
    let house = House::new(place).await;
    for amount in [100, 200, 300] {
        let accrual = house.accrued(amount).await;
        house.clock.advance(60);
        if amount == 200 {
            house.paid(&accrual, None).await;
        }
    }
    let reads = official("kuzbass");
    let all = Register { body: reads.body.clone(), limit: 2, ..Register::default() };
    let found = house.money.register(&reads, &all).await.unwrap();
    let amounts: Vec<i64> = found.entities.iter().map(|e| e.value("amount").unwrap().as_i64().unwrap()).collect();
    assert_eq!((amounts, found.total, found.more), (vec![300, 200], Some(3), true));
    let rest = house.money.register(&reads, &Register { offset: 2, ..all.clone() }).await.unwrap();
    assert_eq!((rest.entities.len(), rest.more), (1, false));
    let paid = Register { status: Some("paid".into()), ..all.clone() };
    assert_eq!(house.money.register(&reads, &paid).await.unwrap().total, Some(1));
    let other = Register { body: Some("urn:svod:body:kuzbass:digital".parse().unwrap()), ..all };
    assert_eq!(house.money.register(&reads, &other).await.unwrap().total, Some(0));
    let foreign =
        house.money.register(&official("altai"), &Register { limit: 9, ..Register::default() }).await.unwrap();
    assert!(foreign.entities.is_empty());
    let sums = house.money.sums(&BODY.parse().unwrap()).await.unwrap();
    assert_eq!((sums["RUB"].receivable, sums["RUB"].revenue), (400, 600));
    let pending = said(&house.accrued(5).await, State::Pending, 5);
    assert_eq!(house.money.settle("bank", &pending).await.unwrap(), svod_money::Settled::Pending);
}
