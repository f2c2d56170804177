#include "enrold/events.h"

#include <string.h>

/* Sorted by name. */
static const struct event events[] = {
    {"after_run_done", "1fa10b78bf004c54922d80fc82ea7044",
        "The command of after_run has ended well."},
    {"after_run_failed", "9f0895edc3b4267483efde27cb7821c1",
        "The command of after_run could not be started, took too long, or ended with an error."},
    {"after_run_says", "8a5f8f4559c565c775ac09e37340e7f2",
        "A line that the command of after_run has printed."},
    {"asked", "b2f78f3f1ff56ee92a07e2a6149a1da9",
        "Somebody has asked what happened to a person, or how a run went."},
    {"control_away", "fec2186b2229d3a4059e1f36938ca75f",
        "The control socket cannot be had: enrolctl can neither ask nor steer."},
    {"control_back", "5a2a8085fda8da3687f6158716f1dfd0", "The control socket is there again."},
    {"failed", "3c3e3afcc2f6d3860dadf883be28f4d3",
        "The daemon cannot start, or cannot go on: it ends."},
    {"feed_fresh", "4e0c6e1d0415a06989d4b8b3d9be8a82",
        "A feed that was stale has sent something new."},
    {"feed_in_service", "b1c9155169c365e002f3012d4aa5c9fe",
        "The folders of a feed can be used again."},
    {"feed_late", "a5563070093664c2b2d01a64d20cd69c",
        "No file of a feed was accepted by the time that its settings expect one."},
    {"feed_on_time", "0f827f5e4925b9573ca2b6741b8ea382", "A feed that was late has sent a file."},
    {"feed_out_of_service", "b2b9d0c5de6a1b1838b85ebb93aa9419",
        "The folders of a feed cannot be used; its files wait."},
    {"feed_paused", "74910ce7857b3a2d024971ef9a05f2b7",
        "Somebody has said that a feed takes no more files."},
    {"feed_resumed", "9123caa57f99157d8f2c4328c786faf6",
        "Somebody has said that a paused feed takes files again."},
    {"feed_stale", "a044902578bc5e26e400e76473529ad4",
        "For as long as its settings say, all files of a feed were the same."},
    {"file_changed", "19eec5a278efedaadb5e4153e0702a76",
        "A file was written to while it was copied, and went back to the inbox."},
    {"file_held", "8d9db88e41c25a0d8fab4e7c0f206f8c",
        "A file was written to after it had been taken: what it holds now is in held/."},
    {"file_left", "98ffd29b8f00d689bc057bca5fa84899",
        "A file, or something that is none, stays in the inbox, and why."},
    {"files_left", "9c9d4784d07f4770efff0ff5b30ecd55",
        "So many more lines as file_left were left out within a minute."},
    {"gave_up", "0e0c0f2028601bdb55ddafa4db921c50",
        "With --once, database or disk were away for stop_timeout."},
    {"inbox_full", "17945700f13346011b8b957caa5de085",
        "An inbox holds more entries than are looked at."},
    {"inbox_unwatched", "d402b1566cc930b53ff39a56210bb9a4",
        "The kernel tells nothing of an inbox: new files are found every rescan only."},
    {"lease_lost", "befc72a1f48dc9641f3b00e21874dc2b",
        "Other daemons have taken this one for dead; it joins anew."},
    {"lease_waits", "19a43a00f3a949f8027f36bbfca0143f",
        "The database is away, and with it the lease of this daemon."},
    {"metrics_unwritten", "aac901cb52661667a3e7915e217a48e7",
        "The metrics_file cannot be written; it is tried again, and said once."},
    {"node_dead", "d1230a06f5ac6035b73fb9116b718432",
        "Another daemon has been silent for too long: its work is done here."},
    {"ready", "5652a8f2dd0551d5b03a03a8f0915ea1",
        "The daemon has started and watches its inboxes."},
    {"reload_asked", "bf20672e8794b5b91f03b1f5f336d662",
        "Somebody has had the settings read anew with enrolctl."},
    {"reload_refused", "ea9f1a764cc0c0d5dc7848ff98431257",
        "The new settings are wrong: the old ones stay in force."},
    {"reloaded", "cfca66fcdba826e245c2a3ca9dafbb3a", "New settings are in force."},
    {"run_discarded", "8f99463bdf0fc90075c05e0d4c8adf1b",
        "A run was left where it was, as somebody had said; its input is in quarantine."},
    {"run_discarding", "1bd65512ef085483676e3770d3d099a4",
        "Somebody has said that a run is left as it is."},
    {"run_done", "3dad7c4978e323157dacb32e706f86aa",
        "A file has been applied, or previewed, and answered."},
    {"run_forgotten", "de8c26080fb444d2e58f0e224891f0a2",
        "A run is not gone on with, or is undone by a database that was put back."},
    {"run_goes_on", "e346704ff1e5c6e99f496b8d295b1d20", "What a feed waited for is over."},
    {"run_recovered", "68b6ffacbeaefa2547f26d3f9d8b2389",
        "A run that was cut short is gone on with."},
    {"run_refused", "3cb67b0df61f8c97d8f73120dc546f3d",
        "A file was refused as a whole and lies in quarantine."},
    {"run_released", "85a17c0c5da3bbbb7542c75acf38a1a4",
        "Somebody has said that a stopped run goes on."},
    {"run_remark", "9b7ab96f14f868ae8459a34af92612e1",
        "Something is to be said of a file as a whole."},
    {"run_started", "183f555da280d31117e3b5567c02d356", "A file was taken from the inbox."},
    {"run_stopped", "392a133911314411c5b0a0af5685205f",
        "A run that somebody has stopped is at a checkpoint and waits for another word."},
    {"run_stopping", "028e258f8a6049d7eee60faba38225d6",
        "Somebody has said that a run is to stop at its next checkpoint."},
    {"run_waits", "e3b16377cfe934c467bac78b34e4f3e0",
        "A file cannot be applied just now; it is kept and tried again."},
    {"site_away", "29f6d7ab065f12be43b8bfc8d1b623cc",
        "At the start: the database or the spool cannot be had; they are waited for."},
    {"spool_lost", "7dc7c4be166b152b3a49362892dfbc8a",
        "The spool is not what it was at the start: the daemon ends, to be started anew."},
    {"spool_on_network", "d597b70f9dc14c9df7165a58fd01cc15",
        "The spool lies on a file server, of whose other writers the kernel does not tell."},
    {"stop_timeout", "43c6856e191be1eeb3b21a19d4e7489f",
        "Something did not end within stop_timeout, and was left as it is."},
    {"stopped", "32e0bf4b9f2d84daac6072f31cb2fc3c", "The daemon has ended."},
    {"stopping", "d32d0f5ff963eb7e7a160661c450105b", "The daemon was asked to stop."},
    {"work_strange", "a745a562880d52d5882626bc8d806adb", "Something in work/ is no run."},
    {"zone_changed", "4f10650b9daa8412b12348edfadee5ed",
        "The site has moved to another time zone."},
    {"zone_unknown", "daa4511c2f20907d9cd3d756ab10b7ca",
        "This host does not know the time zone of the site."},
};

enum { EVENTS_COUNT = sizeof events / sizeof *events };

const struct event *events_all(size_t *count)
{
	*count = EVENTS_COUNT;
	return events;
}

const struct event *events_find(const char *name)
{
	for (size_t i = 0; i < EVENTS_COUNT; i++)
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	return NULL;
}
