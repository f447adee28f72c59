//! Connections, requests, streams and sign-ins: `server`, `cli`.

use super::BODY_BYTES_MAX;

/// Largest body of one read request, in bytes: a query with every key is a few kilobytes.
pub const QUERY_BYTES_MAX: usize = 256 * 1024;
/// Largest change that a program sends, in bytes: an annotation is a few hundred.
pub const CHANGE_BYTES_MAX: usize = 16 * 1024;
/// Longest form that a page sends, in bytes: a list of long names has a few thousand.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
/// Largest request with many hits, in bytes: 10,000 hits of 3 kB.
pub const BULK_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Largest hit in such a request, in bytes: as large as one that comes alone.
pub const BULK_HIT_BYTES_MAX: usize = BODY_BYTES_MAX;
/// Longest wait for a request with many hits, in seconds.
pub const BULK_WAIT_S: u64 = 300;
/// Connections served at once. An idle one that brings hits costs about 2 kB, another 20 kB, and one that has sent the largest
/// head and the beginning of a body about 60 kB, which [`UNREAD_BYTES_MAX`] bounds.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Connections that the kernel has made and that are not accepted yet; it has no more than `net.core.somaxconn`, which is as many.
pub const LISTEN_BACKLOG: i32 = 4_096;
/// How long a client that sends nothing more is not taken for gone while it has no answer, in milliseconds: it may have closed its half
/// of the connection alone.
pub const HALF_CLOSED_WAIT_MS: u64 = 1_000;
/// Connections that there is room for in any case.
pub const CONNECTIONS_MIN: usize = 64;
/// What a connection may cost beside what is read of its requests, in bytes.
pub const CONNECTION_BYTES: usize = 32 * 1024;
/// Of the memory that the program may take, connections have one of so many parts, without what is read of them.
pub const CONNECTIONS_PART: u64 = 4;
/// The same for requests that wait for their rest, see [`UNREAD_BYTES_MAX`].
pub const UNREAD_PART: u64 = 8;
/// The same for long bodies, see [`BODIES_BYTES_MAX`], and for the hits of long lists, see [`BULKS_BYTES_MAX`].
pub const BODIES_PART: u64 = 16;
/// The same for questions and their answers.
pub const QUESTIONS_PART: u64 = 4;
/// What a network may hold in waiting connections however little memory is left, in bytes.
pub const NETWORK_BYTES_FREE: usize = 8 * CONNECTION_BYTES;
/// Of all places, those that got an answer keep one of so many, however many come that have not asked anything yet.
pub const USEFUL_PART: usize = 4;
/// Bytes of answers that the kernel keeps for a connection until its client takes them; it takes twice that for its own.
pub const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// How often a thread is waited for that has to give back what it has freed.
pub const GIVE_BACK_TRIES: usize = 50;
/// How long each time, in milliseconds.
pub const GIVE_BACK_WAIT_MS: u64 = 1;
/// Largest head of a request, in bytes, which is also the buffer of a connection: real ones stay below 10 kB.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Largest beacon that is answered on the fast path, head and body together, in bytes: real ones stay below 3 kB.
pub const FAST_REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Most headers of such a request: browsers behind two proxies send 35.
pub const FAST_HEADERS_MAX: usize = 64;
/// In how many pieces such a request may come: one or two, as a rule.
pub const FAST_PIECES_MAX: usize = 8;
/// How many requests of one connection are answered before others have their turn.
pub const FAST_ANSWERS_AT_ONCE: usize = 16;
/// Longest name of a header that the fast path looks at: `sec-ch-ua-full-version-list` is the longest that says something.
pub const FAST_HEADER_NAME_BYTES_MAX: usize = 32;
/// How long the fast path waits for a body whose head is there, in milliseconds, before it leaves the rest to hyper: clients that
/// send both apart send them one right after the other.
pub const FAST_BODY_WAIT_MS: u64 = 500;
/// Bytes of a body that need no room among [`BODIES_BYTES_MAX`]: beacons have a few hundred.
pub const BODY_BYTES_FREE: usize = 4 * 1024;
/// Bodies in memory over all requests, in bytes, without the first [`BODY_BYTES_FREE`] of each; more wait for room.
pub const BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Hits in memory of long lists whose end has not come, over all requests, in bytes; more wait for room.
pub const BULKS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long such a list may bring nothing, in seconds.
pub const BULK_SILENCE_S: u64 = 20;
/// After how many seconds a command says that the running server has not answered yet, and says it again.
pub const ANSWER_TOLD_S: u64 = 20;
/// Longest wait of a command for the running server, in seconds: forgetting in a large file takes minutes.
pub const ANSWER_WAIT_S: u64 = 900;
/// Longest wait for the head of a request, in seconds: a slow sender must not hold a connection for ever.
pub const HEAD_WAIT_S: u64 = 20;
/// Longest wait for a body and for room for it, in seconds: bodies are small, and a slow sender must not hold a connection.
pub const BODY_WAIT_S: u64 = 20;
/// How many seconds what an answer did not need of a body is read and thrown away, so that its sender sees the answer.
pub const REST_WAIT_S: u64 = 1;
/// Longest wait for open connections at stop, in seconds; where less time is left for the stop, half of it.
pub const DRAIN_S: u64 = 10;
/// Live pages that are kept up to date at once; each is a connection, and costs some 30 kB.
pub const STREAMS_MAX: usize = 200;
/// Time between two looks at a site that somebody watches, in milliseconds: nobody reads faster.
pub const STREAM_PAUSE_MS: u64 = 2_000;
/// The pause is at least so many times what a look takes, so that watching the busiest site takes 5 % of a core.
pub const STREAM_PAUSE_PER_LOOK: u32 = 20;
/// Time between two signs of life on a stream, in seconds; proxies give up a silent one after 30 to 60. Whether its reader
/// is still signed in is looked at with each.
pub const STREAM_BEAT_S: u64 = 15;
/// How long a stream lasts, in seconds; the browser opens the next one by itself.
pub const STREAM_S_MAX: u64 = 900;
/// How long browsers wait before that, in milliseconds.
pub const STREAM_AGAIN_MS: u64 = 1_000;
/// How long a browser remembers the right password of one, in milliseconds: 12 hours.
pub const SHARE_PASSWORD_MS: i64 = 12 * 3_600 * 1_000;
/// Pages, files and counters that are made at once for readers who are not signed in: anybody may ask, and one may read years.
pub const STRANGERS_AT_ONCE: usize = 2;
/// Those that wait for them.
pub const STRANGERS_WAITING: usize = 128;
/// How long a request waits for its turn at work of which few are done at once, in milliseconds: longer than any of it takes, and
/// shorter than anybody looks at an empty page.
pub const PERMIT_WAIT_MS: u64 = 10_000;
/// Most questions about sums that are worked at, each with up to [`QUICK_BYTES`]; a few wait for readers of the store meanwhile.
pub const QUESTIONS_AT_ONCE: usize = 8;
/// Most that wait for them; more are turned away at once.
pub const QUESTIONS_WAITING: usize = 256;
/// Changes that requests make at once; they follow one after the other in the database, and wait for it in vain where it is locked.
pub const CHANGES_AT_ONCE: usize = 4;
/// Those that wait for them; more are turned away at once.
pub const CHANGES_WAITING: usize = 256;
/// Threads for all that waits for a disk, questions included: each costs half a megabyte. More such work waits for them.
pub const BLOCKING_THREADS: usize = 64;
/// Cells that a question reads before it is dear and takes a turn: some 25 ms, and all that the usual page of a busy site reads.
pub const QUICK_CELLS: usize = 1_000_000;
/// Memory that a question holds before it is dear and takes a turn, in bytes: the page of a site with 20,000 pages a month.
pub const QUICK_BYTES: usize = 8 << 20;
/// Memory that a question has held which its thread leaves to others when it is done, in bytes.
pub const FREED_SHARED_BYTES: usize = 1 << 20;
/// What questions have held since freed memory was given back to the system, in bytes, before it is again.
pub const FREED_GIVEN_BACK_BYTES: usize = 16 << 20;
/// Memory that a question may hold, in bytes: an answer of some 150,000 lines while it is made. With [`DEAR_QUESTIONS_AT_ONCE`] of them,
/// [`QUESTIONS_AT_ONCE`] quick ones and [`ANSWERS_BYTES_MAX`] it makes [`QUESTIONS_BYTES_MAX`].
pub const QUESTION_BYTES_MAX: usize = 48 << 20;
/// All that questions and their answers may hold, in bytes; what is remembered of the store has the rest of 256 MiB.
pub const QUESTIONS_BYTES_MAX: usize = 192 << 20;
/// Longest answer to a reader that needs no room among [`ANSWERS_BYTES_MAX`], in bytes: pages are shorter.
pub const ANSWER_BYTES_FREE: usize = 256 * 1024;
/// Answers to readers that are longer and not sent yet, in bytes; one asker has one of them or a quarter of that.
pub const ANSWERS_BYTES_MAX: usize = 32 << 20;
/// Bytes of an answer that are compressed and sent before others have their turn.
pub const ANSWER_PIECE_BYTES: usize = 64 * 1024;
/// Bytes of columns that are opened in the time in which a cell is read.
pub const BYTES_PER_CELL_READ: usize = 16;
/// Most dear questions that are worked at, each on a core; one core is left to others, if there are several.
pub const DEAR_QUESTIONS_AT_ONCE: usize = 2;
/// Most dear questions that wait for their turn; more are turned away at once.
pub const DEAR_QUESTIONS_WAITING: usize = 64;
/// How long they wait, in milliseconds: a little less than proxies wait for an answer.
pub const DEAR_WAIT_MS: u64 = 45_000;
/// How long a one-time sign-in link works, in milliseconds: 15 minutes.
pub const SIGN_IN_LINK_MS: i64 = 15 * 60 * 1_000;
/// How long a sign-in lasts, in milliseconds: 30 days.
pub const LOGIN_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// Most browsers that are signed in as one user; past it the oldest sign-in ends.
pub const LOGINS_PER_USER_MAX: usize = 50;
/// Fewest characters of a password: a guesser has some 9,000 tries a day from one network (`server/tries.rs`).
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password, in bytes: a digest reads all of it, and nobody types more.
pub const PASSWORD_BYTES_MAX: usize = 1_000;
/// Most passwords that are compared, or digested, at once, each in 19 MiB and some 25 ms; more wait.
pub const PASSWORDS_AT_ONCE: usize = 2;
/// Wrong tries from a network, or of a browser, that cost no pause: whoever mistypes does so a few times.
pub const TRIES_FREE: u32 = 5;
/// Wrong tries at a name, from wherever, before there are pauses between them: strangers should not slow its owner by a few.
pub const TRIES_FREE_OF_NAME: u32 = 10;
/// Half the first pause, in milliseconds; each that follows is twice as long, [`TRY_DOUBLINGS`] times in all.
pub const TRY_PAUSE_MS: u64 = 125;
/// See [`TRY_PAUSE_MS`]: up to four seconds.
pub const TRY_DOUBLINGS: u64 = 5;
/// What each wrong try adds beside, in milliseconds: after a day of tries one after the other there is a pause of some ten seconds.
pub const TRY_PAUSE_STEP_MS: u64 = 30;
/// Longest pause between two tries at one name, in milliseconds: at the most 86,400 a day are wrong, from wherever; among tries from a
/// thousand networks the owner's waits for a thousand of them, as a rule.
pub const TRY_PAUSE_OF_NAME_MS_MAX: u64 = 1_000;
/// Wrong tries that are counted: the pause after them is below [`TRY_WAIT_MS`].
pub const TRIES_COUNTED_MAX: u32 = 1_000;
/// In what time the count of wrong tries becomes half, in milliseconds: 15 minutes; after 150 nothing is left.
pub const TRIES_FADE_MS: u64 = 15 * 60 * 1_000;
/// Networks and browsers, prefixes, and names, whose wrong tries are counted: some 60 bytes each. There is room for all that are open.
pub const TRIES_REMEMBERED: usize = 8_192;
/// Tries of one browser that wait at once; each is a connection.
pub const TRIES_OPEN_PER_BROWSER: usize = 32;
/// Tries of strangers that wait at once, each some kilobytes beside its connection; past it those who hold most give places up.
pub const TRIES_OPEN: usize = 1_024;
/// Longest wait of a try, in milliseconds: a little less than proxies wait for an answer.
pub const TRY_WAIT_MS: u64 = 45_000;
/// After how many seconds one that was turned away may come again, at the least.
pub const TRY_AGAIN_S: u64 = 5;
/// Longest time between two looks of a try whether it is its turn, in milliseconds; it is told, too.
pub const TRY_LOOK_MS: u64 = 1_000;
/// How long a browser that was signed in is known, in milliseconds: 180 days.
pub const DEVICE_MS: i64 = 180 * 24 * 3_600 * 1_000;
/// Longest reply that waits in a browser for the next page, in bytes: encoded, it fits into a cookie of 4 kB.
pub const TOLD_BYTES_MAX: usize = 1_000;
/// How long it waits, in seconds.
pub const TOLD_S: i64 = 60;
/// Longest last part of an address that can be one: domains have 253 bytes, secret links 43.
pub const SHARE_SLUG_BYTES_MAX: usize = 253;
/// How long browsers keep the choice of a language, in seconds: a year.
pub const LANGUAGE_COOKIE_S: i64 = 31_536_000;
/// Cookies of one name that are looked at: a browser has two at an upgrade, and more if somebody plants them.
pub const COOKIES_OF_A_NAME: usize = 16;
/// Longest path that a socket address holds, in bytes (`sun_path` of Linux, less its end).
pub const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Longest file of the configuration, in bytes; a device may have no end.
pub const CONFIG_BYTES_MAX: u64 = 1_000_000;
/// How long a command waits for a folder that another program holds, in milliseconds.
pub const LOCK_WAIT_MS: u64 = 3_000;
/// Time between two looks whether it is free, in milliseconds.
pub const LOCK_LOOK_MS: u64 = 100;
/// Shortest and longest pause after a connection that was not accepted, in milliseconds: closing ones will free descriptors.
pub const ACCEPT_PAUSE_MS: u64 = 50;
/// See [`ACCEPT_PAUSE_MS`].
pub const ACCEPT_PAUSE_MS_MAX: u64 = 1_000;
/// Time between two looks of what runs beside the server, in seconds: whether the collector has ended, what a demo sends next.
pub const TICK_S: u64 = 1;
/// Longest wait at stop for what the drain gave up on, in seconds.
pub const ABANDON_S: u64 = 1;
/// Lines of the log about the same failure within a minute; the rest are a number.
pub const FAILURE_LINES: u32 = 10;
/// Longest reason in such a line, in characters.
pub const FAILURE_REASON_CHARS_MAX: usize = 300;
/// Failures that the log tells apart within a minute, by kind and route: more than there are routes.
pub const FAILURES_TOLD_APART: usize = 500;
/// How long `/health` shows a failure that may be over, in seconds: longer than monitors wait between two looks.
pub const FAILURE_SHOWN_S: u64 = 120;
/// Most headers of a request that is explained: more than browsers and proxies send together.
pub const EXPLAINED_HEADERS_MAX: usize = 100;
/// Longest request that is explained, in bytes, its head included.
pub const EXPLAINED_BYTES_MAX: usize = 64 * 1_024;
/// Lines of the log that wait for whoever reads it; more are counted and dropped. A server that is well writes some ten a day.
pub const LOG_LINES_WAITING: usize = 8_192;
/// Descriptors that are kept for the store, the journal and commands, or half of all where there are few; connections have the rest.
pub const DESCRIPTORS_KEPT: usize = 128;
/// Connections that are accepted beside those that have room, until one of these is closed: a part of [`DESCRIPTORS_KEPT`].
pub const CONNECTIONS_ARRIVING: usize = 16;
/// Connections that give way at once when the system has no more descriptors.
pub const CONNECTIONS_GIVING_WAY: usize = 16;
/// A network has the share of all connections, and of all bytes that wait, that this number says: one of so many.
pub const NETWORK_SHARE: usize = 4;
/// Bytes of requests that wait for their rest, over all connections, without those of long bodies: see [`BODIES_BYTES_MAX`].
pub const UNREAD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a client may take nothing of an answer, in milliseconds.
pub const WRITE_WAIT_MS: u64 = 20_000;
/// The same once the server ends.
pub const STOP_WRITE_WAIT_MS: u64 = 1_000;
/// How long the rest of a body may take once the server ends, in milliseconds.
pub const STOP_BODY_WAIT_MS: u64 = 500;
/// How long a connection that nothing is asked on stays open once the server ends, in milliseconds: a request may be on its way.
pub const STOP_LINGER_MS: u64 = 100;
/// How long the end of the program waits for lines of the log to be written, in milliseconds.
pub const LOG_END_MS: u64 = 1_000;
/// Percent of the memory that the program may take at which kept answers, dear questions, waiting connections, new visitors, beacons of
/// heavy senders and all beacons give way.
pub const PRESSURE_PERCENTS: [u64; 6] = [70, 80, 85, 90, 95, 100];
/// Time between two looks at how much memory is taken, in milliseconds: a flood takes some 50 MB a second.
pub const MEMORY_LOOK_MS: u64 = 200;
/// Percent that the program takes of what its group may have; the rest is for pages of files.
pub const MEMORY_PERCENT_OF_GROUP: u64 = 90;
/// Percent that it takes of a machine's memory where nothing else bounds it.
pub const MEMORY_PERCENT_OF_MACHINE: u64 = 75;
/// Least and most memory that can be set, in MiB: with less than an idle program has, all is turned away.
pub const MEMORY_MB_MIN: u64 = 8;
/// See [`MEMORY_MB_MIN`]: 1 TiB is a typing mistake.
pub const MEMORY_MB_MAX: u64 = 1 << 20;
/// Hits over which shares are counted together where memory is nearly full.
pub const SHARED_HITS: u32 = 1_000;
/// Those of them that one network may bring.
pub const SHARE_OF_NETWORK: u32 = SHARED_HITS / 4;
/// Those that one site may have, where there are others.
pub const SHARE_OF_SITE: u32 = SHARED_HITS / 2;
/// Those that are sent with one browser: the commonest has more than half of all people.
pub const SHARE_OF_BROWSER: u32 = SHARED_HITS * 3 / 4;
/// How long a connection may take until its first answer before it gives way to those that have got one, in milliseconds.
pub const CONNECTION_GRACE_MS: u64 = 3_000;
/// All connections are looked through for the least useful ones; one of so many of them gives way each time.
pub const CONNECTIONS_PER_LOOK: usize = 128;

/// How far below a call its own calls may have written to the stack, in bytes; much further where nothing is optimised.
pub const STACK_BYTES: usize = if cfg!(debug_assertions) { 512 << 10 } else { 32 << 10 };
