// SPDX-License-Identifier: GPL-2.0-only
/*
 * main FILE... - replay inputs of the fuzzers, without a fuzzer
 */
#include <stdio.h>

#include "fuzz.h"

int main(int argc, char **argv)
{
	static u8 data[1 << 16];
	int i;

	for (i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		fuzz_one(data, fread(data, 1, sizeof(data), file));
		fclose(file);
	}
	return 0;
}
