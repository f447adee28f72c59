//! In: connections as they open, are used and close. Out: which of them gives way where there is no room for another. Forgets: a
//! connection when it is closed, and its network with the last of it.
//!
//! Whoever only holds connections open takes room from nobody. First to go are those that got no answer in their first seconds, then
//! those that are new, where they are more than three quarters, then all others; of each those of networks that have most of them, and of these
//! the one on which nothing came or went for the longest time. One whose answer is being made never goes. A network that is no trusted
//! proxy has a share of all. Where memory is short, those go that hold some of it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use serde_json::{Value, json};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::rooms::MemoryRooms;
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
pub async fn while_receiving<T>(more: impl Future<Output = T>) -> Option<T> {
    unless_ending(more, limits::STOP_BODY_WAIT_MS).await
}

/// Awaits room for more of it in the same way. Once the server ends none is waited for: of those who wait, each would be the next.
pub async fn while_waiting<T>(room: impl Future<Output = T>) -> Option<T> {
    unless_ending(room, 0).await
}

async fn unless_ending<T>(more: impl Future<Output = T>, wait_ms: u64) -> Option<T> {
    let Ok(CurrentConnection { open, mut stop }) = CURRENT.try_with(Clone::clone) else { return Some(more.await) };
    let given_up = async {
        ended(&mut stop).await;
        sleep(Duration::from_millis(wait_ms)).await;
    };
    open.pause();
    let came = tokio::select! {
        biased;
        came = more => Some(came),
        () = given_up => None,
    };
    open.resume().await;
    came
}

/// The share that the network of the current request has of the room for long bodies; nothing where it has none of its own.
pub fn share_of_bodies() -> Option<Arc<Semaphore>> {
    CURRENT.try_with(|current| (!current.open.is_proxy).then(|| current.open.network_bodies.clone())).ok().flatten()
}

/// Resolves when the client of the current request has gone, whatever it has sent behind it; never where there is none.
pub async fn client_gone() {
    let stream = CURRENT.try_with(|current| current.open.stream().upgrade()).ok().flatten();
    if let Some(stream) = stream {
        // Nobody asks for what has priority, so that this is the end of the stream or of what is read of it.
        match stream.ready(Interest::PRIORITY).await {
            Ok(ready) if !ready.is_read_closed() => {}
            Ok(_) | Err(_) => return,
        }
    }
    std::future::pending::<()>().await;
}

/// Notes that whoever sends the current request is known: a long one is no reason to give way.
pub fn vouch_for_sender() {
    let _ = CURRENT.try_with(|current| current.open.is_useful.store(true, Relaxed));
}

/// The connections that are open.
#[derive(Debug)]
pub struct ConnectionTable {
    /// One for each connection that is accepted and not closed.
    places: Arc<Semaphore>,
    open: Mutex<OpenConnections>,
    /// How many may be open at once, and what they may hold.
    rooms: MemoryRooms,
    /// Bytes of all requests that are not answered yet.
    unread: AtomicUsize,
    gave_way: Counter,
    refused: Counter,
    begun: Instant,
    last_warned_minute: AtomicU64,
}

#[derive(Debug, Default)]
struct OpenConnections {
    by_number: HashMap<u64, Arc<OpenConnection>>,
    by_network: HashMap<IpAddr, NetworkUse>,
    last: u64,
}

/// What a network has.
#[derive(Debug)]
struct NetworkUse {
    connections: usize,
    /// Bytes of its requests that are not answered yet.
    unread: Arc<AtomicUsize>,
    /// Its share of the room for long bodies.
    bodies: Arc<Semaphore>,
}

impl NetworkUse {
    /// Of a network that has nothing yet.
    fn within(rooms: MemoryRooms) -> NetworkUse {
        let bodies = Arc::new(Semaphore::new(rooms.body_bytes / limits::NETWORK_SHARE));
        NetworkUse { connections: 0, unread: Arc::default(), bodies }
    }
}

/// Nothing is being done for a connection, an answer is being made, or it is to give way.
const IDLE: u8 = 0;
const BUSY: u8 = 1;
const GIVING_WAY: u8 = 2;

/// Which connection gives way first: its class, how many of it its network has, when it was used last, and its number.
type ConnectionRank = (u8, Reverse<u32>, u64, u64);

/// A connection.
#[derive(Debug)]
pub struct OpenConnection {
    number: u64,
    network: IpAddr,
    /// Whether it is one of a trusted proxy, which brings whole crowds.
    is_proxy: bool,
    network_unread: Arc<AtomicUsize>,
    network_bodies: Arc<Semaphore>,
    state: AtomicU8,
    /// Whether a request is being worked at, from its head on until it is answered.
    is_asked: AtomicBool,
    /// Whether it has got an answer.
    is_useful: AtomicBool,
    /// When it was opened, and when something last came or went, in milliseconds since the start.
    opened: AtomicU64,
    used: AtomicU64,
    /// Bytes of its requests that are not answered yet.
    unread: AtomicUsize,
    gives_way: Notify,
    /// Where its client is, while hyper serves it.
    stream: Mutex<Weak<TcpStream>>,
    table: Arc<ConnectionTable>,
}

impl ConnectionTable {
    /// A table for as many connections as the program may have, and at most as many as there is room for.
    pub fn new(meter: &Meter, rooms: MemoryRooms) -> Arc<ConnectionTable> {
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let may = descriptors.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let kept = limits::DESCRIPTORS_KEPT.min(may / 2);
        ConnectionTable::of(MemoryRooms { connections: (may - kept).min(rooms.connections), ..rooms }, meter)
    }

    fn of(rooms: MemoryRooms, meter: &Meter) -> Arc<ConnectionTable> {
        let arriving = limits::CONNECTIONS_ARRIVING.min(rooms.connections / 4).max(1);
        Arc::new(ConnectionTable {
            places: Arc::new(Semaphore::new((rooms.connections + arriving).min(Semaphore::MAX_PERMITS))),
            open: Mutex::default(),
            rooms,
            unread: AtomicUsize::new(0),
            gave_way: meter.connections_given_way.clone(),
            refused: meter.connections_refused.clone(),
            begun: Instant::now(),
            last_warned_minute: AtomicU64::new(u64::MAX),
        })
    }

    /// A place for one more connection, once there is one: those that give way have theirs until they are closed. So no crowd takes the
    /// descriptors that other work needs.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        self.places.clone().acquire_owned().await.expect("places are never closed")
    }

    /// Takes a connection; nothing if all others are at work.
    pub fn take(self: &Arc<Self>, peer: IpAddr, is_proxy: bool) -> Option<Arc<OpenConnection>> {
        let network = network_of(peer);
        let mut open = self.lock();
        let of_network = open.by_network.get(&network).map_or(0, |of| of.connections);
        let has_share = is_proxy || of_network < self.share();
        if (!has_share || open.by_number.len() >= self.rooms.connections)
            && !self.make_room(&open, (!has_share).then_some(network), self.some())
        {
            drop(open);
            self.refused.inc();
            self.warn();
            return None;
        }
        let number = open.last;
        open.last += 1;
        let of_network = open.by_network.entry(network).or_insert_with(|| NetworkUse::within(self.rooms));
        of_network.connections += 1;
        let now = self.now();
        let taken = Arc::new(OpenConnection {
            number,
            network,
            is_proxy,
            network_unread: of_network.unread.clone(),
            network_bodies: of_network.bodies.clone(),
            state: AtomicU8::new(IDLE),
            is_asked: AtomicBool::new(false),
            is_useful: AtomicBool::new(false),
            opened: AtomicU64::new(now),
            used: AtomicU64::new(now),
            unread: AtomicUsize::new(0),
            gives_way: Notify::new(),
            stream: Mutex::default(),
            table: self.clone(),
        });
        open.by_number.insert(number, taken.clone());
        Some(taken)
    }

    /// Has the connections that are of the least use give way because the system has no more descriptors.
    pub fn give_way(&self) {
        self.make_room(&self.lock(), None, limits::CONNECTIONS_GIVING_WAY);
    }

    /// Has some connections give way, of a network or of any; false if all are at work.
    fn make_room(&self, open: &OpenConnections, of: Option<IpAddr>, some: usize) -> bool {
        let mut ranked = self.ranked(Self::idle(open, of), of.is_some());
        if ranked.is_empty() {
            return false;
        }
        let some = some.min(ranked.len());
        ranked.select_nth_unstable_by_key(some - 1, |(rank, _)| *rank);
        // One that began to work meanwhile stays; then fewer go.
        ranked[..some].iter().filter(|(_, one)| self.tell(one)).count() > 0
    }

    /// Connections that may give way, each with its rank: the least goes first.
    fn ranked<'c>(
        &self,
        idle: Vec<&'c Arc<OpenConnection>>,
        is_of_network: bool,
    ) -> Vec<(ConnectionRank, &'c Arc<OpenConnection>)> {
        let now = self.now();
        let uses = idle.iter().map(|one| {
            let is_new = now.saturating_sub(one.opened.load(Relaxed)) < limits::CONNECTION_GRACE_MS;
            (one.is_useful.load(Relaxed), is_new)
        });
        let uses: Vec<_> = uses.collect();
        let mut of_networks: HashMap<(IpAddr, bool), u32> = HashMap::new();
        // A proxy brings whole crowds.
        for (one, (is_useful, _)) in idle.iter().zip(&uses).filter(|(one, _)| !one.is_proxy) {
            *of_networks.entry((one.network, *is_useful)).or_default() += 1;
        }
        let room = if is_of_network { self.share() } else { self.rooms.connections };
        let newcomers = uses.iter().filter(|of| **of == (false, true)).count();
        let are_many = newcomers >= room - room / limits::USEFUL_PART;
        let ranked = idle.into_iter().zip(uses).map(|(one, (is_useful, is_new))| {
            let class = match (is_useful, is_new) {
                (false, false) => 0,
                (false, true) if are_many => 1,
                _ => 2,
            };
            let of_network = of_networks.get(&(one.network, is_useful)).map_or(0, |many| many.ilog2());
            ((class, Reverse(of_network), one.used.load(Relaxed), one.number), one)
        });
        ranked.collect()
    }

    /// Has connections give way that hold about so many bytes, because memory is short: those that wait or are half sent, of networks
    /// that hold much. Of a proxy's only those that are half sent.
    pub fn relieve(&self, bytes: u64) {
        let open = self.lock();
        let idle = Self::idle(&open, None).into_iter();
        let mut idle: Vec<_> = idle.filter(|one| !one.is_proxy || one.unread.load(Relaxed) > 0).collect();
        let held = |one: &OpenConnection| limits::CONNECTION_BYTES / 2 + one.unread.load(Relaxed);
        let mut of_networks: HashMap<IpAddr, usize> = HashMap::new();
        idle.iter().for_each(|one| *of_networks.entry(one.network).or_default() += held(one));
        let of_network = |one: &OpenConnection| of_networks.get(&one.network).copied().unwrap_or_default();
        idle.sort_by_cached_key(|one| {
            (Reverse(of_network(one)), Reverse(one.unread.load(Relaxed)), one.used.load(Relaxed), one.number)
        });
        let (mut freed, mut left) = (0, of_networks.clone());
        for one in idle {
            let Some(left) = left.get_mut(&one.network).filter(|left| **left > limits::NETWORK_BYTES_FREE) else {
                continue;
            };
            if freed >= bytes {
                break;
            }
            let bytes = held(one);
            if self.tell(one) {
                *left -= bytes.min(*left);
                freed += bytes as u64;
            }
        }
    }

    /// Has connections give way that hold the most bytes, until those of all, or of a network, are few enough.
    fn free_bytes(&self, of: Option<IpAddr>, too_many: usize) {
        let open = self.lock();
        let mut idle = Self::idle(&open, of);
        let some = self.some().min(idle.len());
        if some == 0 {
            return;
        }
        idle.select_nth_unstable_by_key(some - 1, |one| (Reverse(one.unread.load(Relaxed)), one.number));
        idle.truncate(some);
        idle.sort_unstable_by_key(|one| Reverse(one.unread.load(Relaxed)));
        let mut freed = 0;
        for one in idle {
            if freed > too_many {
                break;
            }
            freed += if self.tell(one) { one.unread.load(Relaxed) } else { 0 };
        }
    }

    fn idle(open: &OpenConnections, of: Option<IpAddr>) -> Vec<&Arc<OpenConnection>> {
        let of = |one: &&Arc<OpenConnection>| of.is_none_or(|network| network == one.network);
        open.by_number.values().filter(of).filter(|one| one.state.load(SeqCst) == IDLE).collect()
    }

    /// How many connections a network may have.
    fn share(&self) -> usize {
        (self.rooms.connections / limits::NETWORK_SHARE).max(1)
    }

    /// How many give way together: a look at all of them for each would take long.
    fn some(&self) -> usize {
        (self.rooms.connections / limits::CONNECTIONS_PER_LOOK).max(1)
    }

    fn tell(&self, one: &OpenConnection) -> bool {
        let is_told = one.state.compare_exchange(IDLE, GIVING_WAY, SeqCst, SeqCst).is_ok();
        if is_told {
            one.gives_way.notify_one();
            self.gave_way.inc();
            self.warn();
        }
        is_told
    }

    /// Has the log told, once a minute.
    fn warn(&self) {
        let minute = self.begun.elapsed().as_secs() / 60;
        if self.last_warned_minute.swap(minute, Relaxed) != minute {
            let (gave_way, refused) = (self.gave_way.get(), self.refused.get());
            let said =
                "there are more connections, or bytes of requests, than have room; these are counts since the start";
            tracing::warn!(gave_way, refused, most = self.rooms.connections, "{said}");
        }
    }

    /// What `/health` tells.
    pub fn health(&self) -> Value {
        json!({
            "open": self.lock().by_number.len(),
            "most": self.rooms.connections,
            "gave_way": self.gave_way.get(),
            "refused": self.refused.get(),
        })
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnection {
    /// Notes that an answer is being made. Where the connection is to give way already, it does before anything is begun.
    pub async fn begin(&self) {
        self.is_asked.store(true, Relaxed);
        self.resume().await;
    }

    async fn resume(&self) {
        if self.state.compare_exchange(IDLE, BUSY, SeqCst, SeqCst) == Err(GIVING_WAY) {
            std::future::pending::<()>().await;
        }
        self.touch();
    }

    /// Notes that more of a request has to come.
    fn pause(&self) {
        let _ = self.state.compare_exchange(BUSY, IDLE, SeqCst, SeqCst);
    }

    /// Notes that a request is answered.
    pub fn answered(&self) {
        self.is_asked.store(false, Relaxed);
        self.is_useful.store(true, Relaxed);
        self.set_unread(0);
        self.touch();
        self.pause();
    }

    /// Notes that something came or went.
    pub fn touch(&self) {
        self.used.store(self.table.now(), Relaxed);
    }

    /// Whether a request is being worked at.
    pub fn is_asked(&self) -> bool {
        self.is_asked.load(Relaxed)
    }

    /// Whether a head has begun and nothing else is owed.
    pub fn has_half_a_head(&self) -> bool {
        !self.is_asked.load(Relaxed) && self.unread.load(Relaxed) > 0
    }

    /// Notes how many bytes of requests wait for the rest. Too many, and the connections that hold most of them give way.
    pub fn set_unread(&self, bytes: usize) {
        let before = self.unread.swap(bytes, Relaxed);
        if bytes == before {
            return;
        }
        // Wrapping, so that less is more of it.
        let more = bytes.wrapping_sub(before);
        let add = |sum: &AtomicUsize| sum.fetch_add(more, Relaxed).wrapping_add(more);
        let (of_network, of_all) = (add(&self.network_unread), add(&self.table.unread));
        if bytes < before {
            return;
        }
        let most = self.table.rooms.unread_bytes;
        let share = most / limits::NETWORK_SHARE;
        if !self.is_proxy && of_network > share {
            self.table.free_bytes(Some(self.network), of_network - share);
        } else if of_all > most {
            self.table.free_bytes(None, of_all - most);
        }
    }

    /// Notes where its client is.
    pub fn set_stream(&self, stream: &Arc<TcpStream>) {
        *self.stream.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(stream);
    }

    fn stream(&self) -> Weak<TcpStream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Resolves when the connection is to give way.
    pub async fn gives_way(&self) {
        self.gives_way.notified().await;
    }

    /// Takes it out of the table.
    pub fn close(&self) {
        self.set_unread(0);
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
mod tests;
