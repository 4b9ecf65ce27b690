#!/bin/sh
# SPDX-License-Identifier: ISC
# From a git checkout: make ./configure. A release tarball has it already.
set -e
cd "$(dirname "$0")"
autoreconf --install
