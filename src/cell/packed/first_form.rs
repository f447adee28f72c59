//! Reads the cells of a chunk as the first form has them, which is not written any more: numbers in groups of 7 bits, engagement and
//! what is written out each in one column.

use super::chunk_reader::ChunkPosition;
use super::code::{WRITTEN_OUT, decoded, has_seconds};
use super::column::Bytes;
use super::columns::ALL;
use super::{CellKey, Damaged};
use crate::cell::Tally;

/// Columns of a chunk in this form.
pub(super) const FIRST_COLUMNS: usize = 8;

/// A chunk of the first form while it is read.
pub(super) struct FirstFormReader<'a> {
    cells: usize,
    columns: [&'a [u8]; FIRST_COLUMNS],
    at: usize,
    key: CellKey,
    left: u64,
    gaps: Bytes<'a>,
    runs: Bytes<'a>,
    steps: Bytes<'a>,
    codes: &'a [u8],
    tallies: FirstTallies<'a>,
    /// Cells before this one have their tallies read.
    settled: usize,
}

impl<'a> FirstFormReader<'a> {
    /// Reads so many cells from their columns, and goes on where [`FirstFormReader::position`] was.
    pub(super) fn at(
        position: ChunkPosition,
        cells: usize,
        columns: [&'a [u8]; ALL],
    ) -> Result<FirstFormReader<'a>, Damaged> {
        let columns: [&[u8]; FIRST_COLUMNS] = std::array::from_fn(|place| columns[place]);
        let codes = columns[3];
        if !codes.is_empty() && codes.len() != cells {
            return Err(Damaged);
        }
        let column = |place: usize| Bytes::after(columns[place], position.taken[place]);
        let [gaps, runs, steps] = [column(0), column(1), column(2)];
        let tallies =
            FirstTallies { seconds: column(4), written_out: column(5), engaged: column(6), revenue: column(7) };
        let ChunkPosition { cells: at, key, left, .. } = position;
        Ok(FirstFormReader { cells, columns, at, key, left, gaps, runs, steps, codes, tallies, settled: at })
    }

    /// How far it is, when the tallies of all keys are read.
    pub(super) fn position(&self) -> ChunkPosition {
        let FirstTallies { seconds, written_out, engaged, revenue } = &self.tallies;
        let none = Bytes::of(&[]);
        let rests = [&self.gaps, &self.runs, &self.steps, &none, seconds, written_out, engaged, revenue];
        let mut taken = [0; ALL];
        for (place, rest) in rests.into_iter().enumerate() {
            taken[place] = self.columns[place].len() - rest.rest().len();
        }
        ChunkPosition { cells: self.at, key: self.key, left: self.left, taken, ..ChunkPosition::begin(0) }
    }

    /// The key of the next cell.
    pub(super) fn key(&mut self) -> Result<Option<CellKey>, Damaged> {
        if self.at == self.cells {
            return Ok(None);
        }
        let (mut a, mut b) = self.key;
        let mut is_first = self.at == 0;
        if self.left == 0 {
            if !is_first {
                let gap = self.gaps.small()?.checked_add(1).ok_or(Damaged)?;
                a = a.checked_add(gap).ok_or(Damaged)?;
            }
            (self.left, is_first) = (self.runs.number()?, true);
        }
        let step = self.steps.small()?;
        b = if is_first { step } else { b.checked_add(step).and_then(|b| b.checked_add(1)).ok_or(Damaged)? };
        self.left = self.left.checked_sub(1).ok_or(Damaged)?;
        (self.at, self.key) = (self.at + 1, (a, b));
        Ok(Some(self.key))
    }

    /// How many cells are left of the first number that was read last.
    #[inline]
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Passes over the cells that are left of the first number that was read last.
    pub(super) fn pass_first(&mut self) -> Result<(), Damaged> {
        let cells = usize::try_from(self.left).ok().filter(|left| *left <= self.cells - self.at).ok_or(Damaged)?;
        self.steps.pass(cells)?;
        (self.at, self.left) = (self.at + cells, 0);
        Ok(())
    }

    /// The tally of the key that was read last.
    pub(super) fn tally(&mut self) -> Result<Tally, Damaged> {
        let last = self.at - 1;
        if self.settled < last {
            self.tallies.pass(self.codes.get(self.settled..last), last - self.settled)?;
        }
        self.settled = self.at;
        self.tallies.next(self.codes.get(last).copied().unwrap_or(0))
    }
}

/// The columns that tallies are made of.
struct FirstTallies<'a> {
    seconds: Bytes<'a>,
    written_out: Bytes<'a>,
    engaged: Bytes<'a>,
    revenue: Bytes<'a>,
}

/// Numbers of a tally that is written out, seconds among them, and those of its engagement.
const WRITTEN_NUMBERS: usize = 6;
const ENGAGED_NUMBERS: usize = 3;

impl FirstTallies<'_> {
    fn next(&mut self, code: u8) -> Result<Tally, Damaged> {
        let mut tally = match code {
            WRITTEN_OUT => self.written_out()?,
            _ => decoded(code),
        };
        if has_seconds(code) {
            tally.seconds = i64::try_from(self.seconds.number()?).map_err(|_| Damaged)?;
        }
        tally.engaged_visits = self.engaged.signed()?;
        tally.engaged_ms = self.engaged.signed()?;
        tally.scroll = self.engaged.signed()?;
        tally.revenue = self.revenue.signed()?;
        Ok(tally)
    }

    fn written_out(&mut self) -> Result<Tally, Damaged> {
        let from = &mut self.written_out;
        let visitors = from.signed()?;
        let visits = visitors.checked_add(from.signed()?).ok_or(Damaged)?;
        let (pageviews, events) = (from.signed()?, from.signed()?);
        let (bounces, seconds) = (from.signed()?, from.signed()?);
        Ok(Tally { visitors, visits, pageviews, events, bounces, seconds, ..Tally::ZERO })
    }

    /// Passes over so many tallies with these codes; without codes each has the first.
    fn pass(&mut self, codes: Option<&[u8]>, tallies: usize) -> Result<(), Damaged> {
        let with_seconds = match codes {
            Some(codes) => codes.iter().filter(|code| has_seconds(**code)).count(),
            None if has_seconds(0) => tallies,
            None => 0,
        };
        let written_out = codes.map_or(0, |codes| codes.iter().filter(|code| **code == WRITTEN_OUT).count());
        self.seconds.pass(with_seconds)?;
        self.written_out.pass(written_out * WRITTEN_NUMBERS)?;
        self.engaged.pass(tallies * ENGAGED_NUMBERS)?;
        self.revenue.pass(tallies)
    }
}
