//! Where one HTTP/2 frame ends and the next begins, in what a server writes (RFC 9113, section 4.1).

/// Bytes of a frame before its payload: length (3), type, flags, stream (4).
const HEADER_BYTES: usize = 9;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// How far the frame that is being written has come.
#[derive(Debug, Default)]
pub(super) struct Frames {
    header: [u8; HEADER_BYTES],
    header_bytes: usize,
    payload_left: usize,
    /// Whether a frame that must follow at once is missing: headers that did not fit in one.
    is_continued: bool,
    has_answered: bool,
}

impl Frames {
    /// Notes what was written.
    pub(super) fn write(&mut self, mut bytes: &[u8]) {
        while let Some((&first, rest)) = bytes.split_first() {
            if self.payload_left > 0 {
                let taken = self.payload_left.min(bytes.len());
                self.payload_left = self.payload_left.saturating_sub(taken);
                bytes = bytes.get(taken..).unwrap_or_default();
                continue;
            }
            if let Some(place) = self.header.get_mut(self.header_bytes) {
                *place = first;
            }
            self.header_bytes = self.header_bytes.saturating_add(1);
            bytes = rest;
            if self.header_bytes == HEADER_BYTES {
                self.begin_payload();
            }
        }
    }

    fn begin_payload(&mut self) {
        let [high, middle, low, kind, flags, ..] = self.header;
        self.header_bytes = 0;
        self.payload_left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        if matches!(kind, HEADERS | CONTINUATION) {
            self.is_continued = flags & END_HEADERS == 0;
            self.has_answered = true;
        }
    }

    /// Whether another frame may be put in here.
    pub(super) const fn is_between(&self) -> bool {
        self.header_bytes == 0 && self.payload_left == 0 && !self.is_continued
    }

    /// Whether the head of an answer was among what was written.
    pub(super) const fn has_answered(&self) -> bool {
        self.has_answered
    }
}
