// SPDX-License-Identifier: GPL-2.0-only
/*
 * insmod FILE [PARAMETER=VALUE]... - load a module, with the messages of kmod
 *
 * For VMs of other architectures, where there is no kmod.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What kmod prints instead of the text for the error number. */
static const char *reason(int error)
{
	switch (error) {
	case ENOEXEC:
		return "Invalid module format";
	case ENOENT:
		return "Unknown symbol in module";
	case ESRCH:
		return "Module has wrong symbol version";
	case EINVAL:
		return "Invalid parameters";
	default:
		return strerror(error);
	}
}

int main(int argc, char **argv)
{
	char parameters[4096] = "";
	int file, i;

	if (argc < 2)
		return 2;
	for (i = 2; i < argc; i++) {
		if (strlen(parameters) + strlen(argv[i]) + 2 > sizeof(parameters))
			return 2;
		strcat(parameters, argv[i]);
		strcat(parameters, " ");
	}
	file = open(argv[1], O_RDONLY);
	if (file >= 0 && !syscall(SYS_finit_module, file, parameters, 0))
		return 0;
	fprintf(stderr, "insmod: ERROR: could not %s module %s: %s\n",
		file < 0 ? "load" : "insert", argv[1], file < 0 ? strerror(errno) : reason(errno));
	return 1;
}
