#!/bin/sh
# The example on standard input, with a password of its own wherever `generate` stands, on standard output.
set -eu
while IFS= read -r line; do
	case $line in
	*=generate) printf '%s=%s\n' "${line%=generate}" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
	*) printf '%s\n' "$line" ;;
	esac
done
