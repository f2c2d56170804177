#!/usr/bin/env bash
# Has anybody touched what enrold has answered? For an auditor: asks neither enrold nor its database.
#   verify.sh SPOOL [CHECKPOINT [KEY]]     exit status 0: nobody has, 1: somebody has, or it is not proved; see enrolctl(1)
# A summary has its files' hashes, and ends with its chain: sha256 of that before it, a newline, and its bytes before `,"chain"`.
# CHECKPOINT is a signed note that has left the machine, KEY its signer's public key: PEM, or name+hash+base64.
set -euo pipefail; shopt -s nullglob; export LC_ALL=C; die() { echo "verify.sh: $1" >&2; exit 64; }
for tool in jq sha256sum openssl gzip; do command -v $tool >/dev/null || die "this needs $tool, which is not installed"; done
[[ $# -ge 1 && $# -le 3 ]] || die "usage: verify.sh SPOOL [CHECKPOINT [KEY]]"; [[ -d $1/outbox || -e $1/.head ]] || die "$1 is no spool: there is no outbox in it"
t=$(mktemp -d) witness=${2-}; trap 'rm -rf "$t"' EXIT; [ $# -lt 2 ] || { cat -- "$2" >"$t/note" && [ -s "$t/note" ]; } || die "cannot read '$2', or it is empty" # it may be a pipe
[ $# -lt 3 ] || { cat -- "$3" >"$t/given"; sed -nE 's/^[^+]+[+][0-9a-f]{8}[+]//p' "$t/given" | head -1 | base64 -d >"$t/raw" || : # 1, and 32 bytes; DER says Ed25519 before them
  [ "$(wc -c <"$t/raw")" != 33 ] || { printf '\x30\x2a\x30\5\6\3\x2b\x65\x70\3\x21\0'; tail -c 32 "$t/raw"; } >"$t/given"
  openssl pkey -pubin -in "$t/given" -out "$t/key"; } 2>/dev/null || die "$3 is no public key: PEM, or name+hash+base64"
cd "$1"; scan() { rm -rf "$t/bodies" "$t/unpacked"; mkdir "$t/bodies" "$t/unpacked"; local places=([o]utbox [a]rchive [q]uarantine [h]eld [w]ork "$t/bodies")
# 1. A: the files that are there before all else. P: their hashes; of packed ones, those of their plain bytes. H: .head, two places, written in turn.
find "${places[@]}" -type f ! -name '.*' -print0 | tr '\n\0' '?\n' | sed -E 's/^/A\t/;s/^(A\toutbox\/.*)[.]gz$/\1/' >"$t/early"; : >"$t/hashes"
[ ! -e .head ] || tr '\0' '\n' <.head | sort | awk '$5 == $1 { h = $2 "\t" $4 } END { print "H\t" h }' >>"$t/early"
find "${places[@]}" -type f ! -name '.*' -path 'outbox/*.gz' | while IFS= read -r f; do [ ! -e "${f%.gz}" ] || continue
  printf 'P\t%s\t%s\n' "$(gzip -dc "$f" 2>/dev/null | sha256sum | cut -c-64)" "${f%.gz}" >>"$t/hashes"; [[ $f != *.summary.json.gz ]] || install -D <(gzip -dc "$f" 2>/dev/null) "$t/unpacked/${f%.gz}"; done
# 2. B, C: each summary's chain, made anew and as it says: what goes into it becomes a file, and all are hashed at once.
find [o]utbox "$t/unpacked" -regex '.*[.]summary\([.][^/]*\)?[.]json' -type f -printf '%s\t%p\n' >"$t/names"
awk -F'\t' -v t="$t" '{ for (n = 0; (getline text < $2) > 0; n++) line = text
  close($2); size = length(line); body = sprintf("%s/bodies/%d", t, NR); tail = substr(line, size - 75)
  printf "%s\n%s", substr(line, size - 140, 64), substr(line, 1, size - 76) > body; close(body)
  print "C\t" $2 "\t" NR "\t" (n == 1 && $1 == size + 1 && tail ~ /^,"chain":"[0-9a-f]*"}$/ ? substr(tail, 11, 64) : "none") }' "$t/names" >"$t/facts"
find "$t/bodies" -type f -print0 | xargs -0r sha256sum | sed -E 's,^([0-9a-f]+) .*/,B\t\1\t,' >"$t/made"
# 3. Summaries: S; F: their files, I: input. N: checkpoints.
# shellcheck disable=SC2016
cut -f2 "$t/names" | tr '\n' '\0' | xargs -0r -n 1000 jq -Rr 'input_filename as $f | ($f | sub("[^/]*$"; "")) as $dir | (try fromjson catch 0) | select(type == "object")
  | ["S", $f, .run, .number // 0, .previous, .chain, .input.name, (.order != null), .input.sha256, .order.by],
    (.files[]? | ["F", $f, .sha256, $dir + .name]),
    (select((.input.sha256 // "") != "") | ["I", $f, .input.sha256, .input.archived.sha256]) | @tsv' >>"$t/facts" 2>/dev/null || :
find "${places[@]}" -type f ! -name '.*' ! -path 'outbox/*.gz' -print0 | { xargs -0r sha256sum 2>/dev/null || :; } | sed -E 's/^\\?([0-9a-f]{64}) ./P\t\1\t/' >>"$t/hashes"
for f in outbox/checkpoints/* "$t"/[n]ote; do keys=(outbox/checkpoints/*.pub) signed=no given=
  if [ "$f" = "$t/note" ]; then given=${witness//[[:cntrl:]]/ }; [ ! -e "$t/key" ] || keys=("$t/key"); fi
  [[ -n $given || ( -f $f && $f != *.pub && ! $f =~ \.[0-9]{8}-[0-9]{6}-[0-9]{6}\. ) ]] || continue
  sed '/^$/,$d' "$f" >"$t/text"; while read -r _ _ sig; do for k in "${keys[@]}"; do base64 -d <<<"$sig" 2>/dev/null | tail -c 64 >"$t/sig" || continue # four bytes tell the key
    ! openssl pkeyutl -verify -pubin -inkey "$k" -rawin -in "$t/text" -sigfile "$t/sig" &>/dev/null || signed=yes; done; done < <(sed '1,/^$/d' "$f")
  says=$(sed -nE '2s/^([1-9][0-9]*)$/\1/p;3s/^([0-9a-f]{64})$/\1/p' "$f" | paste -s); [[ -z $given || $says == *$'\t'* ]] || die "$given is no checkpoint, or not a whole one"
  printf 'N\t%s\t%s\t%s\t%s\n' "${given:+given}" "${given:-$f}" $signed "$says" >>"$t/facts"; done
# 4. The chain is walked from 64 zeros to .head, and each file compared with what its summary says.
awk -F'\t' -v t="$t/unpacked/" '
function run_of(f, r) { for (; match(f, RUN); f = substr(f, RSTART + 1)) r = substr(f, RSTART + 1, RLENGTH - 2); return r }
function shown(f) { return index(f, t) == 1 ? substr(f, length(t) + 1) : f } function day(f, d) { d = run[f]; return substr(d, 1, 4) "-" substr(d, 5, 2) "-" substr(d, 7, 2) }
function counts(k) { return place[k] || place[given_up[k]] } # a record that is in the chain, or on a fork that one accepts
function tell(n, word, r, f) { bad += word !~ /^(forked|pruned|not proved)/; print (n ? n : 1e9) "\t" word (r ? "  run " r : "") (n ? "  (number " n ")" : "") (f ? "  " f : "") }
function link(f, p, n) { after[p] = after[p] f FS; if (n) numbered[n] = f; if (n > most) most = n; links++ }
function follow(at, k, i, best) { split(after[at], k, FS); for (i in k) # of several the one that leads on
    if (k[i] && !place[k[i]] && (!best || chain[k[i]] in after || chain[k[i]] == head)) best = k[i]; return best }
function has_still(r, is, k, i) { split(is, k, " "); for (i in k) if ((r, k[i]) in work) return 1 } # it is being published
function check(n, r, f, is, kind) {
  if (!(f in have)) { if (!counts(gone[r, kind]) && !has_still(r, is)) tell(n, "missing", r, f ? f : "its " kind) }
  else if (!index(is, have[f])) tell(n, owner[have[f]] && owner[have[f]] != r ? "reordered" : "altered", r, f) }
function speak(seen, until, k, b, p) { split("", many); split("", last_of) # of summaries up to `until` lists behind `seen` alone
  for (k in bridge) { b = bridge[k]; p = place[b] ? place[b] : place[given_up[b]]
    if (place[k] && place[k] <= until && !(p && p <= seen)) { many[b]++; if (place[k] > last_of[b]) last_of[b] = place[k] } } }
function what(k) { return "number " last_of[k] (many[k] > 1 ? " and " many[k] - 1 " before it were " : " was ") } function confirm(f, n, k, from) { speak(witnessed = n, n); for (k in many) { unproved = 1; if (last_of[k] > from) from = last_of[k]
    tell(last_of[k], "not proved", "", f ": " what(k) "pruned by run number " number[k] ", after this checkpoint; a checkpoint of number " number[k] " or later proves it, by then") }
  print "1.9e9\t" f " is confirmed: it is signed, and the chain ended so with number " n (from ? "; it proves nothing up to number " from : "") }
BEGIN { d = "[0-9]"; d = d d d d d d; RUN = "[.]" d "[0-9][0-9]-" d "-" d "[.]"; zeros = sprintf("%064d", 0); ENDING = "(((csv|txt)([.]gz)?|gz|zip)([.](pgp|gpg|asc))?|pgp|gpg|asc)$" } # of inputs
/\\/ && $1 != "C" { gsub(/\\\\/, "\\") } $1 == "P" && split($3, c, "/") > 3 && c[1] == "work" { work[c[3], $2] = working[c[3]] = 1; next }
$1 == "P" { have[$3] = $2; if ($3 ~ /[.]cut[.]csv$/) waits[run_of($3)] = 1; if ($3 !~ /^outbox|^held\/[^\/]*$/ && tolower($3) ~ (RUN ENDING)) input[run_of($3)] = $3 }
$1 == "A" { early[$2] = 1 } $1 == "B" { made[$3] = $2 } $1 == "C" { all[++count] = $2; whole[$2] = $4 == made[$3] }
$1 == "S" { run[$2] = $3; number[$2] = $4; previous[$2] = $5; chain[$2] = $6; known[$3] = $2; list[$2] = $9; by[$2] = $10
  if ($8 == "true" && match($7, /^(prune|accept)-/)) record[$2] = substr($7, 1, RLENGTH - 1) }
$1 == "F" { want[shown($4)] = $3; from[shown($4)] = $2; owner[$3] = run[$2] } $1 == "I" { inputs[$2] = $3; cut_input[$2] = $4; owner[$3] = owner[$4] = run[$2] }
$1 == "H" { head_run = $2; head = $3 } $1 == "N" { notes[++noted] = $0 } END {
  for (f in record) if (have[input[run[f]]] == list[f]) while ((getline line < input[run[f]]) > 0) {
    split(line, c, ","); k = "pruned " c[1] # what was accepted as lost, or pruned: then the list has its chain
    if (record[f] == "accept") { fork[c[1] " " c[3]] = f; lost[c[1]] = 1; continue } else gone[c[1], c[2]] = f
    if (c[2] !~ /^(kind|held|history)$/ && files[f]++ >= 0 && !index(rules[f], c[8])) rules[f] = rules[f] (rules[f] ? ", " : "") c[8]
    if (c[2] == "summary" && !known[c[1]]) { known[run[k] = c[1]] = k; chain[k] = c[7]; whole[k] = 1; bridge[k] = f; link(k, c[6], number[k] = c[5]) } }
  for (i = 1; i <= count; i++) { f = all[i]; if (!fork[run_of(shown(f)) " " have[shown(f)]]) link(f, previous[f], number[f]) }
  for (at = zeros; ; at = chain[last = f]) {
    if (!(f = follow(at))) { # the chain is broken, or ends
      for (n = n > end ? n : end + 1; n <= most && (!numbered[n] || place[numbered[n]]); n++); if (at == head || n > most) break
      f = numbered[n]; k = last ? last : f; gap = gap || n > end + 1; if (n > end + 1) { tell(end + 1, "missing", "", "summaries up to number " n - 1); end = n - 1 }
      else if (whole[f] && whole[k]) tell(end ? end : 1, "altered", run[k], shown(k)) }
    place[f] = ++end; ends[end] = chain[f]; passed[chain[f]] = 1; if (number[f] && number[f] != end) tell(end, "reordered", run[f], shown(f)) }
  for (i = 1; i <= count; i++) { f = all[i]; r = run_of(shown(f)); k = given_up[f] = fork[r " " have[shown(f)]]; if (place[k]) forked[chain[f]] = f
    word = !whole[f] ? "altered" : run[f] != r ? "reordered" : place[k] ? "forked after reconcile on " day(k) : !place[f] ? "added" : ""
    if (word) tell(place[f], word, r, shown(f)) }
  for (i in forked) { f = forked[i]; p = previous[f] # a fork goes back to the chain without a gap
    if (p != "" && p != zeros && !passed[p] && !(p in forked)) tell(number[f] - 1, "missing", "", "what " shown(f) " was chained to") }
  p = place[known[head_run]]; cut = head && chain[last] != head; if (cut && working[head_run]) { cut = 0; late = "run " head_run " is not published yet: enrold has to end that" }
  if (cut || (links && !head)) tell(p ? p : end + 1, !cut ? "missing" : p && p == end ? "altered" : "cut off at the end", head_run, ".head")
  for (f in want) { n = split(f, c, "."); check(place[from[f]], run[from[f]], f, want[f], c[n - 1]) } for (f in inputs) check(place[f], run[f], k = input[run[f]], cut_input[f] == "" || k ~ /^(held|quarantine)/ ? inputs[f] : (waits[run[f]] ? inputs[f] " " : "") cut_input[f], "input")
  for (f in have) if (early[f] && (r = run_of(f)) && !want[f] && f !~ /[.]summary[.]json$/ && (f ~ /^outbox/ || (f == input[r] && !known[r] && !lost[r])))
    tell(0, (gap || cut) && !known[r] ? "missing" : "added", r, (gap || cut) && !known[r] ? "the summary of " f : f)
  for (i = 1; i <= noted; i++) { split(notes[i], c, FS); f = c[3]; n = c[5]; is_here = ends[n] == c[6]
    if (c[4] != "yes" || c[6] == "") tell(c[6] == "" ? 0 : n, "altered", "", f (c[6] == "" ? ", which is no whole checkpoint" : ", which no known key has signed"))
    else if (!is_here && !forked[c[6]]) tell(n, n > end ? "cut off at the end" : "altered", "", (n > end ? "" : "the chain is not the one that was signed in ") f)
    else if (c[2] && is_here) confirm(f, n); else if (c[2]) { unproved = 1; print "1.9e9\t" f " is that of a chain that somebody has gone on without: the database was put back" } }
  speak(witnessed, end); for (k in files) if (counts(k)) tell(0, "pruned by rule " day(k), run[k], input[run[k]] ": " files[k] \
    " file" (files[k] == 1 ? " that this list names was" : "s that this list names were") " to go: " rules[k] (rules[k] ~ /^before / ? ", as ordered by " by[k] : "") \
    (many[k] ? "; what " what(k) "chained to is said by run number " number[k] " alone" : ""))
  print "2e9\t" (late && !bad ? "The files agree, but " late : unproved && !bad ? "The files agree, but the checkpoint does not prove them" : (bad ? "Some" : "No") "body has touched what was answered") ": " links + 0 " runs, and the last ends in " chain[last]
  exit (late != "") + bad + unproved > 0 }' "$t/early" "$t/hashes" "$t/made" "$t/facts" >"$t/told" && status=0 || status=1; }
for _ in 1 2 3 4 5; do # beside a daemon a file may move while all are read: what is said twice is so
  : >>"$t/told"; mv "$t/told" "$t/before"; scan; if [ "$status" = 0 ] || cmp -s "$t/told" "$t/before"; then break; fi; done
sort -s -g -k1,1 "$t/told" | cut -f2- && exit "$status"
