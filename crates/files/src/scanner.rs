use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

/// How long one file may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of one piece.
const PIECE: usize = 64 << 10;
/// Longest answer.
const MAX_ANSWER: u64 = 4096;

/// Where clamd (ClamAV) listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// `tcp://127.0.0.1:3310`
    Tcp(String),
    /// `unix:///run/clamav/clamd.ctl`
    Unix(PathBuf),
}

/// Why a text is no address of a scanner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no address of clamd, such as tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl")]
pub struct InvalidScanner(pub String);

impl FromStr for Scanner {
    type Err = InvalidScanner;

    fn from_str(text: &str) -> Result<Self, InvalidScanner> {
        if let Some(path) = text.strip_prefix("unix://").filter(|p| p.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        let address = text
            .strip_prefix("tcp://")
            .filter(|a| a.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()));
        address.map(|a| Self::Tcp(a.to_owned())).ok_or_else(|| InvalidScanner(text.chars().take(80).collect()))
    }
}

/// What the scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has found nothing.
    Clean,
    /// Malware, by its name.
    Found(String),
}

impl Scanner {
    /// Asks about these bytes.
    pub(crate) async fn ask(&self, bytes: &[u8]) -> io::Result<Verdict> {
        let asked = async {
            match self {
                Self::Tcp(address) => talk(TcpStream::connect(address).await?, bytes).await,
                Self::Unix(path) => talk(UnixStream::connect(path).await?, bytes).await,
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// The command INSTREAM: pieces, each behind its length in network order, an empty one at the end; the answer ends with U+0000.
async fn talk(mut line: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> io::Result<Verdict> {
    line.write_all(b"zINSTREAM\0").await?;
    for piece in bytes.chunks(PIECE) {
        line.write_all(&u32::try_from(piece.len()).map_err(io::Error::other)?.to_be_bytes()).await?;
        line.write_all(piece).await?;
    }
    line.write_all(&[0; 4]).await?;
    line.flush().await?;
    let mut answer = Vec::new();
    line.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    verdict(&String::from_utf8_lossy(&answer))
}

fn verdict(answer: &str) -> io::Result<Verdict> {
    let answer = answer.trim_end_matches(['\0', '\n', '\r']);
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Verdict::Found(name.to_owned())),
        None if said == "OK" => Ok(Verdict::Clean),
        None => Err(io::Error::other(format!("the scanner answered '{said}'"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_two_kinds() {
        assert_eq!("tcp://127.0.0.1:3310".parse::<Scanner>(), Ok(Scanner::Tcp("127.0.0.1:3310".into())));
        assert_eq!("unix:///run/clamd.ctl".parse::<Scanner>(), Ok(Scanner::Unix("/run/clamd.ctl".into())));
        for bad in ["", "127.0.0.1:3310", "tcp://", "tcp://:3310", "tcp://host", "unix://clamd", "http://host:1"] {
            assert!(bad.parse::<Scanner>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_ok_is_clean() {
        assert_eq!(verdict("stream: OK\0").unwrap(), Verdict::Clean);
        assert_eq!(verdict("stream: Eicar-Signature FOUND\0").unwrap(), Verdict::Found("Eicar-Signature".into()));
        for other in ["", "INSTREAM size limit exceeded. ERROR\0", "stream: OK, but", "stream: x ERROR\0"] {
            assert!(verdict(other).is_err(), "{other}");
        }
    }
}
