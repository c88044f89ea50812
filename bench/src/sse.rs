//! A stream of server-sent events (WHATWG HTML, section 9.2) over HTTP/1.1, with only blocking reads: the reader has a
//! thread of its own, so nothing delays the moment of arrival.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Asks for the stream and gives each line of `data:` to `seen` until it says false.
pub fn follow(addr: &str, path: &str, token: &str, mut seen: impl FnMut(&str) -> bool) -> Result<()> {
    let mut stream = TcpStream::connect(addr).with_context(|| format!("cannot connect to {addr}"))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {addr}\r\naccept: text/event-stream\r\nauthorization: Bearer {token}\r\n\r\n"
    )?;
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    ensure!(line.contains(" 200 "), "the stream was refused: {}", line.trim());
    let mut chunked = false;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        chunked |= line.to_ascii_lowercase().starts_with("transfer-encoding: chunked");
    }
    ensure!(chunked, "the stream is not chunked");
    let mut lines = BufReader::with_capacity(1 << 16, Chunks { inner: reader, left: 0 });
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(data) = line.strip_prefix("data:")
            && !seen(data.trim())
        {
            return Ok(());
        }
    }
}

/// RFC 9112 section 7.1, chunked transfer coding, decoded.
struct Chunks<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> Read for Chunks<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            let mut head = String::new();
            while head.trim().is_empty() {
                head.clear();
                if self.inner.read_line(&mut head)? == 0 {
                    return Ok(0);
                }
            }
            let digits = head.trim().split(';').next().unwrap_or("");
            self.left = usize::from_str_radix(digits, 16).map_err(std::io::Error::other)?;
            if self.left == 0 {
                return Ok(0);
            }
        }
        let most = into.len().min(self.left);
        let read = self.inner.read(&mut into[..most])?;
        self.left -= read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn events_split_over_chunks_are_whole() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            // Closed with something unread, the connection would be reset and the answer lost.
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                socket.read_exact(&mut byte).unwrap();
                asked.extend(byte);
            }
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let body = "a\r\nevent: a\nd\r\ne\r\nata: first\n\nda\r\n9\r\nta: last\n\r\n0\r\n\r\n";
            socket.write_all(format!("{head}{body}").as_bytes()).unwrap();
        });
        let mut seen = Vec::new();
        follow(&addr, "/", "t", |data| {
            seen.push(data.to_owned());
            true
        })
        .unwrap();
        server.join().unwrap();
        assert_eq!(seen, ["first", "last"]);
    }
}
