#include "keyring.h"

#include "fatal.h"
#include "program.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETUP                                                                                      \
	"set -eu; export GNUPGHOME='%s' LC_ALL=C; "                                                \
	"g() { gpg --batch --quiet --no-tty --no-permission-warning --trust-model always "         \
	"--pinentry-mode loopback --passphrase '' \"$@\"; }; "                                     \
	"trap 'gpgconf --kill all' EXIT; "

bool keyring_is_possible(void)
{
	return access("/usr/bin/gpg", X_OK) == 0 && access("/usr/bin/gpg-agent", X_OK) == 0 &&
	       access("/usr/bin/gpgconf", X_OK) == 0;
}

void keyring_make(const char *home)
{
	files_make_directory(home);
	if (chmod(home, 0700) < 0)
		fatal("cannot chmod %s", home);
}

static struct finished shell(const char *home, const char *command)
{
	struct buffer text = {0};
	buffer_print(&text, SETUP, home);
	buffer_add_text(&text, command);
	buffer_add_char(&text, '\0');
	struct finished finished = program_expect(0, ARGV("/bin/sh", "-c", text.bytes));
	buffer_done(&text);
	return finished;
}

void keyring_run(const char *home, const char *format, ...)
{
	char command[4096];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof command)
		fatal("a command of %d bytes", size);
	struct finished finished = shell(home, command);
	finished_done(&finished);
}

void keyring_add(const char *home, const char *user, const struct keyring_wish *wish,
    char fingerprint[KEYRING_FINGERPRINT_SIZE])
{
	char command[1024];
	snprintf(command, sizeof command,
	    "now='%s' user='%s' ends='%s'; g ${now:+--faked-system-time \"$now\"} --quick-gen-key "
	    "\"$user\" ed25519 sign \"$ends\" 2>/dev/null; "
	    "key=$(g --with-colons --list-keys \"=$user\" | sed -n "
	    "'s/^fpr:::::::::\\(.*\\):/\\1/p' | tail -n 1); "
	    "g ${now:+--faked-system-time \"$now\"} --quick-add-key \"$key\" cv25519 encr "
	    "\"$ends\"; "
	    "printf %%s \"$key\"",
	    wish->now ? wish->now : "", user, wish->ends ? wish->ends : "never");
	struct finished finished = shell(home, command);
	if (finished.out.size != KEYRING_FINGERPRINT_SIZE - 1)
		fatal("the fingerprint of %s is %s", user, finished.out.bytes);
	memcpy(fingerprint, finished.out.bytes, KEYRING_FINGERPRINT_SIZE - 1);
	fingerprint[KEYRING_FINGERPRINT_SIZE - 1] = '\0';
	finished_done(&finished);
}

void keyring_give(const char *from, const char *user, const char *to)
{
	keyring_run(from, "g --export '=%s' | g --homedir '%s' --import", user, to);
}
