#include "preset_sketch.h"

#include "enrold/columns.h"
#include "enrold/ending.h"
#include "enrold/preset.h"
#include "enrold/records.h"
#include "enrold/value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- what a heading is called elsewhere ---- */

enum { CALLED_MAX = 64 };

/* Letters and digits alone, one behind the other, between blanks. */
static const struct {
	const char *column, *called;
} likely[] = {
    {"idnumber",
        " idnumber employeeid employeenumber employeeno employee emplid emplno empid empno "
        "personid personnumber personnelnumber pernr persnr personalnummer personalnr "
        "mitarbeiternummer mitarbeiterid staffid staffnumber studentid studentnumber studentno "
        "studentkey matrikelnummer matrikel matriculation workerid userid usersourcedid "
        "sourcedid externalid externalpersonkey sisid uniqueid personkey badge matricule "
        "numeroempleado "},
    {"username",
        " username login loginid loginname logonname userlogin account accountname networkid "
        "netid samaccountname userprincipalname upn benutzername benutzer anmeldename kennung uid "
        "identifiant usuario "},
    {"firstname",
        " firstname first fname givenname given forename legalfirstname preferredfirstname "
        "vorname rufname prenom nombre voornaam nome imie "},
    {"lastname",
        " lastname last lname surname sn familyname legallastname preferredlastname nachname "
        "familienname zuname nom apellido apellidos achternaam cognome nazwisko "},
    {"middlename", " middlename middle mi middleinitial secondname "},
    {"email", " email emailaddress mail mailaddress emailid workemail businessemail primaryemail "
              "emailaddr useremail emailwork ppsmtp smtpaddress courriel correo "},
    {"department",
        " department departmentname dept deptname orgunit orgunitname organizationalunit "
        "abteilung abteilungsname organisationseinheit departement departamento afdeling "},
    {"institution",
        " institution company companyname organisation organization organizationname firma "
        "unternehmen gesellschaft schule school schoolname "},
    {"city", " city town location worklocation ort stadt standort dienstort ville ciudad "},
    {"country", " country countrycode land landcode laendercode pays pais "},
    {"phone1",
        " phone phonenumber telephone telephonenumber workphone businessphone bizphone telefon "
        "telefonnummer tel "},
    {"phone2", " mobile mobilephone cell cellphone handy mobil mobiltelefon "},
    {"address", " address address1 streetaddress street strasse adresse "},
    {"lang", " lang language preferredlanguage locale sprache korrespondenzsprache langue "},
    {"course1",
        " course courseid coursecode coursekey externalcoursekey courseshortname shortname class "
        "classid classsourcedid section sectionid kurs kursid kursnummer kurskuerzel cours "
        "curso "},
    {"role1", " role rolename userrole courserole enrolmentrole enrollmentrole rolle "},
    {"enroltimestart1",
        " enroltimestart enrolmentstart enrollmentstart enrolstart kursbeginn coursestart "},
    {"enroltimeend1", " enroltimeend enrolmentend enrollmentend enrolend kursende courseend "},
    {"cohort1", " cohort cohortid kohorte jahrgang "},
    {"group1", " group groupname gruppe "},
    {"suspended",
        " status employmentstatus employeestatus emplstatus userstatus accountstatus active "
        "isactive enabled enableduser state aktiv austritt beschaeftigungsstatus statut estado "},
};

enum { LIKELY = sizeof likely / sizeof *likely };

/* Its columns have a cell by the words of the file's. */
static bool has_words(const char *column)
{
	return strcmp(column, "suspended") == 0 || strcmp(column, "role1") == 0;
}

const char *sketch_column(struct slice heading)
{
	char called[CALLED_MAX + 3] = " ";
	size_t size = 1;
	for (size_t i = 0; i < heading.size; i++) {
		unsigned char c = (unsigned char)heading.bytes[i];
		if (size > CALLED_MAX)
			return NULL;
		if (isalnum(c))
			called[size++] = (char)tolower(c);
	}
	if (size == 1)
		return NULL;
	called[size] = ' ';
	for (size_t i = 0; i < LIKELY; i++)
		if (strstr(likely[i].called, called))
			return likely[i].column;
	return NULL;
}

/* ---- how the file begins ---- */

struct looking {
	struct arena *arena;
	struct sketch_kind *kind;
	struct records *records;
};

static struct error on_headings(void *context, const struct csvin_record *headings)
{
	struct looking *looking = context;
	struct sketch_kind *kind = looking->kind;
	kind->headings =
	    arena_alloc(looking->arena, (headings->cells_count + 1) * sizeof *kind->headings);
	if (!kind->headings)
		return error_memory("looking at a file");
	for (size_t i = 0; i < headings->cells_count; i++)
		kind->headings[i] = (struct sketch_heading){
		    .text = arena_copy(looking->arena, value_trim(headings->cells[i]))};
	kind->headings_count = headings->cells_count;
	kind->delimiter = records_delimiter(looking->records);
	return OK;
}

static void word_add(struct looking *looking, struct sketch_heading *heading, struct slice cell)
{
	struct slice word = value_trim(cell);
	for (size_t i = 0; i < heading->words_count; i++)
		if (slice_is(heading->words[i], word))
			return;
	if (word.size > 0 && heading->words_count < SKETCH_WORDS_MAX)
		heading->words[heading->words_count++] = arena_copy(looking->arena, word);
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct looking *looking = context;
	struct sketch_kind *kind = looking->kind;
	bool is_whole = record->fault == CSVIN_WHOLE && record->cells_count == kind->headings_count;
	for (size_t i = 0; i < kind->headings_count && is_whole; i++) {
		const char *column = sketch_column(kind->headings[i].text);
		if (column && has_words(column))
			word_add(looking, &kind->headings[i], record->cells[i]);
	}
	return OK;
}

struct error sketch_look(
    struct slice beginning, bool is_whole, struct arena *arena, struct sketch_kind *kind)
{
	static const struct policy none = {0};
	struct looking looking = {.arena = arena, .kind = kind};
	const struct records_terms terms = {&none, PRESET_BEGINNING_MAX};
	const struct records_visitor visitor = {on_headings, on_record, &looking};
	struct error error = records_open(&terms, &visitor, &looking.records);
	if (!is_error(&error))
		error = records_feed(looking.records, beginning.bytes, beginning.size);
	if (!is_error(&error) && is_whole)
		error = records_finish(looking.records);
	records_close(looking.records);
	/* What breaks behind the headings is no matter of theirs. */
	if (error.class != ERROR_RETRY && kind->headings_count == 0)
		kind->unread = arena_copy(arena, slice_of(error.text));
	return arena_has_failed(arena)      ? error_memory("looking at a file")
	       : error.class == ERROR_RETRY ? error
	                                    : OK;
}

/* ---- the YAML ---- */

/* As a text in double quotes, whatever it holds. A line break in a heading is a blank like others
 * (columns_fold). */
static void quote(struct buffer *out, struct slice text)
{
	buffer_add_char(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		char c = text.bytes[i];
		if (c == '"' || c == '\\')
			buffer_add_char(out, '\\');
		if (isspace((unsigned char)c))
			buffer_add_char(out, ' ');
		else if ((unsigned char)c < ' ' || c == '\x7F')
			buffer_print(out, "\\x%02X", (unsigned)(unsigned char)c);
		else
			buffer_add_char(out, c);
	}
	buffer_add_char(out, '"');
}

/* Whether another heading goes before this one: one that is called just so, or an earlier one. */
static bool goes_before(const struct sketch_kind *kind, size_t other, size_t heading)
{
	const char *column = sketch_column(kind->headings[heading].text);
	const char *same = sketch_column(kind->headings[other].text);
	bool is_so = is_same_letters(kind->headings[heading].text, slice_of(column));
	bool other_is_so = is_same_letters(kind->headings[other].text, slice_of(column));
	if (other == heading || !same || strcmp(same, column) != 0)
		return false;
	return other_is_so != is_so ? other_is_so : other < heading;
}

/* Which column a heading stands for in this kind; NULL: none, or another heading does. */
static const char *column_of(const struct sketch_kind *kind, size_t heading)
{
	const char *column = sketch_column(kind->headings[heading].text);
	for (size_t i = 0; i < kind->headings_count && column; i++)
		if (goes_before(kind, i, heading))
			return NULL;
	return column;
}

static bool has_column(const struct sketch_kind *kind, const char *column)
{
	for (size_t i = 0; i < kind->headings_count; i++) {
		const char *is = column_of(kind, i);
		if (is && strcmp(is, column) == 0)
			return true;
	}
	return false;
}

/* "Staff 2026-11.csv" -> staff_2026_11: [a-z0-9_], of a size that a kind's name may have. */
static void kind_name(struct buffer *out, const char *file)
{
	enum { NAME_MAX_SIZE = 32 };
	size_t size = (size_t)(ending_find(file) - file);
	size_t written = 0;
	for (size_t i = 0; i < size && written < NAME_MAX_SIZE; i++) {
		unsigned char c = (unsigned char)file[i];
		bool is_plain = c < 0x80 && isalnum(c);
		if (is_plain || written > 0) {
			buffer_add_char(out, is_plain ? (char)tolower(c) : '_');
			written++;
		}
	}
	if (written == 0)
		buffer_add_text(out, "people");
}

/* By what a file of this kind is known: what is used of it, or its first headings. */
static void signature_write(const struct sketch_kind *kind, struct buffer *out)
{
	enum { SIGNATURE_MAX = 5 };
	size_t written = 0;
	buffer_add_text(out, "    has: [");
	for (int round = 0; round < 2 && written == 0; round++)
		for (size_t i = 0; i < kind->headings_count && written < SIGNATURE_MAX; i++) {
			if (kind->headings[i].text.size == 0 || (round == 0 && !column_of(kind, i)))
				continue;
			buffer_add_text(out, written++ > 0 ? ", " : "");
			quote(out, kind->headings[i].text);
		}
	buffer_add_text(out, "] # headings by which such a file is known, all of them\n");
}

static void column_write(const struct sketch_kind *kind, size_t heading, struct buffer *out)
{
	static const struct policy none = {0};
	struct slice text = kind->headings[heading].text;
	const char *column = column_of(kind, heading), *like = sketch_column(text);
	bool is_said = column && !has_words(column) && !is_same_letters(text, slice_of(column));
	if (text.size == 0)
		return;
	buffer_add_text(out, is_said ? "        " : "        # ");
	quote(out, text);
	if (is_said)
		buffer_print(out, ": %s\n", column);
	else if (columns_is_known(&none, text))
		buffer_add_text(out, ": it is called as enrold calls it\n");
	else if (column)
		buffer_add_text(out, ": see its words, in values\n");
	else if (like)
		buffer_print(out, ": not used; or is it %s rather than the other\n", like);
	else
		buffer_add_text(out, ": not used\n");
}

static bool is_any(struct slice word, const char *words)
{
	char called[CALLED_MAX + 3];
	if (word.size > CALLED_MAX)
		return false;
	int size = snprintf(called, sizeof called, " %.*s ", SLICE_ARG(word));
	for (int i = 0; i < size; i++)
		called[i] = (char)tolower((unsigned char)called[i]);
	return strstr(words, called) != NULL;
}

static const char *meaning_of(const char *column, struct slice word)
{
	if (strcmp(column, "role1") == 0)
		return is_any(word, " student learner participant teilnehmer schueler ")
		           ? "{ role1: student }"
		       : is_any(word, " teacher instructor lehrer dozent trainer ")
		           ? "{ role1: editingteacher }"
		       : is_any(word, " ta tutor assistant ") ? "{ role1: teacher }"
		                                              : NULL;
	return is_any(word, " active aktiv a 1 true yes y ja enabled employed ")
	           ? "{ suspended: 0 }"
	       : is_any(word, " inactive inaktiv i 0 false no n nein disabled terminated t "
	                      "ausgetreten left leave ")
	           ? "{ suspended: 1 }"
	           : NULL;
}

static void words_write(
    const struct sketch_heading *heading, const char *column, struct buffer *out)
{
	buffer_add_text(out, "        ");
	quote(out, heading->text);
	buffer_add_text(out, ":\n");
	for (size_t i = 0; i < heading->words_count; i++) {
		const char *meaning = meaning_of(column, heading->words[i]);
		buffer_add_text(out, meaning ? "          " : "          # ");
		quote(out, heading->words[i]);
		buffer_print(out, ": %s\n",
		    meaning ? meaning
		    : strcmp(column, "role1") == 0
		        ? "{ role1: student }, or teacher, or editingteacher?"
		        : "{ suspended: 0 } or { suspended: 1 }?");
	}
	buffer_add_text(out, "          \"*\": error # any other word: the row says so\n");
}

static void values_write(const struct sketch_kind *kind, struct buffer *out)
{
	bool is_begun = false;
	for (size_t i = 0; i < kind->headings_count; i++) {
		const char *column = column_of(kind, i);
		if (!column || !has_words(column))
			continue;
		if (!is_begun)
			buffer_add_text(out, "      values: # what its words mean\n");
		is_begun = true;
		words_write(&kind->headings[i], column, out);
	}
}

static bool has_mapped(const struct sketch_kind *kind)
{
	for (size_t i = 0; i < kind->headings_count; i++) {
		const char *column = column_of(kind, i);
		if (column && !has_words(column) &&
		    !is_same_letters(kind->headings[i].text, slice_of(column)))
			return true;
	}
	return false;
}

static void kind_write(const struct sketch_kind *kind, struct buffer *out)
{
	bool makes = has_column(kind, "firstname") && has_column(kind, "lastname");
	if (kind->unread.size > 0) {
		buffer_print(out, "  # %s: %.*s\n", kind->file, SLICE_ARG(kind->unread));
		return;
	}
	buffer_add_text(out, "  - name: ");
	kind_name(out, kind->file);
	buffer_add_char(out, '\n');
	signature_write(kind, out);
	buffer_print(out, "    feed:\n      upload_type: %s\n",
	    makes ? "add_or_update # accounts are made, too" : "update # of accounts that exist");
	if (makes)
		buffer_add_text(out, "      update_details: file # what differs is written\n");
	buffer_add_text(
	    out, "      # csv: { encoding: windows-1252, delimiter: \";\", skip_lines: 1 }\n");
	buffer_print(out, "      %scolumns:\n", has_mapped(kind) ? "" : "# ");
	for (size_t i = 0; i < kind->headings_count; i++)
		column_write(kind, i, out);
	values_write(kind, out);
}

static const char *key_of(const struct sketch_kind *kinds, size_t count)
{
	static const char *const keys[] = {"idnumber", "username", "email"};
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
		for (size_t i = 0; i < count; i++)
			if (has_column(&kinds[i], keys[k]))
				return keys[k];
	return "username";
}

void sketch_write(const struct sketch_kind *kinds, size_t count, struct buffer *out)
{
	buffer_print(out,
	    "about: our export # what people call it\n"
	    "feed:\n"
	    "  match_by: %s # by which column people are found\n"
	    "  unknown_columns: ignore # headings that are not used below\n"
	    "  meaning: delta # full: who is not in the next file has left; see absence\n"
	    "kinds:\n",
	    key_of(kinds, count));
	for (size_t i = 0; i < count; i++)
		kind_write(&kinds[i], out);
}
