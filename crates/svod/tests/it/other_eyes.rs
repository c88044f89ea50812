//! The log read by a library that is not ours (`signed_note` and `tlog_tiles`, which a certificate authority's log runs on): the
//! running platform's checkpoint, tiles, entries and a receipt, over HTTP, with nothing of this repository but its addresses.
//! What a receipt opens is computed from docs/adr/0013-ledger.md by SHA-256 alone.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signed_note::{Note, StandardVerifier, VerifierList};
use svod_testkit::Binary;
use tlog_tiles::{
    Error as TlogError, Hash, Tile, TileHashReader, TileReader, check_record, check_tree, prove_tree, record_hash,
};

/// Height of tiles (C2SP tlog-tiles: 256 hashes).
const HEIGHT: u8 = 8;

/// A door of the log, read as anybody would.
struct Door(SocketAddr);

impl Door {
    fn bytes(&self, path: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.0).unwrap();
        let host = self.0;
        write!(stream, "GET /ledger/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer[..end]));
        answer.split_off(end + 4)
    }

    /// Entry `n` of a log of `size`: bundles of 256, each entry behind its length.
    fn entry(&self, n: u64, size: u64) -> Vec<u8> {
        let (bundle, width) = (n / 256, (size - n / 256 * 256).min(256));
        let partial = if width < 256 { format!(".p/{width}") } else { String::new() };
        let all = self.bytes(&format!("tile/entries/{bundle:03}{partial}"));
        let mut rest = all.as_slice();
        for _ in 0..n % 256 {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            rest = &rest[2 + length..];
        }
        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        rest[2..2 + length].to_vec()
    }

    /// A checkpoint that the key has signed: size and root.
    fn head(&self, key: &str) -> (u64, Hash) {
        read_head(&self.bytes("checkpoint"), key).expect("the log's own signature")
    }

    /// A checkpoint of at least so many leaves.
    fn grown(&self, key: &str, leaves: u64) -> (u64, Hash) {
        for _ in 0..200 {
            let head = self.head(key);
            if head.0 >= leaves {
                return head;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the log has not {leaves} leaves in ten seconds");
    }
}

impl TileReader for Door {
    fn height(&self) -> u8 {
        HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, TlogError> {
        // The library names tiles as Go's sumdb does, with the height in front; C2SP leaves it out.
        Ok(tiles.iter().map(|tile| self.bytes(&tile.path().replacen("tile/8/", "tile/", 1))).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn read_head(note: &[u8], key: &str) -> Option<(u64, Hash)> {
    let note = Note::from_bytes(note).ok()?;
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(key).ok()?)]);
    let (good, _) = note.verify(&known).ok()?;
    assert_eq!(good.len(), 1);
    let head = tlog_tiles::Checkpoint::from_bytes(note.text()).ok()?;
    Some((head.size(), *head.hash()))
}

fn write(node: &Binary, from: usize, to: usize) {
    for n in from..to {
        let entity = json!({"entity": {"id": format!("urn:t:permit:{n}"), "type": "Permit", "space": "sandbox",
            "attributes": {"holder": {"value": format!("Иванов {n}")}}}});
        let sent = node.request("POST", "/api/v1/entities", None, Some(entity.to_string().into_bytes())).unwrap();
        assert_eq!(sent.status, 201, "{}", sent.text);
    }
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// What the extra data of a receipt open: SHA-256 over salt, length and text of the head, and the digest of each change.
fn opened(extra: &Value) -> Vec<u8> {
    let long = |text: &str| u32::try_from(text.len()).unwrap().to_be_bytes();
    let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
    let event = text(extra, "event");
    let mut hash = Sha256::new();
    hash.update(unhex(&text(extra, "salt")));
    hash.update(long(&event));
    hash.update(&event);
    for change in extra["changes"].as_array().unwrap() {
        let digest = text(change, "digest");
        if !digest.is_empty() {
            hash.update(unhex(&digest));
            continue;
        }
        let (name, said) = (text(change, "name"), text(change, "change"));
        let salted = Sha256::new().chain_update(unhex(&text(change, "salt"))).chain_update(long(&name));
        hash.update(salted.chain_update(&name).chain_update(&said).finalize());
    }
    hash.finalize().to_vec()
}

#[test]
fn another_library_reads_the_log_and_a_receipt() {
    let data = tempfile::tempdir().unwrap();
    let node = crate::program().serve(data.path(), &["--sandbox"]).ready();
    let door = Door(node.http);
    let keys = String::from_utf8(door.bytes("keys")).unwrap();
    let key = keys.lines().next().unwrap();
    write(&node, 0, 30);
    let (before, early) = door.grown(key, 30);
    // More than one full tile, so that a second level is read.
    write(&node, 30, 300);
    let (size, root) = door.grown(key, 300);

    let hashes = TileHashReader::new(size, root, &door);
    let grown = prove_tree(size, before, &hashes).expect("tiles that fit the signed root");
    check_tree(&grown, size, root, before, early).expect("the log only grew");
    assert!(check_tree(&grown, size, root, before, root).is_err(), "another past is refused");

    let receipt = node.request("GET", "/api/v1/ledger/receipts?space=sandbox&seq=12", None, None).unwrap();
    assert_eq!(receipt.status, 200, "{}", receipt.text);
    let (proof, note) = receipt.text.split_once("\n\n").unwrap();
    let (size, root) = read_head(note.as_bytes(), key).expect("the receipt's checkpoint is signed");
    let mut lines = proof.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let extra = B64.decode(lines.next().unwrap().strip_prefix("extra ").unwrap()).unwrap();
    let extra: Value = serde_json::from_slice(&extra).unwrap();
    let index: u64 = lines.next().unwrap().strip_prefix("index ").unwrap().parse().unwrap();
    let path: Vec<Hash> = lines.map(|line| Hash::parse_hash(line).unwrap()).collect();
    assert!(extra.to_string().contains("Иванов 11"), "{extra}");
    let entry = opened(&extra);
    assert_eq!(entry, door.entry(index, door.head(key).0), "the log has what the receipt opens");
    check_record(&path, size, root, index, record_hash(&entry)).expect("it stands in the log");

    // Another name in it, another place, another key: refused.
    let changed: Value = serde_json::from_str(&extra.to_string().replace("Иванов 11", "Петров 11")).unwrap();
    assert!(check_record(&path, size, root, index, record_hash(&opened(&changed))).is_err());
    assert!(check_record(&path, size, root, index + 1, record_hash(&entry)).is_err());
    let witness = keys.lines().nth(1).unwrap();
    assert!(read_head(note.as_bytes(), witness).is_none(), "nobody else has signed it");
    node.stop();
}
