/* SPDX-License-Identifier: ISC
 *
 * Both halves of the sandbox, and what is missing of it. A build with
 * sanitizers or coverage counts has none: their run-time opens files at the
 * end, and starts a process to look for leaks.
 */
#include "sandbox/sandbox.h"

#include <stddef.h>

#include "sandbox/parts.h"

#ifdef UNSANDBOXED
enum { POSSIBLE = 0 };
#else
enum { POSSIBLE = 1 };
#define UNSANDBOXED ""
#endif

const char *
sandbox_missing(void)
{
	bool calls = sandbox_has_calls(), files = sandbox_has_files();

	if (!POSSIBLE)
		return "a build with " UNSANDBOXED " has no sandbox";
	if (!calls && !files)
		return "neither system calls nor files can be taken from the "
		       "workers: there is no seccomp and no Landlock here";
	if (!calls)
		return "system calls cannot be taken from the workers: there "
		       "is no seccomp here";
	if (!files)
		return "files are kept from the workers by seccomp alone: "
		       "there is no Landlock here";
	return NULL;
}

bool
sandbox_enter(void (*refused)(const char *call), struct err *err)
{
	return !POSSIBLE || (sandbox_close_files(err) &&
	    sandbox_filter_calls(SANDBOX_SERVES, refused, err));
}

bool
sandbox_enter_import(const struct sandbox_path *paths, size_t n,
    void (*refused)(const char *call), struct err *err)
{
	return !POSSIBLE || (sandbox_keep_files(paths, n, false, err) &&
	    sandbox_filter_calls(SANDBOX_IMPORTS, refused, err));
}
