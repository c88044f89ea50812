//! What steps of processes and tasks are called: the same on every page, in every list and table, and in the journal.

use svod_kernel::Lang;
use svod_model::Entity;
use svod_text::Texts;

/// What a step is called: the pack's text `step-<process>-<step>` in that language, else the name that its BPMN file has.
pub fn step_name(texts: &Texts, lang: Lang, (process, step): (&str, &str), otherwise: &str) -> String {
    said(texts, lang, &format!("step-{process}-{step}")).unwrap_or_else(|| otherwise.to_owned())
}

/// What a task is called: as its step is. A task that was offered before tasks named their process is called by that of its
/// case, where that is at hand.
pub fn task_name(texts: &Texts, lang: Lang, task: &Entity, case: Option<&Entity>) -> String {
    let title = task.text("title").or_else(|| task.text("name")).unwrap_or_default();
    // A task of the platform itself has a key of the texts for its title.
    let otherwise = said(texts, lang, title).unwrap_or_else(|| title.to_owned());
    let process = task.text("process").or_else(|| case?.text("process"));
    match process.zip(task.text("step")) {
        Some(place) => step_name(texts, lang, place, &otherwise),
        None => otherwise,
    }
}

fn said(texts: &Texts, lang: Lang, key: &str) -> Option<String> {
    let known = texts.has(lang, key) || texts.has(Lang::Ru, key);
    known.then(|| texts.get(lang, key).into_owned())
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    fn task(values: &[(&str, &str)]) -> Entity {
        let new = Entity::new("urn:svod:task:1".parse().unwrap(), "Task", "k".parse().unwrap());
        values.iter().fold(new, |e, (name, value)| e.with(name, Attribute::property(*value)))
    }

    #[test]
    fn a_task_has_one_name() {
        let source = |lang, text: &str| (lang, "test.ftl".to_owned(), text.to_owned());
        let texts = Texts::new([
            source(Lang::Ru, "step-birth-ask = Спросить\ntask-escalated = Срок истёк\n"),
            source(Lang::En, "step-birth-ask = Ask\ntask-escalated = Time is up\n"),
        ])
        .unwrap();
        let named = |values: &[(&str, &str)], case: Option<&Entity>| task_name(&texts, Lang::En, &task(values), case);
        assert_eq!(named(&[("process", "birth"), ("step", "ask"), ("title", "Уточнить")], None), "Ask");
        assert_eq!(task_name(&texts, Lang::Kk, &task(&[("process", "birth"), ("step", "ask")]), None), "Спросить");
        assert_eq!(named(&[("process", "birth"), ("step", "other"), ("title", "Уточнить")], None), "Уточнить");
        let old = [("step", "ask"), ("title", "Уточнить")];
        assert_eq!(named(&old, None), "Уточнить");
        let case = task(&[("process", "birth")]);
        assert_eq!(named(&old, Some(&case)), "Ask");
        assert_eq!(named(&[("step", "escalation"), ("title", "task-escalated")], Some(&case)), "Time is up");
        assert_eq!(named(&[("name", "Дом 1")], None), "Дом 1");
    }
}
