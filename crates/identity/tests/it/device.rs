//! Devices with credentials of their own.

use svod_identity::{DEVICE_SECRET, DeviceQuery, IdentityError, NewDevice, Sign, device_place};
use svod_kernel::{Actor, Clock as _, Role};
use svod_store::testing::TestPlace;

use crate::House;

const ADDRESS: &str = "192.0.2.7";

fn by() -> Actor {
    Actor::platform("test")
}

fn new(name: &str, home: &str) -> NewDevice {
    NewDevice { name: name.into(), home: home.parse().unwrap(), profile: None, device: None }
}

pub async fn a_device_is_known_by_its_secret_until_it_is_revoked(place: &TestPlace) {
    let house = House::new(place);
    let post = NewDevice { profile: Some("air-post".into()), device: Some("7".into()), ..new(" Post ", "altai/town") };
    let (device, secret) = house.identity.add_device(&post, &by()).await.unwrap();
    assert_eq!((device.name.as_str(), device.seen), ("Post", None));
    // At least 128 bits beside what its identifier tells.
    let random = secret.strip_prefix(&format!("{DEVICE_SECRET}{}_", device.id)).unwrap();
    assert!(random.len() * 6 >= 128, "{secret}");

    let known = house.identity.device_of(&secret, Some(&device.id), ADDRESS).await.unwrap();
    assert!(known.actor.is(Role::Device) && known.actor.spaces == [device.home.clone()]);
    assert_eq!((known.profile.as_deref(), known.device.as_deref()), (Some("air-post"), Some("7")));
    assert_eq!(house.identity.device(&device.id).await.unwrap().seen, Some(house.clock.now()));
    assert_eq!(house.identity.authenticate(&secret).await, Err(IdentityError::Invalid), "it opens nothing else");
    assert_eq!(house.identity.device_still(&by()).await.unwrap(), None, "no device");

    let mut signs = house.identity.signs();
    let other = house.identity.add_device(&new("Other", "altai"), &by()).await.unwrap();
    let mixed = secret.replace(&device.id, &other.0.id);
    let bad = [(mixed.as_str(), None), (secret.as_str(), Some("d0")), (DEVICE_SECRET, None), ("svod_device_x_y", None)];
    for (said, named) in bad {
        let refused = house.identity.device_of(said, named, ADDRESS).await.unwrap_err();
        assert_eq!(refused, IdentityError::Invalid, "{said}");
        let sign = signs.try_recv();
        assert!(matches!(sign, Ok(Sign::DevicesRefused { network, count: 1 }) if network == "192.0.2"), "{said}");
        house.clock.advance(1);
    }

    // On another node, with the platform looking for revocations there and without.
    let neighbour = &house.neighbour;
    assert!(neighbour.device_still(&known.actor).await.unwrap().is_some());
    neighbour.look_for_revocations().await.unwrap();
    house.identity.revoke_device(&device.id, &by()).await.unwrap();
    assert_eq!(house.identity.device_still(&known.actor).await.unwrap(), None);
    assert!(neighbour.look_for_revocations().await.unwrap() && !neighbour.look_for_revocations().await.unwrap());
    assert_eq!(neighbour.device_still(&known.actor).await.unwrap(), None, "at once after the look");
    assert!(neighbour.revoked_devices().await.unwrap().contains(&known.actor.id));
    assert!(neighbour.device_of(&other.1, None, ADDRESS).await.is_ok());
    house.identity.revoke_device(&other.0.id, &by()).await.unwrap();
    house.clock.advance(1);
    assert!(neighbour.device_of(&other.1, None, ADDRESS).await.is_err(), "within a second without a look");
    let again = house.identity.revoke_device(&device.id, &by()).await;
    assert_eq!(again, Err(IdentityError::Missing("device")));
}

pub async fn strangers_are_told_once_a_second_with_how_many_they_were(place: &TestPlace) {
    let house = House::new(place);
    let mut signs = house.identity.signs();
    let mut told = move || std::iter::from_fn(|| signs.try_recv().ok()).collect::<Vec<_>>();
    let of = |network: &str, count: u32| Sign::DevicesRefused { network: network.into(), count };
    for _ in 0..100 {
        house.identity.device_refused("x", ADDRESS);
    }
    house.identity.device_refused("x", "198.51.100.1");
    assert_eq!(told(), [of("192.0.2", 1), of("198.51.100", 1)], "a network does not hide its neighbour");
    house.clock.advance(1);
    house.identity.device_refused("x", ADDRESS);
    assert_eq!(told(), [of("192.0.2", 100)], "none is lost");
    house.identity.device_refused("x", ADDRESS);
    house.identity.look_for_revocations().await.unwrap();
    assert!(told().is_empty());
    house.clock.advance(1);
    house.identity.look_for_revocations().await.unwrap();
    assert_eq!(told(), [of("192.0.2", 1)], "also when nobody comes any more");
}

pub async fn devices_are_found_page_by_page(place: &TestPlace) {
    let house = House::new(place);
    for n in 0..5 {
        let home = if n < 3 { "altai" } else { "altai/town" };
        house.identity.add_device(&new(&format!("Пост №{n} 100%"), home), &by()).await.unwrap();
        house.clock.advance(i64::from(n % 2));
    }
    let names = async |query: DeviceQuery| {
        let found = house.identity.devices(query).await.unwrap();
        found.iter().map(|d| d.name.clone()).collect::<Vec<_>>()
    };
    let of = |words: &str| DeviceQuery { words: words.into(), limit: 10, ..DeviceQuery::default() };
    assert_eq!(names(of("")).await.len(), 5);
    assert_eq!(names(of("пост №3")).await, ["Пост №3 100%"]);
    assert_eq!(names(of("100%")).await.len(), 5);
    assert_eq!(names(of("1_0%")).await.len(), 0, "signs of patterns are letters");
    let town = DeviceQuery { homes: Some(vec!["altai/town".into()]), ..of("") };
    assert_eq!(names(town).await.len(), 2);
    assert_eq!(names(DeviceQuery { homes: Some(Vec::new()), ..of("") }).await.len(), 0);
    assert_eq!(names(DeviceQuery { name: Some("Пост №4 100%".into()), ..of("") }).await.len(), 1);

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = house.identity.devices(DeviceQuery { limit: 2, after: after.clone(), ..of("") }).await.unwrap();
        seen.extend(page.iter().map(|d| d.id.clone()));
        let Some(last) = page.last() else { break };
        after = device_place(&last.place());
    }
    assert_eq!(seen.len(), 5);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5, "each once");

    let long = "x".repeat(101);
    for bad in ["", " \t", "two\nlines", long.as_str()] {
        let refused = house.identity.add_device(&new(bad, "altai"), &by()).await.unwrap_err();
        assert!(matches!(refused, IdentityError::Field("name", ..)), "{bad:?}");
    }
}
