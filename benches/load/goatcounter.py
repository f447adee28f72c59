#!/usr/bin/env python3
"""goatcounter.py HEADCOUNT GOATCOUNTER POOL ROUNDS SECONDS: both in turn under the requests of GoatCounter's script.

The servers run on core 0, wrk on core 1. A ratio is always of two runs that follow each other; the figure is the median over the rounds.
"""
import json, os, re, shutil, statistics, subprocess, sys, tempfile, time, urllib.error, urllib.request

headcount, goatcounter, pool, rounds, seconds = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
here = os.path.dirname(os.path.abspath(__file__))
site, connections, tick = "example.com", 64, os.sysconf("SC_CLK_TCK")


def pinned(core, *command, **more):
    return subprocess.Popen(["taskset", "-c", str(core), *command], **more)


class Server:
    def __init__(self, name, port, folder, *command):
        self.name, self.port, self.folder, self.runs = name, port, folder, []
        self.process = pinned(0, *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"{name} does not answer")

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / tick

    def memory_mib(self, key="VmHWM"):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(key + r":\s+(\d+)", file.read()).group(1)) / 1024

    def bytes(self):
        return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(self.folder) for name in names)

    def run(self):
        before = self.cpu_s()
        env = dict(os.environ, POOL=pool, KIND="count", SITE=site)
        command = ["wrk", "--latency", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", f"{here}/traffic.lua"]
        wrk = pinned(1, *command, f"http://127.0.0.1:{self.port}", env=env, stdout=subprocess.PIPE, text=True)
        text, _ = wrk.communicate()
        run = json.loads(re.search(r"JSON (.*)", text).group(1))
        # What waits to be stored belongs to the load.
        time.sleep(12)
        run["cpu_us"] = (self.cpu_s() - before) * 1e6 / run["requests"]
        self.runs.append(run)
        return run


def main():
    folder = tempfile.mkdtemp(prefix="headcount-bench-")
    database = f"sqlite+{folder}/theirs/db.sqlite3"
    os.makedirs(f"{folder}/theirs")
    subprocess.run([goatcounter, "db", "create", "site", "-createdb", "-db", database, "-vhost", site, "-user.email", "a@example.com",
                    "-user.password", "a password of a bench"], check=True, stdout=subprocess.DEVNULL)
    ours = Server("headcount", 8092, f"{folder}/ours", headcount, "serve", "--listen", "127.0.0.1:8092", "--data", f"{folder}/ours", "--site", site)
    theirs = Server("GoatCounter", 8093, f"{folder}/theirs", goatcounter, "serve", "-listen", "127.0.0.1:8093", "-tls", "http", "-db", database,
                    "-ratelimit", "count:100000000/1")
    try:
        for number in range(1, rounds + 1):
            for server in (theirs, ours):
                run = server.run()
                print(f"round {number} {server.name:11} {run['cpu_us']:6.1f} us, {run['requests'] / seconds:7.0f}/s, p99 "
                      f"{run['p99_us'] / 1000:6.1f} ms, {run['errors']} errors", flush=True)
        report(ours, theirs)
    finally:
        for server in (ours, theirs):
            server.process.terminate()
            server.process.wait()
        shutil.rmtree(folder)


def report(ours, theirs):
    def ratio(key):
        return statistics.median(own[key] / other[key] for own, other in zip(ours.runs, theirs.runs))

    hits = [sum(run["requests"] for run in server.runs) for server in (ours, theirs)]
    print("\n| what | figure | bar | |\n|---|---|---|---|")
    print(f"| CPU per hit of GoatCounter's script, of GoatCounter's | {ratio('cpu_us'):.3f} x | | |")
    print(f"| hits/s on one core | {ratio('requests'):.1f} x | | |")
    print(f"| p99 at {connections} connections, saturated | {ratio('p99_us'):.3f} x | | |")
    print(f"| highest memory, ours / GoatCounter's | {ours.memory_mib():.0f} / {theirs.memory_mib():.0f} MiB after {hits[0]:,} / {hits[1]:,} hits | | |")
    print(f"| disk per hit, ours / GoatCounter's | {ours.bytes() / hits[0]:.1f} / {theirs.bytes() / hits[1]:.1f} bytes | | |")


main()
