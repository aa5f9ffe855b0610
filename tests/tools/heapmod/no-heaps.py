#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapmod/no-heaps.py HEAPMOD.DRGN ARGUMENT... - run heapmod.drgn.py on a kernel without heaps, which needs no dump"""

import importlib.util
import os
import signal
import sys

sys.argv.pop(0)
spec = importlib.util.spec_from_file_location("heapmod_drgn", sys.argv[0])
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def find_heaps(prog):
    """With --core interrupted, Ctrl-C comes meanwhile."""
    if "interrupted" in sys.argv:
        os.kill(os.getpid(), signal.SIGINT)
    return []


tool.open_kernel = tool.CallSites = lambda _: None
tool.load_symbols = lambda prog, files: None
tool.find_heaps = find_heaps
tool.main()
