/*
 * packer: which answers of the outboxes are old enough to be packed (packed.h), and how far the
 * process has come with them. One for all workers: whoever rests first packs, the others rest.
 *
 * An outbox is looked through as often as its feed's `compress` says, at most once a day; what was
 * looked at is not looked at again, so that an answer that is not as the ledger has it is told of
 * once. Only a feed that this daemon serves is packed.
 */
#ifndef ENROLD_PACKER_H
#define ENROLD_PACKER_H

struct packer;

struct packer *packer_create(void); /* NULL: no memory */
void packer_free(struct packer *packer);
/* Other settings are in force: the outboxes are looked through at the next rest. No worker is at
 * rest meanwhile. */
void packer_hurry(struct packer *packer);

/* Another number than before: files were packed, and have other names. On any thread. */
unsigned packer_count(const struct packer *packer);

#endif
