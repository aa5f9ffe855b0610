/* SPDX-License-Identifier: GPL-2.0-only */
/* Stub: the kernel's atomic exchanges in userspace. */
#ifndef TESTS_LINUX_ATOMIC_H
#define TESTS_LINUX_ATOMIC_H

/* A test may define this, to be another CPU in the moment before an exchange. */
void before_exchange(void) __attribute__((weak));

#define cmpxchg(ptr, old, new) ({				\
	if (before_exchange)					\
		before_exchange();				\
	__sync_val_compare_and_swap(ptr, old, new);		\
})
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_store_mb(var, value) __atomic_store_n(&(var), value, __ATOMIC_SEQ_CST)
#define smp_load_acquire(ptr)	__atomic_load_n(ptr, __ATOMIC_ACQUIRE)
#define smp_store_release(ptr, value) __atomic_store_n(ptr, value, __ATOMIC_RELEASE)

#endif
