//! In: connections as they open, are used and close. Out: which of them gives way where there is no room for another. Forgets: a
//! connection when it is closed, and its network with the last of it.
//!
//! Whoever only holds connections open takes room from nobody: the one that has been of the least use makes room for a new one. It is
//! one that never asked for anything, the oldest first, or else the one whose last answer is longest ago; never one whose answer is
//! being made. A network that is no trusted proxy has a share of all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::{StopSignal, ended};
use crate::limits;
use crate::meter::Meter;

tokio::task_local! {
    /// The connection that a task serves.
    pub static CURRENT: CurrentConnection;
}

/// A connection, and when the server ends.
#[derive(Debug, Clone)]
pub struct CurrentConnection {
    /// The connection.
    pub open: Arc<OpenConnection>,
    /// When it is the last request.
    pub stop: StopSignal,
}

/// Awaits more of a request: the connection may give way meanwhile. Nothing if it does not come soon once the server ends.
pub async fn arriving<T>(more: impl Future<Output = T>) -> Option<T> {
    let Ok(CurrentConnection { open, mut stop }) = CURRENT.try_with(Clone::clone) else { return Some(more.await) };
    let given_up = async {
        ended(&mut stop).await;
        sleep(Duration::from_millis(limits::STOP_BODY_WAIT_MS)).await;
    };
    open.wait();
    let came = tokio::select! {
        biased;
        came = more => Some(came),
        () = given_up => None,
    };
    open.begin();
    came
}

/// The connections that are open.
#[derive(Debug)]
pub struct ConnectionTable {
    open: Mutex<OpenConnections>,
    /// Most that are open at once.
    most: usize,
    /// Bytes of all requests that are not answered yet.
    unread: AtomicUsize,
    /// Connections that gave way, and such as found no room, since the start.
    ended: [AtomicU64; 2],
    begun: Instant,
    /// The last minute, since `begun`, in which the log was told.
    told: AtomicU64,
}

#[derive(Debug, Default)]
struct OpenConnections {
    by_number: HashMap<u64, Arc<OpenConnection>>,
    by_network: HashMap<IpAddr, NetworkUse>,
    last: u64,
}

/// What a network has.
#[derive(Debug, Default)]
struct NetworkUse {
    connections: usize,
    /// Bytes of its requests that are not answered yet.
    unread: Arc<AtomicUsize>,
}

/// A connection.
#[derive(Debug)]
pub struct OpenConnection {
    number: u64,
    network: IpAddr,
    /// Bytes of its network's requests that are not answered yet.
    network_unread: Arc<AtomicUsize>,
    /// When its last request was answered, in milliseconds since the start; 0 until then.
    answered: AtomicU64,
    /// Whether an answer is being made, and not waited for the rest of the request.
    is_busy: AtomicBool,
    /// Whether a request is being worked at, from its head on until it is answered.
    is_asked: AtomicBool,
    /// Bytes of its requests that are not answered yet.
    unread: AtomicUsize,
    gives_way: Notify,
    table: Arc<ConnectionTable>,
}

/// What there is too little of.
#[derive(Debug, Clone, Copy)]
enum Shortage {
    Connections,
    Bytes,
}

impl ConnectionTable {
    /// A table for as many connections as the program may have, and at most [`limits::CONNECTIONS_MAX`].
    pub fn new() -> Arc<ConnectionTable> {
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let may = descriptors.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let kept = limits::DESCRIPTORS_KEPT.min(may / 2);
        ConnectionTable::of((may - kept).min(limits::CONNECTIONS_MAX))
    }

    fn of(most: usize) -> Arc<ConnectionTable> {
        Arc::new(ConnectionTable {
            open: Mutex::default(),
            most,
            unread: AtomicUsize::new(0),
            ended: Default::default(),
            begun: Instant::now(),
            told: AtomicU64::new(u64::MAX),
        })
    }

    /// Takes a connection; nothing if all others are at work. `is_proxy` is a trusted one, which brings whole crowds.
    pub fn take(self: &Arc<Self>, peer: IpAddr, is_proxy: bool, meter: &Meter) -> Option<Arc<OpenConnection>> {
        let network = network_of(peer);
        let mut open = self.lock();
        let of_network = open.by_network.get(&network).map_or(0, |of| of.connections);
        let has_share = is_proxy || of_network < (self.most / limits::NETWORK_SHARE).max(1);
        if (!has_share || open.by_number.len() >= self.most)
            && !self.make_room(&open, (!has_share).then_some(network), Shortage::Connections, meter)
        {
            drop(open);
            self.count(1, meter);
            return None;
        }
        let number = open.last;
        open.last += 1;
        let of_network = open.by_network.entry(network).or_default();
        of_network.connections += 1;
        let network_unread = of_network.unread.clone();
        let taken = Arc::new(OpenConnection {
            number,
            network,
            network_unread,
            answered: AtomicU64::new(0),
            is_busy: AtomicBool::new(false),
            is_asked: AtomicBool::new(false),
            unread: AtomicUsize::new(0),
            gives_way: Notify::new(),
            table: self.clone(),
        });
        open.by_number.insert(number, taken.clone());
        Some(taken)
    }

    /// Has the connections that are of the least use give way because the system has no more descriptors.
    pub fn give_way(&self, meter: &Meter) {
        let open = self.lock();
        for _ in 0..limits::CONNECTIONS_GIVING_WAY {
            self.make_room(&open, None, Shortage::Connections, meter);
        }
    }

    /// Has one connection give way, of a network or of any; false if all are at work.
    fn make_room(&self, open: &OpenConnections, of: Option<IpAddr>, lacks: Shortage, meter: &Meter) -> bool {
        let may_go =
            |one: &&Arc<OpenConnection>| !one.is_busy.load(Relaxed) && of.is_none_or(|network| network == one.network);
        let use_of = |one: &&Arc<OpenConnection>| {
            let held = match lacks {
                Shortage::Connections => 0,
                Shortage::Bytes => one.unread.load(Relaxed),
            };
            (usize::MAX - held, one.answered.load(Relaxed), one.number)
        };
        let Some(least) = open.by_number.values().filter(may_go).min_by_key(use_of) else { return false };
        // Told once: it goes when it is asked next, and is not the least again meanwhile.
        least.is_busy.store(true, Relaxed);
        least.gives_way.notify_one();
        self.count(0, meter);
        true
    }

    /// Counts a connection that gave way (0) or found no room (1), and has the log told, once a minute.
    fn count(&self, which: usize, meter: &Meter) {
        self.ended[which].fetch_add(1, Relaxed);
        meter.connections_ended[which].inc();
        let minute = self.begun.elapsed().as_secs() / 60;
        if self.told.swap(minute, Relaxed) != minute {
            let [gave_way, refused] = [0, 1].map(|which| self.ended[which].load(Relaxed));
            tracing::warn!(
                gave_way,
                refused,
                most = self.most,
                "there are more connections than have room; since the start"
            );
        }
    }

    /// What `/health` tells.
    pub fn told(&self) -> Value {
        let [gave_way, refused] = [0, 1].map(|which| self.ended[which].load(Relaxed));
        json!({
            "open": self.lock().by_number.len(),
            "most": self.most,
            "gave_way": gave_way,
            "refused": refused,
        })
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnection {
    /// Notes that an answer is being made.
    pub fn begin(&self) {
        self.is_asked.store(true, Relaxed);
        self.is_busy.store(true, Relaxed);
    }

    /// Notes that more of a request has to come.
    pub fn wait(&self) {
        self.is_busy.store(false, Relaxed);
    }

    /// Notes that a request is answered.
    pub fn answered(&self) {
        let since = self.table.begun.elapsed().as_millis() as u64;
        self.answered.store(since.max(1), Relaxed);
        self.is_asked.store(false, Relaxed);
        self.wait();
        self.holds(0);
    }

    /// Whether a head has begun and nothing else is owed.
    pub fn has_half_a_head(&self) -> bool {
        !self.is_asked.load(Relaxed) && self.unread.load(Relaxed) > 0
    }

    /// Notes how many bytes of requests wait for the rest; too many, and the connection that holds most of them gives way.
    pub fn holds(&self, bytes: usize) {
        let before = self.unread.swap(bytes, Relaxed);
        if bytes == before {
            return;
        }
        for sum in [&self.network_unread, &self.table.unread] {
            // Wrapping, so that less is more of it.
            sum.fetch_add(bytes.wrapping_sub(before), Relaxed);
        }
    }

    /// Has a connection give way if too many bytes wait.
    pub fn check(&self, meter: &Meter) {
        let of_network = self.network_unread.load(Relaxed) > limits::UNREAD_BYTES_MAX / limits::NETWORK_SHARE;
        if of_network || self.table.unread.load(Relaxed) > limits::UNREAD_BYTES_MAX {
            let open = self.table.lock();
            self.table.make_room(&open, of_network.then_some(self.network), Shortage::Bytes, meter);
        }
    }

    /// Resolves when the connection is to give way.
    pub async fn gives_way(&self) {
        self.gives_way.notified().await;
    }

    /// Takes it out of the table.
    pub fn close(&self) {
        self.holds(0);
        let mut open = self.table.lock();
        open.by_number.remove(&self.number);
        if let Entry::Occupied(mut of) = open.by_network.entry(self.network) {
            of.get_mut().connections -= 1;
            if of.get().connections == 0 {
                of.remove();
            }
        }
    }
}

/// The network of an address: what one customer of a provider has, as a rule.
fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(network: u8, host: u8) -> IpAddr {
        Ipv4Addr::new(198, 51, network, host).into()
    }

    fn is_told(one: &OpenConnection) -> bool {
        one.is_busy.load(Relaxed)
    }

    #[test]
    fn the_one_that_never_asked_gives_way_and_then_the_one_that_asked_least_lately() {
        let (table, meter) = (ConnectionTable::of(3), Meter::new());
        let [asked, silent, lately] = [0, 1, 2].map(|network| table.take(peer(network, 1), false, &meter).unwrap());
        asked.answered.store(5, Relaxed);
        lately.answered.store(9, Relaxed);
        assert!(table.take(peer(3, 1), true, &meter).is_some());
        assert!(is_told(&silent) && !is_told(&asked) && !is_told(&lately));
        silent.close();
        assert!(table.take(peer(4, 1), true, &meter).is_some_and(|new| {
            new.begin();
            true
        }));
        assert!(!is_told(&asked) || !is_told(&lately));
        assert_eq!(table.told()["gave_way"], 2);
    }

    #[test]
    fn whoever_is_answered_never_gives_way() {
        let (table, meter) = (ConnectionTable::of(2), Meter::new());
        let held: Vec<_> = (0..2).map(|network| table.take(peer(network, 1), false, &meter).unwrap()).collect();
        held.iter().for_each(|one| one.begin());
        assert!(table.take(peer(3, 1), false, &meter).is_none());
        assert_eq!((table.told()["gave_way"].as_u64(), table.told()["refused"].as_u64()), (Some(0), Some(1)));
        held[1].answered();
        assert!(table.take(peer(3, 1), false, &meter).is_some() && is_told(&held[1]));
    }

    #[test]
    fn a_network_has_a_share_and_a_proxy_all() {
        let (table, meter) = (ConnectionTable::of(8 * limits::NETWORK_SHARE), Meter::new());
        let held: Vec<_> = (0..9).map(|host| table.take(peer(1, host), false, &meter).unwrap()).collect();
        assert!(is_told(&held[0]) && held[1..].iter().all(|one| !is_told(one)), "the ninth is one too many");
        let proxied: Vec<_> = (0..9).map(|host| table.take(peer(2, host), true, &meter).unwrap()).collect();
        assert!(proxied.iter().all(|one| !is_told(one)));
        held.iter().chain(&proxied).for_each(|one| one.close());
        assert_eq!(table.told()["open"], 0);
        assert!(table.lock().by_network.is_empty());
    }

    #[test]
    fn who_holds_most_bytes_gives_way_to_who_holds_few() {
        let (table, meter) = (ConnectionTable::of(10), Meter::new());
        let [much, little] = [1, 2].map(|network| table.take(peer(network, 1), false, &meter).unwrap());
        little.answered();
        little.holds(10);
        much.holds(limits::UNREAD_BYTES_MAX / limits::NETWORK_SHARE);
        much.check(&meter);
        assert!(!is_told(&much) && !is_told(&little));
        much.holds(limits::UNREAD_BYTES_MAX);
        little.check(&meter);
        assert!(is_told(&much) && !is_told(&little));
        [much, little].iter().for_each(|one| one.close());
        assert_eq!(table.unread.load(Relaxed), 0);
    }
}
