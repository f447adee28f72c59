#!/usr/bin/env python3
"""pool.py DIR: who visits what, the same at each call. One item a line, the most popular first.

2,000 paths, 300 referrers, 200 agents of people, 10 of bots, 50,000 public addresses (85 % IPv4). All of it is made up,
but for the hosts of well-known referrers and the form of the agents.
"""
import ipaddress, os, random, sys

random_of = random.Random(7)
word_list = ("acorn amber anvil aspen badge banjo barley basil beetle bramble bronze cactus camel canvas carrot cello chalk "
             "cherry cider clover cobalt comet coral cotton crane daisy dapple dragon drum eagle easel elder fable fennel fern "
             "fiddle finch flute fossil garnet ginger globe goose grape gravel hammer heron hickory honey indigo iris ivory "
             "jade jigsaw kayak kettle kite lagoon larch lark lilac lotus magnet mango meteor mint moss mural nectar nutmeg "
             "oboe onyx opal orchid otter paddle panda parsley peach pearl pepper plum poppy pumpkin quail quill radish rapid "
             "robin rocket ruby saffron salmon satin sequoia sketch sparrow spindle sugar sunset swan tango thistle tiger "
             "topaz trumpet turnip umber vanilla violin wagon walrus whistle willow yarrow zebra").split()


def slug(words):
    return "-".join(random_of.choice(word_list) for _ in range(words))


def distinct(count, first, make):
    items = dict.fromkeys(first)
    while len(items) < count:
        items.setdefault(make())
    return list(items)


def path():
    kind = random_of.random()
    if kind < 0.45:
        return f"/blog/{random_of.randint(2016, 2026)}/{slug(random_of.randint(2, 6))}/"
    if kind < 0.75:
        return f"/docs/{slug(1)}/{slug(random_of.randint(1, 3))}"
    return f"/product/{random_of.randint(1000, 99999)}-{slug(2)}" if kind < 0.92 else f"/tag/{slug(2)}"


def referrer():
    suffix = random_of.choice(["com", "org", "net", "io", "dev", "de", "co.uk", "fr"])
    return f"https://{slug(random_of.randint(1, 2))}.{suffix}/" + random_of.choice(["", slug(2)])


def agent():
    kind, chrome, firefox = random_of.random(), random_of.randint(118, 141), random_of.randint(115, 143)
    ios = f"{random_of.randint(15, 18)}_{random_of.randint(0, 6)}"
    webkit, safari = "AppleWebKit/537.36 (KHTML, like Gecko)", "AppleWebKit/605.1.15 (KHTML, like Gecko)"
    windows, mac = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"
    if kind < 0.30:
        return f"Mozilla/5.0 ({windows}) {webkit} Chrome/{chrome}.0.0.0 Safari/537.36"
    if kind < 0.38:
        edge = f"Edg/{chrome}.0.{random_of.randint(1000, 3000)}.{random_of.randint(10, 99)}"
        return f"Mozilla/5.0 ({windows}) {webkit} Chrome/{chrome}.0.0.0 Safari/537.36 {edge}"
    if kind < 0.50:
        system = windows if kind < 0.46 else "X11; Linux x86_64"
        return f"Mozilla/5.0 ({system}; rv:{firefox}.0) Gecko/20100101 Firefox/{firefox}.0"
    if kind < 0.58:
        version = f"{random_of.randint(15, 18)}.{random_of.randint(0, 6)}"
        return f"Mozilla/5.0 ({mac}) {safari} Version/{version} Safari/605.1.15"
    if kind < 0.64:
        return f"Mozilla/5.0 ({mac}) {webkit} Chrome/{chrome}.0.0.0 Safari/537.36"
    if kind < 0.82:
        device = "iPhone; CPU iPhone OS" if kind < 0.80 else "iPad; CPU OS"
        version = f"Version/{random_of.randint(15, 18)}.{random_of.randint(0, 6)} Mobile/15E148 Safari/604.1"
        return f"Mozilla/5.0 ({device} {ios} like Mac OS X) {safari} {version}"
    model = random_of.choice(["K", "SM-S921B", "Pixel 8", "M2101K6G", "SM-A546B"])
    build = f"Chrome/{chrome}.0.{random_of.randint(0, 6000)}.{random_of.randint(0, 99)} Mobile Safari/537.36"
    return f"Mozilla/5.0 (Linux; Android {random_of.randint(10, 15)}; {model}) {webkit} {build}"


def address():
    while True:
        if random_of.random() < 0.85:
            ip = ipaddress.IPv4Address(random_of.getrandbits(32))
        else:
            ip = ipaddress.IPv6Address((0b001 << 125) | random_of.getrandbits(125))
        if ip.is_global and not ip.is_multicast:
            return str(ip)


known_referrers = [
    "https://www.google.com/", "https://duckduckgo.com/", "https://www.bing.com/", "https://news.ycombinator.com/",
    "https://www.reddit.com/", "https://t.co/abc123", "https://github.com/", "https://lobste.rs/", "https://l.facebook.com/",
    "https://www.linkedin.com/", "https://search.brave.com/", "https://www.ecosia.org/",
    "android-app://com.google.android.gm/", "https://mastodon.social/@someone/1", "https://bsky.app/",
    "https://www.youtube.com/", "https://chatgpt.com/"]
bots = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "curl/8.5.0", "python-requests/2.31.0", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", "Go-http-client/1.1"]
pool = {
    "paths": distinct(2_000, ["/", "/blog/", "/pricing", "/about", "/contact", "/docs/", "/login", "/signup"], path),
    "referrers": distinct(300, known_referrers, referrer),
    "agents": distinct(200, [], agent),
    "bots": bots,
    "addresses": distinct(50_000, [], address),
}
os.makedirs(sys.argv[1], exist_ok=True)
for name, items in pool.items():
    with open(os.path.join(sys.argv[1], name + ".txt"), "w") as file:
        file.write("\n".join(items) + "\n")
