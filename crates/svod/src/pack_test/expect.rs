use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value};
use svod_ingest::QuarantineFilter;
use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::Entity;
use svod_runtime::plain;
use svod_store::instance;

use super::map;
use super::stage::{Stage, single};

/// Steps of an instance that are looked at.
const STEPS: i64 = 10_000;

fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

impl Stage {
    /// One expectation; the error says what was found in its place.
    pub async fn expect(&mut self, expected: &Value) -> anyhow::Result<()> {
        let (key, value) = single(expected)?;
        let wanted = &self.filled(value).await?;
        match key {
            "alerts" => self.alerts(wanted).await,
            "tasks" => self.tasks(wanted).await,
            "quarantine" => self.quarantine(wanted).await,
            "case" => self.case(wanted).await,
            "entity" => self.thing(wanted).await,
            "decided" => self.decided(wanted).await,
            "decision" => self.decision(wanted).await,
            "messages" => self.messages(wanted).await,
            "offers" => self.offers(wanted).await,
            "accruals" => self.accruals(wanted).await,
            "incidents" => self.incidents(wanted).await,
            "refused" => self.refusal(wanted),
            _ => bail!("there is no expectation '{key}'"),
        }
    }

    async fn alerts(&self, e: &Value) -> anyhow::Result<()> {
        let alerts = self.all("Alert").await?;
        for status in ["open", "closed"] {
            let fits = |a: &&Entity| {
                a.text("status") == Some(status) && word(e, "kind").is_none_or(|k| a.text("kind") == Some(k))
            };
            same(e, status, alerts.iter().filter(fits).count(), "alerts")?;
        }
        Ok(())
    }

    async fn tasks(&self, e: &Value) -> anyhow::Result<()> {
        let case = word(e, "case").map(|n| self.urn(n)).transpose()?;
        let fits = |t: &&Entity| {
            let body = t.object("body").map(Urn::as_str);
            let is = |key: &str| word(e, key).is_none_or(|w| t.text(key) == Some(w));
            let of_case = case.as_ref().is_none_or(|c| t.object("case") == Some(c));
            is("status") && is("step") && of_case && word(e, "body").is_none_or(|b| body == Some(b))
        };
        let all = self.all("Task").await?;
        let stand = |t: &Entity| format!("{} {}", t.text("step").unwrap_or("?"), t.text("status").unwrap_or("?"));
        let found = all.iter().filter(fits).count();
        same(e, "count", found, "tasks").with_context(|| said("tasks", all.iter().map(stand)))
    }

    async fn quarantine(&self, e: &Value) -> anyhow::Result<()> {
        let reason = word(e, "reason").map(str::to_owned);
        let filter = QuarantineFilter { reason, limit: 500, ..QuarantineFilter::default() };
        let rows = self.core.ingest.quarantine().page(&Actor::platform("pack-test"), filter).await?;
        same(e, "count", rows.len(), "messages in quarantine")
    }

    /// The case meant: the one that is named, the last of the service, the last that somebody began, the last of all.
    pub async fn case_meant(&self, e: &Value, name: &str) -> anyhow::Result<Entity> {
        if let Some(name) = word(e, name) {
            return self.entity(&self.urn(name)?).await;
        }
        let service = word(e, "service");
        if let (Some(last), None) = (self.names.get("case"), service) {
            return self.entity(last).await;
        }
        let mut all = self.all("Case").await?;
        all.retain(|c| service.is_none_or(|s| c.text("service") == Some(s)));
        let last = all.into_iter().max_by_key(|c| (c.time("openedAt"), c.id.clone()));
        last.context("no case has begun")
    }

    async fn case(&self, e: &Value) -> anyhow::Result<()> {
        let known = ["service", "status", "outcome", "stage", "clock", "deadline", "body"];
        let fields = || known.iter().filter_map(|k| Some((*k, e.get(*k)?)));
        if e.get("count").is_some() {
            let all = self.all("Case").await?;
            let fits = |c: &&Entity| self.differs(&plain(c), fields()).is_none();
            let found = all.iter().filter(fits).count();
            let stand =
                |c: &Entity| format!("{} {}", c.text("service").unwrap_or("?"), c.text("status").unwrap_or("?"));
            return same(e, "count", found, "cases").with_context(|| said("cases", all.iter().map(stand)));
        }
        let case = self.case_meant(e, "name").await?;
        self.differs(&plain(&case), fields()).map_or(Ok(()), |how| bail!("the case: {how}"))
    }

    /// In what an entity is other than wanted.
    fn differs<'w>(&self, found: &Value, mut wanted: impl Iterator<Item = (&'w str, &'w Value)>) -> Option<String> {
        wanted.find_map(|(name, wanted)| {
            let is = found.get(name).unwrap_or(&Value::Null);
            (!agrees(wanted, is, self.offset)).then(|| format!("{name}: {wanted} expected, {is} found"))
        })
    }

    async fn thing(&self, e: &Value) -> anyhow::Result<()> {
        let kind = word(e, "type").context("'type' is missing")?;
        let pairs = |key: &'static str| map(e, key).map(|(name, value)| (name.as_str(), value));
        let id = word(e, "id").map(|id| self.urn(id)).transpose()?;
        let all = self.all(kind).await?;
        let fits =
            |t: &&Entity| id.as_ref().is_none_or(|id| t.id == *id) && self.differs(&plain(t), pairs("where")).is_none();
        let found: Vec<&Entity> = all.iter().filter(fits).collect();
        same(e, "count", found.len(), kind).with_context(|| format!("there are {} of type {kind}", all.len()))?;
        if e.get("has").is_none() {
            return Ok(());
        }
        ensure!(!found.is_empty(), "there is no {kind} that fits, of {}", all.len());
        let wrong = found.iter().find_map(|t| Some((&t.id, self.differs(&plain(t), pairs("has"))?)));
        wrong.map_or(Ok(()), |(id, how)| bail!("{id}: {how}"))
    }

    /// What the instances of a case have told, in order.
    async fn told(&self, case: &Urn) -> anyhow::Result<Vec<Value>> {
        let mut told = Vec::new();
        for row in self.core.cases.instances(case).await? {
            let read = move |conn: &mut dyn svod_store::Conn| instance::steps(conn, row.space, row.id, 0, STEPS);
            for (_, _, steps) in self.core.store.read(read).await? {
                told.extend(serde_json::from_str::<Vec<Value>>(&steps)?);
            }
        }
        Ok(told)
    }

    /// What a business rule task of the case came to, and by which rules of its tables.
    async fn decided(&self, e: &Value) -> anyhow::Result<()> {
        let case = self.case_meant(e, "case").await?;
        let told = self.told(&case.id).await?;
        let of_step = |t: &&Value| word(t, "decided").is_some_and(|d| word(e, "step").is_none_or(|s| s == d));
        let last = told.iter().rfind(of_step).and_then(|t| t.get("evaluation"));
        let evaluation = last.context("no decision was asked in this case")?;
        if let Some(wanted) = e.get("result") {
            let is = evaluation.get("result").unwrap_or(&Value::Null);
            ensure!(agrees(wanted, is, self.offset), "result: {wanted} expected, {is} found");
        }
        let Some(rule) = word(e, "rule") else { return Ok(()) };
        let fired = rules(evaluation.get("tables").unwrap_or(&Value::Null));
        ensure!(fired.iter().any(|f| f == rule), "rule '{rule}' did not fire; [{}] did", fired.join(", "));
        Ok(())
    }

    /// Entities of a type that belong to the case meant; all of them where no case has begun.
    async fn of_case(&self, kind: &str, e: &Value) -> anyhow::Result<Vec<Entity>> {
        let case = match self.case_meant(e, "case").await {
            Ok(case) => Some(case.id),
            Err(e_) if word(e, "case").is_some() => return Err(e_),
            Err(_) => None,
        };
        let mut all = self.all(kind).await?;
        all.retain(|t| case.as_ref().is_none_or(|c| t.object("case") == Some(c)));
        Ok(all)
    }

    async fn decision(&self, e: &Value) -> anyhow::Result<()> {
        let all = self.of_case("Decision", e).await?;
        let known = ["outcome", "automatic", "status", "reason"];
        let fields = || known.iter().filter_map(|k| Some((*k, e.get(*k)?)));
        let by_rule = |d: &Entity| {
            let fired = d.text("rules").and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
            word(e, "rule").is_none_or(|r| rules(&fired).iter().any(|f| f == r))
        };
        let fits = |d: &&Entity| self.differs(&plain(d), fields()).is_none() && by_rule(d);
        let found = all.iter().filter(fits).count();
        let stand = |d: &Entity| {
            let automatic = d.value("automatic").cloned().unwrap_or(Value::Null);
            let rules = d.text("rules").unwrap_or("none");
            format!("{} (automatic: {automatic}, rules: {rules})", d.text("outcome").unwrap_or("?"))
        };
        let seen = || said("decisions", all.iter().map(stand));
        if e.get("count").is_some() {
            return same(e, "count", found, "decisions").with_context(seen);
        }
        ensure!(found > 0, "no decision fits; {}", seen());
        Ok(())
    }

    async fn messages(&self, e: &Value) -> anyhow::Result<()> {
        let all = self.of_case("CaseMessage", e).await?;
        let fits = |m: &&Entity| {
            word(e, "from").is_none_or(|f| m.text("from") == Some(f))
                && word(e, "contains").is_none_or(|c| m.text("text").is_some_and(|t| t.contains(c)))
        };
        let found = all.iter().filter(fits).count();
        let stand = |m: &Entity| format!("{}: {}", m.text("from").unwrap_or("?"), m.text("text").unwrap_or("?"));
        same(e, "count", found, "messages").with_context(|| said("messages", all.iter().map(stand)))
    }

    async fn offers(&self, e: &Value) -> anyhow::Result<()> {
        let person = word(e, "person").map(|p| self.urn(p)).transpose()?;
        let all = self.all("Offer").await?;
        let fits = |o: &&Entity| {
            let is = |key: &str| word(e, key).is_none_or(|w| o.text(key) == Some(w));
            is("service") && is("status") && person.as_ref().is_none_or(|p| o.object("person") == Some(p))
        };
        let found = all.iter().filter(fits).count();
        let stand = |o: &Entity| format!("{} {}", o.text("service").unwrap_or("?"), o.text("status").unwrap_or("?"));
        same(e, "count", found, "offers").with_context(|| said("offers", all.iter().map(stand)))
    }

    async fn accruals(&self, e: &Value) -> anyhow::Result<()> {
        let all = self.of_case("Accrual", e).await?;
        let fields = || ["status", "amount"].into_iter().filter_map(|k| Some((k, e.get(k)?)));
        let found = all.iter().filter(|a| self.differs(&plain(a), fields()).is_none()).count();
        let stand =
            |a: &Entity| format!("{} {}", a.number("amount").unwrap_or_default(), a.text("status").unwrap_or("?"));
        same(e, "count", found, "accruals").with_context(|| said("accruals", all.iter().map(stand)))
    }

    async fn incidents(&self, e: &Value) -> anyhow::Result<()> {
        let mut all = Vec::new();
        let cases = match word(e, "case") {
            Some(name) => vec![self.urn(name)?],
            None => self.all("Case").await?.into_iter().map(|c| c.id).collect(),
        };
        for case in cases {
            for row in self.core.cases.instances(&case).await? {
                let state: Value = serde_json::from_str(&row.state)?;
                all.extend(
                    state.get("incidents").and_then(Value::as_object).into_iter().flatten().map(|(_, i)| i.clone()),
                );
            }
        }
        let fits = |i: &&Value| word(e, "code").is_none_or(|c| word(i, "code") == Some(c));
        let found = all.iter().filter(fits).count();
        let stand = |i: &Value| format!("{}: {}", word(i, "code").unwrap_or("?"), word(i, "message").unwrap_or("?"));
        same(e, "count", found, "incidents").with_context(|| said("incidents", all.iter().map(stand)))
    }

    /// The step before was refused, with this code, for these fields and no others.
    fn refusal(&mut self, e: &Value) -> anyhow::Result<()> {
        let refused = self.refused.as_mut().context("the step before was not refused")?;
        refused.expected = true;
        if let Some(code) = word(e, "code") {
            ensure!(code == refused.code, "code: '{code}' expected, '{}' found: {}", refused.code, refused.said);
        }
        let fields = e.get("fields").unwrap_or(e);
        let wanted: Vec<(&str, Option<&str>)> = match fields {
            Value::Array(names) => names.iter().filter_map(|n| Some((n.as_str()?, None))).collect(),
            Value::Object(rules) if e.get("fields").is_some() => {
                rules.iter().map(|(name, rule)| (name.as_str(), rule.as_str())).collect()
            }
            _ => return Ok(()),
        };
        let found = &refused.fields;
        let fits = |(name, rule): &(&str, Option<&str>)| {
            found.iter().any(|(field, broken)| field == name && rule.is_none_or(|r| r == broken))
        };
        let listed: Vec<String> = found.iter().map(|(field, rule)| format!("{field}: {rule}")).collect();
        let seen = format!("refused ({}) for [{}]: {}", refused.code, listed.join(", "), refused.said);
        let missing = wanted.iter().find(|w| !fits(w));
        ensure!(missing.is_none(), "{:?} was expected to be refused; {seen}", missing.map(|m| m.0).unwrap_or_default());
        let beside = found.iter().find(|(field, _)| !wanted.iter().any(|(name, _)| name == field));
        ensure!(
            beside.is_none(),
            "only [{}] expected; {seen}",
            wanted.iter().map(|w| w.0).collect::<Vec<_>>().join(", ")
        );
        Ok(())
    }
}

fn said(what: &str, all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    format!("{what} there are: [{}]", all.join(", "))
}

fn same(expected: &Value, key: &str, found: usize, what: &str) -> anyhow::Result<()> {
    if let Some(wanted) = expected.get(key).and_then(Value::as_u64) {
        ensure!(wanted == found as u64, "{key} {what}: {wanted} expected, {found} found ({expected})");
    }
    Ok(())
}

/// Ids of the rules that fired, in the tables of an evaluation or as a decision keeps them.
fn rules(value: &Value) -> Vec<String> {
    let mut fired = Vec::new();
    let mut look = vec![value];
    while let Some(next) = look.pop() {
        match next {
            Value::Array(items) => {
                fired.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
                look.extend(items);
            }
            Value::Object(fields) => {
                fired.extend(
                    fields
                        .get("id")
                        .filter(|_| fields.contains_key("number"))
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                look.extend(fields.values());
            }
            _ => {}
        }
    }
    fired
}

/// Is it what is wanted? Moments are compared as moments, a day as the day in the situation's own time, numbers as numbers; null is
/// what is not there.
fn agrees(wanted: &Value, found: &Value, offset: i64) -> bool {
    match (wanted, found) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => {
            let moments = || Some((a.parse::<Timestamp>().ok()?, b.parse::<Timestamp>().ok()?));
            let day =
                |text: &str| Some(text.parse::<Timestamp>().ok()?.plus_seconds(offset).to_string().get(..10)? == a);
            a == b || moments().is_some_and(|(a, b)| a == b) || (a.len() == 10 && day(b) == Some(true))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agrees(a, b, offset)),
        (Value::Object(a), Value::Object(b)) => within(a, b, offset),
        // What is kept as JSON: answers, inputs.
        (Value::Object(_) | Value::Array(_), Value::String(b)) => {
            serde_json::from_str(b).is_ok_and(|b: Value| !b.is_string() && agrees(wanted, &b, offset))
        }
        (a, b) => a == b,
    }
}

fn within(wanted: &Map<String, Value>, found: &Map<String, Value>, offset: i64) -> bool {
    wanted.iter().all(|(key, value)| agrees(value, found.get(key).unwrap_or(&Value::Null), offset))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_found_agrees_or_not() {
        let at = 7 * 3_600;
        assert!(agrees(&json!("2026-01-20"), &json!("2026-01-19T20:00:00Z"), at), "the day in Novokuznetsk");
        assert!(!agrees(&json!("2026-01-20"), &json!("2026-01-20T20:00:00Z"), at));
        assert!(agrees(&json!("2026-01-20T08:00:00+07:00"), &json!("2026-01-20T01:00:00Z"), at));
        assert!(agrees(&json!(5), &json!(5.0), 0) && !agrees(&json!("5"), &json!(5), 0));
        assert!(
            agrees(&json!({"a": 1}), &json!({"a": 1, "b": 2}), 0) && !agrees(&json!({"c": 1}), &json!({"a": 1}), 0)
        );
        assert!(agrees(&json!({"a": 1}), &json!("{\"a\": 1, \"b\": 2}"), 0), "what is kept as JSON");
        assert!(agrees(&json!(null), &json!(null), 0) && !agrees(&json!(true), &json!(null), 0));
    }

    #[test]
    fn rules_that_fired_are_found() {
        let tables = json!([{"id": "t", "name": "T", "hitPolicy": "FIRST", "rules": [{"number": 1, "id": "owner"}]}]);
        assert!(rules(&tables).contains(&"owner".to_owned()));
        assert!(!rules(&tables).contains(&"t".to_owned()), "a table is no rule");
    }
}
