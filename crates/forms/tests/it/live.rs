//! What a page gives a browser so that questions come and go before it is sent, and what it keeps to itself.

use serde_json::{Value, json};
use svod_forms::{Draft, Item, Shown, View};

use crate::house::{FAMILY, House, fields, names, of, parse};

fn page(name: &str, components: Value) -> Value {
    json!({"type": "group", "label": name, "properties": {"svod.page": name}, "components": components})
}

fn text(key: &str, hide: Option<&str>) -> Value {
    let mut field = json!({"type": "textfield", "key": key, "label": key});
    if let Some(hide) = hide {
        field["conditional"] = json!({"hide": hide});
    }
    field
}

/// Conditions of all things of a page, hidden ones too.
fn conditions(view: &View) -> Vec<(String, bool)> {
    fn walk(items: &[Item], out: &mut Vec<(String, bool)>) {
        for item in items {
            out.extend(item.condition.iter().map(|c| (c.hide.clone(), c.hidden)));
            match &item.shown {
                Shown::Group { items, .. } => walk(items, out),
                Shown::Repeat { items, .. } => items.iter().for_each(|i| walk(i, out)),
                _ => {}
            }
        }
    }
    let mut out = Vec::new();
    walk(&view.items, &mut out);
    out
}

#[test]
fn what_the_answers_of_a_page_bring_up_is_on_it_and_no_part_of_it() {
    let house = House::new();
    let form = parse(FAMILY);
    let view = form.view(&Draft::default(), Some("income"), &house.around(), None);
    assert_eq!(conditions(&view), [("works != \"yes\"".to_owned(), true), ("work.income <= norm".to_owned(), true)]);
    assert_eq!(names(&view), ["works", "benefits", "languages"], "hidden fields are no fields of the page");
    assert_eq!(view.known, Some(json!({"data": {}, "inputs": {"norm": 10_000}})));
    let works = fields(&view)[0].live.clone().unwrap();
    assert_eq!((works.kind.as_str(), works.value), ("one", None));
    // The same without the values of other pages that nothing looks at.
    let draft =
        Draft::of(json!({"works": "yes", "work": {"income": 9000}, "children": [{"firstName": "Аня", "age": 7}]}));
    let view = form.view(&draft, Some("income"), &house.around(), None);
    assert_eq!(conditions(&view).iter().map(|c| c.1).collect::<Vec<_>>(), [false, true]);
    assert_eq!(view.known, Some(json!({"data": {}, "inputs": {"norm": 10_000}})));
    assert_eq!(form.overview(&draft, &house.around())[2].rows.len(), 4, "what is hidden is in no overview");
    // Items of repeats have conditions of their own, and what is computed is there for those that look at it.
    let view = form.view(&draft, Some("children"), &house.around(), None);
    let school = [("this.age < 6".to_owned(), false), ("not(this.school = true)".to_owned(), true)];
    assert_eq!(conditions(&view), school);
    let computed =
        |i: &Item| matches!(&i.shown, Shown::Computed { name, by } if name == "childCount" && by == "count(children)");
    assert!(view.items.iter().any(computed));
    // A page on which nothing comes and goes has nothing of it.
    let view = form.view(&draft, Some("papers"), &house.around(), None);
    assert!(view.known.is_none() && conditions(&view).is_empty() && fields(&view)[0].live.is_none());
}

#[test]
fn what_no_answer_of_the_page_brings_up_does_not_go_out() {
    let mut house = House::new();
    house.inputs = [("matter".to_owned(), json!({"kind": "a", "secret": "s3cret"}))].into_iter().collect();
    let prefilled = json!({"type": "textfield", "key": "own", "label": "own", "conditional": {"hide": "=here != \"x\""},
        "properties": {"svod.source": "applicant.familyName"}});
    let json = json!({"type": "default", "svod.inputs": ["matter"], "components": [
        page("one", json!([text("before", None), text("other", None)])),
        page("two", json!([
            text("here", None),
            text("byOther", Some("=before != \"x\"")),
            text("byMatter", Some("=matter.secret != \"x\"")),
            text("byBoth", Some("=here != \"x\" or before = \"y\" or matter.kind = \"b\"")),
            prefilled,
        ])),
    ]});
    let form = parse(&json.to_string());
    let draft = Draft::of(json!({"before": "b4", "other": "0ther"}));
    let view = form.view(&draft, Some("two"), &house.around(), None);
    assert_eq!(conditions(&view).len(), 1, "{view:?}");
    assert_eq!(view.known, Some(json!({"data": {"before": "b4"}, "inputs": {"matter": {"kind": "a"}}})));
    let all = format!("{view:?}");
    for hidden in ["s3cret", "0ther", "Иванова", "byOther", "byMatter"] {
        assert!(!all.contains(hidden), "{hidden} in {all}");
    }
    // Shown by right it stands there, with its source.
    let draft = Draft::of(json!({"here": "x"}));
    assert_eq!(names(&form.view(&draft, Some("two"), &house.around(), None)), ["here", "byBoth", "own"]);
}

#[test]
fn answers_are_read_from_the_page_by_their_kind() {
    let house = House::new();
    let number =
        |v: Value| json!({"type": "radio", "key": "n", "label": "n", "values": [{"label": "one", "value": v}]});
    let time = |zone: &str| json!({"type": "datetime", "subtype": "time", "key": zone, "timeLabel": zone, "timeSerializingFormat": zone});
    let form = of(json!([
        text("last", Some("=n = null")), number(json!(1)), time("utc_offset"), time("utc_normalized"), time("no_timezone"),
        {"type": "number", "key": "exact", "label": "e", "serializeToString": true},
        {"type": "textfield", "key": "given", "label": "g", "readonly": true, "defaultValue": "x"},
        {"type": "textfield", "key": "place", "label": "p", "properties": {"svod.place": "true"}},
    ]));
    let view = form.view(&Draft::default(), None, &house.around(), None);
    let live: Vec<(&str, String)> =
        fields(&view).into_iter().map(|f| (f.name.as_str(), f.live.clone().unwrap().kind)).collect();
    let kind = |name: &str| live.iter().find(|(n, _)| *n == name).map(|(_, kind)| kind.as_str());
    assert_eq!(
        ["n", "utc_offset", "utc_normalized", "no_timezone", "exact", "given", "place"].map(kind),
        ["json:one", "suffix:+07:00", "utc:420", "moment", "number-text", "given", "place"].map(Some)
    );
    let given = fields(&view).into_iter().find(|f| f.name == "given").unwrap();
    assert_eq!(given.live.as_ref().unwrap().value, Some(json!("x")));
}
