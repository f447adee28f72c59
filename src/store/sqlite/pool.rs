//! Connections for snapshots: whoever needs one takes any that is free, else the first that becomes free.

use std::ops::Deref;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

/// Connections that read.
pub(super) struct SnapshotPool {
    connections: Vec<Mutex<Connection>>,
    /// The places of those that are free.
    free: Mutex<Vec<usize>>,
    given_back: Condvar,
}

/// A connection of the pool, which has it again on drop.
pub(in crate::store) struct PooledConnection<'a> {
    // It is let go of before its place is given back.
    connection: MutexGuard<'a, Connection>,
    _place: LentPlace<'a>,
}

struct LentPlace<'a> {
    pool: &'a SnapshotPool,
    place: usize,
}

impl SnapshotPool {
    pub(super) fn of(connections: Vec<Connection>) -> SnapshotPool {
        let free = Mutex::new((0..connections.len()).collect());
        let connections = connections.into_iter().map(Mutex::new).collect();
        SnapshotPool { connections, free, given_back: Condvar::new() }
    }

    /// Takes a connection, when one is free.
    pub(super) fn take(&self) -> PooledConnection<'_> {
        let mut free = self.free();
        let place = loop {
            match free.pop() {
                Some(place) => break place,
                None => free = self.given_back.wait(free).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(free);
        PooledConnection { connection: self.locked(place), _place: LentPlace { pool: self, place } }
    }

    /// Hands out each connection that is free; none can be taken meanwhile.
    pub(super) fn each_free(&self, mut take: impl FnMut(&Connection)) {
        self.free().iter().for_each(|place| take(&self.locked(*place)));
    }

    /// All connections.
    pub(super) fn all(&self) -> &[Mutex<Connection>] {
        &self.connections
    }

    fn free(&self) -> MutexGuard<'_, Vec<usize>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locked(&self, place: usize) -> MutexGuard<'_, Connection> {
        // A panic over a snapshot ended its transaction, so the connection is sound.
        self.connections[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LentPlace<'_> {
    fn drop(&mut self) {
        self.pool.free().push(self.place);
        self.pool.given_back.notify_one();
    }
}

impl Deref for PooledConnection<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn whoever_waits_gets_the_first_that_becomes_free() {
        let connections = (0..2).map(|_| Connection::open_in_memory().unwrap()).collect();
        let pool = SnapshotPool::of(connections);
        let (long, short) = (pool.take(), pool.take());
        thread::scope(|scope| {
            let (taken, is_taken) = mpsc::channel();
            for _ in 0..3 {
                let (pool, taken) = (&pool, taken.clone());
                scope.spawn(move || {
                    drop(pool.take());
                    taken.send(()).unwrap();
                });
            }
            assert!(is_taken.try_recv().is_err());
            drop(short);
            // All three, while the other one is still at work.
            (0..3).for_each(|_| is_taken.recv().unwrap());
        });
        drop(long);
        let mut free = 0;
        pool.each_free(|_| free += 1);
        assert_eq!(free, 2);
    }
}
