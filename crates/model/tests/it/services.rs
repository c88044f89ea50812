use svod_model::{Audience, ObjectSpec, PackSource, ServiceSpec, ServiceTerm, StartMode, StartSpec, VariantSpec};

use crate::{errors, list, parse, source};

const SERVICE: &str = "id: permit
situation: building
audience: [person, organization]
subject: roads
process: respond
start:
  - form: permit.form.json
  - event: {type: Station, action: create, applicant: owner, mode: offer, when: height > 3, set: {station: urn, high: height}}
variables: [reason]
term: {working_days: 5, calendar: ru}
warn: P1D
acts: [\"Act 1, article 2\"]
object: {process: respond, days: 30, form: permit.form.json, term: {duration: P10D}}
pause: [papers]
";

fn with(service: &str) -> PackSource {
    let model =
        source(&[]).files["model/core.yaml"].clone() + "  LifeSituation:\n    permissible_values: {building: }\n";
    let texts = source(&[]).files["locales/ru.ftl"].clone()
        + "enum-LifeSituation-building = x\nservice-permit = x\nservice-permit-about = x\nservice-permit-result = x\npause-papers = x\n";
    source(&[
        ("model/core.yaml", &model),
        ("services/permit.yaml", service),
        ("forms/permit.form.json", "{}"),
        ("calendars/ru.yaml", "id: ru\n"),
        ("locales/ru.ftl", &texts),
        ("locales/kk.ftl", &texts),
        ("locales/en.ftl", &texts),
    ])
}

#[test]
fn a_service_is_read_whole() {
    assert_eq!(list(&errors(&with(SERVICE))), "");
    let pack = parse(&with(SERVICE));
    let service = &pack.services[0];
    assert_eq!(service.audience, [Audience::Person, Audience::Organization]);
    assert_eq!(service.term, ServiceTerm::WorkingDays { days: 5, calendar: "ru".into() });
    assert_eq!(service.warn_seconds, Some(86_400));
    assert_eq!(service.start[0], StartSpec::Form("permit.form.json".into()));
    let StartSpec::Event { mode, set, when, .. } = &service.start[1] else { panic!("no event") };
    let object = ObjectSpec {
        process: "respond".into(),
        days: 30,
        form: Some("permit.form.json".into()),
        term: Some(ServiceTerm::Seconds(864_000)),
    };
    assert_eq!((service.object.as_ref(), service.pause.as_slice()), (Some(&object), &["papers".to_owned()][..]));
    assert_eq!((*mode, set["high"].as_str(), when.as_deref()), (StartMode::Offer, "height", Some("height > 3")));
}

#[test]
fn what_a_service_names_is_there() {
    for (from, to, line, rule) in [
        ("situation: building", "situation: flying", 2, "unknown-situation"),
        ("subject: roads", "subject: sky", 4, "unknown-subject"),
        ("process: respond", "process: other", 5, "unknown-process"),
        ("form: permit.form.json", "form: other.form.json", 6, "unknown-form"),
        ("type: Station", "type: Boat", 6, "unknown-type"),
        ("applicant: owner", "applicant: height", 6, "wrong-type"),
        ("applicant: owner", "applicant: keeper", 6, "unknown-attribute"),
        ("high: height", "high: depth", 6, "unknown-attribute"),
        ("calendar: ru", "calendar: kz", 10, "unknown-calendar"),
        ("working_days: 5, ", "", 10, "bad-value"),
        (", calendar: ru", "", 10, "missing-key"),
        ("[person, organization]", "[citizen]", 3, "bad-value"),
        ("acts: [\"Act 1, article 2\"]", "fee: none", 1, "missing-key"),
        ("mode: offer", "mode: perhaps", 8, "bad-value"),
        ("object: {process: respond", "object: {process: other", 13, "unknown-process"),
        ("form: permit.form.json, term", "form: other.form.json, term", 13, "unknown-form"),
        ("{duration: P10D}", "{working_days: 3, calendar: kz}", 13, "unknown-calendar"),
        ("days: 30, ", "", 13, "missing-key"),
        ("days: 30", "days: 0", 13, "bad-value"),
        ("pause: [papers]", "pause: [Papers]", 14, "bad-value"),
        ("pause: [papers]", "pause: [money]", 1, "missing-text"),
    ] {
        assert!(SERVICE.contains(from), "{from}");
        let found = errors(&with(&SERVICE.replacen(from, to, 1)));
        let hit = |e: &svod_model::PackError| {
            e.file == "services/permit.yaml" && e.position.line == line && e.rule == rule && !e.fix.is_empty()
        };
        assert!(found.iter().any(hit), "expected line {line} {rule} for '{to}', found:\n{}", list(&found));
    }
}

#[test]
fn an_offer_says_how_it_is_taken_and_how_long_it_stands() {
    let changed = |from: &str, to: &str| {
        assert!(SERVICE.contains(from), "{from}");
        SERVICE.replacen(from, to, 1)
    };
    let fills = changed("mode: offer", "mode: fill, while: height > 1, lend: photos");
    assert_eq!(list(&errors(&with(&fills))), "");
    let pack = parse(&with(&fills));
    let StartSpec::Event { mode, stands, lend, .. } = &pack.services[0].start[1] else { panic!("no event") };
    assert_eq!((*mode, stands.as_deref(), lend.as_deref()), (StartMode::Fill, Some("height > 1"), Some("photos")));
    for (service, line, rule) in [
        (changed("  - form: permit.form.json\n", "").replace("mode: offer", "mode: fill"), 6, "bad-value"),
        (changed("mode: offer", "mode: run, while: height > 1"), 8, "unknown-key"),
        (changed("mode: offer", "mode: run, lend: photos"), 8, "unknown-key"),
    ] {
        let found = errors(&with(&service));
        let hit = |e: &svod_model::PackError| e.position.line == line && e.rule == rule && !e.fix.is_empty();
        assert!(found.iter().any(hit), "{line} {rule}: {}", list(&found));
    }
}

#[test]
fn variants_share_applicants_and_always_the_same_ones() {
    let spec = |variants: &[(&str, u64)]| ServiceSpec {
        pack: "p".into(),
        id: "s".into(),
        process: "own".into(),
        variants: variants.iter().map(|(p, share)| VariantSpec { process: (*p).into(), share: *share }).collect(),
        ..parse(&with(SERVICE)).services[0].clone()
    };
    let of = |spec: &ServiceSpec, process: &str| {
        (0..10_000).filter(|n| spec.process_for(&format!("urn:svod:person:{n}")) == process).count()
    };
    let two = spec(&[("short", 20), ("long", 30)]);
    for (process, share) in [("own", 5_000), ("short", 2_000), ("long", 3_000)] {
        let found = of(&two, process);
        assert!(found.abs_diff(share) < 300, "{process}: {found}");
    }
    assert_eq!(of(&spec(&[]), "own"), 10_000);
    // Whoever has a variant keeps it when its share grows.
    let more = spec(&[("short", 40)]);
    let kept = (0..1_000).map(|n| format!("urn:svod:person:{n}")).filter(|p| two.process_for(p) == "short");
    assert!(kept.into_iter().all(|p| more.process_for(&p) == "short"));
}
