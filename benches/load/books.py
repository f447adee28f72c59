"""What was sent and acknowledged, as a naive walk counts it, beside what the program answers."""
from collections import Counter, defaultdict
from types import SimpleNamespace
import time

from program import is_filter
from senders import SOURCES, source


class Book:
    """The hits of one site and day, all of them within half an hour: each visitor has one visit."""

    def __init__(self):
        self.hits = defaultdict(list)

    def add(self, visitor, path):
        self.hits[visitor].append(path)

    def add_all(self, hits):
        for visitor, path in hits:
            self.add(visitor, path)

    def figures(self):
        """Visitors, visits, pageviews and bounces, by the values of some dimensions; rows of one value have a name of one part."""
        tables = defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0]))
        for visitor, paths in self.hits.items():
            bounce, name = len(paths) == 1, source(visitor)[0]
            of_visit = {"all": (), "visit:source": (name,), "visit:entry_page": (paths[0],), "visit:exit_page": (paths[-1],)}
            for dimension, key in of_visit.items():
                add(tables[dimension][key], len(paths), bounce)
            for path, views in Counter(paths).items():
                add(tables["event:page"][(path,)], views, False)
                add(tables["source, page"][(name, path)], views, False)
            add(tables["source, entry page"][(name, paths[0])], len(paths), bounce)
        return tables

    def compare(self, program):
        """Lines about all that the program counts otherwise."""
        figures, lines = self.figures(), []
        for dimension in ("all", "visit:source", "visit:entry_page", "visit:exit_page", "event:page"):
            found = program.rows(METRICS, [] if dimension == "all" else [dimension])
            lines += differences(dimension, figures[dimension], found)
        # Cells of two dimensions.
        for name, _ in SOURCES:
            for label, dimension in (("source, page", "event:page"), ("source, entry page", "visit:entry_page")):
                found = program.rows(METRICS, [dimension], [is_filter("visit:source", name)])
                expected = {key[1:]: row for key, row in figures[label].items() if key[0] == name}
                lines += differences(f"{label} of {name}", expected, found)
        return lines


METRICS = ("visitors", "visits", "pageviews", "bounce_rate")


def add(row, views, bounce):
    row[0] += 1
    row[1] += 1
    row[2] += views
    row[3] += bounce


def differences(what, expected, found):
    """Lines about rows that differ. By page there are no bounces of whole visits."""
    lines = []
    by_page = "page" in what and "entry" not in what and "exit" not in what
    for key in sorted(set(expected) | set(found)):
        visitors, visits, views, bounces = expected.get(key, (0, 0, 0, 0))
        rate = int(100 * bounces / visits + 0.5) if visits else 0
        wanted, got = [visitors, visits, views, rate], list(found.get(key, [0, 0, 0, 0]))
        if by_page:
            wanted, got = wanted[:3], got[:3]
        if wanted != got:
            lines.append(f"{what} {', '.join(key)}: expected {wanted}, found {got}")
    return lines


def told(program, hits):
    """Which hits of senders that went over kills were counted, by how often each page was.

    Of each page one hit at the most had no answer, and it was the last.
    """
    views = {key[0]: metrics[0] for key, metrics in program.rows(["pageviews"], ["event:page"]).items()}
    acknowledged = Counter(path for _, _, path, ok in hits if ok)
    unanswered = Counter(path for _, _, path, ok in hits if not ok)
    assert not unanswered or max(unanswered.values()) == 1
    counted, lost, doubled = [], 0, 0
    for path in acknowledged.keys() | unanswered.keys():
        beyond = views.get(path, 0) - acknowledged[path]
        lost += max(0, -beyond)
        doubled += max(0, beyond - unanswered[path])
    for hit in hits:
        _, _, path, ok = hit
        if ok or views.get(path, 0) > acknowledged[path]:
            counted.append(hit)
    return SimpleNamespace(counted=counted, lost=lost, doubled=doubled, open=sum(unanswered.values()))


def compare_live(program, hits):
    """What the live page says of hits (time, visitor), all of the last half hour. One at the edge of the last five minutes may
    be on either side of it."""
    asked = time.monotonic()
    now, visitors, pageviews = program.live()
    last = {}
    for at, visitor in hits:
        last[visitor] = max(at, last.get(visitor, at))
    least, most = (sum(at > asked - seconds for at in last.values()) for seconds in (298, 302))
    lines = [] if least <= now <= most else [f"live, visitors now: expected {least} to {most}, found {now}"]
    if (visitors, pageviews) != (len(last), len(hits)):
        lines.append(f"live, visitors and pageviews: expected {len(last)} and {len(hits)}, found {visitors} and {pageviews}")
    return lines
