//! Packs numbers of one kind, and reads them again.
//!
//! Numbers are written in groups of 7 bits, the lowest first. A column is kept as it is or by zstd, whichever is shorter.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use super::Damaged;
use crate::limits;

/// The first four bytes of everything that zstd writes; they need not be kept.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How hard zstd tries: past this, half a percent is gained for a quarter more time.
const LEVEL: i32 = 6;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Gives back what the calling thread holds to pack and unpack: some megabytes.
pub fn release() {
    COMPRESSOR.set(None);
    DECOMPRESSOR.set(None);
}

/// Writes a number.
pub(crate) fn put(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Writes a number that may be negative.
pub(crate) fn put_signed(to: &mut Vec<u8>, number: i64) {
    put(to, ((number << 1) ^ (number >> 63)) as u64);
}

/// Writes a column: its length shifted by one, the lowest bit for zstd, then its bytes.
pub(super) fn write(column: &[u8], to: &mut Vec<u8>) {
    let shorter = (column.len() >= limits::COLUMN_BYTES_PLAIN).then(|| compressed(column)).flatten();
    match shorter.filter(|shorter| shorter.len() + 2 < column.len()) {
        Some(shorter) => {
            put(to, (column.len() as u64) << 1 | 1);
            put(to, shorter.len() as u64);
            to.extend_from_slice(&shorter);
        }
        None => {
            put(to, (column.len() as u64) << 1);
            to.extend_from_slice(column);
        }
    }
}

fn compressed(column: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        if compressor.is_none() {
            let mut fresh = Compressor::new(LEVEL).ok()?;
            fresh.include_contentsize(false).ok()?;
            *compressor = Some(fresh);
        }
        let mut bytes = compressor.as_mut()?.compress(column).ok()?;
        bytes.starts_with(&MAGIC).then(|| bytes.split_off(MAGIC.len()))
    })
}

/// Reads what [`write`] wrote, and adds it to `column`.
pub(super) fn read(bytes: &mut Bytes, column: &mut Vec<u8>) -> Result<(), Damaged> {
    let head = bytes.number()?;
    let length = usize::try_from(head >> 1).ok().filter(|length| *length <= limits::COLUMN_BYTES_MAX).ok_or(Damaged)?;
    if head & 1 == 0 {
        column.extend_from_slice(bytes.take(length)?);
        return Ok(());
    }
    let kept = bytes.length()?;
    decompress(bytes.take(kept)?, length, column)
}

fn decompress(kept: &[u8], length: usize, column: &mut Vec<u8>) -> Result<(), Damaged> {
    let whole = [&MAGIC, kept].concat();
    let from = column.len();
    column.resize(from + length, 0);
    let written = DECOMPRESSOR.with_borrow_mut(|decompressor| {
        if decompressor.is_none() {
            *decompressor = Some(Decompressor::new()?);
        }
        match decompressor {
            Some(decompressor) => decompressor.decompress_to_buffer(&whole, &mut column[from..]),
            None => Ok(0),
        }
    });
    written.ok().filter(|written| *written == length).map(|_| ()).ok_or(Damaged)
}

/// Bytes that are read from their beginning. Numbers of an empty column are all 0.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
    is_zeros: bool,
}

impl<'a> Bytes<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes { rest: bytes, is_zeros: bytes.is_empty() }
    }

    /// The same after so many bytes.
    pub(super) fn after(bytes: &'a [u8], taken: usize) -> Bytes<'a> {
        Bytes { rest: bytes.get(taken..).unwrap_or_default(), is_zeros: bytes.is_empty() }
    }

    /// Passes over so many numbers.
    pub(super) fn pass(&mut self, numbers: usize) -> Result<(), Damaged> {
        if self.is_zeros || numbers == 0 {
            return Ok(());
        }
        let mut left = numbers;
        // A number ends with a byte that says so. They are counted by the dozen, which compilers do at once.
        while let Some((head, rest)) = self.rest.split_first_chunk::<32>().filter(|_| left > 32) {
            left -= usize::from(head.iter().map(|byte| u8::from(*byte < 0x80)).sum::<u8>());
            self.rest = rest;
        }
        let ends = self.rest.iter().enumerate().filter(|(_, byte)| **byte < 0x80);
        let (place, _) = ends.map(|(place, byte)| (place, *byte)).nth(left - 1).ok_or(Damaged)?;
        self.rest = &self.rest[place + 1..];
        Ok(())
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Damaged> {
        if self.is_zeros {
            return Ok(0);
        }
        // Most numbers have one byte.
        if let Some((byte, rest)) = self.rest.split_first().filter(|(byte, _)| **byte < 0x80) {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        let mut number = 0;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Damaged> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number of a cell's key.
    pub(crate) fn small(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.number()?).map_err(|_| Damaged)
    }

    /// A number of bytes or cells.
    pub(crate) fn length(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.number()?).map_err(|_| Damaged)
    }
}
