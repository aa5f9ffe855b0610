# SPDX-License-Identifier: GPL-2.0-only
#
# The reader of traces and the allocator that replays them, for the Makefile of a folder beside this one
#
# PLAIN=yes builds them without the libraries that compress, for architectures whose libraries are not at hand.

CORE := ../../heap_core.c $(wildcard ../../core/*.c)
TRACE := $(addprefix ../trace/,callers.c lines.c memory.c playback.c printable.c trace.c $(if $(PLAIN),plain.c,pack.c unpack.c)) ../table.c $(CORE)
TRACE_HEADERS := $(wildcard ../trace/*.h ../*.h ../../*.h ../../core/*.h ../../tests/stubs/*/*.h) ../trace/trace.mk
TRACE_FLAGS := -D_FILE_OFFSET_BITS=64 -I../../tests/stubs -I../..
TRACE_LIBRARIES := $(if $(PLAIN),,-llzma -lzstd)
