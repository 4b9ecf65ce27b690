# SPDX-License-Identifier: ISC
# Completion for bash. Commands and options are asked of the program, so this
# never falls behind it.
_lightscore()
{
	local word=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]}

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "$("$program" help 2>/dev/null |
			sed -n 's/^  \([a-z]*\) .*/\1/p')" -- "$word"))
	elif [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$("$program" "${COMP_WORDS[1]}" \
			--help 2>/dev/null | grep '^  -' |
			grep -o -e '--[a-z-]*')" -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}
complete -o filenames -F _lightscore lightscore
