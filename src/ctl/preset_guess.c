/*
 * enrolctl preset guess FILE...: by what system files were written, and what to set for them. All
 * that it prints is YAML, with what it says to people behind a #: for enrold.yaml where a preset
 * fits, else a first preset of one's own.
 *
 * All the files are seen as one delivery: of the presets that which knows most of them counts.
 */
#include "ctl.h"
#include "preset_sketch.h"
#include "preset_tell.h"
#include "sample.h"
#include "terminal.h"

#include "enrold/columns.h"
#include "enrold/preset.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What one preset makes of all the files. */
struct fit {
	const struct preset *preset;
	const struct preset_kind *kinds[SAMPLES_MAX]; /* NULL: none */
	struct slice why[SAMPLES_MAX];                /* of those */
	size_t known;
	size_t weight; /* how much is asked of a file that fits */
	size_t near;   /* thousandths of a kind's headings that a file has */
};

struct guess {
	struct arena *arena;
	const struct samples *samples;
	struct sketch_kind *sketches; /* as many */
	struct fit *best, *other;     /* best: fits most; other: another that fits as many */
	struct fit *nearest;          /* where none fits */
};

/* ---- judging ---- */

static bool is_manifest(const struct preset *preset, const struct sample *sample)
{
	return preset->manifest && strcasecmp(preset->manifest, sample->name) == 0;
}

/* One heading of one counts for less than four of four: a heading alone says little. */
static size_t kind_near(const struct preset_kind *kind, const struct sketch_kind *sketch)
{
	size_t near = 0;
	for (size_t h = 0; h < kind->has.count; h++)
		for (size_t i = 0; i < sketch->headings_count; i++)
			if (is_same_letters(
			        sketch->headings[i].text, slice_of(kind->has.items[h]))) {
				near++;
				break;
			}
	return near * 1000 / (kind->has.count + 1);
}

/* Of a preset's kinds the nearest to any of the files. */
static size_t near_of(const struct guess *guess, const struct preset *preset)
{
	size_t most = 0;
	for (size_t k = 0; k < preset->kinds_count; k++)
		for (size_t i = 0; i < guess->samples->count; i++) {
			size_t near = kind_near(&preset->kinds[k], &guess->sketches[i]);
			most = near > most ? near : most;
		}
	return most;
}

static size_t weight_of(const struct preset_kind *kind)
{
	return kind->has.count + kind->lacks.count + (kind->files != NULL) + kind->begins.count;
}

static struct error fit_make(const struct guess *guess, const char *name, struct fit *fit)
{
	*fit = (struct fit){.known = 0};
	struct error error = preset_load(name, guess->arena, &fit->preset);
	for (size_t i = 0; i < guess->samples->count && !is_error(&error); i++) {
		const struct sample *sample = &guess->samples->items[i];
		if (is_manifest(fit->preset, sample))
			continue;
		error = preset_choose(fit->preset, slice_of(sample->name), sample->beginning,
		    sample->is_whole, guess->arena, &fit->kinds[i], &fit->why[i]);
		if (is_error(&error) || !fit->kinds[i])
			continue;
		fit->known++;
		fit->weight += weight_of(fit->kinds[i]);
	}
	if (!is_error(&error))
		fit->near = near_of(guess, fit->preset);
	return error;
}

static bool is_better(const struct fit *fit, const struct fit *than)
{
	if (!than || fit->known != than->known)
		return !than || fit->known > than->known;
	return fit->weight > than->weight;
}

static struct error judge(struct guess *guess)
{
	size_t count;
	const char *const *names = preset_builtin_names(&count);
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		struct fit *fit = arena_alloc(guess->arena, sizeof *fit);
		if (!fit)
			return error_memory("looking at files");
		error = fit_make(guess, names[i], fit);
		if (is_error(&error))
			continue;
		if (fit->known > 0 && is_better(fit, guess->best)) {
			guess->other = guess->best;
			guess->best = fit;
		} else if (fit->known > 0 && is_better(fit, guess->other)) {
			guess->other = fit;
		}
		if (fit->near > (guess->nearest ? guess->nearest->near : 0))
			guess->nearest = fit;
	}
	return error;
}

/* ---- telling ---- */

static void line_begin(const char *name)
{
	fputs("# ", stdout);
	terminal_write(stdout, name);
	fputs(": ", stdout);
}

static void samples_tell(const struct guess *guess, const struct fit *fit)
{
	for (size_t i = 0; i < guess->samples->count; i++) {
		const struct sample *sample = &guess->samples->items[i];
		line_begin(sample->name);
		if (is_manifest(fit->preset, sample))
			printf("%s, the manifest\n", fit->preset->name);
		else if (fit->kinds[i])
			printf("%s, %s%s%s\n", fit->preset->name, fit->kinds[i]->name,
			    fit->kinds[i]->unused ? ": passed over, " : "",
			    fit->kinds[i]->unused ? fit->kinds[i]->unused : "");
		else
			printf("fits no kind of %s, and would be refused: %.*s\n",
			    fit->preset->name, SLICE_ARG(fit->why[i]));
	}
}

/* What the preset itself says on top. */
static void notes_tell(const char *name)
{
	const char *text = preset_builtin(name);
	while (text && *text == '#') {
		const char *end = strchr(text, '\n');
		size_t size = end ? (size_t)(end - text) + 1 : strlen(text);
		printf("    %.*s", (int)size, text);
		text += size;
	}
}

static size_t kinds_of(
    const struct fit *fit, size_t count, const struct preset_kind *kinds[SAMPLES_MAX])
{
	size_t used = 0;
	for (size_t i = 0; i < count; i++)
		if (fit->kinds[i])
			kinds[used++] = fit->kinds[i];
	return used;
}

static enum ctl_exit fit_tell(const struct guess *guess)
{
	const struct preset_kind *kinds[SAMPLES_MAX];
	const struct fit *best = guess->best;
	size_t count = kinds_of(best, guess->samples->count, kinds);
	samples_tell(guess, best);
	if (guess->other && guess->other->known == best->known)
		printf("# %s fits as well: %s\n", guess->other->preset->name,
		    guess->other->preset->about);
	fputs("feeds:\n  default: # or a feed of its own, with its folder inbox/NAME/\n", stdout);
	printf("    preset: %s # %s\n", best->preset->name, best->preset->about);
	notes_tell(best->preset->name);
	preset_advise(best->preset, kinds, count, "    ");
	fputs("# Drop the first file into the feed's preview/: its answer says what would be "
	      "done.\n",
	    stdout);
	return best->known == guess->samples->count ? CTL_OK : CTL_NO;
}

static void nearest_tell(const struct guess *guess)
{
	const struct fit *nearest = guess->nearest;
	if (!nearest) {
		fputs("# No preset knows such a file.\n", stdout);
		return;
	}
	for (size_t i = 0; i < guess->samples->count; i++) {
		line_begin(guess->samples->items[i].name);
		printf("no preset knows it; the nearest is %s: %.*s\n", nearest->preset->name,
		    SLICE_ARG(nearest->why[i]));
	}
}

static enum ctl_exit sketch_tell(const struct guess *guess)
{
	struct buffer out = {0};
	nearest_tell(guess);
	fputs("# A first preset of your own: look at each line, keep it as /etc/enrold/NAME.yaml, "
	      "have it\n# looked at by `enrolctl preset check`, and set `preset: "
	      "/etc/enrold/NAME.yaml` in the feed.\n",
	    stdout);
	sketch_write(guess->sketches, guess->samples->count, &out);
	bool failed = out.failed || fwrite(out.bytes, 1, out.size, stdout) != out.size;
	buffer_done(&out);
	return failed || fflush(stdout) != 0 ? CTL_TRY_LATER : CTL_NO;
}

static enum ctl_exit json_tell(const struct guess *guess)
{
	const struct fit *fit = guess->best ? guess->best : guess->nearest;
	json_t *files = json_array();
	for (size_t i = 0; i < guess->samples->count; i++) {
		const struct preset_kind *kind = fit ? fit->kinds[i] : NULL;
		struct slice why = fit ? fit->why[i] : SLICE("");
		json_array_append_new(files,
		    json_pack("{s:s, s:s*, s:s%}", "file", guess->samples->items[i].name, "kind",
		        kind ? kind->name : NULL, "why", why.size > 0 ? why.bytes : "", why.size));
	}
	json_t *answer = json_pack("{s:s*, s:s*, s:o}", "preset",
	    guess->best ? guess->best->preset->name : NULL, "nearest",
	    !guess->best && guess->nearest ? guess->nearest->preset->name : NULL, "files", files);
	bool is_good =
	    answer && json_dumpf(answer, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;
	json_decref(answer);
	if (!is_good)
		return CTL_TRY_LATER;
	return guess->best && guess->best->known == guess->samples->count ? CTL_OK : CTL_NO;
}

/* ---- all of it ---- */

static struct error samples_take(
    const struct ctl *ctl, struct arena *arena, struct samples *samples)
{
	struct error error = OK;
	for (size_t i = 0; ctl->arguments[i] && !is_error(&error); i++)
		error = samples_add(ctl->arguments[i], ctl->config->max_file_size, arena, samples);
	return error;
}

static struct error sketches_make(struct guess *guess)
{
	struct error error = OK;
	size_t count = guess->samples->count;
	guess->sketches = arena_alloc(guess->arena, (count + 1) * sizeof *guess->sketches);
	if (!guess->sketches)
		return error_memory("looking at files");
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		const struct sample *sample = &guess->samples->items[i];
		guess->sketches[i] = (struct sketch_kind){.file = sample->name};
		error = sketch_look(
		    sample->beginning, sample->is_whole, guess->arena, &guess->sketches[i]);
	}
	return error;
}

enum ctl_exit ctl_preset_guess(const struct ctl *ctl)
{
	struct arena *arena = arena_create();
	struct samples *samples = arena ? arena_alloc(arena, sizeof *samples) : NULL;
	struct guess guess = {.arena = arena, .samples = samples};
	if (!samples) {
		struct error error = error_memory("looking at files");
		arena_free(arena);
		return ctl_fail(&error);
	}
	samples->count = 0;
	struct error error = samples_take(ctl, arena, samples);
	if (!is_error(&error))
		error = sketches_make(&guess);
	if (!is_error(&error))
		error = judge(&guess);
	enum ctl_exit status = is_error(&error) ? ctl_fail(&error)
	                       : ctl->json      ? json_tell(&guess)
	                       : guess.best     ? fit_tell(&guess)
	                                        : sketch_tell(&guess);
	arena_free(arena);
	return status;
}
