#!/usr/bin/env python3
"""rounds.py BINARY POOL ROUNDS SECONDS: nginx and headcount in turn under the same load, and what each hit costs.

The servers run on core 0, wrk on core 1. A ratio is always of two runs that follow each other, because a shared machine is
now faster and now slower; the figure is the median over the rounds. The CPU of headcount is that of the whole process:
keeper and flushes too. At the end each acknowledged hit must be among the counted ones.
"""
import json, os, re, shutil, signal, sqlite3, statistics, subprocess, sys, tempfile, time, urllib.request

binary, pool, rounds, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
here = os.path.dirname(os.path.abspath(__file__))
folder = tempfile.mkdtemp(prefix="headcount-bench-")
nginx_port, own_port, connections, site = 8091, 8092, 64, "example.com"
tick = os.sysconf("SC_CLK_TCK")


def pinned(core, *command, **more):
    return subprocess.Popen(["taskset", "-c", str(core), *command], **more)


def start_nginx():
    config = f"{folder}/nginx.conf"
    with open(config, "w") as file:
        file.write(f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log {folder}/access.log combined buffer=64k; keepalive_requests 1000000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{nginx_port}; location = /pixel.gif {{ empty_gif; }}
    location = /api/event {{ return 202 "ok"; }} }} }}""")
    return pinned(0, "nginx", "-c", config)


def start_headcount():
    # No setting that nobody has: this is how it runs everywhere.
    command = [binary, "serve", "--listen", f"127.0.0.1:{own_port}", "--data", f"{folder}/data", "--site", site]
    return pinned(0, *command, stdout=subprocess.DEVNULL)


def await_port(port):
    for _ in range(200):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
        except urllib.error.HTTPError:
            return None
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing answers on port {port}")


def processes(pid):
    """A process and its children: nginx works in one."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [pid, *map(int, file.read().split())]


def cpu_s(pid):
    fields = [open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split() for p in processes(pid)]
    return sum(int(f[11]) + int(f[12]) for f in fields) / tick


def memory_mib(pid, key="VmRSS"):
    return int(re.search(key + r":\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024


def load(port, kind):
    env = dict(os.environ, POOL=pool, KIND=kind, SITE=site)
    command = ["wrk", "--latency", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", f"{here}/traffic.lua"]
    wrk = pinned(1, *command, f"http://127.0.0.1:{port}", env=env, stdout=subprocess.PIPE, text=True)
    text, _ = wrk.communicate()
    return json.loads(re.search(r"JSON (.*)", text).group(1))


def measured(server, port, kind):
    before = cpu_s(server.pid)
    run = load(port, kind)
    # Queued hits and the flush that is under way belong to the load.
    time.sleep(0.3)
    run["cpu_us"] = (cpu_s(server.pid) - before) * 1e6 / run["requests"]
    return run


def stored_pageviews():
    with sqlite3.connect(f"file:{folder}/data/headcount.db?mode=ro", uri=True) as db:
        return db.execute("SELECT sum(pageviews) FROM site_totals WHERE grain = 1").fetchone()[0]


def main():
    nginx, own = start_nginx(), start_headcount()
    try:
        await_port(nginx_port), await_port(own_port)
        time.sleep(1)
        return run(nginx, own)
    finally:
        nginx.terminate(), own.kill()
        nginx.wait(), own.wait()
        shutil.rmtree(folder)


def run(nginx, own):
    idle_mib, million_mib, acknowledged, table = memory_mib(own.pid), None, 0, []
    start_s = cpu_s(own.pid)
    for number in range(1, rounds + 1):
        for kind in ("pixel", "json"):
            theirs, ours = measured(nginx, nginx_port, kind), measured(own, own_port, kind)
            begun, acknowledged = acknowledged, acknowledged + ours["requests"]
            if million_mib is None and acknowledged >= 1_000_000:
                million_mib = memory_mib(own.pid)
            row = dict(kind=kind, begun=begun, theirs=theirs, ours=ours, cpu=ours["cpu_us"] / theirs["cpu_us"],
                       p99=ours["p99_us"] / theirs["p99_us"], rate=ours["requests"] / theirs["requests"])
            table.append(row)
            print(f"round {number} {kind:5}  nginx {theirs['cpu_us']:5.1f} us, {theirs['requests'] / seconds:7.0f}/s, p99 "
                  f"{theirs['p99_us'] / 1000:4.1f} ms   headcount {ours['cpu_us']:5.1f} us, {ours['requests'] / seconds:7.0f}/s, "
                  f"p99 {ours['p99_us'] / 1000:4.1f} ms   cpu x{row['cpu']:.2f}  p99 x{row['p99']:.2f}  "
                  f"{memory_mib(own.pid):.0f} MiB  {ours['errors'] + theirs['errors']} errors", flush=True)
    own.send_signal(signal.SIGTERM)
    highest_mib = memory_mib(own.pid, "VmHWM")
    all_s = cpu_s(own.pid) - start_s
    own.wait(timeout=60)
    return report(table, idle_mib, million_mib, highest_mib, acknowledged, all_s)


def slope(table):
    """CPU by hit, relative to nginx beside it: from the millionth hit of the day on, over that of the first runs."""
    ratios = []
    for kind in ("pixel", "json"):
        of_kind = [row for row in table if row["kind"] == kind]
        late = [row["cpu"] for row in of_kind if row["begun"] + row["ours"]["requests"] >= 1_000_000]
        if late:
            ratios.append(statistics.median(late) / of_kind[0]["cpu"])
    return statistics.mean(ratios) if ratios else None


def report(table, idle_mib, million_mib, highest_mib, acknowledged, all_s):
    counted = stored_pageviews()
    missed = []

    def line(what, figure, bar, unit="", is_least=False):
        shown = f"{'>=' if is_least else '<='} {bar}{unit}"
        if figure is None:
            print(f"| {what} | not reached: more rounds or seconds | {shown} |  |")
            return
        is_met = figure >= bar if is_least else figure <= bar
        missed.extend([] if is_met else [what])
        print(f"| {what} | {figure:.2f}{unit} | {shown} | {'met' if is_met else 'missed'} |")

    def median(kind, key):
        return statistics.median(row[key] for row in table if row["kind"] in kind)

    print(f"\n{acknowledged} hits, {all_s * 1e6 / acknowledged:.1f} us each over the whole run\n")
    print("| what | figure | bar | |\n|---|---|---|---|")
    line("CPU per pixel hit, of nginx's", median(["pixel"], "cpu"), 1.25, " x")
    line("CPU per JSON hit, of nginx's", median(["json"], "cpu"), 1.3, " x")
    line("pixel hits/s on one core, of nginx's", median(["pixel"], "rate"), 0.85, " x", is_least=True)
    line("JSON hits/s on one core, of nginx's", median(["json"], "rate"), 0.8, " x", is_least=True)
    line("p99 at 64 connections, of nginx's", median(["pixel", "json"], "p99"), 2, " x")
    line("CPU per hit after a million, of the first", slope(table), 1.1, " x")
    line("memory, idle", idle_mib, 20, " MiB")
    line("memory after a million hits of 50,000 visitors", million_mib, 48, " MiB")
    print(f"\nhighest memory {highest_mib:.0f} MiB")
    # What was still being answered when wrk hung up is counted without being acknowledged.
    unheard = counted - acknowledged
    right = 0 <= unheard <= connections * len(table)
    print(f"counted {counted}, acknowledged {acknowledged}: {'each once' if right else 'WRONG'}")
    return 1 if missed or not right else 0


sys.exit(main())
