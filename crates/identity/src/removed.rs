//! What is left of an account that was removed: marks of its login and of its person, made with the installation's key, so that who
//! reads the store learns neither. By them an invitation of before opens nothing, for as long as one could still be good.

use svod_kernel::Timestamp;
use svod_store::account::{self, ChallengeRow};
use svod_store::{Conn, StoreError};

use crate::account::LONGEST_INVITED;
use crate::ring::Ring;

/// Kind of what is left.
const REMOVED: &str = "removed";

/// Under what stands that an account of that login or of that person was removed. While one key takes the other's place an
/// invitation may be signed by either: then it is more.
pub(crate) fn marks(ring: &Ring, login: &str, person: Option<&str>) -> Vec<Vec<u8>> {
    let mut marks = ring.marks(&format!("login {login}"));
    marks.extend(person.into_iter().flat_map(|person| ring.marks(&format!("person {person}"))));
    marks
}

/// Leaves the marks of an account that is removed at that moment.
pub(crate) fn leave(conn: &mut dyn Conn, marks: &[Vec<u8>], at: Timestamp) -> Result<(), StoreError> {
    for mark in marks {
        account::take_challenge(conn, REMOVED, mark)?;
        let row = ChallengeRow {
            token: mark.clone(),
            kind: REMOVED.to_owned(),
            account: None,
            state: at.0.to_string(),
            expires: at.plus_seconds(LONGEST_INVITED),
        };
        account::add_challenge(conn, &row)?;
    }
    Ok(())
}

/// Was an account with one of these marks removed after that moment?
pub(crate) fn since(conn: &mut dyn Conn, marks: &[Vec<u8>], moment: Timestamp) -> Result<bool, StoreError> {
    for mark in marks {
        let Some(left) = account::challenge(conn, REMOVED, mark)? else { continue };
        // What cannot be read lets nobody in.
        if left.state.parse().map_or(true, |at| moment < Timestamp(at)) {
            return Ok(true);
        }
    }
    Ok(false)
}
