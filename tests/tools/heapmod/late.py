#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapmod/late.py destroyed|replaced FOLDER HEAPMOD ARGUMENT... - run heapmod.py; a heap is destroyed meanwhile

It happens at a read of the owners of the heap of FOLDER. If it is replaced, another one has its name before the error is seen.
"""

import errno
import importlib.util
import os
import shutil
import sys

what, folder = sys.argv.pop(1), sys.argv.pop(1)
spec = importlib.util.spec_from_file_location("heapmod", sys.argv[1])
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


class Folder(tool.Folder):
    def owners(self, heap):
        if heap == os.path.basename(folder) and what == "destroyed":
            shutil.rmtree(folder)
        return super().owners(heap)


def open_replaced(path, **options):
    if path == os.path.join(folder, "owners") and what == "replaced":
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return open(path, **options)


tool.Folder = Folder
tool.open = open_replaced
sys.argv = sys.argv[1:]
sys.exit(tool.main())
