use sha2::{Digest as _, Sha256};

use crate::kind::{self, Content};
use crate::{FileError, FileKind, pdf, picture};

/// A file as it was sent.
#[derive(Debug, Clone)]
pub struct Upload {
    /// As the sender calls it; it may be empty.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A file that may be kept.
#[derive(Debug, Clone)]
pub struct Examined {
    pub(crate) name: String,
    pub(crate) kind: FileKind,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: String,
}

impl Examined {
    /// What it is.
    pub const fn kind(&self) -> FileKind {
        self.kind
    }

    /// The bytes that will be kept.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Looks at what was sent and makes of it what is kept. It may take seconds.
pub(crate) fn examine(upload: Upload) -> Result<Examined, FileError> {
    let Upload { name, bytes } = upload;
    let content = Content::of(&bytes).ok_or(FileError::Kind)?;
    let (stem, ending) = kind::parted(&name);
    if !ending.is_empty() && !content.fits(&ending) {
        return Err(FileError::NameDiffers { said: ending, found: content.word() });
    }
    let (kind, bytes) = match content {
        Content::Pdf => {
            pdf::vet(&bytes)?;
            (FileKind::Pdf, bytes)
        }
        Content::Picture(format) => picture::anew(&bytes, format)?,
    };
    Ok(Examined { name: kind::called(&stem, kind), kind, sha256: digest(&bytes), bytes })
}

/// SHA-256, hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
