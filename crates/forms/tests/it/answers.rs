use serde_json::{Value, json};
use svod_forms::{Action, Control, Draft, Sent, Shown};
use svod_kernel::Lang;

use crate::house::{FAMILY, House, accept, field, fields, file, names, of, parse, rules};

fn act(form: &svod_forms::Form, house: &House, draft: &Draft, action: &str) -> Draft {
    form.act(draft, &action.parse().unwrap(), &house.around())
}

#[test]
fn what_the_graph_knows_is_shown_with_its_source_and_not_taken_from_the_sender() {
    let house = House::new();
    let form = parse(FAMILY);
    let view = form.view(&Draft::default(), Some("applicant"), &house.around(), None);
    let name = field(&view, "familyName");
    assert_eq!((name.typed.as_slice(), name.locked), (&["Иванова".to_owned()][..], true));
    let source = name.source.as_ref().unwrap();
    assert_eq!((source.name.as_str(), source.may_dispute, source.disputed), ("Register of acts", true, false));
    assert_eq!(field(&view, "birthDate").display, "31 Dec 1990");
    // What may be changed is not locked.
    assert!(
        !field(&view, "contact.email").locked && !field(&view, "contact.email").source.as_ref().unwrap().may_dispute
    );
    let sent = [("familyName", "Петрова"), ("contact.email", "c@d.kz"), ("contact.phone", ""), ("address", "urn:a:1")];
    let draft = accept(&form, &house, Some("applicant"), &Draft::default(), &sent).unwrap();
    assert_eq!(draft.data["familyName"], "Иванова");
    assert_eq!(draft.data["contact"], json!({"email": "c@d.kz", "phone": ""}));
    let view = form.view(&draft, Some("applicant"), &house.around(), None);
    assert!(field(&view, "contact.email").source.is_none(), "somebody changed it");
}

#[test]
fn a_disputed_value_is_answered_anew_and_may_be_restored() {
    let house = House::new();
    let form = parse(FAMILY);
    let draft = act(&form, &house, &Draft::default(), "dispute:familyName");
    let view = form.view(&draft, None, &house.around(), None);
    let source = field(&view, "familyName").source.clone().unwrap();
    assert!(!field(&view, "familyName").locked && source.disputed && source.says == "Иванова");
    let sent = [("familyName", "Петрова"), ("contact.email", ""), ("address", "urn:a:1")];
    let draft = accept(&form, &house, Some("applicant"), &draft, &sent).unwrap();
    assert_eq!(draft.data["familyName"], "Петрова");
    let back = act(&form, &house, &draft, "keep:familyName");
    assert_eq!((back.data["familyName"].as_str(), back.disputed.len()), (Some("Иванова"), 0));
    // Only what the graph gave can be disputed.
    assert!(act(&form, &house, &draft, "dispute:contact.email").disputed.len() == 1);
    assert_eq!(act(&form, &house, &draft, "dispute:nowhere").disputed.len(), 1);
    let forged = Draft { disputed: ["contact.phone".to_owned()].into(), ..draft };
    let draft = accept(&form, &house, Some("applicant"), &forged, &sent).unwrap();
    assert!(draft.disputed.is_empty(), "a name that has no source is no dispute");
}

#[test]
fn a_kept_draft_goes_on_over_what_the_form_begins_with() {
    let house = House::new();
    let form = of(json!([
        {"type": "textfield", "key": "given", "label": "G", "readonly": true},
        {"type": "textfield", "key": "own", "label": "O"},
        {"type": "textfield", "key": "more", "label": "M", "conditional": {"hide": "=not(own = \"x\")"}}]));
    let first = Draft::of(json!({"given": "offered", "own": "offered", "more": "offered"}));
    let kept = Draft::of(json!({"given": "", "own": ""}));
    assert_eq!(form.resume(&first, kept, &house.around()).data, json!({"given": "offered", "own": ""}));
    let view = form.view(&first, None, &house.around(), None);
    assert_eq!(view.fields().iter().map(|f| f.is_unanswered()).collect::<Vec<_>>(), [false, false]);
}

#[test]
fn hidden_fields_are_dropped_and_what_was_not_seen_is_asked() {
    let house = House::new();
    let form = parse(FAMILY);
    let sent = [("works", "no"), ("work.income", "90000"), ("work.why", "x"), ("benefits", ""), ("languages", "")];
    let draft = accept(&form, &house, Some("income"), &Draft::default(), &sent).unwrap();
    assert_eq!(draft.data.get("work"), None);
    // The answer brings up a question that this page had not shown.
    let refused = accept(&form, &house, Some("income"), &draft, &[("works", "yes")]).unwrap_err();
    let came = |refused: &svod_forms::Refused| refused.appeared.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    assert_eq!((rules(&refused.errors), came(&refused)), (vec![], vec!["work.income".to_owned()]));
    assert_eq!(refused.draft.data["works"], "yes");
    let view = form.view(&draft, Some("income"), &house.around(), Some(&refused));
    assert_eq!(names(&view), ["works", "work.income", "benefits", "languages"]);
    assert!(field(&view, "work.income").error.is_none(), "nobody has seen it yet");
    assert_eq!((view.appeared[0].label.as_str(), view.errors.len()), ("Income a month", 0));
    // What is wrong is told beside; what may be left out is asked as well, and once.
    let sent = [("works", "yes"), ("work.income", "x")];
    let wrong = accept(&form, &house, Some("income"), &draft, &sent).unwrap_err();
    assert_eq!((rules(&wrong.errors), came(&wrong)), (vec![("work.income", "number")], vec![]));
    let sent = [("works", "yes"), ("work.income", "15000")];
    let asked = accept(&form, &house, Some("income"), &draft, &sent).unwrap_err();
    assert_eq!((rules(&asked.errors), came(&asked)), (vec![], vec!["work.why".to_owned()]));
    let left_out = [sent[0], sent[1], ("work.why", "")];
    assert!(accept(&form, &house, Some("income"), &asked.draft, &left_out).is_ok());
    // Seen and left empty, a question that must be answered is missing.
    let seen = [("works", "yes"), ("work.income", "")];
    let missing = accept(&form, &house, Some("income"), &refused.draft, &seen).unwrap_err();
    assert_eq!((rules(&missing.errors), came(&missing)), (vec![("work.income", "required")], vec![]));
    // The limit comes from outside, and so does what must be said.
    let refused =
        accept(&form, &house, Some("income"), &draft, &[("works", "yes"), ("work.income", "20001"), ("work.why", "")])
            .unwrap_err();
    assert_eq!(rules(&refused.errors), [("work.why", "required")]);
    let draft = accept(
        &form,
        &house,
        Some("income"),
        &draft,
        &[("works", "yes"), ("work.income", "9000"), ("work.why", "old")],
    )
    .unwrap();
    assert_eq!(draft.data["work"], json!({"income": 9000}));
}

#[test]
fn repeats_grow_and_shrink_by_buttons() {
    let house = House::new();
    let form = parse(FAMILY);
    let draft = Draft::default();
    let view = form.view(&draft, Some("children"), &house.around(), None);
    let Shown::Repeat { name, items, add, remove, .. } = &view.items[0].shown else { panic!("no repeat") };
    assert_eq!((name.as_str(), items.len(), *add, *remove), ("children", 1, true, false));
    let sent = [
        ("children.0.firstName", "Аня"),
        ("children.0.age", "7"),
        ("children.0.school", ""),
        ("children.1.firstName", "Никто"),
    ];
    let draft = accept(&form, &house, Some("children"), &draft, &sent).unwrap();
    assert_eq!(draft.data["children"], json!([{"firstName": "Аня", "age": 7, "school": false}]));
    let two = act(&form, &house, &draft, "add:children");
    assert_eq!(two.data["children"].as_array().unwrap().len(), 2);
    let view = form.view(&two, Some("children"), &house.around(), None);
    assert_eq!(field(&view, "children.1.firstName").label, "First name of child 2");
    assert_eq!(field(&view, "children.1.firstName").within, "Child, 2");
    assert!(names(&view).contains(&"children.0.school") && !names(&view).contains(&"children.1.school"));
    let refused =
        accept(&form, &house, Some("children"), &two, &[("children.1.firstName", ""), ("children.1.age", "20")])
            .unwrap_err();
    assert_eq!(rules(&refused.errors), [("children.1.firstName", "required"), ("children.1.age", "max")]);
    assert_eq!(refused.errors[0].within, "Child, 2");
    assert_eq!(act(&form, &house, &two, "remove:children.0").data["children"].as_array().unwrap().len(), 1);
    // Not below the least, not above the most, not what is no repeat.
    assert_eq!(act(&form, &house, &draft, "remove:children.0").data["children"], draft.data["children"]);
    let mut full = draft.clone();
    for _ in 0..9 {
        full = act(&form, &house, &full, "add:children");
    }
    assert_eq!(full.data["children"].as_array().unwrap().len(), 4);
    assert_eq!(act(&form, &house, &full, "add:familyName").data["children"], full.data["children"]);
}

#[test]
fn an_item_looks_at_itself_its_parent_and_its_number() {
    let house = House::new();
    let form = of(json!([
        {"type": "number", "key": "least", "label": "Least"},
        {"type": "dynamiclist", "path": "a", "label": "A", "isRepeating": true, "allowAddRemove": true, "components": [
            {"type": "number", "key": "n", "label": "N"},
            {"type": "dynamiclist", "path": "b", "label": "B", "isRepeating": true, "allowAddRemove": true, "components": [
                {"type": "textfield", "key": "x", "label": "{{parent.n}}-{{i[1]}}-{{i[2]}}-{{this.x}}", "conditional": {"hide": "=parent.n < least"}},
                {"type": "expression", "key": "sum", "expression": "=parent.n + i[2]"},
            ]},
        ]},
    ]));
    let draft =
        Draft::of(json!({"least": 2, "a": [{"n": 1, "b": [{"x": "p"}]}, {"n": 3, "b": [{"x": "q"}, {"x": "r"}]}]}));
    let view = form.view(&draft, None, &house.around(), None);
    assert_eq!(names(&view), ["least", "a.0.n", "a.1.n", "a.1.b.0.x", "a.1.b.1.x"]);
    assert_eq!(field(&view, "a.1.b.1.x").label, "3-2-2-r");
    let kept = accept(&form, &house, None, &draft, &[]).unwrap();
    assert_eq!(
        kept.data,
        json!({"least": 2, "a": [{"n": 1, "b": [{"sum": 2}]}, {"n": 3, "b": [{"x": "q", "sum": 4}, {"x": "r", "sum": 5}]}]})
    );
}

#[test]
fn read_only_and_disabled_fields_are_not_taken() {
    let house = House::new();
    let form = of(json!([
        {"type": "checkbox", "key": "sure", "label": "Sure"},
        {"type": "textfield", "key": "fixed", "label": "Fixed", "readonly": true, "defaultValue": "d"},
        {"type": "textfield", "key": "late", "label": "Late", "readonly": "=sure", "defaultValue": "first"},
        {"type": "textfield", "key": "off", "label": "Off", "disabled": true, "defaultValue": "o", "validate": {"minLength": 5}},
    ]));
    let sent = [("sure", "true"), ("fixed", "evil"), ("late", "evil"), ("off", "evil")];
    let draft = accept(&form, &house, None, &Draft::default(), &sent).unwrap();
    assert_eq!(draft.data, json!({"sure": true, "fixed": "d", "late": "first", "off": "o"}));
    let done = form.finish(&draft, &house.around()).unwrap();
    assert_eq!(done.data, json!({"sure": true, "fixed": "d", "late": "first"}));
    let json = json!({"sure": true, "fixed": "evil", "late": "evil", "off": "evil", "more": 1});
    let draft = form.accept(None, &Draft::default(), Sent::Data(&json), &house.around()).unwrap();
    assert_eq!(draft.data, json!({"sure": true, "fixed": "d", "late": "first", "off": "o"}));
}

#[test]
fn values_as_form_js_sends_them() {
    let house = House::new();
    let form = parse(FAMILY);
    let sent = json!({
        "children": [{"firstName": "Аня", "age": 7, "school": true, "schoolName": "1"}, {"firstName": "Боря"}],
        "works": "yes", "work": {"income": "many"},
    });
    let refused = form.accept(None, &Draft::default(), Sent::Data(&sent), &house.around()).unwrap_err();
    let found = rules(&refused.errors);
    assert!(found.contains(&("work.income", "kind")) && found.contains(&("address", "required-choice")), "{found:?}");
    assert_eq!(refused.draft.data["childCount"], 2);
    let crowd: Vec<Value> = (0..9).map(|_| json!({"firstName": "x"})).collect();
    let refused = form
        .accept(Some("children"), &Draft::default(), Sent::Data(&json!({"children": crowd})), &house.around())
        .unwrap_err();
    assert_eq!(rules(&refused.errors), [("children", "items-max")]);
    assert_eq!(refused.draft.data["children"].as_array().unwrap().len(), 4);
}

#[test]
fn a_whole_journey() {
    let mut house = House::new();
    house.lang = Lang::Ru;
    let form = parse(FAMILY);
    let first = [("contact.email", "a@b.kz"), ("contact.phone", "+7 384 212 3456"), ("address", "urn:a:2")];
    let draft = accept(&form, &house, Some("applicant"), &Draft::default(), &first).unwrap();
    let second = [
        ("children.0.firstName", "Аня"),
        ("children.0.age", "7"),
        ("children.0.school", ""),
        ("children.0.schoolName", ""),
    ];
    let draft = accept(&form, &house, Some("children"), &draft, &second).unwrap();
    let third = [
        ("works", "yes"),
        ("work.income", "10 000,50"),
        ("work.why", "премия"),
        ("benefits", "veteran"),
        ("languages", "ru"),
        ("languages", "kk"),
    ];
    let draft = accept(&form, &house, Some("income"), &draft, &third).unwrap();
    assert!(form.finish(&draft, &house.around()).is_err(), "papers are missing");
    house.lists.files.insert("certificate".into(), vec![file("a.pdf")]);
    let fourth =
        [("certificate", ""), ("visit", "2026-11-25T09:15"), ("agree", "true"), ("note", "evil"), ("internal", "evil")];
    let draft = accept(&form, &house, Some("papers"), &draft, &fourth).unwrap();
    house.lists.files.clear();
    let view = form.view(&draft, Some("papers"), &house.around(), None);
    assert!(view.signature && view.pages.iter().all(|p| p.complete) && view.page == 3, "{:?}", view.pages);
    assert_eq!(view.send.as_deref(), Some("Send the application"));
    let done = form.finish(&draft, &house.around()).unwrap();
    assert_eq!(
        done.data,
        json!({
            "familyName": "Иванова", "birthDate": "1990-12-31", "address": "urn:a:2",
            "contact": {"email": "a@b.kz", "phone": "+73842123456"},
            "children": [{"firstName": "Аня", "age": 7, "school": false}], "childCount": 1,
            "works": "yes", "work": {"income": 10000.5, "why": "премия"}, "benefits": ["veteran"], "languages": ["ru", "kk"],
            "certificate": [{"file": "urn:file:a.pdf", "name": "a.pdf", "type": "application/pdf", "size": 12}], "photo": [],
            "visit": "2026-11-25T09:15+07:00", "agree": true, "note": "none",
        })
    );
    assert_eq!(done.from_graph.len(), 2);
    let chapters = form.overview(&draft, &house.around());
    assert_eq!(
        chapters.iter().map(|c| c.page.name.as_str()).collect::<Vec<_>>(),
        ["applicant", "children", "income", "papers"]
    );
    let said = |name: &str| chapters.iter().flat_map(|c| &c.rows).find(|r| r.name == name).map(|r| r.display.clone());
    assert_eq!(said("work.income").as_deref(), Some("10000,5"));
    assert_eq!(said("benefits").as_deref(), Some("Veteran"));
    assert_eq!(said("visit").as_deref(), Some("25.11.2026, 09:15"));
    assert_eq!(act(&form, &house, &draft, "drop:certificate.0").data["certificate"], json!([]));
}

#[test]
fn pages_may_be_hidden() {
    let house = House::new();
    let page = |name: &str, hide: &str| {
        json!({"type": "group", "label": name, "properties": {"svod.page": name}, "conditional": {"hide": hide}, "components": [
            {"type": "checkbox", "key": name, "label": name}]})
    };
    let form = of(json!([page("a", "=false"), page("b", "=not(a)"), page("c", "=b")]));
    let titles = |draft: &Draft| {
        form.view(draft, None, &house.around(), None).pages.iter().map(|p| p.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&Draft::default()), ["a"], "b is hidden, and c with what it looks at: null hides");
    assert_eq!(titles(&Draft::of(json!({"a": true}))), ["a", "b", "c"]);
    assert_eq!(titles(&Draft::of(json!({"a": true, "b": true}))), ["a", "b"]);
    assert_eq!(form.view(&Draft::default(), Some("b"), &house.around(), None).page, 0);
    assert_eq!(form.page_names(), ["a", "b", "c"], "hidden ones too");
    assert_eq!(form.page_titles(&house.around()), ["a", "b", "c"]);
    let one = of(json!([{"type": "checkbox", "key": "a", "label": "a"}]));
    assert!(one.page_names().is_empty() && one.page_titles(&house.around()).is_empty());
}

#[test]
fn conditions_in_a_circle_end() {
    let house = House::new();
    let form = of(json!([
        {"type": "textfield", "key": "a", "label": "A", "conditional": {"hide": "=b != null"}},
        {"type": "textfield", "key": "b", "label": "B", "conditional": {"hide": "=a != null"}},
        {"type": "textfield", "key": "c", "label": "C"},
    ]));
    let draft = accept(&form, &house, None, &Draft::of(json!({"a": "1", "b": "2", "c": "3"})), &[]).unwrap();
    assert_eq!(draft.data["c"], "3");
    assert!(fields(&form.view(&draft, None, &house.around(), None)).len() < 3);
}

#[test]
fn what_was_typed_is_shown_again() {
    let house = House::new();
    let form =
        of(json!([{"type": "number", "key": "n", "label": "N"}, {"type": "textfield", "key": "t", "label": "T"}]));
    let refused = accept(&form, &house, None, &Draft::default(), &[("n", "seven"), ("t", "kept")]).unwrap_err();
    let view = form.view(&Draft::default(), None, &house.around(), Some(&refused));
    assert_eq!(field(&view, "n").typed, ["seven"]);
    assert_eq!(field(&view, "t").typed, ["kept"]);
    assert_eq!(refused.draft.data, json!({"n": null, "t": "kept"}));
    assert!(matches!(field(&view, "n").control, Control::Number { decimal: true }));
}

#[test]
fn acts_that_lead_elsewhere_change_nothing() {
    let house = House::new();
    let form = parse(FAMILY);
    let draft = form.act(&Draft::default(), &Action::Next, &house.around());
    assert_eq!(form.act(&draft, &Action::Find("address".into()), &house.around()), draft);
}

#[test]
fn a_disputed_value_survives_what_is_sent_as_values() {
    let house = House::new();
    let form = parse(FAMILY);
    let draft = act(&form, &house, &Draft::default(), "dispute:familyName");
    let sent = json!({"familyName": "Петрова", "contact": {"email": "a@b.kz"}, "address": "urn:a:1"});
    let draft = form.accept(Some("applicant"), &draft, Sent::Data(&sent), &house.around()).unwrap();
    let more = json!({"children": [{"firstName": "Аня"}, {"firstName": "Боря"}]});
    let draft = form.accept(Some("children"), &draft, Sent::Data(&more), &house.around()).unwrap();
    assert_eq!((draft.data["familyName"].as_str(), draft.disputed.len()), (Some("Петрова"), 1));
}
