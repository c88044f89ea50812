//! What browsers are given: text stays text, nothing stays behind, types are checked, no plug-ins, no name from outside reaches
//! what all objects share (OWASP ASVS V3.2.2, V3.7.1, V14.3.3, V15.3.5, V15.3.6).

use super::Finding;
use crate::tree::{File, Tree};

/// In the scripts of pages: what stands there, what it does, what to do instead.
const SCRIPTS: [(&str, &str, &str); 28] = [
    ("innerHTML", "text becomes markup", "make elements with el, or set textContent"),
    ("outerHTML", "text becomes markup", "make elements with el, or set textContent"),
    ("insertAdjacentHTML", "text becomes markup", "make elements with el, or set textContent"),
    ("document.write", "text becomes markup", "make elements with el, or set textContent"),
    ("setHTMLUnsafe", "text becomes markup", "make elements with el, or set textContent"),
    ("createContextualFragment", "text becomes markup", "make elements with el, or set textContent"),
    ("srcdoc", "text becomes markup", "make elements with el, or set textContent"),
    ("eval", "text becomes code", "write the code"),
    ("new Function", "text becomes code", "write the code"),
    ("localStorage", "something stays in the browser", "keep it on the server"),
    ("sessionStorage", "something stays in the browser", "keep it on the server"),
    ("indexedDB", "something stays in the browser", "keep it on the server"),
    ("document.cookie", "something stays in the browser", "let the server set it, HttpOnly"),
    ("serviceWorker", "something stays in the browser", "let the browser ask the server"),
    ("postMessage", "another page is spoken to", "ask the server"),
    ("as any", "types are not checked", "name the type"),
    (": any", "types are not checked", "name the type"),
    ("as unknown as", "types are not checked", "look at what it is"),
    ("@ts-expect-error", "types are not checked", "mend the types"),
    ("@ts-ignore", "types are not checked", "mend the types"),
    ("@ts-nocheck", "types are not checked", "mend the types"),
    ("__proto__", "what all objects share is named", "keep names from outside in a Map"),
    ("prototype", "what all objects share is named", "write a function or a class"),
    ("Object.assign", "names from outside are set", "make an object anew: { ...one, ...other }"),
    ("Object.setPrototypeOf", "what all objects share is named", "write a class"),
    ("Object.defineProperty", "names from outside are set", "write the name"),
    ("Reflect.set", "names from outside are set", "write the name, or use a Map"),
    ("for (const key in", "what is inherited is taken for given", "go through Object.entries"),
];
/// In templates.
const TEMPLATES: [(&str, &str, &str); 3] = [
    ("<object", "a plug-in is asked for", "use what every browser has"),
    ("<embed", "a plug-in is asked for", "use what every browser has"),
    ("<applet", "a plug-in is asked for", "use what every browser has"),
];
/// Our own piece of a page, escaped by the server, stands here once.
const ALLOWED: (&str, &str) = ("web/src/map/card.ts", "innerHTML");
/// Where a computed name may be set: names of map sources begin with a letter and a hyphen of ours, pixels are numbers.
const COMPUTED: [(&str, &str); 2] = [("web/src/map/style.ts", "out.sources"), ("web/src/map/style.ts", "data")];
const TYPES: &str = "web/tsconfig.json";

/// Scripts, templates, and how the types of the scripts are checked.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let scripts = tree.with("ts").chain(tree.with("mts")).filter(|file| file.path.starts_with("web/"));
    for file in scripts {
        findings.extend(words(file, &SCRIPTS));
        findings.extend(computed(file));
    }
    for file in tree.with("html").filter(|file| file.path.starts_with("crates/")) {
        findings.extend(words(file, &TEMPLATES));
    }
    let read = |file: &File| serde_json::from_str::<serde_json::Value>(&file.text).ok();
    let types = tree.get(TYPES).and_then(read).unwrap_or_default();
    if types["compilerOptions"]["strict"] != true {
        findings.push(Finding::new(TYPES, 1, "types are not strict", "write \"strict\": true under compilerOptions"));
    }
    findings
}

fn words(file: &File, known: &[(&str, &str, &str)]) -> Vec<Finding> {
    let mut allowed = usize::from(file.path == ALLOWED.0);
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for (word, what, fix) in known.iter().filter(|(word, ..)| stands(line, word)) {
            if *word == ALLOWED.1 && allowed > 0 {
                allowed -= 1;
                continue;
            }
            findings.push(Finding::new(&file.path, at + 1, format!("{word}: {what}"), *fix));
        }
    }
    findings
}

/// `object[name] = value` with a name that is worked out: `__proto__` would be one.
fn computed(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for object in set_by_name(line) {
            if COMPUTED.contains(&(file.path.as_str(), object)) {
                continue;
            }
            let what = format!("{object}[…] = …: a name from outside may be set");
            findings.push(Finding::new(&file.path, at + 1, what, "use a Map, or write the name"));
        }
    }
    findings
}

/// Objects of which a line sets what a computed name stands for; numbers and written names are none.
fn set_by_name(line: &str) -> Vec<&str> {
    let mut objects = Vec::new();
    for (close, _) in line.match_indices(']') {
        let after = line[close + 1..].trim_start();
        let operators = ["=", "+=", "-=", "??=", "||=", "&&="];
        let sets = operators.iter().any(|o| after.starts_with(o) && !after[o.len()..].starts_with(['=', '>']));
        let Some(open) = sets.then(|| opening(line, close)).flatten() else { continue };
        let name = line[open + 1..close].trim();
        // `[]` is a type.
        let written = name.is_empty() || name.starts_with(['"', '\'']) || name.chars().all(|c| c.is_ascii_digit());
        let part = |c: char| c.is_alphanumeric() || ['_', '.', '$', '!', '?', ')', ']'].contains(&c);
        let from = line[..open].rfind(|c| !part(c)).map_or(0, |at| at + 1);
        // Nothing before it: a list is taken apart.
        if !written && from < open {
            objects.push(&line[from..open]);
        }
    }
    objects
}

/// The bracket that this one closes.
fn opening(line: &str, close: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in line[..=close].char_indices().rev() {
        depth += match c {
            ']' => 1,
            '[' => -1,
            _ => 0,
        };
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// As a word of its own.
fn stands(line: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let begins = part(word.chars().next());
    line.match_indices(word).any(|(at, found)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + found.len()..].chars().next());
        !(part(after) || begins && part(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    const STRICT: (&str, &str) = (TYPES, "{\"compilerOptions\": {\"strict\": true}}");

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let all: Vec<(&str, &str)> = [STRICT].into_iter().chain(files.iter().copied()).collect();
        let (_folder, tree) = fixture::tree(&all);
        fixture::lines(&check(&tree))
    }

    #[test]
    fn what_makes_markup_or_keeps_something_is_found_and_its_like_is_not() {
        let fine = "el.textContent = x;\nsetInterval(f); retrieval(x); // it was anything\nmyinnerHTML2 = 1;\n";
        assert_eq!(
            found(&[("web/src/a.ts", fine), ("crates/a/templates/a.html", "<objective>")]),
            Vec::<String>::new()
        );
        let bad = "el.innerHTML = x;\nlocalStorage.setItem(k, v); eval(x);\nlet a = b as any;\n";
        let lines = found(&[("web/src/a.ts", bad), ("crates/a/templates/a.html", "<object data=\"x\">")]);
        assert_eq!(
            lines,
            [
                "web/src/a.ts:1: innerHTML: text becomes markup",
                "web/src/a.ts:2: eval: text becomes code",
                "web/src/a.ts:2: localStorage: something stays in the browser",
                "web/src/a.ts:3: as any: types are not checked",
                "crates/a/templates/a.html:1: <object: a plug-in is asked for",
            ]
        );
    }

    #[test]
    fn every_script_is_looked_at_for_every_way() {
        let (markup, types) = ("text becomes markup", "types are not checked");
        for (line, word, what) in [
            ("el.setHTMLUnsafe(x);", "setHTMLUnsafe", markup),
            ("range.createContextualFragment(x);", "createContextualFragment", markup),
            ("frame.srcdoc = x;", "srcdoc", markup),
            ("// @ts-expect-error one day", "@ts-expect-error", types),
            ("const a = b as unknown as C;", "as unknown as", types),
            ("function f(a: any[]) {}", ": any", types),
        ] {
            for path in ["web/src/a.ts", "web/build.mts", "web/test/a.ts"] {
                assert_eq!(found(&[(path, line)]), [format!("{path}:1: {word}: {what}")]);
            }
        }
        assert_eq!(found(&[("web/src/a.ts", "let a: anything; it: anyone;")]), Vec::<String>::new());
    }

    #[test]
    fn one_place_may_take_markup_once() {
        let twice = "a.innerHTML = own;\nb.innerHTML = other;\n";
        assert_eq!(found(&[(ALLOWED.0, twice)]), ["web/src/map/card.ts:2: innerHTML: text becomes markup"]);
    }

    #[test]
    fn no_name_from_outside_is_set() {
        let fine = "const [a, b] = pair;\nlist[0] = x; known[\"name\"] = y;\nif (seen[key] === z) f(all[key] => 1);\n\
                    const x: Record<string, string>[] = [];\nmap.set(key, value);\n";
        assert_eq!(found(&[("web/src/a.ts", fine)]), Vec::<String>::new());
        let bad =
            "out[key] = value;\nthis.all[names[1]] ??= [];\nObject.assign(out, JSON.parse(text));\na.__proto__ = b;\n";
        assert_eq!(
            found(&[("web/src/a.ts", bad)]),
            [
                "web/src/a.ts:3: Object.assign: names from outside are set",
                "web/src/a.ts:4: __proto__: what all objects share is named",
                "web/src/a.ts:1: out[…] = …: a name from outside may be set",
                "web/src/a.ts:2: this.all[…] = …: a name from outside may be set",
            ]
        );
        let ours = "out.sources[sourceOf(layer)] = {};\nout.layers[layer.id] = {};\n";
        let lines = found(&[(COMPUTED[0].0, ours)]);
        assert_eq!(lines, ["web/src/map/style.ts:2: out.layers[…] = …: a name from outside may be set"]);
    }

    #[test]
    fn types_are_strict() {
        for loose in ["{\"compilerOptions\": {\"strict\": false}}", "{}", "no JSON"] {
            assert_eq!(found(&[(TYPES, loose)]), ["web/tsconfig.json:1: types are not strict"], "{loose}");
        }
    }
}
