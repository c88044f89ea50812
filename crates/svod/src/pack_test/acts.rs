//! What people do beside applying and working: they answer offers, object, write, say how it went, pay, keep cards to be paid to; what
//! operators and payment providers do.

use anyhow::Context as _;
use serde_json::{Map, Value};
use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_money::{Notice, SANDBOX, Settled, State};
use svod_runtime::{Correspondence, Offers, Sheet as Paper, Side};

use super::filling::Sheet;
use super::map;
use super::stage::{Fault, Stage};

type Done = Result<(), Fault>;

fn word<'a>(step: &'a Value, key: &str) -> Option<&'a str> {
    step.get(key).and_then(Value::as_str)
}

impl Stage {
    /// The case that is named, or the last one that somebody began, or the last of all.
    async fn of_step(&self, step: &Value) -> anyhow::Result<Entity> {
        self.case_meant(step, "case").await
    }

    /// `offer: {service?, as, answer: accept | decline, answers?, files?}`
    pub async fn offer(&mut self, step: &Value) -> Done {
        let (actor, offers) = (self.actor(step).await?, Offers::new(self.core.applications.clone()));
        let mut open = offers.of(&actor).await.map_err(Fault::of)?;
        open.retain(|o| word(step, "service").is_none_or(|s| o.text("service") == Some(s)));
        let offer = open.first().context("there is no open offer for them")?;
        if word(step, "answer") == Some("decline") {
            return offers.decline(&actor, &offer.id).await.map_err(Fault::of);
        }
        let case = if step.get("answers").is_some() || step.get("files").is_some() {
            let answers = self.answered(step, &actor, offer).await?;
            offers.accept_with(&actor, &offer.id, (answers, None)).await
        } else {
            offers.accept(&actor, &offer.id).await
        };
        self.remember(step, "case", case.map_err(Fault::of)?);
        Ok(())
    }

    /// The form of an offer's service, with what the offer has filled in and the answers of the step.
    async fn answered(&self, step: &Value, actor: &Actor, offer: &Entity) -> Result<Map<String, Value>, Fault> {
        let applications = &self.core.applications;
        let key = offer.text("service").unwrap_or_default();
        let service = applications.service(key).map_err(Fault::of)?;
        let applicant = applications.applicant(actor).await.map_err(Fault::of)?;
        let spec = &service.spec;
        let file = svod_runtime::form_of(spec).with_context(|| format!("'{key}' has no form to be answered"))?;
        let mut paper = Paper::of_applicant(self.form(&spec.pack, &spec.version, file).await?, &applicant);
        paper.held = Offers::new(applications.clone()).data(actor, &offer.id).await.map_err(Fault::of)?;
        let sheet = Sheet { file: file.to_owned(), pack: spec.pack.clone(), paper };
        match self.fill(&sheet, actor, step).await?.data {
            Value::Object(answers) => Ok(answers),
            _ => Err(anyhow::anyhow!("the form gave no answers").into()),
        }
    }

    /// `object: {as, case?, decision?, answers?}`
    pub async fn object(&mut self, step: &Value) -> Done {
        let actor = self.actor(step).await?;
        let decision = match word(step, "decision") {
            Some(named) => self.urn(named)?,
            None => {
                let case = self.of_step(step).await?.id;
                let all = self.all("Decision").await?;
                let last = all.into_iter().rfind(|d| d.object("case") == Some(&case));
                last.context("the case has no decision to object to")?.id
            }
        };
        let (service, way) = self.core.cases.objectable(&actor, &decision).await.map_err(Fault::of)?;
        let data = match way.form {
            None => map(step, "answers").map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>(),
            Some(file) => {
                let applicant = self.core.applications.applicant(&actor).await.map_err(Fault::of)?;
                let form = self.form(&service.pack, &service.version, &file).await?;
                let paper = Paper::of_applicant(form, &applicant);
                let sheet = Sheet { file, pack: service.pack.clone(), paper };
                match self.fill(&sheet, &actor, step).await?.data {
                    Value::Object(map) => map,
                    _ => Map::new(),
                }
            }
        };
        let case = self.core.cases.object(&actor, &decision, data).await.map_err(Fault::of)?;
        self.remember(step, "case", case);
        Ok(())
    }

    /// `write: {as, case?, text}`
    pub async fn write(&self, step: &Value) -> Done {
        let (actor, case) = (self.actor(step).await?, self.of_step(step).await?);
        let letters = Correspondence::new(self.core.registry.clone());
        let side = letters.side(&actor, &case).unwrap_or(Side::Applicant);
        let text = word(step, "text").unwrap_or_default();
        letters.write(&actor, &case.id, text, side).await.map(drop).map_err(Fault::of)
    }

    /// `rate: {as, case?, stars, comment?}`
    pub async fn rate(&self, step: &Value) -> Done {
        let (actor, case) = (self.actor(step).await?, self.of_step(step).await?);
        let stars = step.get("stars").and_then(Value::as_u64).and_then(|n| u8::try_from(n).ok()).unwrap_or_default();
        let letters = Correspondence::new(self.core.registry.clone());
        letters.rate(&actor, &case.id, stars, word(step, "comment").unwrap_or_default()).await.map_err(Fault::of)
    }

    /// `call_off: {as, case?, reason}`
    pub async fn call_off(&self, step: &Value) -> Done {
        let (actor, case) = (self.actor(step).await?, self.of_step(step).await?);
        let rows = self.core.cases.instances(&case.id).await.map_err(anyhow::Error::from)?;
        let row = rows.first().context("the case has no process")?;
        let reason = word(step, "reason").unwrap_or_default();
        self.core.cases.call_off(&actor, (&case.space, row.id), reason).await.map_err(Fault::of)
    }

    /// `retry: {as, case?, reason, set?}`: the first incident of the case.
    pub async fn retry(&self, step: &Value) -> Done {
        let (actor, case) = (self.actor(step).await?, self.of_step(step).await?);
        for row in self.core.cases.instances(&case.id).await.map_err(anyhow::Error::from)? {
            let state: Value = serde_json::from_str(&row.state).map_err(anyhow::Error::from)?;
            let first = map(&state, "incidents").find_map(|(number, _)| number.parse().ok());
            if let Some(incident) = first {
                let set = map(step, "set").map(|(k, v)| (k.clone(), v.clone())).collect();
                let (at, reason) = ((&case.space, row.id), word(step, "reason").unwrap_or_default());
                return self.core.cases.retry(&actor, at, incident, set, reason).await.map_err(Fault::of);
            }
        }
        Err(anyhow::anyhow!("the case does not stand still: it has no incident").into())
    }

    /// `pay: {as, accrual?, amount?}`: the first accrual that they owe.
    pub async fn pay(&self, step: &Value) -> Done {
        let actor = self.actor(step).await?;
        let accrual = match word(step, "accrual") {
            Some(named) => self.urn(named)?,
            None => {
                let all = self.money.accruals(&actor).await.map_err(Fault::of)?;
                let owed =
                    |a: &&std::sync::Arc<Entity>| a.text("status").is_some_and(|s| ["open", "partly"].contains(&s));
                all.iter().find(owed).context("they owe nothing")?.id.clone()
            }
        };
        let amount = step.get("amount").and_then(Value::as_i64);
        self.money.pay(&actor, &accrual, amount, "http://localhost/{payment}").await.map(drop).map_err(Fault::of)
    }

    /// `card: {as, keep: <last four digits> | forget: <card>}`: a card to be paid to, shown to the sandbox provider.
    pub async fn card(&mut self, step: &Value) -> Done {
        let actor = self.actor(step).await?;
        if let Some(card) = word(step, "forget") {
            return self.money.forget_card(&actor, &self.urn(card)?).await.map_err(Fault::of);
        }
        let token = self.money.sandbox_card(&actor, word(step, "keep").unwrap_or_default()).await.map_err(Fault::of)?;
        let card = self.money.keep_card(&actor, &token).await.map_err(Fault::of)?;
        self.remember(step, "card", card);
        Ok(())
    }

    /// `provider: done | failed`: what becomes of every payment that is under way.
    pub async fn provider(&self, word: &str) -> Done {
        let pending: Vec<Entity> =
            self.all("Payment").await?.into_iter().filter(|p| p.text("status") == Some("pending")).collect();
        if pending.is_empty() {
            return Err(anyhow::anyhow!("no payment is under way").into());
        }
        for payment in pending {
            let state = if word == "done" { State::Done } else { State::Failed("the provider says no".to_owned()) };
            let notice = Notice {
                reference: payment.text("reference").unwrap_or_default().to_owned(),
                payment: Some(payment.id.clone()),
                state,
                amount: payment.value("amount").and_then(Value::as_i64).unwrap_or_default(),
                currency: payment.text("currency").unwrap_or_default().to_owned(),
            };
            if let Settled::Kept(reason) = self.money.settle(SANDBOX, &notice).await.map_err(Fault::of)? {
                return Err(
                    anyhow::anyhow!("{}: what the provider says does not fit: {}", payment.id, reason.word()).into()
                );
            }
        }
        Ok(())
    }

    /// Who acts where nobody is named: the platform.
    pub async fn editor(&self, step: &Value) -> anyhow::Result<Actor> {
        if step.get("as").is_some() { self.actor(step).await } else { Ok(Actor::platform("pack-test")) }
    }

    /// What a step has made is known by its name, and as the last of its kind.
    pub fn remember(&mut self, step: &Value, kind: &str, urn: Urn) {
        if let Some(name) = word(step, "name") {
            self.names.insert(name.to_owned(), urn.clone());
        }
        self.names.insert(kind.to_owned(), urn);
    }
}
