//! Sessions: begun by a proof, known by the hash of their token, ended by their owner, by an administrator or by time.

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_cache::sync::Cache;
use svod_kernel::{Actor, OnBehalf, Role, Timestamp, Urn};
use svod_store::account::{self, SessionRow};
use svod_store::{Conn, StoreError};

use crate::account::Account;
use crate::{Capacity, Identity, IdentityError, Represented, Sign, limiter, secret};

/// How somebody has proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A passkey, with the person verified by the device.
    Passkey,
    /// Password and one-time code.
    Password,
    /// Password and a recovery code.
    Recovery,
    /// An invitation's link.
    Invitation,
    /// An outside provider.
    Outside,
}

impl Method {
    /// The word by which it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Password => "password",
            Self::Recovery => "recovery",
            Self::Invitation => "invitation",
            Self::Outside => "outside",
        }
    }
}

/// From where somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct From {
    /// The browser or program, as it names itself.
    pub agent: String,
    /// Its address.
    pub address: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Hash of its token, base64url: names it to its owner.
    pub id: String,
    /// Whose it is.
    pub account: String,
    /// [`Method`] by its word.
    pub method: String,
    /// The appointment that was chosen; empty: their own affairs.
    pub acting: Option<String>,
    /// When it began.
    pub created: Timestamp,
    /// When it was used last, to the minute.
    pub seen: Timestamp,
    /// When its owner last proved who they are.
    pub confirmed: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// The browser or program.
    pub agent: String,
    /// From where it began.
    pub address: String,
    /// How sure an outside provider was of them, in its own words (`acr`); empty for what was proved here.
    pub assurance: String,
}

impl Session {
    /// Was the last proof given within so many seconds?
    pub fn is_fresh(&self, now: Timestamp, seconds: i64) -> bool {
        self.confirmed.plus_seconds(seconds) > now
    }
}

/// Who acts in their own affairs, or in those of others.
pub(crate) fn citizen(account: &Account, on_behalf: Vec<OnBehalf>) -> Actor {
    Actor {
        id: account.person.to_string(),
        roles: BTreeSet::from([Role::Citizen]),
        name: "citizen".to_owned(),
        on_behalf,
        ..Actor::anonymous()
    }
}

/// As whom somebody acts: in the post they chose as long as they hold it, in the first of them when they chose nothing, else
/// in their own affairs.
fn acting(account: &Account, posts: &[Capacity], chosen: Option<&str>) -> Actor {
    let post = match chosen {
        None => posts.first(),
        Some(appointment) => posts.iter().find(|p| p.appointment.as_str() == appointment),
    };
    match post {
        Some(p) => Actor {
            id: account.person.to_string(),
            name: p.title.clone(),
            roles: BTreeSet::from([p.role]),
            spaces: vec![p.space.clone()],
            body: p.body.clone(),
            on_behalf: Vec::new(),
        },
        None => citizen(account, Vec::new()),
    }
}

pub(crate) fn shown(row: SessionRow) -> Session {
    Session {
        id: secret::written(&row.token),
        account: row.account,
        method: row.method,
        acting: row.acting,
        created: row.created,
        seen: row.seen,
        confirmed: row.confirmed,
        expires: row.expires,
        agent: row.agent,
        address: row.address,
        assurance: row.assurance,
    }
}

/// Who sends a request.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who acts, and in which post.
    pub actor: Arc<Actor>,
    /// How they are called; empty for personas.
    pub name: String,
    /// How the one is called in whose affairs they act; empty for their own.
    pub acts_for: String,
    /// In which session; none for tokens of personas.
    pub session: Option<Arc<Session>>,
}

/// After so many seconds a weighty act asks for a fresh proof, on pages and over the API.
pub const FRESH: i64 = 10 * 60;
/// Where a program's owner gives one.
pub const PROVE: &str = "prove anew who you are, on the page /session/confirm, then ask again with the token that the session has from then on";
/// A session that nobody has used for so many seconds is over.
pub(crate) const IDLE: i64 = 2 * 3600;
/// A session used within so many seconds is in use.
const IN_USE: i64 = 10 * 60;
/// For so many seconds a session is believed without asking the store: what another node ends counts after that.
pub(crate) const BELIEVED: i64 = 1;
/// A session's last use is written down when it is that much later than what is written, in seconds.
const TOUCH: i64 = 60;
/// Sessions remembered.
const REMEMBERED: usize = 50_000;
/// Longest name of a browser that is kept.
const AGENT: usize = 200;

#[derive(Clone)]
struct Remembered {
    known: Known,
    until: Timestamp,
}

/// Sessions that were looked up a moment ago.
pub(crate) struct Recent(Cache<Vec<u8>, Remembered>);

impl Recent {
    pub fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    pub fn forget(&self, token: &[u8]) {
        self.0.remove(token);
    }

    pub fn forget_all(&self) {
        self.0.clear();
    }
}

impl Identity {
    /// Begins a session; its token is told once.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn begin(&self, account: &str, method: Method, from: &From) -> Result<String, IdentityError> {
        self.begin_with(account, method, from, "").await
    }

    /// The same, with how sure an outside provider was.
    pub(crate) async fn begin_with(
        &self,
        account: &str,
        method: Method,
        from: &From,
        assurance: &str,
    ) -> Result<String, IdentityError> {
        let (token, now) = (secret::token(&*self.rng), self.clock.now());
        let row = SessionRow {
            token: secret::hash(&token),
            account: account.to_owned(),
            method: method.as_str().to_owned(),
            acting: None,
            created: now,
            seen: now,
            // A provider may let somebody in by what it remembers: that is no fresh proof.
            confirmed: if method == Method::Outside { Timestamp(0) } else { now },
            expires: now.plus_seconds(self.session_seconds),
            agent: from.agent.chars().filter(|c| !c.is_control()).take(AGENT).collect(),
            address: from.address.clone(),
            assurance: assurance.to_owned(),
        };
        let job = move |conn: &mut dyn Conn| {
            account::sweep(conn, now, Timestamp(0))?;
            let before = account::sessions(conn, &row.account)?;
            let owner = account::get(conn, &row.account)?;
            account::add_session(conn, &row)?;
            account::used(conn, &row.account, now)?;
            Ok::<_, StoreError>((before, owner))
        };
        let (before, owner) = self.store.write(job).await?;
        self.compare(&before, owner.and_then(|o| o.person?.parse().ok()), from, now);
        metrics::counter!("svod_sign_ins_total", "method" => method.as_str()).increment(1);
        tracing::info!(account, method = method.as_str(), network = limiter::network(&from.address), "signed in");
        Ok(token)
    }

    /// Is the device a new one, or far from another that is in use?
    fn compare(&self, before: &[SessionRow], person: Option<Urn>, from: &From, now: Timestamp) {
        let (Some(person), false) = (person, before.is_empty()) else { return };
        let agent: String = from.agent.chars().filter(|c| !c.is_control()).take(AGENT).collect();
        let network = limiter::network(&from.address);
        if before.iter().all(|s| s.agent != agent) {
            let _ = self.signs.send(Sign::NewDevice { person: person.clone() }); // nobody watching is fine
        }
        let elsewhere = |s: &SessionRow| s.seen.plus_seconds(IN_USE) > now && limiter::network(&s.address) != network;
        if before.iter().any(elsewhere) {
            let _ = self.signs.send(Sign::FarAway { person });
        }
    }

    /// Who holds the token of a session.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] when there is no such session, [`IdentityError::Expired`].
    pub(crate) async fn session_of(&self, token: &str, used: bool) -> Result<Known, IdentityError> {
        let (hash, now) = (secret::hash(token), self.clock.now());
        if let Some(recent) = self.recent.0.get(&hash).filter(|r| now < r.until) {
            return Ok(recent.known);
        }
        let key = hash.clone();
        let look = move |conn: &mut dyn Conn| {
            let Some(row) = account::session(conn, &key)? else { return Ok(None) };
            let owner = account::get(conn, &row.account)?;
            Ok::<_, StoreError>(owner.map(|owner| (row, owner)))
        };
        let (mut row, owner) = self.store.read(look).await?.ok_or(IdentityError::Invalid)?;
        if row.expires <= now || row.seen.plus_seconds(IDLE) <= now {
            return Err(IdentityError::Expired);
        }
        let owner = Account::of(owner)?;
        if owner.blocked {
            return Err(IdentityError::Invalid);
        }
        let invited = row.method == Method::Invitation.as_str();
        if invited && !self.is_still_invited(&row.account).await? {
            return Err(IdentityError::Invalid);
        }
        if used && row.seen.plus_seconds(TOUCH) <= now {
            row.seen = now;
            let key = row.token.clone();
            self.store.write::<_, StoreError>(move |conn| account::seen_session(conn, &key, now)).await?;
        }
        let chosen = row.acting.as_deref();
        // Who has only the link of an invitation may add what they will sign in with, and no more.
        let posts = match invited {
            true => Vec::new(),
            false => self.capacities(&owner).await?,
        };
        let (actor, acts_for) = match self.representing(&owner, &posts, chosen).await? {
            Some(r) => (citizen(&owner, r.chain), r.name),
            None => (acting(&owner, &posts, chosen), String::new()),
        };
        let actor = Arc::new(actor);
        let until = now.plus_seconds(BELIEVED).min(row.expires);
        let known = Known { actor, acts_for, name: owner.name, session: Some(Arc::new(shown(row))) };
        self.recent.0.insert(hash, Remembered { known: known.clone(), until });
        Ok(known)
    }

    /// The posts that the owner of an account may act in now.
    ///
    /// # Errors
    /// When they are not known.
    pub async fn capacities(&self, account: &Account) -> Result<Vec<Capacity>, IdentityError> {
        self.posts(&account.person).await
    }

    /// The posts that a person holds now, oldest appointment first.
    ///
    /// # Errors
    /// When they are not known.
    pub async fn posts(&self, person: &Urn) -> Result<Vec<Capacity>, IdentityError> {
        Ok(self.directory().posts(person).await.map_err(|e| StoreError::Shape(format!("posts are not known: {e}")))?)
    }

    /// For whom the owner of an account may act now.
    ///
    /// # Errors
    /// When that is not known.
    pub async fn represented(&self, account: &Account) -> Result<Vec<Represented>, IdentityError> {
        let looked = self.directory().represented(&account.person).await;
        Ok(looked.map_err(|e| StoreError::Shape(format!("mandates are not known: {e}")))?)
    }

    /// In whose affairs the owner acts by what they chose, as long as they may.
    async fn representing(
        &self,
        account: &Account,
        posts: &[Capacity],
        chosen: Option<&str>,
    ) -> Result<Option<Represented>, IdentityError> {
        let post = |key: &&str| posts.iter().any(|p| p.appointment.as_str() == *key);
        match chosen.filter(|c| !c.is_empty() && !post(c)) {
            None => Ok(None),
            Some(key) => Ok(self.represented(account).await?.into_iter().find(|r| r.key() == key)),
        }
    }

    /// From now on the owner of the session acts in that appointment, for whom that mandate says, or in their own affairs.
    ///
    /// # Errors
    /// [`IdentityError::Missing`] when they have no such appointment or mandate.
    pub async fn act_as(&self, session: &Session, chosen: &str) -> Result<(), IdentityError> {
        if session.method == Method::Invitation.as_str() {
            return Err(IdentityError::Missing("post"));
        }
        let account = self.account(&session.account).await?;
        let posts = self.capacities(&account).await?;
        if let Some(r) = self.representing(&account, &posts, Some(chosen)).await? {
            // Whose affairs they are, sees it before anything is done; of an operator, the post in which they were until now.
            let now = |p: &&Capacity| session.acting.as_deref() == Some(p.appointment.as_str());
            let from = posts.iter().find(now).or_else(|| posts.first());
            let own = citizen(&account, r.chain);
            let acting = match from {
                Some(p) => Actor { name: p.title.clone(), body: p.body.clone(), ..own },
                None => own,
            };
            let begun = self.directory().begun_for(&acting).await;
            begun.map_err(|e| StoreError::Shape(format!("it could not be written down: {e}")))?;
        } else if !chosen.is_empty() && !posts.iter().any(|p| p.appointment.as_str() == chosen) {
            return Err(IdentityError::Missing("post"));
        }
        let chosen = Some(chosen.to_owned());
        self.revise(session, move |row| row.acting.clone_from(&chosen)).await
    }

    /// A session that the link of an invitation began has its owner's first proof now: it counts as begun by it, and goes on
    /// under the token that is given; none where nothing has changed.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] when the session is over.
    pub async fn strengthened(&self, session: &Session, by: Method) -> Result<Option<String>, IdentityError> {
        match session.method == Method::Invitation.as_str() {
            true => self.confirmed(session, by).await.map(Some),
            false => Ok(None),
        }
    }

    /// The owner of the session has proved again who they are: it goes on under the token that is given, and the one of before
    /// opens nothing any more.
    pub(crate) async fn confirmed(&self, session: &Session, method: Method) -> Result<String, IdentityError> {
        let before = secret::unwritten(&session.id).ok_or(IdentityError::Invalid)?;
        let (token, now) = (secret::token(&*self.rng), self.clock.now());
        let (key, hash) = (before.clone(), secret::hash(&token));
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let Some(mut row) = account::session(conn, &key)? else { return Ok(false) };
            (row.seen, row.confirmed, row.token) = (now, now, hash.clone());
            method.as_str().clone_into(&mut row.method);
            account::renew_session(conn, &key, &row)
        };
        let renewed = self.store.write::<_, StoreError>(job).await?;
        self.recent.forget(&before);
        if !renewed {
            return Err(IdentityError::Invalid);
        }
        tracing::info!(account = session.account, method = method.as_str(), "proved again");
        Ok(token)
    }

    async fn revise(
        &self,
        session: &Session,
        with: impl Fn(&mut SessionRow) + Send + 'static,
    ) -> Result<(), IdentityError> {
        let token = secret::unwritten(&session.id).ok_or(IdentityError::Invalid)?;
        let key = token.clone();
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let Some(mut row) = account::session(conn, &key)? else { return Ok(()) };
            with(&mut row);
            account::touch_session(conn, &row)
        };
        self.store.write::<_, StoreError>(job).await?;
        self.recent.forget(&token);
        Ok(())
    }

    /// Ends the session of a token, if there is one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(&self, token: &str) -> Result<(), IdentityError> {
        let hash = secret::hash(token);
        let key = hash.clone();
        let job = move |conn: &mut dyn Conn| match account::session(conn, &key)? {
            Some(row) => account::end_session(conn, &row.account, &key),
            None => Ok(false),
        };
        let ended = self.store.write::<_, StoreError>(job).await?;
        self.recent.forget(&hash);
        if ended {
            tracing::info!(session = secret::written(&hash[..8.min(hash.len())]), "signed out");
            self.ended.notify_one();
        }
        Ok(())
    }

    /// The sessions of an account, latest use first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions(&self, account: &str) -> Result<Vec<Session>, IdentityError> {
        let (account, now) = (account.to_owned(), self.clock.now());
        let rows = self.store.read::<_, StoreError>(move |conn| account::sessions(conn, &account)).await?;
        Ok(rows.into_iter().filter(|r| r.expires > now).map(shown).collect())
    }

    /// Ends one session of an account, by its identifier.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn end_session(&self, account: &str, id: &str) -> Result<(), IdentityError> {
        let token = secret::unwritten(id).ok_or(IdentityError::Missing("session"))?;
        let (account, key) = (account.to_owned(), token.clone());
        let job = move |conn: &mut dyn Conn| account::end_session(conn, &account, &key);
        let ended = self.store.write::<_, StoreError>(job).await?;
        self.recent.forget(&token);
        self.ended.notify_one();
        if ended { Ok(()) } else { Err(IdentityError::Missing("session")) }
    }

    /// Ends all sessions of an account but one; how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_sessions(&self, account: &str, but: Option<&Session>) -> Result<u64, IdentityError> {
        let (account, but) = (account.to_owned(), but.and_then(|s| secret::unwritten(&s.id)));
        let job = move |conn: &mut dyn Conn| account::end_sessions(conn, &account, but.as_deref());
        let ended = self.store.write::<_, StoreError>(job).await?;
        self.recent.forget_all();
        self.ended.notify_one();
        Ok(ended)
    }
}
