/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_IDENTITY_H
#define SUPERVISOR_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * Whom the service becomes where root has started it. Only the port is bound
 * as root; from identity_take on nothing of it is, the supervisor included.
 */
struct identity {
	char user[64]; /* empty: as we are */
	uid_t uid;
	gid_t gid;
};

/* The setting `user`: "USER" or "USER:GROUP"; empty: the user of our package
 * if there is one, else nobody. As we are where we are not root or shall stay
 * it. ERR_INPUT where there is no such user or group, ERR_SYSTEM where that
 * cannot be told. */
MUST_USE bool identity_find(const char *setting, struct identity *ret,
    struct err *err);
/* A path and what must be allowed with it, as for access(2). */
struct identity_need {
	const char *path;
	int mode;
};
/* Whether the identity may do all that; ERR_SYSTEM names the first that it
 * may not. */
MUST_USE bool identity_check(const struct identity *id,
    const struct identity_need *needs, size_t n, struct err *err);
/* Make the state directory, or hand over what an earlier start as root has
 * left in it. ERR_SYSTEM where it is another's, or not reachable. */
MUST_USE bool identity_prepare(const struct identity *id, const char *dir,
    struct err *err);
/* Become it, for good. */
MUST_USE bool identity_take(const struct identity *id, struct err *err);

#endif
