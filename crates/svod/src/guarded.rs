//! What passes a network is encrypted: doors that others can reach, a store and systems on other machines (ASVS V12.3.1). What
//! lies on the disk of an installation that others can reach is as well (V14.2.4).

use std::net::SocketAddr;
use std::path::Path;

use svod_store::StoreUrl;

use crate::config::{Config, ConfigError, demand_closed};
use crate::disk;

/// Doors and store as they will be used; the first that others could read or answer is refused.
///
/// # Errors
/// [`ConfigError::Value`] with key, rule and fix.
pub fn demand_tls(config: &Config) -> Result<(), ConfigError> {
    let (http, mqtt) = (&config.http, &config.mqtt);
    let others = |address: SocketAddr| !address.ip().is_loopback();
    if others(http.listen) && !http.has_tls() && !http.proxied {
        let fix = "give http.tls_certificate and http.tls_key; or say http.proxied = true where a proxy of your own speaks TLS in \
                   front; or listen on loopback";
        return Err(open("http.listen", http.listen, fix));
    }
    if others(mqtt.listen) && mqtt.tls_cert.is_none() && !mqtt.plain {
        let fix = "give mqtt.tls_cert and mqtt.tls_key; or say mqtt.plain = true where you trust everybody on the network; or \
                   listen on loopback";
        return Err(open("mqtt.listen", mqtt.listen, fix));
    }
    demand_closed(config)?;
    let said = config.store_url();
    let is_said =
        said.split_once('?').is_some_and(|(_, query)| query.split('&').any(|part| part.starts_with("sslmode=")));
    match said.parse::<StoreUrl>() {
        // What is no address is told where the store is opened.
        Ok(url) if url.is_exposed() && !is_said => Err(ConfigError::Value {
            key: "store.url",
            rule: format!("{url} is on another machine, and nothing says that its certificate is looked at"),
            fix: "add sslmode=verify-full (and sslrootcert=FILE); or say sslmode=prefer where you trust the network between",
        }),
        // ASVS V13.2.1: what proves who the platform is ends by itself, or can be exchanged without a restart.
        Ok(url) if url.has_standing_password() && !config.store.standing_password => Err(ConfigError::Value {
            key: "store.url",
            rule: format!(
                "{url} is on another machine, and its password stands in the address until somebody changes it"
            ),
            fix: "give sslcert and sslkey, or a passwordfile that is exchanged; or say store.standing_password = true",
        }),
        _ => Ok(()),
    }
}

/// Where others can reach a door, the data folder lies on an encrypted disk, or somebody has said that it does not.
///
/// # Errors
/// [`ConfigError::Value`] with key, rule and fix.
pub fn demand_sealed(config: &Config) -> Result<(), ConfigError> {
    sealed_by(config, disk::is_sealed)
}

fn sealed_by(config: &Config, looks: impl Fn(&Path) -> Option<bool>) -> Result<(), ConfigError> {
    let others = |address: SocketAddr| !address.ip().is_loopback();
    let reached = others(config.http.listen) || others(config.mqtt.listen) || config.http.proxied;
    if !reached || config.plain_disk {
        return Ok(());
    }
    // The folder is made at the first start: until then it is where its parent is.
    let there = config.data.0.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let folder = config.data.0.display();
    let rule = match looks(there) {
        Some(true) => return Ok(()),
        Some(false) => format!("{folder} is not on an encrypted disk: who takes the disk away reads everything"),
        None => format!("whether {folder} is on an encrypted disk cannot be told from here"),
    };
    let fix = "put it on LUKS; or say plain_disk = true, above the tables, where the disk is guarded otherwise; or listen on loopback";
    Err(ConfigError::Value { key: "data", rule, fix })
}

fn open(key: &'static str, address: SocketAddr, fix: &'static str) -> ConfigError {
    let rule = format!("others can reach {address}, and there is no certificate: passwords could be read on the way");
    ConfigError::Value { key, rule, fix }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(change: impl FnOnce(&mut Config)) -> Result<(), String> {
        let mut config = Config::default();
        change(&mut config);
        demand_tls(&config).map_err(|e| e.to_string())
    }

    #[test]
    fn what_others_can_reach_speaks_tls_or_says_why_not() {
        let everywhere: SocketAddr = ([0, 0, 0, 0], 8080).into();
        assert_eq!(judged(|_| ()), Ok(()));
        let refused = judged(|c| c.http.listen = everywhere).unwrap_err();
        assert!(refused.starts_with("http.listen") && refused.contains("http.proxied"), "{refused}");
        let refused = judged(|c| c.mqtt.listen = everywhere).unwrap_err();
        assert!(refused.starts_with("mqtt.listen") && refused.contains("mqtt.plain"), "{refused}");
        assert_eq!(judged(|c| (c.http.listen, c.http.proxied) = (everywhere, true)), Ok(()));
        assert_eq!(judged(|c| (c.mqtt.listen, c.mqtt.plain) = (everywhere, true)), Ok(()));
        let given = judged(|c| {
            (c.http.listen, c.http.tls_certificate) = (everywhere, Some("a.pem".into()));
            (c.mqtt.listen, c.mqtt.tls_cert) = (everywhere, Some("a.pem".into()));
        });
        assert_eq!(given, Ok(()));
    }

    /// ASVS V14.2.4.
    #[test]
    fn what_others_can_reach_lies_on_an_encrypted_disk_or_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let everywhere: SocketAddr = ([0, 0, 0, 0], 8080).into();
        let judged = |change: fn(&mut Config, SocketAddr), disk: Option<bool>| {
            let mut config = Config::default();
            config.data.0 = folder.path().join("not/there/yet");
            change(&mut config, everywhere);
            let looks = |path: &Path| {
                assert_eq!(path, folder.path(), "where the folder will be");
                disk
            };
            sealed_by(&config, looks).map_err(|e| e.to_string())
        };
        for reached in [
            |c: &mut Config, a: SocketAddr| c.http.listen = a,
            |c: &mut Config, a: SocketAddr| c.mqtt.listen = a,
            |c: &mut Config, _: SocketAddr| c.http.proxied = true,
        ] {
            assert_eq!(judged(reached, Some(true)), Ok(()));
            let plain = judged(reached, Some(false)).unwrap_err();
            assert!(plain.starts_with("data") && plain.contains("plain_disk = true"), "{plain}");
            assert!(judged(reached, None).unwrap_err().contains("cannot be told"));
        }
        assert_eq!(judged(|c, a| (c.http.listen, c.plain_disk) = (a, true), Some(false)), Ok(()));
        assert_eq!(judged(|_, _| (), Some(false)), Ok(()), "on loopback nothing is asked");
    }

    /// ASVS V13.2.1.
    #[test]
    fn no_standing_password_opens_a_store_on_another_machine_unsaid() {
        let of =
            |url: &str, said: bool| judged(|c| (c.store.url, c.store.standing_password) = (Some(url.to_owned()), said));
        let far = "postgres://svod:s3cret@db.example/svod?sslmode=verify-full";
        let refused = of(far, false).unwrap_err();
        assert!(refused.starts_with("store.url") && refused.contains("passwordfile"), "{refused}");
        assert!(!refused.contains("s3cret"), "{refused}");
        assert_eq!(of(far, true), Ok(()));
        for good in [
            "postgres://svod:s3cret@localhost/svod",
            "postgres://svod@db.example/svod?sslmode=verify-full&passwordfile=/run/svod/password",
            "postgres://svod@db.example/svod?sslcert=/etc/svod/tls/db.pem&sslkey=/etc/svod/tls/db.key",
        ] {
            assert_eq!(of(good, false), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_store_on_another_machine_says_how_it_is_reached() {
        let of = |url: &str| judged(|c| c.store.url = Some(url.to_owned()));
        let refused = of("postgres://svod:s3cret@db.example/svod").unwrap_err();
        assert!(refused.starts_with("store.url") && refused.contains("sslmode=verify-full"), "{refused}");
        assert!(!refused.contains("s3cret"), "{refused}");
        for good in [
            "sqlite",
            "postgres://svod@localhost/svod",
            "postgres://svod@%2Fvar%2Frun%2Fpostgresql/svod",
            "postgres://svod@db.example/svod?sslmode=verify-full",
            "postgres://svod@db.example/svod?sslrootcert=%2Fetc%2Fca.pem",
            "postgres://svod@db.example/svod?schema=a&sslmode=prefer",
        ] {
            assert_eq!(of(good), Ok(()), "{good}");
        }
    }
}
