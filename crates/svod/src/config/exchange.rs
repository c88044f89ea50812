//! `[exchange.<system>]`: how systems are reached that processes of packs ask.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Systems by the ids under which packs declare them.
pub type ExchangeConfigs = BTreeMap<String, ExchangeConfig>;

/// `[exchange.<system>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeConfig {
    /// Address; an operation is asked by POST to `<url>/<operation>`. Its host must stand in `outbound.hosts`.
    pub url: Option<String>,
    /// File with the token that is sent along (`Authorization: Bearer`).
    pub token_file: Option<PathBuf>,
    /// Without an address: the decision that the pack names as the sandbox answers. So it does with `--demo`.
    pub sandbox: bool,
}
