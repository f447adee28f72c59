//! In: how much memory the program has taken, of how much it may. Out: what gives way to what is dearer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::limits;

/// What gives way where memory gets short; each with all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    /// Nothing.
    None,
    /// Answers that are kept to be given again.
    KeptAnswers,
    /// Questions that read much.
    DearQuestions,
    /// Connections that wait or are half sent, of networks that hold many of them.
    WaitingConnections,
    /// New visitors: their hits are counted without one.
    NewVisitors,
    /// Beacons of whoever sends more than their share.
    HeavySenders,
    /// All beacons.
    Beacons,
}

impl Pressure {
    /// All of them.
    const ALL: [Pressure; 7] = [
        Pressure::None,
        Pressure::KeptAnswers,
        Pressure::DearQuestions,
        Pressure::WaitingConnections,
        Pressure::NewVisitors,
        Pressure::HeavySenders,
        Pressure::Beacons,
    ];

    /// What gives way when so much of so much is taken.
    pub fn of(used: u64, most: u64) -> Pressure {
        let reached = limits::PRESSURE_PERCENTS.iter().filter(|percent| used >= most / 100 * **percent);
        Pressure::ALL[reached.count()]
    }

    /// How much of so much is taken when it begins.
    pub fn begins_at(self, most: u64) -> u64 {
        let percent = (self as usize).checked_sub(1).and_then(|place| limits::PRESSURE_PERCENTS.get(place));
        percent.map_or(0, |percent| most / 100 * percent)
    }

    /// What `/health` calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Pressure::None => "nothing",
            Pressure::KeptAnswers => "kept answers",
            Pressure::DearQuestions => "dear questions",
            Pressure::WaitingConnections => "waiting connections",
            Pressure::NewVisitors => "new visitors",
            Pressure::HeavySenders => "heavy senders",
            Pressure::Beacons => "beacons",
        }
    }
}

/// The pressure that there is now, for all who share it.
#[derive(Debug, Clone, Default)]
pub struct SharedPressure(Arc<AtomicU8>);

impl SharedPressure {
    /// The pressure.
    pub fn now(&self) -> Pressure {
        Pressure::ALL[usize::from(self.0.load(Relaxed)).min(Pressure::ALL.len() - 1)]
    }

    /// Notes what it is; gives the one before.
    pub fn set(&self, pressure: Pressure) -> Pressure {
        let before = self.now();
        self.0.store(pressure as u8, Relaxed);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_after_the_other_gives_way() {
        let shared = SharedPressure::default();
        let mut before = Pressure::None;
        for used in 0..=300 {
            let pressure = Pressure::of(used, 200);
            assert!(pressure >= before && used >= pressure.begins_at(200));
            assert_eq!(shared.set(pressure), before);
            before = shared.now();
        }
        assert_eq!(
            [0, 139, 140, 160, 170, 180, 190, 199, 200].map(|used| Pressure::of(used, 200).label()),
            [
                "nothing",
                "nothing",
                "kept answers",
                "dear questions",
                "waiting connections",
                "new visitors",
                "heavy senders",
                "heavy senders",
                "beacons",
            ]
        );
    }
}
