//! `[[identity.providers]]`: outside OpenID providers, and what is demanded of each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// `[[identity.providers]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Names it in addresses: small letters, digits and `-`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its issuer identifier, `https://accounts.example`.
    pub issuer: String,
    /// What the installation is called there.
    pub client_id: String,
    /// File with the secret by which the installation is known there; none for a public client.
    pub secret_file: Option<PathBuf>,
    /// What is asked for.
    #[serde(default = "openid")]
    pub scope: String,
    /// The claim with the national identification number that the provider has verified. None: it tells none, and people link it
    /// to their account themselves.
    pub national_id_claim: Option<String>,
    /// Levels of assurance that mean two factors there; it is asked for them, and its token must name one (`acr`).
    #[serde(default)]
    pub acr: Vec<String>,
    /// Ways of proving oneself that its token must name, all of them (`amr`, RFC 8176): `["mfa"]`.
    #[serde(default)]
    pub amr: Vec<String>,
    /// For a provider that says neither: what it is taken to ask everybody for.
    pub trusted_as: Option<TrustedAs>,
}

/// What a provider is taken to ask everybody for, without its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustedAs {
    /// Two factors, always: whoever runs the installation has made sure.
    TwoFactors,
}

fn openid() -> String {
    "openid profile".to_owned()
}

/// Can these providers be used?
///
/// # Errors
/// The first that cannot.
pub(super) fn check(providers: &[ProviderConfig]) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for p in providers {
        if p.id.is_empty() || p.id == "return" || !p.id.chars().all(plain) {
            return Err(ConfigError::Value {
                key: "identity.providers.id",
                rule: format!("'{}' is no name for an address", p.id),
                fix: "take small letters, digits and '-'; not 'return'",
            });
        }
        if let Some(bad) = p.acr.iter().chain(&p.amr).find(|v| v.is_empty() || v.chars().any(char::is_whitespace)) {
            return Err(ConfigError::Value {
                key: "identity.providers.acr, identity.providers.amr",
                rule: format!("'{bad}' of the provider '{}' is no value of a token", p.id),
                fix: "give each value as the provider writes it, without spaces",
            });
        }
        if p.acr.is_empty() && p.amr.is_empty() && p.trusted_as.is_none() {
            return Err(ConfigError::Value {
                key: "identity.providers.acr, identity.providers.amr",
                rule: format!("nothing is demanded of the provider '{}': it would let people in by one factor", p.id),
                fix: "name the values that mean two factors there; write trusted_as = \"two-factors\" where it asks everybody for two and does not say so",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Config;

    fn load(more: &str) -> Result<Config, String> {
        let text = format!(
            "[[identity.providers]]\nid = \"national\"\nname = \"N\"\nissuer = \"https://n.example\"\nclient_id = \"c\"\n{more}\n"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::load(Some(file.path()), |_| None).map_err(|e| e.to_string())
    }

    #[test]
    fn a_provider_of_which_nothing_is_demanded_is_refused() {
        for enough in ["acr = [\"loa-high\"]", "amr = [\"mfa\"]", "trusted_as = \"two-factors\""] {
            load(enough).unwrap();
        }
        for nothing in ["", "acr = []\namr = []"] {
            let said = load(nothing).unwrap_err();
            assert!(said.contains("national") && said.contains("trusted_as"), "{said}");
        }
        assert!(load("trusted_as = \"one-factor\"").unwrap_err().contains("two-factors"));
        assert!(load("acr = [\"loa high\"]").unwrap_err().contains("loa high"));
    }
}
