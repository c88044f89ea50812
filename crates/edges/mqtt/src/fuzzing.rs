//! What outside bytes meet here, for the fuzzer: each function takes any bytes and must come back.

use bytes::BytesMut;

use crate::wire::Wire;
use crate::{is_filter, is_topic, matches};

/// What a client sends: the first packet tells the version, the others follow.
pub fn packets(bytes: &[u8]) {
    let mut buffer = BytesMut::from(bytes);
    let Ok(Some(mut wire)) = Wire::detect(&mut buffer, 1 << 20) else { return };
    while let Ok(Some(_)) = wire.decode(&mut buffer) {}
}

/// Topics and filters.
pub fn topics(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (filter, topic) = text.split_once('\n').unwrap_or((text, text));
    if is_filter(filter) && is_topic(topic) {
        _ = matches(filter, topic);
    }
}
