//! Passwords: Argon2id with 19 MiB, two passes, one lane (OWASP's first choice), at most two at once.

use std::sync::OnceLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use zxcvbn::{Score, zxcvbn};

use crate::IdentityError;

/// Shortest password in characters (NIST SP 800-63B, 3.1.1: at least 8 beside another factor).
pub const SHORTEST: usize = 10;
/// Longest in bytes.
const LONGEST: usize = 512;
/// Memory in KiB and passes.
pub const COST: (u32, u32) = (19_456, 2);

/// What nobody's password is compared with: one for the program, as it takes as long as any.
static NOBODY: OnceLock<String> = OnceLock::new();

/// Words of the place: what somebody who knows it would try (docs/security-policy.md).
const HERE: [&str; 38] = [
    "svod",
    "свод",
    "platform",
    "платформа",
    "administrator",
    "admin",
    "администратор",
    "админ",
    "әкімші",
    "official",
    "специалист",
    "чиновник",
    "маман",
    "governor",
    "губернатор",
    "auditor",
    "security",
    "оператор",
    "gosuslugi",
    "госуслуги",
    "esia",
    "есиа",
    "egov",
    "егов",
    "mfc",
    "мфц",
    "tson",
    "цон",
    "akimat",
    "акимат",
    "әкімдік",
    "russia",
    "россия",
    "kazakhstan",
    "казахстан",
    "қазақстан",
    "пароль",
    "йцукен",
];

fn argon() -> Argon2<'static> {
    let params = Params::new(COST.0, COST.1, 1, None).expect("the cost is one that Argon2 takes");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Is the password fit to be one? Guessed as those guess who know tens of thousands of common passwords, names and words, the
/// keyboard, and the words of the place and the person (zxcvbn); words between spaces count for what they add.
///
/// # Errors
/// [`IdentityError::Field`] with the rule.
pub fn check(password: &str, login: &str, name: &str) -> Result<(), IdentityError> {
    let wrong = |rule, fix: String| Err(IdentityError::Field("password", rule, fix));
    if password.chars().count() < SHORTEST {
        return wrong("length", format!("take at least {SHORTEST} characters"));
    }
    if password.len() > LONGEST {
        return wrong("length", format!("take at most {LONGEST} bytes"));
    }
    let small = password.to_lowercase();
    let own = [login, name].into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let own: Vec<String> = own.filter(|part| part.chars().count() > 2).map(str::to_lowercase).collect();
    let words: Vec<&str> = own.iter().map(String::as_str).chain(HERE).collect();
    if zxcvbn(&small, &words).score() < Score::Three || rest(&small, &words) < SHORTEST / 2 {
        return wrong("common", "take one that nobody would try first".into());
    }
    Ok(())
}

/// Letters of the password that belong to none of these words, each different one once.
fn rest(password: &str, words: &[&str]) -> usize {
    let left = words.iter().fold(password.to_owned(), |left, word| left.replace(word, ""));
    left.chars().collect::<std::collections::BTreeSet<_>>().len()
}

/// Works on passwords beside the requests.
pub struct Passwords {
    room: Semaphore,
    /// What an unknown login's password is compared with, so that its answer takes as long.
    nobody: String,
}

impl Passwords {
    /// With its own comparison for nobody.
    pub fn new(salt: [u8; 16]) -> Self {
        let hash = || argon().hash_password_with_salt(&salt, &salt).expect("a salt of 16 bytes is one").to_string();
        Self { room: Semaphore::new(2), nobody: NOBODY.get_or_init(hash).clone() }
    }

    /// The hash to be kept.
    ///
    /// # Errors
    /// When the program ends.
    pub async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, IdentityError> {
        let job = move || argon().hash_password_with_salt(password.as_bytes(), &salt).map(|h| h.to_string()).ok();
        self.beside(job).await?.ok_or(IdentityError::Refused)
    }

    /// Is it the password? Without a hash, no, after the same time.
    ///
    /// # Errors
    /// When the program ends.
    pub async fn holds(&self, password: String, hash: Option<String>) -> Result<bool, IdentityError> {
        let (known, hash) = (hash.is_some(), hash.unwrap_or_else(|| self.nobody.clone()));
        let job = move || {
            let parsed = PasswordHash::new(&hash).ok()?;
            Some(argon().verify_password(password.as_bytes(), &parsed).is_ok())
        };
        Ok(self.beside(job).await?.unwrap_or(false) && known)
    }

    async fn beside<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
        let _place = self.room.acquire().await.map_err(|_| IdentityError::Over)?;
        tokio::task::spawn_blocking(job).await.map_err(|_| IdentityError::Over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_with_their_rule() {
        for weak in [
            "short",
            "1234567890",
            "aaaaaaaaaaaa",
            "olga.ivanova1",
            "ПАРОЛЬпароль",
            "password1234",
            "iloveyou2020",
            "Губернатор2026",
            "ИвановаОльга1",
            "q1w2e3r4t5y6",
            "monkeymonkey",
        ] {
            assert!(
                matches!(
                    check(weak, "olga.ivanova@example.org", "Ольга Иванова"),
                    Err(IdentityError::Field("password", ..))
                ),
                "{weak}"
            );
        }
        check("корова на льду", "olga@example.org", "Ольга Иванова").unwrap();
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::new([1; 16]);
        let hash = passwords.hash("корова на льду".into(), [2; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains("корова"));
        assert!(passwords.holds("корова на льду".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.holds("корова на льде".into(), Some(hash)).await.unwrap());
        assert!(
            !passwords.holds(String::from_utf8(vec![1; 16]).unwrap(), None).await.unwrap(),
            "nobody's password is no password"
        );
    }
}
