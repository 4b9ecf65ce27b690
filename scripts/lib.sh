# SPDX-License-Identifier: ISC
# Common parts of scripts/run, scripts/test and .ci/run: packages, the build,
# and the sum of test suites. Sourced by them with $root set to the top of
# the source tree. Says what it does on stderr; asks nothing.

# To build and to serve, on Debian 12; curl is for the README's requests.
packages_run='autoconf automake make gcc libc6-dev pkg-config libfcgi-dev
libcjson-dev libyaml-dev zlib1g-dev libmd-dev libbz2-dev liblzma-dev
liblz4-dev libzip-dev libprotobuf-c-dev protobuf-c-compiler libonnx-dev
libseccomp-dev lighttpd curl'
# To watch it beside the server (scripts/run --monitoring).
packages_monitoring='prometheus prometheus-alertmanager python3'
# To test as well.
packages_test="libcmocka-dev mandoc lighttpd-mod-openssl openssl
$packages_monitoring"

jobs=$(nproc 2>/dev/null || echo 1)

say()
{
	echo "$*" >&2
}

die()
{
	say "$(basename "$0"): $*"
	exit 1
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		env "$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo env "$@"
	else
		die "not root and no sudo here; as root: $*"
	fi
}

# packages_missing NAME...: those that are not installed.
packages_missing()
{
	dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
	    awk -v want="$*" '
		$1 == "installed" { have[$2] = 1 }
		END {
			n = split(want, name, /[ \n]+/)
			for (i = 1; i <= n; i++)
				if (!(name[i] in have))
					print name[i]
		}'
}

# packages_install NAME...: install what is missing. Debian starts a service
# when its package arrives; these are wanted as programs only, so none is
# started now, and those that were not here before do not start at boot.
packages_install()
{
	if ! command -v dpkg-query >/dev/null 2>&1; then
		say "not a Debian system: taking these as given:" $*
		return 0
	fi
	missing=$(packages_missing $*)
	[ -n "$missing" ] || return 0
	say "installing:" $missing
	policy=/usr/sbin/policy-rc.d
	ours=
	if [ ! -e "$policy" ]; then
		ours=yes
		trap 'as_root rm -f "$policy"' EXIT
		trap 'exit 1' HUP INT TERM
		as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy &&
		    chmod 755 $policy"
	fi
	{
		as_root apt-get update -q &&
		as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
		    --no-install-recommends $missing
	} </dev/null >&2 || die "apt-get could not install" $missing
	if [ -n "$ours" ]; then
		as_root rm -f "$policy"
		trap - EXIT HUP INT TERM
	fi
	if command -v systemctl >/dev/null 2>&1; then
		for unit in lighttpd prometheus prometheus-alertmanager; do
			case " $(echo $missing) " in
			*" $unit "*)
				as_root systemctl disable -q "$unit.service" \
				    >&2 2>&1 || : ;;
			esac
		done
	fi
}

# build DIR [ARGUMENT OF CONFIGURE]...: bring an out-of-tree build up to
# date. Configured anew when the arguments change or packages were added.
build()
{
	dir=$1
	shift
	if [ ! -x "$root/configure" ]; then
		say "preparing configure"
		(cd "$root" && ./autogen.sh) >&2 || return
	fi
	stamp="$* $(dpkg-query -W -f='${Package} ${Version} ' \
	    $packages_run $packages_test 2>/dev/null || :)"
	if [ ! -f "$dir/Makefile" ] ||
	    [ "$(cat "$dir/.configured" 2>/dev/null)" != "$stamp" ]; then
		say "configuring $dir"
		mkdir -p "$dir" &&
		    (cd "$dir" && "$root/configure" -q "$@") >&2 || return
		printf '%s\n' "$stamp" >"$dir/.configured"
	fi
	make -C "$dir" -s --no-print-directory -j "$jobs" >&2
}

# tally LOG...: the totals of every suite that make wrote into the logs, as
# one line. False if a test failed or none passed.
tally()
{
	awk '
	/^# (PASS|XFAIL): / { passed += $3 }
	/^# (FAIL|XPASS|ERROR): / { failed += $3 }
	/^# SKIP: / { skipped += $3 }
	END {
		printf "%d passed, %d failed, %d skipped\n",
		    passed, failed, skipped
		exit !(passed > 0 && failed == 0)
	}' "$@"
}

# logged LOG COMMAND...: run a command, its output shown and kept; the
# status is the command's.
logged()
{
	log=$1
	shift
	{
		"$@" 2>&1 && echo 0 >"$log.status" || echo $? >"$log.status"
	} | tee "$log"
	return "$(cat "$log.status")"
}

# check DIR: `make check` there. The log for tally is DIR/check.log.
check()
{
	logged "$1/check.log" make -C "$1" -s --no-print-directory \
	    -j "$jobs" check
}

# failures DIR...: each test that failed in the builds there, with the first
# lines of what it said; nothing where all passed. Said last, before the
# totals: the end of a log is what is read, and may be all that is kept.
failures()
{
	find "$@" -name test-suite.log -exec awk '
	FNR == 1 { left = 0 }
	/^(ok|PASS:|SKIP:|1\.\.)/ { left = 0 }
	/^not ok/ { printf "%s:\n", FILENAME; left = 40 }
	/^ERROR:/ { left = 2 }
	left > 0 { print substr($0, 1, 300); left-- }' {} +
}
