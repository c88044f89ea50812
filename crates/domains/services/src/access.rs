use svod_kernel::{Actor, Urn};
use svod_portal::{PageContext, PageError, encoded};
use svod_registry::{Action, QueryError, Registry};

pub use svod_runtime::worklist::roots;

/// The answer, or the page of why there is none: who has not signed in is asked to.
///
/// # Errors
/// The page.
pub fn seen<T>(ctx: &PageContext, answer: Result<T, QueryError>) -> Result<T, PageError> {
    match answer {
        Err(QueryError::NotFound(_)) if !ctx.signed_in() => Err(PageError::sign_in()),
        other => Ok(other?),
    }
}

/// Ids of the demo personas who may do that to things of that type somewhere.
pub fn personas(registry: &Registry, action: Action, kind: &str) -> Vec<String> {
    let catalogue = registry.catalogue();
    let able = catalogue.personas.iter().filter(|p| {
        let actor = Actor {
            id: p.id.clone(),
            name: p.id.clone(),
            roles: p.roles.iter().copied().collect(),
            spaces: p.spaces.clone(),
            body: p.body.clone(),
            on_behalf: Vec::new(),
        };
        p.spaces.iter().any(|s| registry.may(&actor, action, &registry.resource(kind, s)))
    });
    able.map(|p| p.id.clone()).collect()
}

/// The page of an entity: tasks and cases have their own.
pub fn address(kind: &str, urn: &Urn) -> String {
    let room = match kind {
        "Task" => "tasks",
        "Case" => "cases",
        _ => "entities",
    };
    format!("/{room}/{}", encoded(urn.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_one_segment() {
        let urn: Urn = "https://example.org/дом?x".parse().unwrap();
        let href = address("Building", &urn);
        assert_eq!(href, "/entities/https:%2F%2Fexample.org%2F%D0%B4%D0%BE%D0%BC%3Fx");
        assert_eq!(address("Task", &"urn:svod:task:1-0".parse().unwrap()), "/tasks/urn:svod:task:1-0");
    }
}
