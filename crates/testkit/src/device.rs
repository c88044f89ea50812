use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest wait for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(15);

/// A device that speaks MQTT 3.1.1 (OASIS, 2014) byte by byte: it knows exactly what was acknowledged and what was not.
#[derive(Debug)]
pub struct Device {
    stream: TcpStream,
}

impl Device {
    /// Connects with a clean session and without a password.
    ///
    /// # Errors
    /// When there is no broker, or it refuses.
    pub fn connect(address: SocketAddr, client: &str) -> io::Result<Self> {
        Self::connected(address, client, None)
    }

    /// The same with user name and password.
    ///
    /// # Errors
    /// When there is no broker, or it refuses.
    pub fn connect_as(address: SocketAddr, client: &str, user: &str, password: &str) -> io::Result<Self> {
        Self::connected(address, client, Some([user, password]))
    }

    fn connected(address: SocketAddr, client: &str, credentials: Option<[&str; 2]>) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut device = Self { stream };
        let mut body = text("MQTT");
        body.extend([4, if credentials.is_some() { 0b1100_0010 } else { 0b10 }, 0, 60]);
        body.extend(text(client));
        credentials.iter().flatten().for_each(|said| body.extend(text(said)));
        device.send(0x10, &body)?;
        match device.packet()? {
            (0x20, ack) if ack.get(1) == Some(&0) => Ok(device),
            (kind, body) => Err(io::Error::other(format!("no CONNACK but {kind:#04x} {body:?}"))),
        }
    }

    /// Publishes with QoS 1; the acknowledgement comes by [`Device::acknowledged`].
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn publish(&mut self, packet: u16, topic: &str, payload: &[u8]) -> io::Result<()> {
        let mut body = text(topic);
        body.extend(packet.to_be_bytes());
        body.extend(payload);
        self.send(0x32, &body)
    }

    /// The packet id of the next PUBACK.
    ///
    /// # Errors
    /// When the connection is gone, or none comes in time.
    pub fn acknowledged(&mut self) -> io::Result<u16> {
        loop {
            match self.packet()? {
                (0x40, body) if body.len() >= 2 => return Ok(u16::from_be_bytes([body[0], body[1]])),
                _ => {}
            }
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    fn send(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        let mut packet = vec![kind];
        let mut rest = body.len();
        loop {
            let low = u8::try_from(rest % 128).unwrap_or_default();
            rest /= 128;
            packet.push(if rest > 0 { low | 0x80 } else { low });
            if rest == 0 {
                break;
            }
        }
        packet.extend(body);
        self.stream.write_all(&packet)
    }

    /// First byte and body of the next packet.
    fn packet(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let kind = self.byte()?;
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 21 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((kind, body))
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        Ok(byte[0])
    }
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend(&text.as_bytes()[..usize::from(length)]);
    bytes
}
