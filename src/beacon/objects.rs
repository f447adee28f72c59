//! In: bytes of a list of JSON objects, in pieces of any size: lines, or a JSON array. Out: each object by itself. Forgets: each
//! one that is handed out.
//!
//! Whether an object is sound is for its reader to say; here only its braces are counted.

use crate::limits;

/// Objects as they arrive.
#[derive(Default)]
pub struct Objects {
    bytes: Vec<u8>,
    /// How many of the bytes are looked at.
    looked: usize,
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    /// Whether the list is an array, and whether that has ended.
    array: Option<bool>,
}

/// Why there are no more objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Torn {
    /// Something stands between the objects, or the last one has no end.
    Syntax,
    /// An object has more than [`limits::BULK_HIT_BYTES_MAX`] bytes.
    TooLarge,
}

impl Objects {
    /// Adds bytes that arrived.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole object; nothing until more bytes come.
    ///
    /// # Errors
    /// [`Torn`]
    pub fn cut_next(&mut self) -> Result<Option<Vec<u8>>, Torn> {
        while let Some(byte) = self.bytes.get(self.looked).copied() {
            self.looked += 1;
            if self.depth > 0 {
                self.inside(byte);
                if self.depth == 0 {
                    return Ok(Some(self.cut()));
                }
                if self.looked > limits::BULK_HIT_BYTES_MAX {
                    return Err(Torn::TooLarge);
                }
            } else {
                self.between(byte)?;
            }
        }
        Ok(None)
    }

    /// How many bytes wait for their rest.
    pub fn waiting_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing is left that has no end.
    pub fn is_done(&self) -> bool {
        self.depth == 0 && self.array != Some(false)
    }

    fn inside(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.in_text => self.is_escaped = true,
            b'"' => self.in_text = !self.in_text,
            b'{' if !self.in_text => self.depth += 1,
            b'}' if !self.in_text => self.depth -= 1,
            _ => {}
        }
    }

    fn between(&mut self, byte: u8) -> Result<(), Torn> {
        match byte {
            b'{' if self.array != Some(true) => {
                self.depth = 1;
                self.bytes.drain(..self.looked - 1);
                self.looked = 1;
                // What follows an object that stood alone is no array.
                return Ok(());
            }
            // A byte order mark and zeros say nothing either.
            b' ' | b'\t' | b'\r' | b'\n' | 0 | 0xef | 0xbb | 0xbf => {}
            b',' if self.array == Some(false) => {}
            b'[' if self.array.is_none() => self.array = Some(false),
            b']' if self.array == Some(false) => self.array = Some(true),
            _ => return Err(Torn::Syntax),
        }
        self.bytes.drain(..self.looked);
        self.looked = 0;
        Ok(())
    }

    fn cut(&mut self) -> Vec<u8> {
        let rest = self.bytes.split_off(self.looked);
        self.looked = 0;
        std::mem::replace(&mut self.bytes, rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8], piece: usize) -> (Vec<String>, Option<Torn>, bool) {
        let mut objects = Objects::default();
        let mut found = Vec::new();
        for bytes in text.chunks(piece.max(1)) {
            objects.add(bytes);
            loop {
                match objects.cut_next() {
                    Ok(Some(object)) => found.push(String::from_utf8_lossy(&object).into_owned()),
                    Ok(None) => break,
                    Err(torn) => return (found, Some(torn), false),
                }
            }
        }
        (found, None, objects.is_done())
    }

    #[test]
    fn lines_and_arrays_are_cut_into_objects() {
        let expected = [r#"{"a":{"b":1}}"#, r#"{"c":"}\"{"}"#];
        let lines = format!("{}\n\n{}\r\n", expected[0], expected[1]);
        let array = format!(" [{} ,{}]\n", expected[0], expected[1]);
        let marked = format!("\u{feff}{array}\0");
        for text in [lines, array, marked] {
            for piece in [1, 2, 7, 1_000] {
                assert_eq!(
                    read(text.as_bytes(), piece),
                    (expected.map(str::to_owned).to_vec(), None, true),
                    "{text} {piece}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_list_is_torn() {
        for text in ["5", "x{}", "{}]", "[{}]{}", "{},{}", "[{}]["] {
            assert_eq!(read(text.as_bytes(), 3).1, Some(Torn::Syntax), "{text}");
        }
        for text in ["{", "[{}", "{\"a\":\"}"] {
            let (_, torn, is_done) = read(text.as_bytes(), 3);
            assert!(torn.is_none() && !is_done, "{text}");
        }
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::BULK_HIT_BYTES_MAX));
        assert_eq!(read(long.as_bytes(), 4_096).1, Some(Torn::TooLarge));
        assert_eq!(read(b"", 1), (Vec::new(), None, true));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_list(bytes: Vec<u8>, piece in 1_usize..50, text in "[\\[\\]{}\",\\\\a \n]{0,60}") {
            read(&bytes, piece);
            prop_assert_eq!(read(text.as_bytes(), piece), read(text.as_bytes(), 1_000));
        }
    }
}
