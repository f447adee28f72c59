#!/usr/bin/env python3
"""running_day.py BINARY [PART...]: the running day under load, one part for each row of benches/README.md.

Everything is measured from outside: requests, /proc, and the files of the journal. A ratio is of rounds in turn, and a figure
the median over them. Each part prints its figures beside their bars; the program ends with 1 when one is missed.
"""
import os, random, signal, statistics, sys, threading, time
from types import SimpleNamespace

import books
from program import Connection, Program, is_filter, question
from senders import Crowd, Pace, asking, asking_on_time, fill, is_accepted, page, pageview, paced, path, persistent

binary = os.path.abspath(sys.argv[1])
missed = []


def row(what, figure, bar=None, unit="", digits=2):
    """A row of a table; without a bar it only tells."""
    verdict = "" if bar is None else "met" if figure <= bar else "missed"
    missed.extend([what] if verdict == "missed" else [])
    shown = "" if bar is None else f"<= {bar}{unit}"
    print(f"| {what} | {figure:.{digits}f}{unit} | {shown} | {verdict} |", flush=True)


def head(part):
    print(f"\n{part}\n\n| what | figure | bar | |\n|---|---|---|---|", flush=True)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def views(visitors):
    """2.4 pageviews of each visitor in the mean, and two of five leave after one."""
    most = (1, 1, 2, 2, 6)
    for view in range(max(most)):
        yield from ((visitor, page(visitor, view)) for visitor in range(visitors) if view < most[visitor // 25 % 5])


def filtered_questions(token):
    """Eight questions about today, each with a filter; as readers choose them, by what many have and by what few have."""
    asked = [("visit:source", "Google", "event:page"), ("event:page", path(1), "visit:source"),
             ("visit:browser", "Firefox", "visit:entry_page"), ("event:page", path(40), "visit:browser"),
             ("visit:os", "Windows", "visit:exit_page"), ("visit:entry_page", path(2), "visit:os"),
             ("visit:source", "example.net", "visit:device"), ("event:page", path(7), "visit:entry_page")]
    return [question(token, dimensions=[split], filters=[is_filter(by, value)]) for by, value, split in asked]


def away_from_midnight(minutes=12):
    """Waits while a part would run into the end of the sites' day, which is that of UTC."""
    left = 86_400 - time.time() % 86_400
    if left < minutes * 60:
        print(f"the day ends soon: waiting for {left / 60:.0f} minutes", flush=True)
        time.sleep(left + 10)


def part_readers(visitors=200_000, rate=3_000, senders=3, rounds=5, seconds=10):
    """The same hits alone and while readers ask.

    The CPU of hits is that of the threads which were there before anything was asked: questions are answered on threads that
    the program starts for them. What those first threads do for a question (its request and its answer) is measured by
    questions without hits, and taken off. Reading on the threads of hits, or copying what readers hold, is left in. A round
    holds a flush.
    """
    with Program(binary) as program:
        fill(program.port, views(visitors))
        first = set(program.threads())
        questions = filtered_questions(program.reading())
        hits = (paced, program.port, rate / senders, visitors)
        readers = (asking, program.port, questions)
        # The flush of what was sent must not count for questions.
        time.sleep(12)
        asked, alone, both = measured(program, first, seconds, {"readers": (8, *readers)}), [], []
        for _ in range(rounds):
            alone.append(measured(program, first, seconds, {"hits": (senders, *hits)}))
            both.append(measured(program, first, seconds, {"hits": (senders, *hits), "readers": (8, *readers)}))
    per_question = asked.cpu / asked.questions
    alone_us = [each.cpu / rate * 1e6 for each in alone]
    both_us = [(each.cpu - each.questions * per_question) / rate * 1e6 for each in both]
    middle = statistics.median
    head(f"readers: {rate} hits/s, 8 readers with filters, {visitors:,} visitors")
    row("CPU per hit while they ask, of that alone", middle(b / a for a, b in zip(alone_us, both_us)), 1.1, " x")
    row("p99 of hits while they ask", middle(percentile(each.times, 0.99) for each in both) * 1e3, 10, " ms")
    for name, these, each_us in (("alone", alone, alone_us), ("while they ask", both, both_us)):
        row(f"CPU per hit {name}", middle(each_us), unit=" us")
        row(f"p50 of hits {name}", middle(percentile(each.times, 0.5) for each in these) * 1e3, unit=" ms")
        row(f"p99 of hits {name}", middle(percentile(each.times, 0.99) for each in these) * 1e3, unit=" ms")
    row("questions answered without hits", asked.questions, unit="/s", digits=0)
    row("questions answered with hits", middle(each.questions for each in both), unit="/s", digits=0)
    row("first threads' CPU for a question", per_question * 1e6, unit=" us", digits=0)


def measured(program, first, seconds, crowds):
    """What some threads use by the second while crowds of `hits` and `readers` work, how long hits take, and how many questions
    are answered by the second."""
    def spent():
        return sum(cpu for thread, cpu in program.threads().items() if thread in first)

    working = {name: Crowd(*words) for name, words in crowds.items()}
    time.sleep(1)
    begun, before = time.monotonic(), spent()
    time.sleep(seconds)
    cpu, lasted = spent() - before, time.monotonic() - begun
    found = {name: [each for of_one in crowd.end() for each in of_one] for name, crowd in working.items()}
    asked = sum(begun <= at <= begun + lasted for at, _ in found.get("readers", []))
    return SimpleNamespace(cpu=cpu / lasted, times=found.get("hits"), questions=asked / lasted)


def part_million(visitors=1_000_000):
    """What a visitor takes, and a day of a million of them with 16 readers at once."""
    # What a journal takes unless told is meant for some 300,000.
    with Program(binary, options=("--journal-max-mb", "2048")) as program:
        fill(program.port, ((visitor, page(visitor, 0)) for visitor in range(1_000)))
        token = program.reading()
        time.sleep(15)
        empty = program.memory_kib("RssAnon")
        begun = time.monotonic()
        fill(program.port, views(visitors))
        took = time.monotonic() - begun
        # The flush after the last hit, and what it took.
        time.sleep(25)
        filled = program.memory_kib("RssAnon")
        head("visitor: a million of them, 2.4 pageviews each")
        row("memory of a visitor, journal apart", (filled - empty) * 1024 / visitors, 250, " bytes", 0)
        row("hits sent", 2.4 * visitors / took, unit="/s", digits=0)
        idle = program.memory_kib("VmRSS")
        rounds = [read_at_once(program, token, visitors) for _ in range(3)]
    plains = [wait for each in rounds for wait in each.plains]
    middle = statistics.median
    head(f"million: {visitors:,} visitors, 16 readers with filters on today, 100 hits/s")
    row("highest memory above the idle day", (max(each.peak for each in rounds) - idle) / 1024, 60, " MiB", 0)
    row("first answer", middle(min(each.firsts) for each in rounds) * 1e3, 300, " ms", 0)
    row("plain question meanwhile, median", middle(plains) * 1e3, 10, " ms", 1)
    row("first answer of the last reader", middle(max(each.firsts) for each in rounds) * 1e3, unit=" ms", digits=0)
    row("plain question meanwhile, p99", percentile(plains, 0.99) * 1e3, unit=" ms", digits=1)
    row("memory of the idle day", idle / 1024, unit=" MiB", digits=0)


def read_at_once(program, token, visitors, seconds=20):
    """The highest memory in KiB while readers ask, when each has its first answer, and how long plain questions take beside."""
    trickle = Crowd(1, paced, program.port, 100, visitors)
    time.sleep(3)
    program.forget_peak()
    readers = Crowd(16, asking, program.port, filtered_questions(token))
    watching = Crowd(4, asking_on_time, program.port, question(token), 0.1)
    time.sleep(seconds)
    plains = [wait for of_one in watching.end() for wait in of_one]
    firsts = [of_one[0][1] for of_one in readers.end()]
    trickle.end()
    return SimpleNamespace(peak=program.memory_kib("VmHWM"), firsts=firsts, plains=plains)


def note_segments(program, sizes):
    """Notes the bytes of the journal's segments by inode: first, and at the most. Images are not of a hit."""
    total = 0
    for folder, _, names in os.walk(program.runtime):
        for name in names:
            try:
                status = os.stat(os.path.join(folder, name))
            except OSError:
                continue
            total += status.st_size
            if name.startswith("segment"):
                first, most = sizes.get(status.st_ino, (status.st_size, 0))
                sizes[status.st_ino] = (first, max(most, status.st_size))
    return total


def part_journal(hits=200_000):
    """What a hit takes in the journal, among hits of which nearly half are a visitor's first."""
    with Program(binary) as program:
        fill(program.port, ((visitor, page(visitor, 0)) for visitor in range(1_000)))
        sizes, highest = {}, 0
        note_segments(program, sizes)
        start = set(sizes)
        filling = threading.Thread(target=fill, args=(program.port, list(views(hits * 5 // 12))))
        filling.start()
        while filling.is_alive():
            highest = max(highest, note_segments(program, sizes))
            time.sleep(0.005)
        note_segments(program, sizes)
    head(f"journal: {hits:,} hits of {hits * 5 // 12:,} visitors")
    if not sizes:
        missed.append("journal")
        print("| journal, bytes per hit | there is no journal | <= 120 bytes | missed |")
        return
    # A segment that began meanwhile is all of these hits.
    grown = sum(most - (first if inode in start else 0) for inode, (first, most) in sizes.items())
    row("journal, bytes per hit", grown / hits, 120, " bytes", 1)
    row("journal, all of it at the most", highest / 2**20, unit=" MiB", digits=1)


def part_restart(visitors=100_000):
    """A day that goes over a restart, and over a kill: when hits are taken again, and what is counted."""
    with Program(binary) as program:
        book = books.Book()
        send(program, book, views(visitors))
        if found := book.compare(program):
            sys.exit("before it is interrupted the day differs from a naive walk:\n" + "\n".join(found[:12]))
        stopped = over_an_end(program, book, program.stop, "stop", visitors)
        killed = over_an_end(program, book, program.kill, "kill", visitors)
    head(f"restart: {visitors:,} visitors of the day")
    row("from the start to the first accepted hit, after SIGTERM", stopped.start_s, 0.5, " s", 3)
    row("from the start to the first accepted hit, after kill -9", killed.start_s, 0.5, " s", 3)
    row("figures that differ from a naive walk's", stopped.differ + killed.differ, 0, digits=0)
    row("from SIGTERM to the end", stopped.end_s, unit=" s", digits=3)


def send(program, book, hits):
    hits = list(hits)
    fill(program.port, hits)
    book.add_all(hits)


def over_an_end(program, book, end, name, visitors, back=1_000):
    """Ends and starts the program between two visits of some; how long that took, and how many figures differ then."""
    known = range(0, visitors, visitors // back + 1)
    # With what a flush holds, and with what none holds yet.
    time.sleep(12)
    send(program, book, ((visitor, f"/before-{name}") for visitor in known))
    begun = time.monotonic()
    end()
    ended = time.monotonic()
    program.start()
    connection, newcomer = Connection(program.port), visitors + len(name) + ord(name[0])
    status, answer, _ = connection.ask(pageview(newcomer, f"/first-{name}"))
    started = time.monotonic()
    if status != 202:
        sys.exit(f"the first hit is answered with {answer!r}")
    connection.close()
    book.add(newcomer, f"/first-{name}")
    send(program, book, ((visitor, f"/after-{name}") for visitor in known))
    found = book.compare(program)
    print("".join(f"after {name}: {line}\n" for line in found[:12]), end="")
    return SimpleNamespace(end_s=ended - begun, start_s=started - ended, differ=len(found))


def part_kill(rounds=30, rate=800, senders=8, loyal=1_089):
    """kill -9 at random moments, and a start at once."""
    random_of = random.Random(14)
    with Program(binary) as program:
        first = 10_000_000
        returning = [(first + visitor, "/back") for visitor in range(loyal)]
        begun = time.monotonic()
        fill(program.port, returning)
        crowd = Crowd(senders, persistent, program.port, rate / senders)
        # Longer than any pause between two flushes.
        time.sleep(15)
        downs = []
        for _ in range(rounds):
            program.kill()
            downs.append(time.monotonic())
            program.start()
            time.sleep(random_of.uniform(0.3, 6))
        hits = sorted(hit for of_one in crowd.end() for hit in of_one)
        fill(program.port, returning)
        now = time.monotonic()
        told = books.told(program, hits)
        book = books.Book()
        book.add_all(returning + [hit[1:3] for hit in told.counted] + returning)
        seen = [hit[:2] for hit in told.counted] + [(at, visitor) for at in (begun, now) for visitor, _ in returning]
        differ = book.compare(program) + books.compare_live(program, seen)
        back = program.rows(filters=[is_filter("event:page", "/back")])[()][0]
    up = [min((at for at, _, _, ok in hits if ok and at > down), default=float("inf")) - down for down in downs]
    print("".join(f"{line}\n" for line in differ[:12]), end="")
    head(f"kill: {rounds} x kill -9 under {rate} hits/s, {len(hits):,} hits, {told.open} without an answer")
    row("acknowledged hits lost", told.lost, 0, digits=0)
    row("hits doubled", told.doubled, 0, digits=0)
    row(f"of {loyal:,} who come back counted twice", back - loyal, 0, digits=0)
    row("figures that differ from a naive walk's", len(differ), 0, digits=0)
    row("from the kill to the next acknowledged hit, median", statistics.median(up), unit=" s", digits=3)
    row("the same, longest", max(up), unit=" s", digits=3)


def part_tick(sites=5_000, busy=50, rate=200, rounds=3, seconds=30):
    """The same hits to some sites, once of a program that has no others, and once beside thousands with a day of their own."""
    few = [f"site-{number}.example" for number in range(busy)]
    many = [f"site-{number}.example" for number in range(sites)]
    with Program(binary, few) as small, Program(binary, many) as large:
        for program in (small, large):
            fill(program.port, ((visitor, "/", site) for visitor, site in enumerate(program.sites)))
        # The flush of the first hits.
        time.sleep(25)
        shares = {small: [], large: []}
        for _ in range(rounds):
            for program in (small, large):
                crowd = Crowd(2, steady, program.port, rate / 2, few)
                time.sleep(2)
                begun, before = time.monotonic(), program.cpu_s()
                time.sleep(seconds)
                shares[program].append((program.cpu_s() - before) / (time.monotonic() - begun) * 100)
                crowd.end()
    head(f"tick: {sites:,} sites with a day, {rate} hits/s to {busy} of them")
    row("CPU beyond that of the same hits without the other sites", statistics.median(
        there - here for here, there in zip(shares[small], shares[large])), 1, " % of a core")
    row(f"CPU with {busy} sites", statistics.median(shares[small]), unit=" % of a core")
    row(f"CPU with {sites:,} sites", statistics.median(shares[large]), unit=" % of a core")


def steady(number, over, port, rate, sites):
    """Hits of some visitors to each site in turn."""
    connection, pace, sent = Connection(port), Pace(rate), 0
    while not over.is_set():
        site = sites[(number + 2 * sent) % len(sites)]
        status, head, _ = connection.ask(pageview(sent % 1_000, page(sent, 0), site))
        if not is_accepted(status, head):
            raise SystemExit(f"a hit is not accepted: {head!r}")
        sent += 1
        pace.wait()


parts = {"readers": part_readers, "million": part_million, "visitor": part_million, "journal": part_journal,
         "restart": part_restart, "kill": part_kill, "tick": part_tick}


def main():
    names = sys.argv[2:] or list(parts)
    for name in names:
        if name not in parts:
            sys.exit(f"there is no part {name}; there are {' '.join(parts)}")
    # Whoever ends this program ends those that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # The day of a million answers for two rows.
    for part in dict.fromkeys(parts[name] for name in names):
        away_from_midnight()
        part()
    print(f"\n{'missed: ' + '; '.join(missed) if missed else 'all bars are met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
