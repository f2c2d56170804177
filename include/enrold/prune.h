/*
 * prune: what of a feed's files has been kept long enough, and goes (`keep` of enrold.yaml(5)), as
 * a list, which is the file of the run that removes it, and lies in the archive for ever:
 *
 *     run,kind,bytes,sha256,number,previous,chain,rule,place
 *
 * kind: input, reason, sidecar, result, retry, plan or summary; bytes and sha256: as the ledger has
 * it, of the plain bytes; number, previous and chain: of a summary, so that the chain holds without
 * it; rule: "archive 90d", "before 2026-01-01"; place: its path below the spool, which alone may
 * need CSV's quotes, so that a shell can cut the others at commas.
 *
 * What is not as the ledger says is no such thing: it stays, for somebody to look at.
 */
#ifndef ENROLD_PRUNE_H
#define ENROLD_PRUNE_H

#define PRUNE_HEADER "run,kind,bytes,sha256,number,previous,chain,rule,place\n"

#endif
