# SPDX-License-Identifier: GPL-2.0-only
#
# Add private members to heaps/heaps.h, as a later version may: one in front, so that every offset changes, and one in a
# struct inside.
s/^\traw_spinlock_t lock;/\tu64 added_in_front;\n&/
s/^\tatomic_t suppressed;/\tu64 added_inside;\n&/
