//! What stands before an account: invitations, and what is asked for before it is changed.

use svod_identity::{Capacity, IdentityError, Invitation};
use svod_kernel::{Clock as _, Role};
use svod_store::testing::TestPlace;

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
    house.identity.take_back(&of_first.id).await.unwrap();
    assert_eq!(house.identity.take_back(&of_first.id).await, Err(IdentityError::Missing("invitation")));
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
    house.identity.block(&olga.id.to_string(), true).await.unwrap();
    house.clock.advance(1);
    assert_eq!(house.identity.accept(&second, &here()).await.unwrap_err(), IdentityError::Over);
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
