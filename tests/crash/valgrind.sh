#!/usr/bin/env bash
# valgrind.sh DIRECTORY: the programs and end-to-end tests of this build, under valgrind: no error,
# no leak, and at the end no descriptor open but those that were inherited.
set -euo pipefail
build=$1
programs=$build/valgrind
mkdir -p "$programs"
rm -f "$programs"/log.*
cat >"$programs/enrold" <<END
#!/bin/sh
exec valgrind -q --track-fds=yes --leak-check=full --errors-for-leak-kinds=definite \\
  --error-exitcode=99 --log-file=$programs/log.%p $build/enrold "\$@"
END
printf '#!/bin/sh\nexec %s/enrolctl "$@"\n' "$build" >"$programs/enrolctl"
chmod +x "$programs/enrold" "$programs/enrolctl"
ENROLD_PROGRAMS=$programs "$build/e2e_once_test" --jobs 2
ENROLD_PROGRAMS=$programs "$build/e2e_refused_test" --jobs 2

logs=("$programs"/log.*)
[ -f "${logs[0]}" ] || { echo "valgrind has logged nothing"; exit 1; }
# A descriptor of ours says where it was opened; one of valgrind's caller says that it is.
awk '/Open file descriptor|Open AF_/ { open = $0; next }
     open && !/inherited from parent/ { print FILENAME ": " open; bad = 1 }
     { open = "" }
     /definitely lost|Invalid|uninitialised/ { print FILENAME ": " $0; bad = 1 }
     END { exit bad }' "${logs[@]}"
echo "valgrind: ${#logs[@]} programs, nothing lost, nothing left open"
