//! Accounts: made from invitations, with their ways to sign in.

use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Role, SpacePath, Timestamp, Urn, number};
use svod_store::account::{self, AccountRow};
use svod_store::client;
use svod_store::{Conn, StoreError};
use uuid::Uuid;

use crate::acts::{Of, has_a_way, owner};
use crate::again::Told;
use crate::session::{From, Method};
use crate::{Identity, IdentityError, Newcomer, passkey, password, persona, removed, secret, totp};

/// Longest login and name in characters.
const LONGEST: usize = 100;
/// An invitation is good for so many seconds.
pub const INVITED: i64 = 72 * 3600;
/// None is good for longer, in seconds: for so long it is remembered that an account was removed.
pub const LONGEST_INVITED: i64 = 30 * 24 * 3600;

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Identifier.
    pub id: Uuid,
    /// What they sign in with.
    pub login: String,
    /// How they are called.
    pub name: String,
    /// The person in the graph.
    pub person: Urn,
    /// May not sign in.
    pub blocked: bool,
    /// Has a password and an authenticator.
    pub has_password: bool,
    /// Recovery codes left.
    pub recovery_codes: usize,
    /// When it was made.
    pub created: Timestamp,
}

/// The word of accounts that may sign in.
pub(crate) const ACTIVE: &str = "active";
/// The word of those that may not.
pub(crate) const BLOCKED: &str = "blocked";

impl Account {
    pub(crate) fn of(row: AccountRow) -> Result<Self, IdentityError> {
        let shape = |what: &str| StoreError::Shape(format!("the account {} has no {what}", row.id));
        let codes: Vec<String> = serde_json::from_str(&row.recovery).map_err(|_| shape("recovery codes"))?;
        Ok(Self {
            id: row.id.parse().map_err(|_| shape("identifier"))?,
            person: row.person.as_deref().and_then(|p| p.parse().ok()).ok_or_else(|| shape("person"))?,
            blocked: row.state != ACTIVE,
            has_password: row.password.is_some(),
            recovery_codes: codes.len(),
            login: row.login,
            name: row.name,
            created: row.created,
        })
    }
}

/// An invitation: signed by the installation, good for one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What the account will be signed in with.
    pub login: String,
    /// How its owner is called.
    pub name: String,
    /// The post that its owner is appointed to: what they may be asked to be, and in which space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<(Role, SpacePath)>,
    /// The person of the graph whose account it is; none: somebody new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Urn>,
    /// When it is worth nothing any more, microseconds.
    pub expires: i64,
    /// When it was made, microseconds: an account that was kept out since is not opened by it.
    #[serde(default)]
    pub(crate) made: i64,
    /// Names it among those that are open; none for those of the command line, which stand nowhere but in their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) open: Option<String>,
    /// Tells it from tokens of another kind.
    kind: InvitationKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum InvitationKind {
    Invitation,
}

impl Invitation {
    /// To an account with that login.
    ///
    /// # Errors
    /// [`IdentityError::Field`]
    pub fn new(login: &str, name: &str, expires: Timestamp) -> Result<Self, IdentityError> {
        Ok(Self {
            login: login_of(login)?,
            name: name_of(name)?,
            post: None,
            person: None,
            expires: expires.0,
            made: 0,
            open: None,
            kind: InvitationKind::Invitation,
        })
    }

    /// Was it made at the command line, by who runs the machine?
    pub(crate) fn is_by_hand(&self) -> bool {
        self.open.is_none()
    }

    /// The same, which stands under that name among those that are open.
    pub(crate) fn named(&self, open: String) -> Self {
        Self { open: Some(open), ..self.clone() }
    }

    /// As the end of an address, made at that moment.
    pub fn seal(&self, key: &[u8; 32], made: Timestamp) -> String {
        persona::seal(key, &Self { made: made.0, ..self.clone() })
    }
}

/// The login as it is kept: small letters, no spaces.
pub(crate) fn login_of(text: &str) -> Result<String, IdentityError> {
    let login = text.trim().to_lowercase();
    let fine = |c: char| c.is_alphanumeric() || ".-_@+".contains(c);
    let wrong = |rule, fix: &str| Err(IdentityError::Field("login", rule, fix.to_owned()));
    if !(3..=LONGEST).contains(&login.chars().count()) {
        return wrong("length", "take 3 to 100 characters");
    }
    if !login.chars().all(fine) {
        return wrong("characters", "take letters, digits and . - _ @ +, an e-mail address for instance");
    }
    Ok(login)
}

fn name_of(text: &str) -> Result<String, IdentityError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        return Err(IdentityError::Field("name", "length", "write 1 to 100 characters".into()));
    }
    Ok(name)
}

/// What there is under a login.
#[expect(clippy::large_enum_variant, reason = "it lives for a moment")]
pub(crate) enum Known {
    Nobody,
    /// An account that nobody can sign in with yet.
    Bare(AccountRow),
    Taken,
}

/// A passkey that opens the account no more still keeps it from who comes with an invitation.
pub(crate) fn bare(conn: &mut dyn Conn, login: &str, told: &Told) -> Result<Known, StoreError> {
    // Whoever was meant by it had their account, and has it no more.
    if removed::since(conn, &told.marks, told.made)? {
        return Ok(Known::Taken);
    }
    let Some(row) = account::by_login(conn, login)? else { return Ok(Known::Nobody) };
    // What was changed since it was made is somebody's, who comes back by an invitation of their own alone (`again`).
    let closed = row.created != row.modified || !is_bare(conn, &row)?;
    Ok(if closed { Known::Taken } else { Known::Bare(row) })
}

/// Is the account open, with nothing to sign in with?
pub(crate) fn is_bare(conn: &mut dyn Conn, row: &AccountRow) -> Result<bool, StoreError> {
    Ok(row.state == ACTIVE && !has_a_way(conn, row)?)
}

/// A password with its authenticator, begun.
#[derive(Debug, Clone)]
pub struct Authenticator {
    /// Names what was begun.
    pub token: String,
    /// The secret as it is typed.
    pub secret: String,
    /// As an authenticator reads it from a picture.
    pub address: String,
}

/// Kind of what was begun.
const ENROL: &str = "authenticator";
/// For so many seconds.
const ENROL_SECONDS: i64 = 15 * 60;

impl Identity {
    /// What an invitation says, as long as it is good.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Over`] when it has expired, was taken back, its account exists or was removed
    /// since, or whoever made it may not any more.
    pub async fn invitation(&self, token: &str) -> Result<Invitation, IdentityError> {
        let invitation: Invitation = self.ring.signed(token)?;
        if Timestamp(invitation.expires) <= self.clock.now() {
            return Err(IdentityError::Over);
        }
        if let Some(open) = &invitation.open {
            self.still_open(open).await?;
        }
        let over = self.is_taken(&invitation.login, invitation.person.as_ref(), self.known_by(&invitation)).await?;
        if over { Err(IdentityError::Over) } else { Ok(invitation) }
    }

    /// Is there an account of the login that its owner can sign in with, or of the person who is invited?
    pub(crate) async fn is_taken(&self, login: &str, person: Option<&Urn>, told: Told) -> Result<bool, IdentityError> {
        if let Some(person) = person {
            return match self.may_return((login, person), told).await {
                Ok(()) => Ok(false),
                Err(IdentityError::Taken(_) | IdentityError::Field(..) | IdentityError::Over) => Ok(true),
                Err(other) => Err(other),
            };
        }
        let login = login.to_owned();
        // An account without anything to sign in with waits for its owner to come again.
        let taken = move |conn: &mut dyn Conn| Ok::<_, StoreError>(matches!(bare(conn, &login, &told)?, Known::Taken));
        Ok(self.store.read(taken).await?)
    }

    /// An invitation to be handed over, which no administrator made.
    pub fn invite(&self, invitation: &Invitation) -> String {
        invitation.seal(&self.ring.key(), self.clock.now())
    }

    /// Makes the account that an invitation is for, or opens that of its person anew, and begins its first session. It has no way
    /// to sign in yet.
    ///
    /// # Errors
    /// As [`Identity::invitation`].
    pub async fn accept(&self, token: &str, from: &From) -> Result<(Account, String), IdentityError> {
        let invitation = self.invitation(token).await?;
        if let Some(person) = &invitation.person {
            return self.again((&invitation, person), from).await;
        }
        let (login, told) = (invitation.login.clone(), self.known_by(&invitation));
        let known = told.clone();
        if let Known::Bare(row) = self.store.read::<_, StoreError>(move |conn| bare(conn, &login, &known)).await? {
            self.may_reach(&row, &invitation).await?;
            self.end_sessions(&row.id, None).await?;
            self.came_by(&row.id, &invitation).await?;
            let token = self.begin(&row.id, Method::Invitation, from).await?;
            return Ok((Account::of(row)?, token));
        }
        let person = self.newcomer(&invitation.name, invitation.post.clone(), None).await?;
        let row = self.fresh(&invitation.login, &invitation.name, &person);
        let made = row.clone();
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let gone = removed::since(conn, &told.marks, told.made)?;
            if gone || account::by_login(conn, &made.login)?.is_some() {
                return Err(IdentityError::Over);
            }
            Ok(account::add(conn, &made)?)
        };
        self.store.write(job).await?;
        self.came_by(&row.id, &invitation).await?;
        let token = self.begin(&row.id, Method::Invitation, from).await?;
        Ok((Account::of(row)?, token))
    }

    /// Somebody new becomes a person of the graph.
    pub(crate) async fn newcomer(
        &self,
        name: &str,
        post: Option<(Role, SpacePath)>,
        number: Option<String>,
    ) -> Result<Urn, IdentityError> {
        let person = Urn::mint("Person", self.clock.now(), &*self.rng);
        let newcomer = Newcomer { person: person.clone(), name: name.to_owned(), post, number };
        let enrolled = self.directory().enrol(&newcomer).await;
        enrolled.map_err(|e| StoreError::Shape(format!("the newcomer was not enrolled: {e}")))?;
        Ok(person)
    }

    /// An account as it begins: open, with nothing to sign in with.
    pub(crate) fn fresh(&self, login: &str, name: &str, person: &Urn) -> AccountRow {
        let (mut bytes, now) = ([0; 16], self.clock.now());
        self.rng.fill(&mut bytes);
        AccountRow {
            id: uuid::Builder::from_random_bytes(bytes).into_uuid().to_string(),
            login: login.to_owned(),
            name: name.to_owned(),
            person: Some(person.to_string()),
            state: ACTIVE.to_owned(),
            password: None,
            totp: Vec::new(),
            totp_step: 0,
            recovery: "[]".to_owned(),
            created: now,
            modified: now,
        }
    }

    /// The account of an identifier.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn account(&self, id: &str) -> Result<Account, IdentityError> {
        Account::of(self.row(id).await?)
    }

    pub(crate) async fn row(&self, id: &str) -> Result<AccountRow, IdentityError> {
        let id = id.to_owned();
        let row = self.store.read::<_, StoreError>(move |conn| account::get(conn, &id)).await?;
        row.ok_or(IdentityError::Missing("account"))
    }

    /// Accounts in the order of their logins, after one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accounts(&self, after: &str, limit: usize) -> Result<Vec<Account>, IdentityError> {
        let after = after.to_owned();
        let rows =
            self.store.read::<_, StoreError>(move |conn| account::list(conn, &after, number::count(limit))).await?;
        rows.into_iter().map(Account::of).collect()
    }

    /// Keeps an account out, or lets it in again; out, all its sessions and the tokens of sites end.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn block(&self, id: &str, blocked: bool, by: &Actor) -> Result<(), IdentityError> {
        let (verb, state) = if blocked { ("block", BLOCKED) } else { ("unblock", ACTIVE) };
        let act = self.act(verb, Of::account(id), by);
        let (event, (key, now)) = (act.clone(), (id.to_owned(), self.clock.now()));
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let row = account::get(conn, &key)?.ok_or(IdentityError::Missing("account"))?;
            let person = row.person.as_ref().and_then(|p| p.parse::<Urn>().ok());
            account::put(conn, &AccountRow { state: state.to_owned(), modified: now, ..row })?;
            event.write(conn)?;
            Ok::<_, IdentityError>(person)
        };
        let person = self.store.write(job).await?;
        self.tells(&act, person, None);
        let (account, now) = (id.to_owned(), self.clock.now());
        if blocked {
            self.end_sessions(id, None).await?;
            self.store.write::<_, StoreError>(move |conn| client::end_account(conn, &account)).await?;
        } else {
            // Let in again it has its whole time before it, whenever it was used last.
            self.store.write::<_, StoreError>(move |conn| account::used(conn, &account, now)).await?;
        }
        Ok(())
    }

    /// Changes an account as it is in the store at that moment.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        id: &str,
        with: impl Fn(&mut AccountRow) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let (id, now) = (id.to_owned(), self.clock.now());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let mut row = account::get(conn, &id)?.ok_or(IdentityError::Missing("account"))?;
            let done = with(&mut row)?;
            row.modified = now;
            account::put(conn, &row)?;
            Ok(done)
        };
        self.store.write(job).await
    }

    /// Begins a password with its authenticator: the secret that the authenticator must be given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin_password(&self, account: &Account, issuer: &str) -> Result<Authenticator, IdentityError> {
        let secret = totp::secret(&*self.rng);
        let id = account.id.to_string();
        let sealed = secret::written(&self.ring.seal(&id, &secret, &*self.rng));
        let token = self.put_aside(ENROL, Some(id), serde_json::json!(sealed), ENROL_SECONDS).await?;
        let address = totp::address(issuer, &account.login, &secret);
        Ok(Authenticator { token, secret: totp::written(&secret), address })
    }

    /// As [`Identity::begin_password`], of what was begun: a form that was refused shows it again.
    ///
    /// # Errors
    /// [`IdentityError::Over`]
    pub async fn begun_password(
        &self,
        account: &Account,
        issuer: &str,
        token: &str,
    ) -> Result<Authenticator, IdentityError> {
        let (secret, id) = (self.enrolled(token).await?, account.id.to_string());
        let secret = self.ring.open(&id, &secret).ok_or(IdentityError::Over)?;
        let address = totp::address(issuer, &account.login, &secret);
        Ok(Authenticator { token: token.to_owned(), secret: totp::written(&secret), address })
    }

    async fn enrolled(&self, token: &str) -> Result<Vec<u8>, IdentityError> {
        let begun = self.look_at(ENROL, token).await?;
        let sealed: String = serde_json::from_str(&begun.state).map_err(|_| IdentityError::Over)?;
        secret::unwritten(&sealed).ok_or(IdentityError::Over)
    }

    /// Sets a password with the authenticator that was begun, which proves itself by a code. Gives recovery codes, once.
    ///
    /// # Errors
    /// [`IdentityError::Field`] for a password or code that will not do, [`IdentityError::Over`].
    pub async fn set_password(
        &self,
        account: &Account,
        token: &str,
        (password, code): (String, &str),
    ) -> Result<Vec<String>, IdentityError> {
        password::check(&password, &account.login, &account.name)?;
        self.not_breached(&password).await?;
        let (sealed, id) = (self.enrolled(token).await?, account.id.to_string());
        let secret = self.ring.open(&id, &sealed).ok_or(IdentityError::Over)?;
        let wrong =
            || IdentityError::Field("code", "code", "type the six digits that the authenticator shows now".into());
        let step = totp::step(&secret, code, self.clock.now(), 0).ok_or_else(wrong)?;
        self.take(ENROL, token).await?;
        let mut salt = [0; 16];
        self.rng.fill(&mut salt);
        let hash = self.passwords.hash(password, salt).await?;
        let codes = secret::recovery_codes(&*self.rng);
        let kept: Vec<String> = codes.iter().map(|c| secret::recovery_hash(&id, c)).collect();
        let kept = serde_json::json!(kept).to_string();
        // The installation's key may have changed since it was begun.
        let sealed = self.ring.seal(&id, &secret, &*self.rng);
        let act = self.act("set-password", Of::account(&id), &owner(account));
        let (event, now, key) = (act.clone(), self.clock.now(), id.clone());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let mut row = account::get(conn, &key)?.ok_or(IdentityError::Missing("account"))?;
            let had = has_a_way(conn, &row)?;
            (row.password, row.modified) = (Some(hash.clone()), now);
            (row.totp, row.totp_step) = (sealed.clone(), step);
            row.recovery.clone_from(&kept);
            account::put(conn, &row)?;
            event.write(conn)?;
            Ok::<_, IdentityError>(had)
        };
        match self.store.write(job).await? {
            true => self.tells(&act, Some(account.person.clone()), None),
            false => self.done(&act),
        }
        Ok(codes)
    }

    /// Refuses a password that is known to have leaked, where the installation knows which have.
    async fn not_breached(&self, password: &str) -> Result<(), IdentityError> {
        let Some(breached) = self.breached.clone() else { return Ok(()) };
        let password = password.to_owned();
        let looked = tokio::task::spawn_blocking(move || breached.knows(&password)).await;
        match looked.map_err(|_| IdentityError::Over)? {
            Ok(false) => Ok(()),
            Ok(true) => {
                let fix = "it stands in lists of stolen passwords; take another".to_owned();
                Err(IdentityError::Field("password", "breached", fix))
            }
            Err(error) => {
                tracing::error!(%error, "the list of stolen passwords cannot be read; none is set meanwhile");
                Err(StoreError::Unavailable("the list of stolen passwords".into()).into())
            }
        }
    }

    /// Takes the password away, with authenticator and recovery codes.
    ///
    /// # Errors
    /// [`IdentityError::LastWay`] without a passkey that opens the account and an outside provider.
    pub async fn drop_password(&self, account: &Account) -> Result<(), IdentityError> {
        let (id, now) = (account.id.to_string(), self.clock.now());
        let act = self.act("drop-password", Of::account(&id), &owner(account));
        let event = act.clone();
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let mut row = account::get(conn, &id)?.ok_or(IdentityError::Missing("account"))?;
            if passkey::opening(conn, &id)?.is_empty() && svod_store::outside::list(conn, &id)?.is_empty() {
                return Err(IdentityError::LastWay);
            }
            (row.password, row.totp, row.totp_step, row.modified) = (None, Vec::new(), 0, now);
            "[]".clone_into(&mut row.recovery);
            account::put(conn, &row)?;
            Ok(event.write(conn)?)
        };
        self.store.write::<_, IdentityError>(job).await?;
        self.tells(&act, Some(account.person.clone()), None);
        Ok(())
    }
}
