use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use svod_ledger::Hash;
use svod_store::StoreError;
use svod_store::journal::{Members, NewEvent};

/// Bytes of a salt.
pub const SALT: usize = 16;

/// The event without its changes: one line of JSON, members always in the same order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    space: &'a str,
    seq: i64,
    at: String,
    actor: &'a str,
    actor_name: &'a str,
    action: &'a str,
    entity: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    version: i64,
    ground: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf: Option<&'a str>,
}

fn shape(space: &str, seq: i64, e: &serde_json::Error) -> StoreError {
    StoreError::Shape(format!("event {seq} of {space}: {e}"))
}

fn head(space: &str, seq: i64, event: &NewEvent) -> Result<String, StoreError> {
    let head = Head {
        space,
        seq,
        at: event.at.to_string(),
        actor: &event.actor,
        actor_name: &event.actor_name,
        action: &event.action,
        entity: &event.urn,
        kind: &event.kind,
        version: event.version,
        ground: &event.ground,
        cause: event.cause.as_deref(),
        on_behalf: event.on_behalf.as_deref(),
    };
    serde_json::to_string(&head).map_err(|e| shape(space, seq, &e))
}

fn members<'e>(space: &str, seq: i64, event: &'e NewEvent) -> Result<Members<'e>, StoreError> {
    serde_json::from_str(&event.changes).map_err(|e| shape(space, seq, &e))
}

/// A salt of a part, from that of the event: whoever is shown one part learns nothing of the others.
fn part_salt(salt: &[u8], part: &[u8]) -> [u8; SALT] {
    let digest: Hash = Sha256::new().chain_update(salt).chain_update(part).finalize().into();
    let mut short = [0; SALT];
    short.copy_from_slice(&digest[..SALT]);
    short
}

fn head_salt(salt: &[u8]) -> [u8; SALT] {
    part_salt(salt, &[0])
}

fn member_salt(salt: &[u8], name: &str) -> [u8; SALT] {
    part_salt(salt, &[&[1], name.as_bytes()].concat())
}

/// How long a name or a head is: of kilobytes, whatever is written into the journal.
#[expect(
    clippy::cast_possible_truncation,
    reason = "no row of the journal is of 4 GiB, and its whole text is hashed too"
)]
const fn length(text: &str) -> [u8; 4] {
    (text.len() as u32).to_be_bytes()
}

/// SHA-256 over the salt, the length of the name (four bytes, big endian), name and change.
fn member_digest(salt: &[u8; SALT], name: &str, change: &str) -> Hash {
    let length = length(name);
    Sha256::new().chain_update(salt).chain_update(length).chain_update(name).chain_update(change).finalize().into()
}

/// SHA-256 over the salt, the length of the head (four bytes, big endian), the head, and the digests of all changes.
fn entry(salt: &[u8; SALT], head: &str, digests: impl Iterator<Item = Hash>) -> Hash {
    let length = length(head);
    let begun = Sha256::new().chain_update(salt).chain_update(length).chain_update(head);
    digests.fold(begun, Digest::chain_update).finalize().into()
}

/// The entry of the log for an event: a commitment to its head and to each of its changes, letter by letter as they stand in
/// the journal, so that some of them can be shown and others not.
///
/// # Errors
/// When the changes are no JSON object.
pub fn commitment(salt: &[u8], space: &str, seq: i64, event: &NewEvent) -> Result<Hash, StoreError> {
    let members = members(space, seq, event)?;
    let digests = members.0.iter().map(|(name, change)| member_digest(&member_salt(salt, name), name, change.get()));
    Ok(entry(&head_salt(salt), &head(space, seq, event)?, digests))
}

/// What opens a commitment, in whole or in part; stands in a receipt as its extra data, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Of the head, hexadecimal.
    pub salt: String,
    /// Who did what to which entity, when and on what ground.
    pub event: String,
    /// What changed, in the journal's order.
    pub changes: Vec<Part>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// It is shown.
    Open {
        /// Hexadecimal.
        salt: String,
        /// Attribute.
        name: String,
        /// `{"old", "new"}`
        change: String,
    },
    /// It is not shown to this reader, or was erased.
    Hidden {
        /// What it commits to, hexadecimal.
        digest: String,
    },
}

impl Secret {
    /// Of an event, with the changes of those names.
    ///
    /// # Errors
    /// When the changes are no JSON object.
    pub fn of(
        salt: &[u8],
        (space, seq): (&str, i64),
        event: &NewEvent,
        shows: impl Fn(&str) -> bool,
    ) -> Result<Self, StoreError> {
        let part = |(name, change): &(std::borrow::Cow<'_, str>, &RawValue)| {
            let salt = member_salt(salt, name);
            if shows(name) {
                return Part::Open { salt: hex(&salt), name: name.to_string(), change: change.get().to_owned() };
            }
            Part::Hidden { digest: hex(&member_digest(&salt, name, change.get())) }
        };
        let changes = members(space, seq, event)?.0.iter().map(part).collect();
        Ok(Self { salt: hex(&head_salt(salt)), event: head(space, seq, event)?, changes })
    }

    /// The entry that it opens; none when something is not hexadecimal.
    pub fn entry(&self) -> Option<Hash> {
        let digest = |part: &Part| match part {
            Part::Open { salt, name, change } => Some(member_digest(&unhex(salt)?, name, change)),
            Part::Hidden { digest } => unhex(digest),
        };
        let digests: Option<Vec<Hash>> = self.changes.iter().map(digest).collect();
        Some(entry(&unhex(&self.salt)?, &self.event, digests?.into_iter()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let bytes: Option<Vec<u8>> = digits.map(|d| u8::from_str_radix(d?, 16).ok()).collect();
    bytes?.try_into().ok()
}
