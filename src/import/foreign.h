/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_FOREIGN_H
#define IMPORT_FOREIGN_H

#include "base/str.h"

/* What the bytes of a file that is none of ours are, and the way round it, as
 * the end of a sentence that begins with the file's name; NULL where they are
 * not known. Looks at the first kilobyte at most. */
const char *foreign_sentence(struct str bytes);

#endif
