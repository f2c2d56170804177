/* mariadb:// taken apart, and what is refused; the password is in no error. */
#include "../../src/db/mariadb_url.h"

#include "enrold/buffer.h"

#include <criterion/criterion.h>

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* "user password | host:port host:port | database | key=value ...". */
static struct buffer text_of(const struct mariadb_url *url)
{
	static const char *const modes[] = {"", " disable", " require", " verify-full"};
	struct buffer out = {0};
	const struct {
		const char *name, *value;
	} rest[] = {{"socket", url->socket}, {"passfile", url->passfile}, {"ca", url->ca},
	    {"cert", url->cert}, {"key", url->key}};
	buffer_print(&out, "%s %s |", url->user, url->password);
	for (unsigned i = 0; i < url->hosts_count; i++)
		buffer_print(&out, " %s:%u", url->hosts[i].name, url->hosts[i].port);
	buffer_print(&out, " | %s |%s", url->database, modes[url->tls]);
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		if (*rest[i].value)
			buffer_print(&out, " %s=%s", rest[i].name, rest[i].value);
	buffer_add_char(&out, '\0');
	return out;
}

static const struct {
	const char *what, *url, *parsed;
} good[] = {
    {"all there is", "mariadb://u:p@h:3307/db", "u p | h:3307 | db |"},
    {"the usual port", "mariadb://u:p@h/db", "u p | h:0 | db |"},
    {"an empty port", "mariadb://u:p@h:/db", "u p | h:0 | db |"},
    {"the last port", "mariadb://u:p@h:65535/db", "u p | h:65535 | db |"},
    {"no password", "mariadb://u@h/db", "u  | h:0 | db |"},
    {"an empty password", "mariadb://u:@h/db", "u  | h:0 | db |"},
    {"nobody", "mariadb://h/db", "  | h:0 | db |"},
    {"no host", "mariadb:///db", "  | :0 | db |"},
    {"somebody at no host", "mariadb://u:p@/db", "u p | :0 | db |"},
    {"several hosts", "mariadb://u:p@a:1,b,c:3/db", "u p | a:1 b:0 c:3 | db |"},
    {"an address", "mariadb://u:p@192.0.2.1:3306/db", "u p | 192.0.2.1:3306 | db |"},
    {"a long address", "mariadb://u:p@[2001:db8::1]:3306/db", "u p | 2001:db8::1:3306 | db |"},
    {"one without a port", "mariadb://u:p@[::1]/db", "u p | ::1:0 | db |"},
    {"two of them", "mariadb://u:p@[::1]:1,[::2]:2/db", "u p | ::1:1 ::2:2 | db |"},
    {"what a password may have", "mariadb://u:p%40%3A%2F%3F%23%25%2C%3d@h/db",
        "u p@:/?#%,= | h:0 | db |"},
    {"a colon in a password", "mariadb://u:p:q@h/db", "u p:q | h:0 | db |"},
    {"a name and a host with escapes", "mariadb://%75%2d:p@%68/d%62", "u- p | h:0 | db |"},
    {"a plus is one", "mariadb://u:a+b@h/db", "u a+b | h:0 | db |"},
    {"a slash in the database's name", "mariadb://h/a/b", "  | h:0 | a/b |"},
    {"no pair behind the mark", "mariadb://h/db?", "  | h:0 | db |"},
    {"a socket", "mariadb://u@localhost/db?socket=/run/mysqld/mysqld.sock",
        "u  | localhost:0 | db | socket=/run/mysqld/mysqld.sock"},
    {"a file with the password", "mariadb://u@h/db?passfile=/etc/enrold/pass",
        "u  | h:0 | db | passfile=/etc/enrold/pass"},
    {"TLS", "mariadb://h/db?sslmode=require", "  | h:0 | db | require"},
    {"no TLS", "mariadb://h/db?sslmode=disable", "  | h:0 | db | disable"},
    {"all of TLS", "mariadb://h/db?sslmode=verify-full&sslrootcert=/ca&sslcert=/c&sslkey=/k",
        "  | h:0 | db | verify-full ca=/ca cert=/c key=/k"},
    {"in another order", "mariadb://h/db?sslkey=/k&socket=/s&sslrootcert=/ca",
        "  | h:0 | db | socket=/s ca=/ca key=/k"},
    {"a value with escapes", "mariadb://h/db?socket=%2Fa%26b", "  | h:0 | db | socket=/a&b"},
    {"a value with marks", "mariadb://h/db?socket=/a=b?c@d:e", "  | h:0 | db | socket=/a=b?c@d:e"},
    {"of two the last counts", "mariadb://h/db?socket=/a&socket=/b", "  | h:0 | db | socket=/b"},
    {"an empty value", "mariadb://h/db?socket=", "  | h:0 | db |"},
    {"as many hosts as there may be", "mariadb://1,2,3,4,5,6,7,8/db",
        "  | 1:0 2:0 3:0 4:0 5:0 6:0 7:0 8:0 | db |"},
    {"as long a name as there may be", "mariadb://h/" FIFTY FIFTY FIFTY FIFTY FIFTY "01234",
        "  | h:0 | " FIFTY FIFTY FIFTY FIFTY FIFTY "01234 |"},
};

Test(mariadb_url, is_taken_apart)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct mariadb_url url;
		struct error error = mariadb_url_parse(good[i].url, &url);
		cr_expect_not(is_error(&error), "%s: %s", good[i].what, error.text);
		struct buffer text = text_of(&url);
		cr_expect_str_eq(text.bytes, good[i].parsed, "%s: %s", good[i].what, text.bytes);
		buffer_done(&text);
	}
}

/* Whatever stands for a password there holds this. */
#define SECRET "s3cret"

static const struct {
	const char *what, *url, *words;
} bad[] = {
    {"nothing", "mariadb://", "the database's name is missing"},
    {"no database", "mariadb://u:" SECRET "@h", "the database's name is missing"},
    {"an empty one", "mariadb://u:" SECRET "@h/", "the database's name is missing"},
    {"none, and a value", "mariadb://u:" SECRET "@h/?socket=/s", "the database's name is missing"},
    {"an escape that is none", "mariadb://u:" SECRET "%4g@h/db", "user or password"},
    {"half an escape", "mariadb://u:" SECRET "%4@h/db", "user or password"},
    {"a percent sign alone", "mariadb://u:" SECRET "%@h/db", "user or password"},
    {"a NUL", "mariadb://u:" SECRET "%00@h/db", "user or password"},
    {"half an escape in a user", "mariadb://u%:" SECRET "@h/db", "user or password"},
    {"a password that is too long", "mariadb://u:" SECRET FIFTY FIFTY FIFTY FIFTY FIFTY "@h/db",
        "user or password"},
    {"an escape in a host", "mariadb://u:" SECRET "@h%x/db", "a host is no name"},
    {"a host that is too long", "mariadb://" FIFTY FIFTY FIFTY FIFTY FIFTY "012345/db",
        "a host is no name"},
    {"an escape in a database", "mariadb://u:" SECRET "@h/d%", "the database's name"},
    {"a name that is too long", "mariadb://h/" FIFTY FIFTY FIFTY FIFTY FIFTY "012345",
        "the database's name"},
    {"letters for a port", "mariadb://u:" SECRET "@h:x/db", "a port is no number"},
    {"a port and letters", "mariadb://u:" SECRET "@h:3306x/db", "a port is no number"},
    {"one behind the last port", "mariadb://u:" SECRET "@h:65536/db", "a port is no number"},
    {"far behind it", "mariadb://u:" SECRET "@h:99999999999999999999/db", "a port is no number"},
    {"a port below none", "mariadb://u:" SECRET "@h:-1/db", "a port is no number"},
    {"two ports", "mariadb://u:" SECRET "@h:1:2/db", "a port is no number"},
    {"a long address without brackets", "mariadb://u:" SECRET "@2001:db8::1/db",
        "a port is no number"},
    {"the second host's port", "mariadb://u:" SECRET "@h:1,i:x/db", "a port is no number"},
    {"a bracket that is not closed", "mariadb://u:" SECRET "@[::1/db", "] is missing"},
    {"an @ in a password", "mariadb://u:" SECRET "@:1@h/db", "a port is no number"},
    {"one host too many", "mariadb://1,2,3,4,5,6,7,8,9/db", "too many hosts"},
    {"another sslmode", "mariadb://u:" SECRET "@h/db?sslmode=prefer", "sslmode is disable,"},
    {"an sslmode in capitals", "mariadb://h/db?sslmode=REQUIRE", "sslmode is disable,"},
    {"no sslmode", "mariadb://h/db?sslmode=", "sslmode is disable,"},
    {"another key", "mariadb://h/db?password=" SECRET, "behind ? come socket,"},
    {"a key in capitals", "mariadb://h/db?Socket=/s", "behind ? come socket,"},
    {"a key and no more", "mariadb://h/db?" SECRET, "behind ? come socket,"},
    {"the second is another", "mariadb://h/db?socket=/s&host=" SECRET, "behind ? come socket,"},
    {"an escape in a value", "mariadb://h/db?socket=%", "a value behind ?"},
};

Test(mariadb_url, is_refused_with_the_reason_and_without_the_password)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct mariadb_url url;
		struct error error = mariadb_url_parse(bad[i].url, &url);
		cr_expect_eq(error.class, ERROR_CONFIG, "%s", bad[i].what);
		cr_expect(strstr(error.text, bad[i].words), "%s: %s", bad[i].what, error.text);
		cr_expect(strstr(error.text, "lms.url: "), "%s: %s", bad[i].what, error.text);
		cr_expect_not(strstr(error.text, SECRET), "%s: %s", bad[i].what, error.text);
	}
}
