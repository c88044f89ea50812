//! `services/*.yaml`: what somebody may ask the authorities for, or is given unasked.

use super::reader::{Cx, Fields};
use super::yaml::Node;
use super::{Audience, ObjectSpec, ServiceSpec, ServiceTerm, StartMode, StartSpec, VariantSpec, starts};
use crate::duration::whole;

/// Days of a term at the most.
const MAX_DAYS: i64 = 3_660;

/// Reads one file of `services/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<ServiceSpec> {
    let known = [
        "id",
        "situation",
        "audience",
        "subject",
        "process",
        "start",
        "variables",
        "term",
        "warn",
        "acts",
        "fee",
        "object",
        "pause",
        "place",
        "pilot",
        "variants",
    ];
    let f = cx.fields(root, &known)?;
    let id = cx.need_word(&f, "id");
    let situation = cx.need_text(&f, "situation");
    let audience = audience(cx, &f);
    let subject = cx.need_text(&f, "subject");
    let process = cx.need_text(&f, "process");
    let start = all_starts(cx, &f);
    let term = cx.need(&f, "term").and_then(|n| term(cx, n));
    let warn = f.get("warn").and_then(|n| cx.duration(n)).map(|s| whole(s.round()));
    let acts = acts(cx, &f);
    let variables = cx.texts(&f, "variables").into_iter().map(str::to_owned).collect();
    let [fee, place] = ["fee", "place"].map(|key| f.get(key).and_then(|n| cx.text(n)).map(str::to_owned));
    let object = f.get("object").and_then(|n| object(cx, n));
    let pause = words(cx, &f, "pause");
    let pilot = f.get("pilot").and_then(|n| cx.list(n)).unwrap_or_default();
    let pilot = pilot.iter().filter_map(|n| cx.space(n)).collect();
    let variants = f.get("variants").map(|n| variants(cx, n)).unwrap_or_default();
    let id = id?;
    cx.declare("service", id, f.place("id"));
    cx.trace("service", id, &f);
    Some(ServiceSpec {
        id: id.into(),
        pack: cx.manifest.id.clone(),
        version: cx.manifest.version.clone(),
        situation: situation?.into(),
        audience,
        subject: subject?.into(),
        process: process?.into(),
        start: start?,
        variables,
        term: term?,
        warn_seconds: warn,
        acts,
        fee,
        object,
        pause,
        place,
        pilot,
        variants,
    })
}

fn words(cx: &mut Cx<'_>, f: &Fields<'_>, key: &str) -> Vec<String> {
    let all = f.get(key).and_then(|n| cx.list(n)).unwrap_or_default();
    all.iter().filter_map(|n| cx.word(n)).map(str::to_owned).collect()
}

fn all_starts(cx: &mut Cx<'_>, f: &Fields<'_>) -> Option<Vec<StartSpec>> {
    let list = cx.need(f, "start").and_then(|n| cx.list(n))?;
    if list.is_empty() {
        cx.error(f.place("start"), "bad-value", "nothing starts the service", "name a form or an event");
    }
    let all: Vec<StartSpec> = list.iter().filter_map(|n| start(cx, n)).collect();
    let fills = |s: &StartSpec| matches!(s, StartSpec::Event { mode: StartMode::Fill, .. });
    if all.iter().any(fills) && !all.iter().any(|s| matches!(s, StartSpec::Form(_))) {
        let fix = "add '- form: <file>' to 'start', or write 'mode: offer'";
        cx.error(f.place("start"), "bad-value", "'mode: fill' asks for a form, and the service has none", fix);
    }
    Some(all)
}

fn acts(cx: &mut Cx<'_>, f: &Fields<'_>) -> Vec<String> {
    let acts: Vec<String> = cx.texts(f, "acts").into_iter().map(str::to_owned).collect();
    if acts.is_empty() {
        let fix = "write the act and its article, such as 'Федеральный закон от 15.11.1997 № 143-ФЗ, ст. 14'";
        cx.error(f.place("acts"), "missing-key", "a service names the acts it follows", fix);
    }
    acts
}

fn variants(cx: &mut Cx<'_>, node: &Node) -> Vec<VariantSpec> {
    let mut all = Vec::new();
    for item in cx.list(node).unwrap_or_default() {
        let Some(f) = cx.fields(item, &["process", "share"]) else { continue };
        let process = cx.need_text(&f, "process");
        let share = cx.need(&f, "share").and_then(|n| cx.integer(n)).and_then(|n| u64::try_from(n).ok());
        if let (Some(process), Some(share)) = (process, share) {
            all.push(VariantSpec { process: process.to_owned(), share });
        }
    }
    let together: u64 = all.iter().map(|v| v.share).fold(0, u64::saturating_add);
    if all.iter().any(|v| v.share == 0) || together > 99 {
        let fix = "write 1 to 99 in each, 99 together at the most: the rest have the service's own process";
        cx.error(node.at, "bad-value", format!("{together} of a hundred applicants have a variant"), fix);
    }
    all
}

fn object(cx: &mut Cx<'_>, node: &Node) -> Option<ObjectSpec> {
    let f = cx.fields(node, &["process", "days", "form", "term"])?;
    let process = cx.need_text(&f, "process");
    let days = cx.need(&f, "days").and_then(|n| days(cx, n));
    let form = f.get("form").and_then(|n| cx.text(n)).map(str::to_owned);
    let term = f.get("term").and_then(|n| term(cx, n));
    Some(ObjectSpec { process: process?.into(), days: days?, form, term })
}

fn days(cx: &mut Cx<'_>, node: &Node) -> Option<i64> {
    let number = cx.integer(node)?;
    if (1..=MAX_DAYS).contains(&number) {
        return Some(number);
    }
    cx.error(node.at, "bad-value", format!("{number} days"), format!("write 1 to {MAX_DAYS}"));
    None
}

fn audience(cx: &mut Cx<'_>, f: &Fields<'_>) -> Vec<Audience> {
    let Some(items) = cx.need(f, "audience").and_then(|n| cx.list(n)) else { return Vec::new() };
    let words = items.iter().filter_map(|n| cx.choice(n, &["person", "organization"])).collect::<Vec<_>>();
    if words.is_empty() {
        cx.error(f.place("audience"), "bad-value", "nobody may have the service", "name person, organization or both");
    }
    words.into_iter().map(|w| if w == "person" { Audience::Person } else { Audience::Organization }).collect()
}

fn start(cx: &mut Cx<'_>, node: &Node) -> Option<StartSpec> {
    let f = cx.fields(node, &["form", "event"])?;
    match (f.get("form"), f.get("event")) {
        (Some(form), None) => {
            let file = cx.text(form)?;
            Some(StartSpec::Form(file.to_owned()))
        }
        (None, Some(event)) => starts::event(cx, event),
        _ => {
            let fix = "write 'form: <file>' for who asks, or 'event:' for what starts it by itself";
            cx.error(f.at, "bad-value", "a start is a form or an event", fix);
            None
        }
    }
}

fn term(cx: &mut Cx<'_>, node: &Node) -> Option<ServiceTerm> {
    let f = cx.fields(node, &["working_days", "duration", "calendar"])?;
    let calendar = f.get("calendar").and_then(|n| cx.word(n)).map(str::to_owned);
    match (f.get("working_days"), f.get("duration")) {
        (Some(days), None) => {
            let number = self::days(cx, days)?;
            let Some(calendar) = calendar else {
                let fix = "add 'calendar:' with the name of a file of calendars/, such as ru";
                cx.error(f.at, "missing-key", "working days are counted in a calendar", fix);
                return None;
            };
            Some(ServiceTerm::WorkingDays { days: number, calendar })
        }
        (None, Some(duration)) => {
            let seconds = cx.duration(duration)?;
            Some(ServiceTerm::Seconds(whole(seconds.ceil())))
        }
        _ => {
            cx.error(f.at, "bad-value", "a term is in working days or a duration", "write one of the two");
            None
        }
    }
}
