"""Sends hits over keep-alive connections from processes of its own, and keeps book of what was acknowledged."""
import json, multiprocessing, random, time

from program import SITE, Connection

AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
]
# The name that the program gives a referrer, and the referrer.
SOURCES = [("Direct / None", None), ("Google", "https://www.google.com/"), ("DuckDuckGo", "https://duckduckgo.com/"),
           ("Hacker News", "https://news.ycombinator.com/"), ("example.net", "https://example.net/x")]
PAGES = 1_000


def source(visitor):
    return SOURCES[visitor % len(SOURCES)]


def address(visitor):
    """Of a network of its own, as far as there are any: 2^28 addresses in 2^20 networks, passed through in long steps."""
    number = visitor * 0x9E3779B1 % (1 << 28)
    return f"{32 + (number >> 24)}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def page(visitor, view):
    """A page by Zipf's law: the n-th is viewed about 1/n as often as the first."""
    share = (visitor * 2_654_435_761 + view * 40_503) % 65_536 / 65_536
    return path(int(PAGES ** share))


def path(rank):
    """The path of the page of this rank, in words: numbers below one parent could be those of people."""
    syllables = [consonant + vowel for consonant in "bdklmnrst" for vowel in "aeiou"]
    word = lambda number: syllables[number % 45] + syllables[number // 45 % 45]
    return f"/section-{word(rank % 30)}/page-{word(rank // 30)}"


def pageview(visitor, path, site=SITE):
    """The bytes of a request."""
    told = {"n": "pageview", "u": f"https://{site}{path}", "d": site, "r": source(visitor)[1]}
    body = json.dumps(told)
    return (f"POST /api/event HTTP/1.1\r\nHost: {site}\r\nContent-Type: text/plain\r\nUser-Agent: "
            f"{AGENTS[visitor // len(SOURCES) % len(AGENTS)]}\r\nX-Forwarded-For: {address(visitor)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def is_accepted(status, head):
    return status == 202 and b"x-headcount-rejected" not in head


def fill(port, hits, lanes=2, at_once=64):
    """Sends all of the hits (visitor, path[, site]) as fast as they are taken, some at once on each connection.

    Each must be acknowledged as accepted.
    """
    hits = list(hits)
    parts = [hits[lane::lanes] for lane in range(lanes)]
    workers = [multiprocessing.Process(target=fill_lane, args=(port, part, at_once)) for part in parts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode != 0:
            raise SystemExit("hits were not accepted")


def fill_lane(port, hits, at_once):
    connection = Connection(port)
    for begin in range(0, len(hits), at_once):
        many = [pageview(*hit) for hit in hits[begin:begin + at_once]]
        connection.socket.sendall(b"".join(many))
        answers = b""
        while answers.count(b"HTTP/1.1 ") < len(many) or not answers.endswith(b"\r\n\r\nok"):
            try:
                answers += connection.socket.recv(1 << 16) or b"closed"
            except TimeoutError:
                raise SystemExit(f"no answer after {answers[-300:]!r}")
            if answers.endswith(b"closed"):
                raise SystemExit(f"closed after {answers[-300:]!r}")
        if answers.count(b"HTTP/1.1 202") != len(many) or b"x-headcount-rejected" in answers:
            raise SystemExit(f"not accepted: {answers[-300:]!r}")


class Crowd:
    """Processes that work on something until they are told to stop, and then hand over what they have."""

    def __init__(self, count, work, *words):
        self.over = multiprocessing.Event()
        self.found = multiprocessing.Queue()
        target = lambda number: self.found.put(work(number, self.over, *words))
        self.workers = [multiprocessing.Process(target=target, args=(number,)) for number in range(count)]
        for worker in self.workers:
            worker.start()

    def end(self):
        """What each of them has, after they stopped."""
        self.over.set()
        found = [self.found.get(timeout=120) for _ in self.workers]
        for worker in self.workers:
            worker.join()
        return found


class Pace:
    """Keeps to a rate; what could not be sent for a second is not made up for."""

    def __init__(self, rate):
        self.rate, self.begun, self.sent = rate, time.monotonic(), 0

    def wait(self):
        self.sent += 1
        ahead = self.sent / self.rate - (time.monotonic() - self.begun)
        if ahead > 0:
            time.sleep(ahead)
        elif ahead < -1:
            self.begun, self.sent = time.monotonic(), 0


def paced(number, over, port, rate, visitors, site=SITE):
    """Sends hits of known visitors one after the other, `rate` a second; the times until their answers in seconds."""
    connection, times, random_of, pace = Connection(port), [], random.Random(number), Pace(rate)
    while not over.is_set():
        visitor = random_of.randrange(visitors)
        request = pageview(visitor, page(visitor, len(times)), site)
        begun = time.monotonic()
        status, head, _ = connection.ask(request)
        times.append(time.monotonic() - begun)
        if not is_accepted(status, head):
            raise SystemExit(f"a hit is not accepted: {head!r}")
        pace.wait()
    return times


def asking(number, over, port, questions):
    """Asks one question after the other; when each was answered, and how many seconds that took."""
    connection, answers = Connection(port), []
    while not over.is_set():
        begun = time.monotonic()
        status, head, body = connection.ask(questions[(number + len(answers)) % len(questions)])
        if status != 200:
            raise SystemExit(f"a question is answered with {head!r} {body[:300]!r}")
        now = time.monotonic()
        answers.append((now, now - begun))
    return answers


def asking_on_time(number, over, port, request, every_s):
    """Asks a question at fixed times, whatever became of the one before; how many seconds after its time each was answered."""
    connection, waits, begun = Connection(port), [], time.monotonic()
    while not over.is_set():
        due = begun + len(waits) * every_s + number * 0.017
        time.sleep(max(0, due - time.monotonic()))
        status, head, body = connection.ask(request)
        if status != 200:
            raise SystemExit(f"a question is answered with {head!r} {body[:300]!r}")
        waits.append(time.monotonic() - due)
    return waits


def persistent(number, over, port, rate):
    """Sends hits `rate` a second and goes on over every end of the program; of each hit when, whose, where, and whether it
    was acknowledged.

    A page is of one sender and of one life of its connection, so that of each page one hit at the most has no answer:
    how often it was counted tells whether that one was.
    """
    random_of, pace, connection, life = random.Random(number), Pace(rate), None, 0
    known, book = 0, []
    while not over.is_set():
        # Two of five hits come from somebody who was there before.
        back = known and random_of.random() < 0.4
        place = random_of.randrange(known) if back else known
        known += not back
        visitor, path = number * 1_000_000 + place, f"/life-{life}-of-{number}"
        request = pageview(visitor, path)
        while not over.is_set():
            try:
                connection = connection or Connection(port)
            except OSError:
                time.sleep(0.002)
                continue
            try:
                status, head, _ = connection.ask(request)
                if not is_accepted(status, head):
                    raise SystemExit(f"a hit is not accepted: {head!r}")
                book.append((time.monotonic(), visitor, path, True))
            except OSError:
                book.append((time.monotonic(), visitor, path, False))
                connection.close()
                connection, life = None, life + 1
            break
        pace.wait()
    return book
