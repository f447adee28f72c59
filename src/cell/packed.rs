//! Packs sums of cells, in order of their two numbers, into a few bytes each, and reads them again.
//!
//! A closed day keeps its cells in this form: about 2 bytes where a row of a table takes 28. Cells lie in chunks, and each
//! chunk holds its numbers by column (`columns.rs`):
//!
//! - how far each first number is from the last one, and how many cells have it; the steps of the second number among them;
//! - a code of one byte for the usual tallies (a visit or a few, with their pageviews and bounces); 255 stands
//!   for any other, whose numbers then follow, some as the difference to what others let guess (`rates.rs`);
//! - seconds of cells that have a visit which is no bounce; engagement and revenue, where there is any.
//!
//! A large number is a token of one byte and the bits that are left (`token.rs`). A block bears a sum of its bytes. Blocks of the first form, which had fewer columns and
//! numbers in groups of 7 bits, are read as they were written (`first_form.rs`).
//!
//! [`BlockPacker`] packs chunks of several tables together, column by column, so that what is alike lies side by side: tables that share
//! a dimension repeat each other. Its head tells which tables and first numbers it holds, so that nobody opens it in vain.

mod block_cursor;
mod chunk_reader;
mod chunk_builder;
mod code;
mod column;
mod column_block;
mod columns;
mod first_form;
mod rates;
mod token;

use std::ops::RangeInclusive;

use super::Tally;
pub use block_cursor::BlockCursor;
pub use chunk_builder::{Chunk, ChunkBuilder, chunks};
pub use column::release;
pub(crate) use column::{Bytes, put, put_signed};
pub use column_block::{BlockPacker, ColumnBlock, PackedBlock};

/// The numbers of a cell: those of its two values, or of its value and 0, or of its value and its hour.
pub type CellKey = (u32, u32);

/// Bytes that are no packed cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("packed cells are damaged")]
pub struct Damaged;

/// Packs the cells of one table, which come in order of their keys, each key once. Tallies of nothing are left out.
pub fn pack(cells: impl IntoIterator<Item = (CellKey, Tally)>) -> Vec<u8> {
    let mut packer = BlockPacker::default();
    let mut packed = Vec::new();
    let mut keep = |block: PackedBlock| {
        put(&mut packed, block.bytes.len() as u64);
        packed.extend_from_slice(&block.bytes);
    };
    for chunk in chunks(cells) {
        packer.add(0, chunk).into_iter().for_each(&mut keep);
    }
    packer.finish().into_iter().for_each(keep);
    packed
}

/// Hands out the cells of [`pack`] whose first number lies in `first` and which are wanted, in order.
///
/// # Errors
/// [`Damaged`]; some cells may have been handed out by then.
pub fn unpack(
    packed: &[u8],
    first: RangeInclusive<u32>,
    wanted: impl Fn(CellKey) -> bool,
    mut take: impl FnMut(CellKey, Tally),
) -> Result<(), Damaged> {
    let mut rest = Bytes::of(packed);
    while !rest.rest().is_empty() {
        let length = rest.length()?;
        ColumnBlock::open(rest.take(length)?)?.each(0, first.clone(), &wanted, &mut take)?;
    }
    Ok(())
}

/// As [`ColumnBlock::visitors`], of [`pack`].
///
/// # Errors
/// [`Damaged`]
pub fn visitors(packed: &[u8], mut take: impl FnMut(i64, u64)) -> Result<(), Damaged> {
    let mut rest = Bytes::of(packed);
    while !rest.rest().is_empty() {
        let length = rest.length()?;
        ColumnBlock::open(rest.take(length)?)?.visitors(&mut take)?;
    }
    Ok(())
}

/// Whether the bytes of [`pack`] are what was written, as far as each block bears a sum of them.
pub fn is_sound(packed: &[u8]) -> bool {
    let mut rest = Bytes::of(packed);
    while !rest.rest().is_empty() {
        let block = rest.length().and_then(|length| rest.take(length)).and_then(ColumnBlock::open);
        if block.is_err() {
            return false;
        }
    }
    true
}

/// All cells of [`pack`], in order.
///
/// # Errors
/// [`Damaged`]
pub fn unpack_all(packed: &[u8]) -> Result<Vec<(CellKey, Tally)>, Damaged> {
    let mut cells = Vec::new();
    unpack(packed, 0..=u32::MAX, |_| true, |key, tally| cells.push((key, tally)))?;
    Ok(cells)
}

/// Adds up cells of two lists, both in order.
pub fn merged(a: Vec<(CellKey, Tally)>, b: Vec<(CellKey, Tally)>) -> Vec<(CellKey, Tally)> {
    let mut sum: Vec<(CellKey, Tally)> = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    while let Some(key) = a.peek().map(|cell| cell.0).into_iter().chain(b.peek().map(|cell| cell.0)).min() {
        let parts = [a.next_if(|cell| cell.0 == key), b.next_if(|cell| cell.0 == key)];
        sum.push((key, parts.into_iter().flatten().fold(Tally::ZERO, |sum, (_, tally)| sum + tally)));
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally() -> impl Strategy<Value = Tally> {
        let number = || prop_oneof![20 => 0..5i64, 3 => 0..100_000i64, 1 => any::<i32>().prop_map(i64::from)];
        let usual =
            (1..5i64, 0..20i64, 0..3i64, 0..5i64, 0..4_000i64).prop_map(|(visits, more, events, b, seconds)| {
                let bounces = b.min(visits);
                let first_visitors = if seconds % 3 == 0 { 0 } else { visits - more % 2 };
                let usual = Tally { visitors: visits, visits, first_visitors, ..Tally::ZERO };
                Tally { pageviews: visits + more, events, bounces, seconds, ..usual }
            });
        let any = prop::array::uniform11(number()).prop_map(Tally::from_columns);
        prop_oneof![3 => usual, 1 => any]
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            cells in prop::collection::btree_map((0..60_u32, prop_oneof![0..100_u32, any::<u32>()]), tally(), 0..400),
            from in 0..60_u32,
            until in 0..60_u32,
        ) {
            let packed = pack(cells.clone());
            let expected: Vec<_> = cells.iter().filter(|(_, tally)| !tally.is_zero()).map(|(k, t)| (*k, *t)).collect();
            prop_assert_eq!(&unpack_all(&packed).unwrap(), &expected);
            let mut counted = std::collections::BTreeMap::<i64, u64>::new();
            visitors(&packed, |visitors, cells| *counted.entry(visitors).or_default() += cells).unwrap();
            let mut one_by_one = std::collections::BTreeMap::<i64, u64>::new();
            expected.iter().for_each(|(_, tally)| *one_by_one.entry(tally.visitors).or_default() += 1);
            prop_assert_eq!(counted, one_by_one);
            let mut some = Vec::new();
            unpack(&packed, from..=until, |key| key.1.is_multiple_of(2), |key, tally| some.push((key, tally))).unwrap();
            let is_wanted = |key: &CellKey| (from..=until).contains(&key.0) && key.1.is_multiple_of(2);
            prop_assert_eq!(some, expected.into_iter().filter(|(key, _)| is_wanted(key)).collect::<Vec<_>>());
        }

        #[test]
        fn whatever_stands_beside_the_numbers_of_cells_is_damage(
            cells in prop::collection::btree_map((0..60_u32, any::<u32>()), tally(), 1..400),
            column in any::<prop::sample::Index>(),
            said in "[ -~]{8,20}",
        ) {
            let chunk = chunks(cells).next();
            prop_assume!(chunk.is_some());
            let mut chunk = chunk.unwrap();
            let block = |chunk: &Chunk| {
                let mut packer = BlockPacker::of_one_block();
                assert!(packer.add(0, chunk.clone()).is_none());
                packer.finish().unwrap().bytes
            };
            let is_sound = |bytes: &[u8]| ColumnBlock::open(bytes).and_then(|block| block.visitors(|_, _| {})).is_ok();
            let sound = block(&chunk);
            prop_assert!(is_sound(&sound));
            prop_assert!(!is_sound(&[&sound, said.as_bytes()].concat()));
            let used: Vec<usize> = (0..chunk.columns.len()).filter(|place| !chunk.columns[*place].is_empty()).collect();
            let column = used[column.index(used.len())];
            chunk.columns[column].extend_from_slice(said.as_bytes());
            prop_assert!(!is_sound(&block(&chunk)));
        }

        #[test]
        fn cells_of_one_number_are_found_whichever_it_is(
            cells in prop::collection::btree_map((0..40_u32, prop_oneof![0..12_u32, 0..900_u32]), tally(), 0..400),
            wanted in 0..14_u32,
        ) {
            let mut packer = BlockPacker::default();
            for chunk in chunks(cells.clone()) {
                prop_assert!(packer.add(7, chunk).is_none());
            }
            let Some(block) = packer.finish() else { return Ok(()) };
            let block = ColumnBlock::open(&block.bytes).unwrap();
            let (mut of_first, mut of_second, mut of_other) = (Vec::new(), Vec::new(), Vec::new());
            block.each(7, wanted..=wanted, |_| true, |key, tally| of_first.push((key, tally))).unwrap();
            block.each_of_second(7, wanted, |key, tally| of_second.push((key, tally))).unwrap();
            block.each_of_second(8, wanted, |key, tally| of_other.push((key, tally))).unwrap();
            let there = || cells.iter().filter(|(_, tally)| !tally.is_zero()).map(|(key, tally)| (*key, *tally));
            prop_assert_eq!(of_first, there().filter(|(key, _)| key.0 == wanted).collect::<Vec<_>>());
            prop_assert_eq!(of_second, there().filter(|(key, _)| key.1 == wanted).collect::<Vec<_>>());
            prop_assert_eq!(of_other, vec![]);
        }

        #[test]
        fn two_lists_add_up(
            a in prop::collection::btree_map((0..4_u32, 0..9_u32), tally(), 0..20),
            b in prop::collection::btree_map((0..4_u32, 0..9_u32), tally(), 0..20),
        ) {
            let mut expected = a.clone();
            for (key, tally) in &b {
                *expected.entry(*key).or_default() += *tally;
            }
            let sum = merged(a.into_iter().collect(), b.into_iter().collect());
            prop_assert_eq!(sum, expected.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn damaged_bytes_are_an_error_and_nothing_worse(
            cells in prop::collection::btree_map((0..60_u32, 0..100_u32), tally(), 1..200),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            // One cell that is there in any case.
            let one = Tally { visits: 1, ..Tally::ZERO };
            let mut packed = pack(cells.into_iter().chain([((60, 0), one)]));
            for (place, byte) in changes {
                let place = place.index(packed.len());
                packed[place] = byte;
            }
            let _ = unpack_all(&packed);
            let mut rest = Bytes::of(&packed);
            let first = rest.length().and_then(|length| rest.take(length)).and_then(ColumnBlock::open);
            let _ = first.and_then(|block| block.each_of_second(0, 3, |_, _| {}));
            packed.truncate(cut.index(packed.len()));
            let _ = unpack_all(&packed);
        }
    }

    #[test]
    fn a_byte_that_changed_is_told_wherever_it_is() {
        let one = Tally { visitors: 1, visits: 1, pageviews: 3, seconds: 77, ..Tally::ZERO };
        let packed = pack((0..900_u32).map(|at| ((at * 3, at % 5), one)));
        let mut rest = Bytes::of(&packed);
        let length = rest.length().unwrap();
        let block = rest.take(length).unwrap().to_vec();
        assert!(ColumnBlock::open(&block).is_ok());
        for place in 1..block.len() {
            for bit in 0..8 {
                let mut changed = block.clone();
                changed[place] ^= 1 << bit;
                assert!(ColumnBlock::open(&changed).is_err(), "{place} {bit}");
            }
        }
        // As blocks were written before, without a sum.
        let mut older = vec![2];
        older.extend_from_slice(&block[5..]);
        let mut cells = 0;
        ColumnBlock::open(&older).unwrap().each(0, 0..=u32::MAX, |_| true, |_, _| cells += 1).unwrap();
        assert_eq!(cells, 900);
    }

    #[test]
    fn a_table_of_any_size_is_read_as_it_was_packed() {
        let large = Tally { visitors: 2, visits: 3, pageviews: 7, events: 9, engaged_ms: 1 << 40, ..Tally::ZERO };
        let packed = pack((0..300_000_u32).map(|at| ((at / 7, at % 7), large)));
        let mut cells = 0;
        unpack(&packed, 0..=u32::MAX, |_| true, |_, tally| cells += u32::from(tally == large)).unwrap();
        assert_eq!(cells, 300_000);
    }

    #[test]
    fn one_first_number_is_found_among_many_chunks() {
        let one = Tally { visitors: 1, visits: 1, pageviews: 1, bounces: 1, ..Tally::ZERO };
        let cells = (0..50_000_u32).map(|at| ((at / 10, at % 10), one));
        let packed = pack(cells);
        let mut found = Vec::new();
        unpack(&packed, 1_234..=1_234, |_| true, |key, _| found.push(key)).unwrap();
        assert_eq!(found, (0..10).map(|b| (1_234, b)).collect::<Vec<_>>());
        assert!(packed.len() < 2_000, "{} bytes", packed.len());
    }
}
