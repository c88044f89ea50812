//! The command line as a client of a running platform.

use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;

use crate::config::is_here;

/// A running platform and who asks.
pub struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::blocking::Client,
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

impl Client {
    /// `base` such as `http://127.0.0.1:8080`, or `https://region.example` with a certificate that goes back to a root of
    /// the system (or of the file that `SSL_CERT_FILE` names); the token stands in `--token` or `SVOD_TOKEN`.
    ///
    /// # Errors
    /// When the token would pass a network that others can read.
    pub fn new(base: &str, token: Option<String>) -> anyhow::Result<Self> {
        let open =
            reqwest::Url::parse(base).is_ok_and(|url| url.scheme() == "http" && !url.host_str().is_some_and(is_here));
        anyhow::ensure!(token.is_none() || !open, "{base}: a token is sent to another machine by https only");
        let http = reqwest::blocking::Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), token, http })
    }

    /// The platform of this configuration, met where it listens: by another name than its certificate has, so that this is
    /// not looked at, and nothing is said there that anybody may not hear.
    pub fn beside(base: &str) -> anyhow::Result<Self> {
        let builder = reqwest::blocking::Client::builder().timeout(PATIENCE);
        let http = builder.tls_danger_accept_invalid_certs(true).build()?;
        Ok(Self { base: base.to_owned(), token: None, http })
    }

    /// GET of a JSON answer.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.http.get(format!("{}{path}", self.base)))
    }

    /// POST of a JSON body.
    pub fn post(&self, path: &str, body: &impl Serialize) -> anyhow::Result<Value> {
        self.answer(self.http.post(format!("{}{path}", self.base)).json(body))
    }

    fn answer(&self, request: reqwest::blocking::RequestBuilder) -> anyhow::Result<Value> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response =
            request.send().with_context(|| format!("{} does not answer; is `svod serve` running?", self.base))?;
        let status = response.status();
        let body: Value = response.json().unwrap_or_default();
        if status.is_success() {
            return Ok(body);
        }
        let mut text = format!("{status}: {}", body.get("detail").and_then(Value::as_str).unwrap_or("no reason given"));
        for e in body.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let part = |k: &str| e.get(k).and_then(Value::as_str).unwrap_or_default().to_owned();
            text.push_str(&format!("\n  {}: {} fix: {}", part("field"), part("rule"), part("fix")));
        }
        anyhow::bail!(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Client;

    /// ASVS V12.3.1: what is typed with `--token` is read by nobody on the way.
    #[test]
    fn a_token_goes_to_other_machines_by_tls_only() {
        let may = |base: &str| Client::new(base, Some("t".to_owned())).is_ok();
        assert!(may("http://127.0.0.1:8080") && may("http://localhost:8080") && may("https://region.example"));
        assert!(!may("http://region.example") && !may("http://10.0.0.1:8080"));
        assert!(Client::new("http://region.example", None).is_ok(), "nothing that anybody may not hear");
    }
}
