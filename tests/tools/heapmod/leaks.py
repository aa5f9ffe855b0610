#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapmod/leaks.py FOLDER [LOOKS] - test `heapmod leaks` on clients, in a folder that looks like debugfs

Time passes when the program sleeps, and only then: the clients run, and their owners are written. Or only judge what
the clients of vm/cases/leaks.sh did: the folder LOOKS has the file `owners` of moments in this order, a tenth of a second apart.
"""

import contextlib
import importlib.util
import io
import json
from pathlib import Path
import random
import re
import shutil
import sys
import tracemalloc

sources = Path(__file__).parents[3]
spec = importlib.util.spec_from_file_location("heapmod", sources / "tools/heapmod.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)
debugfs = Path(sys.argv[1])
heap = debugfs / "heapmod/leaky"


def ok(name, good, why=""):
    print(f"ok - {name}" if good else f"not ok - {name}\n{why}")


class World:
    """The clock and the clients, functions of the time that return live bytes, or None for no line."""

    def __init__(self, clients, events=()):
        self.clients, self.events, self.now = clients, dict(events), 0

    def write(self):
        heap.mkdir(parents=True, exist_ok=True)
        (debugfs / "heapmod/heaps").write_text("name region used peak largest blocks failures\nleaky 1 1 1 1 1 1\n")
        (heap / "stats").write_text("version 2\nid 7\n")
        self.write_owners()

    def write_owners(self):
        rows = ["live_blocks live_bytes peak_bytes allocs frees failures owner"]
        for name, client in self.clients.items():
            live = client(self.now)
            if live is not None:
                rows.append(f"{live // 8} {live} {live} {live} 0 0 {name}+0x1/0x2 [m]")
        (heap / "owners").write_text("\n".join(rows) + "\n")

    def sleep(self, seconds):
        self.now = round(self.now + seconds, 3)
        self.write_owners()
        self.events.get(self.now, lambda: None)()

    def monotonic(self):
        return self.now


def leaks(world, *arguments):
    """Exit status, stdout and stderr of the command."""
    world.write()
    tool.time = world
    sys.argv = ["heapmod", "--debugfs", str(debugfs), "leaks", *arguments, "leaky"]
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            status = tool.main()
        except SystemExit as end:
            status = end.code
    return status, out.getvalue(), errors.getvalue()


class Recorded(World):
    """The clients of a VM."""

    def __init__(self, looks):
        super().__init__({})
        self.looks = iter(looks)

    def write_owners(self):
        shutil.copy(next(self.looks), heap / "owners")


def judge_recorded(looks):
    files = sorted(looks.iterdir(), key=lambda file: int(file.name))
    status, out, errors = leaks(Recorded(files), "--count", str(len(files) // 10 - 1), "--json")
    rows = json.loads(out)["owners"] if out else []
    accused = [row["owner"] for row in rows if row["verdict"] == "leak"]
    for row in rows:
        print(f"# {row['verdict']:8} {row['growth_bytes']:6} {row['owner']}")
    ok("heapmod leaks names the function that leaks, and no other",
       status == 2 and len(accused) == 1 and accused[0].startswith("leak_requests+"), (status, errors))
    ok("heapmod leaks judges all that have blocks for longer", len(rows) >= 5, out)


if len(sys.argv) > 2:
    judge_recorded(Path(sys.argv[2]))
    sys.exit()


def chance(seed):
    return random.Random(seed)


def noisy(low, high, seed=1):
    generator = chance(seed)
    return lambda now: generator.randint(low, high)


def walk(seed):
    """As many blocks come as go, at random."""
    generator, live = chance(seed), [4000]

    def step(now):
        live[0] = max(0, live[0] + generator.choice((-8, 8)))
        return live[0]

    return step


def among_traffic(now):
    """64 bytes a second, of a client that has many more bytes live at most moments."""
    return 64 * int(now) + (0 if round(now * 10) % 4 == 0 else 20000)


clients = {
    "leak_slow": ("leak", lambda now: 64 * int(now)),
    "leak_bursts": ("leak", lambda now: 640 * int(now / 3)),
    "leak_among_traffic": ("leak", among_traffic),
    "leak_late": ("leak", lambda now: None if now < 5 else 64 * int(now)),
    "leak_pauses": ("leak", lambda now: 192 * int(min(now, 55) / 3)),
    "unclear": ("unclear", lambda now: 64 * int(now / 5)),
    "warm_up": ("warm-up", lambda now: 100 * int(min(now, 25))),
    "warm_up_late": ("warm-up", lambda now: 100 * int(min(now, 50))),
    "warm_up_fading": ("warm-up", lambda now: int(10000 * (1 - 0.9**now))),
    "cache": ("turnover", lambda now: 40 * int(min(now, 25)) + 200 * (int(now / 2) % 2)),
    "oscillate": ("turnover", lambda now: 50 * abs(int(now) % 16 - 8)),
    "sawtooth": ("turnover", lambda now: 100 * int(now) - 700 * int(now / 10)),
    "ring": ("steady", lambda now: 4800),
    "traffic": ("turnover", noisy(0, 20000)),
    "shrink": ("turnover", lambda now: 10000 - 64 * int(now)),
    "gone": ("turnover", lambda now: 80 if now < 30 else None),
    "idle": (None, lambda now: 0),
}

status, out, errors = leaks(World({name: client for name, (_, client) in clients.items()}), "--json")
found = json.loads(out)
verdicts = {row["owner"].split("+")[0]: row for row in found["owners"]}
for name, (verdict, _) in clients.items():
    said = verdicts.get(name, {"verdict": None})["verdict"]
    ok(f"leaks: {name} is {verdict or 'not listed'}", said == verdict, verdicts.get(name))
ok("leaks: a leak exits with 2", (status, errors) == (2, ""), (status, errors))
ok("leaks: they are counted, and come first", found["leaks"] == 5 and [row["verdict"] for row in found["owners"]][:6] == ["leak"] * 5 + ["unclear"], out)
ok("leaks: JSON has the schema, the heap and the time", (found["schema"], found["heap"], found["seconds"]) == (1, "leaky", 60), out)
slow = verdicts["leak_slow"]
ok("leaks: the rate is that of the leak", abs(slow["bytes_per_second"] - 64) < 2 and slow["growth_bytes"] == slow["floors"][-1] - slow["floors"][0], slow)
late = verdicts["leak_late"]
ok("leaks: a call site that is not listed yet has nothing", len(late["floors"]) == 60 and late["growth_bytes"] == late["floors"][-1], late)
ok("leaks: live bytes are the last ones", slow["live_bytes"] == 64 * 60 and slow["live_blocks"] == 8 * 60 and len(slow["floors"]) == 60, slow)
ok("leaks: the floor hides what lives shorter than an interval", max(verdicts["leak_among_traffic"]["floors"]) < 4000, verdicts["leak_among_traffic"])

innocent = {name: client for name, (verdict, client) in clients.items() if verdict not in ("leak", "unclear")}
status, out, errors = leaks(World(innocent | {f"walk{seed}": walk(seed) for seed in range(300)}))
ok("leaks: none of 300 random walks is a leak; no leak exits with 0", status == 0 and out.startswith("0 call sites leak in 60.0 seconds\n"), out)

status, out, errors = leaks(World({"leak_slow": clients["leak_slow"][1]}))
lines = out.splitlines()
ok("leaks: a leak is a line, with a curve", status == 2 and lines[0] == "1 call site leaks in 60.0 seconds"
   and re.fullmatch(r"leak +3840 +480 +3776 +64\.0 +[_.,=+*#-]{24}  leak_slow\+0x1/0x2 \[m\]", lines[3]), out)

status, out, errors = leaks(World({"leak_slow": clients["leak_slow"][1]}), "--count", "10")
ok("leaks: too short a look is unclear", status == 0 and "unclear" in out, out)
status, out, errors = leaks(World({"leak_slow": clients["leak_slow"][1]}), "--count", "20", "--interval", "3", "--json")
ok("leaks: the interval and the count are respected", json.loads(out)["seconds"] == 60 and len(json.loads(out)["owners"][0]["floors"]) == 20, out)

# What is kept of each interval is a number for each call site.
tracemalloc.start()
status, out, errors = leaks(World({f"ring{i}": clients["ring"][1] for i in range(100)}), "--count", "200")
peak = tracemalloc.get_traced_memory()[1]
tracemalloc.stop()
ok("leaks: intervals take little memory", status == 0 and peak < 100 * 200 * 64 + 2**20, (status, peak, errors))

# A module that leaked was unloaded, and is loaded again.
class Reloaded(World):
    def write_owners(self):
        super().write_owners()
        with (heap / "owners").open("a") as file:
            file.write("100 800 800 100 0 0 leak_slow+0x1/0x2 [m]\n")


status, out, errors = leaks(Reloaded({"leak_slow": clients["leak_slow"][1]}), "--json")
owners = json.loads(out)["owners"]
ok("leaks: owners of one name are added up",
   status == 2 and len(owners) == 1 and (owners[0]["live_bytes"], owners[0]["live_blocks"]) == (64 * 60 + 800, 8 * 60 + 100), out)

# The heap changes between two looks.
reset = lambda now: 64 * int(now if now < 40 else now - 40)
status, out, errors = leaks(World({"leak_then_reset": reset}))
ok("leaks: what a reset frees is no leak", status == 0 and "turnover" in out, out)
status, out, errors = leaks(World({}, {30: lambda: shutil.rmtree(heap)}))
ok("leaks: a heap that vanishes is an error", status == 1 and errors.startswith('heapmod: there is no heap "leaky"') and not out, (status, out, errors))
status, out, errors = leaks(World({}, {30: lambda: (heap / "stats").write_text("version 2\nid 8\n")}))
ok("leaks: another heap of this name is an error", status == 1 and errors == 'heapmod: "leaky" was destroyed, and a new heap has its name\n', (status, out, errors))
status, out, errors = leaks(World({}))
ok("leaks: a heap without owners has no leak", status == 0 and out.startswith("0 call sites leak"), (status, out, errors))
for arguments in ("--count", "1"), ("--count", "x"), ("--interval", "0"), ("--interval", "nan"):
    status, out, errors = leaks(World({}), *arguments)
    ok(f"leaks: {' '.join(arguments)} is refused", status == 1 and f"expected a number from" in errors and errors.count("\n") == 1, (status, errors))

words = re.findall(r"\[VERDICT_\w+\] = \"(.*)\"", (sources / "tools/heaptrace/leaks.c").read_text())
ok("leaks: the verdicts are those of heaptrace", tuple(words) == tool.VERDICTS_OF_GROWTH, words)
