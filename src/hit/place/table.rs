//! In: an address. Out: the country that it is registered in, by the table that the program carries. Forgets: the address.
//!
//! The table is read in place, as `data/countries.py` writes it: a line of text, the codes of countries, and for each version of
//! addresses the runs of neighbours that share a country, from the first address to the last. A run is a byte for its country
//! and one or two for its length, which is looked up in a list. Blocks of a dozen runs are found by their first address.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use super::Place;
use crate::site::Day;

/// Countries of addresses; origin, date and licence are in the first line.
static BYTES: &[u8] = include_bytes!("../data/countries.bin");

/// The table. One that could not be read would be empty, and fail the tests.
static TABLE: LazyLock<BlockTable> = LazyLock::new(|| BlockTable::read(BYTES).unwrap_or_default());

/// Codes below are one byte, the others two.
const SHORT_CODES: usize = 224;

/// What the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFacts {
    /// The day of its data.
    pub day: Day,
    /// Where it is from, and its licence.
    pub origin: &'static str,
    /// Its size in the program, in bytes.
    pub bytes: usize,
    /// Countries in it.
    pub countries: usize,
}

#[derive(Default)]
struct BlockTable {
    origin: &'static str,
    /// By number; nothing for the addresses of no country.
    places: Vec<Option<Arc<Place>>>,
    v4: Family<8>,
    v6: Family<12>,
}

/// The runs of one version of addresses. Addresses and lengths are numbers whose highest bit is the address's first, so that both
/// versions are read alike.
#[derive(Default)]
struct Family<const B: usize> {
    /// The first address of each block, but for bits that are 0, and in four bytes where its runs begin.
    blocks: &'static [[u8; B]],
    /// Lengths of runs by their codes.
    lengths: Vec<u128>,
    runs: &'static [u8],
    /// How many blocks begin below each of the values that [`Head`] reads.
    first: Vec<u16>,
}

/// The bits of an address by which its blocks are found at once.
struct Head {
    bits: u32,
    /// The first value that there are addresses of.
    base: u64,
}

/// The country of an address; nothing where none is known, and for those with a special purpose: private, reserved, of documents.
pub(super) fn country(address: IpAddr) -> Option<Arc<Place>> {
    let table = &*TABLE;
    let number = match address {
        IpAddr::V4(v4) => table.v4.find(u128::from(u32::from(v4)) << 96),
        IpAddr::V6(v6) => table.v6.find(u128::from(v6)),
    };
    table.places.get(number?)?.clone()
}

/// All countries in the table.
pub(super) fn countries() -> impl Iterator<Item = &'static str> {
    TABLE.places.iter().flatten().filter_map(|place| match place.country {
        Cow::Borrowed(code) => Some(code),
        Cow::Owned(_) => None,
    })
}

/// What the table is.
pub fn table() -> TableFacts {
    let table = &*TABLE;
    let day = table.origin.split(" · ").find_map(|part| part.trim().parse().ok());
    TableFacts {
        day: day.map_or(Day(0), Day::of),
        origin: table.origin.rsplit(" · from ").next().unwrap_or(table.origin),
        bytes: BYTES.len(),
        countries: table.places.iter().flatten().count(),
    }
}

/// The address that counts: networks that carry the older version within the newer one hold the older address. Its country is
/// asked for, not that of whoever runs the tunnel.
pub(super) fn embedded_v4(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => older(v6).map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    }
}

fn older(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let number = u128::from(address);
    match address.segments() {
        // 6to4, RFC 3056.
        [0x2002, ..] => Some(Ipv4Addr::from((number >> 80) as u32)),
        // Teredo, RFC 4380: the client's address, each bit turned.
        [0x2001, 0, ..] => Some(Ipv4Addr::from(!(number as u32))),
        // Translators, RFC 6052.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(Ipv4Addr::from(number as u32)),
        _ => None,
    }
}

impl BlockTable {
    fn read(bytes: &'static [u8]) -> Option<BlockTable> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let origin = str::from_utf8(&bytes[..end]).ok()?.trim_start_matches(['#', ' ']);
        let mut rest = &bytes[end + 1..];
        let count = size(&mut rest)?;
        let names = taken::<2>(&mut rest, count)?;
        let place = |name: &'static [u8; 2]| {
            let name = str::from_utf8(name).ok()?;
            (name != "--").then(|| Arc::new(Place::of_country(name)))
        };
        let places = names.iter().map(place).collect();
        Some(BlockTable { origin, places, v4: Family::read::<4>(&mut rest)?, v6: Family::read::<16>(&mut rest)? })
    }
}

/// Values of [`Head::bits`] that are looked up.
const HEADS: u64 = 1 << 16;

impl<const B: usize> Family<B> {
    /// Bits of an address that blocks keep.
    const START_BITS: u32 = 8 * (B as u32 - 4);

    /// All of the older version by their first 16 bits; of the newer one, addresses begin with `2000::/4`.
    const HEAD: Head = if B == 8 { Head { bits: 16, base: 0 } } else { Head { bits: 20, base: 0x2_0000 } };

    /// Reads the family whose lengths are `N` bytes each.
    fn read<const N: usize>(rest: &mut &'static [u8]) -> Option<Family<B>> {
        let [blocks, lengths, runs] = [size(rest)?, size(rest)?, size(rest)?];
        let blocks = taken(rest, blocks)?;
        let lengths = taken::<N>(rest, lengths)?.iter().map(|length| number(length) << (128 - 8 * N)).collect();
        let mut family = Family { blocks, lengths, runs: taken::<1>(rest, runs)?.as_flattened(), first: Vec::new() };
        family.first = family.heads()?;
        Some(family)
    }

    fn heads(&self) -> Option<Vec<u16>> {
        let mut begun = 0;
        let below = |head: u64| {
            let limit = (head + Self::HEAD.base) << (Self::START_BITS - Self::HEAD.bits);
            begun += self.blocks[begun..].iter().take_while(|block| Self::start(block) < limit).count();
            u16::try_from(begun).ok()
        };
        (0..=HEADS).map(below).collect()
    }

    /// The bits that are kept of a block's first address.
    fn start(block: &[u8; B]) -> u64 {
        number::<B>(block) as u64 & u64::MAX >> (64 - Self::START_BITS)
    }

    /// The number of the country of an address.
    fn find(&self, address: u128) -> Option<usize> {
        let start = (address >> (128 - Self::START_BITS)) as u64;
        let head = (start >> (Self::START_BITS - Self::HEAD.bits)).wrapping_sub(Self::HEAD.base);
        let near = usize::try_from(head).ok().and_then(|head| self.first.get(head..)?.first_chunk());
        let [from, to] = near.map_or([0, self.blocks.len()], |near: &[u16; 2]| near.map(usize::from));
        let behind = from + self.blocks.get(from..to)?.partition_point(|block| Self::start(block) <= start);
        let block = self.blocks.get(behind.checked_sub(1)?)?;
        let offset = u32::from_le_bytes(*block.last_chunk()?) as usize;
        self.walk(offset, address - (u128::from(Self::start(block)) << (128 - Self::START_BITS)))
    }

    /// The country so far behind the first address of the runs that begin here.
    fn walk(&self, offset: usize, mut left: u128) -> Option<usize> {
        let mut runs = self.runs.get(offset..)?;
        loop {
            let [country, short, ..] = *runs else { return None };
            let short = usize::from(short);
            let (code, read) = match short.checked_sub(SHORT_CODES) {
                None => (short, 2),
                Some(page) => (SHORT_CODES + page * 256 + usize::from(*runs.get(2)?), 3),
            };
            let length = *self.lengths.get(code)?;
            if left < length {
                return Some(usize::from(country));
            }
            left -= length;
            runs = runs.get(read..)?;
        }
    }
}

fn number<const N: usize>(bytes: &[u8; N]) -> u128 {
    let mut wide = [0; 16];
    wide[..N].copy_from_slice(bytes);
    u128::from_le_bytes(wide)
}

/// A size in four bytes.
fn size(rest: &mut &'static [u8]) -> Option<usize> {
    Some(u32::from_le_bytes(*taken::<4>(rest, 1)?.first()?) as usize)
}

/// The next pieces of `N` bytes.
fn taken<const N: usize>(rest: &mut &'static [u8], pieces: usize) -> Option<&'static [[u8; N]]> {
    let (taken, after) = rest.split_at_checked(pieces.checked_mul(N)?)?;
    *rest = after;
    Some(taken.as_chunks().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::NOT_SET;

    /// Rows of what the table is made of.
    const SAMPLE: &str = include_str!("../data/countries_sample.tsv");

    fn told(address: IpAddr) -> String {
        country(address).map_or("-".to_owned(), |place| place.country.to_string())
    }

    fn beside(address: IpAddr, step: i8) -> Option<IpAddr> {
        match address {
            IpAddr::V4(v4) => u32::from(v4).checked_add_signed(step.into()).map(|n| IpAddr::V4(n.into())),
            IpAddr::V6(v6) => u128::from(v6).checked_add_signed(step.into()).map(|n| IpAddr::V6(n.into())),
        }
    }

    #[test]
    fn the_edges_of_the_sources_rows_have_the_countries_of_the_source() {
        let rows: Vec<_> = SAMPLE.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(rows.len() >= 1_000, "{}", rows.len());
        for row in rows {
            let [first, last, want] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
            let [first, last]: [IpAddr; 2] = [first, last].map(|address| address.parse().unwrap());
            let asked = [beside(first, -1), Some(first), Some(last), beside(last, 1)];
            let got: Vec<_> = asked.into_iter().flatten().map(told).collect();
            assert_eq!(got.join(" "), want, "{row}");
        }
    }

    /// Reads a family from its first byte to its last, without its blocks: first address and number of each run.
    fn walked(bytes: &[u8], width: usize, block: usize, at: &mut usize) -> Vec<(u128, usize)> {
        let mut next = |bytes_of: usize| {
            let piece = bytes[*at..*at + bytes_of].iter().rev().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
            *at += bytes_of;
            piece
        };
        let [blocks, lengths, _] = [next(4), next(4), next(4)];
        for _ in 0..blocks {
            next(block);
        }
        let lengths: Vec<u128> = (0..lengths).map(|_| next(width)).collect();
        let (mut runs, mut start) = (Vec::new(), 0_u128);
        loop {
            let (country, code) = (next(1), next(1));
            let code = if code < 224 { code } else { 224 + (code - 224) * 256 + next(1) };
            runs.push((start, country as usize));
            // The last one ends where there are no more addresses.
            match start.checked_add(lengths[code as usize]) {
                Some(after) if after >> (8 * width - 1) < 2 => start = after,
                _ => return runs,
            }
        }
    }

    #[test]
    fn what_is_found_is_what_a_walk_over_all_bytes_finds() {
        let names = BYTES.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let count = u32::from_le_bytes(BYTES[names..names + 4].try_into().unwrap()) as usize;
        let mut at = names + 4 + 2 * count;
        let v4 = walked(BYTES, 4, 8, &mut at);
        let v6 = walked(BYTES, 16, 12, &mut at);
        assert_eq!((at, count), (BYTES.len(), TABLE.places.len()));
        assert!(v4.len() > 250_000 && v6.len() > 150_000, "{} {}", v4.len(), v6.len());
        // A prime, so that each place of a block has its turn.
        for (runs, is_v6) in [(&v4, false), (&v6, true)] {
            let find = |address| if is_v6 { TABLE.v6.find(address) } else { TABLE.v4.find(address << 96) };
            for pair in runs.windows(2).step_by(13) {
                assert_eq!(find(pair[0].0), Some(pair[0].1));
                assert_eq!(find(pair[1].0 - 1), Some(pair[0].1));
                assert_eq!(find(pair[1].0), Some(pair[1].1));
            }
        }
        assert_eq!(TABLE.v4.find(u128::MAX), v4.last().map(|run| run.1));
        assert_eq!(TABLE.v6.find(u128::MAX), v6.last().map(|run| run.1));
    }

    #[test]
    fn addresses_with_a_special_purpose_have_no_country() {
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.0.9",
            "192.0.2.1",
            "192.168.1.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::8.8.8.8",
            "100::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "64:ff9b:1::808:808",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2d00::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert_eq!(told(address.parse().unwrap()), "-", "{address}");
        }
    }

    #[test]
    fn well_known_networks_are_where_they_are() {
        for (address, want) in [
            ("141.30.1.1", "DE"),
            ("130.59.31.80", "CH"),
            ("193.0.6.139", "NL"),
            ("202.12.27.33", "JP"),
            ("2001:67c:2e8::1", "NL"),
            ("2001:240:bb81::1", "JP"),
            // Filled up with the registry's own country in the source.
            ("2001:200:0:8002::1", "-"),
            ("2a02:8070::1", "DE"),
            ("2804:14c::1", "BR"),
        ] {
            assert_eq!(told(address.parse().unwrap()), want, "{address}");
        }
    }

    #[test]
    fn an_address_within_another_counts() {
        for (address, want) in [
            ("::ffff:193.0.6.139", "193.0.6.139"),
            ("2002:c100:68b::1", "193.0.6.139"),
            ("2001:0:53aa:64c:0:0:3eff:f974", "193.0.6.139"),
            ("64:ff9b::c100:68b", "193.0.6.139"),
            ("64:ff9b:1::c100:68b", "64:ff9b:1::c100:68b"),
            ("2001:67c:2e8::1", "2001:67c:2e8::1"),
            ("193.0.6.139", "193.0.6.139"),
        ] {
            assert_eq!(embedded_v4(address.parse().unwrap()), want.parse::<IpAddr>().unwrap(), "{address}");
        }
    }

    #[test]
    fn the_table_says_what_it_is_and_is_small() {
        let facts = table();
        assert!(facts.day > Day::of(jiff::civil::date(2026, 1, 1)), "{}", facts.day);
        assert!(facts.origin.starts_with("@ip-location-db/") && !facts.origin.contains("src/"), "{}", facts.origin);
        assert!(facts.origin.contains("CC BY 4.0") && facts.origin.contains("nro.net"), "{}", facts.origin);
        assert!((500_000..2_000_000).contains(&facts.bytes), "{}", facts.bytes);
        assert!((240..=255).contains(&facts.countries), "{}", facts.countries);
        let names = include_str!("../../page/data/countries.tsv");
        for place in TABLE.places.iter().flatten() {
            assert!(names.contains(&format!("\n{}\t", place.country)), "{}", place.country);
            assert_eq!((&*place.region, &*place.city), (NOT_SET, NOT_SET));
        }
    }

    #[test]
    fn a_damaged_table_is_no_table() {
        for end in [0, 10, 200, 300, 1_000, 100_000, BYTES.len() - 1] {
            assert!(BlockTable::read(&BYTES[..end]).is_none(), "{end} bytes");
        }
        assert!(BlockTable::read(BYTES).is_some());
    }
}
