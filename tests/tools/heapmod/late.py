#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapmod/late.py FOLDER HEAPMOD ARGUMENT... - run heapmod.py; the heap of FOLDER is destroyed at a read of its owners"""

import importlib.util
import os
import shutil
import sys

folder = sys.argv.pop(1)
spec = importlib.util.spec_from_file_location("heapmod", sys.argv[1])
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


class Folder(tool.Folder):
    def owners(self, heap):
        if heap == os.path.basename(folder):
            shutil.rmtree(folder)
        return super().owners(heap)


tool.Folder = Folder
sys.argv = sys.argv[1:]
sys.exit(tool.main())
