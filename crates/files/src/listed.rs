use svod_kernel::Urn;
use svod_model::{Attribute, AttributeValue, Entity};

use crate::FileInfo;

/// The attribute in which an entity names its files: one instance each, whose value and dataset are the file's identifier. Their
/// names are not there: they may say more of people than a journal should keep for ever.
pub const ATTRIBUTE: &str = "files";
const SHA256: &str = "sha256";

/// Identifiers of an entity's files, with the digests that the entity knows.
pub(crate) fn listed(owner: &Entity) -> impl Iterator<Item = (&str, &str)> {
    owner.attributes.get(ATTRIBUTE).into_iter().flat_map(Attribute::instances).filter_map(|i| {
        let sha256 = i.about.get(SHA256).map(|a| &a.value);
        Some((text(&i.value)?, text(sha256?)?))
    })
}

fn text(value: &AttributeValue) -> Option<&str> {
    match value {
        AttributeValue::Value(v) => v.as_str(),
        _ => None,
    }
}

/// Where a case, or an offer, names the files of other cases that it lends whom it is about.
const LENT: &str = "lent";

/// Identifiers of the files that a case lends, or an offer.
pub(crate) fn lent(by: &Entity) -> Vec<String> {
    let lends = matches!(by.kind.as_str(), "Case" | "Offer");
    let Some(named) = by.value(LENT).filter(|_| lends) else { return Vec::new() };
    let all = named.as_array().map_or_else(|| vec![named], |ids| ids.iter().collect());
    all.into_iter().filter_map(|id| id.as_str()).map(str::to_owned).collect()
}

/// Does the entity know that file, as it is kept?
pub(crate) fn lists(owner: &Entity, file: &FileInfo) -> bool {
    listed(owner).any(|(id, sha256)| id == file.id.as_str() && sha256 == file.sha256)
}

/// Does the entity name it, whatever it says of its bytes? What was tampered with is kept, not swept away.
pub(crate) fn names(owner: &Entity, file: &FileInfo) -> bool {
    let mut all = owner.attributes.get(ATTRIBUTE).into_iter().flat_map(Attribute::instances);
    all.any(|i| text(&i.value) == Some(file.id.as_str()))
}

/// The entity's attribute with one file more.
pub(crate) fn with(owner: &Entity, file: &FileInfo) -> Option<Attribute> {
    let about = [
        (SHA256, Attribute::property(file.sha256.clone())),
        ("kind", Attribute::property(file.kind.as_str())),
        ("size", Attribute::property(file.size)),
    ];
    let one = Attribute {
        dataset: Some(file.id.to_string()),
        about: about.into_iter().map(|(name, a)| (name.to_owned(), a)).collect(),
        ..Attribute::property(file.id.to_string())
    };
    Attribute::from_instances(owner.attributes.get(ATTRIBUTE).cloned().into_iter().chain([one]))
}

/// The entity's attribute without a file; none when it was the last one.
pub(crate) fn without(owner: &Entity, file: &Urn) -> Option<Attribute> {
    let all = owner.attributes.get(ATTRIBUTE).into_iter().flat_map(Attribute::instances);
    let others = all.filter(|i| text(&i.value) != Some(file.as_str()));
    Attribute::from_instances(others.map(|i| Attribute { others: Vec::new(), ..i.clone() }))
}
