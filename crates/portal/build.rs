//! The islands are built by npm (`web/`). Without them the crate still builds and its pages still work.

use std::path::Path;

fn main() {
    let dist = Path::new("../../web/dist");
    println!("cargo:rerun-if-changed=../../web/dist");
    println!("cargo:rerun-if-changed=locales");
    if !dist.join("manifest.json").exists() {
        println!("cargo:warning=web/dist is missing: run `npm ci && npm run build` in web/; pages go without islands");
        if let Err(e) = std::fs::create_dir_all(dist) {
            println!("cargo:warning=web/dist cannot be made: {e}");
        }
    }
}
