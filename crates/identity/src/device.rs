//! Devices with credentials of their own: a secret, told once and kept as a hash, lets them deliver for one space, and when so
//! given for one profile and one external id. Revoked ones are out within a second, on every node.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::sync::Cache;
use svod_kernel::{Actor, Rng, Role, SpacePath, Timestamp};
use svod_store::account::{self, ChallengeRow};
use svod_store::device::{self, DeviceQuery, DeviceRow};
use svod_store::{Conn, StoreError};

use crate::session::BELIEVED;
use crate::{Identity, IdentityError, Sign, limiter, secret};

/// How the secret of a device begins, so that whoever looks for leaked secrets knows it.
pub const DEVICE_SECRET: &str = "svod_device_";
/// How the stable id of such a device as an actor begins; those without credentials have another.
const ACTOR: &str = "keyed-device:";
/// Devices remembered.
const REMEMBERED: usize = 100_000;
/// That a device was let in is written down when it is that much later than what is written, in seconds.
const TOUCH: i64 = 5 * 60;
/// Kind of what remembers that a form was sent, and for how many seconds.
const FORM: &str = "device-form";
const FORM_SECONDS: i64 = 24 * 3600;
/// Networks of which refusals are counted.
const NETWORKS: usize = 10_000;
/// Refusals of one network are told once in so many seconds.
const TOLD: i64 = 1;
/// Longest name, profile and external id, characters.
const LONGEST: usize = 100;

/// A device that is to be let in.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// As people call it.
    pub name: String,
    /// The space that it may deliver for, and those below.
    pub home: SpacePath,
    /// The one device profile that it may deliver by; none: any.
    pub profile: Option<String>,
    /// The one external id that it may deliver for; none: any, as a gateway does.
    pub device: Option<String>,
}

impl NewDevice {
    /// What is kept of it, and its secret (256 random bits), which is told once.
    ///
    /// # Errors
    /// [`IdentityError::Field`]
    pub fn credentials(&self, by: &str, now: Timestamp, rng: &dyn Rng) -> Result<(DeviceRow, String), IdentityError> {
        let [name, profile, device] = [Some(&self.name), self.profile.as_ref(), self.device.as_ref()]
            .map(|text| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()));
        let name = name.ok_or_else(|| wrong("name", "needed", "say how the device is called"))?;
        for (field, text) in [("name", Some(&name)), ("profile", profile.as_ref()), ("device", device.as_ref())] {
            let fits = |t: &String| t.chars().count() <= LONGEST && !t.chars().any(char::is_control);
            if !text.is_none_or(fits) {
                return Err(wrong(field, "text", "at most 100 characters, on one line"));
            }
        }
        let id = format!("d{:016x}", rng.next_u64());
        let said = format!("{DEVICE_SECRET}{id}_{}", secret::token(rng));
        let found_by = [Some(&name), profile.as_ref(), device.as_ref(), Some(&id)];
        let words = found_by.into_iter().flatten().map(|t| t.to_lowercase()).collect::<Vec<_>>().join(" ");
        let row = DeviceRow {
            words: format!("{words} {}", self.home),
            home: self.home.to_string(),
            secret: secret::hash(&said),
            actor: by.to_owned(),
            created: now,
            seen: None,
            revoked: None,
            id,
            name,
            profile,
            device,
        };
        Ok((row, said))
    }
}

fn wrong(field: &'static str, rule: &'static str, fix: &str) -> IdentityError {
    IdentityError::Field(field, rule, fix.to_owned())
}

/// A device as those see it who look after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Identifier, its user name at the broker.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// The space that it may deliver for, and those below.
    pub home: SpacePath,
    /// The one device profile that it may deliver by.
    pub profile: Option<String>,
    /// The one external id that it may deliver for.
    pub device: Option<String>,
    /// Who made it, stable id.
    pub by: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was let in last, to some minutes.
    pub seen: Option<Timestamp>,
    /// Since when it is let in no more.
    pub revoked: Option<Timestamp>,
}

impl Device {
    fn of(row: DeviceRow) -> Result<Self, IdentityError> {
        let home = row.home.parse().map_err(|_| StoreError::Shape(format!("device {} has no space", row.id)))?;
        let DeviceRow { id, name, profile, device, actor: by, created, seen, revoked, .. } = row;
        Ok(Self { id, name, home, profile, device, by, created, seen, revoked })
    }

    /// Names its place in a list.
    pub fn place(&self) -> String {
        format!("{}.{}", self.created.0, self.id)
    }
}

/// What [`Device::place`] has named.
pub fn device_place(text: &str) -> Option<(Timestamp, String)> {
    let (created, id) = text.split_once('.')?;
    Some((Timestamp(created.parse().ok()?), id.to_owned()))
}

/// What a device may deliver.
#[derive(Debug, PartialEq, Eq)]
pub struct Deliverer {
    /// As whom.
    pub actor: Arc<Actor>,
    /// By this profile only; none: by any.
    pub profile: Option<String>,
    /// For this external id only; none: for any.
    pub device: Option<String>,
}

/// A device that was looked up.
struct Granted {
    secret: Vec<u8>,
    may: Arc<Deliverer>,
    loaded: Timestamp,
    /// How often devices had been revoked when it was read.
    revocations: i64,
    seen: AtomicI64,
}

/// Refusals of one network.
struct Refused {
    /// Those that were not told yet.
    untold: u32,
    /// When some were told last.
    told: Timestamp,
}

/// Refusals that were counted and not told yet, by network: strangers can send as many as they like.
#[derive(Default)]
struct Refusals(Mutex<HashMap<String, Refused>>);

impl Refusals {
    /// One more of that network; how many are to be told now, none when some were a moment ago.
    fn count(&self, network: &str, now: Timestamp) -> Option<u32> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of) = all.get_mut(network) {
            of.untold = of.untold.saturating_add(1);
            return of.due(now);
        }
        if all.len() >= NETWORKS {
            all.retain(|_, of| of.untold > 0 || !of.is_over(now));
        }
        // So many networks at once: those that are counted already tell of it.
        if all.len() < NETWORKS {
            all.insert(network.to_owned(), Refused { untold: 0, told: now });
            return Some(1);
        }
        None
    }

    /// What was left behind and is to be told now.
    fn left(&self, now: Timestamp) -> Vec<(String, u32)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, of| of.untold > 0 || !of.is_over(now));
        all.iter_mut().filter_map(|(network, of)| Some((network.clone(), of.due(now)?))).collect()
    }
}

impl Refused {
    fn is_over(&self, now: Timestamp) -> bool {
        self.told.plus_seconds(TOLD) <= now
    }

    fn due(&mut self, now: Timestamp) -> Option<u32> {
        if self.untold == 0 || !self.is_over(now) {
            return None;
        }
        self.told = now;
        Some(std::mem::take(&mut self.untold))
    }
}

/// Devices that were looked up before, and what is known of revocations.
pub(crate) struct Devices {
    granted: Cache<String, Arc<Granted>>,
    refusals: Refusals,
    /// How often devices have been revoked, as was seen last.
    revocations: AtomicI64,
    /// When that was, microseconds.
    looked: AtomicI64,
}

impl Devices {
    pub fn new() -> Self {
        Self {
            granted: Cache::new(REMEMBERED),
            refusals: Refusals::default(),
            revocations: AtomicI64::new(-1),
            looked: AtomicI64::new(0),
        }
    }

    /// Good as long as nothing was revoked since it was read, and that was looked at a moment ago.
    fn known(&self, id: &str, now: Timestamp) -> Option<Arc<Granted>> {
        let looked = Timestamp(self.looked.load(Ordering::Acquire));
        let newest = self.revocations.load(Ordering::Acquire);
        let good = |g: &Arc<Granted>| g.revocations >= newest && now < g.loaded.max(looked).plus_seconds(BELIEVED);
        self.granted.get(id).filter(good)
    }
}

impl Identity {
    /// Lets a device in from now on; the secret is told this once.
    ///
    /// # Errors
    /// [`IdentityError::Field`]; when the store fails.
    pub async fn add_device(&self, new: &NewDevice, by: &Actor) -> Result<(Device, String), IdentityError> {
        let (row, said) = new.credentials(&by.id, self.clock.now(), &*self.rng)?;
        let kept = row.clone();
        self.store.write::<_, StoreError>(move |conn| device::add(conn, &kept)).await?;
        tracing::info!(device = row.id, by = by.id, space = row.home, "a device is let in");
        Ok((Device::of(row)?, said))
    }

    /// The same from a form, which lets in one device however often it is sent: `form` names it, and nobody else's has that
    /// name.
    ///
    /// # Errors
    /// As [`Identity::add_device`]; [`IdentityError::Field`] `name`, `used` when it was sent before.
    pub async fn add_device_by_form(
        &self,
        new: &NewDevice,
        (by, form): (&Actor, &str),
    ) -> Result<(Device, String), IdentityError> {
        let now = self.clock.now();
        let (row, said) = new.credentials(&by.id, now, &*self.rng)?;
        let (kept, sent) = (
            row.clone(),
            ChallengeRow {
                token: secret::hash(&format!("{FORM} {} {form}", by.id)),
                kind: FORM.to_owned(),
                account: None,
                state: row.id.clone(),
                expires: now.plus_seconds(FORM_SECONDS),
            },
        );
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            if account::challenge(conn, FORM, &sent.token)?.is_some() {
                return Err(wrong("name", "used", "this form has let a device in already: look for it in the list"));
            }
            account::add_challenge(conn, &sent)?;
            Ok(device::add(conn, &kept)?)
        };
        self.store.write(job).await?;
        tracing::info!(device = row.id, by = by.id, space = row.home, "a device is let in");
        Ok((Device::of(row)?, said))
    }

    /// A page of devices, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn devices(&self, query: DeviceQuery) -> Result<Vec<Device>, IdentityError> {
        let rows = self.store.read::<_, StoreError>(move |conn| device::list(conn, &query)).await?;
        rows.into_iter().map(Device::of).collect()
    }

    /// The device of an identifier, revoked or not.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn device(&self, id: &str) -> Result<Device, IdentityError> {
        let id = id.to_owned();
        let row = self.store.read::<_, StoreError>(move |conn| device::get(conn, &id)).await?;
        Device::of(row.ok_or(IdentityError::Missing("device"))?)
    }

    /// It is let in no more; what it holds open ends within a second.
    ///
    /// # Errors
    /// [`IdentityError::Missing`] when there is none that is let in.
    pub async fn revoke_device(&self, id: &str, by: &Actor) -> Result<(), IdentityError> {
        let (key, now) = (id.to_owned(), self.clock.now());
        if !self.store.write::<_, StoreError>(move |conn| device::revoke(conn, &key, now)).await? {
            return Err(IdentityError::Missing("device"));
        }
        self.devices.granted.remove(id);
        tracing::info!(device = id, by = by.id, "a device is let in no more");
        Ok(())
    }

    /// Looks whether devices were revoked, here or elsewhere; true when some were since the last look. Whoever calls it twice
    /// a second spares the devices that deliver a look of their own. Refusals that wait are told by the way.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look_for_revocations(&self) -> Result<bool, IdentityError> {
        let now = self.clock.now();
        for (network, count) in self.devices.refusals.left(now) {
            self.tell_refused("", network, count);
        }
        let times = self.store.read::<_, StoreError>(|conn| device::revocations(conn)).await?;
        let before = self.devices.revocations.swap(times, Ordering::AcqRel);
        self.devices.looked.store(now.0, Ordering::Release);
        Ok(times != before)
    }

    /// As which actors devices were known that are let in no more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoked_devices(&self) -> Result<HashSet<String>, IdentityError> {
        let ids = self.store.read::<_, StoreError>(|conn| device::revoked(conn)).await?;
        Ok(ids.into_iter().map(|id| format!("{ACTOR}{id}")).collect())
    }

    /// Whether the text is the secret of a device, good or not.
    pub fn is_device_secret(text: &str) -> bool {
        text.starts_with(DEVICE_SECRET)
    }

    /// Which device has that secret. `named` is what it says that it is called, `address` from where it comes.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], which those are told who watch over security; when the store fails.
    pub async fn device_of(
        &self,
        said: &str,
        named: Option<&str>,
        address: &str,
    ) -> Result<Arc<Deliverer>, IdentityError> {
        let id = said.strip_prefix(DEVICE_SECRET).and_then(|rest| rest.split_once('_')).map_or("", |(id, _)| id);
        if id.is_empty() || named.is_some_and(|name| name != id) {
            return Err(self.device_refused(named.unwrap_or(id), address));
        }
        match self.granted(id).await? {
            Some(granted) if granted.secret == secret::hash(said) => {
                self.seen(id, &granted).await;
                Ok(granted.may.clone())
            }
            _ => Err(self.device_refused(id, address)),
        }
    }

    /// What a device that was let in may deliver now; none when it may no more.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn device_still(&self, actor: &Actor) -> Result<Option<Arc<Deliverer>>, IdentityError> {
        let Some(id) = actor.id.strip_prefix(ACTOR) else { return Ok(None) };
        let Some(granted) = self.granted(id).await? else { return Ok(None) };
        self.seen(id, &granted).await;
        Ok(Some(granted.may.clone()))
    }

    /// Whether it is a device with credentials of its own.
    pub fn is_device(actor: &Actor) -> bool {
        actor.id.starts_with(ACTOR)
    }

    /// A device, as it names itself, was not let in: counted, and told to the log and to those who watch over security, once a
    /// second for each network, with how many it were. What it is answered, always [`IdentityError::Invalid`].
    pub fn device_refused(&self, id: &str, address: &str) -> IdentityError {
        let network = limiter::network(address);
        metrics::counter!("svod_devices_refused_total").increment(1);
        if let Some(count) = self.devices.refusals.count(&network, self.clock.now()) {
            self.tell_refused(id, network, count);
        }
        IdentityError::Invalid
    }

    /// `id` is what the last of them has named itself; empty where that is not known any more.
    fn tell_refused(&self, id: &str, network: String, count: u32) {
        let id: String = id.chars().filter(|c| !c.is_control()).take(32).collect();
        tracing::info!(device = id, network, count, "a device was refused");
        let _ = self.signs.send(Sign::DevicesRefused { network, count }); // nobody watching is fine
    }

    async fn granted(&self, id: &str) -> Result<Option<Arc<Granted>>, IdentityError> {
        let now = self.clock.now();
        if let Some(granted) = self.devices.known(id, now) {
            return Ok(Some(granted));
        }
        let key = id.to_owned();
        let look =
            move |conn: &mut dyn Conn| Ok::<_, StoreError>((device::get(conn, &key)?, device::revocations(conn)?));
        let (row, revocations) = self.store.read(look).await?;
        let Some(row) = row.filter(|row| row.revoked.is_none()) else { return Ok(None) };
        let seen = AtomicI64::new(row.seen.map_or(0, |at| at.0));
        let secret = row.secret.clone();
        let device = Device::of(row)?;
        let actor = Actor {
            id: format!("{ACTOR}{}", device.id),
            name: "device".to_owned(),
            roles: [Role::Device].into(),
            spaces: vec![device.home],
            body: None,
            on_behalf: Vec::new(),
        };
        let may = Arc::new(Deliverer { actor: Arc::new(actor), profile: device.profile, device: device.device });
        let granted = Arc::new(Granted { secret, may, loaded: now, revocations, seen });
        self.devices.granted.insert(id.to_owned(), granted.clone());
        Ok(Some(granted))
    }

    /// Writes down that it was let in; not each time.
    async fn seen(&self, id: &str, granted: &Granted) {
        let (now, before) = (self.clock.now(), granted.seen.load(Ordering::Relaxed));
        let due = Timestamp(before).plus_seconds(TOUCH) <= now;
        if !due || granted.seen.compare_exchange(before, now.0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let key = id.to_owned();
        if let Err(error) = self.store.write::<_, StoreError>(move |conn| device::seen(conn, &key, now)).await {
            tracing::debug!(%error, "when a device was let in could not be written down");
        }
    }
}
