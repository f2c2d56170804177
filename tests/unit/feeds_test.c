/* What each feed does next: plays on a spool, each step with what came of it; see stage.h. */
#include "stage.h"

#include <criterion/criterion.h>

#define EXPECT(cases) stage_expect((cases), sizeof(cases) / sizeof *(cases))

#define TWO "feeds:\n  hr: {}\n"

static const struct stage_case orders[] = {
    {"the oldest file goes first, and one at a time", "",
        "> drop a.csv\n> drop b.csv\n> scan\n"
        "> look\nready 2 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"
        "> next\ndefault a.csv short\n> next\n-\n"
        "> done default answered\n"
        "info run_done: a.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\ndefault b.csv short\n"
        "> look\nready 0 runs 0 busy 1 unsettled 0 answered 1 refused 0\n"},
    {"runs go before files, the oldest first", "",
        "> drop a.csv\n"
        "> run 2 b.csv\ninfo run_recovered: going on with b.csv, which was interrupted\n"
        "> run 1 c.csv\ninfo run_recovered: going on with c.csv, which was interrupted\n"
        "> scan\n> look\nready 1 runs 2 busy 0 unsettled 0 answered 0 refused 0\n"
        "> next\ndefault run 1 yielding\n"
        "> done default answered\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\ndefault run 2 yielding\n"
        "> done default answered\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\ndefault a.csv short\n"
        "> look\nready 0 runs 0 busy 1 unsettled 0 answered 2 refused 0\n"},
    {"feeds take turns, and a lane for previews is one of them", TWO,
        "> drop a.csv\n> drop b.csv\n> drop hr/c.csv\n> drop hr/d.csv\n> drop preview/e.csv\n"
        "> scan\n> next\ndefault a.csv short\n"
        "> done default answered\n"
        "info run_done: a.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\npreview e.csv short\n"
        "> done preview answered\n"
        "info run_done: e.csv: 3 rows, 1 of them with an error; 2 requests would be done\n"
        "> next\nhr c.csv short\n"
        "> done hr answered\n"
        "info run_done: c.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\ndefault b.csv short\n"
        "> done default answered\n"
        "info run_done: b.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\nhr d.csv short\n> next\n-\n"},
    {"both lanes of a feed are busy at once", "",
        "> drop a.csv\n> drop b.csv\n> drop preview/c.csv\n> scan\n"
        "> next\ndefault a.csv short\n> next\npreview c.csv short\n"
        "> next\n-\n"},
    {"a run goes to its own lane, and one of a feed that is no more to default", TWO,
        "> run 1 hr/preview/a.csv\n"
        "info run_recovered: going on with a.csv, which was interrupted\n"
        "> run 2 old/b.csv\ninfo run_recovered: going on with b.csv, which was interrupted\n"
        "> run 3 hr/c.csv\ninfo run_recovered: going on with c.csv, which was interrupted\n"
        "> next\ndefault run 2 yielding\n> next\nhr run 3 yielding\n"
        "> next\nhr/preview run 1 whole\n> next\n-\n"},
    {"a run that has yielded is in front of its feed, behind the others", TWO,
        "> drop a.csv 40000\n> drop b.csv\n> drop hr/c.csv\n> scan\n"
        "> next\ndefault a.csv yielding\n> done default yielded as 7\n> next\nhr c.csv short\n"
        "> next\ndefault run 7 yielding\n"
        "> done default answered\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\ndefault b.csv short\n"},
};

static const struct stage_case weights[] = {
    {"a file is short by its size, and a run never is", "",
        "> drop a.csv 32768\n> drop b.csv 32769\n"
        "> run 1 c.csv\ninfo run_recovered: going on with c.csv, which was interrupted\n"
        "> scan\n> next\ndefault run 1 yielding\n"
        "> done default answered\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\ndefault a.csv short\n"
        "> done default answered\n"
        "info run_done: a.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\ndefault b.csv yielding\n"},
    {"what cannot be interrupted is whole: previews, and files of atomic feeds",
        "feeds:\n  hr: { atomic: true }\n",
        "> drop preview/a.csv 40000\n> drop hr/b.csv 40000\n"
        "> run 1 hr/c.csv\ninfo run_recovered: going on with c.csv, which was interrupted\n"
        "> scan\n> next\npreview a.csv whole\n> next\nhr run 1 whole\n"
        "> done hr answered\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> next\nhr b.csv whole\n"},
    {"nothing heavier than is asked for is given, and what waits for that is told", TWO,
        "> drop a.csv 40000\n> drop hr/preview/b.csv 40000\n> drop hr/c.csv\n> scan\n"
        "> waiting short\nyes\n> next short\nhr c.csv short\n"
        "> waiting short\nno\n> next short\n-\n> waiting yielding\nyes\n"
        "> next yielding\ndefault a.csv yielding\n> waiting yielding\nno\n"
        "> next yielding\n-\n> waiting whole\nyes\n> next\nhr/preview b.csv whole\n"
        "> waiting whole\nno\n"},
    {"no feed has the last of two workers while another waits", "workers: 2\n" TWO,
        "> drop a.csv 40000\n> drop preview/b.csv 40000\n> drop hr/c.csv 40000\n> scan\n"
        "> next\ndefault a.csv yielding\n> next\nhr c.csv yielding\n"
        "> next\npreview b.csv whole\n"},
    {"of two workers it may have one for something short", "workers: 2\n" TWO,
        "> drop a.csv 40000\n> drop preview/b.csv 100\n> drop hr/c.csv 40000\n> scan\n"
        "> next\ndefault a.csv yielding\n> next\npreview b.csv short\n"
        "> next\nhr c.csv yielding\n"},
    {"of three workers it may have two", "workers: 3\n" TWO,
        "> drop a.csv 40000\n> drop preview/b.csv 40000\n> drop hr/c.csv 40000\n> scan\n"
        "> next\ndefault a.csv yielding\n> next\npreview b.csv whole\n"
        "> next\nhr c.csv yielding\n"},
};

static const struct stage_case troubles[] = {
    {"who is in trouble waits twice as long each time, half a minute at most", "",
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> scan\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> wake\nwake 100\n> at 99\n> next\n-\n> at 100\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n> wake\nwake 300\n"
        "> at 300\n> next\ndefault run 1 yielding\n> done default postponed as 1\n"
        "> wake\nwake 700\n> at 700\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n> wake\nwake 1500\n"
        "> at 1500\n> next\ndefault run 1 yielding\n> done default postponed as 1\n"
        "> wake\nwake 3100\n> at 3100\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n> wake\nwake 6300\n"
        "> at 6300\n> next\ndefault run 1 yielding\n> done default postponed as 1\n"
        "> wake\nwake 12700\n> at 12700\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n> wake\nwake 25500\n"
        "> at 25500\n> next\ndefault run 1 yielding\n> done default postponed as 1\n"
        "> wake\nwake 51100\n> at 51100\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n> wake\nwake 81100\n"
        "> at 81100\n> next\ndefault run 1 yielding\n> done default postponed as 1\n"
        "> wake\nwake 111100\n"},
    {"an answer ends it, and the next trouble begins small", TWO,
        "> drop a.csv\n> drop hr/b.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed as 1\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> look\n"
        "ready 1 runs 1 busy 0 unsettled 0 answered 0 refused 0 since 0: the disk is full\n"
        "> next\nhr b.csv short\n> at 100\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n> at 300\n> next\ndefault run 1 yielding\n"
        "> done default answered\n"
        "info run_goes_on: what feed default waited for is over\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> scan\n> next\ndefault a.csv short\n"
        "> done default postponed as 2\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> wake\nwake 400\n"
        "> look\n"
        "ready 0 runs 1 busy 1 unsettled 0 answered 1 refused 0 since 300: the disk is full\n"},
    {"another trouble is news, the same is not", "",
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> at 100\n> next\ndefault run 1 yielding\n> done default postponed as 1\n> at 300\n"
        "> next\ndefault run 1 yielding\n"
        "> done default postponed as 1 : no database\n"
        "warning run_waits: no database; the file is kept and tried again\n"
        "> look\nready 0 runs 1 busy 0 unsettled 0 answered 0 refused 0 since 0: no database\n"},
    {"of several troubles the oldest is told", TWO,
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> run 2 hr/b.csv\ninfo run_recovered: going on with b.csv, which was interrupted\n"
        "> scan\n> next\ndefault run 1 yielding\n> at 5\n> next\nhr run 2 yielding\n"
        "> done hr postponed as 2 : the first\n"
        "warning run_waits: the first; the file is kept and tried again\n"
        "> at 9\n"
        "> done default postponed as 1 : the second\n"
        "warning run_waits: the second; the file is kept and tried again\n"
        "> look\nready 0 runs 2 busy 0 unsettled 0 answered 0 refused 0 since 5: the first\n"
        "> at 205\n> next\ndefault run 1 yielding\n"
        "> done hr answered\n"
        "info run_goes_on: what feed hr waited for is over\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> look\nready 0 runs 1 busy 1 unsettled 0 answered 1 refused 0 since 9: the second\n"},
    {"to be stopped is no trouble", "",
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> next\ndefault run 1 yielding\n> done default stopped as 1\n"
        "> look\nready 0 runs 1 busy 0 unsettled 0 answered 0 refused 0\n"},
    {"the seventh try of what fails for a file's own reasons is the last", "",
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> next\ndefault run 1 yielding\n"
        "> done default postponed as 1 file : odd\n"
        "warning run_waits: odd; the file is kept and tried again\n"
        "> at 100\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 300\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 700\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 1500\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 3100\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 6300\n> next\ndefault run 1 yielding last try\n"
        "> done default refused\n"
        "info run_goes_on: what feed default waited for is over\n"
        "warning run_refused: f.csv was refused as a whole and lies in quarantine: the reason is "
        "beside it\n"},
    {"the machine's own troubles do not count, and begin the count anew", "",
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> next\ndefault run 1 yielding\n"
        "> done default postponed as 1 file : odd\n"
        "warning run_waits: odd; the file is kept and tried again\n"
        "> at 100\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 300\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> at 700\n> next\ndefault run 1 yielding\n"
        "> done default postponed as 1 file : odd\n"
        "warning run_waits: odd; the file is kept and tried again\n"
        "> at 1500\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 3100\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 6300\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 12700\n> next\ndefault run 1 yielding\n> done default postponed as 1 file : odd\n"
        "> at 25500\n> next\ndefault run 1 yielding\n"},
    {"one that could not even be claimed is left at its last try, the others are not", "",
        "> drop a.csv\n> drop b.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed file : odd\n"
        "warning run_waits: odd; the file is kept and tried again\n"
        "> at 100\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed file : odd\n> at 300\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed file : odd\n> at 700\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed file : odd\n> at 1500\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed file : odd\n> at 3100\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed file : odd\n> at 6300\n> scan\n"
        "> next\ndefault a.csv short last try\n"
        "> done default postponed file : odd\n"
        "info run_goes_on: what feed default waited for is over\n"
        "warning file_left: a.csv stays in the inbox: odd\n"
        "> look\nready 1 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"
        "> scan\n> next\ndefault b.csv short\n"
        "> done default answered\n"
        "info run_done: b.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> at 3606299\n> scan\n> look\nready 0 runs 0 busy 0 unsettled 0 answered 1 refused 0\n"
        "> at 3606300\n> scan\n> next\ndefault a.csv short\n"},
};

static const struct stage_case ends[] = {
    {"what has gone wrong in every row is a warning", "",
        "> drop a.csv\n> drop b.csv\n> drop c.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default failed\n"
        "warning run_done: a.csv: 1 row, 1 of them with an error; 0 requests done\n"
        "> next\ndefault b.csv short\n"
        "> done default empty\n"
        "info run_done: b.csv: 0 rows, 0 of them with an error; 0 requests done\n"
        "> next\ndefault c.csv short\n"
        "> done default refused\n"
        "warning run_refused: c.csv was refused as a whole and lies in quarantine: the reason is "
        "beside it\n"
        "> look\nready 0 runs 0 busy 0 unsettled 0 answered 3 refused 1\n"},
    {"what changed while it was read is looked at again in a second", "",
        "> drop a.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default changed\n"
        "info file_changed: a.csv was written to while it was read, and went back to the inbox\n"
        "> wake\nwake 1000\n> at 999\n> scan\n> next\n-\n"
        "> at 1000\n> scan\n> next\ndefault a.csv short\n"},
    {"what was taken back ends its trouble", "",
        "> drop a.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> at 100\n> scan\n> next\ndefault a.csv short\n"
        "> done default gone\ninfo run_goes_on: what feed default waited for is over\n"
        "> look\nready 0 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"},
    {"what was waited with and is no more ends its trouble, too", "",
        "> drop a.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default postponed\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> away a.csv\n> at 100\n"
        "> scan\ninfo run_goes_on: what feed default waited for is over\n"
        "> look\nready 0 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"},
    {"what cannot be taken is left until the next rescan or a change of it", "",
        "> drop a.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default left : held by another\n"
        "warning file_left: a.csv stays in the inbox: held by another\n"
        "> hear default\n> scan\n> next\n-\n> drop a.csv 2\n> hear default\n> scan\n"
        "> next\ndefault a.csv short\n"
        "> done default left : held by another\n"
        "warning file_left: a.csv stays in the inbox: held by another\n"
        "> at 3599999\n> scan\n> next\n-\n> at 3600000\n> scan\n> next\ndefault a.csv short\n"},
    {"a feed that another daemon serves is tried each second, its run too", "",
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> drop b.csv\n> scan\n> next\ndefault run 1 yielding\n"
        "> done default elsewhere\n"
        "> look\nready 1 runs 1 busy 0 unsettled 0 answered 0 refused 0\n"
        "> wake\nwake 1000\n> at 999\n> next\n-\n> at 1000\n> next\ndefault run 1 yielding\n"},
    {"a spool that is stale is so for good", "",
        "> run 1 a.csv\ninfo run_recovered: going on with a.csv, which was interrupted\n"
        "> next\ndefault run 1 yielding\n"
        "> done default postponed as 1 stale\n"
        "warning run_waits: the disk is full; the file is kept and tried again\n"
        "> at 100\n> next\ndefault run 1 yielding\n"
        "> done default answered\n"
        "info run_goes_on: what feed default waited for is over\n"
        "info run_done: f.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> look\nready 0 runs 0 busy 0 unsettled 0 answered 1 refused 0 stale\n"},
    {"what was counted outlives a new configuration", "",
        "> drop a.csv\n> drop b.csv\n> scan\n> next\ndefault a.csv short\n"
        "> done default refused\n"
        "warning run_refused: a.csv was refused as a whole and lies in quarantine: the reason is "
        "beside it\n"
        "> next\ndefault b.csv short\n"
        "> done default answered\n"
        "info run_done: b.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> anew\n> look\nready 0 runs 0 busy 0 unsettled 0 answered 2 refused 1\n"},
};

static const struct stage_case folders[] = {
    {"a feed whose folder is gone is out of service, and the others are not", TWO,
        "> drop hr/a.csv\n> drop b.csv\n> scan\n> away hr\n> at 10\n> hear hr\n"
        "> scan\n"
        "warning feed_out_of_service: feed hr: inbox/hr: cannot open it: No such file or "
        "directory; it is out of service until that is mended\n"
        "> next\ndefault b.csv short\n> next\n-\n> waiting\nno\n"
        "> look\n"
        "ready 1 runs 0 busy 1 unsettled 0 answered 0 refused 0 since 10: feed hr: inbox/hr: "
        "cannot open it: No such file or directory\n"
        "> wake\nwake 110\n> at 110\n> scan\n> wake\nwake 310\n"
        "> at 310\n> back hr\n> scan\ninfo feed_in_service: feed hr: it is in service again\n"
        "> next\nhr a.csv short\n"
        "> look\nready 0 runs 0 busy 2 unsettled 0 answered 0 refused 0\n"},
    {"the making of a folder is heard in the one above", TWO,
        "> scan\n> away hr\n> hear hr\n"
        "> scan\n"
        "warning feed_out_of_service: feed hr: inbox/hr: cannot open it: No such file or "
        "directory; it is out of service until that is mended\n"
        "> wake\nwake 100\n> back hr\n> at 50\n> hear default hr\n> wake\nwake 50\n"
        "> scan\ninfo feed_in_service: feed hr: it is in service again\n"
        "> look\nready 0 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"},
    {"a look that is asked for comes at once, or after four times what the last took", "",
        "> scan\n> hear default\n> wake\nwake 0\n> takes 20\n> scan\n> wake\nwake 3600000\n"
        "> hear default\n> wake\nwake 100\n"
        "> look\nready 0 runs 0 busy 0 unsettled 1 answered 0 refused 0\n"
        "> takes 0\n> at 100\n> scan\n"
        "> look\nready 0 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"},
    {"a file that is whole by what is heard need not settle", "settle: 2s\n",
        "> drop a.csv\n> drop b.csv\n> hear default b.csv\n> scan\n"
        "> look\nready 1 runs 0 busy 0 unsettled 1 answered 0 refused 0\n"
        "> wake\nwake 2000\n> next\ndefault b.csv short\n"
        "> done default answered\n"
        "info run_done: b.csv: 3 rows, 1 of them with an error; 2 requests done\n"
        "> away b.csv\n> at 2000\n> scan\n> next\ndefault a.csv short\n"},
    {"all is looked at when the watch has lost count", TWO,
        "> scan\n> wake\nwake 3600000\n> at 7\n> hear\n> wake\nwake 7\n"
        "> look\nready 0 runs 0 busy 0 unsettled 4 answered 0 refused 0\n"
        "> scan\n> wake\nwake 3600007\n"
        "> look\nready 0 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"},
    {"other machines' writing is heard by nobody, and looked for", "",
        "> scan\n> wake\nwake 3600000\n> network\n> hear\n> scan\n> wake\nwake 2000\n"},
    {"after a hundred lines a minute there is one with the number of the rest", "",
        "> links default 105\n> scan\nwarning file_left: 100 times\n"
        "> unlink default\n> hear\n> scan\n> at 59999\n> links default 2\n> hear\n> scan\n"
        "> unlink default\n> hear\n> scan\n> at 60000\n> links default 101\n> hear\n"
        "> scan\n"
        "warning files_left: 7 more times a file stayed in the inbox\n"
        "warning file_left: 100 times\n"
        "> anew\nwarning files_left: 1 more time a file stayed in the inbox\n"},
    {"folders that belong into an inbox are not told, others are", TWO,
        "> mkdir default\n> scan\n> mkdir it\n> hear\n"
        "> scan\n"
        "warning file_left: it stays in the inbox: it is a directory and no feed of that name is "
        "configured\n"
        "> mkdir hr/old\n> hear\n"
        "> scan\n"
        "warning file_left: old stays in the inbox: it is a directory, and a feed has none below "
        "its own but preview\n"
        "> mkdir preview/hr\n> hear\n"
        "> scan\n"
        "warning file_left: hr stays in the inbox: it is a directory, and previews have none below "
        "theirs\n"},
    {"a marker that has not come is told at the end, once",
        "feeds:\n  default: { marker: .done }\n",
        "> drop a.csv\n> drop b.csv\n> drop b.csv.done\n> scan\n> next\ndefault b.csv short\n"
        "> next\n-\n"
        "> tell\n"
        "warning file_left: a.csv stays in the inbox: it waits for its marker, a.csv.done\n"
        "> tell\n"},
};

#define RECOVERED(name) "info run_recovered: going on with " name ", which was interrupted\n"
#define DONE(name) "info run_done: " name ": 3 rows, 1 of them with an error; 2 requests done\n"
#define HELD(name, id)                                                                             \
	"warning run_stopped: " name " was stopped, as told, and waits for a person: enrolctl "    \
	"release " id " goes on with it, enrolctl discard " id " leaves it as it is\n"
#define R7 "20260101-000000-000007"

static const struct stage_case steered[] = {
    {"a paused feed takes no file, and the others do", TWO,
        "> drop a.csv\n> drop hr/b.csv\n> drop hr/preview/c.csv\n> scan\n> pause hr\n"
        "> look\nready 1 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"
        "> next\ndefault a.csv short\n> next\n-\n> waiting whole\nno\n"
        "> wake\nwake 3600000\n"
        "> resume hr\n> waiting short\nyes\n> next\nhr b.csv short\n"
        "> next\nhr/preview c.csv short\n"},
    {"a paused feed goes on with what it has begun", "",
        "> drop a.csv 40000\n> drop b.csv\n> scan\n> next\ndefault a.csv yielding\n"
        "> pause default\n> done default yielded as 7\n> next\ndefault run 7 yielding\n"
        "> done default answered\n" DONE("f.csv") "> next\n-\n> orders\npause default\n"},
    {"a paused feed is paused under another configuration, and when it is told again", TWO,
        "> pause hr\n> pause hr\n> anew\n> read\n> drop hr/a.csv\n> scan\n> next\n-\n"
        "> resume hr\n> resume hr\n> next\nhr a.csv short\n"},
    {"a pause of no feed does nothing", "",
        "> pause hr\n> drop a.csv\n> scan\n> next\ndefault a.csv short\n"},
    {"a run that was stopped waits, and is gone on with when it is released", "",
        "> drop a.csv 40000\n> drop b.csv\n> scan\n> next\ndefault a.csv yielding\n"
        "> stop 7\n> done default held as 7\n" HELD("a.csv",
            R7) "> has 7\nyes\n> look\nready 1 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"
                "> next\ndefault b.csv short\n> done default answered\n" DONE(
                    "b.csv") "> next\n-\n> wake\nwake 3600000\n> read\n> next\n-\n"
                             "> release 7\n> next\ndefault run 7 yielding\n> done default answered "
                             "as 7\n" DONE("f.csv") "> has 7\nno\n> orders\n"},
    {"a run that was released before it had stopped goes on, and nobody is asked", "",
        "> drop a.csv 40000\n> scan\n> next\ndefault a.csv yielding\n"
        "> stop 7\n> release 7\n> done default held as 7\n> next\ndefault run 7 yielding\n"},
    {"a run that was stopped ends where it is when it is discarded", "",
        "> drop a.csv 40000\n> scan\n> next\ndefault a.csv yielding\n"
        "> stop 7\n> done default held as 7\n" HELD("a.csv",
            R7) "> discard 7\n> next\ndefault run 7 yielding\n> done default discarded as 7\n"
                "warning run_discarded: f.csv lies in quarantine: \n"
                "> orders\n> has 7\nno\n"},
    {"a run that ended before it heard of the word is over, and so is the word", "",
        "> drop a.csv 40000\n> scan\n> next\ndefault a.csv yielding\n"
        "> stop 7\n> done default answered as 7\n" DONE("a.csv") "> orders\n> next\n-\n"},
    {"a run that its claim was taken back of is over, and so is the word", "",
        "> run 7 a.csv\n" RECOVERED(
            "a.csv") "> next\ndefault run 7 yielding\n"
                     "> stop 7\n> lost 7\n> done default gone as 7\n> orders\n"},
    {"a run that another daemon has now is not over, nor is the word", "",
        "> run 7 a.csv\n" RECOVERED(
            "a.csv") "> next\ndefault run 7 yielding\n"
                     "> stop 7\n> done default gone as 7\n> orders\nstop 7\n"},
    {"a run of a dead daemon waits when it was stopped before", TWO,
        "> stop 7\n> run 7 hr/a.csv\n" RECOVERED(
            "a.csv") "> next\n-\n> has 7\nyes\n"
                     "> look\nready 0 runs 0 busy 0 unsettled 0 answered 0 refused 0\n"
                     "> run 8 hr/b.csv\n" RECOVERED(
                         "b.csv") "> next\nhr run 8 yielding\n"
                                  "> done hr answered as 8\n" DONE(
                                      "f.csv") "> release 7\n> next\nhr run 7 yielding\n"},
    {"a run of a dead daemon that was stopped and discarded ends", "",
        "> stop 7\n> discard 7\n> run 7 a.csv\n" RECOVERED(
            "a.csv") "> next\ndefault run 7 yielding\n"},
    {"a run that waits for its turn waits for a person instead", "",
        "> run 7 a.csv\n" RECOVERED("a.csv") "> run 8 b.csv\n" RECOVERED(
            "b.csv") "> stop 7\n> next\ndefault run 8 yielding\n> done default answered as "
                     "8\n" DONE("f.csv") "> next\n-\n> release 7\n> next\ndefault run 7 "
                                         "yielding\n"},
    {"a run in trouble that is stopped is tried no more", "",
        "> run 7 a.csv\n" RECOVERED(
            "a.csv") "> next\ndefault run 7 yielding\n> stop 7\n"
                     "> done default postponed as 7 : the disk is full\n"
                     "warning run_waits: the disk is full; the file is kept and tried again\n"
                     "> at 60000\n> next\n-\n> scan\ninfo run_goes_on: what feed default waited "
                     "for is over\n"
                     "> release 7\n> next\ndefault run 7 yielding\n"},
    {"a run of a preview is stopped like any other", TWO,
        "> drop hr/preview/a.csv 40000\n> scan\n> next\nhr/preview a.csv whole\n"
        "> stop 7\n> done hr/preview held as 7\n" HELD(
            "a.csv", R7) "> next\n-\n> release 7\n> next\nhr/preview run 7 whole\n"},
};

Test(feeds, do_what_people_order)
{
	EXPECT(steered);
}

Test(feeds, give_runs_before_files_and_each_feed_its_turn)
{
	EXPECT(orders);
}

Test(feeds, keep_a_worker_for_who_waits)
{
	EXPECT(weights);
}

Test(feeds, wait_twice_as_long_each_time)
{
	EXPECT(troubles);
}

Test(feeds, do_what_the_end_of_a_run_asks)
{
	EXPECT(ends);
}

Test(feeds, look_into_their_folders)
{
	EXPECT(folders);
}
