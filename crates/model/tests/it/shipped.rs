use std::fs;

use svod_model::testing::{shipped, shipped_folder};
use svod_model::{Metamodel, Pack, check_pack};

use crate::{list, parse};

#[test]
fn the_shipped_packs_are_sound() {
    let mut packs: Vec<Pack> = Vec::new();
    for entry in fs::read_dir(shipped_folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.join("pack.yaml").is_file() {
            packs.push(parse(&shipped(path.file_name().unwrap().to_str().unwrap())));
        }
    }
    let all: Vec<&Pack> = packs.iter().collect();
    assert!(all.iter().any(|p| p.manifest.id == "base"));
    let model = Metamodel::merge(&all).unwrap_or_else(|e| panic!("{}", list(&e)));
    for pack in &all {
        assert_eq!(list(&check_pack(pack, &model, &all)), "", "pack {}", pack.manifest.id);
    }
}
