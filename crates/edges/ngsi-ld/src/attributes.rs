//! `/entities/{id}/attrs/{name}` (clause 6.7).

use axum::extract::{Path, State};
use serde_json::Value;
use svod_model::Attribute;
use svod_registry::Action;

use crate::NgsiState;
use crate::change;
use crate::context::Context;
use crate::edit::revise;
use crate::entities::urn;
use crate::error::{Answer, ApiError};
use crate::parse::{self, Read};
use crate::provide::told;
use crate::request::Asked;
use crate::sources::share::Content;
use crate::sources::spread::{Deed, carry};

/// Which instance: all, the default one, or one of a dataset.
///
/// # Errors
/// When it is no URI.
pub fn dataset(asked: &Asked) -> Answer<Option<Option<String>>> {
    if asked.flag("deleteAll")? {
        return Ok(None);
    }
    match asked.param("datasetId") {
        None | Some("@none") => Ok(Some(None)),
        Some(id) => Ok(Some(Some(urn(id)?.to_string()))),
    }
}

fn no_such(id: &str, name: &str) -> ApiError {
    ApiError::missing(format!("the entity {id} has no such attribute '{name}' (or no such instance of it)"))
}

/// `DELETE /entities/{id}/attrs/{name}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path((id, term)): Path<(String, String)>, asked: Asked) -> Answer {
    let urn = urn(&id)?;
    let context = asked.context(&state).await?;
    parse::named(&term)?;
    let (name, dataset) = (context.name(&term), dataset(&asked)?);
    let at = address(&urn, &name);
    let (missing, removed) = (term.clone(), name.clone());
    let deed = deed(("deleteAttrs", "DELETE"), &urn, &name, &at);
    let carried = carry(&state, &asked, &context, deed, async |_| {
        let done = revise(&state, &asked, &urn, move |old| {
            let mut new = old.clone();
            let found = match removed.as_str() {
                "scope" => !std::mem::take(&mut new.scopes).is_empty(),
                _ => change::delete(&mut new, &removed, dataset.as_ref().map(Option::as_deref)),
            };
            if found { Ok((new, ())) } else { Err(no_such(&id, &missing)) }
        });
        match done.await {
            // What is known only by its past is ended there; an entity of another type than named is not meant at all.
            Err(e) if e.kind == crate::error::Kind::ResourceNotFound && asked.param("type").is_none() => {
                crate::temporal::end(&state, &asked, &urn, &term, &context).await.map_err(|_| e)
            }
            done => done,
        }
    });
    Ok(told(&asked, &context, &carried.await?.outcome(change::Outcome::default())))
}

/// The write of one attribute as other brokers may have a part in it.
fn deed<'a>(
    (operation, method): (&'static str, &'static str),
    id: &'a svod_kernel::Urn,
    name: &'a str,
    path: &'a (dyn Fn(&Context) -> String + Send + Sync),
) -> Deed<'a> {
    let content = Content::Attribute(name);
    Deed { operation, action: Action::Update, method, path, id, kinds: Vec::new(), content }
}

/// Where the attribute stands at another broker.
fn address<'a>(id: &'a svod_kernel::Urn, name: &'a str) -> impl Fn(&Context) -> String + Send + Sync + 'a {
    move |words: &Context| format!("entities/{id}/attrs/{}", crate::entities::encoded(&words.write(name)))
}

/// Scopes are set as a whole, with the entity.
fn no_scope(name: &str) -> Answer<()> {
    if name == "scope" {
        return Err(ApiError::bad("the scope is changed with the entity: /entities/{id}/attrs"));
    }
    Ok(())
}

/// What a body says about one attribute: its members as they stand, or in any form.
fn fragment(term: &str, value: &Value, context: &Context, there: Option<&Attribute>) -> Answer<Read> {
    // A part of an attribute may leave out what it holds and what kind it is.
    let mut value = value.clone();
    if let (Value::Object(o), Some(there)) = (&mut value, there) {
        let held = ["value", "object", "languageMap", "vocab", "json", "valueList", "objectList"];
        if !held.iter().any(|k| o.contains_key(*k)) {
            let whole = crate::render::Form::default();
            let dataset = o.get("datasetId").and_then(Value::as_str);
            let instance = there.instance(dataset).unwrap_or(there);
            let written = whole.attribute(&change::alone(instance), context, Default::default(), &Default::default());
            if let Some(Value::Object(written)) = written {
                for (key, held_value) in written {
                    if held.contains(&key.as_str()) || key == "type" {
                        o.entry(key).or_insert(held_value);
                    }
                }
            }
        }
    }
    parse::attribute(term, &value, context)
}

/// `PATCH /entities/{id}/attrs/{name}`: a part of one instance (clause 5.6.4).
///
/// # Errors
/// See [`ApiError`].
pub async fn patch(State(state): State<NgsiState>, Path((id, term)): Path<(String, String)>, asked: Asked) -> Answer {
    let urn = urn(&id)?;
    let body = asked.body(&state).await?;
    parse::named(&term)?;
    let name = body.context.name(&term);
    no_scope(&name)?;
    if body.value.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(ApiError::bad("the body says nothing about the attribute"));
    }
    let (at, context) = (address(&urn, &name), body.context.clone());
    let deed = deed(("updateAttrs", "PATCH"), &urn, &name, &at);
    let carried = carry(&state, &asked, &context, deed, async |_| {
        let name = name.clone();
        let change = move |old: &svod_model::Entity| {
            let mut new = old.clone();
            let there = old.attributes.get(&name).ok_or_else(|| no_such(&id, &term))?;
            let read = fragment(&term, &body.value, &body.context, Some(there))?;
            if let Read::Set(part) = &read
                && part.value.kind() != there.value.kind()
            {
                return Err(ApiError::bad(format!("'{term}' is of another type; replace it as a whole instead")));
            }
            apply(&mut new, &name, read, true).map_err(|()| no_such(&id, &term))?;
            Ok((new, ()))
        };
        revise(&state, &asked, &urn, change).await
    });
    Ok(told(&asked, &context, &carried.await?.outcome(change::Outcome::default())))
}

/// `PUT /entities/{id}/attrs/{name}`: one attribute whole (clause 5.6.19).
///
/// # Errors
/// See [`ApiError`].
pub async fn replace(State(state): State<NgsiState>, Path((id, term)): Path<(String, String)>, asked: Asked) -> Answer {
    let urn = urn(&id)?;
    let body = asked.body(&state).await?;
    parse::named(&term)?;
    let name = body.context.name(&term);
    no_scope(&name)?;
    let (at, context) = (address(&urn, &name), body.context.clone());
    let deed = deed(("replaceAttrs", "PUT"), &urn, &name, &at);
    let carried = carry(&state, &asked, &context, deed, async |_| {
        let read = parse::attribute(&term, &body.value, &body.context)?;
        let name = name.clone();
        let change = move |old: &svod_model::Entity| {
            let mut new = old.clone();
            if !old.attributes.contains_key(&name) {
                return Err(no_such(&id, &term));
            }
            apply(&mut new, &name, read.clone(), false).map_err(|()| no_such(&id, &term))?;
            Ok((new, ()))
        };
        revise(&state, &asked, &urn, change).await
    });
    Ok(told(&asked, &context, &carried.await?.outcome(change::Outcome::default())))
}

/// Brings instances that are there to what was read.
fn apply(new: &mut svod_model::Entity, name: &str, read: Read, merge: bool) -> Result<(), ()> {
    let (set, removed) = match read {
        Read::Set(a) => (Some(a), Vec::new()),
        Read::Remove(d) => (None, vec![d]),
        Read::Mixed(set, removed) => (set, removed),
    };
    let there = new.attributes.get(name).ok_or(())?;
    let mut kept: Vec<Attribute> = there.instances().map(change::alone).collect();
    for instance in set.iter().flat_map(Attribute::instances) {
        let old = kept.iter_mut().find(|k| k.dataset == instance.dataset).ok_or(())?;
        if merge {
            let instance = change::alone(instance);
            let about = std::mem::take(&mut old.about);
            let before = std::mem::replace(old, instance);
            old.unit = old.unit.take().or(before.unit);
            old.observed_at = old.observed_at.or(before.observed_at);
            old.expires_at = old.expires_at.or(before.expires_at);
            let mut all = about;
            all.append(&mut old.about);
            old.about = all;
        } else {
            *old = change::alone(instance);
        }
    }
    if let Some(all) = Attribute::from_instances(kept) {
        new.attributes.insert(name.to_owned(), all);
    }
    for dataset in removed {
        if !change::delete(new, name, Some(dataset.as_deref())) {
            return Err(());
        }
    }
    Ok(())
}
