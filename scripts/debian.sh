# SPDX-License-Identifier: ISC
# Bare Debian 12 systems and our package, for scripts/test-deb and
# scripts/test-vm. Sourced by them after lib.sh, with $top the directory to
# work in; what commands say goes into $top/log.

# inside DIR COMMAND...: run it with $top/DIR as the root.
inside()
{
	dir=$1
	shift
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
	    DEBIAN_FRONTEND=noninteractive chroot "$top/$dir" "$@"
}

# debian_bare DIR: a minimal system in $top/DIR.
debian_bare()
{
	debootstrap --variant=minbase bookworm "$top/$1" >"$top/log" 2>&1 ||
	    { tail -n 20 "$top/log" >&2; die "debootstrap failed"; }
}

# debian_open DIR: packages can be installed in it; nothing is started.
debian_open()
{
	cp /etc/resolv.conf "$top/$1/etc/resolv.conf"
	printf '#!/bin/sh\nexit 101\n' >"$top/$1/usr/sbin/policy-rc.d"
	chmod 755 "$top/$1/usr/sbin/policy-rc.d"
	mount -t proc proc "$top/$1/proc"
}

# debian_close: no file system is mounted below $top.
debian_close()
{
	for mount in "$top"/*/proc; do
		umount "$mount" 2>/dev/null || :
	done
}

# debian_package DIR: build the package there, as $top/DIR/lightscore_*.deb.
debian_package()
{
	mkdir "$top/$1/source"
	(cd "$root" && tar -c --exclude ./build --exclude './build-*' \
	    --exclude ./.git .) | tar -x -C "$top/$1/source"
	{
		inside "$1" apt-get install -y -q --no-install-recommends \
		    dpkg-dev build-essential fakeroot
		inside "$1" sh -c 'cd /source && DEB_BUILD_PROFILES=nocheck \
		    apt-get build-dep -y -q --no-install-recommends \
		    -P nocheck .'
		inside "$1" sh -c 'cd /source && DEB_BUILD_OPTIONS=nocheck \
		    dpkg-buildpackage -us -uc -b -Pnocheck'
	} >"$top/log" 2>&1 ||
	    { tail -n 30 "$top/log" >&2; die "it does not build"; }
}
