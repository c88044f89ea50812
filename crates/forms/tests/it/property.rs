//! Whatever stands in a file, in a draft, in what is sent: nothing panics, what is hidden never comes through, and what
//! is shown is taken as it is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use svod_forms::{Control, Draft, Form, Sent};

use crate::house::{FAMILY, House, fields, parse};

static HOUSE: LazyLock<House> = LazyLock::new(House::new);
static FORM: LazyLock<Form> = LazyLock::new(|| parse(FAMILY));

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("yes".to_owned()),
        Just("no".to_owned()),
        Just("true".to_owned()),
        Just(String::new()),
        Just("veteran".to_owned()),
        Just("urn:a:1".to_owned()),
        Just("2026-11-25".to_owned()),
        Just("2026-12-01T10:15".to_owned()),
        "[0-9]{1,6}",
        "\\PC{0,12}",
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let names = [
        "familyName",
        "birthDate",
        "contact",
        "email",
        "phone",
        "address",
        "children",
        "firstName",
        "age",
        "school",
        "schoolName",
        "works",
        "work",
        "income",
        "why",
        "benefits",
        "languages",
        "certificate",
        "photo",
        "visit",
        "agree",
        "note",
        "childCount",
    ];
    prop_oneof![prop::sample::select(names.to_vec()).prop_map(str::to_owned), "[a-z]{1,3}"]
}

/// Answers that look like those of the form.
fn answers() -> impl Strategy<Value = Value> {
    let child = (word(), 0..30_i32, any::<bool>(), word())
        .prop_map(|(name, age, school, at)| json!({"firstName": name, "age": age, "school": school, "schoolName": at}));
    let children = prop::collection::vec(child, 0..5);
    (children, word(), 0..40_000_i64, word(), json_value(), prop::collection::vec(word(), 0..3)).prop_map(
        |(children, works, income, why, other, benefits)| {
            json!({"children": children, "works": works, "work": {"income": income, "why": why}, "visit": other, "benefits": benefits,
                "languages": ["kk", "ru"], "contact": {"email": why}})
        },
    )
}

fn sent() -> impl Strategy<Value = BTreeMap<String, Vec<String>>> {
    let place = prop::collection::vec(prop_oneof![name(), (0..6_usize).prop_map(|i| i.to_string())], 1..4)
        .prop_map(|p| p.join("."));
    prop::collection::btree_map(place, prop::collection::vec(word(), 0..3), 0..30)
}

fn page() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some("applicant"), Some("children"), Some("income"), Some("papers"), Some("x")])
}

/// Every place of the data that has a value, lists and objects opened.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    let to = |step: &str| if at.is_empty() { step.to_owned() } else { format!("{at}.{step}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| places(v, &to(k), out)),
        Value::Array(items) if at == "children" => {
            items.iter().enumerate().for_each(|(i, v)| places(v, &to(&i.to_string()), out))
        }
        _ => out.push(at.to_owned()),
    }
}

/// Names of all inputs that are shown on all pages, and of what is computed.
fn shown(draft: &Draft) -> Vec<String> {
    let around = HOUSE.around();
    let mut out = vec!["childCount".to_owned()];
    for page in FORM.view(draft, None, &around, None).pages {
        let view = FORM.view(draft, Some(&page.name), &around, None);
        out.extend(fields(&view).into_iter().map(|f| f.name.clone()));
    }
    out
}

/// What a browser sends for a page that it was shown.
fn posted(draft: &Draft, page: &str) -> BTreeMap<String, Vec<String>> {
    let view = FORM.view(draft, Some(page), &HOUSE.around(), None);
    let mut out = BTreeMap::new();
    for field in fields(&view).into_iter().filter(|f| !f.locked) {
        let texts = match &field.control {
            // One hidden input says that the field was there; a line of text always sends something.
            Control::Checkbox | Control::Choice { .. } | Control::Address { .. } | Control::Files { .. } => {
                [String::new()].into_iter().chain(field.typed.iter().cloned()).collect()
            }
            _ if field.typed.is_empty() => vec![String::new()],
            _ => field.typed.clone(),
        };
        out.insert(field.name.clone(), texts);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hidden_fields_never_come_through(data in answers(), sent in sent(), page in page()) {
        let around = HOUSE.around();
        let draft = Draft::of(data);
        let draft = match FORM.accept(page, &draft, Sent::Typed(&sent), &around) {
            Ok(draft) => draft,
            Err(refused) => refused.draft,
        };
        let shown = shown(&draft);
        let mut found = Vec::new();
        places(&draft.data, "", &mut found);
        for place in found.iter().filter(|p| !p.is_empty()) {
            let known = shown.iter().any(|s| s == place || (place == "children" && draft.data["children"] == json!([])));
            prop_assert!(known, "{place} is hidden, {:?}", draft.data);
        }
    }

    #[test]
    fn what_is_shown_is_taken_unchanged(data in answers(), page in prop::sample::select(vec!["applicant", "children", "income", "papers"])) {
        let around = HOUSE.around();
        let settled = match FORM.accept(None, &Draft::of(data.clone()), Sent::Data(&json!({})), &around) {
            Ok(draft) => draft,
            Err(refused) => refused.draft,
        };
        let again = match FORM.accept(Some(page), &settled, Sent::Typed(&posted(&settled, page)), &around) {
            Ok(draft) => draft,
            Err(refused) => refused.draft,
        };
        prop_assert_eq!(&again.data, &settled.data);
        let by_values = match FORM.accept(None, &settled, Sent::Data(&settled.data), &around) {
            Ok(draft) => draft,
            Err(refused) => refused.draft,
        };
        prop_assert_eq!(&by_values.data, &settled.data);
    }

    #[test]
    fn random_data_never_panics(held in json_value(), data in json_value(), sent in sent(), page in page(), action in "(add|remove|drop|dispute|keep):[a-z]{1,8}(\\.[0-9]{1,2})?") {
        let around = HOUSE.around();
        let draft = Draft { data: held, disputed: sent.keys().cloned().collect() };
        let one = FORM.accept(page, &draft, Sent::Data(&data), &around);
        let refused = one.err();
        FORM.view(&draft, page, &around, refused.as_deref());
        let draft = action.parse().map_or(draft.clone(), |action| FORM.act(&draft, &action, &around));
        _ = FORM.accept(page, &draft, Sent::Typed(&sent), &around);
        FORM.overview(&draft, &around);
        _ = FORM.finish(&draft, &around);
        FORM.wanted(&draft, &sent, &around);
    }

    #[test]
    fn random_files_never_panic(component in json_value(), key in name(), text in "[=@{}a-z0-9 \"(.)\\[\\]+-]{0,40}") {
        let json = json!({"type": "default", "components": [
            component,
            {"type": "textfield", "key": key, "label": text, "conditional": {"hide": format!("={text}")}, "validate": {"pattern": text}},
            {"type": "select", "key": "other", "label": "x", "valuesExpression": format!("={text}"), "readonly": component},
        ]});
        if let Ok(form) = Form::parse("random.json", &json.to_string()) {
            form.view(&Draft::default(), None, &HOUSE.around(), None);
        }
    }
}
