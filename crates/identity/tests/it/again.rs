//! Who has lost every way to sign in comes back as who they are; who knew a way before does not.

use svod_identity::testing::add_passkey;
use svod_identity::{Account, Capacity, IdentityError, Invitation, Sign};
use svod_kernel::{Actor, Clock as _, Role, Urn};
use svod_store::journal;
use svod_store::space::INSTALLATION;
use svod_store::testing::TestPlace;

use super::acts::administrator;
use crate::{House, PASSWORD, base32, here};

fn of(house: &House, login: &str, person: &Urn) -> Invitation {
    let mut invitation = Invitation::new(login, "Olga", house.clock.now().plus_seconds(3_600)).unwrap();
    invitation.person = Some(person.clone());
    invitation
}

async fn invited(house: &House, login: &str, person: &Urn) -> Result<String, IdentityError> {
    house.identity.make_invitation(&of(house, login, person), (&administrator(), "A")).await
}

async fn kept_out(house: &House, account: &Account) {
    house.identity.block(&account.id.to_string(), true, &administrator()).await.unwrap();
}

/// Whom the people were told of whose accounts were opened.
fn told(house: &House) -> Vec<String> {
    std::mem::take(&mut *house.posts.2.lock().unwrap()).into_iter().map(|by| by.id).collect()
}

async fn gets_a_password(house: &House, account: &Account) {
    let begun = house.identity.begin_password(account, "Svod").await.unwrap();
    let code = svod_identity::code(&base32(&begun.secret), house.clock.now());
    house.identity.set_password(account, &begun.token, ("другая корова на льду".into(), &code)).await.unwrap();
}

pub async fn who_has_lost_everything_comes_back_as_who_they_are(place: &TestPlace) {
    let house = House::new(place);
    let (olga, secret, codes) = house.with_password("olga").await;
    let id = olga.id.to_string();
    add_passkey(&house.identity, &id, "ES256").await.unwrap();
    let code = house.next_code(&secret);
    let old = house.sign_in("olga", PASSWORD, &code).await.unwrap();
    let refused = invited(&house, "olga", &olga.person).await.unwrap_err();
    assert!(matches!(refused, IdentityError::Field("person", "open", _)), "who can sign in is not: {refused}");
    kept_out(&house, &olga).await;
    house.with_password("ivan").await;
    assert_eq!(invited(&house, "ivan", &olga.person).await, Err(IdentityError::Taken("ivan".into())));

    let mut signs = house.identity.signs();
    let link = invited(&house, "olga", &olga.person).await.unwrap();
    let powers = signs.try_recv().unwrap();
    assert!(
        matches!(&powers, Sign::Changed { what, person: None, space: Some(at), .. } if what == "invite" && at.as_str() == "altai")
    );
    assert!(told(&house).is_empty(), "nothing is open yet");
    let (back, session) = house.neighbour.accept(&link, &here()).await.unwrap();
    assert_eq!((&back.id, &back.person, back.has_password, back.blocked), (&olga.id, &olga.person, false, false));
    assert_eq!(told(&house), [administrator().id]);
    assert_eq!(house.identity.recognise(&session).await.unwrap().actor.id, olga.person.to_string());

    // Nothing of before opens it.
    assert!(house.neighbour.recognise(&old).await.is_err());
    let code = house.next_code(&secret);
    assert_eq!(house.sign_in("olga", PASSWORD, &code).await.unwrap_err(), IdentityError::Refused);
    assert_eq!(house.sign_in("olga", PASSWORD, &codes[0]).await.unwrap_err(), IdentityError::Refused);
    assert!(house.identity.passkeys(&id).await.unwrap().is_empty() && back.recovery_codes == 0);

    // Whose answer was lost comes again; an invitation to somebody new of that login does not.
    house.neighbour.accept(&link, &here()).await.unwrap();
    assert!(told(&house).is_empty(), "it is open already");
    assert_eq!(house.identity.accept(&house.invitation("olga"), &here()).await.unwrap_err(), IdentityError::Over);
    gets_a_password(&house, &back).await;
    assert_eq!(house.identity.accept(&link, &here()).await.unwrap_err(), IdentityError::Over);
    let read = |conn: &mut dyn svod_store::Conn| journal::page(conn, INSTALLATION, 0, 100);
    let events = house.store.read(read).await.unwrap();
    let of_person = |verb: &str| events.iter().filter(|e| e.event.action == verb).map(|e| &e.event).collect::<Vec<_>>();
    let (invite, reopen) = (of_person("invite"), of_person("reopen"));
    assert!(invite.len() == 1 && invite[0].changes.contains(olga.person.as_str()), "{invite:?}");
    assert!(reopen.len() == 1 && reopen[0].urn.ends_with(&id), "{reopen:?}");
}

pub async fn nobody_is_invited_as_somebody_by_who_may_not(place: &TestPlace) {
    let house = House::new(place);
    let (olga, ..) = house.with_password("olga").await;
    kept_out(&house, &olga).await;
    let elsewhere = Actor { spaces: vec!["tomsk".parse().unwrap()], ..administrator() };
    let refused =
        house.identity.make_invitation(&of(&house, "olga", &olga.person), (&elsewhere, "A")).await.unwrap_err();
    assert!(matches!(refused, IdentityError::Field("person", "choice", _)), "{refused}");
    assert_eq!(house.identity.open_invitations().await.unwrap(), []);

    // The person has got a post in another territory: its powers are not the maker's to give.
    let link = invited(&house, "olga", &olga.person).await.unwrap();
    house.posts.0.lock().unwrap().push(Capacity {
        appointment: "urn:svod:appointment:a".parse().unwrap(),
        title: "governor".into(),
        role: Role::Governor,
        space: "tomsk".parse().unwrap(),
        body: None,
    });
    assert_eq!(house.identity.accept(&link, &here()).await.unwrap_err(), IdentityError::Over);
    assert_eq!(house.identity.open_invitations().await.unwrap(), []);
    house.posts.0.lock().unwrap().clear();
    // Let in again, she signs in as before; the link is worth nothing.
    house.identity.block(&olga.id.to_string(), false, &administrator()).await.unwrap();
    assert_eq!(house.identity.accept(&link, &here()).await.unwrap_err(), IdentityError::Over);
    assert!(house.identity.account(&olga.id.to_string()).await.unwrap().has_password, "nothing was taken");
    assert!(told(&house).is_empty());

    // Kept out again, she stays so whoever had a link before: whoever was meant by it is out. One that is made now is good.
    house.clock.advance(1);
    kept_out(&house, &olga).await;
    assert_eq!(house.identity.accept(&link, &here()).await.unwrap_err(), IdentityError::Over);
    assert_eq!(house.identity.open_invitations().await.unwrap(), []);
    assert!(told(&house).is_empty() && house.identity.account(&olga.id.to_string()).await.unwrap().has_password);
    // Taken back while nobody has added anything, the account is kept out once more.
    let link = invited(&house, "olga", &olga.person).await.unwrap();
    house.clock.advance(1);
    let (back, session) = house.identity.accept(&link, &here()).await.unwrap();
    let open = house.identity.open_invitations().await.unwrap();
    assert!(open.len() == 1 && open[0].person.as_ref() == Some(&olga.person), "{open:?}");
    house.identity.take_back(&open[0].id, &administrator()).await.unwrap();
    assert!(house.identity.account(&back.id.to_string()).await.unwrap().blocked);
    assert!(house.identity.recognise(&session).await.is_err());
}

pub async fn who_is_in_the_register_gets_one_account(place: &TestPlace) {
    let house = House::new(place);
    let person: Urn = "urn:svod:person:registered".parse().unwrap();
    let by_hand = house.identity.invite(&of(&house, "anna", &person));
    let link = invited(&house, "anna-two", &person).await.unwrap();
    let (anna, _) = house.identity.accept(&by_hand, &here()).await.unwrap();
    assert_eq!((&anna.person, anna.login.as_str()), (&person, "anna"));
    assert_eq!(told(&house), ["operator"]);
    assert_eq!(
        house.identity.accept(&link, &here()).await.unwrap_err(),
        IdentityError::Over,
        "there is an account now"
    );
    gets_a_password(&house, &anna).await;
    let refused = invited(&house, "anna-two", &person).await.unwrap_err();
    assert!(matches!(refused, IdentityError::Field("person", "open", _)), "{refused}");
    // Kept out, the same account goes on under the other login: by a link that is made then, and by none of before.
    house.clock.advance(1);
    kept_out(&house, &anna).await;
    for before in [&link, &by_hand] {
        assert_eq!(house.identity.accept(before, &here()).await.unwrap_err(), IdentityError::Over);
    }
    assert!(house.identity.account(&anna.id.to_string()).await.unwrap().blocked);
    let link = invited(&house, "anna-two", &person).await.unwrap();
    let (again, _) = house.identity.accept(&link, &here()).await.unwrap();
    assert_eq!((again.id, again.login.as_str()), (anna.id, "anna-two"));
    assert_eq!(house.sign_in("anna", "другая корова на льду", "000000").await.unwrap_err(), IdentityError::Refused);
}

pub async fn whoever_opens_a_waiting_account_is_seen(place: &TestPlace) {
    let house = House::new(place);
    let person: Urn = "urn:svod:person:registered".parse().unwrap();
    let first = invited(&house, "anna", &person).await.unwrap();
    let beside = invited(&house, "anna", &person).await.unwrap();
    house.clock.advance(1);
    let (anna, session) = house.identity.accept(&first, &here()).await.unwrap();
    assert_eq!(told(&house), [administrator().id]);
    // Nobody gets at it by inviting somebody new of her login.
    let mut new = of(&house, "anna", &person);
    new.person = None;
    let elsewhere = Actor { spaces: vec!["tomsk".parse().unwrap()], ..administrator() };
    for maker in [&administrator(), &elsewhere] {
        let refused = house.identity.make_invitation(&new, (maker, "A")).await;
        assert_eq!(refused, Err(IdentityError::Taken("anna".into())));
    }
    assert_eq!(house.identity.accept(&house.invitation("anna"), &here()).await.unwrap_err(), IdentityError::Over);
    house.identity.recognise(&session).await.unwrap();

    // Nor at somebody new whose post is not theirs to give.
    let (guest, _) = house.identity.accept(&house.invitation("guest"), &here()).await.unwrap();
    let post = |space: &str| Capacity {
        appointment: "urn:svod:appointment:a".parse().unwrap(),
        title: "governor".into(),
        role: Role::Governor,
        space: space.parse().unwrap(),
        body: None,
    };
    new.login = "guest".into();
    for (space, opens) in [("tomsk", false), ("altai", true)] {
        *house.posts.0.lock().unwrap() = vec![post(space)];
        let link = house.identity.make_invitation(&new, (&administrator(), "A")).await.unwrap();
        let opened = house.identity.accept(&link, &here()).await;
        assert_eq!(opened.map(|(account, _)| account.id).ok(), opens.then_some(guest.id), "{space}");
    }
    house.posts.0.lock().unwrap().clear();

    // Another who may invite her opens it too: under their own name, and she keeps hers. What was made before she came by the
    // first is worth nothing.
    let other = Actor { id: "urn:t:admin:2".into(), ..administrator() };
    let mut invitation = of(&house, "anna", &person);
    invitation.name = "Somebody".into();
    let second = house.identity.make_invitation(&invitation, (&other, "B")).await.unwrap();
    assert_eq!(house.identity.accept(&beside, &here()).await.unwrap_err(), IdentityError::Over);
    let open = house.identity.open_invitations().await.unwrap();
    assert_eq!(open.iter().filter(|i| i.login == "anna").count(), 2, "the one that she came by, and this");
    let (back, _) = house.neighbour.accept(&second, &here()).await.unwrap();
    assert_eq!((back.id, back.name.as_str()), (anna.id, "Olga"));
    assert_eq!(told(&house), std::slice::from_ref(&other.id));
    assert!(house.neighbour.recognise(&session).await.is_err(), "her session of before");
    house.neighbour.accept(&second, &here()).await.unwrap();
    assert!(told(&house).is_empty(), "the same again");
    let read = |conn: &mut dyn svod_store::Conn| journal::page(conn, INSTALLATION, 0, 100);
    let events = house.store.read(read).await.unwrap();
    assert_eq!(events.iter().filter(|e| e.event.action == "reopen").count(), 2);

    // Kept out, she is called as before; two who open one link at once are one access.
    house.clock.advance(1);
    kept_out(&house, &anna).await;
    let third = house.identity.make_invitation(&invitation, (&other, "B")).await.unwrap();
    let (one, two) = (house.identity.clone(), house.neighbour.clone());
    let from = here();
    let (one, two) = tokio::join!(one.accept(&third, &from), two.accept(&third, &from));
    let named: Vec<_> = [one, two].into_iter().flatten().map(|(account, _)| account.name).collect();
    assert!(!named.is_empty() && named.iter().all(|name| name == "Olga"), "{named:?}");
    assert_eq!(told(&house), [other.id]);
}
