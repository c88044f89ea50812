use std::fs;
use std::path::Path;

use svod_model::{Metamodel, Pack, PackSource, check_pack};

use crate::{list, parse};

fn read(root: &Path, folder: &Path, into: &mut PackSource) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, into);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            into.files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_shipped_packs_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut packs: Vec<Pack> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.join("pack.yaml").is_file() {
            let mut source = PackSource::default();
            read(&path, &path, &mut source);
            packs.push(parse(&source));
        }
    }
    let all: Vec<&Pack> = packs.iter().collect();
    assert!(all.iter().any(|p| p.manifest.id == "base"));
    let model = Metamodel::merge(&all).unwrap_or_else(|e| panic!("{}", list(&e)));
    for pack in &all {
        assert_eq!(list(&check_pack(pack, &model, &all)), "", "pack {}", pack.manifest.id);
    }
}
