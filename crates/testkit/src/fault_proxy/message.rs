//! HTTP/1.1 messages on a socket, each read as a whole: where one ends is all that is understood of them.

use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;

/// Larger messages are not for this proxy.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Reads messages, one after the other.
#[derive(Debug)]
pub(super) struct Messages {
    half: OwnedReadHalf,
    held: Vec<u8>,
}

/// What came.
#[derive(Debug)]
pub(super) enum Came {
    /// A whole message.
    Whole(Vec<u8>),
    /// The other side closed in order, after these bytes.
    Closed(Vec<u8>),
    /// The connection broke, after these bytes.
    Broken(Vec<u8>),
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Request,
    Answer,
}

impl Messages {
    pub(super) const fn new(half: OwnedReadHalf) -> Self {
        Self { half, held: Vec::new() }
    }

    /// Reads the next message.
    pub(super) async fn next(&mut self, way: Way) -> Came {
        loop {
            match end_of(&self.held, way) {
                Some(end) if end <= self.held.len() => {
                    let rest = self.held.split_off(end);
                    return Came::Whole(std::mem::replace(&mut self.held, rest));
                }
                _ if self.held.len() > MOST_BYTES => return Came::Broken(std::mem::take(&mut self.held)),
                _ => match self.half.read_buf(&mut self.held).await {
                    Ok(0) => return Came::Closed(std::mem::take(&mut self.held)),
                    Ok(_) => {}
                    Err(_) => return Came::Broken(std::mem::take(&mut self.held)),
                },
            }
        }
    }

    /// Waits until the other side is gone. What it sends until then is kept for the next message.
    pub(super) async fn gone(&mut self) {
        while self.half.read_buf(&mut self.held).await.is_ok_and(|read| read > 0) {}
    }

    /// Gives the half back.
    pub(super) fn into_half(self) -> OwnedReadHalf {
        self.half
    }
}

/// Returns where the message ends that begins here; nothing when that cannot be said yet.
fn end_of(bytes: &[u8], way: Way) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?.checked_add(4)?;
    let text = String::from_utf8_lossy(bytes.get(..head)?).to_ascii_lowercase();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim().to_owned())
    };
    let body = bytes.get(head..)?;
    if field("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        return end_of_chunks(body)?.checked_add(head);
    }
    let has_none = way == Way::Request
        || ["204", "304"].iter().any(|code| text.split(' ').nth(1).is_some_and(|status| status == *code));
    match field("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => head.checked_add(length),
        None if has_none => Some(head),
        // Ends where the connection does.
        None => None,
    }
}

/// Returns where chunks end, the last one included; nothing when it has not come.
fn end_of_chunks(body: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    loop {
        let rest = body.get(at..).unwrap_or_default();
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = String::from_utf8_lossy(rest.get(..line).unwrap_or_default()).into_owned();
        let size = size.split(';').next().unwrap_or_default().trim().to_owned();
        let size = usize::from_str_radix(&size, 16).ok()?;
        // The line, the chunk, and the line end behind each.
        at = at.saturating_add(line).saturating_add(size).saturating_add(4);
        if at > body.len() {
            return None;
        }
        if size == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_where_its_head_says() {
        let check = |text: &str, way, expected| assert_eq!(end_of(text.as_bytes(), way), expected, "{text}");
        check("GET / HTTP/1.1\r\nhost: a\r\n", Way::Request, None);
        check("GET / HTTP/1.1\r\nhost: a\r\n\r\nmore", Way::Request, Some(27));
        check("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel", Way::Request, Some(43));
        check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Way::Answer, Some(40));
        check("HTTP/1.1 204 No Content\r\n\r\n", Way::Answer, Some(27));
        check("HTTP/1.1 200 OK\r\n\r\nuntil the end", Way::Answer, None);
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
        check(chunked, Way::Answer, None);
        check(&format!("{chunked}0\r\n\r\nnext"), Way::Answer, Some(chunked.len() + 5));
    }
}
