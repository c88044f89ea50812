//! What attributes of one entity must be to each other holds whichever way it is written.

use std::collections::BTreeMap;

use svod_kernel::{Actor, Coded};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, CommandError, Edit, Operation, Registry};
use svod_store::testing::TestPlace;

use crate::{on_both_engines, space, urn, works};

on_both_engines!(what_does_not_fit_together_is_refused_however_it_comes,);

const EARLY: &str = "2026-01-15T08:00:00+07:00";
const LATE: &str = "2026-01-15T09:00:00+07:00";

fn work(n: u32, kind: &str, since: &str, until: &str) -> Entity {
    let of = |moment: &str| Attribute::property(moment);
    Entity::new(urn(n), kind, space("town")).with("since", of(since)).with("until", of(until))
}

async fn done(registry: &Registry, operation: Operation) -> Result<(), CommandError> {
    let changes = vec![operation.into()];
    registry.execute(&Actor::platform("t"), Command { changes, ..Command::default() }).await.map(drop)
}

async fn what_does_not_fit_together_is_refused_however_it_comes(place: &TestPlace) {
    let registry = works(place).await;
    done(&registry, Operation::Create(work(1, "Repair", EARLY, LATE))).await.unwrap();
    let end = |moment: &str| BTreeMap::from([("until".to_owned(), Attribute::property(moment))]);
    let patch = |set| Operation::Patch { urn: urn(1), expected: None, set, unset: Vec::new() };
    let edit = Edit::new(|now| Ok(now.cloned().unwrap().with("until", Attribute::property(EARLY))));
    for wrong in [
        Operation::Create(work(2, "Work", LATE, EARLY)),
        Operation::Upsert(work(2, "Repair", LATE, EARLY)),
        Operation::Upsert(work(1, "Repair", LATE, EARLY)),
        Operation::Replace { entity: work(1, "Repair", LATE, LATE), expected: None },
        patch(end(EARLY)),
        Operation::Edit { urn: urn(1), edit },
    ] {
        let said = format!("{wrong:?}");
        let error = done(&registry, wrong).await.unwrap_err();
        let [one] = &error.fields()[..] else { panic!("{said}: {error}") };
        let fault = (one.field.as_str(), one.rule.as_str(), one.fix.as_str());
        assert_eq!(fault, ("until, since", "ends-later", "Work ends after it begins"), "{said}");
    }
    // Of what is not known nothing is said, and what fits is taken.
    let open_end = Operation::Patch { urn: urn(1), expected: None, set: BTreeMap::new(), unset: vec!["until".into()] };
    done(&registry, open_end).await.unwrap();
    done(&registry, patch(end("2026-01-15T03:00:00Z"))).await.unwrap();
}
