//! One folder for each page: handler and template side by side.

pub mod entities;
pub mod entity;
pub mod map;
pub mod vocabulary;

use svod_kernel::SpacePath;
use svod_portal::{PageContext, PageError};
use svod_registry::{INSTALLATION, QueryError, Registry};

/// The space a page is about: the one asked for, else the visitor's own region, else the first region there is.
///
/// # Errors
/// A page of status 404 when there is no such space.
pub fn space_of(registry: &Registry, ctx: &PageContext, asked: Option<&str>) -> Result<SpacePath, PageError> {
    let tree = registry.spaces();
    if let Some(text) = asked.filter(|s| !s.is_empty()) {
        let path: SpacePath = text.parse().map_err(|_| PageError::not_found())?;
        return if tree.get(&path).is_some() { Ok(path) } else { Err(QueryError::UnknownSpace(path).into()) };
    }
    let is_region = |p: &SpacePath| p.as_str() != INSTALLATION && tree.get(p).is_some();
    let own = ctx.actor.spaces.iter().map(SpacePath::top).find(|p| is_region(p));
    let first = || tree.all().iter().map(|s| s.path.clone()).find(|p| p.parent().is_none() && is_region(p));
    Ok(own.or_else(first).unwrap_or_else(|| registry.installation("Space").space))
}
