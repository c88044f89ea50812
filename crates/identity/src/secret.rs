//! What only one side may know: random tokens and their hashes, sealed secrets, recovery codes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest as _, Sha256};
use svod_kernel::{Rng, number};

/// Letters of recovery codes: none that is taken for another.
const LETTERS: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz_";

/// A token of 256 random bits.
pub fn token(rng: &dyn Rng) -> String {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    B64.encode(bytes)
}

/// What a token is kept by.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Bytes as they stand in an address.
pub fn written(bytes: &[u8]) -> String {
    B64.encode(bytes)
}

/// Bytes of an address.
pub fn unwritten(text: &str) -> Option<Vec<u8>> {
    B64.decode(text).ok()
}

/// A key for one purpose, made of the installation's.
pub fn derived(key: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

fn sealing(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key of AES-256"))
}

/// Seals a secret for the one whose it is (AES-256-GCM, nonce first).
pub fn seal(key: &[u8; 32], whose: &str, secret: &[u8], rng: &dyn Rng) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill(&mut nonce);
    let mut sealed = secret.to_vec();
    let fresh = Nonce::assume_unique_for_key(nonce);
    sealing(key).seal_in_place_append_tag(fresh, Aad::from(whose), &mut sealed).expect("a short secret can be sealed");
    [nonce.as_slice(), &sealed].concat()
}

/// Opens a sealed secret; none when it is another's, or was sealed with another key.
pub fn open(key: &[u8; 32], whose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let mut body = body.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let opened = sealing(key).open_in_place(nonce, Aad::from(whose), &mut body).ok()?;
    Some(opened.to_vec())
}

/// Codes to be kept on paper, each good for one sign-in: six fours, 118 bits, so that a plain hash of one tells nothing.
pub fn recovery_codes(rng: &dyn Rng) -> Vec<String> {
    let letter = || char::from(LETTERS[number::size(rng.below(31))]);
    let four = |_| (0..4).map(|_| letter()).collect::<String>();
    (0..10).map(|_| (0..6).map(four).collect::<Vec<_>>().join("-")).collect()
}

/// What a recovery code is kept by, however it was typed.
pub fn recovery_hash(account: &str, code: &str) -> String {
    let typed: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    B64.encode(Sha256::digest(format!("{account}\n{typed}")))
}

#[cfg(test)]
mod tests {
    use svod_kernel::SeededRng;

    use super::*;

    #[test]
    fn recovery_codes_are_long_and_typed_as_one_likes() {
        let codes = recovery_codes(&SeededRng::new(1));
        let letters = |code: &str| code.chars().filter(char::is_ascii_alphanumeric).count();
        assert!(codes.len() == 10 && codes.iter().all(|c| letters(c) == 24), "{codes:?}");
        let shouted = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(recovery_hash("a", &codes[0]), recovery_hash("a", &shouted));
        assert_ne!(recovery_hash("a", &codes[0]), recovery_hash("b", &codes[0]));
    }

    #[test]
    fn a_sealed_secret_opens_for_its_owner_alone() {
        let rng = SeededRng::new(1);
        let sealed = seal(&[7; 32], "a", b"secret", &rng);
        assert_eq!(open(&[7; 32], "a", &sealed).unwrap(), b"secret");
        assert!(open(&[7; 32], "b", &sealed).is_none() && open(&[8; 32], "a", &sealed).is_none());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(open(&[7; 32], "a", &changed).is_none() && open(&[7; 32], "a", &[]).is_none());
        assert_ne!(seal(&[7; 32], "a", b"secret", &rng), sealed, "never twice the same");
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let codes = recovery_codes(&SeededRng::new(2));
        assert_eq!(codes.len(), 10);
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(recovery_hash("a", &codes[0]), recovery_hash("a", &typed));
        assert_ne!(recovery_hash("a", &codes[0]), recovery_hash("b", &codes[0]));
        assert_ne!(codes[0], codes[1]);
    }
}
