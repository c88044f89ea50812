//! What people call a thing that has no name.

use crate::{Entity, Metamodel};

impl Metamodel {
    /// What an entity is called: by its name; without one by where it is and the number by which it is known, as far as `shown` says
    /// that each may be seen: `ул. Кирова, 1 · 42:30:0301001:12`. None where it has nothing of these.
    pub fn called(&self, e: &Entity, shown: impl Fn(&str) -> bool) -> Option<String> {
        let text = |name: &str| e.text(name).filter(|text| !text.trim().is_empty() && shown(name));
        if let Some(name) = text("name") {
            return Some(name.to_owned());
        }
        let named = |end: &'static str| e.attributes.keys().filter(move |name| name.ends_with(end)).map(String::as_str);
        let unique = self.types.get(&e.kind).into_iter().flat_map(|t| &t.unique).flat_map(|key| &key.slots);
        let place = named("ddress").find_map(text);
        let number = unique.map(String::as_str).chain(named("Number")).find_map(text);
        match (place, number) {
            (Some(place), Some(number)) => Some(format!("{place} · {number}")),
            (one, other) => one.or(other).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Attribute, Entity, Metamodel};

    #[test]
    fn a_thing_without_a_name_is_called_by_its_place_and_number() {
        let m = Metamodel::default();
        let plot = |values: &[(&str, &str)]| {
            let new = Entity::new("urn:svod:landparcel:demo-1".parse().unwrap(), "LandParcel", "k".parse().unwrap());
            values.iter().fold(new, |e, (name, value)| e.with(name, Attribute::property(*value)))
        };
        let both = plot(&[("cadastralNumber", "42:30:1:1"), ("landAddress", "ул. Кирова, 1"), ("landUse", "trade")]);
        assert_eq!(m.called(&both, |_| true).as_deref(), Some("ул. Кирова, 1 · 42:30:1:1"));
        assert_eq!(m.called(&both, |name| name != "cadastralNumber").as_deref(), Some("ул. Кирова, 1"));
        assert_eq!(m.called(&both, |_| false), None);
        let named = plot(&[("name", "Сквер"), ("cadastralNumber", "42:30:1:1")]);
        assert_eq!(m.called(&named, |_| true).as_deref(), Some("Сквер"));
        assert_eq!(m.called(&plot(&[("landUse", "trade")]), |_| true), None);
    }
}
