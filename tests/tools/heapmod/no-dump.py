#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapmod/no-dump.py HEAPMOD.DRGN - test the parts of heapmod.drgn.py that compute, on heaps that no dump has"""

import contextlib
import importlib.util
import io
import sys
from types import SimpleNamespace

spec = importlib.util.spec_from_file_location("heapmod_drgn", sys.argv[1])
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def ok(name, good, why=""):
    print(f"ok - {name}" if good else f"not ok - {name}\n{why}")


def heap_with(cached=0, **counters):
    """Of 1000 granules. 10 blocks with redzones take 40 of them."""
    heap = tool.Heap.__new__(tool.Heap)
    found = {"used": 40, "pending": 0, "quarantined": 0, "asked": 300, "allocs": 10, "frees": 0, "limbo": 0, "limbo_blocks": 0, "limbo_asked": 0}
    heap.counters = found | counters
    for name in "used", "pending", "quarantined", "asked":
        setattr(heap, name, heap.counters[name])
    heap.blocks_counted = heap.counters["allocs"] - heap.counters["frees"]
    heap.granules, heap.region_bytes = 1000, 1000 * tool.GRANULE + 2 * tool.EDGE
    heap.redzone, heap.header_type = tool.GRANULE, SimpleNamespace(size=8)
    heap.cpus = {0: SimpleNamespace(cache=SimpleNamespace(granules=SimpleNamespace(value_=lambda: cached)))}
    return heap


def parts(name, expected, **counters):
    """The parts of the region that are not 0, without its edges."""
    heap = heap_with(**counters)
    found = heap.parts()
    whole = sum(found.values()) == heap.region_bytes
    found = {key.removesuffix("_bytes"): value for key, value in found.items() if value and key != "edge_bytes"}
    ok(f"heapmod.drgn: parts of {name}", whole and found == expected, (whole, found))


parts("a heap", {"asked": 300, "slack": 100, "header": 80, "redzone": 160, "hole": 15360})
parts("one with blocks in all states", {"asked": 250, "slack": 54, "header": 64, "redzone": 128, "pending": 176, "cached": 32, "quarantine": 64, "hole": 15232},
      cached=2, pending=4, quarantined=4, limbo=7, limbo_blocks=2, limbo_asked=50)
# heapmod_free_rcu(), and then the header was overwritten: it was quarantined, and counts as in limbo until it leaves.
parts("one whose block in limbo lost its header", {"quarantine": 64, "hole": 15936},
      used=0, quarantined=4, asked=0, allocs=1, frees=1, limbo=4, limbo_blocks=1, limbo_asked=60)
parts("one with more in limbo than is used", {"asked": 0x10, "slack": 8, "header": 8, "redzone": 16, "pending": 32, "hole": 15920},
      used=5, asked=0x30, allocs=3, limbo=2, limbo_blocks=2, limbo_asked=0x20)
parts("one whose requests are more than is used", {"asked": 400, "header": 80, "redzone": 160, "hole": 15360}, asked=700)
parts("one whose requests are less than nothing", {"slack": 400, "header": 80, "redzone": 160, "hole": 15360}, asked=2**64 - 5)
parts("one with more blocks than it can have", {"header": 640, "hole": 15360}, allocs=100)
ok("heapmod.drgn: no more blocks are in limbo than there are", heap_with(allocs=1, limbo_blocks=2).live_blocks == 0)


def nested(name, region, region_bytes):
    return SimpleNamespace(name=name, region=region, region_bytes=region_bytes, block_of=lambda offset: None)


# Each region is in a block of the one before.
heaps = [nested("outer", 0x1000, 0x8000), nested("middle", 0x2000, 0x2000), nested("inner", 0x3000, 0x100), nested("other", 0x9000, 0x100)]
for place, expected in (0x1010, "outer"), (0x2010, "middle"), (0x3010, "inner"), (0x3110, "middle"), (0x4010, "outer"), (0x9010, "other"), (0xA000, None):
    for order in heaps, heaps[::-1]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            good = tool.print_place(order, None, place)
        words = f'of heap "{expected}"' if expected else "is in no heap"
        ok(f"heapmod.drgn: {place:#x} is in {expected or 'no heap'}", good == bool(expected) and words in out.getvalue(), out.getvalue())
