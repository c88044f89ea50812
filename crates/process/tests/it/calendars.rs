use serde_json::json;
use svod_process::{Calendar, Calendars, Effect, Event, Span};

use crate::support::{Case, map, moment, process};

const RU: &str = include_str!("../../../../packs/base/calendars/ru.yaml");
const KZ: &str = include_str!("../../../../packs/base/calendars/kz.yaml");

fn ru() -> Calendar {
    Calendar::parse("ru.yaml", RU).unwrap_or_else(|e| panic!("{e}"))
}

fn kz() -> Calendar {
    Calendar::parse("kz.yaml", KZ).unwrap_or_else(|e| panic!("{e}"))
}

/// Working days of each month, Mondays to Fridays.
fn worked(calendar: &Calendar, year: i32) -> Vec<usize> {
    let mut months = vec![0; 12];
    let mut day = moment(&format!("{year}-01-01T05:00:00Z"));
    loop {
        let text = day.to_string();
        if !text.starts_with(&year.to_string()) {
            return months;
        }
        let month: usize = text[5..7].parse().unwrap();
        months[month - 1] += usize::from(calendar.is_working_at(day));
        day = day.plus_seconds(24 * 3_600);
    }
}

#[test]
fn working_days_are_those_of_the_production_calendars() {
    // Published figures: 247 days in 2025 and 2026 in Russia, 246 in 2025 in Kazakhstan.
    assert_eq!(worked(&ru(), 2025), [17, 20, 21, 22, 18, 19, 23, 21, 22, 23, 19, 22]);
    assert_eq!(worked(&ru(), 2026), [15, 19, 21, 22, 19, 21, 23, 21, 22, 22, 20, 22]);
    assert_eq!(worked(&kz(), 2025).iter().sum::<usize>(), 246);
    assert_eq!(worked(&kz(), 2026)[2], 18, "four days off in March beside the Saturdays and Sundays");
}

#[test]
fn working_days_are_counted() {
    let after = |from: &str, span: &str| ru().after(moment(from), Span::parse(span).unwrap()).unwrap();
    // From Tuesday, 30 December 2025: 31 December to 11 January are off.
    assert_eq!(after("2025-12-30T15:00:00+03:00", "P1D"), moment("2026-01-12T15:00:00+03:00"));
    assert_eq!(after("2025-12-30T15:00:00+03:00", "P3D"), moment("2026-01-14T15:00:00+03:00"));
    // The Saturday of 1 November 2025 was worked, the Monday after it was not.
    assert_eq!(after("2025-10-31T10:00:00+03:00", "P2D"), moment("2025-11-05T10:00:00+03:00"));
    // A month later is a Sunday: the Monday after.
    assert_eq!(after("2026-03-26T10:00:00+03:00", "P1M"), moment("2026-04-27T10:00:00+03:00"));
    // Working time, over lunch and over the weekend.
    assert_eq!(after("2026-01-16T12:00:00+03:00", "PT2H"), moment("2026-01-16T15:00:00+03:00"));
    assert_eq!(after("2026-01-16T17:00:00+03:00", "PT2H"), moment("2026-01-19T10:00:00+03:00"));
    assert_eq!(after("2026-01-17T03:00:00+03:00", "PT8H"), moment("2026-01-19T18:00:00+03:00"));
    assert_eq!(ru().after(moment("2026-01-16T17:00:00Z"), Span { days: 50_000, ..Span::default() }), None);
}

#[test]
fn time_stands_still_on_days_off() {
    const HOUR: i64 = 3_600_000_000;
    let worked = |from: &str, to: &str| ru().worked(moment(from), moment(to)).unwrap();
    // The rest of Tuesday, 30 December, and Monday, 12 January until 15:00: nothing between them.
    assert_eq!(worked("2025-12-30T15:00:00+03:00", "2026-01-12T15:00:00+03:00"), 24 * HOUR);
    assert_eq!(worked("2026-01-02T15:00:00+03:00", "2026-01-11T23:00:00+03:00"), 0);
    assert_eq!(worked("2026-01-03T15:00:00+03:00", "2026-01-12T01:00:00+03:00"), HOUR);
    assert_eq!(worked("2026-01-13T10:00:00+03:00", "2026-01-13T12:00:00+03:00"), 2 * HOUR);
    assert_eq!(worked("2026-01-13T10:00:00+03:00", "2026-01-13T09:00:00+03:00"), 0);
    let moved = |at: &str, hours: i64| ru().moved(moment(at), hours * HOUR).unwrap();
    assert_eq!(moved("2025-12-30T15:00:00+03:00", 24), moment("2026-01-12T15:00:00+03:00"));
    assert_eq!(moved("2026-01-12T15:00:00+03:00", -24), moment("2025-12-30T15:00:00+03:00"));
    assert_eq!(moved("2026-01-12T15:00:00+03:00", -15), moment("2026-01-12T00:00:00+03:00"));
    assert_eq!(moved("2025-12-30T15:00:00+03:00", 9), moment("2026-01-12T00:00:00+03:00"));
    assert_eq!(moved("2026-01-05T15:00:00+03:00", 2), moment("2026-01-12T02:00:00+03:00"), "from a day off on");
    assert_eq!(moved("2026-01-05T15:00:00+03:00", -2), moment("2025-12-30T22:00:00+03:00"));
    assert_eq!(moved("2026-01-05T15:00:00+03:00", 0), moment("2026-01-05T15:00:00+03:00"));
    // There and back, from any hour of a working day.
    for hour in 0..100 {
        let at = moment("2025-12-29T00:30:00+03:00").plus_seconds(hour * 3_600);
        if ru().is_working_at(at) {
            let there = ru().moved(at, 77 * HOUR).unwrap();
            assert_eq!((ru().worked(at, there), ru().moved(there, -77 * HOUR)), (Some(77 * HOUR), Some(at)));
        }
    }
    assert_eq!(ru().moved(moment("2026-01-05T15:00:00Z"), i64::MAX), None);
}

#[test]
fn a_place_has_its_own_clocks() {
    let kuzbass = ru().at(7 * 3_600);
    // 23:00 in Moscow on Friday is Saturday in Kuzbass.
    let from = moment("2026-01-16T23:00:00+03:00");
    assert_eq!(kuzbass.after(from, Span::parse("PT1H").unwrap()), Some(moment("2026-01-19T10:00:00+07:00")));
}

#[test]
fn a_deadline_goes_over_the_new_year() {
    // Ten working days from Monday, 28 December 2026: 31 December is off by decree, 1 to 8 January are holidays and a weekend
    // follows, in Russia; in Kazakhstan 1, 2 and 7 January are, and 4 January instead of the Saturday.
    let ten = |calendar: &Calendar, from: &str| calendar.after(moment(from), Span::parse("P10D").unwrap()).unwrap();
    assert_eq!(ten(&ru(), "2026-12-28T10:00:00+03:00"), moment("2027-01-20T10:00:00+03:00"));
    assert_eq!(ten(&kz(), "2026-12-28T10:00:00+05:00"), moment("2027-01-14T10:00:00+05:00"));
    // That not all of it is decreed is told; what the law says by itself counts meanwhile.
    assert!(!ru().knows(2027) && ru().warning(2027).unwrap().contains("2027"));
    assert!(!kz().knows(2027) && kz().warning(2027).unwrap().contains("Курбан"));
    // 365 days, 104 of them Saturdays and Sundays; of the holidays and what stands in their place so many are on other days.
    assert_eq!(worked(&ru(), 2027).iter().sum::<usize>(), 365 - 104 - 12);
    assert_eq!(worked(&kz(), 2027).iter().sum::<usize>(), 365 - 104 - 14);
}

#[test]
fn a_year_without_data_has_holidays_and_a_warning() {
    assert!(ru().warning(2026).is_none());
    let without = |text: &str| {
        let (before, _) = text.split_once("  2027:").unwrap();
        Calendar::parse("x.yaml", before).unwrap()
    };
    let (unknown_ru, unknown_kz) = (without(RU), without(KZ));
    assert!(unknown_ru.warning(2027).unwrap().contains("no data for 2027"));
    // Without a word of the year it is counted as with what the law says of it.
    assert_eq!((worked(&unknown_ru, 2027), worked(&unknown_kz, 2027)), (worked(&ru(), 2027), worked(&kz(), 2027)));
    let day = |c: &Calendar, text: &str| c.is_working_at(moment(&format!("{text}T05:00:00Z")));
    // 9 May 2027 is a Sunday: it moves to Monday; the New Year holidays do not move.
    for (date, works) in [("2027-05-10", false), ("2027-05-11", true), ("2027-01-08", false), ("2027-01-11", true)] {
        assert_eq!(day(&ru(), date), works, "{date}");
    }
    // 21 to 23 March 2027 are Sunday to Tuesday: Wednesday is off too.
    for (date, works) in [("2027-03-15", false), ("2027-03-24", false), ("2027-03-25", true), ("2027-08-30", true)] {
        assert_eq!(day(&kz(), date), works, "{date}");
    }
}

#[test]
fn wrong_calendars_are_refused_with_the_line() {
    for (from, to, word) in [
        ("+03:00", "3", "offset"),
        ("09:00-13:00", "13:00-09:00", "working hours"),
        ("09:00-13:00", "09:00-15:00", "overlap"),
        ("[saturday, sunday]", "[someday]", "someday"),
        ("\"02-23\"", "\"02-31\"", "day of the year"),
        ("2025-05-02", "2026-05-02", "date of 2025"),
        ("    source: \"Постановление Правительства РФ от 04.10.2024 № 1335\"\n", "", "source"),
        ("id: ru", "name: ru", "name"),
        ("id: ru", "id: ru\nid: ru", "twice"),
        ("id: ru", "id: &x ru\nhours: *x", "alias"),
    ] {
        let error = Calendar::parse("ru.yaml", &RU.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(word) && error.line > 0, "{from}: {error}");
    }
    assert!(Calendar::parse("x", "").is_err());
    let text = serde_json::to_string(&ru()).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), ru());
}

#[test]
pub fn deadlines_and_timers_count_working_days() {
    let body = r#"<startEvent id="s"/><userTask id="a" svod:deadline="P10D" svod:calendar="ru"/>
        <boundaryEvent id="x" attachedToRef="a" svod:calendar="ru"><timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition></boundaryEvent>
        <boundaryEvent id="m" attachedToRef="a"><messageEventDefinition messageRef="paid"/></boundaryEvent><endEvent id="e"/>
        s -> a -> e
        x -> e
        m -> e"#;
    let mut case = Case::new(process(body));
    case.ok(&Event::start());
    assert_eq!(case.incident().1, "expression", "a calendar that is not there is an incident");
    case.calendars = Calendars::new().with(ru()).at(7 * 3_600);
    case.now = moment("2025-12-30T10:00:00+07:00");
    let incident = case.incident().0;
    let effects = case.ok(&Event::Retry { incident, variables: map(json!({})) });
    let deadline = effects.iter().find_map(|e| match e {
        Effect::OfferTask { deadline, .. } => *deadline,
        _ => None,
    });
    assert_eq!(case.state.subscriptions.len(), 1, "what was armed before the fault is armed once");
    assert_eq!(deadline, Some(moment("2026-01-23T10:00:00+07:00")));
    assert_eq!(case.state.timers.values().next().unwrap().due, moment("2026-01-14T10:00:00+07:00"));
}
