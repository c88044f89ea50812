//! What outside bytes meet here, for the fuzzer: it takes any bytes and must come back.

use crate::Upload;
use crate::examine::examine;

/// A file that somebody sends: told by its content, vetted or made anew. What is kept passes once more, as it is.
///
/// # Panics
/// When what was made anew would be refused.
pub fn upload(bytes: &[u8]) {
    let sent = |bytes: &[u8]| Upload { name: String::new(), bytes: bytes.to_owned() };
    if let Ok(kept) = examine(sent(bytes)) {
        let again = examine(sent(kept.bytes()));
        assert!(again.is_ok_and(|again| again.kind() == kept.kind()), "what is kept is refused");
    }
}
