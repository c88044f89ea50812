use std::collections::BTreeMap;

use axum::extract::{Form, FromRequest, FromRequestParts, Multipart, Request};
use axum::response::{IntoResponse, Response};
use svod_forms::Action;

use crate::context::PageContext;
use crate::error::PageError;
use crate::multipart::{MAX_FILES, SentFile, broken, is_multipart, too_large};

/// Texts of a form together, in bytes.
const TEXTS: usize = 512 * 1024;
/// Inputs of a form.
const INPUTS: usize = 4_000;

/// A page of a form as a browser sends it, with as many files as its fields take (RFC 7578, or without files as an
/// ordinary form). The token's field stands first: without it, or from somebody who has not signed in, no byte of a file
/// is read. The route's `DefaultBodyLimit` bounds all of it.
#[derive(Debug, Default)]
pub struct SentForm {
    /// What was typed, by the place of its field ([`svod_forms::Sent::Typed`]).
    pub typed: BTreeMap<String, Vec<String>>,
    /// Files by the place of their field.
    pub files: Vec<(String, SentFile)>,
    /// The page that was sent; empty for a form of one page.
    pub page: String,
    /// What its button asks for; none where somebody sent what no page has.
    pub action: Option<Action>,
    proved: bool,
}

impl<S: Send + Sync> FromRequest<S> for SentForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let ctx = PageContext::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let multipart = is_multipart(&parts.headers);
        let request = Request::from_parts(parts, body);
        let mut sent = Self::default();
        if multipart {
            let mut parts = Multipart::from_request(request, state).await.map_err(IntoResponse::into_response)?;
            sent.read(&ctx, &mut parts).await.map_err(IntoResponse::into_response)?;
        } else {
            let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, state)
                .await
                .map_err(IntoResponse::into_response)?;
            if pairs.len() > INPUTS {
                return Err(too_large().into_response());
            }
            pairs.into_iter().for_each(|(name, value)| sent.put(&ctx, &name, value));
        }
        if sent.proved { Ok(sent) } else { Err(PageError::csrf().into_response()) }
    }
}

impl SentForm {
    fn put(&mut self, ctx: &PageContext, name: &str, value: String) {
        match name {
            "csrf" => self.proved = self.proved || ctx.csrf_holds(&value),
            "page" => self.page = value.chars().take(40).collect(),
            // The button that was pressed comes behind all that is typed; Enter is the first button of the page.
            "do" => self.action = value.parse().ok(),
            _ => {
                if let Some(place) = name.strip_prefix("f.") {
                    self.typed.entry(place.to_owned()).or_default().push(value);
                }
            }
        }
    }

    async fn read(&mut self, ctx: &PageContext, parts: &mut Multipart) -> Result<(), PageError> {
        let (mut length, mut inputs) = (0, 0);
        while let Some(mut part) = parts.next_field().await.map_err(|e| broken(&e))? {
            inputs += 1;
            if inputs > INPUTS {
                return Err(too_large());
            }
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().map(str::to_owned);
            // A field in which no file was chosen is sent without a name; what it may hold is nobody's file.
            let chosen = file.as_ref().is_some_and(|called| !called.is_empty());
            if chosen && !self.proved {
                return Err(PageError::csrf());
            }
            if chosen && !ctx.signed_in() {
                return Err(PageError::sign_in());
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(|e| broken(&e))? {
                length += if chosen { 0 } else { chunk.len() };
                if length > TEXTS {
                    return Err(too_large());
                }
                bytes.extend_from_slice(&chunk);
            }
            match file {
                Some(_) if !chosen => {}
                Some(called) => {
                    if self.files.len() == MAX_FILES {
                        return Err(too_large());
                    }
                    let place = name.strip_prefix("f.").unwrap_or(&name).to_owned();
                    self.files.push((place, SentFile { name: called, bytes }));
                }
                None => self.put(ctx, &name, String::from_utf8_lossy(&bytes).into_owned()),
            }
        }
        Ok(())
    }
}
