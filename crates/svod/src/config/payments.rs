//! `[payments]`: who moves money.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The provider inside, which moves nothing.
pub const SANDBOX: &str = "sandbox";

/// `[payments]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentsConfig {
    /// Who takes new payments and payouts: `sandbox`, or the id of one of the providers. None: the sandbox in demo mode, else
    /// nobody.
    pub provider: Option<String>,
    /// Payment providers over HTTP. Their hosts must stand in `outbound.hosts`.
    pub providers: Vec<PaymentProvider>,
}

/// `[[payments.providers]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentProvider {
    /// Names it in addresses and in the books: small letters, digits and `-`.
    pub id: String,
    /// Its address; `/payments`, `/refunds` and `/payouts` follow.
    pub url: String,
    /// File with the secret shared with it, 32 characters or more; further lines are secrets of before, by which it may still sign.
    pub secret_file: PathBuf,
}

/// Can these be used?
///
/// # Errors
/// The first that cannot.
pub(super) fn check(config: &PaymentsConfig) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for (at, p) in config.providers.iter().enumerate() {
        let twice = config.providers[..at].iter().any(|other| other.id == p.id);
        if p.id.is_empty() || p.id == SANDBOX || twice || !p.id.chars().all(plain) {
            return Err(ConfigError::Value {
                key: "payments.providers.id",
                rule: format!("'{}' is no name for a payment provider, or is another's", p.id),
                fix: "take small letters, digits and '-'; not 'sandbox'; each name once",
            });
        }
        if !(p.url.starts_with("https://") || p.url.starts_with("http://")) {
            return Err(ConfigError::Value {
                key: "payments.providers.url",
                rule: format!("'{}' is no address", p.url),
                fix: "give the address with https://, without a slash at the end",
            });
        }
    }
    match &config.provider {
        Some(id) if id != SANDBOX && !config.providers.iter().any(|p| p.id == *id) => Err(ConfigError::Value {
            key: "payments.provider",
            rule: format!("there is no payment provider '{id}'"),
            fix: "write sandbox, or the id of one of [[payments.providers]]",
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::Config;

    fn load(text: &str) -> Result<Config, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::load(Some(file.path()), |_| None).map_err(|e| e.to_string())
    }

    #[test]
    fn a_provider_must_be_there() {
        let bank = "[[payments.providers]]\nid = \"bank\"\nurl = \"https://bank.example\"\nsecret_file = \"s\"\n";
        for good in ["", "[payments]\nprovider = \"sandbox\"\n", bank] {
            load(good).unwrap();
        }
        load(&format!("[payments]\nprovider = \"bank\"\n{bank}")).unwrap();
        for (bad, part) in [
            ("[payments]\nprovider = \"bank\"\n".to_owned(), "'bank'"),
            (format!("{bank}{bank}"), "each name once"),
            (bank.replace("\"bank\"", "\"sandbox\""), "not 'sandbox'"),
            (bank.replace("https://", ""), "payments.providers.url"),
        ] {
            let said = load(&bad).unwrap_err();
            assert!(said.contains(part), "{said}");
        }
    }
}
