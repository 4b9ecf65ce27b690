/* SPDX-License-Identifier: ISC */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

#include "base/str.h"

/* The name that `word` was most likely meant to be: the one with the fewest
 * letters changed, if they are few for its length; NULL where none is near. */
const char *nearest_name(struct str word, const char *const names[], size_t n);

#endif
