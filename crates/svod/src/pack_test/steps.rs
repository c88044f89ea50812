use anyhow::{Context as _, bail};
use bytes::Bytes;
use serde_json::{Map, Value};
use svod_ingest::{RawMessage, Source};
use svod_kernel::{Actor, Clock as _, Urn, number};
use svod_model::{Attribute, Entity, StartSpec, attribute_from_seed, parse_duration};
use svod_registry::{Change, Command, Operation};
use svod_runtime::{Application, Sheet as Paper};

use super::filling::Sheet;
use super::scripted::Says;
use super::stage::{Fault, Refusal, Stage};
use super::{list, map, text};

type Done = Result<(), Fault>;

/// The platform itself, where nobody is named.
fn platform() -> Actor {
    Actor::platform("pack-test")
}

impl Stage {
    /// One step.
    pub async fn step(&mut self, key: &str, value: &Value) -> Done {
        // What a device sends is its own affair.
        let step = &if key == "reading" { value.clone() } else { self.filled(value).await? };
        match key {
            "reading" => self.reading(step).await,
            "wait" => {
                let seconds = step.as_str().and_then(parse_duration).context("no duration such as PT5M or P3D")?;
                Ok(self.wait(number::whole(seconds)).await?)
            }
            "act" => self.act(step).await,
            "apply" => self.apply(step).await,
            "task" => self.task(step).await,
            "message" => self.message(step).await,
            "create" => self.create(step).await,
            "update" => self.update(step).await,
            "delete" => self.delete(step, text(step, "id")?).await,
            "dies" => self.delete(step, step.as_str().context("whose?")?).await,
            "exchange" => self.exchange(step),
            "offer" => self.offer(step).await,
            "object" => self.object(step).await,
            "write" => self.write(step).await,
            "rate" => self.rate(step).await,
            "call_off" => self.call_off(step).await,
            "retry" => self.retry(step).await,
            "pay" => self.pay(step).await,
            "card" => self.card(step).await,
            "provider" => self.provider(step.as_str().unwrap_or_default()).await,
            _ => Err(anyhow::anyhow!("there is no step '{key}'").into()),
        }
    }

    async fn reading(&mut self, step: &Value) -> Done {
        let payload = step.get("payload").context("'payload' is missing")?;
        let bytes = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
        let message = RawMessage::named(
            text(step, "profile")?.to_owned(),
            text(step, "device")?.to_owned(),
            Bytes::from(bytes),
            Source::Http,
        );
        self.live = true;
        self.core.ingest.submit(&platform(), message).await.map_err(anyhow::Error::from)?;
        Ok(())
    }

    async fn act(&self, step: &Value) -> Done {
        let actor = self.persona(text(step, "persona")?).await?;
        let first = async |status: &str| {
            let found = self.all("Task").await?.into_iter().find(|t| t.text("status") == Some(status));
            found.with_context(|| format!("there is no task that is {status}"))
        };
        let done = match step.get("complete") {
            None => self.core.tasks.take(&actor, &first("offered").await?.id).await,
            Some(c) => self.core.tasks.complete(&actor, &first("taken").await?.id, text(c, "result")?).await,
        };
        done.map(drop).map_err(Fault::of)
    }

    async fn apply(&mut self, step: &Value) -> Done {
        let (actor, key) = (self.actor(step).await?, text(step, "service")?);
        let applications = self.core.applications.clone();
        let service = applications.service(key).map_err(Fault::of)?;
        let applicant = applications.applicant(&actor).await.map_err(Fault::of)?;
        let file = service.spec.start.iter().find_map(|s| match s {
            StartSpec::Form(file) => Some(file.clone()),
            StartSpec::Event { .. } => None,
        });
        let file = file.with_context(|| format!("'{key}' has no form: it begins with an event, not with 'apply'"))?;
        let (pack, version) = (service.spec.pack.clone(), service.spec.version.clone());
        let paper = Paper::of_applicant(self.form(&pack, &version, &file).await?, &applicant);
        let done = self.fill(&Sheet { file, pack, paper }, &actor, step).await?;
        let application = Application {
            service: key.to_owned(),
            data: done.data,
            from_graph: done.from_graph.into_iter().map(|(name, path)| (name, path.into())).collect(),
            disputed: done.disputed.into_iter().collect(),
            channel: "web",
        };
        let case = if step.get("twice").and_then(Value::as_bool) == Some(true) {
            // Two clicks on one draft.
            applications.keep(&actor, key, &version, "{}".to_owned()).await.map_err(Fault::of)?;
            let (one, two) =
                tokio::join!(applications.send(&actor, application.clone()), applications.send(&actor, application));
            two.and(one)
        } else {
            applications.send(&actor, application).await
        };
        let case = case.map_err(Fault::of)?;
        self.remember(step, "case", case);
        Ok(())
    }

    /// A form of a pack in that version.
    pub async fn form(
        &self,
        pack: &str,
        version: &str,
        file: &str,
    ) -> anyhow::Result<std::sync::Arc<svod_forms::Form>> {
        let programs = self.core.registry.programs(pack, version).await?;
        let form = programs.and_then(|p| p.forms.get(file).cloned());
        form.with_context(|| format!("pack '{pack}' {version} has no form '{file}'"))
    }

    async fn task(&mut self, step: &Value) -> Done {
        let (actor, task) = (self.actor(step).await?, self.open_task(step).await?);
        self.names.insert("task".to_owned(), task.id.clone());
        if step.get("give").is_some() {
            return self.core.tasks.release(&actor, &task.id).await.map(drop).map_err(Fault::of);
        }
        if task.text("status") == Some("offered") {
            self.core.tasks.take(&actor, &task.id).await.map_err(Fault::of)?;
        }
        if step.get("take").is_some() {
            return Ok(());
        }
        if let Some(result) = step.get("result").and_then(Value::as_str) {
            return self.core.tasks.complete(&actor, &task.id, result).await.map(drop).map_err(Fault::of);
        }
        let sheet = self.sheet(&actor, &task).await?;
        let done = self.fill(&sheet, &actor, step).await?;
        let Value::Object(answers) = done.data else { return Err(anyhow::anyhow!("the form gave no answers").into()) };
        self.core.tasks.complete_with(&actor, &task.id, answers, &[]).await.map(drop).map_err(Fault::of)
    }

    /// The form of a task, with what whoever has taken it sees.
    async fn sheet(&self, actor: &Actor, task: &Entity) -> Result<Sheet, Fault> {
        let task = self.core.registry.entity(actor, &task.id).await.map_err(Fault::of)?;
        let form = task.text("form").context("the task has no form: write 'result:' in place of 'answers:'")?;
        let file = if form.ends_with(".form.json") { form.to_owned() } else { format!("{form}.form.json") };
        let case = self.entity(task.object("case").context("the task has no case")?).await?;
        let process = case.text("processVersion").unwrap_or_default();
        let parts = process.split_once('@').and_then(|(pack, rest)| Some((pack, rest.split_once('/')?.0)));
        let (pack, version) = parts.with_context(|| format!("'{process}' names no process"))?;
        let paper = Paper {
            form: self.form(pack, version, &file).await?,
            prefill: svod_forms::Prefill::new(),
            inputs: task.text("input").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
            space: task.space.clone(),
            held: Map::new(),
        };
        Ok(Sheet { file, pack: pack.to_owned(), paper })
    }

    /// The first task of the step that is not done yet: of the case that is named, of the last one, of any.
    async fn open_task(&self, step: &Value) -> anyhow::Result<Entity> {
        let wanted = step.get("step").and_then(Value::as_str);
        let is_open = |t: &Entity| t.text("status").is_some_and(|s| ["offered", "taken"].contains(&s));
        let open: Vec<Entity> = self.all("Task").await?.into_iter().filter(is_open).collect();
        let named = step.get("case").and_then(Value::as_str);
        let case = named.map(|n| self.urn(n)).transpose()?;
        let fits = |t: &&Entity, case: Option<&Urn>| {
            wanted.is_none_or(|w| t.text("step") == Some(w)) && case.is_none_or(|c| t.object("case") == Some(c))
        };
        let found = match &case {
            Some(case) => open.iter().find(|t| fits(t, Some(case))),
            None => {
                let last = self.names.get("case").and_then(|last| open.iter().find(|t| fits(t, Some(last))));
                last.or_else(|| open.iter().find(|t| fits(t, None)))
            }
        };
        let listed: Vec<&str> = open.iter().filter_map(|t| t.text("step")).collect();
        found.cloned().with_context(|| {
            let of = wanted.map(|w| format!(" '{w}'")).unwrap_or_default();
            format!("there is no open task{of}; open are: [{}]", listed.join(", "))
        })
    }

    async fn message(&self, step: &Value) -> Done {
        let (name, key) = (text(step, "name")?, step.get("key").and_then(Value::as_str));
        let payload: Map<String, Value> = map(step, "payload").map(|(k, v)| (k.clone(), v.clone())).collect();
        if self.core.cases.message(&platform(), name, key, payload).await.map_err(Fault::of)? {
            return Ok(());
        }
        let said = format!("no case waits for the message '{name}' with the key '{}'", key.unwrap_or_default());
        Err(Fault::Refused(Refusal { code: "nobody-waits".into(), fields: Vec::new(), said, expected: false }))
    }

    async fn execute(&self, step: &Value, operation: Operation) -> Done {
        let actor = self.editor(step).await?;
        let command =
            Command { ground: "pack-test".into(), changes: vec![Change::from(operation)], ..Command::default() };
        self.core.registry.execute(&actor, command).await.map(drop).map_err(Fault::of)
    }

    async fn create(&mut self, step: &Value) -> Done {
        let kind = text(step, "type")?;
        let id = match step.get("id").and_then(Value::as_str) {
            Some(id) => self.urn(id)?,
            None => Urn::mint(kind, self.clock.now(), self.core.registry.rng().as_ref()),
        };
        let space = match step.get("space").and_then(Value::as_str) {
            Some(space) => space.parse().context("space")?,
            None => self.space.clone(),
        };
        let mut entity = Entity::new(id.clone(), kind, space);
        entity.attributes.extend(attributes(step, "attributes")?);
        self.execute(step, Operation::Create(entity)).await?;
        self.remember(step, "created", id);
        Ok(())
    }

    async fn update(&self, step: &Value) -> Done {
        let patch = Operation::Patch {
            urn: self.urn(text(step, "id")?)?,
            expected: None,
            set: attributes(step, "set")?.into_iter().collect(),
            unset: list(step, "unset").filter_map(Value::as_str).map(str::to_owned).collect(),
        };
        self.execute(step, patch).await
    }

    async fn delete(&self, step: &Value, who: &str) -> Done {
        let urn = self.urn(who)?;
        self.execute(step, Operation::Delete { urn, expected: None }).await
    }

    fn exchange(&self, step: &Value) -> Done {
        let fields = || map(step, "answers").map(|(k, v)| (k.clone(), v.clone())).collect();
        let says = match (step.get("fails").and_then(Value::as_str), step.get("silent").and_then(Value::as_u64)) {
            (Some(code), _) => Says::Code(code.to_owned()),
            (None, Some(0)) => return Err(anyhow::anyhow!("'silent' is how often: write 1 or more").into()),
            (None, Some(times)) => Says::Silence(times),
            (None, None) => Says::Fields(fields()),
        };
        let operation = step.get("operation").and_then(Value::as_str).unwrap_or_default();
        self.scripted.script(text(step, "system")?, operation, says);
        Ok(())
    }
}

fn attributes(step: &Value, key: &str) -> anyhow::Result<Vec<(String, Attribute)>> {
    let mut all = Vec::new();
    for (name, value) in map(step, key) {
        match attribute_from_seed(value) {
            Ok(attribute) => all.push((name.clone(), attribute)),
            Err(faults) => bail!("{key}: {name}: {}; {}", faults[0].message, faults[0].fix),
        }
    }
    Ok(all)
}
