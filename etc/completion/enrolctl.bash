# Completion for enrolctl(1) in bash; into /usr/share/bash-completion/completions/enrolctl, or source it.
# shellcheck shell=bash

# A command a line: its words, what it is about, its options. Capitals are what somebody fills in.
_enrolctl_commands='
status --watch --check
runs --feed --since --until --status --file --limit
show RUN|last --feed
explain USER COURSE --enrolment
submit FILE --feed --wait --as
preview FILE --feed --wait --as
retry RUN|last --feed --wait
pause FEED --why
resume FEED
stop RUN --why
release RUN --why --course --yes
discard RUN --why --yes
undo RUN... --why --preview --yes
prune --feed --why --before --dry-run
reload
check --fix
preset list
preset show PRESET
preset guess FILE...
preset check FILE
lms init
lms check
lms add-courses FILE
lms add-users FILE
key make FILE
key show FILE
key pgp --feed --days
reconcile
reconcile accept
verify --since --head --checkpoint --key
'

# Those of the line's words before the cursor that are no options, into `words`; the value of --config
# into `ask`.
_enrolctl_words() {
  local i
  words=() ask=("${COMP_WORDS[0]}")
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config)
        [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
        ((i++))
        ask+=(--config "${COMP_WORDS[i]}")
        ;;
      --feed | --since | --until | --before | --status | --file | --limit | --why | --course | --enrolment | --head | --checkpoint | --key | --days | --as)
        [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
        ((i++))
        ;;
      -*) ;;
      *) words+=("${COMP_WORDS[i]}") ;;
    esac
  done
}

# What may come next, into `next`, and the options, into `options`: of each command that begins as the
# words do.
_enrolctl_match() {
  local row i fits
  local -a parts
  next='' options='--config --json'
  while read -ra parts; do
    [[ ${#parts[@]} -gt 0 ]] || continue
    fits=1
    for i in "${!words[@]}"; do
      row=${parts[i]:---}
      [[ $row == "${words[i]}" || $row =~ ^[A-Z] ]] || fits=''
    done
    [[ $fits ]] || continue
    for ((i = ${#words[@]}; i < ${#parts[@]}; i++)); do
      case ${parts[i]} in
        --*) [[ ${#words[@]} -gt 0 ]] && options+=" ${parts[i]}" ;;
        *) ((i == ${#words[@]})) && [[ "$next " != *" ${parts[i]} "* ]] && next+=" ${parts[i]}" ;;
      esac
    done
  done <<<"$_enrolctl_commands"
  [[ ${#words[@]} -gt 0 ]] || options+=' --version --help'
}

_enrolctl_ask() {
  "${ask[@]}" --complete "$1" 2>/dev/null
}

_enrolctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} next options kind
  local -a words ask
  [[ $cur == '=' ]] && cur=''
  [[ $prev == '=' ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
  COMPREPLY=()
  _enrolctl_words
  case $prev in
    --config | --checkpoint | --key) next=FILE ;;
    --feed) next=FEED ;;
    --status) next='running done refused held preview' ;;
    --since | --until | --before) next='today yesterday' ;;
    --file | --limit | --why | --course | --enrolment | --head | --days | --as) return ;;
    *) _enrolctl_match ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  for kind in $next; do
    case $kind in
      FILE | FILE...)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
      FEED) mapfile -t COMPREPLY < <(compgen -W "$(_enrolctl_ask feeds)" -- "$cur") ;;
      PRESET) mapfile -t COMPREPLY < <(compgen -W "$(_enrolctl_ask presets)" -- "$cur") ;;
      RUN | RUN...) mapfile -t COMPREPLY < <(compgen -W "$(_enrolctl_ask orders)" -- "$cur") ;;
      'RUN|last') mapfile -t COMPREPLY < <(compgen -W "last $(_enrolctl_ask runs)" -- "$cur") ;;
      [A-Z]*) ;;
      *) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$kind" -- "$cur") ;;
    esac
  done
}
complete -F _enrolctl enrolctl
