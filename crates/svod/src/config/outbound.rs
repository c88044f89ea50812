//! `[outbound]`: what is spoken to elsewhere, and how.

use std::net::IpAddr;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};

/// `[outbound]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundConfig {
    /// Hosts that are spoken to: for documents such as `@context`, subscribers, providers, other systems; `*` for any.
    pub hosts: Vec<String>,
    /// Hosts that are spoken to without TLS (`http`, `mqtt`) as well; `*` for any. This machine is anyway.
    pub plain: Vec<String>,
    /// Private and loopback addresses as well.
    pub private: bool,
    /// A fetch that takes longer fails.
    pub timeout_seconds: u64,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self { hosts: Vec::new(), plain: Vec::new(), private: false, timeout_seconds: 10 }
    }
}

impl OutboundConfig {
    /// Why a host is not spoken to by a scheme without encryption; `None` when it is (ASVS V12.3.1).
    pub fn refuses_plain(&self, scheme: &str, host: &str) -> Option<String> {
        let host = host.trim_matches(['[', ']']);
        let named = || self.plain.iter().any(|h| h == "*" || h.eq_ignore_ascii_case(host));
        let instead = match scheme {
            "http" => "use https",
            "mqtt" => "use mqtts",
            // The scanner of files knows no encryption.
            "tcp" => "keep it on this machine",
            _ => return None,
        };
        if is_here(host) || named() {
            return None;
        }
        let named = "name the host in outbound.plain where you trust the network between";
        Some(format!("{scheme} to {host} is not encrypted: {instead}, or {named}"))
    }
}

/// A host of this machine.
pub fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Addresses that the configuration itself names are closed, or it was said why not.
///
/// # Errors
/// [`ConfigError::Value`] with the first that is not.
pub fn demand_closed(config: &Config) -> Result<(), ConfigError> {
    let exchange = config.exchange.values().filter_map(|system| system.url.as_deref()).map(|url| ("exchange.url", url));
    let payments = config.payments.providers.iter().map(|p| ("payments.providers.url", p.url.as_str()));
    let providers = config.identity.providers.iter().map(|p| ("identity.providers.issuer", p.issuer.as_str()));
    let witnesses = config.ledger.witnesses.iter().map(|w| ("ledger.witnesses.url", w.url.as_str()));
    let scanner = config.files.scanner.iter().map(|address| ("files.scanner", address.as_str()));
    for (key, address) in exchange.chain(payments).chain(providers).chain(witnesses).chain(scanner) {
        // What is no address is told where it is used.
        let Ok(url) = Url::parse(address) else { continue };
        if let Some(rule) = config.outbound.refuses_plain(url.scheme(), url.host_str().unwrap_or_default()) {
            return Err(ConfigError::Value { key, rule, fix: "mend the address" });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_encrypted_stays_on_this_machine_or_is_named() {
        let config = OutboundConfig { plain: vec!["scada.example".into()], ..OutboundConfig::default() };
        for fine in
            ["http://localhost", "mqtt://127.0.0.1", "http://[::1]", "http://Scada.example", "https://a.example"]
        {
            let (scheme, host) = fine.split_once("://").unwrap();
            assert_eq!(config.refuses_plain(scheme, host), None, "{fine}");
        }
        for open in ["http://a.example", "mqtt://10.0.0.1", "http://localhost.example", "http://[fd00::1]"] {
            let (scheme, host) = open.split_once("://").unwrap();
            let why = config.refuses_plain(scheme, host).unwrap_or_else(|| panic!("{open}"));
            assert!(why.contains("outbound.plain") && why.contains(&format!("use {scheme}s")), "{why}");
        }
    }

    #[test]
    fn the_configurations_own_addresses_are_judged_at_the_start() {
        let of = |text: &str| demand_closed(&toml::from_str::<Config>(text).unwrap()).map_err(|e| e.to_string());
        let system = "[exchange.insurer]\nurl = \"http://insurer.example/api\"\n";
        let refused = of(system).unwrap_err();
        assert!(refused.starts_with("exchange.url") && refused.contains("insurer.example"), "{refused}");
        assert_eq!(of(&format!("{system}[outbound]\nplain = [\"insurer.example\"]\n")), Ok(()));
        assert_eq!(of("[exchange.insurer]\nurl = \"https://insurer.example/api\"\n"), Ok(()));
        let witness = "[[ledger.witnesses]]\nurl = \"http://neighbour.example/ledger\"\nkey = \"k\"\n";
        assert!(of(witness).unwrap_err().starts_with("ledger.witnesses.url"));
        assert!(of("[files]\nscanner = \"tcp://clamd.example:3310\"\n").unwrap_err().starts_with("files.scanner"));
        for near in ["tcp://127.0.0.1:3310", "unix:///run/clamd.ctl"] {
            assert_eq!(of(&format!("[files]\nscanner = \"{near}\"\n")), Ok(()), "{near}");
        }
    }
}
