#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""heapmod.drgn.py - the heaps of heapmod in the memory of a kernel, running or dumped

What debugfs tells of a live kernel, this reads from its memory without its help. The layout of everything comes from
debug information. The numbers that are only macros in the sources, and so leave no trace there, have the same names
below. What the blocks are, heap_core.c and core/findings.c say; what must be true of them, core/check.c.
"""

import argparse
from dataclasses import dataclass
import functools
import itertools
import signal
import sys


def fail(message):
    print(f"heapmod.drgn.py: {message}", file=sys.stderr)
    sys.exit(2)


try:
    import drgn
    from drgn import Object
    from drgn.helpers.linux.list import list_for_each_entry
except ImportError:
    fail("it needs drgn: apt-get install python3-drgn")

# core/heap.h, core/index.h
GRANULE = 16
EDGE = 8
REDZONE = 2
CHUNK = 64
FANOUT = 8
NONE = 2**32 - 1
# core/block.h
PATTERN = 0xC5
TAG_SLACK = 0xF
TAG_OWNER_SHIFT = 4
WORD_OPEN_BITS = 44
WORD_LOW_SHIFT = 32
WORD_DEFERRED = 0xAAAAA << WORD_OPEN_BITS

U64 = 2**64 - 1


def entries(first, count, batch=4096):
    """The values of an array of COUNT elements, of which FIRST points to the first."""
    prog, element = first.prog_, first.type_.type
    for i in range(0, count, batch):
        some = prog.array_type(element, min(batch, count - i))
        yield from Object(prog, some, address=(first + i).value_()).value_()


def groups(count, size):
    return (count + size - 1) // size


class CallSites:
    """Names of addresses, as the kernel prints them with %pS: from its own tables of the modules' symbols."""

    def __init__(self, prog):
        self.prog = prog
        self.modules = list(modules(prog))

    @functools.cache
    def name(self, address):
        if not address:
            return "other"
        for module in self.modules:
            for layout in module.core_layout, module.init_layout:
                base = layout.base.value_()
                if base <= address < base + layout.size.value_():
                    return self.name_in(module, address, base + layout.text_size.value_())
        return self.name_in_kernel(address)

    def name_in(self, module, address, end):
        before, after = (0, None), end
        for value, symbol in self.symbols(module):
            if before[0] < value <= address:
                before = value, symbol
            elif address < value < after:
                after = value
        value, symbol = before
        name = (module.kallsyms.strtab + symbol).string_().decode()
        return f"{name}+{address - value:#x}/{after - value:#x} [{module.name.string_().decode()}]"

    @staticmethod
    def symbols(module):
        """Where the named symbols of a module are, and their names in its table of strings."""
        table = module.kallsyms
        names = table.strtab
        return [
            (symbol["st_value"], symbol["st_name"])
            for symbol in itertools.islice(entries(table.symtab, table.num_symtab.value_()), 1, None)
            if symbol["st_shndx"] and names[symbol["st_name"]].value_()
        ]

    def name_in_kernel(self, address):
        try:
            symbol = self.prog.symbol(address)
        except LookupError:
            return f"{address:#x}"
        return f"{symbol.name}+{address - symbol.address:#x}/{symbol.size:#x}"


@dataclass
class Block:
    """As struct heap_block_info; a state is a name of enum heap_state."""

    at: int
    granules: int
    state: str
    sealed: bool
    asked: int
    owner: int

    # As debugfs names them.
    WORDS = {
        "HEAP_HOLE": "hole",
        "HEAP_USED": "used",
        "HEAP_PENDING": "pending",
        "HEAP_QUARANTINED": "quarantined",
        "HEAP_DEFERRED": "pending",
    }

    @property
    def end(self):
        return self.at + self.granules

    @property
    def offset(self):
        return EDGE + self.at * GRANULE

    @property
    def size(self):
        return self.granules * GRANULE

    @property
    def word(self):
        return self.WORDS[self.state]

    @property
    def is_live(self):
        """Counted as used."""
        return self.state in ("HEAP_USED", "HEAP_DEFERRED")


@dataclass
class Owner:
    """As struct heap_owner."""

    caller: int
    allocs: int
    frees: int
    peak: int
    room: int
    failures: int
    number: int

    @property
    def blocks(self):
        return self.allocs - self.frees

    @property
    def bytes(self):
        return self.peak - self.room


class Heap:
    """A struct heapmod, and the struct heap in it."""

    def __init__(self, heapmod):
        self.prog = heapmod.prog_
        self.heapmod = heapmod
        self.name = heapmod.name.string_().decode(errors="replace")
        self.region_bytes = heapmod.region_bytes.value_()
        self.core = heapmod.core.read_()
        self.index = self.core.index
        core = self.core.value_()
        self.region = core["region"]
        self.granules = core["index"]["granules"]  # heap.granules is 0 when it is frozen
        self.is_frozen = not core["granules"]
        self.overhead = core["overhead"]
        self.redzone = GRANULE if core["flags"] & REDZONE else 0
        self.key, self.factor, self.mask = core["key"], core["factor"], core["mask"]
        self.used, self.pending, self.quarantined = core["used"], core["pending"], core["quarantined"]
        self.blocks_counted = core["allocs"] - core["frees"]
        self.asked, self.lost = core["asked"], core["lost"]
        self.quick = {split["at"] for split in core["quick"][: core["quick_count"]]}
        self.claims = set(core["claims"][: core["claim_count"]])
        self.quarantine = set(core["quarantine"][: core["quarantine_count"]])
        self.header_type = self.prog.type("struct heap_block")
        self.states = {name: value for name, value in self.prog.type("enum heap_state").enumerators}

    @property
    def used_bytes(self):
        return (self.used + self.pending + self.quarantined) * GRANULE

    # The map: places are granules.

    @property
    def chunk_count(self):
        return self.granules // CHUNK + 1

    def chunks(self):
        return entries(self.index.chunks, self.chunk_count)

    def starts(self):
        """Where blocks begin, and whether holes do; the last is the sentinel."""
        for number, chunk in enumerate(self.chunks()):
            start, free = chunk["start"], chunk["free"]
            while start:
                bit = (start & -start).bit_length() - 1
                yield number * CHUNK + bit, bool(free >> bit & 1)
                start &= start - 1

    def spans(self):
        """(at, granules, is it a hole) of each block in the map."""
        for (at, hole), (end, _) in itertools.pairwise(self.starts()):
            yield at, end - at, hole

    def seen_spans(self):
        """The same as for those who look: what is freed and kept is merged with the holes beside it."""
        for free, run in itertools.groupby(self.spans(), lambda span: span[2] or span[0] in self.quick):
            if free:
                run = list(run)
                yield run[0][0], sum(span[1] for span in run), True
            else:
                yield from run

    # Headers and seals

    def address(self, at):
        return self.region + EDGE + at * GRANULE

    def header(self, at):
        return Object(self.prog, self.header_type, address=self.address(at)).value_()

    def seal(self, at, word):
        return ((word << (64 - WORD_OPEN_BITS) ^ self.key ^ at) * self.factor & U64) >> WORD_OPEN_BITS

    def is_sealed(self, at, word):
        return self.seal(at, word) == word >> WORD_OPEN_BITS

    def is_deferred(self, at, word):
        return self.is_sealed(at, word ^ WORD_DEFERRED)

    def mark(self, granules, state):
        """The header of a block that is not used."""
        return (granules | self.states[state] << WORD_LOW_SHIFT) ^ self.mask

    def state(self, at, hole, word):
        if hole or at in self.quick:
            return "HEAP_HOLE"
        if at in self.quarantine:
            return "HEAP_QUARANTINED"
        if at in self.claims:
            return "HEAP_PENDING"
        return "HEAP_DEFERRED" if self.is_deferred(at, word) else "HEAP_USED"

    def look(self, at, granules, hole):
        """A block as the map shows it, with slack and owner from its header, as heap_inspect_sized()."""
        tag = self.header(at)["tag"]
        word = granules | tag << WORD_LOW_SHIFT
        sealed = self.is_sealed(at, word) or self.is_deferred(at, word)
        block = Block(at, granules, self.state(at, hole, word), sealed, 0, 0)
        if block.is_live:
            block.asked = block.size - self.overhead - (tag & TAG_SLACK if sealed else 0)
        if sealed:
            block.owner = tag >> TAG_OWNER_SHIFT & 0xFF
        return block

    def blocks(self):
        return (self.look(*span) for span in self.seen_spans())

    def block_of(self, offset):
        for at, granules, hole in self.seen_spans():
            if offset < EDGE + (at + granules) * GRANULE:
                return self.look(at, granules, hole)
        return None

    # Owners

    def owners(self):
        return [Owner(**owner) for owner in self.heapmod.owners.table.value_()]


@dataclass
class Finding:
    """What is wrong: with the bytes of a block, or, without one, with the index."""

    verdict: str
    offset: int
    block: Block = None


def wrong_index(what, at=0):
    return Finding(f"corrupt index ({what})", EDGE + at * GRANULE)


def check_map(heap):
    """From 0 to the sentinel; only starts are holes; no two of them side by side. (1) and (2)"""
    for number, chunk in enumerate(heap.chunks()):
        if chunk["free"] & ~chunk["start"]:
            yield wrong_index("a hole where no block begins", number * CHUNK)
    at, hole_before = NONE, False
    for at, hole in heap.starts():
        if hole and hole_before:
            yield wrong_index("two holes side by side", at)
        hole_before = hole
    if at != heap.granules:
        yield wrong_index("the map does not end with the region", min(at, heap.granules))
    if next(heap.starts(), (NONE,))[0]:
        yield wrong_index("no block begins at the region's first granule")


def check_summaries(heap):
    """A bit of a summary is set where the word under it is not 0. (4)"""
    full = [bool(chunk["start"]) for chunk in heap.chunks()]
    for level in range(heap.index.levels.value_()):
        words = list(entries(heap.index.summary[level], groups(len(full), 64)))
        for i, bit in enumerate(full):
            if bool(words[i // 64] >> i % 64 & 1) != bit:
                yield wrong_index(f"summary {level} is wrong", i * CHUNK * 64**level)
        full = [bool(word) for word in words]


def check_nodes(heap):
    """A node of the max tree is the largest of its children. (4)"""
    count = heap.chunk_count
    for level in range(1, heap.index.height.value_()):
        children = list(entries(heap.index.max[level - 1], groups(count, FANOUT) * FANOUT))
        count = groups(count, FANOUT)
        for i, node in enumerate(entries(heap.index.max[level], count)):
            if node != max(children[i * FANOUT : (i + 1) * FANOUT]):
                yield wrong_index(f"a node of level {level} is wrong", i * CHUNK * FANOUT**level)


def check_holes(heap):
    """The max of each chunk, the top, and the finger agree with the holes. (5) and (6)"""
    top, finger_at, finger_size = (
        member.value_() for member in (heap.index.top, heap.index.finger_at, heap.index.finger_size)
    )
    true_top = NONE
    largest = [0] * heap.chunk_count
    for at, granules, _ in filter(lambda span: span[2], heap.spans()):
        if at < finger_at and granules >= finger_size:
            yield wrong_index("a hole below the finger that is as large", at)
        if at + granules == heap.granules:
            true_top = at
        else:
            largest[at // CHUNK] = max(largest[at // CHUNK], granules)
    if top != true_top:
        yield wrong_index("the top is not the hole at the end", min(top, heap.granules))
    for chunk, said in enumerate(entries(heap.index.max[0], heap.chunk_count)):
        if said != largest[chunk]:
            yield wrong_index("the max of a chunk is not its largest hole", chunk * CHUNK)


def check_header(heap, block):
    """Does the header agree with the map, and is it sealed, or marked, as it must be?"""
    header = heap.header(block.at)
    word = header["granules"] | header["tag"] << WORD_LOW_SHIFT
    is_as_used = header["granules"] == block.granules and block.sealed
    if block.is_live:
        return is_as_used
    if block.at in heap.quick:
        return is_as_used or word == heap.mark(block.granules, "HEAP_PENDING")
    return word == heap.mark(block.granules, block.state)


def first_wrong(heap, block):
    """The offset of the first byte behind a payload that is not the pattern, or None."""
    end = heap.address(block.end)
    count = block.size - heap.overhead - block.asked + heap.redzone
    for i, byte in enumerate(heap.prog.read(end - count, count) if count else b""):
        if byte != PATTERN:
            return end - count + i - heap.region
    return None


def check_bytes(heap, block):
    """Header, slack and redzone of a block. (3)"""
    if not check_header(heap, block):
        return Finding("corrupt header", block.offset, block)
    wrong = first_wrong(heap, block) if block.is_live else None
    return None if wrong is None else Finding("overrun", wrong, block)


def check_counters(heap, blocks):
    """The counters agree with the blocks. (7)"""
    live = [block for block in blocks if block.is_live]
    granules = {state: sum(block.granules for block in blocks if block.state == state) for state in heap.states}
    holes = sum(block.state == "HEAP_HOLE" for block in blocks) - len(heap.quick)
    for what, said, true in (
        ("blocks", heap.blocks_counted, len(live)),
        ("holes", heap.index.holes.value_(), holes),
        ("used granules", heap.used, sum(block.granules for block in live)),
        ("pending granules", heap.pending, granules["HEAP_PENDING"]),
        ("quarantined granules", heap.quarantined, granules["HEAP_QUARANTINED"]),
    ):
        if said != true:
            yield wrong_index(f"it counts {said} {what}, and has {true}")
    # Headers that were lost took up to 15 bytes too many off the count.
    asked = sum(block.asked for block in live)
    if asked - heap.asked & U64 > heap.lost * TAG_SLACK:
        yield wrong_index(f"it counts {heap.asked} bytes asked for, and has {asked}")


def check(heap):
    """All that must be true of a heap, as heap_check(); but it goes on where that freezes the heap."""
    if heap.granules != heap.region_bytes // GRANULE - 1:
        yield wrong_index("it does not know its size")
        return
    if heap.is_frozen:
        yield wrong_index("it is frozen, as it was found corrupt before")
    broken = list(check_map(heap))
    yield from broken
    yield from check_summaries(heap)
    yield from check_nodes(heap)
    if broken:
        return
    yield from check_holes(heap)
    blocks = [heap.look(*span) for span in heap.spans()]
    wrong = [finding for block in blocks if (finding := check_bytes(heap, block))]
    yield from wrong
    if not wrong:
        yield from check_counters(heap, blocks)


# The commands


def print_heaps(heaps):
    print("name region_bytes used_bytes blocks address")
    for heap in heaps:
        print(heap.name, heap.region_bytes, heap.used_bytes, heap.blocks_counted, f"{heap.region:#x}")


def print_blocks(heap, sites):
    print("offset size state asked owner")
    if heap.is_frozen:
        note(heap, "it is frozen: its index was found corrupt, and says nothing of blocks any more")
        return
    for block in heap.blocks():
        asked, owner = "-", "-"
        if block.state == "HEAP_USED":
            asked, owner = (block.asked, name_of(heap, sites, block)) if block.sealed else ("?", "?")
        print(block.offset, block.size, block.word, asked, owner)


def name_of(heap, sites, block):
    return sites.name(heap.heapmod.owners.table[block.owner].caller.value_())


def print_owners(heap, sites):
    print("live_blocks live_bytes peak_bytes allocs frees failures owner")
    owners = [owner for owner in heap.owners() if owner.allocs or owner.failures]
    for owner in sorted(owners, key=lambda owner: (-owner.bytes, -owner.peak, owner.caller)):
        numbers = owner.blocks, owner.bytes, owner.peak, owner.allocs, owner.frees, owner.failures
        print(*numbers, sites.name(owner.caller))


def print_block(heap, sites, block):
    print(f"  block   at {block.offset}, {block.size} bytes, {block.word}")
    if block.state == "HEAP_USED" and not block.sealed:
        print("          its header does not tell any more")
    elif block.state == "HEAP_USED":
        print(f"          {block.asked} bytes asked by {name_of(heap, sites, block)}")
    elif block.sealed:
        print(f"          was asked by {name_of(heap, sites, block)}")


def print_check(heaps, sites):
    """Whether all is well."""
    count = 0
    for heap in heaps:
        for finding in check(heap):
            count += 1
            print(f'{finding.verdict} in heap "{heap.name}" at offset {finding.offset}')
            if finding.block:
                print_block(heap, sites, finding.block)
    print(f"findings {count}")
    return count == 0


def part_of(heap, block, offset):
    """What the byte at an offset is in its block."""
    byte = offset - block.offset
    payload = byte - heap.header_type.size
    if byte < heap.header_type.size:
        return f"byte {byte} of the header of"
    if not block.is_live:
        return f"byte {byte} of"
    if payload < block.asked:
        return f"byte {payload} of the payload of"
    return f"{payload - block.asked + 1} bytes behind the payload of"


def print_place(heaps, sites, address):
    """Whether there is a heap at an address."""
    for heap in heaps:
        offset = address - heap.region
        if not 0 <= offset < heap.region_bytes:
            continue
        place = f'{address:#x} is at offset {offset} of heap "{heap.name}"'
        block = heap.block_of(offset) if offset >= EDGE else None
        if not block:
            print(f"{place}, at its edge, where no block can be")
        else:
            print(f"{place}, {part_of(heap, block, offset)}")
            print_block(heap, sites, block)
        return True
    print(f"{address:#x} is in no heap")
    return False


# The kernel


def reach_page_tables(prog):
    """drgn before 0.0.30 takes a phys_base of 0 for none, and does not find the page tables by it.

    It is 0 in a dump that QEMU made of a kernel without KASLR: there the image lies at the same places of both its
    mapping and the memory.
    """
    mapping, size = 0xFFFFFFFF80000000, 512 << 20
    try:
        prog.read(mapping, 1)
    except drgn.FaultError as error:
        if "recursive" in str(error) and prog.platform.arch == drgn.Architecture.X86_64:
            prog.add_memory_segment(mapping, size, lambda _, count, offset, physical: prog.read(offset, count, True))


def open_kernel(core):
    prog = drgn.Program()
    where = core or "/proc/kcore"
    try:
        if core:
            prog.set_core_dump(core)
        else:
            prog.set_kernel()
    except PermissionError:
        fail(f"no permission to read {where}" + ("" if core else ": run it as root"))
    except Exception as error:  # of no class of its own, when it is libelf that complains
        fail(f"cannot read {where}: {getattr(error, 'strerror', None) or error}")
    if not prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL:
        fail(f"{where} is no dump of a Linux kernel: it has no VMCOREINFO")
    reach_page_tables(prog)
    return prog


def modules(prog):
    head = prog["modules"].address_of_()
    for module in list_for_each_entry("struct module", head, "list"):
        if module.state != prog.constant("MODULE_STATE_UNFORMED"):
            yield module


def knows_heaps(prog):
    try:
        prog.variable("heaps", "heaps/registry.c")
    except LookupError:
        return False
    return True


def load_symbols(prog, files):
    """From the files, and where they do not suffice from where they are installed."""
    try:
        for file in files:
            open(file, "rb").close()
        prog.load_debug_info(files, main=True)
        if not knows_heaps(prog):
            prog.load_debug_info(default=True)
    except drgn.MissingDebugInfoError:
        pass  # of others; what is missing here is seen below
    except OSError as error:
        fail(f"cannot read the symbols in {error.filename}: {error.strerror}")
    except ValueError as error:
        fail(f"cannot read the symbols: {error}")


def find_heaps(prog):
    try:
        loaded = any(module.name.string_() == b"heapmod" for module in modules(prog))
    except LookupError:
        fail("no debug information of this kernel: --symbols vmlinux, or install linux-image-...-dbg")
    if not loaded:
        fail("heapmod is not loaded in this kernel")
    if not knows_heaps(prog):
        fail("no debug information of this heapmod: --symbols heapmod.ko, as it was loaded")
    head = prog.variable("heaps", "heaps/registry.c").address_of_()
    return [Heap(heapmod) for heapmod in list_for_each_entry("struct heapmod", head, "all")]


def note(heap, what):
    print(f'heapmod.drgn.py: heap "{heap.name}": {what}', file=sys.stderr)


def heap_named(heaps, name):
    for heap in heaps:
        if heap.name == name:
            return heap
    names = ", ".join(heap.name for heap in heaps)
    return fail(f'there is no heap "{name}"; ' + (f"there are: {names}" if names else "there is none at all"))


def address(text):
    return int(text, 0 if text.startswith("0x") else 16 if len(text) == 16 else 10)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Show the heaps of heapmod in the memory of a kernel: of the running one, or of a dump.",
        epilog="Exit status: 0; 1 when check finds something wrong, or find finds nothing; 2 after an error.",
    )
    parser.add_argument("-c", "--core", metavar="FILE", help="a dump, instead of the running kernel")
    parser.add_argument(
        "-s",
        "--symbols",
        metavar="FILE",
        action="append",
        default=[],
        help="vmlinux or heapmod.ko with debug information, if not where Debian has them; again for each",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("heaps", help="list the heaps")
    for name, what in ("blocks", "list the blocks of a heap"), ("owners", "list who allocated in a heap, and how much"):
        commands.add_parser(name, help=what).add_argument("heap", metavar="HEAP")
    command = commands.add_parser("check", help="check all that must be true of a heap, or of all heaps")
    command.add_argument("heap", metavar="HEAP", nargs="?")
    command = commands.add_parser("find", help="find the block that an address lies in")
    command.add_argument("address", metavar="ADDRESS", type=address)
    return parser.parse_args()


def run(arguments):
    """Whether all is well."""
    prog = open_kernel(arguments.core)
    load_symbols(prog, arguments.symbols)
    heaps = find_heaps(prog)
    sites = CallSites(prog)
    if getattr(arguments, "heap", None):
        heaps = [heap_named(heaps, arguments.heap)]
    if arguments.command == "check":
        return print_check(heaps, sites)
    if arguments.command == "find":
        return print_place(heaps, sites, arguments.address)
    if arguments.command == "heaps":
        print_heaps(heaps)
    elif arguments.command == "blocks":
        print_blocks(heaps[0], sites)
    else:
        print_owners(heaps[0], sites)
    return True


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    arguments = parse_arguments()
    try:
        sys.exit(0 if run(arguments) else 1)
    except drgn.FaultError as error:
        fail(f"the memory cannot be read ({error}): is the dump cut short?")


if __name__ == "__main__":
    main()
