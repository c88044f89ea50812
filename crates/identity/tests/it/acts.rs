//! What is done to accounts, invitations and sites stands in the journal, and whoever watches over security is told what weighs.

use svod_identity::{Identity, IdentityError, Invitation, Sign};
use svod_kernel::{Actor, Clock, Role};
use svod_store::journal;
use svod_store::space::INSTALLATION;
use svod_store::testing::TestPlace;

use super::House;
use super::provider::registration;

pub fn administrator() -> Actor {
    let spaces = vec!["altai".parse().unwrap()];
    let roles = [Role::Administrator].into();
    Actor { id: "urn:t:admin".into(), name: "Administrator".into(), roles, spaces, ..Actor::anonymous() }
}

/// What the journal of the installation says by now: who did what to what, and what changed.
async fn said(house: &House) -> Vec<(String, String, String)> {
    let read = |conn: &mut dyn svod_store::Conn| journal::page(conn, INSTALLATION, 0, 100);
    let rows = house.store.read(read).await.unwrap();
    let told = |e: journal::NewEvent| {
        assert!(!e.changes.contains("guest") && !e.urn.contains("guest"), "a login is nobody's business: {e:?}");
        (e.actor, e.action, e.kind)
    };
    rows.into_iter().map(|row| told(row.event)).collect()
}

fn told(signs: &mut tokio::sync::broadcast::Receiver<Sign>) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    while let Ok(sign) = signs.try_recv() {
        if let Sign::Changed { what, person, .. } = sign {
            all.push((what, person.is_some()));
        }
    }
    all
}

fn event(what: &str, kind: &str) -> (String, String, String) {
    ("urn:t:admin".into(), what.into(), kind.into())
}

async fn invite(identity: &Identity, house: &House, login: &str, post: bool) {
    let mut invitation = Invitation::new(login, "Guest", house.clock.now().plus_seconds(3_600)).unwrap();
    invitation.post = post.then(|| (Role::Governor, "altai".parse().unwrap()));
    identity.make_invitation(&invitation, (&administrator(), "A")).await.unwrap();
}

pub async fn what_administrators_do_stands_in_the_journal(place: &TestPlace) {
    let house = House::new(place);
    let (olga, ..) = house.with_password("olga").await;
    let before = said(&house).await.len();
    let (identity, by) = (&house.identity, administrator());
    let mut signs = identity.signs();
    let id = olga.id.to_string();
    identity.block(&id, true, &by).await.unwrap();
    identity.block(&id, false, &by).await.unwrap();
    let none = identity.block("00000000-0000-0000-0000-000000000000", true, &by).await;
    assert_eq!(none, Err(IdentityError::Missing("account")));
    let (site, _) = identity.register_client(registration()).await.unwrap();
    identity.set_client(&site.id, svod_identity::provider::ClientState::Active, &by).await.unwrap();
    identity.set_client(&site.id, svod_identity::provider::ClientState::Blocked, &by).await.unwrap();
    invite(identity, &house, "guest", false).await;
    invite(identity, &house, "guest-governor", true).await;
    assert_eq!(identity.take_back("none", &by).await, Err(IdentityError::Missing("invitation")));
    let acts = [
        event("block", "Account"),
        event("unblock", "Account"),
        event("admit", "Site"),
        event("exclude", "Site"),
        event("invite", "Invitation"),
        event("invite", "Invitation"),
    ];
    assert_eq!(said(&house).await[before..], acts, "what was refused is no act");
    // An account with whose it is, powers without; who is invited to no post gets none.
    let signed = [("block", true), ("unblock", true), ("admit", false), ("exclude", false), ("invite", false)];
    assert_eq!(told(&mut signs), signed.map(|(what, own)| (what.to_owned(), own)));
}

pub async fn what_owners_do_to_their_account_stands_in_the_journal(place: &TestPlace) {
    let house = House::new(place);
    let mut signs = house.identity.signs();
    let (olga, ..) = house.with_password("olga").await;
    let own = |what: &str| (olga.person.to_string(), what.to_owned(), "Account".to_owned());
    assert_eq!(said(&house).await, [own("set-password")]);
    assert_eq!(told(&mut signs), [], "its beginning calls nobody");
    assert_eq!(house.identity.drop_password(&olga).await, Err(IdentityError::LastWay));
    assert_eq!(said(&house).await.len(), 1, "what was refused is no act");
    let begun = house.identity.begin_password(&olga, "Svod").await.unwrap();
    let secret = svod_identity::code(&super::base32(&begun.secret), house.clock.now());
    house.identity.set_password(&olga, &begun.token, ("другая корова на льду".into(), &secret)).await.unwrap();
    assert_eq!(said(&house).await, [own("set-password"), own("set-password")]);
    assert_eq!(told(&mut signs), [("set-password".to_owned(), true)]);
}
