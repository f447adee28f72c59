//! Reads the cells of a chunk, one after the other.
//!
//! Most readers want few of a chunk's cells: a key is read before its tally, and tallies in between are passed over together when one
//! is wanted.

use super::code::{WRITTEN_OUT, decoded, has_seconds};
use super::column::Bytes;
use super::{COLUMNS, CellKey, Damaged};
use crate::cell::Tally;

/// How far a chunk is read: the cells before, the last key, and the bytes taken of each column.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ChunkPosition {
    cells: usize,
    key: CellKey,
    /// Cells that are left of the present first number.
    left: u64,
    bytes: [usize; COLUMNS],
}

/// A chunk while it is read.
pub(super) struct ChunkReader<'a> {
    cells: usize,
    columns: [&'a [u8]; COLUMNS],
    at: usize,
    key: CellKey,
    left: u64,
    gaps: Bytes<'a>,
    runs: Bytes<'a>,
    steps: Bytes<'a>,
    codes: &'a [u8],
    tallies: Tallies<'a>,
    /// Cells before this one have their tallies read.
    settled: usize,
}

impl<'a> ChunkReader<'a> {
    /// Reads so many cells, the first number of the first of which is `begins`, from their columns.
    pub(super) fn of(cells: usize, begins: u32, columns: [&'a [u8]; COLUMNS]) -> Result<ChunkReader<'a>, Damaged> {
        ChunkReader::at(ChunkPosition { key: (begins, 0), ..ChunkPosition::default() }, cells, columns)
    }

    /// Goes on where [`ChunkReader::position`] was.
    pub(super) fn at(
        position: ChunkPosition,
        cells: usize,
        columns: [&'a [u8]; COLUMNS],
    ) -> Result<ChunkReader<'a>, Damaged> {
        let codes = columns[3];
        if !codes.is_empty() && codes.len() != cells {
            return Err(Damaged);
        }
        let column = |place: usize| Bytes::after(columns[place], position.bytes[place]);
        let [gaps, runs, steps] = [column(0), column(1), column(2)];
        let tallies = Tallies { seconds: column(4), written_out: column(5), engaged: column(6), revenue: column(7) };
        let ChunkPosition { cells: at, key, left, .. } = position;
        Ok(ChunkReader { cells, columns, at, key, left, gaps, runs, steps, codes, tallies, settled: at })
    }

    /// How far it is, when the tallies of all keys are read.
    pub(super) fn position(&self) -> ChunkPosition {
        let Tallies { seconds, written_out, engaged, revenue } = &self.tallies;
        let none = Bytes::of(&[]);
        let rests = [&self.gaps, &self.runs, &self.steps, &none, seconds, written_out, engaged, revenue];
        let mut bytes = [0; COLUMNS];
        for (place, rest) in rests.into_iter().enumerate() {
            bytes[place] = self.columns[place].len() - rest.rest().len();
        }
        ChunkPosition { cells: self.at, key: self.key, left: self.left, bytes }
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

    /// The next key, or the first one after it that has another first number or at least this second one.
    pub(super) fn seek(&mut self, second: u32) -> Result<Option<CellKey>, Damaged> {
        let Some((a, mut b)) = self.key()? else { return Ok(None) };
        // The rest of a run has nothing but steps.
        let (begun, mut steps) = (self.in_run()?, self.steps);
        let mut left = begun;
        while b < second && left > 0 {
            b = steps.small()?.checked_add(1).and_then(|step| b.checked_add(step)).ok_or(Damaged)?;
            left -= 1;
        }
        (self.at, self.left, self.steps, self.key) = (self.at + (begun - left), left as u64, steps, (a, b));
        Ok(Some(self.key))
    }

    /// Passes over the cells that are left of the present first number.
    pub(super) fn pass_first(&mut self) -> Result<(), Damaged> {
        let cells = self.in_run()?;
        self.steps.pass(cells)?;
        (self.at, self.left) = (self.at + cells, 0);
        Ok(())
    }

    /// How many cells are left of the present first number.
    fn in_run(&self) -> Result<usize, Damaged> {
        usize::try_from(self.left).ok().filter(|left| *left <= self.cells - self.at).ok_or(Damaged)
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
struct Tallies<'a> {
    seconds: Bytes<'a>,
    written_out: Bytes<'a>,
    engaged: Bytes<'a>,
    revenue: Bytes<'a>,
}

/// Numbers of a tally that is written out, seconds among them, and those of its engagement.
const WRITTEN_NUMBERS: usize = 6;
const ENGAGED_NUMBERS: usize = 3;

impl Tallies<'_> {
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
            Some(codes) => codes.iter().map(|code| usize::from(has_seconds(*code))).sum(),
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
