/* plan_account: rows about accounts, and what must come out of them. */
#include "world.h"

#include <criterion/criterion.h>

#define LONG_STREET "Long Street 123456789"
#define B51 "123456789-123456789-123456789-123456789-123456789-1"
#define B255 B51 B51 B51 B51 B51
#define NEW "username,firstname,lastname,email"

static const struct world_case cases[] = {
    {"an account is made once and known to the rows that follow", "upload_type=add_or_update",
        NEW
        ",course1\nnina,Nina,North,nina@x.example,SAFETY\nNINA,Nina,North,nina@x.example,ETHICS\n",
        "2 username done account_created\n2 course1 done enrolled\n3 course1 done enrolled\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "enrol nina\nrole nina\nenrol nina\nrole nina\n"},
    {"a feed that only adds leaves what is there alone", "upload_type=add",
        NEW ",course1\nalice,A,B,alice@corp.example,SAFETY\n",
        "2 username skipped account_exists\n2 course1 skipped row_not_applied\n", ""},
    {"a feed that only updates makes nobody", "", "username,city\nnina,Oslo\n",
        "2 username error user_not_found\n", ""},
    {"details stay without update_details", "", "username,city\nalice,Oslo\n",
        "2 - unchanged nothing_asked\n", ""},
    {"details of the file, empty ones too, but never somebody's name", "update_details=file",
        NEW ",city\nalice,,,,Oslo\nbob,New,Name,bob@corp.example,\n",
        "2 username done account_updated\n3 username done account_updated\n",
        "update alice city=Oslo\nupdate bob firstname=New city=\n"},
    {"nor where Moodle would", "compat=moodle update_details=file",
        NEW ",city\nalice,,,,Oslo\nbob,<b></b>,Name,bob@corp.example,Berlin\n",
        "2 username done account_updated\n3 firstname warning invalid_value\n",
        "update alice city=Oslo\n"},
    {"nor where Moodle would by its defaults", "compat=moodle update_details=file_and_defaults",
        NEW "\nalice,,\u00A0,\n", "2 username done account_updated\n",
        "update alice emailstop=0 lang=en maildigest=0 maildisplay=2 field4=0\n"},
    {"an address in other letter case is the same", "update_details=file",
        "username,email,city\nalice,Alice@CORP.example,\ncarol,carol.clark@corp.example,Oslo\n",
        "2 username unchanged account_unchanged\n3 username done account_updated\n",
        "update carol city=Oslo\n"},
    {"where nothing differs nothing is written", "update_details=file",
        "username,city\nbob,Berlin\n", "2 username unchanged account_unchanged\n", ""},
    {"what is missing is filled in", "update_details=fill_missing",
        "username,city\nalice,Oslo\nbob,Oslo\n",
        "2 username done account_updated\n3 username unchanged account_unchanged\n",
        "update alice city=Oslo\n"},
    {"defaults are for columns that the file has not",
        "update_details=file_and_defaults "
        "defaults=department,%25f%20%25u",
        "username,city\nalice,Oslo\n", "2 username done account_updated\n",
        "update alice city=Oslo department=Name alice\n"},
    {"a default that cannot be stored is left out, and it is said",
        "update_details=file_and_defaults defaults=country,gb,city,%25f%25f%25f%25f%25f%25f%25f",
        "username,firstname\nalice,Wolfeschlegelsteinhausenbergerdorff\n",
        "2 username warning invalid_value\n2 username warning invalid_value\n"
        "2 username done account_updated\n",
        "update alice firstname=Wolfeschlegelsteinhausenbergerdorff\n"},
    {"a bad detail costs itself", "update_details=file",
        "username,country,city,emailstop,lang,timezone,mailformat\n"
        "alice,gb,Oslo,2,EN,GMT+9,1\n",
        "2 emailstop error invalid_value\n2 country error invalid_value\n"
        "2 lang error invalid_value\n2 timezone error invalid_value\n"
        "2 username done account_updated\n",
        "update alice city=Oslo\n"},
    {"a format that Moodle does not have is refused", "update_details=file",
        "username,descriptionformat\nalice,3\nbob,4\n",
        "2 descriptionformat error invalid_value\n"
        "3 username done account_updated\n",
        "update bob descriptionformat=4\n"},
    {"a time zone that there is not is refused", "update_details=file",
        "username,timezone\nalice,Foo/Bar\nbob,Europe/Oslo\n",
        "2 timezone error invalid_value\n"
        "3 username done account_updated\n",
        "update bob timezone=Europe/Oslo\n"},
    {"numbers are time zones, too, and 99 the server's", "update_details=file",
        "username,timezone\nalice,5.5\nbob,99\n",
        "2 username done account_updated\n3 username unchanged account_unchanged\n",
        "update alice timezone=5.5\n"},
    {"Moodle stores a time zone that there is not, and it is told",
        "compat=moodle update_details=file", "username,timezone\nalice,Foo/Bar\n",
        "2 timezone warning invalid_value\n"
        "2 username done account_updated\n",
        "update alice timezone=Foo/Bar\n"},
    {"Moodle stores what it makes of a bad detail, but never a country 0",
        "compat=moodle update_details=file",
        "username,country,city,emailstop\nalice,gb,<b>Oslo</b>,x\n",
        "2 emailstop warning invalid_value\n2 city warning invalid_value\n"
        "2 country warning invalid_value\n2 username done account_updated\n",
        "update alice emailstop=0 city=Oslo\n"},
    {"tags are refused, a lone sign is none", "update_details=file",
        "username,city,department\nalice,<i>Oslo</i>,R < D\n",
        "2 city error invalid_value\n2 username done account_updated\n",
        "update alice department=R < D\n"},
    {"an over-long value costs its row", "update_details=file",
        "username,phone1,city\nalice," LONG_STREET ",Oslo\nbob,1,Rome\n",
        "2 phone1 error value_too_long\n3 username done account_updated\n",
        "update bob city=Rome phone1=1\n"},
    {"an address of somebody else is refused, whatever its letter case", "update_details=file",
        "username,email,city\nalice,BOB@corp.example,Oslo\n",
        "2 email error email_taken\n2 username done account_updated\n", "update alice city=Oslo\n"},
    {"an address that was given up is free", "update_details=file",
        "username,email\nalice,a@x.example\nbob,alice@corp.example\n",
        "2 username done account_updated\n3 username done account_updated\n",
        "update alice email=a@x.example\nupdate bob email=alice@corp.example\n"},
    {"an address taken by an earlier row is taken", "upload_type=add",
        NEW "\nnina,N,N,n@x.example\nnora,N,N,N@x.example\n",
        "2 username done account_created\n3 email error email_taken\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"},
    {"no address, no account; no name, no account", "upload_type=add",
        NEW "\nnina,N,N,\nnora,,N,nora@x.example\nolga,O,O,nonsense\n",
        "2 email error detail_missing\n3 firstname error detail_missing\n"
        "4 email error invalid_value\n",
        ""},
    {"a user name is not made to fit", "upload_type=add",
        NEW "\nn!na,N,N,n@x.example\ngone@x.1,N,N,g@x.example\n",
        "2 username error invalid_value\n3 username error username_taken\n", ""},
    {"names are counted on, within the batch too", "upload_type=add_increment",
        NEW "\nsmith,S,S,a@x.example\nsmith,S,S,b@x.example\nnew,N,N,c@x.example\n",
        "2 username done account_created\n3 username done account_created\n"
        "4 username done account_created\n",
        "create smith2 auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "create smith3 auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "create new auth=manual stored=to be generated suspended=0 generate=1 force=0\n"},
    {"user names come from the template where the file has none",
        "upload_type=add username_template=%25-1f%25-l",
        "firstname,lastname,email\nNina,North,nina@x.example\n", "2 - done account_created\n",
        "create nnorth auth=manual stored=to be generated suspended=0 generate=1 force=0\n"},
    {"passwords are given, weak ones to be changed, or required",
        "upload_type=add new_password=required",
        NEW ",password\nnina,N,N,n@x.example,Secret.123\nolga,O,O,o@x.example,weak\n"
            "pia,P,P,p@x.example,\n",
        "2 username done account_created\n3 password warning weak_password\n"
        "3 username done account_created\n4 password error password_missing\n",
        "create nina auth=manual password=Secret.123 suspended=0\n"
        "create olga auth=manual password=weak suspended=0 generate=0 force=1\n"},
    {"a password changes only where the feed says so", "update_details=file",
        "username,password,city\nalice,Secret.123,\n", "2 username unchanged account_unchanged\n",
        ""},
    {"a password changes where the feed says so",
        "update_details=file update_password=true force_password_change=all",
        "username,password\nalice,Secret.123\ncarol,Secret.123\n",
        "2 username done account_updated\n3 password warning no_effect\n",
        "update alice password=Secret.123 generate=-1 force=1\n"},
    {"suspended is 0 or 1 in words too, nothing else", "",
        "username,suspended\nalice,Yes\nbob,0\ncarol,2\nheidi,no\nivan,\n",
        "2 suspended done account_suspended\n3 suspended done account_activated\n"
        "4 suspended error invalid_value\n5 username unchanged account_unchanged\n"
        "6 - unchanged nothing_asked\n",
        "update alice suspended=1 out\nupdate bob suspended=0\n"},
    {"suspending can be forbidden", "allow_suspend=false",
        "username,suspended,course1\nalice,1,SAFETY\nbob,1,\n",
        "2 suspended error not_allowed\n2 course1 done enrolled\n"
        "3 username unchanged account_unchanged\n",
        "enrol alice\nrole alice\n"},
    {"authentication: unknown, not enabled, no login, elsewhere", "update_details=file",
        "username,auth\nalice,magic\nbob,oauth2\nheidi,nologin\n",
        "2 auth error invalid_value\n3 auth warning auth_not_enabled\n"
        "3 username done account_updated\n4 username done account_updated\n",
        "update bob auth=oauth2 stored=not cached generate=-1 force=-1\n"
        "update heidi auth=nologin out\n"},
    {"deleting is forbidden by default", "", "username,deleted,course1\nalice,1,SAFETY\n",
        "2 deleted error not_allowed\n2 course1 skipped row_not_applied\n", ""},
    {"deleting: yes, no, nonsense, nobody, protected", "allow_delete=true",
        "username,deleted,course1\nalice,yes,SAFETY\nbob,no,\ncarol,2,SAFETY\nnobody,1,\nadmin,1,"
        "\n",
        "2 deleted done account_deleted\n2 course1 skipped row_not_applied\n"
        "3 - unchanged nothing_asked\n4 deleted error invalid_value\n"
        "4 course1 skipped row_not_applied\n5 username error user_not_found\n"
        "6 username error protected_account\n",
        "delete alice\n"},
    {"who was enrolled by this batch is deleted in the next round, then made anew",
        "upload_type=add_or_update allow_delete=true",
        NEW
        ",course1,deleted\nalice,,,,SAFETY,\nalice,,,,,1\nalice,A,A,alice@corp.example,ETHICS,\n",
        "2 course1 done enrolled\n3 deleted done account_deleted\n"
        "4 username done account_created\n4 course1 done enrolled\n",
        "enrol alice\nrole alice\ndelete alice\n"
        "create alice auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "enrol alice\nrole alice\n"},
    {"renaming, and going on under the new name", "allow_rename=true",
        "username,oldusername,course1\nalicia,alice,SAFETY\nalicia,,ETHICS\nalice,,SAFETY\n",
        "2 oldusername done account_renamed\n2 course1 done enrolled\n3 course1 done enrolled\n"
        "4 username error user_not_found\n4 course1 skipped row_not_applied\n",
        "rename alicia\nenrol alicia\nrole alicia\nenrol alicia\nrole alicia\n"},
    {"renaming: taken, unknown, protected, again, forbidden names", "allow_rename=true",
        "username,oldusername\nbob,carol\nnew,missing\nboss,admin\nalice,gone\nAl ice,alice\n",
        "2 username error username_taken\n3 oldusername error user_not_found\n"
        "4 username error protected_account\n5 oldusername unchanged already_renamed\n"
        "6 username error invalid_value\n",
        ""},
    {"renaming is forbidden by default", "", "username,oldusername\nnew,alice\n",
        "2 oldusername error not_allowed\n", ""},
    {"people by address, in any letter case", "match_by=email",
        "username,email,course1\n,CAROL.CLARK@corp.example,SAFETY\n,twin@corp.example,SAFETY\n,,"
        "SAFETY\n",
        "2 course1 done enrolled\n3 email error account_ambiguous\n"
        "3 course1 skipped row_not_applied\n4 email error username_missing\n"
        "4 course1 skipped row_not_applied\n",
        "enrol carol\nrole carol\n"},
    {"an address in other letters is still that of one account",
        "match_by=email update_details=file",
        "username,email,city\n,ALICE@corp.example,A\n,alice@CORP.example,B\n",
        "2 email done account_updated\n3 email done account_updated\n",
        "update alice city=A\n"
        "update alice city=B\n"},
    {"people by number", "match_by=idnumber", "idnumber,course1\nE001,SAFETY\ne001,SAFETY\n",
        "2 course1 done enrolled\n3 idnumber error user_not_found\n"
        "3 course1 skipped row_not_applied\n",
        "enrol alice\nrole alice\n"},
    {"by address, another user name renames or clashes", "match_by=email allow_rename=true",
        "username,email\nalicia,alice@corp.example\ncarol,bob@corp.example\n",
        "2 username done account_renamed\n3 username error username_taken\n", "rename alicia\n"},
    {"a feed that only adds renames nobody whom it finds by address",
        "match_by=email upload_type=add allow_rename=true", NEW "\nalicia,A,A,alice@corp.example\n",
        "2 email skipped account_exists\n", ""},
    {"nor one that counts names on", "match_by=email upload_type=add_increment allow_rename=true",
        NEW "\nalicia,A,A,alice@corp.example\n", "2 email skipped account_exists\n", ""},
    {"by address, somebody new", "match_by=email upload_type=add_or_update",
        NEW "\nnina,N,N,n@x.example\nalice,N,N,m@x.example\n,N,N,o@x.example\n",
        "2 email done account_created\n3 username error username_taken\n"
        "4 username error username_missing\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"},
    {"a value that is to be unique is one person's, of the site or of the file",
        "update_details=file",
        "username,profile_field_badge,city\nalice,B10,Oslo\nbob,B11,\ncarol,B11,Rome\nheidi,B10,"
        "\njudy,,\n",
        "2 profile_field_badge error value_taken\n2 username done account_updated\n"
        "3 username done account_updated\n4 profile_field_badge error value_taken\n"
        "4 username done account_updated\n5 username unchanged account_unchanged\n"
        "6 username unchanged account_unchanged\n",
        "update alice city=Oslo\nupdate bob city= field5=B11\nupdate carol city=Rome\n"},
    {"a new account goes without the value that is somebody else's", "upload_type=add",
        NEW ",profile_field_badge\nnina,N,N,n@x.example,B10\nolga,O,O,o@x.example,B12\n"
            "pia,P,P,p@x.example,B12\n",
        "2 profile_field_badge error value_taken\n2 username done account_created\n"
        "3 username done account_created\n4 profile_field_badge error value_taken\n"
        "4 username done account_created\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "create olga auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "create pia auth=manual stored=to be generated suspended=0 generate=1 force=0\n"},
    {"what was given up may be had by another", "update_details=file allow_delete=true",
        "username,profile_field_badge,deleted\nheidi,B1,\nivan,,1\nalice,B10,\n",
        "2 username done account_updated\n3 deleted done account_deleted\n"
        "4 username done account_updated\n",
        "update heidi field5=B1\ndelete ivan\nupdate alice field5=B10\n"},
    {"255 characters are compared", "update_details=file",
        "username,profile_field_badge\nalice," B255 "x\nbob," B255 "y\n",
        "2 username done account_updated\n3 profile_field_badge error value_taken\n",
        "update alice field5=" B255 "x\n"},
    {"Moodle's own uploader as it was costs the cell too", "compat=moodle update_details=file",
        "username,profile_field_grade,profile_field_badge,course1\nalice,A,B10,SAFETY\n",
        "2 profile_field_badge error value_taken\n2 username done account_updated\n"
        "2 course1 done enrolled\n",
        "update alice field2=A\nenrol alice\nrole alice\n"},
    {"profile fields by kind", "update_details=file",
        "username,profile_field_dept,profile_field_grade,profile_field_AGREE,profile_field_hired\n"
        "alice,D-1,C,yes,2026-01-02\nbob,,Z,maybe,1999-01-01\n",
        "2 username done account_updated\n3 profile_field_grade error invalid_value\n"
        "3 profile_field_agree error invalid_value\n3 profile_field_hired error invalid_value\n",
        "update alice field1=D-1 field2=C field3=1 field4=1767312000\n"},
    {"accounts of other hosts", "", "username,mnethostid,course1\nalice,1,SAFETY\nbob,3,SAFETY\n",
        "2 course1 done enrolled\n3 mnethostid error remote_account\n"
        "3 course1 skipped row_not_applied\n",
        "enrol alice\nrole alice\n"},
    {"themes and interests have no place here", "update_details=file",
        "username,theme,interests\nalice,boost,\"a,b\"\n",
        "2 theme error invalid_value\n2 interests warning not_on_this_site\n", ""},
    {"one account, many rows, one round", "update_details=file",
        "username,city\nalice,A\nalice,B\nalice,B\n",
        "2 username done account_updated\n3 username done account_updated\n"
        "4 username unchanged account_unchanged\n",
        "update alice city=A\nupdate alice city=B\n"},
    {"what nobody sees around a cell is no part of it", "upload_type=add_or_update",
        "\u200Busername\u00A0,firstname,lastname,\uFEFFemail,course1\n"
        "\u00A0nina\u200B,Nina,North,nina@x.example\u00A0,\u2003SAFETY\u2060\n"
        "nina2,Nina,North,\u200Bnina@x.example,SAFETY\n",
        "2 username done account_created\n2 course1 done enrolled\n"
        "3 email error email_taken\n3 course1 skipped row_not_applied\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "enrol nina\nrole nina\n"},
    {"a key with an unseen character in it finds nobody and makes nobody",
        "upload_type=add_or_update match_by=idnumber",
        "idnumber,username,firstname,lastname,email\nE\u00ADN1,nina,Nina,North,nina@x.example\n",
        "2 idnumber error invalid_value\n", ""},
    {"an address or number with one in it is no value", "update_details=file",
        "username,email,idnumber\nalice,al\u200Bice@x.example,E\u200B1\n",
        "2 email error invalid_value\n2 idnumber error invalid_value\n", ""},
    {"nor is it in compat: moodle, where it is left out", "compat=moodle update_details=file",
        "username,email,idnumber\nalice,al\u200Bice@x.example,E\u200B1\n",
        "2 email warning invalid_value\n2 idnumber warning invalid_value\n", ""},
    {"letters that are put together otherwise are the same, and are stored composed",
        "update_details=file", "username,city\nbob,Ko\u0308ln\nbob,K\u00F6ln\n",
        "2 username done account_updated\n3 username unchanged account_unchanged\n",
        "update bob city=K\u00F6ln\n"},
    {"columns and defaults of the feed, too",
        "update_details=file_and_defaults columns=Stra%CC%88sse,address "
        "defaults=city,Ko%CC%88ln",
        "Username,STR\u00C4SSE\nalice,x\n", "2 username done account_updated\n",
        "update alice city=K\u00F6ln address=x\n"},
    {"joiners between the letters of a name stay", "update_details=file",
        "username,city\nalice,\u0627\u0631\u200C\u0647\n", "2 username done account_updated\n",
        "update alice city=\u0627\u0631\u200C\u0647\n"},
    {"a letter that got lost before is no letter", "update_details=file",
        "username,city\nalice,K\uFFFDln\n", "2 city error not_utf8\n", ""},
};

static const struct world_case newer_cases[] = {
    {"newer ones drop the row, whatever is to change", "compat=moodle",
        "username,profile_field_grade,profile_field_badge,course1\nalice,D,B1,SAFETY\nbob,,B2,"
        "SAFETY\ncarol,A,B10,SAFETY\nheidi,A,B10,SAFETY\njudy,C,B1,SAFETY\nsmith,C,B3,SAFETY\n",
        "2 profile_field_grade error invalid_value\n2 course1 skipped row_not_applied\n"
        "3 profile_field_grade error invalid_value\n3 course1 skipped row_not_applied\n"
        "4 profile_field_badge error value_taken\n4 course1 skipped row_not_applied\n"
        "5 profile_field_badge error value_taken\n5 course1 skipped row_not_applied\n"
        "6 profile_field_badge error value_taken\n6 course1 skipped row_not_applied\n"
        "7 course1 done enrolled\n",
        "enrol smith\nrole smith\n"},
    {"newer ones drop no row without compat", "update_details=file",
        "username,profile_field_grade,profile_field_badge\nalice,D,B1\n",
        "2 profile_field_grade error invalid_value\n2 username done account_updated\n",
        "update alice field5=B1\n"},
};

Test(account, is_made_changed_and_left_alone_as_the_rules_say)
{
	world_expect(cases, sizeof cases / sizeof *cases);
}

Test(account, of_a_bad_profile_field_is_dropped_where_moodle_drops_it)
{
	world_expect_dropping(newer_cases, sizeof newer_cases / sizeof *newer_cases);
}

static bool has_text(struct slice text, const char *part)
{
	return memmem(text.bytes, text.size, part, strlen(part)) != NULL;
}

Test(account, or_course_with_an_unseen_character_is_told_so)
{
	static const struct {
		const char *policy, *text, *told;
	} told[] = {
	    {"", "username,course1\nal\u200Bice,\n", "U+200B in it (zero width space)"},
	    {"", "username,course1\nalice,SAF\u00ADETY\n", "U+00AD in it (soft hyphen)"},
	    {"", "username,cohort1\nalice,SA\u2060LES\n", "U+2060 in it (word joiner)"},
	    {"may.create.cohorts=true", "username,cohort1\nalice,SALES\u00A01\n",
	        "U+00A0 in it (no-break space)"},
	    {"", "username,course1,role1\nalice,SAFETY,tea\u200Dcher\n", "U+200D"},
	    {"", "username,course1,enroltimestart1\nalice,SAFETY,2026\u201012-31\n",
	        "is not a date"},
	    {"", "username,course1,enroltimestart1\nalice,SAFETY,31\u00A0December 2026\n",
	        "U+00A0"},
	};
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		struct world world;
		world_init(&world, told[i].policy);
		world_run(&world, told[i].text);
		cr_expect_eq(world.last.kind, OUTCOME_ERROR, "case %zu", i);
		cr_expect(has_text(world.last.message, told[i].told), "case %zu: %.*s", i,
		    SLICE_ARG(world.last.message));
		world_done(&world);
	}
}

Test(account, tells_before_and_after_and_never_a_password)
{
	struct world world;
	world_init(&world, "update_details=file update_password=true");
	world_run(&world, "username,city,department,password\nbob,Rome,a;b=c,Secret.123\n");
	cr_expect(slice_is(world.last.before, SLICE("city=Berlin;department=")));
	cr_expect(
	    slice_is(world.last.after, SLICE("city=Rome;department=a%3Bb%3Dc;password=(set)")));
	world_done(&world);
}

Test(account, that_is_new_tells_what_the_file_gave_it)
{
	struct world world;
	world_init(&world, "upload_type=add");
	world_run(&world, NEW ",suspended\nnina,Nina,North,n@x.example,1\n");
	cr_expect(slice_is(world.last.before, SLICE("")));
	cr_expect(slice_is(world.last.after,
	    SLICE("username=nina;auth=manual;firstname=Nina;lastname=North;email=n@x.example;"
	          "suspended=1")));
	world_done(&world);
}

static const struct world_case again[] = {
    {"who was deleted already is gone", "allow_delete=true",
        "username,deleted,course1\nleaver,1,SAFETY\nalice,1,\nalice,yes,\nalice,0,SAFETY\n",
        "2 deleted unchanged already_deleted\n2 course1 skipped row_not_applied\n"
        "3 deleted done account_deleted\n4 deleted unchanged already_deleted\n"
        "5 username error user_not_found\n5 course1 skipped row_not_applied\n",
        "delete alice\n"},
    {"who never was is misspelt", "allow_delete=true", "username,deleted\nleavre,1\n",
        "2 username error user_not_found\n", ""},
    {"as in Moodle is anybody who is not there", "allow_delete=true compat=moodle",
        "username,deleted\nleaver,1\n", "2 username error user_not_found\n", ""},
    {"of addresses nothing is left", "allow_delete=true match_by=email",
        "email,deleted\nleaver@corp.example,1\nalice@corp.example,1\n"
        "alice@corp.example,1\n",
        "2 deleted unchanged already_deleted\n3 deleted done account_deleted\n"
        "4 deleted unchanged already_deleted\n",
        "delete alice\n"},
    {"and nothing is found out without allow_delete", "", "username,deleted\nleaver,1\n",
        "2 deleted error not_allowed\n", ""},
};

Test(account, that_is_gone_is_not_deleted_again)
{
	world_expect(again, sizeof again / sizeof *again);
}

static const struct world_case empties[] = {
    {"an empty cell asks nothing where nothing cannot be", "update_details=file",
        "username,theme,emailstop,lang,timezone,profile_field_agree,profile_field_Grade\n"
        "alice,,,,,,\n",
        "2 username unchanged account_unchanged\n", ""},
    {"of a feed that ignores bad values, too", "update_details=file invalid_values=ignore",
        "username,theme,emailstop,lang,timezone,profile_field_agree,profile_field_Grade\n"
        "alice,,,,,,\n",
        "2 username unchanged account_unchanged\n", ""},
    {"and a theme in Moodle", "update_details=file compat=moodle", "username,theme\nalice,\n",
        "2 username unchanged account_unchanged\n", ""},
};

Test(account, is_left_alone_by_empty_cells)
{
	world_expect(empties, sizeof empties / sizeof *empties);
}

static const struct {
	const char *policy, *text, *message;
} messages[] = {
    {"upload_type=add", "username,firstname,city\nnina,,x\n",
        "A new account needs the columns 'firstname', 'lastname' and 'email': fill them in."},
    {"upload_type=add defaults=lastname,North", "username,firstname,email\nnina,N,\n",
        "A new account needs the column 'email': fill it in."},
    {"allow_delete=true", "username,deleted,course1\nalice,1,SAFETY\n",
        "Not attempted: the account was deleted."},
    {"upload_type=add", "username,course1\nalice,SAFETY\n",
        "Not attempted: the account exists, and this feed only adds new ones."},
    {"", "username,course1\nnobody,SAFETY\n", "Not attempted: see the error of this row."},
    /* Whose it is, hears who may change them. */
    {"update_details=file", "username,email\nalice,bob@corp.example\n",
        "The address is that of account 'bob': give each account its own."},
    {"update_details=file", "username,email\nalice,admin@corp.example\n",
        "The address is that of another account: give each account its own."},
    {"upload_type=add update_details=file", NEW "\nnina,N,N,bob@corp.example\n",
        "The address is that of another account: give each account its own."},
    {"upload_type=add_or_update", NEW "\nnina,N,N,bob@corp.example\n",
        "The address is that of another account: give each account its own."},
    {"update_details=file", "username,profile_field_badge\nalice,B10\n",
        "Account 'ivan' has this value, and this profile field has to be unique: give each "
        "person their own."},
    {"compat=moodle", "username,profile_field_badge\nalice,B10\n",
        "Another account has this value, and this profile field has to be unique: give each "
        "person their own."},
};

Test(account, messages_say_all_of_it)
{
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		struct world world;
		world_init(&world, messages[i].policy);
		world.site.checks_profiles = true;
		world_run(&world, messages[i].text);
		cr_expect(slice_is(world.last.message, slice_of(messages[i].message)),
		    "case %zu: %.*s", i, SLICE_ARG(world.last.message));
		world_done(&world);
	}
}
