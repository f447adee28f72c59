//! Reads the cells of a chunk, one after the other.
//!
//! Most readers want few of a chunk's cells: a key is read before its tally, and tallies in between are passed over when one is wanted.

use super::code::{WRITTEN_OUT, decoded, seconds_column};
use super::column::Bytes;
use super::columns::{self, ALL, ENGAGED_NONE, ENGAGED_ODD, ENGAGED_USUAL};
use super::rates::Rates;
use super::token::{Bits, Tokens, unfolded};
use super::{CellKey, Damaged};
use crate::cell::Tally;

/// How far a chunk is read: the cells before, the last key, and what is taken of each column.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkPosition {
    pub(super) cells: usize,
    pub(super) key: CellKey,
    /// Cells that are left of the present first number.
    pub(super) left: u64,
    /// Bytes, tokens or bits.
    pub(super) taken: [usize; ALL],
    /// The column of its steps, and where its second numbers begin.
    pub(super) steps: usize,
    pub(super) begin: u32,
    pub(super) rates: Rates,
}

impl ChunkPosition {
    /// Before the first cell, of this first number.
    pub(super) fn begin(first: u32) -> ChunkPosition {
        let (taken, rates) = ([0; ALL], Rates::default());
        ChunkPosition { cells: 0, key: (first, 0), left: 0, taken, steps: 0, begin: 0, rates }
    }
}

/// A chunk while it is read.
pub(super) struct ChunkReader<'a> {
    cells: usize,
    /// Cells whose keys are read.
    at: usize,
    key: CellKey,
    left: u64,
    steps: usize,
    begin: u32,
    /// Whether the first cell of the present first number comes next.
    has_begun: bool,
    gaps: Bytes<'a>,
    runs: Bytes<'a>,
    step_bits: Bits<'a>,
    tallies: Tallies<'a>,
    /// Cells before this one have their tallies read.
    settled: usize,
}

impl<'a> ChunkReader<'a> {
    /// Reads so many cells from their columns, and goes on where [`ChunkReader::position`] was.
    pub(super) fn at(position: ChunkPosition, cells: usize, of: [&'a [u8]; ALL]) -> ChunkReader<'a> {
        let ChunkPosition { cells: at, key, left, taken, steps, begin, rates } = position;
        let bytes = |place: usize| Bytes::after(of[place], taken[place]);
        let bits = |place: usize| Bits::after(of[place], taken[place]);
        let tallies = Tallies {
            tokens: std::array::from_fn(|place| Tokens::after(of[place], taken[place])),
            bits: bits(columns::TALLY_BITS),
            revenue: bytes(columns::REVENUE),
            rates,
            has_engagement: !of[columns::ENGAGED].is_empty(),
            has_revenue: !of[columns::REVENUE].is_empty(),
            has_first_visitors: !of[columns::FIRST_VISITORS].is_empty(),
        };
        let (gaps, runs, step_bits) = (bytes(columns::GAPS), bytes(columns::RUNS), bits(columns::STEP_BITS));
        ChunkReader {
            cells,
            at,
            key,
            left,
            steps,
            begin,
            has_begun: false,
            gaps,
            runs,
            step_bits,
            tallies,
            settled: at,
        }
    }

    /// How far it is, when the tallies of all keys are read.
    pub(super) fn position(&self) -> ChunkPosition {
        let Tallies { tokens, bits, revenue, rates, .. } = &self.tallies;
        let mut taken: [usize; ALL] = std::array::from_fn(|place| tokens[place].at());
        for (place, bytes) in [(columns::GAPS, &self.gaps), (columns::RUNS, &self.runs), (columns::REVENUE, revenue)] {
            taken[place] = tokens[place].len() - bytes.rest().len();
        }
        taken[columns::STEP_BITS] = self.step_bits.at();
        taken[columns::TALLY_BITS] = bits.at();
        let ChunkReader { at, key, left, steps, begin, .. } = *self;
        ChunkPosition { cells: at, key, left, taken, steps, begin, rates: *rates }
    }

    /// Passes over cells whose first number is below this one, as long as they are all that a first number has.
    pub(super) fn seek(&mut self, first: u32) -> Result<(), Damaged> {
        while self.at < self.cells && self.left == 0 {
            self.begin_run()?;
            if self.key.0 >= first {
                return Ok(());
            }
            let rest = self.left.checked_sub(1).and_then(|rest| usize::try_from(rest).ok()).ok_or(Damaged)?;
            self.tallies.tokens[self.steps].pass(rest, &mut self.step_bits)?;
            self.at = self.at.checked_add(rest + 1).filter(|at| *at <= self.cells).ok_or(Damaged)?;
            (self.left, self.has_begun) = (0, false);
        }
        Ok(())
    }

    /// Reads the next first number, how many cells it has, and the second number of the first of them.
    fn begin_run(&mut self) -> Result<(), Damaged> {
        if self.at > 0 {
            let gap = self.gaps.small()?.checked_add(1).ok_or(Damaged)?;
            self.key.0 = self.key.0.checked_add(gap).ok_or(Damaged)?;
        }
        self.left = self.runs.number()?;
        self.steps = columns::steps(self.left);
        let begin = unfolded(self.tallies.tokens[columns::FIRSTS].number(&mut self.step_bits)?);
        self.begin = i64::from(self.begin).checked_add(begin).and_then(|b| b.try_into().ok()).ok_or(Damaged)?;
        self.has_begun = true;
        Ok(())
    }

    /// The key of the next cell.
    pub(super) fn key(&mut self) -> Result<Option<CellKey>, Damaged> {
        if self.at == self.cells {
            return Ok(None);
        }
        if self.left == 0 {
            self.begin_run()?;
        }
        if std::mem::take(&mut self.has_begun) {
            self.key.1 = self.begin;
        } else {
            let step = self.tallies.tokens[self.steps].number(&mut self.step_bits)?;
            let step = u32::try_from(step).map_err(|_| Damaged)?;
            self.key.1 = self.key.1.checked_add(step).and_then(|b| b.checked_add(1)).ok_or(Damaged)?;
        }
        self.left = self.left.checked_sub(1).ok_or(Damaged)?;
        self.at += 1;
        Ok(Some(self.key))
    }

    /// Hands out visitors and how many cells have so many, without their keys. Makes sure that every column ends with the last cell, so
    /// that nothing else stands in one. No key is read before.
    pub(super) fn visitors(mut self, take: &mut impl FnMut(i64, u64)) -> Result<(), Damaged> {
        self.pass_keys()?;
        self.tallies.visitors(self.cells, take)?;
        let Tallies { tokens, bits, revenue, .. } = &self.tallies;
        let others = [columns::GAPS, columns::RUNS, columns::STEP_BITS, columns::TALLY_BITS, columns::REVENUE];
        let have_ended = (0..).zip(tokens).all(|(place, tokens)| others.contains(&place) || tokens.has_ended())
            && [&self.gaps, &self.runs, revenue].iter().all(|bytes| bytes.rest().is_empty())
            && self.step_bits.has_ended()
            && bits.has_ended();
        have_ended.then_some(()).ok_or(Damaged)
    }

    /// Passes over the keys of all cells.
    fn pass_keys(&mut self) -> Result<(), Damaged> {
        let (mut left, mut runs, mut steps) = (self.cells, 0_usize, [0; columns::STEP_BITS - columns::STEPS]);
        while left > 0 {
            let run = self.runs.length()?;
            left = left.checked_sub(run).filter(|_| run > 0).ok_or(Damaged)?;
            steps[columns::steps(run as u64) - columns::STEPS] += run - 1;
            runs += 1;
        }
        self.gaps.pass(runs.saturating_sub(1))?;
        let tokens = &mut self.tallies.tokens;
        tokens[columns::FIRSTS].pass(runs, &mut self.step_bits)?;
        for (tokens, steps) in tokens[columns::STEPS..].iter_mut().zip(steps) {
            tokens.pass(steps, &mut self.step_bits)?;
        }
        Ok(())
    }

    /// How many cells are left of the first number that was read last.
    #[inline]
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Passes over the cells that are left of the first number that was read last.
    pub(super) fn pass_first(&mut self) -> Result<(), Damaged> {
        let cells = usize::try_from(self.left).ok().filter(|left| *left <= self.cells - self.at).ok_or(Damaged)?;
        self.tallies.tokens[self.steps].pass(cells, &mut self.step_bits)?;
        (self.at, self.left) = (self.at + cells, 0);
        Ok(())
    }

    /// The tally of the key that was read last.
    pub(super) fn tally(&mut self) -> Result<Tally, Damaged> {
        self.tallies.pass((self.at - 1).saturating_sub(self.settled))?;
        self.settled = self.at;
        self.tallies.next()
    }
}

/// The columns that tallies are made of.
struct Tallies<'a> {
    tokens: [Tokens<'a>; ALL],
    bits: Bits<'a>,
    revenue: Bytes<'a>,
    rates: Rates,
    has_engagement: bool,
    has_revenue: bool,
    has_first_visitors: bool,
}

impl Tallies<'_> {
    fn number(&mut self, column: usize) -> Result<u64, Damaged> {
        self.tokens[column].number(&mut self.bits)
    }

    fn natural(&mut self, column: usize) -> Result<i64, Damaged> {
        i64::try_from(self.number(column)?).map_err(|_| Damaged)
    }

    /// Passes over so many tallies.
    fn pass(&mut self, tallies: usize) -> Result<(), Damaged> {
        for _ in 0..tallies {
            let code = self.tokens[columns::CODES].peek();
            if self.has_engagement || self.has_revenue || self.has_first_visitors || code == WRITTEN_OUT {
                self.next()?;
                continue;
            }
            self.tokens[columns::CODES].byte()?;
            if let Some(column) = seconds_column(code) {
                self.tokens[column].pass(1, &mut self.bits)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn next(&mut self) -> Result<Tally, Damaged> {
        let code = self.tokens[columns::CODES].byte()?;
        let mut tally = match code {
            WRITTEN_OUT => self.written_out()?,
            _ => decoded(code),
        };
        if let Some(column) = seconds_column(code) {
            tally.seconds = self.natural(column)?;
        }
        if self.has_engagement {
            self.engagement(&mut tally)?;
        }
        if self.has_revenue {
            tally.revenue = self.revenue.signed()?;
        }
        if self.has_first_visitors {
            let others = self.number(columns::FIRST_VISITORS)?.checked_sub(1).map(unfolded);
            tally.first_visitors = others.map_or(0, |others| tally.visitors.wrapping_sub(others));
        }
        Ok(tally)
    }

    /// Hands out visitors, and how many of so many cells have them.
    fn visitors(&mut self, cells: usize, take: &mut impl FnMut(i64, u64)) -> Result<(), Damaged> {
        let codes = self.tokens[columns::CODES].next_tokens(cells);
        // What there is of engagement depends on the visits of each cell; without codes each has the first.
        let Some(codes) = codes.filter(|_| !self.has_engagement) else {
            return (0..cells).try_for_each(|_| self.next().map(|tally| take(tally.visitors, 1)));
        };
        self.revenue.pass(cells)?;
        if self.has_first_visitors {
            self.tokens[columns::FIRST_VISITORS].pass(cells, &mut self.bits)?;
        }
        let (mut counts, mut from) = ([0; 256], 0);
        for at in memchr::memchr_iter(WRITTEN_OUT, codes).chain([cells]) {
            self.pass_usual(&codes[from..at], &mut counts)?;
            if at < cells {
                take(self.pass_written_out()?, 1);
            }
            from = at + 1;
        }
        self.tokens[columns::CODES].pass(cells, &mut Bits::after(&[], 0))?;
        (0..WRITTEN_OUT).zip(counts).filter(|(_, count)| *count > 0).for_each(|(code, count)| {
            take(decoded(code).visitors, count);
        });
        Ok(())
    }

    /// Passes over tallies with these codes, and adds them to the counts of codes.
    fn pass_usual(&mut self, codes: &[u8], counts: &mut [u64; 256]) -> Result<(), Damaged> {
        let mut seconds = [0; columns::WRITTEN_OUT - columns::SECONDS + 1];
        for code in codes {
            counts[usize::from(*code)] += 1;
            // The first counts those that have none.
            seconds[seconds_column(*code).map_or(0, |column| column + 1 - columns::SECONDS)] += 1;
        }
        for (place, numbers) in (columns::SECONDS..).zip(&seconds[1..]) {
            self.tokens[place].pass(*numbers, &mut self.bits)?;
        }
        Ok(())
    }

    /// The visitors of a tally that is written out.
    fn pass_written_out(&mut self) -> Result<i64, Damaged> {
        let visitors = unfolded(self.number(columns::WRITTEN_OUT)?);
        for tokens in &mut self.tokens[columns::WRITTEN_OUT + 1..][..columns::WRITTEN_NUMBERS - 1] {
            tokens.pass(1, &mut self.bits)?;
        }
        Ok(visitors)
    }

    fn written_out(&mut self) -> Result<Tally, Damaged> {
        let mut numbers = [0; columns::WRITTEN_NUMBERS];
        for (place, number) in numbers.iter_mut().enumerate() {
            *number = unfolded(self.number(columns::WRITTEN_OUT + place)?);
        }
        let [visitors, more, views, events, bounced, lasted] = numbers;
        let visits = visitors.wrapping_add(more);
        let pageviews = views.wrapping_add(self.rates.pageviews(visits));
        let bounces = bounced.wrapping_add(self.rates.bounces(visits));
        let seconds = lasted.wrapping_add(self.rates.seconds(visits.wrapping_sub(bounces)));
        let tally = Tally { visitors, visits, pageviews, events, bounces, seconds, ..Tally::ZERO };
        self.rates.note(tally);
        Ok(tally)
    }

    fn engagement(&mut self, tally: &mut Tally) -> Result<(), Damaged> {
        let kind = self.number(columns::ENGAGED)?;
        if kind == u64::from(ENGAGED_NONE) {
            return Ok(());
        }
        if kind == u64::from(ENGAGED_ODD) {
            for number in [&mut tally.engaged_visits, &mut tally.engaged_ms, &mut tally.scroll] {
                *number = unfolded(self.tokens[columns::ENGAGED_WRITTEN_OUT].number(&mut self.bits)?);
            }
            return Ok(());
        }
        let visits = tally.visits.wrapping_sub(unfolded(kind - u64::from(ENGAGED_USUAL)));
        let class = columns::engaged_class(visits);
        let (time, ms) = (self.number(columns::ENGAGED_SECONDS + class)?, self.natural(columns::ENGAGED_MS)?);
        let depth = self.number(columns::SCROLL + class)?;
        let (mut seconds, mut scroll) = (time as i64, depth as i64);
        if class == columns::ENGAGED_CLASSES - 1 {
            seconds = unfolded(time).wrapping_add(self.rates.engaged_seconds(visits));
            scroll = unfolded(depth).wrapping_add(self.rates.scroll(visits));
            self.rates.note_engagement(visits, seconds, scroll);
        }
        (tally.engaged_visits, tally.scroll) = (visits, scroll);
        tally.engaged_ms = seconds.checked_mul(1_000).and_then(|whole| whole.checked_add(ms)).ok_or(Damaged)?;
        Ok(())
    }
}
