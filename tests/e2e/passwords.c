/* Passwords in files: what is archived without them, and until when they are needed. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PERSON "username,firstname,lastname,email,password\n"

static const char feeds[] = "  default: {}\n"
                            "  keep: { upload_type: add, passwords: keep }\n"
                            "  other: { columns: { Kennwort: password } }\n"
                            "  add: { upload_type: add }\n"
                            "  review: { upload_type: add, review: true }\n";

static struct path archived(const struct rig *rig, const struct reply *reply, const char *stem)
{
	const char *run = reply->run;
	return rig_path(rig, "archive/%.4s/%.2s/%.2s/%s.%s.csv", run, run + 4, run + 6, stem, run);
}

static void expect_file(struct path path, const char *text)
{
	struct buffer bytes = files_read(path.text);
	cr_expect(slice_is(buffer_slice(&bytes), slice_of(text)), "%s: %.*s", path.text,
	    (int)bytes.size, bytes.bytes);
	buffer_done(&bytes);
}

/* As the summary says, too. */
static void expect_archived(
    const struct rig *rig, const struct reply *reply, const char *dropped, const char *kept)
{
	char hash[HASH_SIZE];
	const json_t *input = json_object_get(reply->summary, "input");
	const json_t *cut = json_object_get(input, "archived");
	expect_file(archived(rig, reply, "staff"), kept);
	files_hash_bytes(dropped, strlen(dropped), hash);
	cr_expect_str_eq(json_string_value(json_object_get(input, "sha256")), hash);
	cr_expect_eq(
	    json_integer_value(json_object_get(input, "bytes")), (json_int_t)strlen(dropped));
	if (strcmp(dropped, kept) == 0) {
		cr_expect_null(cut);
		return;
	}
	files_hash_bytes(kept, strlen(kept), hash);
	cr_expect_str_eq(json_string_value(json_object_get(cut, "sha256")), hash);
	cr_expect_eq(json_integer_value(json_object_get(cut, "bytes")), (json_int_t)strlen(kept));
}

static mode_t mode_of(struct path path)
{
	struct stat stat_;
	cr_assert_eq(stat(path.text, &stat_), 0, "%s", path.text);
	return stat_.st_mode & 07777;
}

static const struct {
	const char *name, *dropped, *kept;
} files[] = {
    {"staff.csv",
        "\xEF\xBB\xBFusername;password;course1\r\np1;\"a;\r\n\"\"b\";C1\r\n\r\np2; x ;\"C1\"",
        "\xEF\xBB\xBFusername;password;course1\r\np1;;C1\r\n\r\np2;;\"C1\""},
    {"staff.csv", "password,username,course1\nx,p1,C1\n,p2,C1,,\nx\n",
        "password,username,course1\n,p1,C1\n,p2,C1,,\n\"\"\n"},
    {"staff.csv", "username,password,course1\np1,\"\",C1\np2,  ,C1\n",
        "username,password,course1\np1,\"\",C1\np2,  ,C1\n"},
    {"preview/staff.csv", "username,password,course1\np1,x,C1\n",
        "username,password,course1\np1,,C1\n"},
    {"keep/staff.csv", "username,password,course1\np1,x,C1\n",
        "username,password,course1\np1,x,C1\n"},
};

Test(passwords, are_not_archived_unless_the_feed_keeps_them)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct reply reply;
		rig_drop(&rig, files[i].name, files[i].dropped);
		rig_once(&rig);
		reply_open(&reply, &rig, files[i].name, reply_count(&rig, files[i].name) - 1);
		expect_archived(&rig, &reply, files[i].dropped, files[i].kept);
		cr_expect_eq(mode_of(archived(&rig, &reply, "staff")), 0640);
		reply_close(&reply);
	}
	law_close(&rig);
}

Test(passwords, in_a_column_of_another_name_are_passwords)
{
	struct rig rig;
	struct reply reply;
	const char *dropped = "username,Kennwort,course1\np1,x,C1\n";
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig.passwords = "Kennwort";
	reply_to(&reply, &rig, "other/staff.csv", dropped);
	expect_archived(&rig, &reply, dropped, "username,Kennwort,course1\np1,,C1\n");
	reply_close(&reply);
	law_close(&rig);
}

/* In a character set of two bytes, which the law does not read. */
Test(passwords, are_cut_out_of_wide_characters)
{
	struct rig rig;
	struct reply reply;
	static const char dropped[] =
	    "\xFF\xFEu\0s\0e\0r\0n\0a\0m\0e\0,\0p\0a\0s\0s\0w\0o\0r\0d\0\n"
	    "\0p\0001\0,\0x\0\n";
	static const char kept[] = "\xFF\xFEu\0s\0e\0r\0n\0a\0m\0e\0,\0p\0a\0s\0s\0w\0o\0r\0d\0\n"
	                           "\0p\0001\0,\0\n";
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig_drop_bytes(&rig, "staff.csv", dropped, sizeof dropped);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	struct buffer bytes = files_read(archived(&rig, &reply, "staff").text);
	cr_expect_eq(bytes.size, sizeof kept);
	cr_expect_eq(memcmp(bytes.bytes, kept, sizeof kept), 0);
	buffer_done(&bytes);
	reply_close(&reply);
	rig_remove(&rig);
}

Test(passwords, stay_in_a_file_that_is_refused)
{
	struct rig rig;
	struct reply reply;
	const char *dropped = "username,password,course1,nonsense\np1,x,C1,\n";
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	reply_to(&reply, &rig, "staff.csv", dropped);
	cr_expect_str_eq(reply_status(&reply), "refused");
	cr_expect_null(json_object_get(json_object_get(reply.summary, "input"), "archived"));
	expect_file(rig_path(&rig, "quarantine/staff.%s.csv", reply.run), dropped);
	reply_close(&reply);
	law_close(&rig);
}

/* ---- for as long as a plan needs them ---- */

static const char held_file[] = PERSON "nina,N,N,n@x.example,Sommer-2026\n";
static const char held_kept[] = PERSON "nina,N,N,n@x.example,\n";

static void hold(struct rig *rig, struct reply *reply)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	reply_to(reply, rig, "review/staff.csv", held_file);
	cr_assert_str_eq(reply_status(reply), "held");
	struct path whole = rig_path(rig, "held/review/staff.%s.csv", reply->run);
	expect_file(whole, held_file);
	cr_expect_eq(mode_of(whole), 0600);
	expect_file(rig_path(rig, "held/review/staff.%s.cut.csv", reply->run), held_kept);
	law_holds(rig, LAW_IDLE);
}

static void order(struct rig *rig, const char *word, const char *name)
{
	rig_order(rig, word, name);
	rig_once(rig);
	law_holds(rig, LAW_IDLE);
}

Test(passwords, of_a_held_file_are_there_when_it_is_released)
{
	struct rig rig;
	struct reply reply;
	hold(&rig, &reply);
	order(&rig, "release", "staff.csv");
	rig_expect(&rig,
	    "SELECT count(*) FROM mdl_user WHERE username = 'nina' AND password LIKE '$6$%'",
	    "1\n");
	rig_expect(&rig,
	    "SELECT count(*) FROM mdl_user_preferences p JOIN mdl_user u ON u.id = p.userid WHERE "
	    "u.username = 'nina' AND p.name = 'create_password'",
	    "0\n");
	expect_archived(&rig, &reply, held_file, held_kept);
	cr_expect_eq(mode_of(archived(&rig, &reply, "staff")), 0640);
	reply_close(&reply);
	law_close(&rig);
}

Test(passwords, of_a_held_file_go_with_it_when_it_is_discarded)
{
	struct rig rig;
	struct reply reply;
	hold(&rig, &reply);
	order(&rig, "decline", "staff.csv");
	expect_file(rig_path(&rig, "quarantine/staff.%s.csv", reply.run), held_file);
	cr_expect(!files_exist(rig_path(&rig, "held/review/staff.%s.cut.csv", reply.run).text));
	reply_close(&reply);
	law_close(&rig);
}

/* ---- of rows that were withheld ---- */

#define ROWS(password)                                                                             \
	"username,password,course1,unenrol1\np1," password ",C1,1\np2,,C1,1\np3," password ",C2,"  \
	"1\n"

static void withhold(struct rig *rig, struct reply *reply)
{
	rig_make(
	    rig, &(struct rig_options){
	             .feeds = "  default: { allow_unenrol: true, removal: unenrol, limits: { "
	                      "by_cell: { count: 1, share: 0%, most: 1 } }, " RIG_MAY_ALL " }\n"});
	reply_to(reply, rig, "first.csv", "username,course1\np1,C1\np2,C1\np3,C2\n");
	reply_close(reply);
	reply_to(reply, rig, "staff.csv", ROWS("secret"));
	cr_assert_str_eq(reply_status(reply), "done");
	struct path whole = archived(rig, reply, "staff");
	expect_file(whole, ROWS("secret"));
	cr_expect_eq(mode_of(whole), 0600);
	expect_file(rig_path(rig, "held/default/staff.%s.cut.csv", reply->run), ROWS(""));
	law_holds(rig, LAW_IDLE);
}

Test(passwords, of_a_file_are_archived_until_what_was_withheld_is_decided)
{
	static const char *const words[] = {"release", "decline"};
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		struct reply reply;
		withhold(&rig, &reply);
		order(&rig, words[i], "staff.csv");
		rig_expect(
		    &rig, "SELECT count(*) FROM mdl_user_enrolments", i == 0 ? "0\n" : "3\n");
		expect_archived(&rig, &reply, ROWS("secret"), ROWS(""));
		cr_expect_eq(mode_of(archived(&rig, &reply, "staff")), 0640);
		reply_close(&reply);
		law_close(&rig);
	}
}

/* What one release leaves is another plan of the same file. */
Test(passwords, of_a_file_are_archived_until_its_last_plan_is_decided)
{
	struct rig rig;
	struct reply reply;
	withhold(&rig, &reply);
	struct path release = path_of("release-%s.csv", reply.run);
	struct path text = path_of("{\"by\":\"anna\",\"uid\":1000,\"why\":\"C1\",\"at\":1790000000,"
	                           "\"feed\":\"default\",\"courses\":[\"C1\"]}\n");
	files_write(rig_path(&rig, "orders/release.%s", reply.run).text, text.text,
	    strlen(text.text), 0640);
	rig_once(&rig);
	law_holds(&rig, LAW_IDLE);
	rig_expect(&rig, "SELECT count(*) FROM enrold_plan WHERE state = 'open'", "1\n");
	expect_file(archived(&rig, &reply, "staff"), ROWS("secret"));
	order(&rig, "release", release.text);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	expect_archived(&rig, &reply, ROWS("secret"), ROWS(""));
	reply_close(&reply);
	law_close(&rig);
}
