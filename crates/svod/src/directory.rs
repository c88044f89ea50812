//! Who holds which post: appointments of the graph, asked for whoever signs in.

use std::sync::Arc;

use svod_identity::{Capacity, Directory, Enrolled, Looked, Newcomer, Represented, SiteTold};
use svod_kernel::{Actor, Lang, Role, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{
    Action, Change, Command, CommandError, EntityQuery, INSTALLATION, Operation, QueryError, Registry, Tenure,
};
use svod_trust::Trust;

/// The posts of the graph.
pub struct Posts {
    /// Where they are.
    pub registry: Arc<Registry>,
    /// Who acts for whom.
    pub trust: Trust,
}

impl Directory for Posts {
    fn posts<'a>(&'a self, person: &'a Urn) -> Looked<'a> {
        Box::pin(async move { self.held(person).await.map_err(|e| e.to_string()) })
    }

    fn represented<'a>(&'a self, person: &'a Urn) -> Looked<'a, Represented> {
        Box::pin(async move {
            let chains = self.trust.mandates_of(person).await.map_err(|e| e.to_string())?;
            Ok(chains.into_iter().map(|(chain, name)| Represented { chain, name }).collect())
        })
    }

    fn numbered<'a>(&'a self, number: &'a str) -> Looked<'a, Urn> {
        Box::pin(async move {
            let found = self.trust.numbered(number).await.map_err(|e| e.to_string())?;
            Ok(found.into_iter().map(|person| person.id).collect())
        })
    }

    fn begun_for<'a>(&'a self, actor: &'a Actor) -> Enrolled<'a> {
        Box::pin(async move { self.trust.begun_for(actor).await.map_err(|e| e.to_string()) })
    }

    fn told_to<'a>(&'a self, person: &'a Urn, site: &'a SiteTold) -> Enrolled<'a> {
        let named = (site.client.as_str(), site.name.as_str());
        Box::pin(async move { self.trust.given_to_site(person, named, &site.claims).await.map_err(|e| e.to_string()) })
    }

    fn may_invite(&self, maker: &Actor, space: Option<&SpacePath>) -> bool {
        let (registry, tree) = (&self.registry, self.registry.spaces());
        // A space that is open to everybody makes nobody an administrator.
        let closed = tree.all().into_iter().filter(|s| !s.open && space.is_none_or(|wanted| *wanted == s.path));
        let mut places = closed.map(|s| registry.resource("Account", &s.path));
        places.any(|place| registry.may(maker, Action::Administer, &place))
    }

    fn returnable<'a>(&'a self, maker: &'a Actor, person: &'a Urn) -> Looked<'a, SpacePath> {
        Box::pin(async move {
            let home = self.returnable_at(maker, person).await.map_err(|e| e.to_string())?;
            Ok(home.into_iter().collect())
        })
    }

    fn returned<'a>(&'a self, person: &'a Urn, by: &'a Actor, key: &'a str) -> Enrolled<'a> {
        Box::pin(async move { self.trace_return(person, by, key).await })
    }

    fn enrol<'a>(&'a self, newcomer: &'a Newcomer) -> Enrolled<'a> {
        Box::pin(async move { self.appoint(newcomer).await.map_err(|e| e.to_string()) })
    }
}

impl Posts {
    /// Who belongs to no region is for whoever runs a whole one, and who holds no post for whoever runs the whole of theirs: as
    /// those who keep them out and let them in.
    async fn returnable_at(&self, maker: &Actor, person: &Urn) -> Result<Option<SpacePath>, QueryError> {
        let home = match self.registry.entity(&Actor::platform("identity"), person).await {
            Ok(person) if person.kind == "Person" => person.space.clone(),
            Ok(_) | Err(QueryError::NotFound(_)) => return Ok(None),
            Err(e) => return Err(e),
        };
        let of_none = home.as_str() == INSTALLATION;
        let tree = self.registry.spaces();
        let mut tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && s.path.as_str() != INSTALLATION);
        let runs = |space: &SpacePath| self.may_invite(maker, Some(space));
        let held = self.held(person).await?;
        let theirs = match of_none {
            true => tops.any(|top| runs(&top.path)),
            false if held.is_empty() => tops.any(|top| top.path.covers(&home) && runs(&top.path)),
            false => runs(&home),
        };
        let within = theirs && held.iter().all(|post| runs(&post.space));
        Ok(within.then_some(home))
    }

    /// Whoever opens the account sees what is the person's: that is an access, before it is so, and one for each key.
    async fn trace_return(&self, person: &Urn, by: &Actor, key: &str) -> Result<(), String> {
        let mut urn = Urn::svod("access", &format!("returned-{key}")).map_err(|e| e.to_string())?;
        match self.traces(&urn, person).await? {
            Some(true) => return Ok(()),
            // Somebody has taken the identifier for something else.
            Some(false) => urn = Urn::mint("Access", self.registry.clock().now(), &*self.registry.rng().clone()),
            None => {}
        }
        let found = self.registry.entity(&Actor::platform("identity"), person).await.map_err(|e| e.to_string())?;
        match self.execute_return(urn.clone(), &found, by).await {
            // Written at the same moment by the other of two.
            Err(CommandError::Exists(_)) if self.traces(&urn, person).await? == Some(true) => Ok(()),
            done => done.map_err(|e| e.to_string()),
        }
    }

    /// Is it an access to data of the person? None: there is nothing.
    async fn traces(&self, urn: &Urn, person: &Urn) -> Result<Option<bool>, String> {
        match self.registry.entity(&Actor::platform("identity"), urn).await {
            Ok(there) => Ok(Some(there.kind == "Access" && there.object("person") == Some(person))),
            Err(QueryError::NotFound(_)) => Ok(None),
            Err(e) => Err(e.to_string()),
        }
    }

    async fn execute_return(&self, urn: Urn, person: &Entity, by: &Actor) -> Result<(), CommandError> {
        let platform = Actor::platform("identity");
        let (catalogue, now) = (self.registry.catalogue(), self.registry.clock().now());
        let mut access = Entity::new(urn, "Access", person.space.clone())
            .with("person", Attribute::object(person.id.clone()))
            .with("actor", Attribute::property(by.id.clone()))
            .with("post", Attribute::property(by.name.clone()))
            .with("basis", Attribute::property("account"))
            .with("ground", Attribute::property("invitation"))
            .with("reason", Attribute::property(catalogue.texts.get(Lang::Ru, "access-account-reason").into_owned()))
            .with("since", Attribute::property(now.to_string()))
            .with("until", Attribute::property(now.to_string()));
        if let Some(body) = &by.body {
            access = access.with("body", Attribute::object(body.clone()));
        }
        let change = Change { verb: Some("look"), ..Operation::Create(access).into() };
        let command = Command { ground: "invitation".into(), changes: vec![change], ..Command::default() };
        self.registry.execute(&platform, command).await.map(drop)
    }

    async fn held(&self, person: &Urn) -> Result<Vec<Capacity>, QueryError> {
        let (reader, now, tree) = (Actor::platform("identity"), self.registry.clock().now(), self.registry.spaces());
        let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && s.path.as_str() != INSTALLATION);
        let is_open = |space: &SpacePath| tree.get(space).is_none_or(|s| s.open);
        let mut held = Vec::new();
        for top in tops {
            let filters = vec![("person".to_owned(), person.to_string())];
            let query = EntityQuery { filters, ..EntityQuery::of(top.path.clone(), &["Appointment"]) };
            for appointment in self.all(&reader, query).await? {
                let Some(tenure) = Tenure::of(&appointment).filter(|t| t.holds(now)) else { continue };
                let Some(post) = appointment.object("post") else { continue };
                match self.registry.entity_in(&reader, Some(&appointment.space), post).await {
                    // Who appoints in one territory gives no powers in another; where everybody may do everything, nobody
                    // gets any.
                    Ok(post)
                        if post.kind != "Post" || !appointment.space.covers(&post.space) || is_open(&post.space) => {}
                    Ok(post) => held.extend(self.capacity(&appointment, &post, tenure).map(|c| (tenure.since, c))),
                    // A post that was abolished gives no powers any more.
                    Err(QueryError::NotFound(_)) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        held.sort_by_key(|(since, _)| *since);
        Ok(held.into_iter().map(|(_, capacity)| capacity).collect())
    }

    /// Every page of it: who is left out of the first one would lose powers without a word.
    async fn all(&self, reader: &Actor, mut query: EntityQuery) -> Result<Vec<Entity>, QueryError> {
        let mut all = Vec::new();
        loop {
            let page = self.registry.query(reader, query.clone()).await?;
            all.extend(page.items);
            query.after = page.next;
            if query.after.is_none() {
                return Ok(all);
            }
        }
    }

    /// The newcomer as a person, in the space of their post or in the first region; and the appointment to the post, which is
    /// made where there is none of that role yet.
    async fn appoint(&self, newcomer: &Newcomer) -> Result<(), CommandError> {
        let catalogue = self.registry.catalogue();
        let metamodel = &catalogue.metamodel;
        if metamodel.attribute("Person", "name").is_none() {
            return Ok(());
        }
        let tree = self.registry.spaces();
        let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && s.path.as_str() != INSTALLATION);
        let region = tops.map(|s| s.path.clone()).next();
        let space = newcomer.post.as_ref().map(|(_, space)| space.clone()).or(region);
        let space = space.unwrap_or_else(|| self.registry.installation("Person").space);
        let mut person = Entity::new(newcomer.person.clone(), "Person", space.clone());
        person.attributes.insert("name".into(), Attribute::property(newcomer.name.clone()));
        if let Some(number) = &newcomer.number {
            person.attributes.insert("nationalId".into(), Attribute::property(number.clone()));
        }
        let mut changes = vec![Change::from(Operation::Create(person))];
        if let Some((role, space)) = &newcomer.post {
            let now = self.registry.clock().now();
            let place = space.as_str().replace('/', ":");
            let urn = format!("urn:svod:post:{place}:{}", role.as_str());
            let post: Urn = urn.parse().map_err(|_| CommandError::UnknownSpace(space.clone()))?;
            if matches!(self.registry.entity(&Actor::platform("identity"), &post).await, Err(QueryError::NotFound(_))) {
                let mut made = Entity::new(post.clone(), "Post", space.clone());
                let name = catalogue.texts.get(Lang::Ru, &format!("enum-PostRole-{}", role.as_str())).into_owned();
                made.attributes.insert("name".into(), Attribute::property(name));
                made.attributes.insert("role".into(), Attribute::property(role.as_str()));
                changes.push(Operation::Create(made).into());
            }
            let urn = Urn::mint("Appointment", now, &*self.registry.rng().clone());
            let mut appointment = Entity::new(urn, "Appointment", space.clone());
            appointment.attributes.insert("person".into(), Attribute::object(newcomer.person.clone()));
            appointment.attributes.insert("post".into(), Attribute::object(post));
            appointment.attributes.insert("since".into(), Attribute::property(now.to_string()));
            // The name of a region's head is public by law; others' are published by who enters them.
            if *role == Role::Governor && metamodel.attribute("Appointment", "name").is_some() {
                appointment.attributes.insert("name".into(), Attribute::property(newcomer.name.clone()));
            }
            changes.push(Operation::Create(appointment).into());
        }
        let command = Command { ground: "invitation".into(), changes, ..Command::default() };
        self.registry.execute(&Actor::platform("identity"), command).await.map(drop)
    }

    /// What the appointment makes of somebody; who acts in the post is called so, in the journal as well.
    fn capacity(&self, appointment: &Entity, post: &Entity, tenure: Tenure) -> Option<Capacity> {
        let role = match post.text("role")? {
            "official" => Role::Official,
            "governor" => Role::Governor,
            "administrator" => Role::Administrator,
            "auditor" => Role::Auditor,
            _ => return None,
        };
        let name = post.text("name").unwrap_or(post.id.as_str());
        let title = if tenure.acting {
            self.registry.catalogue().texts.format(Lang::Ru, "post-acting", &[("post", name.into())])
        } else {
            name.to_owned()
        };
        Some(Capacity {
            appointment: appointment.id.clone(),
            title,
            role,
            space: post.space.clone(),
            body: post.object("body").cloned(),
        })
    }
}
