/* The notes in outbox/checkpoints: each tells the truth about the chain, and is signed by a key
 * that lies beside it. By OpenSSL alone, as somebody without enrold would look at it. */
#include "law_parts.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_SIZE = 4, SIGNATURE_SIZE = 64, ENCODED_SIZE = 92, DECODED_SIZE = 69 };

static EVP_PKEY *key_read(const struct law *law, const unsigned char id[ID_SIZE])
{
	struct path path = rig_path(
	    law->rig, "outbox/checkpoints/%02x%02x%02x%02x.pub", id[0], id[1], id[2], id[3]);
	FILE *file = fopen(path.text, "re");
	EVP_PKEY *key = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;
	if (file)
		fclose(file);
	return key;
}

/* text: its three lines; line: that of its signature. */
static bool is_signed(const struct law *law, struct slice text, const char *line)
{
	unsigned char bytes[DECODED_SIZE];
	const char *encoded = strrchr(line, ' ');
	if (!encoded || strlen(encoded + 1) != ENCODED_SIZE + 1 ||
	    EVP_DecodeBlock(bytes, (const unsigned char *)encoded + 1, ENCODED_SIZE) !=
	        DECODED_SIZE)
		return false;
	EVP_PKEY *key = key_read(law, bytes);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is = key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
	          EVP_DigestVerify(context, bytes + ID_SIZE, SIGNATURE_SIZE,
	              (const unsigned char *)text.bytes, text.size) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return is;
}

static const struct law_run *run_at(const struct law *law, size_t number)
{
	for (size_t i = 0; i < law->runs_count; i++)
		if (law->runs[i].commit == number)
			return &law->runs[i];
	return NULL;
}

static void note_check(struct law *law, const char *name)
{
	struct buffer note = files_read(rig_path(law->rig, "outbox/checkpoints/%s", name).text);
	size_t number = strtoul(name, NULL, 10);
	const struct law_run *run = run_at(law, number);
	const char *gap = strstr(note.bytes, "\n\n");
	struct path told =
	    path_of("\n%zu\n%s\n", number, run ? law_member(run->json, "chain") : "(no such run)");
	struct slice text = {note.bytes, gap ? (size_t)(gap - note.bytes) + 1 : 0};
	const char *second = memchr(note.bytes, '\n', text.size);
	if (!second || !slice_is(slice_of(told.text),
	                   (struct slice){second, text.size - (size_t)(second - text.bytes)}))
		law_break(law, "checkpoints/%s does not tell what is so: %s", name, note.bytes);
	else if (!is_signed(law, text, gap + 2))
		law_break(law, "checkpoints/%s is not signed by a key that is there", name);
	buffer_done(&note);
}

void law_check_notes(struct law *law)
{
	struct listing listing = files_list(rig_path(law->rig, "outbox/checkpoints").text);
	for (size_t i = 0; i < listing.count; i++) {
		const char *name = listing.entries[i].path;
		if (law_has_shape(name, "dddddddddd.note") && strlen(name) == 15)
			note_check(law, name);
		else if (law_has_shape(name, "dddddddddd.note.d"))
			continue; /* of a chain that a restored database does not have */
		else if (*name != '.' && !text_ends(name, ".pub"))
			law_break(law, "outbox/checkpoints/%s is nothing of enrold's", name);
	}
	listing_done(&listing);
}
