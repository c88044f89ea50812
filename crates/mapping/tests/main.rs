//! Mappings as packs write them, and as an enemy would.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fall

use serde_json::{Value, json};
use svod_mapping::{FaultCode, MAX_PAYLOAD, Mapping, Query};

fn map(source: &str, payload: &Value) -> Vec<svod_mapping::Mapped> {
    Mapping::compile("devices/x.yaml", source).unwrap().apply(payload.to_string().as_bytes()).unwrap()
}

fn fault(source: &str, payload: &str) -> (FaultCode, String) {
    let f = Mapping::compile("devices/x.yaml", source).unwrap().apply(payload.as_bytes()).unwrap_err();
    (f.code, f.detail)
}

const AIR: &str = r#"{at: .ts, values: {pm25: {value: .pm25, unit: "mg/m3"}, no2: .no2}, simulated: .simulated}"#;

#[test]
fn a_plain_mapping_runs_natively() {
    assert!(Mapping::compile("x", AIR).unwrap().is_native());
    let m = &map(AIR, &json!({"ts": "2026-01-15T08:00:00+07:00", "pm25": 0.4, "no2": null, "simulated": true}))[0];
    assert_eq!(m.at.to_string(), "2026-01-15T01:00:00Z");
    assert!(m.simulated);
    assert_eq!(m.values.len(), 1);
    assert_eq!((m.values[0].0.as_str(), m.values[0].1.unit.as_deref()), ("pm25", Some("mg/m3")));
    assert_eq!(m.values[0].1.value, json!(0.4));
}

#[test]
fn calculation_and_several_readings() {
    let m = map(
        ".rows[] | select(.ok) | {at: (.t * 1000), device: .id, values: {t: (.k - 273.15), place: {lon: .x, lat: .y}}}",
        &json!({"rows": [{"ok": true, "t": 1768438800, "id": "a", "k": 300, "x": 87, "y": 53},
                         {"ok": false}, {"ok": true, "t": 1768438801, "id": "b", "k": 301}]}),
    );
    assert_eq!(m.iter().map(|m| m.device.as_deref().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(m[0].at.millis(), 1_768_438_800_000);
    assert_eq!(m[0].values[1].1.value, json!({"lon": 87, "lat": 53}));
}

#[test]
fn no_result_is_no_reading() {
    assert!(map("empty", &json!({})).is_empty());
}

#[test]
fn faults_have_codes() {
    assert_eq!(fault(AIR, "{").0, FaultCode::MalformedPayload);
    assert_eq!(fault(AIR, "\u{0}").0, FaultCode::MalformedPayload);
    assert_eq!(fault(AIR, &"[".repeat(100_000)).0, FaultCode::MalformedPayload);
    assert_eq!(fault(AIR, &format!("\"{}\"", "x".repeat(MAX_PAYLOAD))).0, FaultCode::MalformedPayload);
    assert_eq!(fault(AIR, "5").0, FaultCode::MappingError);
    assert_eq!(fault(AIR, "{}").0, FaultCode::BadShape);
    assert_eq!(fault(AIR, r#"{"ts": "noon"}"#).0, FaultCode::BadShape);
    assert_eq!(fault("{at: 1, values: .}", "[]").0, FaultCode::BadShape);
    assert_eq!(fault("{at: 1e30, values: {}}", "{}").0, FaultCode::BadShape);
    assert_eq!(fault("{at: 1, value: {}}", "{}").0, FaultCode::BadShape);
    assert_eq!(fault("{at: 1, values: {a: {value: 1, unit: 2}}}", "{}").0, FaultCode::BadShape);
    assert_eq!(fault("error(\"no\")", "{}"), (FaultCode::MappingError, "\"no\"".to_owned()));
}

#[test]
fn errors_name_the_place() {
    let e = Mapping::compile("devices/x.yaml", "{at: .ts,\n values: {a: frobnicate}}").err().unwrap();
    assert_eq!((e.file.as_str(), e.line, e.column), ("devices/x.yaml", 2, 14), "{e}");
    let e = Mapping::compile("x", "{at: .ts,\n values: {a: }}").err().unwrap();
    assert_eq!(e.line, 2, "{e}");
    for broken in ["", "(", "{at: ", "\"abc", "$x", ".a |", "import \"a\" as a; .", "&"] {
        assert!(Mapping::compile("x", broken).is_err(), "{broken}");
    }
}

#[test]
fn what_can_loop_or_look_outside_is_refused() {
    for bad in [
        "def f: f; f",
        "repeat(.)",
        "while(true; .)",
        "until(false; .)",
        "recurse(.)",
        "[recurse]",
        "env",
        "$ENV",
        "input",
        "now",
        "halt",
        "reduce .[] as $x (0; . + $x)",
        "foreach .[] as $x (0; .)",
        ".a = 1",
        ".a |= 1",
        ".a += 1",
        "del(.a)",
        "debug",
        "input_filename",
        "$__prog_args",
        "get_search_list",
        "combinations",
    ] {
        let e = Mapping::compile("x", bad).err().unwrap_or_else(|| panic!("{bad} was accepted"));
        assert!(!e.fix.is_empty() && e.line == 1, "{e}");
    }
    let many = ["(1,2)"; 12].join("+");
    assert!(Mapping::compile("x", &many).is_err());
    assert!(Mapping::compile("x", &"(".repeat(5_000)).is_err());
    assert!(Mapping::compile("x", &format!("{}1", "-".repeat(5_000))).is_err());
    assert!(Mapping::compile("x", &vec!["."; 5_000].join("|")).is_err());
}

/// In the stack of a worker thread, by unoptimised code, whose frames are several times larger.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn the_longest_allowed_chains_do_not_overflow() {
    on_a_small_stack(|| {
        for (source, expected) in [
            (vec!["."; 50].join("|"), json!(1)),
            (format!("{}1", "-".repeat(98)), json!(1)),
            (vec!["."; 50].join("+"), json!(50)),
            (vec!["."; 50].join("//"), json!(1)),
            (format!("[{}] | .[0]", vec!["."; 46].join(",")), json!(1)),
            (format!("{}.{}", "(".repeat(48), ")".repeat(48)), json!(1)),
            (format!("{}.{}", "try ".repeat(49), ""), json!(1)),
            (format!("{}.", ". as $x | ".repeat(16)), json!(1)),
            (format!("{}.{}", "if . then ".repeat(13), " else . end".repeat(13)), json!(1)),
        ] {
            let query = Query::compile("x", &source).unwrap_or_else(|e| panic!("{source}: {e}"));
            assert!(query.apply(json!(1)).unwrap().first().is_none_or(|v| *v == expected), "{source}");
        }
    });
}

#[test]
fn wide_objects_are_no_nesting() {
    let fields: Vec<String> = (0..400).map(|i| format!("a{i}: {{value: .a{i}, unit: \"mg/m3\"}}")).collect();
    let mapping = Mapping::compile("x", &format!("{{at: .ts, values: {{{}}}}}", fields.join(", "))).err();
    assert!(mapping.is_some_and(|e| e.message.contains("tokens")), "400 attributes are too many tokens");
    let source = format!("{{at: .ts, values: {{{}}}}}", fields[..300].join(", "));
    on_a_small_stack(move || assert!(Mapping::compile("x", &source).unwrap().is_native()));
}

#[test]
fn bombs_end_with_a_fault() {
    let long = json!({"a": vec![1; 2_000], "s": "x".repeat(100_000)}).to_string();
    let mut doubling = ".s".to_owned();
    doubling.push_str(&"|.+.".repeat(24));
    let mut nested = ".a".to_owned();
    nested.push_str(&"|[.,.]".repeat(9));
    for bomb in [
        "[range(1e12)]",
        "range(0; 1; 0)",
        "[.a[] as $x | .a[] as $y | .a[] as $z | $x]",
        ".a[]",
        "first(range(1e12) | select(. < 0))",
        "[limit(1e12; range(1e12))]",
        "isempty(range(1e12) | empty)",
        "last(range(1e12))",
        doubling.as_str(),
        ".s * 1000000000",
        "[.a, .a] | add | . + . | . + . | . + . | . + . | . + . | . + . | . + .",
        "[skip(1e12; range(1e12))]",
        "[.a[] | .] | map([range(1000)])",
        "[range(1e6)] | sort",
        ".s | gsub(\"x\"; \"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\")",
    ] {
        assert_eq!(fault(bomb, &long).0, FaultCode::MappingError, "{bomb}");
    }
}

#[test]
fn the_library_is_the_usual_jq() {
    for (source, input, expected) in [
        (".date + \"T12:00:00+07:00\"", json!({"date": "2020-01-01"}), json!("2020-01-01T12:00:00+07:00")),
        (".a | tonumber", json!({"a": "0.125"}), json!(0.125)),
        ("if .a == \"\" then null else .a end", json!({"a": ""}), json!(null)),
        ("to_entries | map(select(.value > 1)) | from_entries", json!({"a": 1, "b": 2}), json!({"b": 2})),
        ("[.[] | . * 2]", json!([1, 2.5]), json!([2, 5])),
        ("split(\",\") | join(\"-\")", json!("a,b"), json!("a-b")),
        ("(.a? // .b) | ascii_upcase", json!({"b": "x"}), json!("X")),
        ("test(\"^a+$\")", json!("aaa"), json!(true)),
        ("\"\\(.a)/\\(.b)\"", json!({"a": 1, "b": null}), json!("1/null")),
        ("sort_by(-.) | .[0:2]", json!([1, 3, 2]), json!([3, 2])),
        ("try error(\"x\") catch .", json!(null), json!("x")),
        ("fromdate", json!("2026-01-15T01:00:00Z"), json!(1_768_438_800)),
        ("(.v / 3 * 3), length", json!({"v": 6}), json!(6)),
        ("keys", json!({"b": 1, "a": 2}), json!(["a", "b"])),
        ("[.[] | type]", json!([1, "a", null, [], {}]), json!(["number", "string", "null", "array", "object"])),
        ("7 % 3, -7 % 3", json!(null), json!(1)),
    ] {
        let got = Query::compile("x", source).unwrap_or_else(|e| panic!("{e}")).apply(input).unwrap();
        assert_eq!(got[0], expected, "{source}");
    }
}
