/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_PARTS_H
#define SANDBOX_PARTS_H

#include <stdbool.h>

/* What the kernel that we run on, and this build, can do. */
bool sandbox_has_files(void);
bool sandbox_has_calls(void);

#endif
