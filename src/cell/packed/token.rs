//! Numbers as a token of one byte, which says about how large each is, and the bits that are left, which nothing can make shorter.
//!
//! Numbers below 16 are their own tokens. A larger one has four tokens for each power of two, and its lower bits follow.

use super::Damaged;

/// Numbers below this are their own tokens.
const PLAIN: u64 = 16;
/// Bits that are read or written at once.
const AT_ONCE: u32 = 32;

/// How many lower bits follow a token. Computed, because compilers do that for many tokens at once.
#[inline]
const fn lower_bits(token: u8) -> u8 {
    if token >= PLAIN as u8 { token / 4 - 2 } else { 0 }
}

/// How many lower bits follow all of these tokens.
#[inline]
fn lower_bits_of(tokens: &[u8]) -> usize {
    let of = |tokens: &[u8]| tokens.iter().map(|token| u16::from(lower_bits(*token))).sum::<u16>();
    // So many sums of at most 61 fit.
    tokens.chunks(256).map(|tokens| usize::from(of(tokens))).sum()
}

/// The token of a number, and how many of its lower bits follow.
fn token(number: u64) -> (u8, u32) {
    if number < PLAIN {
        return (number as u8, 0);
    }
    let power = number.ilog2();
    let quarter = number >> (power - 2) & 3;
    (PLAIN as u8 + (power - 4) as u8 * 4 + quarter as u8, power - 2)
}

/// Writes a number.
pub(super) fn put(number: u64, tokens: &mut Vec<u8>, bits: &mut BitWriter) {
    let (token, left) = token(number);
    tokens.push(token);
    if left > 0 {
        bits.put(number, left);
    }
}

/// A number that may be negative as one that may not: small ones stay small.
pub(super) fn folded(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// The reverse of [`folded`].
pub(super) fn unfolded(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Bits one after the other, the lowest first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that are no whole byte yet, and how many.
    held: u64,
    count: u32,
}

impl BitWriter {
    /// Writes the lowest bits of a number.
    fn put(&mut self, number: u64, bits: u32) {
        if bits > AT_ONCE {
            self.put(number, AT_ONCE);
            return self.put(number >> AT_ONCE, bits - AT_ONCE);
        }
        self.held |= (number & ((1 << bits) - 1)) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            (self.held, self.count) = (self.held >> 8, self.count - 8);
        }
    }

    /// All bytes, the last filled up with zeros. Nothing is written behind them.
    pub(super) fn finish(&mut self) -> &[u8] {
        if self.count > 0 {
            self.bytes.push(self.held as u8);
        }
        &self.bytes
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.held, self.count) = (0, 0);
    }
}

/// Reads what a [`BitWriter`] wrote. An empty column is nothing but zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    /// After so many bits.
    pub(super) fn after(bytes: &'a [u8], at: usize) -> Bits<'a> {
        Bits { bytes, at }
    }

    /// How many bits are read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether all of them are read, but for those that fill up the last byte.
    pub(super) fn has_ended(&self) -> bool {
        self.bytes.is_empty() || self.at.div_ceil(8) == self.bytes.len()
    }

    fn take(&mut self, bits: u32) -> Result<u64, Damaged> {
        if bits > AT_ONCE {
            let low = self.take(AT_ONCE)?;
            return Ok(self.take(bits - AT_ONCE)? << AT_ONCE | low);
        }
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<8>() {
            Some(word) => u64::from_le_bytes(*word),
            None => {
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(word)
            }
        };
        let shift = self.at % 8;
        self.at += bits as usize;
        if self.at > self.bytes.len() * 8 && !self.bytes.is_empty() {
            return Err(Damaged);
        }
        Ok(word >> shift & ((1 << bits) - 1))
    }
}

/// The tokens of a column. An empty one is nothing but zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    /// After so many tokens.
    pub(super) fn after(bytes: &'a [u8], at: usize) -> Tokens<'a> {
        Tokens { bytes, at }
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many tokens are read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The token that comes next.
    pub(super) fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// The next token.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Damaged> {
        let Some(token) = self.bytes.get(self.at) else {
            return if self.bytes.is_empty() { Ok(0) } else { Err(Damaged) };
        };
        self.at += 1;
        Ok(*token)
    }

    /// So many tokens that come next, if they are there.
    pub(super) fn next_tokens(&self, tokens: usize) -> Option<&'a [u8]> {
        self.bytes.get(self.at..)?.get(..tokens)
    }

    /// Whether all of them are read.
    pub(super) fn has_ended(&self) -> bool {
        self.bytes.is_empty() || self.at == self.bytes.len()
    }

    /// Passes over so many numbers.
    pub(super) fn pass(&mut self, numbers: usize, bits: &mut Bits) -> Result<(), Damaged> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        bits.at += lower_bits_of(self.next_tokens(numbers).ok_or(Damaged)?);
        self.at += numbers;
        Ok(())
    }

    /// The next number, whose lower bits are in `bits`.
    #[inline]
    pub(super) fn number(&mut self, bits: &mut Bits) -> Result<u64, Damaged> {
        let token = u64::from(self.byte()?);
        if token < PLAIN {
            return Ok(token);
        }
        let power = (token - PLAIN) as u32 / 4 + 4;
        Ok((4 + token % 4) << (power - 2) | bits.take(power - 2)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_read_and_passed_over_as_they_were_written() {
        let powers = (0..64).map(|power| 1_u64 << power);
        let numbers: Vec<u64> = (0..40).chain(powers.flat_map(|n| [n - 1, n, n + 1])).chain([u64::MAX]).collect();
        let (mut tokens, mut bits) = (Vec::new(), BitWriter::default());
        numbers.iter().for_each(|number| put(*number, &mut tokens, &mut bits));
        let bits = bits.finish();
        for passed in 0..numbers.len() {
            let (mut rest, mut lower) = (Tokens::after(&tokens, 0), Bits::after(bits, 0));
            rest.pass(passed, &mut lower).unwrap();
            for number in &numbers[passed..] {
                assert_eq!(rest.number(&mut lower), Ok(*number));
            }
            assert_eq!(rest.number(&mut lower), Err(Damaged));
        }
    }

    #[test]
    fn numbers_that_may_be_negative_come_back() {
        for number in [0, 1, -1, 7, -8, i64::MAX, i64::MIN] {
            assert_eq!(unfolded(folded(number)), number);
        }
    }
}
