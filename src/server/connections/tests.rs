//! Which connection gives way.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::*;

fn peer(network: u8, host: u8) -> IpAddr {
    Ipv4Addr::new(198, 51, network, host).into()
}

/// A table with room for so many, open for an hour.
fn table(most: usize) -> Arc<ConnectionTable> {
    let rooms = MemoryRooms { connections: most, ..MemoryRooms::within(u64::MAX) };
    let mut table = ConnectionTable::of(rooms, &Meter::new());
    let inner = Arc::get_mut(&mut table).unwrap();
    inner.begun = Instant::now().checked_sub(Duration::from_secs(3_600)).unwrap();
    table
}

fn taken<const N: usize>(table: &Arc<ConnectionTable>) -> [Arc<OpenConnection>; N] {
    std::array::from_fn(|network| table.take(peer(network as u8, 1), false).unwrap())
}

fn is_told(one: &OpenConnection) -> bool {
    one.state.load(SeqCst) == GIVING_WAY
}

/// Has an answer made, as far as the table knows.
fn begin(one: &OpenConnection) {
    one.state.store(BUSY, SeqCst);
}

#[test]
fn who_got_no_answer_gives_way_and_then_who_was_silent_for_longest() {
    let table = table(4);
    let [asked, lately, silent] = taken(&table);
    for (one, used) in [(&asked, 5), (&lately, 9)] {
        one.answered();
        one.used.store(used, Relaxed);
    }
    let opened = |table: &Arc<ConnectionTable>| table.take(peer(9, 1), true).unwrap();
    let new = opened(&table);
    // Those that are new have time to ask.
    opened(&table);
    assert!(is_told(&asked) && [&lately, &silent, &new].iter().all(|one| !is_told(one)));
    asked.close();
    silent.opened.store(0, Relaxed);
    opened(&table);
    assert!(is_told(&silent) && [&lately, &new].iter().all(|one| !is_told(one)));
    assert_eq!(table.health()["gave_way"], 2);
}

#[test]
fn whoever_is_answered_never_gives_way() {
    let table = table(2);
    let held: [_; 2] = taken(&table);
    held.iter().for_each(|one| begin(one));
    assert!(table.take(peer(3, 1), false).is_none());
    assert_eq!((table.health()["gave_way"].as_u64(), table.health()["refused"].as_u64()), (Some(0), Some(1)));
    held[1].answered();
    assert!(table.take(peer(3, 1), false).is_some() && is_told(&held[1]));
    // What comes now is not begun.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let begun = async { tokio::time::timeout(Duration::from_millis(1), held[1].begin()).await };
    assert!(runtime.block_on(begun).is_err() && is_told(&held[1]));
}

#[test]
fn a_network_has_a_share_and_a_proxy_all() {
    let table = table(8 * limits::NETWORK_SHARE);
    let held: Vec<_> = (0..9).map(|host| table.take(peer(1, host), false).unwrap()).collect();
    assert!(is_told(&held[0]) && held[1..].iter().all(|one| !is_told(one)), "the ninth is one too many");
    let proxied: Vec<_> = (0..9).map(|host| table.take(peer(2, host), true).unwrap()).collect();
    assert!(proxied.iter().all(|one| !is_told(one)));
    held.iter().chain(&proxied).for_each(|one| one.close());
    assert_eq!(table.health()["open"], 0);
    assert!(table.lock().by_network.is_empty());
}

#[test]
fn who_holds_most_bytes_gives_way_to_who_holds_few() {
    let table = table(10);
    let [much, little] = taken(&table);
    little.set_unread(10);
    much.set_unread(limits::UNREAD_BYTES_MAX / limits::NETWORK_SHARE);
    assert!(!is_told(&much) && !is_told(&little));
    much.set_unread(limits::UNREAD_BYTES_MAX / limits::NETWORK_SHARE + 1);
    assert!(is_told(&much) && !is_told(&little));
    much.close();
    let proxy = table.take(peer(7, 1), true).unwrap();
    proxy.set_unread(limits::UNREAD_BYTES_MAX / 2);
    assert!(!is_told(&proxy), "a proxy brings many people's requests");
    proxy.set_unread(limits::UNREAD_BYTES_MAX);
    assert!(is_told(&proxy) && !is_told(&little));
    [proxy, little].iter().for_each(|one| one.close());
    assert_eq!(table.unread.load(Relaxed), 0);
}

#[test]
fn silent_newcomers_push_out_each_other_and_first_those_of_large_networks() {
    let table = table(32);
    let useful: [_; 16] = taken(&table);
    useful.iter().for_each(|one| {
        one.answered();
        one.used.store(0, Relaxed);
    });
    let mut held: Vec<Arc<OpenConnection>> = Vec::new();
    let alone = table.take(peer(100, 1), false).unwrap();
    // Churn from four networks, and then from many.
    for number in 0..200_u8 {
        let network = if number < 100 { 101 + number % 4 } else { number };
        held.push(table.take(peer(network, number), false).unwrap());
        held.extract_if(.., |one| is_told(one)).for_each(|one| one.close());
        let stay = useful.iter().filter(|one| !is_told(one)).count();
        match number {
            ..100 => assert!(stay == useful.len() && !is_told(&alone), "{number}"),
            _ => assert!(stay >= 32 / limits::USEFUL_PART, "{number}: {stay}"),
        }
    }
}

#[test]
fn where_memory_is_short_who_holds_much_of_it_gives_way() {
    let table = table(1_000);
    let crowd: Vec<_> = (0..100).map(|host| table.take(peer(1, host), false).unwrap()).collect();
    let few: Vec<_> = (0..4).map(|host| table.take(peer(2, host), false).unwrap()).collect();
    let [waiting, half] = [1, 2].map(|host| table.take(peer(3, host), true).unwrap());
    half.set_unread(limits::NETWORK_BYTES_FREE);
    crowd[7].set_unread(limits::HEAD_BYTES_MAX);
    begin(&crowd[9]);
    let told = |of: &[Arc<OpenConnection>]| of.iter().filter(|one| is_told(one)).count();
    table.relieve(1);
    assert!(is_told(&crowd[7]) && told(&crowd) == 1, "who holds most, of the network that does");
    table.relieve(u64::MAX);
    let kept = limits::NETWORK_BYTES_FREE / (limits::CONNECTION_BYTES / 2);
    assert_eq!((told(&crowd), told(&few)), (crowd.len() - 1 - kept, 0));
    assert!(!is_told(&crowd[9]), "who is answered stays");
    assert!(is_told(&half) && !is_told(&waiting), "a proxy's stay unless they are half sent");
}

#[test]
fn where_there_is_little_memory_requests_may_hold_less() {
    let rooms = MemoryRooms::within(64 << 20);
    let table = ConnectionTable::of(rooms, &Meter::new());
    let [much, little] = taken(&table);
    little.set_unread(10);
    much.set_unread(rooms.unread_bytes / limits::NETWORK_SHARE + 1);
    assert!(is_told(&much) && !is_told(&little));
    assert_eq!(table.health()["most"], 512);
}

#[tokio::test]
async fn a_client_that_goes_is_noticed_behind_what_it_has_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let stream = Arc::new(listener.accept().await.unwrap().0);
    let open = table(4).take(peer(1, 1), false).unwrap();
    open.set_stream(&stream);
    client.write_all(b"G").await.unwrap();
    stream.readable().await.unwrap();
    let (_stopping, stop) = watch::channel(false);
    let mut gone = pin!(CURRENT.scope(CurrentConnection { open, stop }, client_gone()));
    assert!(poll_fn(|context| Poll::Ready(gone.as_mut().poll(context))).await.is_pending());
    drop(client);
    gone.await;
}
