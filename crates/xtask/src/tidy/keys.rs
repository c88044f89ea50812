//! What the program encrypts, signs and hashes with stands in the inventory of keys, and nothing else does (OWASP ASVS V11.1.2,
//! V11.2.1).

use super::Finding;
use super::workspace::Workspace;
use crate::tree::Tree;
use std::fs;

const POLICY: &str = "docs/security-policy.md";
const INVENTORY: &str = "### Inventory of keys";
const BROUGHT: &str = "**Algorithms and who brings them**";
/// Crates that hold keys or work with them, also those that we do not have.
const CRATES: [&str; 48] = [
    "aes",
    "aes-gcm",
    "age",
    "argon2",
    "aws-lc-rs",
    "bcrypt",
    "blake2",
    "blake3",
    "chacha20",
    "chacha20poly1305",
    "crypto_box",
    "curve25519-dalek",
    "des",
    "ecdsa",
    "ed25519",
    "ed25519-dalek",
    "hkdf",
    "hmac",
    "josekit",
    "jsonwebtoken",
    "k256",
    "md-5",
    "native-tls",
    "openssl",
    "orion",
    "p256",
    "p384",
    "p521",
    "pbkdf2",
    "rand_chacha",
    "rc4",
    "rcgen",
    "ring",
    "rsa",
    "rustls",
    "scrypt",
    "secp256k1",
    "sequoia-openpgp",
    "sha1",
    "sha2",
    "sha3",
    "snow",
    "sodiumoxide",
    "tokio-rustls",
    "totp-rs",
    "webauthn-rs",
    "x25519-dalek",
    "x509-parser",
];

/// Crates that members ask for, and crates that the paragraph about algorithms names.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let Some(policy) = tree.get(POLICY) else { return Vec::new() };
    let mut findings = Vec::new();
    let brought = brought(&policy.text);
    for member in &workspace.members {
        for d in member.dependencies.iter().filter(|d| CRATES.contains(&d.package.as_str())) {
            if !brought.iter().any(|(_, name)| *name == d.package) {
                let what = format!("{} does not stand in the inventory of keys", d.package);
                let fix = format!("say in {POLICY}, after {BROUGHT}, what it is for");
                findings.push(Finding::new(&format!("{}/Cargo.toml", member.folder), d.line, what, fix));
            }
        }
    }
    let lock = fs::read_to_string(tree.root.join("Cargo.lock")).unwrap_or_default();
    for (line, name) in brought {
        if !lock.contains(&format!("\nname = \"{name}\"\n")) {
            let what = format!("nothing is built with {name}");
            findings.push(Finding::new(POLICY, line, what, "name the crate that Cargo.lock has"));
        }
    }
    findings
}

/// Names of crates in the paragraph, with their lines.
fn brought(policy: &str) -> Vec<(usize, &str)> {
    let lines = policy.lines().enumerate().skip_while(|(_, line)| !line.starts_with(INVENTORY));
    let paragraph = lines.skip_while(|(_, line)| !line.starts_with(BROUGHT)).take_while(|(_, line)| !line.is_empty());
    let plain = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    let words = paragraph.flat_map(|(at, line)| line.split('`').skip(1).step_by(2).map(move |word| (at + 1, word)));
    words.filter(|(_, word)| plain(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn found(brought: &str, dependencies: &str) -> Vec<String> {
        let policy = format!(
            "# Policy\n\n{INVENTORY} (V11.1.2)\n\n| Key |\n\n{BROUGHT}: {brought}\n(`crates/a/src/lib.rs`).\n\n`snow` elsewhere.\n"
        );
        let manifest = format!("[package]\nname = \"a\"\n[dependencies]\n{dependencies}");
        let files = [
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/a\"]\n"),
            ("Cargo.lock", "[[package]]\nname = \"ring\"\nversion = \"1.0.0\"\n[[package]]\nname = \"sha2\"\n"),
            ("crates/a/Cargo.toml", manifest.as_str()),
            (POLICY, policy.as_str()),
        ];
        let (_folder, tree) = fixture::tree(&files);
        fixture::lines(&check(&tree, &Workspace::read(&tree).unwrap()))
    }

    #[test]
    fn the_inventory_is_what_is_built_with() {
        assert_eq!(
            found("AES by `ring`, SHA-256 by `sha2`", "ring = \"1\"\nsha2 = \"1\"\nserde = \"1\"\n"),
            Vec::<String>::new()
        );
        let unnamed = "crates/a/Cargo.toml:5: sha2 does not stand in the inventory of keys";
        assert_eq!(found("AES by `ring`", "ring = \"1\"\nsha2 = \"1\"\n"), [unnamed]);
        for name in ["crypto_box", "des", "md-5", "native-tls", "openssl", "p521", "rc4", "rsa", "secp256k1", "sha1"] {
            let unnamed = format!("crates/a/Cargo.toml:4: {name} does not stand in the inventory of keys");
            assert_eq!(found("AES by `ring`", &format!("{name} = \"1\"\n")), [unnamed]);
        }
        let gone = "docs/security-policy.md:7: nothing is built with orion";
        assert_eq!(found("AES by `ring`, others by `orion`", "ring = \"1\"\n"), [gone]);
    }
}
