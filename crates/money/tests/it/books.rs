//! Whatever happens in whatever order, the books add up and agree with the entities.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use svod_kernel::Urn;
use svod_money::{PayTo, Payout, Refund, Settled, State};
use svod_store::testing::TestPlace;

use crate::house::{BODY, House, PERSON, SPACE, person, said};

/// Something that happens. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Act {
    Accrue(i64),
    Pay { which: usize, amount: Option<i64> },
    Settle { which: usize, done: bool, amount: Option<i64> },
    Refund { which: usize, amount: Option<i64> },
    GiveBack(usize),
    Cancel(usize),
    PayOut(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let which = 0..8_usize;
    let some = || prop_oneof![2 => Just(None), 3 => (-5..1_500_i64).prop_map(Some)];
    prop_oneof![
        2 => (1..1_000_i64).prop_map(Act::Accrue),
        4 => (which.clone(), some()).prop_map(|(which, amount)| Act::Pay { which, amount }),
        6 => (which.clone(), prop::bool::weighted(0.7), prop_oneof![4 => Just(None), 1 => (0..1_500_i64).prop_map(Some)])
            .prop_map(|(which, done, amount)| Act::Settle { which, done, amount }),
        3 => (which.clone(), some()).prop_map(|(which, amount)| Act::Refund { which, amount }),
        2 => which.clone().prop_map(Act::GiveBack),
        1 => which.prop_map(Act::Cancel),
        1 => (0..500_i64).prop_map(Act::PayOut),
    ]
}

/// What there is while a sequence runs. The house is the same for all: opening it takes longer than what happens in it.
struct Stage<'h> {
    house: &'h House,
    accruals: Vec<Urn>,
    payments: Vec<Urn>,
}

fn pick(all: &[Urn], which: usize) -> Option<&Urn> {
    all.get(which % all.len().max(1))
}

impl Stage<'_> {
    async fn happen(&mut self, number: usize, act: &Act) {
        let money = &self.house.money;
        match act {
            Act::Accrue(amount) => self.accruals.push(self.house.accrued(*amount).await),
            Act::Pay { which, amount } => {
                let Some(accrual) = pick(&self.accruals, *which) else { return };
                if let Ok(going) = money.pay(&person(PERSON), accrual, *amount, "").await {
                    self.payments.push(going.payment);
                }
            }
            Act::Settle { which, done, amount } => {
                let Some(payment) = pick(&self.payments, *which).cloned() else { return };
                let amount = match amount {
                    Some(amount) => *amount,
                    None => self.house.number(&payment, "amount").await,
                };
                let state = if *done { State::Done } else { State::Failed("no".into()) };
                let notice = said(&payment, state, amount);
                let first = money.settle("bank", &notice).await.unwrap();
                // Said again, nothing more happens.
                let again = money.settle("bank", &notice).await.unwrap();
                match first {
                    Settled::Written(urn) => assert_eq!(again, Settled::Repeated(urn)),
                    other => assert_eq!(again, other),
                }
            }
            Act::Refund { which, amount } => {
                let Some(accrual) = pick(&self.accruals, *which) else { return };
                let refund =
                    Refund { accrual: accrual.clone(), amount: *amount, case: None, key: format!("k{number}") };
                if let Ok(all) = money.refund(&refund).await {
                    assert_eq!(money.refund(&refund).await.unwrap(), all, "the same key");
                    self.payments.extend(all);
                }
            }
            Act::GiveBack(which) => {
                let Some(payment) = pick(&self.payments, *which).cloned() else { return };
                let platform = svod_kernel::Actor::platform("test");
                self.payments.extend(money.give_back(&platform, &payment).await.ok());
            }
            Act::Cancel(which) => {
                if let Some(accrual) = pick(&self.accruals, *which) {
                    drop(money.cancel(accrual).await);
                }
            }
            Act::PayOut(amount) => {
                let payout = Payout {
                    person: PERSON.parse().unwrap(),
                    body: BODY.parse().unwrap(),
                    case: None,
                    purpose: "Benefit".into(),
                    amount: *amount,
                    currency: "RUB".into(),
                    to: PayTo::Account("1".into()),
                    space: SPACE.parse().unwrap(),
                    key: format!("k{number}"),
                };
                self.payments.extend(money.payout(&payout).await.ok());
            }
        }
    }

    /// What must hold after whatever happened.
    async fn holds(&self) -> Result<(), TestCaseError> {
        let verified = self.house.money.verify().await.unwrap();
        prop_assert_eq!(&verified.faults, &Vec::<String>::new());
        prop_assert_eq!(verified.accounts.iter().map(|b| b.amount).sum::<i64>(), 0);
        for accrual in &self.accruals {
            let accrual = self.house.entity(accrual).await;
            let of = |name: &str| accrual.value(name).and_then(serde_json::Value::as_i64).unwrap_or(0);
            let (amount, paid, refunded) = (of("amount"), of("paid"), of("refunded"));
            prop_assert!(0 <= refunded && refunded <= paid && paid <= amount, "{refunded} {paid} {amount}");
            let status = accrual.text("status").unwrap_or_default();
            let fits = match status {
                "open" => paid == 0,
                "partly" => 0 < paid && paid < amount,
                "paid" => paid == amount,
                "cancelled" => paid < amount,
                "refunded" => refunded == paid && paid > 0,
                _ => false,
            };
            prop_assert!(fits, "{status}: {refunded} {paid} {amount}");
        }
        Ok(())
    }
}

#[test]
fn the_books_add_up_whatever_happens() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { cases: 64, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let acts = prop::collection::vec(act(), 1..40);
    let place = TestPlace::sqlite();
    let (house, keys) = (runtime.block_on(House::new(&place)), AtomicUsize::new(0));
    let ran = TestRunner::new(config).run(&acts, |acts| {
        runtime.block_on(async {
            let mut stage = Stage { house: &house, accruals: Vec::new(), payments: Vec::new() };
            stage.happen(0, &Act::Accrue(700)).await;
            for act in &acts {
                stage.happen(keys.fetch_add(1, Ordering::SeqCst), act).await;
            }
            stage.holds().await
        })
    });
    if let Err(e) = ran {
        panic!("{e}");
    }
}

/// Somebody changes the table by hand: it is found.
#[test]
fn a_line_that_was_changed_is_found() {
    crate::run(&TestPlace::sqlite(), async |place: &TestPlace| {
        let house = House::new(place).await;
        house.accrued(700).await;
        house.adds_up().await;
        let sql = "UPDATE posting SET amount = 600 WHERE amount = 700";
        house.store.write(move |conn| conn.execute(sql, &[])).await.unwrap();
        let faults = house.money.verify().await.unwrap().faults;
        assert!(faults.iter().any(|f| f.contains("adds up to -100 RUB")), "{faults:?}");
        assert!(faults.iter().any(|f| f.contains("holds 600 RUB, the entities say 700")), "{faults:?}");
    });
}
