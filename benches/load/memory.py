#!/usr/bin/env python3
"""memory.py BINARY LOG YEAR DAYS PART...: what a server holds in memory, from outside.

LOG is an access log of a month, YEAR a data folder with DAYS days from 2026-01-01 on whose months are not added up. Memory is the
resident set (VmRSS); beside it stands what of it is the program's own (RssAnon), because the kernel drops pages of files when it likes.
"""
import datetime, os, re, shutil, sqlite3, subprocess, sys, threading, time

from program import Connection, CopyOf, Program, SITE

binary, log, year, days, parts = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:]
missed = []
# Longer than memory may stay after its use.
REST_S = int(os.environ.get("REST_S", 75))


def row(what, figure, bar=None, unit=" MiB", digits=1):
    verdict = "" if bar is None else "met" if figure <= bar else "missed"
    missed.extend([what] if verdict == "missed" else [])
    shown = "" if bar is None else f"<= {bar:.{digits}f}{unit}"
    print(f"| {what} | {figure:.{digits}f}{unit} | {shown} | {verdict} |", flush=True)


def mib(program, key="VmRSS"):
    return program.memory_kib(key) / 1024


def row_of(what, program, idle=None):
    """The memory now; against that of the idle start, if it is given."""
    now = mib(program)
    row(f"{what} ({mib(program, 'RssAnon'):.0f} of it anonymous)", now)
    if idle is not None:
        row(f"{what}, of the idle start", now / idle, 1.3, " x", 2)


def idle(program, what="idle start"):
    time.sleep(4)
    row_of(what, program)
    return mib(program)


def part_import():
    with Program(binary) as program:
        start = idle(program)
        program.forget_peak()
        subprocess.run([binary, "import", log, "--site", SITE, "--data", program.data], check=True, stdout=subprocess.DEVNULL)
        row("highest in an import through the server, above idle", mib(program, "VmHWM") - start)
        time.sleep(REST_S)
        row_of(f"{REST_S} s after an import through the server", program, start)
    imported = Program(binary)
    subprocess.run([binary, "import", log, "--site", SITE, "--data", imported.data], check=True, stdout=subprocess.DEVNULL)
    with imported as program:
        time.sleep(REST_S)
        row_of(f"the next start, {REST_S} s after it", program, start)


class Year(CopyOf):
    """A server on a copy of the year, on the day after its last."""

    def __init__(self, folder=None):
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=days)
        super().__init__(binary, folder or year, f"{day}T12:00:00Z")

    def months_added(self):
        with sqlite3.connect(f"file:{self.data}/headcount.db?mode=ro", uri=True, timeout=10) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(months_added)")]
            done = "WHERE turned = 1" if "turned" in columns else ""
            return database.execute(f"SELECT count(*) FROM months_added {done}").fetchone()[0]

    def wal_mib(self):
        return os.path.getsize(f"{self.data}/headcount.db-wal") / 2**20 if os.path.exists(f"{self.data}/headcount.db-wal") else 0


def part_months():
    months = (datetime.date(2026, 1, 1) + datetime.timedelta(days=days)).month - 1 if days < 365 else 12
    with Year() as program:
        start = idle(program, f"idle start on {days} days of 100,000 visits")
        program.forget_peak()
        cpu, begun, wal, worst = program.cpu_s(), None, 0, 0
        while program.months_added() < months:
            wal = max(wal, program.wal_mib())
            asked = time.monotonic()
            connection = Connection(program.port)
            connection.ask(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
            connection.close()
            worst = max(worst, time.monotonic() - asked)
            time.sleep(0.1)
        row(f"highest while {months} months are added up, above idle", mib(program, "VmHWM") - start, 32)
        row("CPU of a month", (program.cpu_s() - cpu) / months, None, " s", 2)
        row("longest log beside the database", wal)
        row("longest answer of /health meanwhile", worst * 1e3, None, " ms")
        time.sleep(REST_S)
        row_of(f"{REST_S} s after months were added up", program, start)
        if os.environ.get("KEEP"):
            program.stop()
            shutil.copytree(program.data, os.environ["KEEP"])


def part_readers():
    queries = ["period=12mo", "period=12mo&filter=source:Google", "period=12mo&filter=country:AA",
               "period=12mo&filter=page:/blog/2016/storage-that-lasts-0/", "period=12mo&filter=city:City 0, AA-0"]
    with Year(os.environ.get("KEEP") or year) as program:
        start = idle(program, "idle start on months that are added up")
        link = re.search(r"http://[^/]+(/sign-in/\S+)", program.command("user", "link")).group(1)
        connection = Connection(program.port)
        _, answer, _ = connection.ask(f"POST {link} HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nContent-Length: 0\r\n\r\n".encode())
        cookie = re.search(rb"(?i)set-cookie: *([^;]+)", answer).group(1).decode()
        connection.close()
        program.forget_peak()

        def read(first):
            connection = Connection(program.port)
            for turn in range(len(queries) * 2):
                query = queries[(first + turn) % len(queries)].replace(" ", "%20").replace("/", "%2F")
                head = f"GET /{SITE}?{query} HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\nCookie: {cookie}\r\n\r\n"
                status = connection.ask(head.encode())[0]
                if status != 200:
                    print(f"a page is answered with {status}")
            connection.close()

        threads = [threading.Thread(target=read, args=(first,)) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        row("highest while 8 readers ask for pages of a year, above idle", mib(program, "VmHWM") - start, 80)
        time.sleep(REST_S)
        row_of(f"{REST_S} s after pages of a year", program, start)


print("| what | figure | bar | |\n|---|---|---|---|")
for part in parts:
    {"import": part_import, "months": part_months, "readers": part_readers}[part]()
sys.exit(1 if missed else 0)
