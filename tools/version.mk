# SPDX-License-Identifier: GPL-2.0-only
#
# VERSION, as heapmod.h has it

VERSION := $(shell sed -n 's/^\#define HEAPMOD_VERSION[[:space:]]*"\(.*\)"/\1/p' $(dir $(lastword $(MAKEFILE_LIST)))../heapmod.h)
