/* SPDX-License-Identifier: ISC */
#ifndef BASE_CITY_H
#define BASE_CITY_H

#include <stdint.h>

#include "base/str.h"

/* CityHash64 of its version 1.0.2, as CatBoost hashes categories by. */
uint64_t city_hash64(struct str s);

#endif
