use std::collections::BTreeMap;

use serde_json::{Value, json};
use svod_forms::{Block, Control, Draft, Like, Part, Sent, Shown, Style};
use svod_kernel::Lang;

use crate::house::{House, accept, field, file, names, of, parse, rules};

/// A form of one component, answered: what is kept, or the broken rule.
fn answer(component: Value, texts: &[&str]) -> Result<Value, String> {
    let house = House::new();
    let form = of(json!([component]));
    let pairs: Vec<(&str, &str)> = texts.iter().map(|t| ("a", *t)).collect();
    match accept(&form, &house, None, &Draft::default(), &pairs) {
        Ok(draft) => Ok(draft.data["a"].clone()),
        Err(refused) => Err(refused.errors[0].rule.to_owned()),
    }
}

fn with(kind: &str, extra: Value) -> Value {
    let mut out = json!({"type": kind, "key": "a", "label": "A"});
    out.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    out
}

fn check(component: Value, cases: &[(&[&str], Result<Value, &str>)]) {
    for (texts, expected) in cases {
        let expected = expected.clone().map_err(str::to_owned);
        assert_eq!(answer(component.clone(), texts), expected, "{texts:?}");
    }
}

fn control(component: Value) -> Control {
    let form = of(json!([component]));
    let house = House::new();
    field(&form.view(&Draft::default(), None, &house.around(), None), "a").control.clone()
}

#[test]
fn textfield() {
    let rules = json!({"required": true, "minLength": 3, "maxLength": "5", "pattern": "^[a-zа-яё ]+$"});
    check(
        with("textfield", json!({"validate": rules})),
        &[
            (&["ёлка"], Ok(json!("ёлка"))),
            (&["a\r\nb"], Ok(json!("a b"))),
            (&["   "], Err("required")),
            (&[" ab "], Err("min-length")),
            (&["abcdef"], Err("max-length")),
            (&["a1bc"], Err("pattern")),
        ],
    );
    check(
        with("textfield", json!({"validate": {"pattern": "^\\d+$", "patternErrorMessage": "@hello"}})),
        &[(&[""], Ok(json!(""))), (&["x"], Err("said"))],
    );
    check(
        with("textfield", json!({"validate": {"validationType": "email"}})),
        &[(&["x"], Err("email")), (&["a@b.kz"], Ok(json!("a@b.kz")))],
    );
    check(
        with("textfield", json!({"validate": {"validationType": "phone"}})),
        &[(&["+7 (384) 212-34-56"], Ok(json!("+73842123456"))), (&["12"], Err("phone"))],
    );
    let shown = control(with(
        "textfield",
        json!({"validate": {"validationType": "phone"}, "properties": {"svod.autocomplete": "tel"}}),
    ));
    assert_eq!(shown, Control::Text { like: Like::Phone, most: 1_000, purpose: Some("tel") });
}

#[test]
fn textarea() {
    check(
        with("textarea", json!({"validate": {"maxLength": 4}})),
        &[(&["a\r\nb\u{0}"], Ok(json!("a\nb "))), (&["abcde"], Err("max-length"))],
    );
    assert_eq!(control(with("textarea", json!({}))), Control::Area { most: 10_000 });
}

#[test]
fn number() {
    let rules =
        json!({"decimalDigits": 2, "increment": "0.05", "validate": {"required": true, "min": -1, "max": "=100"}});
    check(
        with("number", rules),
        &[
            (&["12.35"], Ok(json!(12.35))),
            (&["7"], Ok(json!(7))),
            (&["-0"], Ok(json!(0))),
            (&[""], Err("required")),
            (&["x"], Err("number")),
            (&["1.005"], Err("digits")),
            (&["1.01"], Err("step")),
            (&["-1.05"], Err("min")),
            (&["100.05"], Err("max")),
            (&["12345678901234567890"], Err("long-number")),
        ],
    );
    check(with("number", json!({"decimalDigits": 0})), &[(&["1.5"], Err("integer")), (&[" "], Ok(Value::Null))]);
    check(
        with("number", json!({"serializeToString": true})),
        &[(&["12345678901234567890.10"], Ok(json!("12345678901234567890.1")))],
    );
    let mut house = House::new();
    house.lang = Lang::Ru;
    let form = of(json!([with("number", json!({}))]));
    let draft = accept(&form, &house, None, &Draft::default(), &[("a", "1 234,5")]).unwrap();
    assert_eq!(draft.data, json!({"a": 1234.5}));
    assert_eq!(field(&form.view(&draft, None, &house.around(), None), "a").typed, ["1234,5"]);
}

#[test]
fn datetime() {
    check(
        with("datetime", json!({"subtype": "date", "disallowPassedDates": true})),
        // It is past midnight in the territory.
        &[
            (&["2026-11-24"], Ok(json!("2026-11-24"))),
            (&["24.11.2026"], Ok(json!("2026-11-24"))),
            (&["2026-11-23"], Err("past")),
            (&["x"], Err("date")),
        ],
    );
    check(
        with("datetime", json!({"subtype": "time", "timeInterval": 15})),
        &[(&["08:15"], Ok(json!("01:15Z"))), (&["08:16"], Err("interval")), (&["25:00"], Err("time"))],
    );
    check(
        with("datetime", json!({"subtype": "datetime", "timeSerializingFormat": "no_timezone"})),
        &[(&["2026-11-24T08:15"], Ok(json!("2026-11-24T08:15"))), (&["tomorrow"], Err("datetime"))],
    );
    let shown = control(with("datetime", json!({"subtype": "date", "disallowPassedDates": true})));
    assert_eq!(
        shown,
        Control::Moment { part: Part::Date, from: Some("2026-11-24".into()), interval: None, purpose: None }
    );
}

#[test]
fn checkbox() {
    let must = with("checkbox", json!({"validate": {"required": true}}));
    check(must, &[(&["", "true"], Ok(json!(true))), (&[""], Err("required-check"))]);
    check(
        with("checkbox", json!({"defaultValue": true})),
        &[(&[""], Ok(json!(false))), (&["false"], Ok(json!(false)))],
    );
    assert_eq!(control(with("checkbox", json!({}))), Control::Checkbox);
}

#[test]
fn choices() {
    let values = json!([{"label": "One", "value": 1}, {"label": "@family-applicant", "value": "two"}]);
    let one = with("radio", json!({"values": values, "validate": {"required": true}}));
    check(
        one.clone(),
        &[
            (&["", "1"], Ok(json!(1))),
            (&["two"], Ok(json!("two"))),
            (&[""], Err("required-choice")),
            (&["3"], Err("choice")),
        ],
    );
    let several = with("checklist", json!({"values": values, "validate": {"required": true}}));
    check(
        several,
        &[
            (&["", "two", "1", "two"], Ok(json!(["two", 1]))),
            (&[""], Err("required-choices")),
            (&["two", "x"], Err("choice")),
        ],
    );
    let Control::Choice { style, choices } = control(one) else { panic!("no choice") };
    assert_eq!((style, choices[1].label.as_str()), (Style::Radio, "Applicant"));
    check(
        with("select", json!({"valuesExpression": "=[\"x\", {label: \"Y\", value: \"y\"}, null]"})),
        &[(&["y"], Ok(json!("y"))), (&[""], Ok(Value::Null)), (&["z"], Err("choice"))],
    );
    check(
        with("taglist", json!({"properties": {"svod.code-list": "Benefit"}})),
        &[(&["veteran"], Ok(json!(["veteran"]))), (&["other"], Err("choice"))],
    );
    let Control::Choice { choices, .. } = control(with("select", json!({"properties": {"svod.code-list": "Benefit"}})))
    else {
        panic!("no choice")
    };
    assert_eq!(choices.iter().map(|c| c.label.as_str()).collect::<Vec<_>>(), ["Veteran", "invalid"]);
}

#[test]
fn options_may_come_from_answers_and_inputs() {
    let house = House::new();
    let form = of(json!([
        {"type": "textfield", "key": "first", "label": "First"},
        {"type": "select", "key": "a", "label": "A", "valuesExpression": "=[first, \"fixed\"]"},
    ]));
    // Both come with one post: the options are those of the new answers.
    let draft = accept(&form, &house, None, &Draft::default(), &[("first", "new"), ("a", "new")]).unwrap();
    assert_eq!(draft.data, json!({"first": "new", "a": "new"}));
    let refused = accept(&form, &house, None, &Draft::default(), &[("first", "new"), ("a", "old")]).unwrap_err();
    assert_eq!(rules(&refused.errors), [("a", "choice")]);
}

#[test]
fn an_input_of_the_form_gives_options() {
    let mut house = House::new();
    house.inputs.insert("bodies".into(), json!([{"label": "North", "value": "n"}]));
    let json = json!({"type": "default", "svod.inputs": ["bodies"], "components": [{"type": "select", "key": "b", "label": "B", "valuesKey": "bodies"}]});
    let form = crate::house::parse(&json.to_string());
    let draft = accept(&form, &house, None, &Draft::default(), &[("b", "n")]).unwrap();
    assert_eq!(draft.data, json!({"b": "n"}));
}

#[test]
fn filepicker() {
    let mut house = House::new();
    let form = of(json!([with(
        "filepicker",
        json!({"accept": ".pdf,image/*", "multiple": true, "validate": {"required": true}, "properties": {"svod.max-files": 2}})
    )]));
    let refused = accept(&form, &house, None, &Draft::default(), &[("a", "")]).unwrap_err();
    assert_eq!(rules(&refused.errors), [("a", "required-file")]);
    house.lists.files.insert("a".into(), vec![file("one.pdf")]);
    let draft = accept(&form, &house, None, &Draft::default(), &[("a", "")]).unwrap();
    assert_eq!(draft.data["a"][0]["name"], "one.pdf");
    house.lists.files.insert("a".into(), vec![file("two.doc")]);
    assert_eq!(rules(&accept(&form, &house, None, &draft, &[("a", "")]).unwrap_err().errors), [("a", "file-kind")]);
    house.lists.files.insert("a".into(), vec![file("2.pdf"), file("3.pdf")]);
    assert_eq!(rules(&accept(&form, &house, None, &draft, &[("a", "")]).unwrap_err().errors), [("a", "files")]);
    let photo = control(with("filepicker", json!({"properties": {"svod.photo": true}})));
    let Control::Files { accept, kinds, most, photo, .. } = photo else { panic!("no files") };
    assert!(photo && most == 1 && accept.contains(".jpg"));
    assert_eq!(kinds, ["JPEG", "PNG", "WebP"]);
    // What could not be sent is not offered.
    for (asked, offered, words) in [
        (".pdf,.xml", ".pdf", &["PDF"][..]),
        ("image/*,.docx", "image/*", &["JPEG", "PNG", "WebP"]),
        ("image/jpeg", "image/jpeg", &["JPEG"]),
        ("", "", &["PDF", "JPEG", "PNG", "WebP"]),
    ] {
        let files = control(with("filepicker", json!({"accept": asked})));
        let Control::Files { accept, kinds, .. } = files else { panic!("no files") };
        assert_eq!((accept.as_str(), kinds.as_slice()), (offered, words), "{asked}");
    }
}

#[test]
fn address() {
    let mut house = House::new();
    let form =
        of(json!([with("select", json!({"validate": {"required": true}, "properties": {"svod.address": "Address"}}))]));
    assert_eq!(
        rules(&accept(&form, &house, None, &Draft::default(), &[("a", "")]).unwrap_err().errors),
        [("a", "required-choice")]
    );
    assert_eq!(
        rules(&accept(&form, &house, None, &Draft::default(), &[("a", "urn:a:9")]).unwrap_err().errors),
        [("a", "address")]
    );
    let draft = accept(&form, &house, None, &Draft::default(), &[("a", "urn:a:1")]).unwrap();
    house.lists.found.insert("a".into(), vec![crate::house::choice("urn:a:2", "ул. Мира, 2")]);
    let view = form.view(&draft, None, &house.around(), None);
    let Control::Address { register, choices, searched } = &field(&view, "a").control else { panic!("no address") };
    assert_eq!((register.as_str(), choices.len(), *searched), ("Address", 2, true));
    assert_eq!(field(&view, "a").display, "ул. Мира, 1");
    let sent = crate::house::typed(&[("a", "urn:a:2"), ("a.find", " Мира ")]);
    let wanted = form.wanted(&draft, &sent, &house.around());
    assert_eq!(wanted.searches, [("a".to_owned(), "Address".to_owned(), "Мира".to_owned())]);
    assert_eq!(wanted.addresses.len(), 2);
}

#[test]
fn what_is_only_shown() {
    let mut house = House::new();
    house.inputs.insert("rows".into(), json!([{"a": {"b": 1}}, {"a": 2}, 3]));
    let json = json!({"type": "default", "svod.inputs": ["rows"], "components": [
        {"type": "textfield", "key": "name", "label": "Name"},
        {"type": "text", "text": "# Hi\n**{{name}}**"},
        {"type": "text", "text": "@hello"},
        {"type": "text", "text": "=if name = \"x\" then \"@hello\" else name"},
        {"type": "table", "label": "T", "dataSource": "rows", "columns": [{"label": "B", "key": "a.b"}]},
        {"type": "table", "dataSource": "=rows", "rowCount": 1, "columnsExpression": "=[{key: \"a\", label: \"A\"}]"},
        {"type": "image", "source": "/assets/a.png", "alt": "Picture of {{name}}"},
        {"type": "separator"},
        {"type": "spacer", "height": 20},
        {"type": "button", "label": "Undo", "action": "reset"},
        {"type": "button", "label": "Go"},
    ]});
    let form = crate::house::parse(&json.to_string());
    let view = form.view(&Draft::of(json!({"name": "[x](https://e)"})), None, &house.around(), None);
    let shown: Vec<&Shown> = view.items.iter().map(|i| &i.shown).collect();
    let Shown::Prose(blocks) = shown[1] else { panic!("{shown:?}") };
    let Block::Paragraph(spans) = &blocks[1] else { panic!("{blocks:?}") };
    assert!(spans.len() == 1 && spans[0].strong && spans[0].text == "[x](https://e)" && spans[0].link.is_none());
    let Shown::Prose(blocks) = shown[2] else { panic!("{shown:?}") };
    assert!(matches!(&blocks[0], Block::Paragraph(s) if s[0].text == "Hello, [x](https://e)"), "{blocks:?}");
    let Shown::Table { columns, rows, .. } = shown[4] else { panic!("{shown:?}") };
    assert_eq!(
        (columns.as_slice(), rows.as_slice()),
        (&["B".to_owned()][..], &[vec!["1".to_owned()], vec![String::new()], vec![String::new()]][..])
    );
    let Shown::Table { rows, .. } = shown[5] else { panic!("{shown:?}") };
    assert_eq!(rows.len(), 1);
    assert!(matches!(shown[6], Shown::Image { alt, .. } if alt == "Picture of [x](https://e)"));
    assert!(matches!((shown[7], shown[8], shown[9]), (Shown::Separator, Shown::Spacer, Shown::Reset(_))));
    assert_eq!((view.send.as_deref(), shown.len()), (Some("Go"), 10));
}

#[test]
fn expressions_are_computed_and_never_taken() {
    let house = House::new();
    let form = of(json!([
        {"type": "number", "key": "n", "label": "N"},
        {"type": "expression", "key": "twice", "expression": "=n * 2"},
        {"type": "expression", "key": "more", "expression": "=twice + 1", "computeOn": "presubmit"},
        {"type": "textfield", "key": "t", "label": "T", "conditional": {"hide": "=not(more > 10)"}},
    ]));
    let draft = accept(&form, &house, None, &Draft::default(), &[("n", "5"), ("twice", "99"), ("t", "x")]).unwrap();
    assert_eq!(draft.data, json!({"n": 5, "twice": 10, "more": 11, "t": "x"}));
    let draft = accept(&form, &house, None, &draft, &[("n", "1"), ("t", "x")]).unwrap();
    assert_eq!(draft.data, json!({"n": 1, "twice": 2, "more": 3}));
    assert_eq!(names(&form.view(&draft, None, &house.around(), None)), ["n"]);
}

#[test]
fn place() {
    let place = |extra: Value| {
        let mut field = with("textfield", json!({"properties": {"svod.place": "true"}}));
        field.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        field
    };
    let point = |lon: f64, lat: f64| json!({"type": "Point", "coordinates": [lon, lat]});
    check(
        place(json!({})),
        &[
            (&["55.3541, 86.0883"], Ok(point(86.0883, 55.3541))),
            (&["55,3541 86,0883"], Ok(point(86.0883, 55.3541))),
            (&[""], Ok(Value::Null)),
            (&["on the corner"], Err("place")),
            (&["155.5 86.5"], Err("place-range")),
        ],
    );
    check(place(json!({"validate": {"required": true}})), &[(&[" "], Err("required"))]);
    // A program gives the point itself, and what is shown can be sent again.
    let (house, form) = (House::new(), of(json!([place(json!({}))])));
    let data = |value: Value| form.accept(None, &Draft::default(), Sent::Data(&json!({"a": value})), &house.around());
    let draft = data(point(86.0883, 55.3541)).unwrap();
    assert_eq!(draft.data["a"], point(86.0883, 55.3541));
    let view = form.view(&draft, None, &house.around(), None);
    assert_eq!((&field(&view, "a").control, field(&view, "a").display.as_str()), (&Control::Place, "55.3541, 86.0883"));
    assert_eq!(field(&view, "a").typed, ["55.3541, 86.0883"]);
    assert_eq!(rules(&data(point(186.5, 55.5)).unwrap_err().errors), [("a", "place-range")]);
    assert_eq!(rules(&data(json!("55.5 86.5")).unwrap_err().errors), [("a", "kind")]);
}

#[test]
fn things_of_ones_own() {
    let mut house = House::new();
    let json = json!({"type": "default",
        "svod.own": {"cars": {"type": "Vehicle", "by": "person", "value": "plate", "label": ["plate", "model"],
            "where": {"state": "driven", "kind": ["car", "lorry"]},
            "other": {"value": "other", "label": "@hello"}}},
        "components": [
            {"type": "select", "key": "a", "label": "A", "valuesKey": "cars", "validate": {"required": true},
                "conditional": {"hide": "=count(cars) = 0"}},
            {"type": "textfield", "key": "typed", "label": "T", "validate": {"required": true},
                "conditional": {"hide": "=count(cars) > 0 and a != \"other\""}}]});
    let form = parse(&json.to_string());
    assert_eq!((form.own()[0].kind.as_str(), form.input_names()), ("Vehicle", &["cars".to_owned()][..]));
    assert!(form.text_keys().contains("hello"));
    let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let among: BTreeMap<_, _> = form.own()[0].among.iter().cloned().collect();
    assert_eq!((&among["state"], &among["kind"]), (&words(&["driven"]), &words(&["car", "lorry"])));
    let shown = |house: &House, data: Value| {
        let view = form.view(&Draft::of(data), None, &house.around(), None);
        names(&view).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // Who owns nothing types it; who owns something chooses, and may choose something else.
    house.inputs = [("cars".to_owned(), json!([]))].into_iter().collect();
    assert_eq!(shown(&house, json!({})), ["typed"]);
    let cars = json!([{"value": "X1", "label": "X1, Lada"}, {"value": "other", "label": "@hello"}]);
    house.inputs = [("cars".to_owned(), cars)].into_iter().collect();
    assert_eq!(shown(&house, json!({})), ["a"]);
    assert_eq!(shown(&house, json!({"a": "X1"})), ["a"]);
    assert_eq!(shown(&house, json!({"a": "other"})), ["a", "typed"]);
    let refused = accept(&form, &house, None, &Draft::default(), &[("a", "X2")]).unwrap_err();
    assert_eq!(rules(&refused.errors), [("a", "choice")], "somebody else's is not offered");
    // What was answered tells what to show of it later.
    for (answers, fields) in [
        (json!({"a": "X1"}), vec!["a"]),
        (json!({"a": "other", "typed": "Y"}), vec!["a", "typed"]),
        (json!({"typed": "Y"}), vec!["typed"]),
    ] {
        house.inputs = form.own_of(&answers);
        assert_eq!(shown(&house, answers), fields);
    }
}
