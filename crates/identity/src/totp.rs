//! One-time codes (RFC 6238: SHA-1, six digits, thirty seconds, as every authenticator program knows them).

use svod_kernel::{Rng, Timestamp};
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Bytes of a secret (RFC 4226, 4: at least 128 bits, 160 recommended).
const BYTES: usize = 20;
/// Seconds of a step.
const STEP: u64 = 30;

/// A fresh secret.
pub fn secret(rng: &dyn Rng) -> Vec<u8> {
    let mut bytes = vec![0; BYTES];
    rng.fill(&mut bytes);
    bytes
}

fn totp(secret: &[u8]) -> Option<Totp> {
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(STEP);
    builder.with_secret(secret.to_vec()).build().ok()
}

/// The step whose code this is, when it is that of now or the one before, and later than `after`: no code is taken twice, and
/// none is good for more than a minute.
pub fn step(secret: &[u8], code: &str, now: Timestamp, after: i64) -> Option<i64> {
    let typed: String = code.chars().filter(char::is_ascii_digit).collect();
    let seconds = (now.millis() / 1000).max(0).cast_unsigned();
    let step = totp(secret)?.check(&typed, seconds)?;
    i64::try_from(step).ok().filter(|step| *step > after && *step <= (seconds / STEP).cast_signed())
}

/// The secret as it is typed into an authenticator.
pub fn written(secret: &[u8]) -> String {
    Secret::from(secret.to_vec()).to_base32()
}

/// The address that an authenticator reads from a picture.
pub fn address(issuer: &str, login: &str, secret: &[u8]) -> String {
    let plain = |text: &str| {
        let bytes = text.bytes().map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'@' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        });
        bytes.collect::<String>()
    };
    let (issuer, login) = (plain(issuer), plain(login));
    format!(
        "otpauth://totp/{issuer}:{login}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}",
        written(secret)
    )
}

/// The code of a moment, for tests and for whoever has no telephone.
pub fn code(secret: &[u8], at: Timestamp) -> String {
    totp(secret).map(|t| t.generate((at.millis() / 1000).max(0).cast_unsigned()).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1, the last six digits.
        let secret = b"12345678901234567890";
        for (at, wanted) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(code(secret, Timestamp(at * 1_000_000)), wanted);
        }
    }

    #[test]
    fn a_code_is_taken_once_and_in_its_time() {
        let (secret, at) = (b"12345678901234567890", Timestamp(1_111_111_109_000_000));
        let step_of = |code: &str, at, after| step(secret, code, at, after);
        let first = step_of("081 804", at, 0).unwrap();
        assert_eq!(step_of("081804", at, first), None, "taken already");
        assert_eq!(step_of("081804", at.plus_seconds(30), 0), Some(first), "a clock may be half a minute behind");
        assert_eq!(step_of("081804", at.plus_seconds(60), 0), None, "good for a minute at the most");
        assert_eq!(step_of("081804", at.plus_seconds(-30), 0), None, "a code of the time to come is nobody's yet");
        assert_eq!(step_of("081805", at, 0), None);
    }
}
