//! Devices with credentials of their own: a secret, told once and kept as a hash, lets them deliver for one space, and when so
//! given for one profile and one external id. Revoked ones are out within a second, on every node.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use quick_cache::sync::Cache;
use svod_kernel::{Actor, Rng, Role, SpacePath, Timestamp};
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

/// Devices that were looked up before, and what is known of revocations.
pub(crate) struct Devices {
    granted: Cache<String, Arc<Granted>>,
    /// How often devices have been revoked, as was seen last.
    revocations: AtomicI64,
    /// When that was, microseconds.
    looked: AtomicI64,
}

impl Devices {
    pub fn new() -> Self {
        Self { granted: Cache::new(REMEMBERED), revocations: AtomicI64::new(-1), looked: AtomicI64::new(0) }
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
    /// a second spares the devices that deliver a look of their own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look_for_revocations(&self) -> Result<bool, IdentityError> {
        let now = self.clock.now();
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

    /// A device, as it names itself, was not let in: told to the log and to those who watch over security. What it is answered.
    pub fn device_refused(&self, id: &str, address: &str) -> IdentityError {
        let network = limiter::network(address);
        let id: String = id.chars().filter(|c| !c.is_control()).take(32).collect();
        metrics::counter!("svod_devices_refused_total").increment(1);
        tracing::info!(device = id, network, "a device was refused");
        let _ = self.signs.send(Sign::Refused { network }); // nobody watching is fine
        IdentityError::Invalid
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
