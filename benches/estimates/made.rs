//! Made-up visits whose values go together by threes: no two dimensions tell what the third does.

use headcount::cell::Dimension;

use super::rows::{Rows, VisitRow};

/// Numbers that look drawn, the same in each run.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Dice {
        Dice(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, many: usize) -> usize {
        (self.next() % many as u64) as usize
    }

    fn part(&mut self) -> f64 {
        (self.next() % 1_000_000) as f64 / 1_000_000.0
    }

    /// Few numbers come often, most seldom.
    fn skewed(&mut self, many: u32) -> u32 {
        ((f64::from(many) + 1.0).powf(self.part()) - 1.0) as u32
    }
}

/// A number that hangs on all of some values at once.
fn mixed(values: &[u32]) -> u64 {
    values.iter().fold(14_695_981_039_346_656_037, |hash, value| {
        let hash = (hash ^ u64::from(*value)).wrapping_mul(1_099_511_628_211);
        hash ^ hash >> 29
    })
}

const VISITORS: u32 = 1_500;
const PAGES: u32 = 300;

/// Days of visits by source, country, device, browser, page and host.
pub fn rows(days: usize) -> Rows {
    use Dimension::{Browser, Country, Device, Hostname, Page, Source};
    let mut dice = Dice::new();
    let days = (0..days).map(|_| day(&mut dice)).collect();
    Rows { dimensions: vec![Source, Country, Device, Browser, Page, Hostname], days }
}

fn day(dice: &mut Dice) -> Vec<VisitRow> {
    let mut rows = Vec::new();
    for visitor in 0..VISITORS {
        let country = dice.skewed(60);
        let visits = 1 + u32::from(dice.part() < 0.2);
        for visit in 0..visits {
            let source = dice.skewed(40);
            // A device hangs on source and country at once, a browser on that and the country.
            let of_phones = 0.1 + 0.8 * (mixed(&[source, country]) % 100) as f64 / 100.0;
            let device = if dice.part() < of_phones { 0 } else { 1 + u32::from(dice.part() < 0.1) };
            let browser = (dice.skewed(8) + (mixed(&[device, country]) % 3) as u32) % 8;
            loop {
                // Half of the pages are those that just these three look at.
                let own = (mixed(&[source, country, device]) % 40) as u32;
                let page = if dice.part() < 0.5 { own } else { dice.skewed(PAGES) };
                let host = u32::from(mixed(&[page]).is_multiple_of(5));
                rows.push(VisitRow { visitor, visit, values: vec![source, country, device, browser, page, host] });
                if dice.part() < 0.45 {
                    break;
                }
            }
        }
    }
    rows
}
