use svod_kernel::{SpacePath, Urn};

use super::Manifest;
use super::reader::{Cx, is_word};
use super::yaml::Node;

/// Reads `pack.yaml`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<Manifest> {
    let f = cx.fields(root, &["id", "version", "owner", "depends", "space", "open_decisions"])?;
    let id = cx.need_word(&f, "id").map(str::to_owned);
    let version = cx.need_text(&f, "version").map(str::to_owned);
    if let Some(v) = &version
        && !is_version(v)
    {
        cx.error(f.place("version"), "bad-value", format!("'{v}' is no semantic version"), "write 1.2.3");
    }
    let owner = cx.need(&f, "owner").and_then(|n| cx.urn(n)).map(|u: Urn| u.as_str().to_owned());
    let mut depends: Vec<String> = Vec::new();
    for name in cx.texts(&f, "depends") {
        if !is_word(name) || Some(name) == id.as_deref() || depends.iter().any(|d| d == name) {
            cx.error(
                f.place("depends"),
                "bad-value",
                format!("'{name}' cannot be depended on"),
                "name another pack once",
            );
        } else {
            depends.push(name.to_owned());
        }
    }
    let space = f.get("space").and_then(|n| cx.space(n));
    if let Some(s) = space.as_ref().filter(|s| s.parent().is_some()) {
        let fix = format!("write '{}'", s.top());
        cx.error(f.place("space"), "bad-value", format!("'{s}' is not a top-level space"), fix);
    }
    let space = space.map(|s: SpacePath| s.as_str().to_owned());
    let open_decisions = cx.texts(&f, "open_decisions").into_iter().map(str::to_owned).collect();
    Some(Manifest { id: id?, version: version?, owner: owner?, depends, space, open_decisions })
}

/// Semantic version 2.0.0: three numbers, an optional pre-release, an optional build.
fn is_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
    let number = |p: &str| {
        !p.is_empty() && p.len() < 10 && p.bytes().all(|b| b.is_ascii_digit()) && (p == "0" || !p.starts_with('0'))
    };
    let tail = |t: &str| {
        t.len() <= 64
            && t.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    core.split('.').count() == 3 && core.split('.').all(number) && pre.is_none_or(tail) && build.is_none_or(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for good in ["0.1.0", "1.20.3", "1.0.0-rc.1+build.5"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.x", "1.0.0-", "v1.0.0", "1.0.0+é"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
