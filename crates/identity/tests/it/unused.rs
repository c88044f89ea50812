//! Accounts that nobody uses.

use svod_identity::{IdentityError, Invitation, LONGEST_INVITED};
use svod_kernel::{Actor, Clock as _, Urn};
use svod_store::testing::TestPlace;

use crate::{House, PASSWORD, here};

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
    // Its login is free, for an invitation of now, and what opened the old account opens nothing of the new one.
    house.account("used").await;
    let now = house.next_code(&secret);
    assert_eq!(house.sign_in("used", PASSWORD, &now).await.unwrap_err(), IdentityError::Refused);
}

/// Who was invited, had an account and lost it for good is not let in by a link of before, by hand or not; and nothing that is
/// kept for that says who they were.
pub async fn a_link_of_before_opens_no_account_that_was_removed(place: &TestPlace) {
    let house = House::new(place);
    let until = house.clock.now().plus_seconds(LONGEST_INVITED);
    let by_hand = |login: &str, person: Option<Urn>| {
        let mut invitation = Invitation::new(login, "Olga", until).unwrap();
        invitation.person = person;
        house.identity.invite(&invitation)
    };
    let (olga, _) = house.account("olga").await;
    let (login, whose) = (by_hand("olga", None), by_hand("olga-2", Some(olga.person.clone())));
    let of_nobody = by_hand("ivan", None);
    house.clock.advance(1);
    house.identity.block(&olga.id.to_string(), true, &Actor::platform("test")).await.unwrap();
    house.clock.advance(DAY);
    let refused = async |link: &str| house.neighbour.accept(link, &here()).await.unwrap_err();
    assert_eq!(refused(&login).await, IdentityError::Over, "kept out");
    assert_eq!(house.identity.remove_closed(house.clock.now()).await, Ok(1));

    for (link, what) in [(&login, "her login"), (&whose, "her person")] {
        assert_eq!(house.neighbour.invitation(link).await.unwrap_err(), IdentityError::Over, "{what}");
        assert_eq!(refused(link).await, IdentityError::Over, "{what}");
    }
    let kept = |conn: &mut dyn svod_store::Conn| {
        let rows = conn.query("SELECT token, account, state FROM challenge WHERE kind = 'removed'", &[])?;
        rows.iter()
            .map(|r| Ok((r.blob(0)?, r.opt_text(1)?, r.text(2)?)))
            .collect::<Result<Vec<_>, svod_store::StoreError>>()
    };
    let left = house.store.read(kept).await.unwrap();
    assert_eq!(left.len(), 2, "one of the login, one of the person");
    for (mark, account, at) in left {
        assert!(mark.len() == 32 && account.is_none() && at.parse::<i64>().is_ok(), "nobody is named: {at}");
    }
    // Others are not kept out by it, and neither is she whom somebody invites now.
    house.neighbour.accept(&of_nobody, &here()).await.unwrap();
    house.clock.advance(1);
    let again = house.identity.invite(&{
        let mut invitation = Invitation::new("olga", "Olga", house.clock.now().plus_seconds(60)).unwrap();
        invitation.person = Some(olga.person.clone());
        invitation
    });
    let (back, _) = house.neighbour.accept(&again, &here()).await.unwrap();
    assert_eq!(back.person, olga.person);
    assert_eq!(refused(&login).await, IdentityError::Over, "it stays so when she is back");
    // No longer than a link of before could be good.
    house.clock.advance(LONGEST_INVITED);
    house.account("later").await;
    assert!(house.store.read(kept).await.unwrap().is_empty());
}
