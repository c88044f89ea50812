//! The installation's key is exchanged (ASVS V11.2.2).

use svod_identity::{IdentityError, Resealed};
use svod_store::testing::TestPlace;

use crate::{House, PASSWORD};

const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [8; 32];

pub async fn what_an_old_key_sealed_is_sealed_anew(place: &TestPlace) {
    let house = House::new(place);
    let (_, olga, _) = house.with_password("olga").await;
    let shown = house.identity.jwks().await.unwrap();
    let invited = house.invitation("late");
    assert!(house.identity.invitation(&invited).await.is_ok());

    // Alone, the new key opens nothing of that.
    house.neighbour.set_keys(&[NEW]);
    assert!(house.neighbour.invitation(&invited).await.is_err());

    // Both are there: what was sealed opens, what is sealed from now on is sealed by the new one. So it stands as well when the
    // exchange is broken off.
    house.identity.set_keys(&[NEW, OLD]);
    let (_, ivan, _) = house.with_password("ivan").await;
    for (login, secret) in [("olga", &olga), ("ivan", &ivan)] {
        let now = house.next_code(secret);
        house.sign_in(login, PASSWORD, &now).await.unwrap();
    }
    assert!(house.identity.invitation(&invited).await.is_ok());
    let keys = shown["keys"].as_array().unwrap().len() as u64;
    let done = house.identity.reseal().await.unwrap();
    assert_eq!(done, Resealed { anew: 1 + keys, lost: 0 }, "olga's authenticator and the keys that sign for sites");
    assert_eq!(house.identity.reseal().await.unwrap(), Resealed::default(), "once");

    house.identity.set_keys(&[NEW]);
    for (login, secret) in [("olga", &olga), ("ivan", &ivan)] {
        let now = house.next_code(secret);
        house.sign_in(login, PASSWORD, &now).await.unwrap();
    }
    assert_eq!(house.neighbour.jwks().await.unwrap(), shown, "the same keys sign for sites");
    assert_eq!(house.identity.invitation(&invited).await.unwrap_err(), IdentityError::Invalid, "signed by the old one");

    // With the old key alone nothing can be had any more, and nothing is spoilt by trying.
    house.identity.set_keys(&[OLD]);
    let now = house.next_code(&olga);
    assert_eq!(house.sign_in("olga", PASSWORD, &now).await.unwrap_err(), IdentityError::Refused);
    assert_eq!(house.identity.reseal().await.unwrap(), Resealed { anew: 0, lost: 2 + keys });
    house.identity.set_keys(&[NEW]);
    assert_eq!(house.identity.reseal().await.unwrap(), Resealed::default());
}
