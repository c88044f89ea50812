//! `[[identity.providers]]`: outside OpenID providers, and what is demanded of each.

use std::path::PathBuf;

use reqwest::Url;
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
    /// Further origins over which its page sends people on, `https://login.example`: Chrome refuses a form that is redirected to
    /// an origin that our page has not named.
    #[serde(default)]
    pub also_at: Vec<String>,
    /// For a provider that says neither: what it is taken to ask everybody for.
    pub trusted_as: Option<TrustedAs>,
    /// Its tokens may be signed with RSA keys of 2048 bits (112 bits of strength); without it, of 3072 at the least.
    #[serde(default)]
    pub rsa_2048: bool,
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
        if let Some(bad) = p.also_at.iter().find(|origin| !is_origin(origin)) {
            return Err(ConfigError::Value {
                key: "identity.providers.also_at",
                rule: format!("'{bad}' of the provider '{}' is no origin", p.id),
                fix: "give scheme and host, such as https://login.example, without a path or a slash at the end",
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

/// Scheme, host and perhaps a port, as browsers write them; `http` on this machine only.
fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    !text.contains('*')
        && url.origin().ascii_serialization() == text
        && (url.scheme() == "https" || (url.scheme() == "http" && here))
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

    /// ASVS V11.2.3.
    #[test]
    fn weak_keys_of_a_provider_are_taken_only_where_somebody_has_said_so() {
        let of = |more: &str| load(&format!("acr = [\"high\"]\n{more}")).unwrap().identity.providers[0].rsa_2048;
        assert!(!of("") && of("rsa_2048 = true"));
    }

    #[test]
    fn further_origins_of_a_provider_are_origins() {
        let of = |origin: &str| load(&format!("acr = [\"loa-high\"]\nalso_at = [\"{origin}\"]"));
        for fine in ["https://login.example", "https://login.example:8443", "http://localhost:9000"] {
            assert_eq!(of(fine).unwrap().identity.providers[0].also_at, [fine]);
        }
        for bad in
            ["https://login.example/", "https://login.example/path", "http://login.example", "*", "https://*.example"]
        {
            assert!(of(bad).unwrap_err().contains("also_at"), "{bad}");
        }
    }
}
