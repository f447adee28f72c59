"""A running headcount: how it is started, asked and killed, and what it takes of CPU and memory."""
import json, os, re, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, time

SITE = "example.com"


class Connection:
    """A keep-alive connection that sends prepared bytes. A closed one raises OSError."""

    def __init__(self, port, wait_s=60):
        self.socket = socket.create_connection(("127.0.0.1", port), wait_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def read(self):
        got = self.socket.recv(1 << 16)
        if not got:
            raise ConnectionResetError("closed")
        self.rest += got

    def ask(self, request):
        """The status, the head and the body of the answer."""
        self.socket.sendall(request)
        while b"\r\n\r\n" not in self.rest:
            self.read()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        length = int(length.group(1)) if length else 0
        while len(self.rest) < length:
            self.read()
        body, self.rest = self.rest[:length], self.rest[length:]
        return int(head.split(b" ", 2)[1]), head, body

    def close(self):
        self.socket.close()


def question(token, metrics=("visitors", "visits", "pageviews"), dimensions=(), filters=(), site=SITE):
    """The bytes of a query about today."""
    asked = {"site_id": site, "metrics": list(metrics), "date_range": "day", "dimensions": list(dimensions),
             "filters": list(filters), "pagination": {"limit": 10_000}}
    body = json.dumps(asked).encode()
    return (f"POST /api/v2/query HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def is_filter(dimension, value):
    return ["is", dimension, [value]]


def bounds(shown):
    """Between which numbers one is that pages show like this: `1,234`, `12.3k`."""
    digits, unit = re.fullmatch(r"([\d.,]+)([kM]?)", shown).groups()
    digits = digits.replace(",", "")
    scale = {"": 1, "k": 1_000, "M": 1_000_000}[unit]
    number = round(float(digits) * scale)
    last = scale // 10 ** len(digits.partition(".")[2]) if unit else 0
    return number - last, number + last


class Program:
    """A headcount on a data folder of its own. Its journal, if it has one, is below `runtime`."""

    def __init__(self, binary, sites=(SITE,), options=()):
        self.binary = binary
        # A program from before there was an option runs without it.
        known = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True).stdout
        self.options = options if all(word in known for word in options if word.startswith("--")) else ()
        self.folder = tempfile.mkdtemp(prefix="headcount-bench-")
        self.data, self.log = f"{self.folder}/data", f"{self.folder}/log"
        # A folder of this run alone in memory, as systemd gives one to a service.
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else self.folder
        self.runtime = tempfile.mkdtemp(prefix="headcount-bench-", dir=memory)
        self.sites = sites
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = self.begun = self.token = self.cookie = None
        self.command("site", "add", sites[0])
        # Thousands by the command would take minutes. They are like the first.
        with sqlite3.connect(f"{self.data}/headcount.db") as database:
            database.executemany("INSERT INTO sites (domain, timezone, settings, added_ms) "
                                 "SELECT ?, timezone, settings, added_ms FROM sites LIMIT 1", ((site,) for site in sites[1:]))
        database.close()

    def start(self):
        """Starts it, and waits until it listens."""
        command = [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.data, *self.options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADCOUNT_")}
        environment["RUNTIME_DIRECTORY"] = self.runtime
        self.begun = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        while not self.listens():
            if self.process.poll() is not None:
                sys.exit(f"headcount ended at its start:\n{open(self.log, errors='replace').read()[-2000:]}")
            time.sleep(0.002)
        return self

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except OSError:
            return False

    def kill(self):
        """As a crash or the kernel ends it."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """As a service manager ends it; how many seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        return time.monotonic() - begun

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder)
        shutil.rmtree(self.runtime)

    def command(self, *words):
        done = subprocess.run([self.binary, *words, "--data", self.data], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            sys.exit(f"headcount {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def reading(self):
        """A token that may read everything."""
        if self.token is None:
            self.token = self.command("token", "create", "--scope", "admin").split()[-1]
        return self.token

    def rows(self, *words, **more):
        """The rows of a query about today: the values of the dimensions, and the metrics."""
        connection = Connection(self.port)
        status, _, body = connection.ask(question(self.reading(), *words, **more))
        connection.close()
        if status != 200:
            sys.exit(f"a query is answered with {status}: {body[:300]!r}")
        return {tuple(row["dimensions"]): row["metrics"] for row in json.loads(body)["results"]}

    def live(self, site=SITE):
        """The big numbers of the live page, each between two bounds, because it is rounded where it is long: visitors of the
        last five minutes and of the last thirty, and pageviews of those."""
        connection = Connection(self.port)
        if self.cookie is None:
            link = re.search(r"http://[^/]+(/sign-in/\S+)", self.command("user", "link")).group(1)
            _, answer, _ = connection.ask(f"POST {link} HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nContent-Length: 0\r\n\r\n".encode())
            self.cookie = re.search(rb"(?i)set-cookie: *([^;]+)", answer).group(1).decode()
        request = f"GET /{site}/live HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\nCookie: {self.cookie}\r\n\r\n"
        page = connection.ask(request.encode())[2].decode()
        connection.close()
        return [bounds(shown) for shown in re.findall(r'<dd class="big">([^<]*)</dd>', page)[:3]]

    def memory_kib(self, key):
        status = open(f"/proc/{self.process.pid}/status").read()
        return int(re.search(key + r":\s+(\d+)", status).group(1))

    def forget_peak(self):
        """From here on VmHWM is the highest memory since now."""
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as file:
            file.write("5")

    def threads(self):
        """Seconds of CPU of each thread."""
        found = {}
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                with open(f"/proc/{self.process.pid}/task/{thread}/schedstat") as file:
                    found[thread] = int(file.read().split()[0]) / 1e9
            except OSError:
                continue
        return found

    def cpu_s(self):
        """Seconds of CPU of the process, with threads that have ended."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class CopyOf(Program):
    """A program on a copy of a data folder, at a moment that is given."""

    def __init__(self, binary, folder, now):
        super().__init__(binary)
        self.options = ("--now", now)
        shutil.copyfile(f"{folder}/headcount.db", f"{self.data}/headcount.db")
        # So the program knows that its figures are made up.
        open(f"{self.data}/figures-of-tests", "w").close()

    def command(self, *words):
        return super().command(*words, *self.options)
