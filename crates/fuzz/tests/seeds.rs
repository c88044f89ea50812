//! What the fuzzer has found and what it began with, once more on every run of the tests.

use std::path::Path;

use svod_fuzz::TARGETS;

#[test]
fn every_parser_comes_back_from_every_seed() {
    let seeds = Path::new("seeds");
    for target in &TARGETS {
        let folder = std::fs::read_dir(seeds.join(target.name)).expect(target.name);
        let mut read = 0;
        for file in folder {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            (target.run)(&bytes);
            read += 1;
        }
        assert!(read > 0, "{} has no seed", target.name);
    }
}
