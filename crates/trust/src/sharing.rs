//! What of a person was given to whom outside: systems that a case asks, banks that pay them, sites at which they sign in. Each is an
//! `Access` that opens nothing: the person sees it among those, and may object.

use serde_json::Value;
use svod_kernel::{Actor, Lang, Urn};
use svod_model::{Attribute, Entity, ServiceSpec};
use svod_query::keys::hash;
use svod_registry::{Action, Change, Command, CommandError, Operation, QueryError};

use crate::{Trust, TrustError};

/// Values of the code list `AccessGround` under which something was given away.
pub(crate) const GIVEN: [&str; 2] = ["exchange", "site"];
/// Names of data that are kept of one giving.
const MOST_NAMES: usize = 100;
/// Longest text of a ground or a reason, in characters.
const MAX_TEXT: usize = 1_000;
/// A site that asks again within so many seconds is written down once.
const ONCE: i64 = 3600;

/// What was given to whom.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    /// Who has it now, stable id: `exchange:insurer`, `payments:bank`, `site:01h…`.
    pub to: &'a str,
    /// What they are called: the id of a system, the name of a site.
    pub name: &'a str,
    /// Names of the data, as they were sent.
    pub data: &'a [String],
    /// The same while the same giving is repeated: it is written down once for each person.
    pub key: &'a str,
}

impl Trust {
    /// Data of these persons were given to another system in a case, or in none: the acts that its service follows are the ground.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn given_in(&self, case: Option<&Entity>, persons: &[Urn], given: &Given<'_>) -> Result<(), TrustError> {
        let (ground, reason) = self.purpose(case, given);
        for person in persons {
            self.given(person, given, ("exchange", &ground, &reason), case.map(|c| &c.id)).await?;
        }
        Ok(())
    }

    /// A site learns data of somebody who has allowed it; to be asked before it is told. Within an hour it is written down once,
    /// unless it learns something else.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn given_to_site(
        &self,
        person: &Urn,
        (site, name): (&str, &str),
        data: &[String],
    ) -> Result<(), TrustError> {
        let hour = self.registry.clock().now().0 / (ONCE * 1_000_000);
        let (to, key) = (format!("site:{site}"), format!("{hour}|{}", data.join(" ")));
        // What it rests on is said in the reader's language: the answer to the site's question.
        let given = Given { to: &to, name, data, key: &key };
        self.given(person, &given, ("site", "consent", "sign-in"), None).await
    }

    /// The acts that the service of a case follows and its title; of what is no service, who got it.
    fn purpose(&self, case: Option<&Entity>, given: &Given<'_>) -> (String, String) {
        let catalogue = self.registry.catalogue();
        let named = case.and_then(|c| c.text("service")).and_then(|s| s.split_once('/'));
        let of = |spec: &&ServiceSpec| named == Some((&*spec.pack, &*spec.id));
        let spec = catalogue.packs.iter().flat_map(|p| &p.services).find(of);
        let acts = spec.map(|s| s.acts.join("; ")).filter(|acts| !acts.is_empty());
        let title = spec.map(|s| catalogue.texts.get(Lang::Ru, &format!("service-{}", s.id)).into_owned());
        let other = || given.to.to_owned();
        (acts.unwrap_or_else(other), title.unwrap_or_else(other))
    }

    async fn given(
        &self,
        person: &Urn,
        given: &Given<'_>,
        (basis, ground, reason): (&str, &str, &str),
        case: Option<&Urn>,
    ) -> Result<(), TrustError> {
        let (platform, catalogue) = (Actor::platform("trust"), self.registry.catalogue());
        let party = match self.registry.entity(&platform, person).await {
            Ok(found) if catalogue.metamodel.is_a(&found.kind, "Party") => found,
            // A persona of the demonstration is nobody in the graph.
            Ok(_) | Err(QueryError::NotFound(_)) => return Ok(()),
            Err(e) => return Err(e.into()),
        };
        let what = format!("{}|{}", given.to, given.key);
        let id = Urn::svod("access", &format!("given-{:016x}-{:016x}", hash(&what), hash(party.id.as_str())));
        let mut id = id.unwrap_or_else(|_| self.mint("Access"));
        match self.registry.entity(&platform, &id).await {
            Ok(there) if there.kind == "Access" && there.object("person") == Some(&party.id) => return Ok(()),
            // Somebody has taken the identifier for something else.
            Ok(_) => id = self.mint("Access"),
            Err(QueryError::NotFound(_)) => {}
            Err(e) => return Err(e.into()),
        }
        let now = self.registry.clock().now().to_string();
        let cut = |text: &str| Attribute::property(text.chars().take(MAX_TEXT).collect::<String>());
        let names: Vec<Value> = given.data.iter().take(MOST_NAMES).map(|n| n.as_str().into()).collect();
        let access = Entity::new(id, "Access", party.space.clone())
            .with("person", Attribute::object(party.id.clone()))
            .with("actor", Attribute::property(given.to))
            .with("post", cut(given.name))
            .with("basis", Attribute::property(basis))
            .with("ground", cut(ground))
            .with("reason", cut(reason))
            .with("since", Attribute::property(now.clone()))
            .with("until", Attribute::property(now));
        let access =
            if names.is_empty() { access } else { access.with("only", Attribute::property(Value::Array(names))) };
        let access = case.into_iter().fold(access, |a, case| a.with("case", Attribute::object(case.clone())));
        let changes = vec![Change::verb(Operation::Create(access), Action::Create, "share")];
        let command = Command { ground: ground.to_owned(), cause: case.cloned(), changes, ..Command::default() };
        match self.registry.execute(&platform, command).await {
            // Told at the same moment by the other of two.
            Ok(_) | Err(CommandError::Exists(_)) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}
