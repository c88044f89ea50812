//! People sign in: on both engines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use svod_identity::{
    Account, Capacity, Directory, Enrolled, From, Identity, IdentityDeps, IdentityError, Invitation, Looked, Method,
    Newcomer, Represented, code,
};
use svod_kernel::{Actor, Clock, OnBehalf, Role, SeededRng, SimClock, SpacePath, Timestamp, Urn};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;

mod acts;
mod again;
mod device;
mod logout;
mod outside;
mod proofs;
mod provider;
mod ring;
mod unused;

use provider::{
    a_bound_token_is_good_in_its_holders_hand_alone, a_code_and_a_refresh_token_are_good_once,
    a_person_allows_a_site_once_and_takes_it_back, a_registration_waits_for_an_administrator,
    a_sign_in_at_a_site_ends_at_last, a_site_is_allowed_what_is_ticked, a_site_may_be_allowed_less_than_before,
    a_site_may_prove_itself_with_a_key, consent_is_remembered_where_it_may_be,
    keys_change_and_are_the_same_on_every_node, nothing_is_given_to_another_or_for_less,
    pages_of_sites_in_force_are_known_by_their_origin, what_is_known_of_a_token_its_client_is_told,
};

use outside::{
    a_provider_is_held_to_what_is_demanded_of_it, a_verified_number_leads_to_the_person,
    an_account_is_linked_by_its_owner_and_keeps_a_way_in, what_is_not_said_to_us_is_not_believed,
};

use device::{
    a_device_is_known_by_its_secret_until_it_is_revoked, devices_are_found_page_by_page,
    strangers_are_told_once_a_second_with_how_many_they_were,
};

use proofs::{
    a_passkey_of_before_is_no_way_in, an_invitation_can_be_taken_back_and_ends_with_its_makers_powers,
    another_password_asks_for_the_one_of_now, passkeys_are_asked_for_with_strong_keys_only,
    who_has_opened_a_link_is_out_when_it_is_taken_back,
};

use ring::what_an_old_key_sealed_is_sealed_anew;

use unused::{
    a_link_of_before_opens_no_account_that_was_removed, an_account_that_nobody_uses_is_kept_out_and_at_last_removed,
};

use again::{
    nobody_is_invited_as_somebody_by_who_may_not, who_has_lost_everything_comes_back_as_who_they_are,
    who_is_in_the_register_gets_one_account, whoever_opens_a_waiting_account_is_seen,
};

use acts::{what_administrators_do_stands_in_the_journal, what_owners_do_to_their_account_stands_in_the_journal};

use logout::{
    a_fresh_proof_between_code_and_tokens_ends_nothing, a_site_sends_people_away_only_to_where_it_said,
    a_site_that_does_not_answer_is_told_again_and_time_ends_sessions_too,
    who_signs_out_here_is_signed_out_at_the_sites,
};

svod_store::on_both_engines!(
    who_has_lost_everything_comes_back_as_who_they_are,
    nobody_is_invited_as_somebody_by_who_may_not,
    who_is_in_the_register_gets_one_account,
    whoever_opens_a_waiting_account_is_seen,
    what_administrators_do_stands_in_the_journal,
    what_owners_do_to_their_account_stands_in_the_journal,
    a_device_is_known_by_its_secret_until_it_is_revoked,
    devices_are_found_page_by_page,
    strangers_are_told_once_a_second_with_how_many_they_were,
    what_an_old_key_sealed_is_sealed_anew,
    an_account_that_nobody_uses_is_kept_out_and_at_last_removed,
    a_link_of_before_opens_no_account_that_was_removed,
    who_signs_out_here_is_signed_out_at_the_sites,
    a_fresh_proof_between_code_and_tokens_ends_nothing,
    a_site_that_does_not_answer_is_told_again_and_time_ends_sessions_too,
    a_site_sends_people_away_only_to_where_it_said,
    a_verified_number_leads_to_the_person,
    what_is_not_said_to_us_is_not_believed,
    an_account_is_linked_by_its_owner_and_keeps_a_way_in,
    an_invitation_is_good_once,
    an_invitation_opens_the_account_and_no_post,
    who_begins_to_act_for_another_is_told_by_their_post,
    an_invitation_can_be_taken_back_and_ends_with_its_makers_powers,
    who_has_opened_a_link_is_out_when_it_is_taken_back,
    a_passkey_of_before_is_no_way_in,
    a_password_goes_with_a_code_that_is_taken_once,
    nothing_begun_is_finished_twice_or_late_or_by_another,
    who_guesses_waits_and_the_owner_does_not,
    sessions_end_one_by_one_everywhere_and_in_time,
    a_session_that_nobody_uses_ends,
    powers_follow_the_post_one_at_a_time,
    who_is_blocked_is_out_at_once,
    the_last_way_to_sign_in_stays,
    weighty_acts_ask_for_a_fresh_proof,
    another_password_asks_for_the_one_of_now,
    passkeys_are_asked_for_with_strong_keys_only,
    a_provider_is_held_to_what_is_demanded_of_it,
    a_person_allows_a_site_once_and_takes_it_back,
    a_code_and_a_refresh_token_are_good_once,
    nothing_is_given_to_another_or_for_less,
    a_registration_waits_for_an_administrator,
    what_is_known_of_a_token_its_client_is_told,
    a_bound_token_is_good_in_its_holders_hand_alone,
    a_site_may_prove_itself_with_a_key,
    a_site_may_be_allowed_less_than_before,
    a_site_is_allowed_what_is_ticked,
    consent_is_remembered_where_it_may_be,
    pages_of_sites_in_force_are_known_by_their_origin,
    a_sign_in_at_a_site_ends_at_last,
    keys_change_and_are_the_same_on_every_node,
);

fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

const PASSWORD: &str = "корова на льду";

/// An identity, its clock, and who holds which post.
struct House {
    identity: Arc<Identity>,
    /// Another node over the same store.
    neighbour: Arc<Identity>,
    clock: Arc<SimClock>,
    posts: Arc<Posts>,
    people: People,
    store: svod_store::Store,
}

#[derive(Default)]
struct Posts(Mutex<Vec<Capacity>>, Mutex<Vec<Represented>>, Mutex<Vec<Actor>>, People, Mutex<BTreeSet<String>>);

/// People by their numbers.
type People = Arc<Mutex<Vec<(String, Urn)>>>;

impl Directory for Posts {
    fn posts<'a>(&'a self, _: &'a Urn) -> Looked<'a> {
        let held = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(held) })
    }

    fn represented<'a>(&'a self, _: &'a Urn) -> Looked<'a, Represented> {
        let all = self.1.lock().unwrap().clone();
        Box::pin(async move { Ok(all) })
    }

    fn numbered<'a>(&'a self, number: &'a str) -> Looked<'a, Urn> {
        let all = self.3.lock().unwrap().clone();
        Box::pin(async move { Ok(all.into_iter().filter(|(n, _)| n == number).map(|(_, urn)| urn).collect()) })
    }

    fn begun_for<'a>(&'a self, actor: &'a Actor) -> Enrolled<'a> {
        self.2.lock().unwrap().push(actor.clone());
        Box::pin(std::future::ready(Ok(())))
    }

    fn may_invite(&self, maker: &Actor, space: Option<&SpacePath>) -> bool {
        maker.is(Role::Administrator) && space.is_none_or(|space| maker.spaces.contains(space))
    }

    /// Everybody is at home in Altai.
    fn returnable<'a>(&'a self, maker: &'a Actor, _: &'a Urn) -> Looked<'a, SpacePath> {
        let home: SpacePath = "altai".parse().unwrap();
        let held = self.0.lock().unwrap().clone();
        let within = held.iter().map(|post| &post.space).chain([&home]).all(|at| self.may_invite(maker, Some(at)));
        Box::pin(async move { Ok(within.then_some(home).into_iter().collect()) })
    }

    fn returned<'a>(&'a self, _: &'a Urn, by: &'a Actor, key: &'a str) -> Enrolled<'a> {
        if self.4.lock().unwrap().insert(key.to_owned()) {
            self.2.lock().unwrap().push(by.clone());
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn enrol<'a>(&'a self, _: &'a Newcomer) -> Enrolled<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl House {
    fn new(place: &TestPlace) -> Self {
        let clock = Arc::new(SimClock::new(Timestamp::from_millis(1_800_000_000_000)));
        let (time, posts): (Arc<dyn Clock>, _) = (clock.clone(), Arc::new(Posts::default()));
        let store = place.open_with(StoreOptions::default(), time.clone()).unwrap();
        let node = |seed| {
            let deps = IdentityDeps {
                store: store.clone(),
                key: [7; 32],
                demo: false,
                clock: time.clone(),
                rng: Arc::new(SeededRng::new(seed)),
                origin: Some("https://region.example".into()),
                session_seconds: 12 * 3600,
                breached: None,
            };
            let identity = Arc::new(Identity::new(deps).unwrap());
            identity.set_directory(posts.clone());
            identity
        };
        Self { identity: node(1), neighbour: node(2), clock, people: posts.3.clone(), posts, store: store.clone() }
    }

    fn invitation(&self, login: &str) -> String {
        let expires = self.clock.now().plus_seconds(3600);
        self.identity.invite(&Invitation::new(login, "Olga Ivanova", expires).unwrap())
    }

    async fn account(&self, login: &str) -> (Account, String) {
        let (account, token) = self.identity.accept(&self.invitation(login), &here()).await.unwrap();
        let session = self.identity.recognise(&token).await.unwrap().session.unwrap();
        let token = self.identity.strengthened(&session, Method::Passkey).await.unwrap().unwrap();
        (account, token)
    }

    /// With a password; its secret and recovery codes.
    async fn with_password(&self, login: &str) -> (Account, Vec<u8>, Vec<String>) {
        let (account, _) = self.account(login).await;
        let begun = self.identity.begin_password(&account, "Svod").await.unwrap();
        let secret = base32(&begun.secret);
        let now = code(&secret, self.clock.now());
        let given = (PASSWORD.to_owned(), now.as_str());
        let codes = self.identity.set_password(&account, &begun.token, given).await.unwrap();
        (account, secret, codes)
    }

    async fn sign_in(&self, login: &str, password: &str, code: &str) -> Result<String, IdentityError> {
        let half = self.identity.sign_in(login, password.to_owned(), &here()).await?;
        self.identity.second_factor(&half, code, &here()).await
    }

    /// The moment in seconds.
    fn clock_seconds(&self) -> i64 {
        self.clock.now().millis() / 1000
    }

    /// The code of the next half minute: each is taken once.
    fn next_code(&self, secret: &[u8]) -> String {
        self.clock.advance(30);
        code(secret, self.clock.now())
    }
}

fn here() -> From {
    From { agent: "Test".into(), address: "192.0.2.7".into() }
}

fn base32(text: &str) -> Vec<u8> {
    let mut bits = (0_u64, 0);
    let mut out = Vec::new();
    for c in text.bytes() {
        let value = if c.is_ascii_uppercase() { c - b'A' } else { c - b'2' + 26 };
        bits = (bits.0 << 5 | u64::from(value), bits.1 + 5);
        if bits.1 >= 8 {
            bits.1 -= 8;
            out.push((bits.0 >> bits.1) as u8);
        }
    }
    out
}

async fn an_invitation_opens_the_account_and_no_post(place: &TestPlace) {
    let house = House::new(place);
    let post = Capacity {
        appointment: "urn:svod:appointment:a".parse().unwrap(),
        title: "administrator".into(),
        role: Role::Administrator,
        space: "altai".parse().unwrap(),
        body: None,
    };
    let appointment = post.appointment.to_string();
    house.posts.0.lock().unwrap().push(post);
    let (_, token) = house.identity.accept(&house.invitation("olga"), &here()).await.unwrap();
    let known = house.identity.recognise(&token).await.unwrap();
    assert!(known.actor.is(Role::Citizen) && known.actor.spaces.is_empty(), "the link alone gives no powers");
    let session = known.session.unwrap();
    assert_eq!(house.identity.act_as(&session, &appointment).await, Err(IdentityError::Missing("post")));
    let token = house.identity.strengthened(&session, Method::Passkey).await.unwrap().unwrap();
    assert!(house.identity.authenticate(&token).await.unwrap().is(Role::Administrator));
}

async fn who_begins_to_act_for_another_is_told_by_their_post(place: &TestPlace) {
    let house = House::new(place);
    let (_, token) = house.account("olga").await;
    let urn = |text: &str| text.parse::<Urn>().unwrap();
    let post = |n: &str| Capacity {
        appointment: urn(&format!("urn:svod:appointment:{n}")),
        title: n.to_owned(),
        role: Role::Official,
        space: "altai".parse().unwrap(),
        body: Some(urn(&format!("urn:svod:body:{n}"))),
    };
    let link = OnBehalf {
        person: urn("urn:svod:person:anna"),
        mandate: urn("urn:svod:mandate:1"),
        basis: "attorney".into(),
        scope: [].into(),
    };
    house.posts.1.lock().unwrap().push(Represented { chain: vec![link], name: "Анна".to_owned() });
    let told = async |acting: Option<&str>| {
        house.clock.advance(2);
        let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
        if let Some(appointment) = acting {
            house.identity.act_as(&session, appointment).await.unwrap();
            house.clock.advance(2);
        }
        let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
        house.identity.act_as(&session, "urn:svod:mandate:1").await.unwrap();
        let actor = house.posts.2.lock().unwrap().pop().unwrap();
        assert!(actor.is(Role::Citizen) && !actor.is(Role::Official) && actor.on_behalf.len() == 1, "{actor:?}");
        (actor.name, actor.body.map(|b| b.to_string()))
    };
    assert_eq!(told(None).await, ("citizen".to_owned(), None), "who holds no post");
    *house.posts.0.lock().unwrap() = vec![post("desk"), post("archive")];
    let of = |n: &str| (n.to_owned(), Some(format!("urn:svod:body:{n}")));
    assert_eq!(told(Some("urn:svod:appointment:archive")).await, of("archive"));
    assert_eq!(told(None).await, of("desk"), "from one to another: the post that they have first");
}

async fn an_invitation_is_good_once(place: &TestPlace) {
    let house = House::new(place);
    let invitation = house.invitation("Olga@Example.org");
    let said = house.identity.invitation(&invitation).await.unwrap();
    assert_eq!((said.login.as_str(), said.name.as_str()), ("olga@example.org", "Olga Ivanova"));
    let (account, token) = house.identity.accept(&invitation, &here()).await.unwrap();
    assert_eq!(house.identity.recognise(&token).await.unwrap().actor.id, account.person.to_string());
    // Whose answer was lost comes again, to the same account; the session of before has ended.
    let (again, second) = house.neighbour.accept(&invitation, &here()).await.unwrap();
    assert_eq!(again.id, account.id);
    assert_eq!(house.neighbour.sessions(&account.id.to_string()).await.unwrap().len(), 1);
    house.identity.recognise(&second).await.unwrap();
    let begun = house.identity.begin_password(&account, "Svod").await.unwrap();
    let now = code(&base32(&begun.secret), house.clock.now());
    house.identity.set_password(&account, &begun.token, (PASSWORD.into(), &now)).await.unwrap();
    assert_eq!(house.identity.accept(&invitation, &here()).await.unwrap_err(), IdentityError::Over);
    assert_eq!(house.neighbour.invitation(&invitation).await.unwrap_err(), IdentityError::Over);

    let late = house.invitation("late");
    house.clock.advance(3600);
    assert_eq!(house.identity.invitation(&late).await.unwrap_err(), IdentityError::Over);
    let mut forged = house.invitation("forged");
    forged.replace_range(10..11, if &forged[10..11] == "A" { "B" } else { "A" });
    assert_eq!(house.identity.invitation(&forged).await.unwrap_err(), IdentityError::Invalid);
    // A demo token is signed with the same key and says something else.
    let token = svod_identity::sign(&[7; 32], "governor", Timestamp(i64::MAX));
    assert_eq!(house.identity.invitation(&token).await.unwrap_err(), IdentityError::Invalid);
    for bad in ["ab", "olga ivanova", "<olga>"] {
        assert!(matches!(Invitation::new(bad, "x", Timestamp(0)), Err(IdentityError::Field("login", ..))));
    }
}

async fn a_password_goes_with_a_code_that_is_taken_once(place: &TestPlace) {
    let house = House::new(place);
    let (account, secret, codes) = house.with_password("olga").await;
    let used = code(&secret, house.clock.now());
    assert_eq!(
        house.sign_in("olga", PASSWORD, &used).await.unwrap_err(),
        IdentityError::Refused,
        "used when it was set"
    );
    let now = house.next_code(&secret);
    let token = house.sign_in(" OLGA ", PASSWORD, &now).await.unwrap();
    let known = house.neighbour.recognise(&token).await.unwrap();
    assert_eq!(known.session.unwrap().method, "password");
    assert_eq!((known.actor.id.as_str(), known.name.as_str()), (account.person.as_str(), "Olga Ivanova"));
    assert!(known.actor.is(Role::Citizen) && known.actor.spaces.is_empty());
    assert_eq!(house.sign_in("olga", PASSWORD, &now).await.unwrap_err(), IdentityError::Refused);

    // Whatever is wrong, the answer is the same.
    for (login, password) in [("olga", "wrong password"), ("nobody", PASSWORD)] {
        assert_eq!(house.identity.sign_in(login, password.into(), &here()).await.unwrap_err(), IdentityError::Refused);
    }
    // A recovery code does instead of the authenticator, once, and leaves the others.
    let token = house.sign_in("olga", PASSWORD, &codes[3].to_uppercase()).await.unwrap();
    assert_eq!(house.identity.recognise(&token).await.unwrap().session.unwrap().method, "recovery");
    assert_eq!(house.sign_in("olga", PASSWORD, &codes[3]).await.unwrap_err(), IdentityError::Refused);
    assert_eq!(house.identity.account(&account.id.to_string()).await.unwrap().recovery_codes, 9);
}

async fn nothing_begun_is_finished_twice_or_late_or_by_another(place: &TestPlace) {
    let house = House::new(place);
    let (olga, secret, _) = house.with_password("olga").await;
    let half = house.identity.sign_in("olga", PASSWORD.into(), &here()).await.unwrap();
    let now = house.next_code(&secret);
    house.identity.second_factor(&half, &now, &here()).await.unwrap();
    let now = house.next_code(&secret);
    assert_eq!(house.identity.second_factor(&half, &now, &here()).await.unwrap_err(), IdentityError::Over);
    let half = house.identity.sign_in("olga", PASSWORD.into(), &here()).await.unwrap();
    house.clock.advance(301);
    let now = code(&secret, house.clock.now());
    assert_eq!(house.identity.second_factor(&half, &now, &here()).await.unwrap_err(), IdentityError::Over);

    let (ivan, _) = house.account("ivan").await;
    let begun = house.identity.begin_password(&ivan, "Svod").await.unwrap();
    let now = code(&base32(&begun.secret), house.clock.now());
    let stolen = house.identity.set_password(&olga, &begun.token, (PASSWORD.into(), &now)).await;
    assert_eq!(stolen.unwrap_err(), IdentityError::Over);
    let weak = house.identity.set_password(&ivan, &begun.token, ("ivan".into(), &now)).await;
    assert!(matches!(weak, Err(IdentityError::Field("password", "length", _))));
    let wrong = house.identity.set_password(&ivan, &begun.token, (PASSWORD.into(), "000000")).await;
    assert!(matches!(wrong, Err(IdentityError::Field("code", ..))));
    house.identity.set_password(&ivan, &begun.token, (PASSWORD.into(), &now)).await.unwrap();
}

async fn who_guesses_waits_and_the_owner_does_not(place: &TestPlace) {
    let house = House::new(place);
    let (_, secret, _) = house.with_password("olga").await;
    let stranger = From { address: "203.0.113.9".into(), ..here() };
    for _ in 0..5 {
        let wrong = house.identity.sign_in("olga", "wrong password".into(), &stranger).await;
        assert_eq!(wrong.unwrap_err(), IdentityError::Refused);
    }
    let sixth = house.identity.sign_in("olga", PASSWORD.into(), &stranger).await.unwrap_err();
    assert!(matches!(sixth, IdentityError::TooMany(1..=4)), "{sixth:?}");
    let now = house.next_code(&secret);
    house.sign_in("olga", PASSWORD, &now).await.unwrap();
    // Codes are guessed as slowly, from wherever.
    let half = house.identity.sign_in("olga", PASSWORD.into(), &here()).await.unwrap();
    for n in 0..5 {
        let from = From { address: format!("198.51.{n}.1"), ..here() };
        let wrong = house.identity.second_factor(&half, "000000", &from).await;
        assert_eq!(wrong.unwrap_err(), IdentityError::Refused);
    }
    let sixth = house.identity.second_factor(&half, "000000", &here()).await.unwrap_err();
    assert!(matches!(sixth, IdentityError::TooMany(_)), "{sixth:?}");
}

async fn a_session_that_nobody_uses_ends(place: &TestPlace) {
    let house = House::new(place);
    let (_, token) = house.account("olga").await;
    for _ in 0..5 {
        house.clock.advance(2 * 3600 - 60);
        house.identity.recognise(&token).await.unwrap();
    }
    house.clock.advance(2 * 3600);
    assert_eq!(house.identity.recognise(&token).await.unwrap_err(), IdentityError::Expired);
}

async fn sessions_end_one_by_one_everywhere_and_in_time(place: &TestPlace) {
    let house = House::new(place);
    let (account, first) = house.account("olga").await;
    let id = account.id.to_string();
    let begun = house.identity.begin_password(&account, "Svod").await.unwrap();
    let secret = base32(&begun.secret);
    let now = code(&secret, house.clock.now());
    house.identity.set_password(&account, &begun.token, (PASSWORD.into(), &now)).await.unwrap();
    let now = house.next_code(&secret);
    let second = house.sign_in("olga", PASSWORD, &now).await.unwrap();
    let known = house.identity.recognise(&second).await.unwrap();
    let sessions = house.identity.sessions(&id).await.unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!((sessions[0].agent.as_str(), sessions[0].address.as_str()), ("Test", "192.0.2.7"));

    // What one node ends another one believes for a second at the most.
    house.neighbour.recognise(&first).await.unwrap();
    let of_first = sessions.iter().find(|s| Some(&s.id) != known.session.as_ref().map(|s| &s.id)).unwrap();
    house.identity.end_session(&id, &of_first.id).await.unwrap();
    assert_eq!(house.identity.recognise(&first).await.unwrap_err(), IdentityError::Invalid);
    house.clock.advance(1);
    assert_eq!(house.neighbour.recognise(&first).await.unwrap_err(), IdentityError::Invalid);
    let (other, _) = house.account("ivan").await;
    let foreign = house.identity.end_session(&other.id.to_string(), &known.session.as_ref().unwrap().id).await;
    assert_eq!(foreign.unwrap_err(), IdentityError::Missing("session"));

    let now = house.next_code(&secret);
    let third = house.sign_in("olga", PASSWORD, &now).await.unwrap();
    assert_eq!(house.identity.end_sessions(&id, known.session.as_deref()).await.unwrap(), 1);
    assert!(house.identity.recognise(&third).await.is_err());
    house.identity.recognise(&second).await.unwrap();
    house.identity.sign_out(&second).await.unwrap();
    assert!(house.identity.recognise(&second).await.is_err());

    let now = house.next_code(&secret);
    let last = house.sign_in("olga", PASSWORD, &now).await.unwrap();
    house.clock.advance(12 * 3600);
    assert_eq!(house.identity.recognise(&last).await.unwrap_err(), IdentityError::Expired);
    assert!(house.identity.sessions(&id).await.unwrap().is_empty());
}

async fn powers_follow_the_post_one_at_a_time(place: &TestPlace) {
    let house = House::new(place);
    let (_, token) = house.account("olga").await;
    let post = |n: &str, role, space: &str| Capacity {
        appointment: format!("urn:svod:appointment:{n}").parse().unwrap(),
        title: n.to_owned(),
        role,
        space: space.parse().unwrap(),
        body: None,
    };
    let held =
        vec![post("official", Role::Official, "kuzbass/belovo"), post("administrator", Role::Administrator, "altai")];
    *house.posts.0.lock().unwrap() = held;
    house.clock.advance(1);
    let known = house.identity.recognise(&token).await.unwrap();
    assert_eq!((known.actor.name.as_str(), known.actor.is(Role::Administrator)), ("official", false));
    let session = known.session.unwrap();
    house.identity.act_as(&session, "urn:svod:appointment:administrator").await.unwrap();
    let actor = house.identity.authenticate(&token).await.unwrap();
    assert!(actor.is(Role::Administrator) && !actor.is(Role::Official));
    assert_eq!(actor.spaces, ["altai".parse().unwrap()], "the powers of two posts do not mix");
    assert_eq!(house.identity.act_as(&session, "urn:svod:appointment:x").await, Err(IdentityError::Missing("post")));
    house.identity.act_as(&session, "").await.unwrap();
    assert!(house.identity.authenticate(&token).await.unwrap().is(Role::Citizen));
    house.identity.act_as(&session, "urn:svod:appointment:administrator").await.unwrap();
    // What was set up in the post goes on with it, and ends with it.
    let set_up = house.identity.authenticate(&token).await.unwrap();
    assert_eq!(*house.identity.powers_now(&set_up).await.unwrap(), set_up);
    // The post is given to somebody else: on every node within a second.
    house.posts.0.lock().unwrap().clear();
    house.clock.advance(1);
    let actor = house.neighbour.authenticate(&token).await.unwrap();
    assert!(actor.is(Role::Citizen) && actor.spaces.is_empty());
    for node in [&house.identity, &house.neighbour] {
        assert_eq!(*node.powers_now(&set_up).await.unwrap(), actor);
    }
    house.identity.block(&session.account, true, &svod_kernel::Actor::platform("test")).await.unwrap();
    house.clock.advance(1);
    assert_eq!(*house.identity.powers_now(&set_up).await.unwrap(), Actor::anonymous());
    let persona = Actor { id: "persona-governor".into(), ..set_up };
    assert_eq!(*house.identity.powers_now(&persona).await.unwrap(), persona, "who has no account stays as they were");
}

async fn who_is_blocked_is_out_at_once(place: &TestPlace) {
    let house = House::new(place);
    let (account, secret, _) = house.with_password("olga").await;
    let id = account.id.to_string();
    let now = house.next_code(&secret);
    let token = house.sign_in("olga", PASSWORD, &now).await.unwrap();
    house.identity.block(&id, true, &svod_kernel::Actor::platform("test")).await.unwrap();
    assert!(house.identity.recognise(&token).await.is_err());
    let now = house.next_code(&secret);
    assert_eq!(house.sign_in("olga", PASSWORD, &now).await.unwrap_err(), IdentityError::Refused);
    house.identity.block(&id, false, &svod_kernel::Actor::platform("test")).await.unwrap();
    house.sign_in("olga", PASSWORD, &now).await.unwrap();
    assert_eq!(
        house.identity.block("00000000-0000-0000-0000-000000000000", true, &svod_kernel::Actor::platform("test")).await,
        Err(IdentityError::Missing("account"))
    );
    let all = house.identity.accounts("", 10).await.unwrap();
    assert_eq!(all.iter().map(|a| a.login.as_str()).collect::<Vec<_>>(), ["olga"]);
}

async fn the_last_way_to_sign_in_stays(place: &TestPlace) {
    let house = House::new(place);
    let (account, secret, _) = house.with_password("olga").await;
    assert_eq!(house.identity.drop_password(&account).await, Err(IdentityError::LastWay));
    let now = house.next_code(&secret);
    house.sign_in("olga", PASSWORD, &now).await.unwrap();
}

async fn weighty_acts_ask_for_a_fresh_proof(place: &TestPlace) {
    let house = House::new(place);
    let (_, secret, _) = house.with_password("olga").await;
    let now = house.next_code(&secret);
    let token = house.sign_in("olga", PASSWORD, &now).await.unwrap();
    house.clock.advance(3600);
    let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
    assert!(!session.is_fresh(house.clock.now(), 300));
    let wrong = house.identity.confirm_password(&session, (PASSWORD.into(), "000000"), &here()).await;
    assert_eq!(wrong, Err(IdentityError::Refused));
    let now = code(&secret, house.clock.now());
    let renewed = house.identity.confirm_password(&session, (PASSWORD.into(), &now), &here()).await.unwrap();
    let fresh = house.identity.recognise(&renewed).await.unwrap().session.unwrap();
    assert!(fresh.is_fresh(house.clock.now(), 300));
    assert_eq!((&fresh.account, fresh.created, &fresh.agent), (&session.account, session.created, &session.agent));
    // Whoever has the token of before has nothing; it is one session all the while, and sites know it by the same name.
    assert_eq!(house.identity.recognise(&token).await.unwrap_err(), IdentityError::Invalid);
    assert_eq!(house.neighbour.recognise(&token).await.unwrap_err(), IdentityError::Invalid);
    assert_eq!((house.identity.sessions(&session.account).await.unwrap().len(), fresh.sid()), (2, session.sid()));
    let again = house.identity.confirm_password(&session, (PASSWORD.into(), &house.next_code(&secret)), &here()).await;
    assert_eq!(again, Err(IdentityError::Invalid), "what is over is not renewed");
}
