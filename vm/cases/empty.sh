# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A kernel without heapmod, whose memory is to be dumped.

# shellcheck source=../guest/case.sh
. /lib/case.sh

check "the kernel runs" true

verdict
