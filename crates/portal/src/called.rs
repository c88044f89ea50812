//! What people call that of which they may not read the name: by its type, never by its identifier, which may tell what is closed.

use svod_kernel::{Lang, Urn};

use crate::PageContext;

impl PageContext {
    /// What a type is called.
    pub fn type_name(&self, kind: &str) -> String {
        self.t_or(&format!("type-{kind}"), kind)
    }

    /// What stands where a page speaks of something of which its reader may not know: the type of which the identifier tells,
    /// where it is one, and that it is closed to them. Nothing is looked up: what is not there at all is called the same.
    pub fn closed(&self, urn: &Urn) -> String {
        match type_told(urn, self.texts.keys(Lang::Ru)) {
            Some(key) => self.tf("closed-thing", &[("type", self.t(key).into())]),
            None => self.t("closed-to-you"),
        }
    }
}

/// The text of the type that an identifier says: `urn:svod:payout-card:7` is a `PayoutCard`.
fn type_told<'k>(urn: &Urn, mut keys: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let kind = urn.as_str().strip_prefix("urn:")?.split(':').nth(1)?.replace('-', "");
    keys.find(|key| key.strip_prefix("type-").is_some_and(|name| name.eq_ignore_ascii_case(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_tells_a_type_and_nothing_else() {
        let keys = ["type-PayoutCard", "type-Person", "persona-vehicle", "types"];
        for (urn, key) in [
            ("urn:svod:person:ivanova-anna", Some("type-Person")),
            ("urn:svod:payout-card:7", Some("type-PayoutCard")),
            ("urn:ngsi-ld:Person:7", Some("type-Person")),
            ("urn:svod:vehicle:two", None),
            ("https://example.org/person/7", None),
            ("urn:person", None),
        ] {
            assert_eq!(type_told(&urn.parse().unwrap(), keys.into_iter()), key, "{urn}");
        }
    }
}
