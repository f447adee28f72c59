#!/usr/bin/env python3
"""questions.py BINARY YEAR PART...: what questions about a year cost, and what other questions and hits have of it, from outside.

YEAR is a data folder of year.py: 2026, each month like the first, all of them added up.
"""
import datetime, itertools, json, multiprocessing, os, re, sqlite3, statistics, sys, time

from program import Connection, CopyOf, SITE
from senders import Crowd, is_accepted, pageview, path

binary, year, parts = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
missed = []
READERS = 8
SECONDS = float(os.environ.get("SECONDS_EACH", 20))
KINDS = [("a source", "source", 60), ("a page", "page", 80), ("a city", "city", 80)]


def row(what, figure, bar=None, unit=" ms", digits=1):
    verdict = "" if bar is None else "met" if figure <= bar else "missed"
    missed.extend([what] if verdict == "missed" else [])
    shown = "" if bar is None else f"<= {bar:.{digits}f}{unit}"
    print(f"| {what} | {figure:.{digits}f}{unit} | {shown} | {verdict} |", flush=True)


def percentile(times, part):
    return sorted(times)[min(int(len(times) * part), len(times) - 1)] if times else float("nan")


class Year(CopyOf):
    """A server on a copy of the year, on the day after its last."""

    def __init__(self):
        super().__init__(binary, year, "2027-01-01T12:00:00Z")

    def page(self, query):
        """The bytes of a request for the page of the site."""
        if self.cookie is None:
            link = re.search(r"http://[^/]+(/sign-in/\S+)", self.command("user", "link")).group(1)
            connection = Connection(self.port)
            _, answer, _ = connection.ask(f"POST {link} HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nContent-Length: 0\r\n\r\n".encode())
            self.cookie = re.search(rb"(?i)set-cookie: *([^;]+)", answer).group(1).decode()
            connection.close()
        query = query.replace(" ", "%20").replace("/", "%2F")
        return (f"GET /{SITE}?{query} HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\nCookie: {self.cookie}\r\n\r\n").encode()

    def query(self, metrics, dimensions, filters=(), date_range="12mo"):
        """The bytes of a query by the API."""
        asked = {"site_id": SITE, "metrics": metrics, "date_range": date_range, "dimensions": dimensions, "filters": list(filters)}
        body = json.dumps(asked).encode()
        return (f"POST /api/v2/query HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {self.reading()}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body

    def values(self, dimension, many):
        """The values of a dimension with most visitors."""
        return [found["dimensions"][0] for found in self.answer(self.query(["visitors"], [f"visit:{dimension}" if dimension != "page" else "event:page"]))][:many]

    def answer(self, request):
        connection = Connection(self.port)
        status, _, body = connection.ask(request)
        connection.close()
        if status != 200:
            sys.exit(f"a query is answered with {status}: {body[:300]!r}")
        return json.loads(body)["results"]

    def filtered(self, kind, many=40):
        return [self.page(f"period=12mo&filter={kind}:{value}") for value in self.values(kind, many)]


def turned(requests, places):
    """The same requests, begun with another."""
    places %= len(requests)
    return requests[places:] + requests[:places]


def asking(port, requests, pause_s, stop, results):
    """Asks one after the other until told to stop: when each was answered, and how long it took."""
    connection, found, turn = Connection(port), [], 0
    while not stop.is_set():
        begun = time.monotonic()
        status = connection.ask(requests[turn % len(requests)])[0]
        turn += 1
        found.append((begun, time.monotonic() - begun, status))
        time.sleep(pause_s)
    results.put(found)


def hitting(port, rate, seed, stop, results):
    """Sends pageviews at a rate, and how long each took."""
    connection, found, visitor, begun = Connection(port), [], seed, time.monotonic()
    while not stop.is_set():
        due = begun + len(found) / rate
        time.sleep(max(0.0, due - time.monotonic()))
        sent = time.monotonic()
        status, head, _ = connection.ask(pageview(visitor % 20_000, path(visitor % 300)))
        if not is_accepted(status, head):
            raise SystemExit(f"a hit is answered with {status}")
        # Late hits waited for the one before.
        found.append((due, time.monotonic() - due))
        visitor += 1
    results.put(found)


def hitting_often(port, rate, seed, stop, results, every_s=0.004):
    """Sends pageviews at a high rate, some at once at fixed times; how long each took from its time on."""
    connection, found = Connection(port), []
    requests = [pageview((seed + number) % 20_000, path((seed + number) % 300)) for number in range(20_000)]
    at_once, begun = max(1, round(rate * every_s)), time.monotonic()
    for turn in itertools.count():
        if stop.is_set():
            break
        due = begun + turn * at_once / rate
        time.sleep(max(0.0, due - time.monotonic()))
        place = turn * at_once % (len(requests) - at_once)
        connection.socket.sendall(b"".join(requests[place:place + at_once]))
        answers = b""
        while answers.count(b"\r\n\r\nok") < at_once:
            answers += connection.socket.recv(1 << 16) or sys.exit("the connection is closed")
        if answers.count(b"HTTP/1.1 202") != at_once or b"x-headcount-rejected" in answers:
            raise SystemExit(f"hits are answered with {answers[:300]!r}")
        found += [(due, time.monotonic() - due)] * at_once
    results.put(found)


def together(seconds, *crowds):
    """What processes found that worked side by side."""
    stop, working = multiprocessing.Event(), []
    for work, *words in crowds:
        results = multiprocessing.Queue()
        process = multiprocessing.Process(target=work, args=(*words, stop, results))
        process.start()
        working.append((process, results))
    time.sleep(seconds)
    stop.set()
    found = [results.get(timeout=120) for _, results in working]
    for process, _ in working:
        process.join()
    return found


def cpu_and_time(program, requests):
    """Milliseconds of CPU and of the clock that each takes, asked one after the other."""
    connection, cpu, begun = Connection(program.port), program.cpu_s(), time.monotonic()
    for request in requests:
        if connection.ask(request)[0] != 200:
            sys.exit("a page is not answered")
    took = time.monotonic() - begun
    connection.close()
    return (program.cpu_s() - cpu) / len(requests) * 1e3, took / len(requests) * 1e3


def part_alone():
    """Each page for the first time, and again."""
    with Year() as program:
        for name, kind, bar in KINDS:
            pages = program.filtered(kind)
            cpu_and_time(program, pages[:1])
            first, _ = cpu_and_time(program, pages[1:25])
            again, _ = cpu_and_time(program, pages[1:5] * 6)
            row(f"CPU of a page over 12 months filtered by {name}, each for the first time", first, bar)
            row(f"the same, four of them again and again", again, bar)
        cities = program.values("city", 25)
        queries = [program.query(["visitors"], ["event:page"], [["is", "visit:city", [city]]]) for city in cities]
        cpu_and_time(program, queries[:1])
        row("CPU of pages of one city, 12 months", cpu_and_time(program, queries[1:25])[0], 50)
        row("CPU of the page of 12 months", cpu_and_time(program, [program.page("period=12mo")] * 20)[0])
        row("CPU of the page of 30 days", cpu_and_time(program, [program.page("period=30d")] * 20)[0])


def part_two():
    """Pages under two filters, each for the first time."""
    with Year() as program:
        devices, sources = program.values("device", 2), program.values("source", 13)
        for name, kind in [("a source", "source"), ("a page", "page"), ("a city", "city")]:
            both = [f"period=12mo&filter={kind}:{value}&filter=device:{device}"
                    for value in (sources if kind == "source" else program.values(kind, 13)) for device in devices]
            pages = [program.page(query) for query in both]
            cpu_and_time(program, pages[:1])
            cpu, took = cpu_and_time(program, pages[1:25])
            row(f"a page over 12 months under {name} and a device", took, 100)
            row("its CPU", cpu)


def part_eight():
    """Eight readers at once, who begin with different pages."""
    for name, kind, _ in KINDS:
        with Year() as program:
            pages = program.filtered(kind)
            program.forget_peak()
            start = program.memory_kib("VmRSS")
            readers = [(asking, program.port, turned(pages, 5 * reader), 0) for reader in range(READERS)]
            times = [took for found in together(SECONDS, *readers) for _, took, _ in found]
            row(f"p50 of a page filtered by {name}, {READERS} readers", percentile(times, 0.5) * 1e3, 400)
            row(f"p99", percentile(times, 0.99) * 1e3)
            row("highest memory above idle meanwhile", (program.memory_kib("VmHWM") - start) / 1024, 80, " MiB")


def dearest(program):
    """The dearest questions that are allowed: cells of two dimensions day by day over a year, and pages with filters."""
    cities, days = program.values("city", 8), ["event:page", "time:day"]
    by_day = [program.query(["visitors"], days, [["is", "visit:city", [city]]]) for city in cities[:3]]
    several = [program.query(["visitors"], ["event:page"], [["contains", "visit:city", ["City"]]])]
    plain = [program.query(["visitors", "pageviews"], days, date_range="all")]
    return by_day + several + plain + program.filtered("city", 20)


def part_beside():
    """The page of 30 days and hits while eight readers ask what is dearest."""
    with Year() as program:
        dear, plain = dearest(program), program.page("period=30d")
        program.forget_peak()
        start = program.memory_kib("VmRSS")
        readers = [(asking, program.port, turned(dear, reader), 0) for reader in range(READERS)]
        light = [(asking, program.port, [plain], 0.2), (hitting, program.port, 200, 1)]
        *found, pages, hits = together(SECONDS * 2, *readers, *light)
        row(f"p50 of the page of 30 days while {READERS} readers ask the dearest of a year", percentile([took for _, took, _ in pages], 0.5) * 1e3, 100)
        row("p99 of it", percentile([took for _, took, _ in pages], 0.99) * 1e3)
        row("p99 of hits", percentile([took for _, took in hits], 0.99) * 1e3, 10)
        row("longest hit", max(took for _, took in hits) * 1e3)
        answers = [(took, status) for each in found for _, took, status in each]
        row("dear questions answered", sum(status == 200 for _, status in answers), unit="", digits=0)
        row("dear questions without a turn", sum(status != 200 for _, status in answers), unit="", digits=0)
        row("p50 of dear questions", percentile([took for took, _ in answers], 0.5) * 1e3)
        row("highest memory above idle meanwhile", (program.memory_kib("VmHWM") - start) / 1024, 256, " MiB")


def costly(program):
    """The costliest questions of each kind: of the API, pages, and files."""
    plain = program.page("period=30d")
    file = lambda name, query: plain.replace(f"GET /{SITE}?period=30d ".encode(), f"GET /{SITE}/{name}?{query} ".encode())
    pages, cities = program.filtered("page"), program.filtered("city")
    by_day = [program.query(["visitors", "pageviews"], ["event:page", "time:day"], date_range="all")]
    cut = [program.query(["visitors"], ["event:page", "time:day"], [["is", "visit:city", [city]]]) for city in program.values("city", 8)]
    files = [file(name, "period=all") for name in ("page.csv", "page.json", "city.csv", "entry_page.json", "page")]
    return {"pages by day": by_day, "pages by day of a city": cut, "pages with filters": pages + cities,
            "files of all time": files, "all of these": by_day + cut + pages + cities + files}


def part_costly():
    """Twenty-four clients that ask the costliest of each kind, and the owner's own pages and hits meanwhile."""
    with Year() as program:
        kinds = costly(program)
        program.forget_peak()
        start = program.memory_kib("VmRSS")
        owner = [program.page("period=30d"), program.page("period=12mo")]
        for name, requests in kinds.items():
            clients = [(asking, program.port, turned(requests, 7 * client), 0.05) for client in range(24)]
            *found, pages, hits = together(SECONDS, *clients, (asking, program.port, owner, 0.2), (hitting, program.port, 200, 1))
            statuses = [status for each in found for _, _, status in each]
            told = ", ".join(f"{statuses.count(status)} x {status}" for status in sorted(set(statuses)))
            row(f"24 ask {name} ({told}): the owner's page, p99", percentile([took for _, took, _ in pages], 0.99) * 1e3, 2_000)
            row("p99 of hits", percentile([took for _, took in hits], 0.99) * 1e3, 20)
        row("highest memory above idle over all of them", (program.memory_kib("VmHWM") - start) / 1024, 256, " MiB")


def part_stop():
    """A stop while 24 of the dearest are asked, and what clients that went away leave behind."""
    with Year() as program:
        request = dearest(program)[4]
        left = [Connection(program.port) for _ in range(24)]
        for connection in left:
            connection.socket.sendall(request)
        time.sleep(1)
        for connection in left:
            connection.close()
        time.sleep(1)
        cpu = program.cpu_s()
        time.sleep(3)
        row("CPU a second, a second after 24 clients went away", (program.cpu_s() - cpu) / 3 * 100, 5, " %")
        for connection in [Connection(program.port) for _ in range(24)]:
            connection.socket.sendall(request)
            left.append(connection)
        time.sleep(1)
        row("a stop while 24 are asked", program.stop(), 2, " s")


def backing_up(program, before, stop, results):
    """Makes one backup after the other until told to stop: how long each took, and how many of the hits from before it lacks."""
    found, today = [], (datetime.date(2027, 1, 1) - datetime.date(1970, 1, 1)).days
    while not stop.is_set():
        copy, begun = f"{program.folder}/copy.db", time.monotonic()
        program.command("backup", copy)
        took = time.monotonic() - begun
        with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as database:
            held = database.execute("SELECT sum(pageviews) FROM site_totals WHERE grain = 1 AND bucket = ?", (today,)).fetchone()[0]
        os.remove(copy)
        found.append((took, max(0, before - (held or 0))))
    results.put(found)


def part_backup(rate=5_000, senders=4):
    """Backups of the year, one after the other, while hits come in."""
    with Year() as program:
        size = os.path.getsize(f"{program.data}/headcount.db") / 2**20
        crowd = [(hitting_often, program.port, rate / senders, seed * 5_000) for seed in range(senders)]
        # Everybody is known, and the senders are started.
        before = len([hit for found in together(5, *crowd) for hit in found])
        alone = together(SECONDS, *crowd)
        before += sum(len(found) for found in alone)
        *beside, copies = together(SECONDS * 2, *crowd, (backing_up, program, before))
        acknowledged = before + sum(len(found) for found in beside)
        counted = program.answer(program.query(["pageviews"], [], date_range="day"))[0]["metrics"][0]
        row(f"acknowledged hits lost, of {acknowledged:,}", acknowledged - counted, 0, "", 0)
        row(f"acknowledged before a backup began and not in it, {len(copies)} backups", max(lacks for _, lacks in copies), 0, "", 0)
        for name, found, bar in (("alone", alone, None), (f"while {size:,.0f} MiB are backed up", beside, 20)):
            times = [took for of_one in found for _, took in of_one]
            row(f"p99 of {rate:,} hits/s {name}", percentile(times, 0.99) * 1e3, bar)
            row("longest of them", max(times) * 1e3)
        row("a backup", statistics.median(took for took, _ in copies), unit=" s")


print("| what | figure | bar | |\n|---|---|---|---|")
for part in parts:
    {"alone": part_alone, "two": part_two, "eight": part_eight, "beside": part_beside, "stop": part_stop, "costly": part_costly,
     "backup": part_backup}[part]()
sys.exit(1 if missed else 0)
