//! The packs are embedded: a changed pack is a changed program.

fn main() {
    println!("cargo:rerun-if-changed=../../packs");
}
