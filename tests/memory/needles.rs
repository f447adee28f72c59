//! Marks of visitors in each form in which they could stand in memory, and how often each is found.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

/// Marks of one kind that must be found nowhere.
#[derive(Default)]
pub struct Needles {
    /// By pattern: what it is a mark of.
    patterns: Vec<(Vec<u8>, (&'static str, usize))>,
}

impl Needles {
    /// A text of this kind, as it is, as hex and in base64: an agent, a mail address.
    pub fn text(&mut self, kind: &'static str, number: usize, text: &str) {
        self.add(kind, number, text.as_bytes().to_vec());
        self.add(kind, number, HEXLOWER.encode(text.as_bytes()).into_bytes());
        self.add(kind, number, HEXUPPER.encode(text.as_bytes()).into_bytes());
        // The middle of a base64 text does not depend on what surrounds it, but for its alignment.
        for shift in 0..3 {
            let padded = [&b"\0\0\0"[..shift], text.as_bytes()].concat();
            let encoded = BASE64.encode(&padded[..padded.len() / 3 * 3]);
            self.add(kind, number, encoded.as_bytes()[if shift == 0 { 0 } else { 4 }..].to_vec());
        }
    }

    /// An address: as text, as hex, and as programs hold it.
    pub fn address(&mut self, number: usize, address: IpAddr) {
        let kind = "address";
        self.add(kind, number, address.to_string().into_bytes());
        match address {
            IpAddr::V4(v4) => {
                // Four bytes alone turn up by chance, and so do five among a thousand times five. In front of them stands what tells the
                // version, as the standard library keeps it, or their number, as digests are made of it.
                if number.is_multiple_of(50) {
                    self.add(kind, number, [&[0][..], &v4.octets()].concat());
                }
                self.add(kind, number, [&4_u32.to_le_bytes()[..], &v4.octets()].concat());
                self.add(kind, number, HEXLOWER.encode(&v4.octets()).into_bytes());
            }
            IpAddr::V6(v6) => {
                let octets = v6.octets();
                self.add(kind, number, octets.to_vec());
                self.add(kind, number, octets.iter().rev().copied().collect());
                // The network, which tokens are made of.
                self.add(kind, number, octets[..8].to_vec());
                self.add(kind, number, HEXLOWER.encode(&octets).into_bytes());
            }
        }
    }

    fn add(&mut self, kind: &'static str, number: usize, pattern: Vec<u8>) {
        self.patterns.push((pattern, (kind, number)));
    }

    /// Which of each kind are in one of the pieces: their numbers, and where the first stands.
    pub fn found<'p>(&self, pieces: impl Iterator<Item = (&'p str, &'p [u8])>) -> BTreeMap<&'static str, Sightings> {
        let search = AhoCorasick::new(self.patterns.iter().map(|(pattern, _)| pattern)).unwrap();
        let mut found: BTreeMap<&'static str, Sightings> = BTreeMap::new();
        for (place, bytes) in pieces {
            for sighting in search.find_overlapping_iter(bytes) {
                let (kind, number) = self.patterns[sighting.pattern().as_usize()].1;
                let of_kind = found.entry(kind).or_default();
                of_kind.numbers.insert(number);
                if of_kind.first.is_empty() {
                    let around = sighting.start().saturating_sub(200)..(sighting.end() + 200).min(bytes.len());
                    of_kind.first = format!("{place}: {}", bytes[around].escape_ascii());
                }
            }
        }
        found
    }
}

/// What was found of a kind.
#[derive(Debug, Default)]
pub struct Sightings {
    /// Of whom.
    pub numbers: BTreeSet<usize>,
    /// Where the first was, and what stood around it.
    pub first: String,
}
