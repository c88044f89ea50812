//! Accounts that nobody uses.

use svod_identity::IdentityError;
use svod_kernel::Clock as _;
use svod_store::testing::TestPlace;

use crate::{House, PASSWORD};

const DAY: i64 = 86_400;

/// ASVS V14.2.4: accounts have an end, and who signs in keeps theirs.
pub async fn an_account_that_nobody_uses_is_kept_out_and_at_last_removed(place: &TestPlace) {
    let house = House::new(place);
    let (idle, _) = house.account("idle").await;
    let (used, secret, _) = house.with_password("used").await;
    house.clock.advance(60 * DAY);
    let now = house.next_code(&secret);
    house.sign_in("used", PASSWORD, &now).await.unwrap();
    house.clock.advance(60 * DAY);
    let before = || house.clock.now().plus_seconds(-90 * DAY);
    assert_eq!(house.identity.close_unused(before()).await, Ok(1));
    assert_eq!(house.identity.close_unused(before()).await, Ok(0), "once is enough");
    let blocked = async |id: String| house.neighbour.account(&id).await.map(|a| a.blocked);
    assert_eq!(blocked(idle.id.to_string()).await, Ok(true));
    assert_eq!(blocked(used.id.to_string()).await, Ok(false));

    // Let in again it has its whole time, although nobody has used it since.
    house.identity.block(&idle.id.to_string(), false, &svod_kernel::Actor::platform("test")).await.unwrap();
    assert_eq!(house.identity.close_unused(before()).await, Ok(0));
    house.clock.advance(91 * DAY);
    assert_eq!(house.identity.close_unused(before()).await, Ok(2));

    let term = || house.clock.now().plus_seconds(-30 * DAY);
    assert_eq!(house.identity.remove_closed(term()).await, Ok(0), "kept out for a moment only");
    house.clock.advance(31 * DAY);
    assert_eq!(house.identity.remove_closed(term()).await, Ok(2));
    let now = house.next_code(&secret);
    assert_eq!(house.sign_in("used", PASSWORD, &now).await.unwrap_err(), IdentityError::Refused);
    assert_eq!(blocked(used.id.to_string()).await, Err(IdentityError::Missing("account")));
    // Its login is free, and what opened the old account opens nothing of the new one.
    house.account("used").await;
    let now = house.next_code(&secret);
    assert_eq!(house.sign_in("used", PASSWORD, &now).await.unwrap_err(), IdentityError::Refused);
}
