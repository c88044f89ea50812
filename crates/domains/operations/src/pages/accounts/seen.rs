//! Whose accounts an administrator sees: those of the people of their spaces, and of whoever holds a post there.

use svod_identity::Account;
use svod_kernel::{Actor, SpacePath};
use svod_portal::PageError;
use svod_registry::{INSTALLATION, QueryError};

use super::{PAGE, is_regional};
use crate::OperationsState;

/// Pages of accounts that are looked through for one that is shown.
const LOOKED: usize = 20;

/// Is it one of theirs? Somebody who belongs to no region, or is not there any more, is for whoever runs a whole one.
///
/// # Errors
/// The store failed.
pub async fn is_seen(s: &OperationsState, spaces: &[SpacePath], account: &Account) -> Result<bool, PageError> {
    let of_none = match s.registry.entity(&Actor::platform("accounts"), &account.person).await {
        Ok(person) if spaces.contains(&person.space) => return Ok(true),
        Ok(person) => person.space.as_str() == INSTALLATION,
        Err(QueryError::NotFound(_)) => true,
        Err(e) => return Err(e.into()),
    };
    if of_none && is_regional(spaces) {
        return Ok(true);
    }
    let held = s.identity.capacities(account).await?;
    Ok(held.iter().any(|post| spaces.contains(&post.space)))
}

/// A page of them after a login, and the login after which the next one begins.
///
/// # Errors
/// The store failed.
pub async fn page(
    s: &OperationsState,
    spaces: &[SpacePath],
    after: &str,
) -> Result<(Vec<Account>, Option<String>), PageError> {
    let (mut shown, mut after) = (Vec::new(), after.to_owned());
    for _ in 0..LOOKED {
        let all = s.identity.accounts(&after, PAGE).await?;
        let whole = all.len() == PAGE;
        for account in all {
            if shown.len() == PAGE {
                return Ok((shown, Some(after)));
            }
            account.login.clone_into(&mut after);
            if is_seen(s, spaces, &account).await? {
                shown.push(account);
            }
        }
        if !whole {
            return Ok((shown, None));
        }
    }
    Ok((shown, Some(after)))
}
