//! No cipher, mode or hash that is out of use, beside the one that the world's authenticators know (OWASP ASVS V11.3.1,
//! V11.3.2, V11.4.1).

use super::workspace::Workspace;
use super::{Finding, rust};
use crate::tree::Tree;

/// As crates name them. What is encrypted is encrypted with AES-256-GCM, backups by `age`.
const NAMES: [&str; 16] = [
    "Md5",
    "md5",
    "Sha1",
    "SHA1",
    "sha1",
    "SHA1_FOR_LEGACY_USE_ONLY",
    "HMAC_SHA1_FOR_LEGACY_USE_ONLY",
    "AES_128_GCM",
    "CHACHA20_POLY1305",
    "Aes128",
    "Aes192",
    "Cbc",
    "Ecb",
    "Rc4",
    "TdesEde3",
    "Blowfish",
];
/// One-time codes as every authenticator program makes them (RFC 6238): SHA-1 inside an HMAC. And the names under which lists
/// of leaked passwords are given out: nothing is protected by them.
const ALLOWED: [(&str, &str); 2] =
    [("crates/identity/src/totp.rs", "SHA1"), ("crates/identity/src/breached.rs", "SHA1_FOR_LEGACY_USE_ONLY")];
/// Packages that bring such, or another TLS.
const PACKAGES: [&str; 14] = [
    "md5",
    "md-5",
    "sha1",
    "sha-1",
    "des",
    "rc4",
    "blowfish",
    "cast5",
    "cbc",
    "ecb",
    "rsa",
    "openssl",
    "native-tls",
    "rand",
];

/// Names in code, and packages that members ask for.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with("rs") {
        let code = rust::code_only(&file.text);
        for name in NAMES.into_iter().filter(|name| !ALLOWED.contains(&(file.path.as_str(), *name))) {
            let places = code.match_indices(name).filter(|(at, _)| stands(&code, *at, name));
            findings.extend(places.map(|(at, _)| {
                let what = format!("{name} is out of use");
                Finding::new(&file.path, rust::line_at(&code, at), what, "AES-256-GCM, SHA-256")
            }));
        }
    }
    for member in &workspace.members {
        for d in member.dependencies.iter().filter(|d| PACKAGES.contains(&d.package.as_str())) {
            let what = format!("{} brings what is out of use, or what we have already", d.package);
            let fix = "ring, sha2, hmac, rustls; chance comes from svod-kernel";
            findings.push(Finding::new(&format!("{}/Cargo.toml", member.folder), d.line, what, fix));
        }
    }
    findings
}

/// As a name of its own.
fn stands(code: &str, at: usize, name: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !part(code[..at].chars().next_back()) && !part(code[at + name.len()..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn found(source: &str, dependency: &str) -> Vec<String> {
        let manifest = format!("[package]\nname = \"a\"\n[dependencies]\n{dependency} = \"1\"\n");
        let files = [
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/a\"]\n"),
            ("crates/a/Cargo.toml", manifest.as_str()),
            ("crates/a/src/lib.rs", source),
            (ALLOWED[0].0, "fn f() { g(Algorithm::SHA1); }\n"),
        ];
        let (_folder, tree) = fixture::tree(&files);
        fixture::lines(&check(&tree, &Workspace::read(&tree).unwrap()))
    }

    #[test]
    fn what_is_out_of_use_is_found_and_words_about_it_are_not() {
        let fine = "// Sha1 and Md5\nfn f() { let s = \"Cbc\"; g(Sha1x, AES_256_GCM); }\n";
        assert_eq!(found(fine, "ring"), Vec::<String>::new());
        assert_eq!(
            found("use sha1::Digest;\nfn f() { g(&AES_128_GCM); }\n", "ring"),
            ["crates/a/src/lib.rs:1: sha1 is out of use", "crates/a/src/lib.rs:2: AES_128_GCM is out of use"]
        );
        let brought = "crates/a/Cargo.toml:4: md-5 brings what is out of use, or what we have already";
        assert_eq!(found("", "md-5"), [brought]);
    }
}
