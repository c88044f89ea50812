//! Versions of packs (Semantic Versioning 2.0.0).

/// The next patch version: `0.1.1` after `0.1.0`, `1.0.0` after `1.0.0-rc.1`. None when the text is no version.
pub fn next_patch(version: &str) -> Option<String> {
    let version = version.split('+').next()?; // what follows names the build and orders nothing
    let (core, before) = version.split_once('-').map_or((version, false), |(core, _)| (core, true));
    let numbers: Vec<u64> = core.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    match numbers[..] {
        [major, minor, patch] if before => Some(format!("{major}.{minor}.{patch}")),
        [major, minor, patch] => Some(format!("{major}.{minor}.{}", patch.checked_add(1)?)),
        _ => None,
    }
}

/// The first patch version after `active` that was never published.
pub fn free(active: &str, published: &[&str]) -> Option<String> {
    let mut next = next_patch(active)?;
    while published.contains(&next.as_str()) {
        next = next_patch(&next)?;
    }
    Some(next)
}

/// True for what a version may be written with; whether it is one, the pack's check says.
pub fn is_plain(version: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".+-".contains(&b);
    !version.is_empty() && version.len() <= 64 && version.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_follow_each_other() {
        let next = |v: &str| next_patch(v).unwrap_or_default();
        assert_eq!(next("0.1.0"), "0.1.1");
        assert_eq!(next("1.2.9"), "1.2.10");
        assert_eq!(next("1.0.0-rc.1"), "1.0.0");
        assert_eq!(next("1.0.0+build-7"), "1.0.1");
        for bad in ["", "1.0", "1.0.0.0", "a.b.c", "1.0.18446744073709551615"] {
            assert_eq!(next_patch(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_version_is_never_taken_twice() {
        assert_eq!(free("0.1.0", &["0.1.0", "0.1.1", "0.1.2", "0.1.4"]).as_deref(), Some("0.1.3"));
        assert_eq!(free("0.1.0", &[]).as_deref(), Some("0.1.1"));
    }

    #[test]
    fn versions_are_plain_words() {
        assert!(is_plain("1.2.3-rc.1+b"));
        assert!(!is_plain("") && !is_plain("1.0.0 # x") && !is_plain("1.0.0\nowner: me") && !is_plain("\"1\""));
    }
}
