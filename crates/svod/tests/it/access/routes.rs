//! Which routes there are, read from the routers themselves.

use std::collections::BTreeSet;
use std::path::Path;

use crate::repository;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Method and path of every route of the API, by its own description.
pub fn api() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(svod_rest::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let described = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .keys()
            .filter(|m| METHODS.contains(&m.as_str()))
            .map(move |m| (m.to_uppercase(), path.clone()))
    });
    // The description itself is served beside what it describes.
    described.chain(declared("crates/edges/rest/src/lib.rs")).collect()
}

/// Method and path of every route of the NGSI-LD edge.
pub fn ngsi() -> BTreeSet<(String, String)> {
    declared("crates/edges/ngsi-ld/src/lib.rs")
}

/// Method and path of every page, of the shell around them and of what is served for machines.
pub fn pages() -> BTreeSet<(String, String)> {
    let mut all = declared("crates/svod/src/http.rs");
    folder(Path::new(&repository("crates/portal/src")), &mut all);
    all.extend(declared("crates/edges/oidc/src/lib.rs"));
    let wiring = std::fs::read_to_string(repository("crates/svod/src/http.rs")).unwrap();
    for domain in std::fs::read_dir(repository("crates/domains")).unwrap() {
        let domain = domain.unwrap().file_name().into_string().unwrap();
        assert!(wiring.contains(&format!("svod_{domain}::routes(")), "the domain {domain} is not served");
        let mut of_domain = BTreeSet::new();
        folder(Path::new(&repository(&format!("crates/domains/{domain}/src"))), &mut of_domain);
        assert!(!of_domain.is_empty(), "no route of the domain {domain} was found");
        all.extend(of_domain);
    }
    all
}

fn folder(path: &Path, into: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            folder(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.extend(in_source(&std::fs::read_to_string(path).unwrap()));
        }
    }
}

fn declared(file: &str) -> BTreeSet<(String, String)> {
    in_source(&std::fs::read_to_string(repository(file)).unwrap())
}

/// Every `.route("path", …)` of a source, with the methods given there or in the variable named there.
fn in_source(source: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (at, _) in source.match_indices(".route(") {
        let arguments = &source[at + ".route(".len()..];
        let quoted = arguments.trim_start().strip_prefix('"').expect("a route's path is a literal");
        let (path, rest) = quoted.split_once('"').expect("a literal ends");
        let handlers = &rest[..closing(rest)];
        let mut methods = methods(handlers);
        if methods.is_empty() {
            let name = handlers.trim_matches(|c: char| c == ',' || c.is_whitespace());
            let (_, value) =
                source.split_once(&format!("let {name} = ")).unwrap_or_else(|| panic!("{path}: what is {name}?"));
            methods = self::methods(value.split_once(';').expect("a statement ends").0);
        }
        assert!(!methods.is_empty(), "{path} has no method");
        found.extend(methods.into_iter().map(|m| (m.to_uppercase(), path.to_owned())));
    }
    found
}

/// Where the bracket that was opened before the text closes.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    panic!("brackets do not close: {text}");
}

fn methods(text: &str) -> Vec<&'static str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let called = |name: &&str| {
        text.match_indices(&format!("{name}(")).any(|(at, _)| !text[..at].chars().next_back().is_some_and(word))
    };
    METHODS.into_iter().filter(called).collect()
}

#[test]
fn routes_are_found_in_every_way_of_writing() {
    let source = r#"
        let file = get(a::show).post(a::save).layer(x(1));
        Router::new().route("/a", get(b::get_it)).route( "/b/{id}", axum::routing::post(c))
            .route("/c", file).route("/d", get(|| async { "x" }).delete(e))"#;
    let found: Vec<String> = in_source(source).into_iter().map(|(m, p)| format!("{m} {p}")).collect();
    assert_eq!(found, ["DELETE /d", "GET /a", "GET /c", "GET /d", "POST /b/{id}", "POST /c"]);
}
