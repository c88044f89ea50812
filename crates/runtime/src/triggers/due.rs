//! Moments of entities: an age is reached, a permit runs out. They are found by the index of the attribute, a stretch of time
//! after the other; how far they were looked at is kept with each stretch.

use std::sync::Arc;

use svod_kernel::{SpacePath, Timestamp};
use svod_model::{Entity, Range};
use svod_query::{Compare, Filter, Operand, Operation, Path, Query, Types};
use svod_registry::{Due, EventStart, Find, On, QueryError};
use svod_store::StoreError;

use super::give::{Cause, due_id};
use super::scope::scope;
use super::{Triggers, passed};

/// Seconds of due moments that are looked at together.
const STRETCH: i64 = 86_400;
/// Months are not of one length: so many seconds more are looked at on either side.
const SLACK: i64 = 4 * 86_400;
/// Seconds by which clocks of two places differ at the most.
const APART: i64 = 28 * 3_600;
/// Entities whose moments come in one stretch, at the most.
const MOST: usize = 100_000;

impl Triggers {
    /// Everything that has become due since it was last looked.
    pub(super) async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        for start in &self.registry.catalogue().starts.events {
            let On::Due(due) = &start.on else { continue };
            let result = self.sweep_one(start, due, now).await;
            match result {
                Ok(()) => {}
                Err(QueryError::Store(e)) => return Err(e),
                Err(e) => passed(&start.key(), &due.spec.on, &e.to_string()),
            }
        }
        Ok(())
    }

    async fn sweep_one(&self, start: &EventStart, due: &Due, now: Timestamp) -> Result<(), QueryError> {
        let spec = &due.spec;
        let side = if spec.before { "before" } else { "after" };
        let name = format!("due/{}/{}/{}/{}/{side}/{}", start.key(), start.place, start.kind, spec.on, spec.span);
        let known = self.place(&name).await?.and_then(|text| text.parse().ok()).map(Timestamp);
        // At first: what is to come counts, and has been reminded of by nobody.
        let first = if spec.before { due.span.before(now, due.offset).unwrap_or(now) } else { now };
        let mut at = known.unwrap_or(first);
        if known.is_none() {
            self.write_place(&name, at.0.to_string()).await?;
        }
        while at < now {
            let to = at.plus_seconds(STRETCH).min(now);
            for entity in self.between(start, due, (at, to)).await? {
                self.come(start, due, &entity, (at, to, now)).await;
            }
            self.write_place(&name, to.0.to_string()).await?;
            if !self.lead().await? {
                return Ok(()); // another node goes on
            }
            at = to;
        }
        Ok(())
    }

    /// One entity whose moment may have come.
    async fn come(
        &self,
        start: &EventStart,
        due: &Due,
        entity: &Entity,
        (from, to, now): (Timestamp, Timestamp, Timestamp),
    ) {
        let Some(held) = entity.text(&due.spec.on) else { return };
        let catalogue = self.registry.catalogue();
        let clock = catalogue.clocks.offset(&entity.space);
        let (Some(at), Some(moment)) = (due.held(held, clock), due.moment(held, clock)) else { return };
        let over = due.spec.before && at <= now;
        if moment <= from || moment > to || over {
            return;
        }
        let cause = Cause {
            id: due_id(&entity.id, moment),
            ground: format!("due:{}:{}:{moment}", entity.id, due.spec.on),
            entity: entity.id.clone(),
            at: moment,
        };
        let scope = scope(&catalogue.metamodel, entity, None);
        match self.give(start, &scope, &cause).await {
            Ok(given) if given > 0 => tracing::info!(service = start.key(), %cause.ground, given, "begun"),
            Ok(_) => {}
            Err(reason) => passed(&start.key(), &cause.ground, &reason),
        }
    }

    /// Entities whose attribute says that they are due in that stretch, and some around.
    async fn between(
        &self,
        start: &EventStart,
        due: &Due,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Arc<Entity>>, QueryError> {
        let slack = if due.span.months > 0 { SLACK } else { 0 };
        let (Some(low), Some(high)) = (due.about(from), due.about(to)) else { return Ok(Vec::new()) };
        let (low, high) = (low.plus_seconds(-slack), high.plus_seconds(slack));
        let catalogue = self.registry.catalogue();
        let model = &catalogue.metamodel;
        let is_moment = model.attribute(&start.kind, &due.spec.on).is_some_and(|a| a.range == Range::Datetime);
        let range = if is_moment {
            Operand::Range(Box::new(Operand::Moment(low)), Box::new(Operand::Moment(high)))
        } else {
            // A day is found by its text; a moment written as a text lies before the day after. Spaces live by different clocks.
            let (low, high) =
                (day(low.plus_seconds(-APART), due.offset), day(high.plus_seconds(86_400 + APART), due.offset));
            Operand::Range(Box::new(Operand::Text(low)), Box::new(Operand::Text(high)))
        };
        let compare =
            Compare { path: Path::attribute(&due.spec.on), operation: Operation::Equal, operands: vec![range] };
        let kinds = model.types.keys().filter(|kind| model.is_a(kind, &start.kind)).cloned();
        let query = Query { types: Types::one_of(kinds), filter: Some(Filter::Compare(compare)), ..Query::default() };
        let mut all = Vec::new();
        for space in self.tops(start.top.as_ref()) {
            let find = Find {
                space,
                below: true,
                query: query.clone(),
                order: Vec::new(),
                offset: 0,
                // One walk: the index changes between two, and a place counted from its beginning would pass somebody over.
                limit: MOST,
                count: false,
            };
            let found = self.registry.find(&self.actor, &find).await?;
            if found.more {
                return Err(QueryError::TooBroad(MOST));
            }
            all.extend(found.entities);
        }
        Ok(all)
    }

    /// That top-level space, or all of them.
    pub(super) fn tops(&self, one: Option<&SpacePath>) -> Vec<SpacePath> {
        match one {
            Some(top) => vec![top.clone()],
            None => crate::offers::tops(&self.registry),
        }
    }
}

/// The day of a moment by clocks that far east of Greenwich.
fn day(at: Timestamp, offset: i32) -> String {
    at.plus_seconds(i64::from(offset)).to_string().chars().take(10).collect()
}
