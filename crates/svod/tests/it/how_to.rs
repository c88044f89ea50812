//! The page `docs/how-to/new-service.md` is true: the pack that its blocks make is whole, and its situations hold (E10).

use std::path::Path;

use crate::{program, repository};

/// What each file of the example begins with on the page, by language of the block.
const FILES: [(&str, &str, &str); 10] = [
    ("pack.yaml", "yaml", "id: yard\n"),
    ("model/bench.yaml", "yaml", "id: https://svod.example/packs/yard\n"),
    ("forms/bench.form.json", "json", "{\"type\": \"default\", \"id\": \"bench\","),
    ("forms/bench-check.form.json", "json", "{\"type\": \"default\", \"id\": \"bench-check\","),
    ("services/bench.yaml", "yaml", "id: bench\n"),
    ("entities/bodies.yaml", "yaml", "- id: urn:svod:body:novokuznetsk:bench\n"),
    ("personas.yaml", "yaml", "- {id: bench-official,"),
    ("tests/bench.yaml", "yaml", "- name: Three seats"),
    (
        "decisions/bench.dmn",
        "xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"https://www.omg.org/spec/DMN",
    ),
    (
        "processes/bench.bpmn",
        "xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"http://www.omg.org/spec/BPMN",
    ),
];

fn write(folder: &Path, path: &str, text: &str) {
    let at = folder.join(path);
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::fs::write(at, text).unwrap();
}

/// The one block of the page in this language that begins so.
fn block<'p>(page: &'p str, language: &str, begins: &str) -> &'p str {
    let opening = format!("```{language}\n{begins}");
    let at: Vec<usize> = page.match_indices(&opening).map(|(at, _)| at).collect();
    let [at] = at.as_slice() else { panic!("{} blocks begin with {begins:?}", at.len()) };
    let text = &page[at + "```\n".len() + language.len()..];
    &text[..text.find("```").expect("the block ends")]
}

#[test]
fn the_example_of_the_page_holds() {
    let page = std::fs::read_to_string(repository("docs/how-to/new-service.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (path, language, begins) in FILES {
        write(folder.path(), path, block(&page, language, begins));
    }
    for language in ["ru", "kk", "en"] {
        write(folder.path(), &format!("locales/{language}.ftl"), block(&page, "", "pack-yard-title"));
    }
    let folder = folder.path().to_str().unwrap();
    let ran = program().run(&["pack", "check", folder]);
    assert_eq!((ran.code, ran.stdout.trim()), (Some(0), "yard 0.1.0: no fault"), "{}", ran.stderr);
    let ran = program().run(&["pack", "test", folder]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("2 situations"), "{}", ran.stdout);
}
