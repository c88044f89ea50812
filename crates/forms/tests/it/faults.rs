use serde_json::{Value, json};
use svod_forms::{Form, RULES};

use crate::house::{FAMILY, parse};

/// Place and rule of each fault.
fn faults(json: &str) -> Vec<(String, &'static str)> {
    let found = Form::parse("form.json", json).expect_err(json);
    for fault in &found {
        assert!(RULES.iter().any(|(rule, _)| *rule == fault.rule), "{fault}");
        assert!(!fault.message.is_empty() && !fault.fix.is_empty() && fault.file == "form.json", "{fault}");
    }
    found.into_iter().map(|f| (f.path, f.rule)).collect()
}

fn of(components: Value) -> Vec<(String, &'static str)> {
    faults(&json!({"type": "default", "components": components}).to_string())
}

fn one(component: Value) -> (String, &'static str) {
    let mut found = of(json!([component]));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn the_example_is_good_and_says_what_it_needs() {
    let form = parse(FAMILY);
    assert_eq!(form.id(), "family-payment");
    assert_eq!(form.page_names(), ["applicant", "children", "income", "papers"]);
    assert_eq!(form.input_names(), ["norm"]);
    assert!(form.is_signed());
    assert_eq!(form.code_lists().into_iter().collect::<Vec<_>>(), ["Benefit"]);
    assert_eq!(form.text_keys().into_iter().collect::<Vec<_>>(), ["family-answer-yes", "family-applicant"]);
    assert_eq!(form.sources().len(), 3);
}

#[test]
fn a_file_that_is_no_form() {
    assert_eq!(faults("{"), [(String::new(), "form-syntax")]);
    assert_eq!(faults("[]"), [(String::new(), "form-syntax")]);
    assert_eq!(faults(&" ".repeat(600_000)), [(String::new(), "form-size")]);
    assert_eq!(faults("{\"type\": \"default\"}"), [("components".into(), "form-syntax")]);
    let found = faults(r#"{"type": "page", "schemaVersion": 99, "extra": 1, "components": [], "svod.inputs": "a"}"#);
    let rules: Vec<&str> = found.iter().map(|(_, rule)| *rule).collect();
    assert_eq!(rules, ["form-key", "form-syntax", "form-version", "form-kind"]);
}

#[test]
fn everything_wrong_is_told_at_once_with_its_place() {
    let found = of(json!([
        {"type": "html", "content": "<b>"},
        {"type": "iframe", "url": "https://x"},
        {"type": "hologram"},
        {"type": "textfield", "key": "a b", "label": "A"},
        {"type": "number", "key": "n", "label": "N", "validate": {"min": "=now() > 1"}},
        {"type": "group", "components": [{"type": "textfield", "label": "no key"}]},
    ]));
    let expected = [
        ("components[0].type", "form-unsafe"),
        ("components[1].type", "form-unsafe"),
        ("components[2].type", "form-component"),
        ("components[3].key", "form-name"),
        ("components[4].validate.min", "form-feel"),
        ("components[5].components[0].key", "form-missing"),
    ];
    assert_eq!(found, expected.map(|(path, rule)| (path.to_owned(), rule)));
}

#[test]
fn each_rule_of_a_component() {
    let text = |extra: Value| {
        let mut field = json!({"type": "textfield", "key": "a", "label": "A"});
        field.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        field
    };
    let long = "x".repeat(3_000);
    for (extra, path, rule) in [
        (json!({"onclick": "x"}), "onclick", "form-key"),
        (json!({"label": 7}), "label", "form-kind"),
        (json!({"label": long}), "label", "form-size"),
        (json!({"label": "{{ a"}), "label", "form-text"),
        (json!({"label": "{{#if a}}x{{/if}}"}), "label", "form-text"),
        (json!({"label": "@Not a key"}), "label", "form-text"),
        (json!({"label": "=today()"}), "label", "form-feel"),
        (json!({"conditional": {"hide": "a"}}), "conditional.hide", "form-feel"),
        (json!({"conditional": "=a"}), "conditional", "form-kind"),
        (json!({"conditional": {"show": "=a"}}), "conditional.show", "form-key"),
        (json!({"readonly": 1}), "readonly", "form-kind"),
        (json!({"disabled": "=true"}), "disabled", "form-kind"),
        (json!({"defaultValue": 7}), "defaultValue", "form-value"),
        (json!({"layout": {"columns": 17}}), "layout.columns", "form-value"),
        (json!({"validate": {"pattern": "(?=a)"}}), "validate.pattern", "form-pattern"),
        (json!({"validate": {"min": 1}}), "validate.min", "form-key"),
        (json!({"validate": {"maxLength": 999999}}), "validate.maxLength", "form-value"),
        (json!({"validate": {"validationType": "iban"}}), "validate.validationType", "form-value"),
        (json!({"properties": {"svod.sauce": "x"}}), "properties.svod.sauce", "form-property"),
        (json!({"properties": {"svod.photo": "true"}}), "properties.svod.photo", "form-property"),
        (json!({"properties": {"svod.source": "nowhere"}}), "properties.svod.source", "form-property"),
        (json!({"properties": {"svod.required": "true"}}), "properties.svod.required", "form-property"),
        (json!({"properties": {"svod.autocomplete": "cc-number"}}), "properties.svod.autocomplete", "form-property"),
    ] {
        assert_eq!(one(text(extra)), (format!("components[0].{path}"), rule));
    }
}

#[test]
fn each_rule_of_other_components() {
    let two = json!([{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]);
    for (component, path, rule) in [
        (json!({"key": "a"}), "type", "form-component"),
        (json!({"type": "image", "source": "https://evil.example/x.png", "alt": "A"}), "source", "form-image"),
        (json!({"type": "image", "source": "/assets/../x.png", "alt": "A"}), "source", "form-image"),
        (json!({"type": "image", "source": "/assets/x.png"}), "alt", "form-missing"),
        (json!({"type": "select", "key": "a", "label": "A"}), "values", "form-missing"),
        (json!({"type": "select", "key": "a", "label": "A", "values": two}), "values[1].value", "form-duplicate"),
        (
            json!({"type": "radio", "key": "a", "label": "A", "values": [{"label": "A", "value": {}}]}),
            "values[0].value",
            "form-value",
        ),
        (json!({"type": "radio", "key": "a", "label": "A", "values": [], "valuesKey": "b"}), "valuesKey", "form-key"),
        (
            json!({"type": "select", "key": "a", "label": "A", "values": [], "properties": {"svod.address": "Address"}}),
            "values",
            "form-key",
        ),
        (json!({"type": "datetime", "key": "a", "label": "A", "subtype": "week"}), "subtype", "form-value"),
        (
            json!({"type": "datetime", "key": "a", "label": "A", "timeSerializingFormat": "x"}),
            "timeSerializingFormat",
            "form-value",
        ),
        (json!({"type": "number", "key": "a", "label": "A", "increment": "x"}), "increment", "form-kind"),
        (json!({"type": "number", "key": "a", "label": "A", "defaultValue": "x"}), "defaultValue", "form-value"),
        (json!({"type": "filepicker", "key": "a", "label": "A", "accept": "pdf"}), "accept", "form-value"),
        (json!({"type": "filepicker", "key": "a", "label": "A", "multiple": "=true"}), "multiple", "form-kind"),
        (json!({"type": "dynamiclist", "isRepeating": true, "label": "A"}), "path", "form-missing"),
        (
            json!({"type": "dynamiclist", "isRepeating": true, "label": "A", "path": "p", "properties": {"svod.max-items": "1000"}}),
            "properties.svod.max-items",
            "form-property",
        ),
        (json!({"type": "table", "columns": [{"label": "A", "key": "a"}]}), "dataSource", "form-missing"),
        (json!({"type": "table", "dataSource": "=a"}), "columns", "form-missing"),
        (json!({"type": "button", "label": "A", "action": "fly"}), "action", "form-value"),
        (json!({"type": "expression", "key": "a"}), "expression", "form-missing"),
        (
            json!({"type": "group", "properties": {"svod.signature": "true"}}),
            "properties.svod.signature",
            "form-property",
        ),
        (
            json!({"type": "group", "label": "A", "properties": {"svod.page": "Not a name"}}),
            "properties.svod.page",
            "form-property",
        ),
        (json!({"type": "text"}), "text", "form-missing"),
    ] {
        assert_eq!(one(component), (format!("components[0].{path}"), rule));
    }
}

#[test]
fn keys_are_words_that_no_browser_has_already() {
    for bad in ["a b", "1a", "a..b", "a.0", "__proto__", "a.constructor", "имя"] {
        let rule = one(json!({"type": "textfield", "key": bad, "label": "A"})).1;
        assert_eq!(rule, "form-name", "{bad}");
    }
    // Words of FEEL are keys as others are; they only cannot be named in a condition.
    let fields: Vec<Value> =
        ["and", "count", "string", "in"].map(|key| json!({"type": "textfield", "key": key, "label": "A"})).into();
    let text = json!({"type": "text", "text": "{{count}}", "conditional": {"hide": "=string length(name) > 3 and count(x) = 2"}});
    let all = [fields, vec![text]].concat();
    parse(&json!({"type": "default", "components": all}).to_string());
}

#[test]
fn places_belong_to_one_field() {
    let field = |key: &str| json!({"type": "textfield", "key": key, "label": "A"});
    let repeat = |path: &str| json!({"type": "dynamiclist", "isRepeating": true, "label": "A", "path": path, "components": [field("x")]});
    let group = |path: &str| json!({"type": "group", "path": path, "components": [field("x")]});
    for bad in [
        json!([field("a"), field("a")]),
        json!([field("a"), field("a.b")]),
        json!([field("g.x"), group("g")]),
        json!([repeat("r"), field("r")]),
        json!([field("r.x"), repeat("r")]),
    ] {
        assert_eq!(of(bad).iter().map(|(_, rule)| *rule).collect::<Vec<_>>(), ["form-duplicate"]);
    }
    parse(&json!({"type": "default", "components": [field("x"), group("g"), repeat("r"), group("h")]}).to_string());
}

#[test]
fn pages_are_all_or_nothing_and_the_last_one_is_signed() {
    let page = |name: &str, signed: &str| json!({"type": "group", "label": "P", "properties": {"svod.page": name, "svod.signature": signed}});
    let field = json!({"type": "textfield", "key": "a", "label": "A"});
    assert_eq!(of(json!([page("a", "false"), field])), [("components[1]".into(), "form-page")]);
    assert_eq!(of(json!([page("a", "true"), page("b", "false")])), [("components[0]".into(), "form-page")]);
    assert_eq!(of(json!([page("a", "false"), page("a", "false")]))[0].1, "form-duplicate");
    assert_eq!(of(json!([{"type": "group", "components": [page("a", "false")]}]))[0].1, "form-page");
}

#[test]
fn size_depth_and_number_are_bounded() {
    let mut deep = json!({"type": "textfield", "key": "a", "label": "A"});
    for _ in 0..9 {
        deep = json!({"type": "group", "components": [deep]});
    }
    assert_eq!(of(json!([deep])).iter().map(|(_, rule)| *rule).collect::<Vec<_>>(), ["form-size"]);
    let many: Vec<Value> =
        (0..401).map(|i| json!({"type": "textfield", "key": format!("a{i}"), "label": "A"})).collect();
    assert_eq!(of(Value::Array(many)), [("components".into(), "form-size")]);
    let options: Vec<Value> = (0..501).map(|i| json!({"label": "A", "value": i})).collect();
    assert_eq!(one(json!({"type": "select", "key": "a", "label": "A", "values": options})).1, "form-size");
    let inside = json!({"type": "textfield", "key": "a", "label": "A", "properties": {"svod.source": "a.b"}});
    let repeat = json!({"type": "dynamiclist", "isRepeating": true, "label": "A", "path": "p", "components": [inside]});
    assert_eq!(one(repeat).1, "form-property");
}

#[test]
fn lists_of_ones_own_are_named_and_told_apart() {
    let own = |own: Value| {
        let json = json!({"type": "default", "svod.inputs": ["taken"], "components": [], "svod.own": own});
        faults(&json.to_string())
    };
    let good = json!({"type": "Vehicle", "by": "person", "label": ["plate"]});
    assert_eq!(own(json!([])), [("svod.own".into(), "form-kind")]);
    assert_eq!(own(json!({"taken": good})), [("svod.own.taken".into(), "form-name")]);
    assert_eq!(own(json!({"a": 1})), [("svod.own.a".into(), "form-kind")]);
    let bad = json!({"a": {"type": "Vehicle", "by": "no name", "label": [], "of": 1, "other": {"value": ""}}});
    let places: Vec<String> = own(bad).into_iter().map(|(path, _)| path).collect();
    assert_eq!(places, ["svod.own.a.of", "svod.own.a.by", "svod.own.a.label", "svod.own.a.other.value"]);
    let among = |w: Value| own(json!({"a": {"type": "Case", "by": "person", "label": ["number"], "where": w}}));
    for bad in [
        json!({}),
        json!([]),
        json!({"status": ""}),
        json!({"status": []}),
        json!({"no name": "open"}),
        json!({"a": 1}),
    ] {
        assert_eq!(among(bad), [("svod.own.a.where".into(), "form-value")]);
    }
    let place = json!({"type": "textfield", "key": "p", "label": "P", "properties": {"svod.place": "true"}, "validate": {"maxLength": 3}});
    assert_eq!(one(place), ("components[0].validate.maxLength".into(), "form-key"));
}
