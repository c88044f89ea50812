//! Trees against another implementation of RFC 6962, at sizes around every border of tiles.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use svod_ledger::{
    Checkpoint, Edge, Hash, Kind, Note, NoteError, Receipt, ReceiptError, Signer, TileId, Tiles, Tree, consistent,
    includes, leaf,
};

/// Tiles as they are kept: each once, with as many hashes as there are.
#[derive(Default)]
struct Kept(BTreeMap<TileId, Vec<Hash>>);

impl Tiles for Kept {
    type Error = TileId;

    fn tile(&mut self, id: TileId, width: u64) -> Result<Vec<Hash>, TileId> {
        self.0.get(&id).and_then(|t| t.get(..width as usize)).map(<[Hash]>::to_vec).ok_or(id)
    }
}

fn entry(n: u64) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

/// A log of that size, and its root at some sizes.
fn grown(size: u64, wanted: &[u64]) -> (Kept, BTreeMap<u64, Hash>) {
    let (mut kept, mut edge, mut roots) = (Kept::default(), Edge::default(), BTreeMap::new());
    for n in 0..=size {
        if wanted.contains(&n) {
            roots.insert(n, edge.root());
        }
        if n < size {
            let mut full = Vec::new();
            edge.push(leaf(&entry(n)), &mut full);
            kept.0.extend(full);
        }
    }
    kept.0.extend(edge.partial().map(|(id, hashes)| (id, hashes.to_vec())));
    assert_eq!(edge, Edge::read(&mut kept, size).unwrap(), "the edge is found again");
    (kept, roots)
}

/// The same as another implementation has it.
fn others(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut other = MemoryBackedTree::new();
    (0..size).for_each(|n| other.push(entry(n)));
    other
}

#[test]
fn roots_and_proofs_are_those_of_the_other_implementation() {
    const SIZES: [u64; 12] = [1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 700, 1_000];
    let (mut kept, roots) = grown(1_000, &SIZES);
    for size in SIZES {
        let (root, small) = (roots[&size], others(size));
        assert_eq!(root.as_slice(), small.root().as_bytes().as_slice());
        assert_eq!(Tree::new(&mut kept, size).root(), Ok(root));
        for index in [0, size / 3, size / 2, size - 1] {
            let proof = Tree::new(&mut kept, size).inclusion(index).unwrap();
            assert_eq!(proof.concat(), small.prove_inclusion(index as usize).as_bytes(), "{index} of {size}");
            assert!(includes(leaf(&entry(index)), index, size, &proof, &root));
            assert!(!includes(leaf(&entry(index + 1)), index, size, &proof, &root));
            assert!(!includes(leaf(&entry(index)), index + 1, size, &proof, &root));
        }
        for old in SIZES.into_iter().filter(|old| *old <= size) {
            let proof = Tree::new(&mut kept, size).consistency(old).unwrap();
            if old < size {
                let theirs = small.prove_consistency((size - old) as usize);
                assert_eq!(proof.concat(), theirs.as_bytes(), "{old} to {size}");
            }
            assert!(consistent(old, &roots[&old], size, &root, &proof), "{old} to {size}");
            assert!(!consistent(old, &leaf(b"another"), size, &root, &proof), "a fork of {old}");
            assert!(old == 0 || !consistent(old, &roots[&old], size, &leaf(b"another"), &proof));
        }
    }
}

#[test]
fn a_tree_of_three_levels_of_tiles() {
    const SIZES: [u64; 5] = [40_000, 65_535, 65_536, 65_537, 66_000];
    let (mut kept, roots) = grown(66_000, &SIZES);
    for size in &SIZES[1..] {
        let (size, root) = (*size, roots[size]);
        assert_eq!(Tree::new(&mut kept, size).root(), Ok(root));
        for index in [0, 255, 256, 65_534, size - 1] {
            let proof = Tree::new(&mut kept, size).inclusion(index).unwrap();
            assert!(includes(leaf(&entry(index)), index, size, &proof, &root), "{index} of {size}");
        }
        let proof = Tree::new(&mut kept, size).consistency(40_000).unwrap();
        assert!(consistent(40_000, &roots[&40_000], size, &root, &proof));
    }
}

#[test]
fn a_receipt_needs_nobody() {
    let (mut kept, roots) = grown(300, &[300]);
    let log = Signer::new("svod.example/log", Kind::Plain, &[1; 32]).unwrap();
    let text = Checkpoint { origin: "svod.example/log".into(), size: 300, root: roots[&300] }.to_string();
    let receipt = Receipt {
        extra: b"{\"event\":1}".to_vec(),
        index: 77,
        proof: Tree::new(&mut kept, 300).inclusion(77).unwrap(),
        checkpoint: Note { signatures: vec![log.sign(&text, 0)], text },
    };
    let read = Receipt::parse(&receipt.to_string()).unwrap();
    assert_eq!(read, receipt);
    let known = [log.verifier().clone()];
    assert_eq!(read.verify(&entry(77), &known).unwrap().0.size, 300);
    assert_eq!(read.verify(&entry(78), &known), Err(ReceiptError::Other(77)));
    // A witness alone cannot say what the log's head is.
    let witness = Signer::new("witness.example", Kind::Cosignature, &[2; 32]).unwrap();
    let text = receipt.checkpoint.text.clone();
    let forged = Receipt { checkpoint: Note { signatures: vec![witness.sign(&text, 5)], text }, ..receipt };
    let known = [log.verifier().clone(), witness.verifier().clone()];
    assert_eq!(forged.verify(&entry(77), &known), Err(ReceiptError::Note(NoteError::Unsigned)));
    for wrong in
        ["", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 01\n\na\n1\nb\n\n\u{2014} a AAAAAAA=\n"]
    {
        assert!(Receipt::parse(wrong).is_err(), "{wrong:?}");
    }
}
