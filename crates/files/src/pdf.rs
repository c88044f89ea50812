//! What a PDF must not hold. Its names are looked through as they stand in the file: those inside compressed object streams
//! (ISO 32000-2, 7.5.7) and of encrypted files' strings cannot be seen this way. It keeps out the plain cases; a scanner and the
//! reader's own sandbox are for the others.

use crate::FileError;

/// Names by which a PDF runs something or carries another file (ISO 32000-2, 7.11.4 and 12.6).
const ACTIVE: [&str; 11] = [
    "JavaScript",
    "JS",
    "Launch",
    "EmbeddedFile",
    "EmbeddedFiles",
    "RichMedia",
    "XFA",
    "Rendition",
    "SubmitForm",
    "ImportData",
    "GoToE",
];
/// What is done when it is opened; going to a place of it is harmless.
const OPEN: &str = "OpenAction";
/// Longest name that is looked at.
const LONGEST: usize = 40;

/// Looks through all names of the file.
pub(crate) fn vet(bytes: &[u8]) -> Result<(), FileError> {
    let (mut at, mut data) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'/' => {
                let (name, end) = name(bytes, at + 1);
                if let Some(found) = active(&name, bytes, end, data) {
                    return Err(FileError::Active(found));
                }
                at = end;
            }
            b's' if !data && begins_data(bytes, at) => {
                data = true;
                at += b"stream".len();
            }
            b'e' if data && bytes[at..].starts_with(b"endstream") => {
                data = false;
                at += b"endstream".len();
            }
            _ => at += 1,
        }
    }
    Ok(())
}

/// The name that is refused. Two letters stand in compressed data by chance; that alone is why data are told from objects, and
/// who feigns data gains no more than those two letters.
fn active(name: &[u8], bytes: &[u8], end: usize, data: bool) -> Option<&'static str> {
    if name == OPEN.as_bytes() {
        let next = bytes[end..].iter().find(|b| !is_space(**b));
        return (next != Some(&b'[')).then_some(OPEN);
    }
    ACTIVE.into_iter().find(|word| name == word.as_bytes() && !(data && word.len() <= 2))
}

/// The name from there on, `#4A` read as the byte it stands for (ISO 32000-2, 7.3.5), and where it ends.
fn name(bytes: &[u8], from: usize) -> (Vec<u8>, usize) {
    let length = bytes[from..].iter().position(|b| is_space(*b) || b"()<>[]{}/%".contains(b));
    let end = length.map_or(bytes.len(), |length| from + length);
    let raw = &bytes[from..end.min(from + 3 * LONGEST)];
    let (mut name, mut at) = (Vec::new(), 0);
    while at < raw.len() {
        let pair = (raw[at] == b'#').then(|| raw.get(at + 1..at + 3)).flatten();
        let read = pair.and_then(|p| u8::from_str_radix(std::str::from_utf8(p).ok()?, 16).ok());
        name.push(read.unwrap_or(raw[at]));
        at += if read.is_some() { 3 } else { 1 };
    }
    (name, end)
}

/// The keyword after a dictionary, and the end of the line behind it (ISO 32000-2, 7.3.8).
fn begins_data(bytes: &[u8], at: usize) -> bool {
    let Some(rest) = bytes[at..].strip_prefix(b"stream") else { return false };
    let before = bytes[..at].iter().rev().find(|b| !is_space(**b));
    before == Some(&b'>') && rest.first().is_some_and(|b| [b'\r', b'\n'].contains(b))
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Option<&'static str> {
        match vet(format!("%PDF-1.7\n{body}\n%%EOF").as_bytes()) {
            Ok(()) => None,
            Err(FileError::Active(found)) => Some(found),
            Err(e) => panic!("{e}"),
        }
    }

    #[test]
    fn what_does_something_is_found() {
        assert_eq!(found("<< /S /JavaScript /JS (app.alert(1)) >>"), Some("JavaScript"));
        assert_eq!(found("<</S/Rendition/JS(x)>>"), Some("Rendition"));
        assert_eq!(found("<< /S /J#61va#53cript >>"), Some("JavaScript"));
        assert_eq!(found("<< /Type /EmbeddedFile >>"), Some("EmbeddedFile"));
        assert_eq!(found("<< /S /Launch /F (cmd.exe) >>"), Some("Launch"));
        assert_eq!(found("<< /OpenAction 5 0 R >>"), Some("OpenAction"));
        assert_eq!(found("<< /OpenAction << /S /URI >> >>"), Some("OpenAction"));
    }

    #[test]
    fn what_does_nothing_passes() {
        assert_eq!(found("<< /OpenAction [1 0 R /XYZ null null 0] >>"), None, "a place of the document");
        assert_eq!(found("<< /JSON (x) /Launchpad 1 /Title (JavaScript) >>"), None);
        assert_eq!(found("<< /Length 9 >>\nstream\nab/JS cd\nendstream"), None, "by chance");
        assert_eq!(found("<< /Length 9 >>\nstream\nab\nendstream << /JS (x) >>"), Some("JS"), "data have an end");
        assert_eq!(found("<< >>\nstream\n<< /S /JavaScript >>\nendstream"), Some("JavaScript"), "feigned data");
        assert_eq!(found("/#"), None);
        assert_eq!(found("/"), None);
    }
}
