/* Scenarios of what waits for a person, and what he says: files that are held, changes that are
 * withheld, what becomes of both, and a run that is taken back. */
#include "scenario.h"

#include "fatal.h"

#include <utime.h>

static void site_make(struct rig *rig, const char *feed, const char *journal_mode)
{
	struct path feeds = path_of("  default: { %s }\n", feed);
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .feeds = feeds.text,
	                  .settings = "stop_timeout: 3s\ncheckpoint_rows: 10000\naftercare: true\n",
	                  .journal_mode = journal_mode});
}

/* Dropped before the time that a power cut leaves to all files. */
static void drop(struct rig *rig, const char *name, const char *text, time_t at)
{
	const struct utimbuf times = {at, at};
	rig_drop(rig, name, text);
	if (utime(rig_inbox(rig, name).text, &times) != 0)
		fatal("cannot date %s", name);
}

/* The first is what the others are measured by. */
static void done(struct rig *rig, const char *name, const char *text, time_t at)
{
	drop(rig, name, text, at);
	rig_once(rig);
}

enum { FIRST = 1600000000, SECOND = 1600100000, THIRD = 1600200000 };

/* ---- new accounts hold the file as a whole ---- */

/* The password is not to be archived, and of somebody who keeps his. */
static const char new_people[] =
    "username,firstname,lastname,email,password,course1\nnew1,N,One,n1@x.example,,C1\n"
    "new2,N,Two,n2@x.example,,C2\nnew3,N,Three,n3@x.example,,nowhere\np1,,,,secret,C1\n";

/* With all that can lie beside it. */
static void new_drop(struct rig *rig)
{
	char hash[HASH_SIZE];
	files_hash_bytes(new_people, strlen(new_people), hash);
	struct path sum = path_of("%s  new.csv\n", hash);
	files_write(rig_inbox(rig, "new.csv.sha256").text, sum.text, strlen(sum.text), 0640);
	files_write(rig_inbox(rig, "new.csv.done").text, "", 0, 0640);
	drop(rig, "new.csv", new_people, SECOND);
}

void prepare_held(struct rig *rig, const char *journal_mode)
{
	site_make(rig,
	    "marker: .done, upload_type: add_or_update, limits: { created: { count: 1, share: 0% } "
	    "}, keep: { held: 36500d }, " RIG_MAY_ALL,
	    journal_mode);
	files_write(rig_inbox(rig, "first.csv.done").text, "", 0, 0640);
	done(rig, "first.csv", "username,course1\np1,C1\np2,C1\n", FIRST);
	new_drop(rig);
}

static void held_make(struct rig *rig, const char *journal_mode)
{
	prepare_held(rig, journal_mode);
	rig_once(rig);
	rig_expect(
	    rig, "SELECT count(*) FROM enrold_plan WHERE state = 'open' AND whole = 1", "1\n");
}

void prepare_released(struct rig *rig, const char *journal_mode)
{
	held_make(rig, journal_mode);
	rig_order(rig, "release", "new.csv");
}

void prepare_declined(struct rig *rig, const char *journal_mode)
{
	held_make(rig, journal_mode);
	rig_order(rig, "decline", "new.csv");
}

/* ---- cells that take people out ---- */

void prepare_withheld(struct rig *rig, const char *journal_mode)
{
	site_make(rig,
	    "allow_unenrol: true, limits: { by_cell: { count: 1, share: 0% } }, " RIG_MAY_ALL,
	    journal_mode);
	done(rig, "first.csv", "username,course1\np1,C1\np2,C1\np3,C2\np4,C2\n", FIRST);
	drop(rig, "leave.csv",
	    "username,password,course1,unenrol1\np1,secret,C1,1\np2,,C1,1\np3,,C2,1\np5,,C3,\n"
	    "nobody,,C3,\n",
	    SECOND);
}

void prepare_withheld_released(struct rig *rig, const char *journal_mode)
{
	prepare_withheld(rig, journal_mode);
	rig_once(rig);
	rig_expect(
	    rig, "SELECT count(*) FROM enrold_plan WHERE state = 'open' AND whole = 0", "1\n");
	rig_order(rig, "release", "leave.csv");
}

/* ---- absence ---- */

static void removals_make(struct rig *rig, const char *journal_mode)
{
	site_make(rig,
	    "absence: { action: suspend }, limits: { rows_of_last: 0%, per_course: { count: 0, "
	    "share: "
	    "0% }, removals: { count: 1, share: 1%, most: 0 } }",
	    journal_mode);
	done(rig, "staff-1.csv", "username,course1\np1,C1\np2,C1\np3,C1\np4,C2\n", FIRST);
	done(rig, "staff-2.csv", "username,course1\np1,C1\np4,C2\np5,C2\n", SECOND);
	rig_expect(
	    rig, "SELECT count(*) FROM enrold_plan WHERE state = 'open' AND of_full = 1", "1\n");
}

void prepare_removals_released(struct rig *rig, const char *journal_mode)
{
	removals_make(rig, journal_mode);
	rig_order(rig, "release", "staff-2.csv");
}

/* A newer full file is accepted, the word of a person about the older one comes too late. */
void prepare_superseded(struct rig *rig, const char *journal_mode)
{
	removals_make(rig, journal_mode);
	drop(rig, "staff-3.csv", "username,course1\np1,C1\np2,C1\np3,C1\np4,C2\np5,C2\n", THIRD);
}

/* ---- a run that is taken back ---- */

void prepare_undone(struct rig *rig, const char *journal_mode)
{
	site_make(rig,
	    "upload_type: add_or_update, update_details: file, allow_unenrol: true, " RIG_MAY_ALL,
	    journal_mode);
	done(rig, "first.csv", "username,course1\np1,C1\np2,C1\np3,C2\n", FIRST);
	done(rig, "wrong.csv",
	    "username,firstname,lastname,email,city,course1,role1,unenrol1,cohort1\n"
	    "new1,N,One,n1@x.example,,C1,,,K1\np1,,,,Oslo,C1,,1,\np2,,,,,C1,teacher,,\n"
	    "p4,,,,,C3,,,\n",
	    SECOND);
	rig_order(rig, "undo", "wrong.csv");
}

/* ---- what is kept no longer ---- */

enum { FOR_EVER = 2000000000 };

/* All that there is: files that were applied, refused and previewed, and a plan that waits. */
void prepare_pruned(struct rig *rig, const char *journal_mode)
{
	site_make(rig,
	    "allow_unenrol: true, removal: unenrol, limits: { by_cell: { count: 1, share: 0%, "
	    "most: 1 } }, keep: { held: 36500d }, " RIG_MAY_ALL,
	    journal_mode);
	done(rig, "first.csv", "username,course1\np1,C1\np2,C1\np3,C2\nnobody,C1\n", FIRST);
	done(rig, "refused.csv", "username,strange\np1,C1\n", FIRST);
	done(rig, "preview/look.csv", "username,course1\np1,C1\n", FIRST);
	done(rig, "out.csv", "username,course1,unenrol1\np1,C1,1\np2,C1,1\n", SECOND);
	rig_expect(rig, "SELECT count(*) FROM enrold_plan WHERE state = 'open'", "1\n");
	rig_witness(rig);
	rig_prune(rig, "default", FOR_EVER);
}

/* A file that waits as a whole, with all that can lie beside it. */
void prepare_pruned_held(struct rig *rig, const char *journal_mode)
{
	held_make(rig, journal_mode);
	rig_witness(rig);
	rig_prune(rig, "default", FOR_EVER);
}
