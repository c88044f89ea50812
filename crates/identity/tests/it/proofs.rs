//! What stands before an account: invitations, and what is asked for before it is changed.

use svod_identity::testing::add_passkey;
use svod_identity::{Capacity, IdentityError, Invitation, Method};
use svod_kernel::{Clock as _, Coded as _, Role};
use svod_store::testing::TestPlace;
use svod_store::{StoreError, StoreOptions};

use crate::{House, PASSWORD, here};

/// An invitation that an administrator has made is listed, can be taken back, and is worth nothing without their powers.
pub async fn an_invitation_can_be_taken_back_and_ends_with_its_makers_powers(place: &TestPlace) {
    let house = House::new(place);
    let (olga, token) = house.account("olga").await;
    house.posts.0.lock().unwrap().push(Capacity {
        appointment: "urn:svod:appointment:a".parse().unwrap(),
        title: "administrator".into(),
        role: Role::Administrator,
        space: "altai".parse().unwrap(),
        body: None,
    });
    house.clock.advance(1);
    let maker = house.identity.authenticate(&token).await.unwrap();
    let make = async |login: &str| {
        let until = house.clock.now().plus_seconds(3600);
        let mut invitation = Invitation::new(login, "Guest", until).unwrap();
        invitation.post = Some((Role::Official, "altai".parse().unwrap()));
        house.identity.make_invitation(&invitation, (&maker, "Olga Ivanova")).await
    };
    house.with_password("ivan").await;
    assert_eq!(make("ivan").await, Err(IdentityError::Taken("ivan".into())));
    let (first, second) = (make("first").await.unwrap(), make("second").await.unwrap());
    let open = house.neighbour.open_invitations().await.unwrap();
    let told: Vec<_> = open.iter().map(|i| (i.login.as_str(), i.by.as_str())).collect();
    assert!(told.contains(&("first", "Olga Ivanova")) && told.len() == 2, "{told:?}");
    house.neighbour.invitation(&first).await.unwrap();

    let of_first = open.iter().find(|i| i.login == "first").unwrap();
    house.identity.take_back(&of_first.id, &svod_kernel::Actor::platform("test")).await.unwrap();
    assert_eq!(
        house.identity.take_back(&of_first.id, &svod_kernel::Actor::platform("test")).await,
        Err(IdentityError::Missing("invitation"))
    );
    assert_eq!(house.neighbour.accept(&first, &here()).await.unwrap_err(), IdentityError::Over);
    house.identity.invitation(&second).await.unwrap();

    // The post is given to somebody else.
    let posts = std::mem::take(&mut *house.posts.0.lock().unwrap());
    house.clock.advance(1);
    assert_eq!(house.identity.accept(&second, &here()).await.unwrap_err(), IdentityError::Over);
    assert_eq!(house.identity.open_invitations().await.unwrap(), []);
    *house.posts.0.lock().unwrap() = posts;
    house.clock.advance(1);
    house.identity.invitation(&second).await.unwrap();
    // Kept out, its maker has no powers either.
    house.identity.block(&olga.id.to_string(), true, &svod_kernel::Actor::platform("test")).await.unwrap();
    house.clock.advance(1);
    assert_eq!(house.identity.accept(&second, &here()).await.unwrap_err(), IdentityError::Over);
}

/// V6.4.1: whoever has opened a link and has nothing else yet is out when the invitation is taken back, or worth nothing.
pub async fn who_has_opened_a_link_is_out_when_it_is_taken_back(place: &TestPlace) {
    let house = House::new(place);
    let (_, token) = house.account("olga").await;
    house.posts.0.lock().unwrap().push(Capacity {
        appointment: "urn:svod:appointment:a".parse().unwrap(),
        title: "administrator".into(),
        role: Role::Administrator,
        space: "altai".parse().unwrap(),
        body: None,
    });
    house.clock.advance(1);
    let maker = house.identity.authenticate(&token).await.unwrap();
    let opened = async |login: &str| {
        let invitation = Invitation::new(login, "Guest", house.clock.now().plus_seconds(3600)).unwrap();
        let link = house.identity.make_invitation(&invitation, (&maker, "Olga")).await.unwrap();
        let (account, token) = house.identity.accept(&link, &here()).await.unwrap();
        house.neighbour.recognise(&token).await.unwrap();
        (account, token)
    };
    let (first, second, third) = (opened("first").await, opened("second").await, opened("third").await);
    let session = house.identity.recognise(&third.1).await.unwrap().session.unwrap();
    let strong = house.identity.strengthened(&session, Method::Passkey).await.unwrap().unwrap();
    add_passkey(&house.identity, &third.0.id.to_string(), "ES256").await.unwrap();
    let open = house.identity.open_invitations().await.unwrap();
    let of_first = open.iter().find(|i| i.login == "first").unwrap();
    house.identity.take_back(&of_first.id, &svod_kernel::Actor::platform("test")).await.unwrap();
    let refused = house.identity.recognise(&first.1).await.unwrap_err();
    assert_eq!(refused.status(), 401, "no passkey is added: {refused}");
    house.clock.advance(1);
    assert_eq!(house.neighbour.recognise(&first.1).await.unwrap_err(), IdentityError::Invalid);
    assert!(house.identity.account(&first.0.id.to_string()).await.unwrap().blocked);
    assert!(house.identity.sessions(&first.0.id.to_string()).await.unwrap().is_empty());

    let posts = std::mem::take(&mut *house.posts.0.lock().unwrap());
    house.clock.advance(1);
    assert_eq!(house.identity.recognise(&second.1).await.unwrap_err(), IdentityError::Invalid, "its maker may not");
    assert!(house.identity.recognise(&strong).await.is_ok(), "who has a passkey stays");
    *house.posts.0.lock().unwrap() = posts;
    house.clock.advance(1);
    house.identity.recognise(&second.1).await.unwrap();
    // By a link of the command line, with an invitation of an administrator to the same login beside it.
    let (by_hand, token) = house.identity.accept(&house.invitation("second"), &here()).await.unwrap();
    let of_second = open.iter().find(|i| i.login == "second").unwrap();
    house.identity.take_back(&of_second.id, &svod_kernel::Actor::platform("test")).await.unwrap();
    assert!(!house.identity.account(&by_hand.id.to_string()).await.unwrap().blocked, "it came by another");
    house.identity.recognise(&token).await.unwrap();
}

/// V11.2.3: a passkey that is taken no more is no way in: the last one that is stays.
pub async fn a_passkey_of_before_is_no_way_in(place: &TestPlace) {
    let house = House::new(place);
    let (account, _, _) = house.with_password("olga").await;
    let id = account.id.to_string();
    let old = add_passkey(&house.identity, &id, "RS256").await.unwrap();
    assert!(!house.identity.has_passkey(&id).await.unwrap());
    assert_eq!(house.identity.drop_password(&account).await, Err(IdentityError::LastWay));
    let new = add_passkey(&house.identity, &id, "ES256").await.unwrap();
    assert!(house.identity.has_passkey(&id).await.unwrap());
    let shown: Vec<_> = house.identity.passkeys(&id).await.unwrap().iter().map(|k| (k.id.clone(), k.good)).collect();
    assert!(shown.len() == 2 && shown.contains(&(old.clone(), false)) && shown.contains(&(new.clone(), true)));
    let store = place.open_with(StoreOptions::default(), house.clock.clone()).unwrap();
    let shut_out = async || store.read::<_, StoreError>(|conn| svod_identity::shut_out(conn)).await.unwrap();
    house.identity.drop_password(&account).await.unwrap();
    assert_eq!(house.identity.remove_passkey(&id, &new).await, Err(IdentityError::LastWay), "the other opens nothing");
    assert!(shut_out().await.is_empty());
    house.identity.remove_passkey(&id, &old).await.unwrap();

    let (left, _) = house.account("ivan").await;
    let only = add_passkey(&house.identity, &left.id.to_string(), "RS256").await.unwrap();
    assert_eq!(shut_out().await, ["ivan"]);
    let id = left.id.to_string();
    assert_eq!(house.identity.remove_passkey(&id, &only).await, Err(IdentityError::LastWay), "open to no invitation");
    store.close().await;
}

/// V6.2.3, V6.4.3: who changes the password types the one of now; guessing it is slowed as signing in is. Who has forgotten it
/// signs in with a passkey; a recovery code stands in for the authenticator alone.
pub async fn another_password_asks_for_the_one_of_now(place: &TestPlace) {
    let house = House::new(place);
    let (account, secret, codes) = house.with_password("olga").await;
    let id = account.id.to_string();
    let (account, from) = (house.identity.account(&id).await.unwrap(), here());
    let now = house.next_code(&secret);
    let typed = house.sign_in("olga", PASSWORD, &now).await.unwrap();
    let paper = house.sign_in("olga", PASSWORD, &codes[0]).await.unwrap();
    for token in [typed, paper] {
        let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
        assert!(house.identity.asks_password(&account, &session), "{}", session.method);
        let tried = |password: &str| house.identity.knows_password(&account, &session, (password.to_owned(), &from));
        for wrong in ["", "wrong password"] {
            assert!(matches!(tried(wrong).await, Err(IdentityError::Field("current", "wrong", _))), "{wrong:?}");
        }
        assert_eq!(tried(PASSWORD).await, Ok(()));
        for _ in 0..5 {
            assert!(matches!(tried("wrong password").await, Err(IdentityError::Field("current", ..))));
        }
        assert!(matches!(tried(PASSWORD).await, Err(IdentityError::TooMany(_))), "guessing it is slowed");
        house.clock.advance(1800);
    }
    // The recovery code alone opens nothing.
    assert_eq!(house.sign_in("olga", "forgotten", &codes[1]).await.unwrap_err(), IdentityError::Refused);
    // The session that began with a passkey.
    let sessions = house.identity.sessions(&id).await.unwrap();
    let by_passkey = sessions.iter().find(|s| s.method == "passkey").unwrap();
    assert!(!house.identity.asks_password(&account, by_passkey));
    assert_eq!(house.identity.knows_password(&account, by_passkey, (String::new(), &here())).await, Ok(()));
}

/// V11.2.3: browsers are asked for keys of 128 bits at least.
pub async fn passkeys_are_asked_for_with_strong_keys_only(place: &TestPlace) {
    let house = House::new(place);
    let (account, _) = house.account("olga").await;
    let asked = house.identity.begin_passkey(&account).await.unwrap().options;
    let asked = asked["publicKey"]["pubKeyCredParams"].as_array().unwrap();
    let numbers: Vec<_> = asked.iter().filter_map(|one| one["alg"].as_i64()).collect();
    assert_eq!(numbers, [-7, -35], "{asked:?}");
}
