#include "enrold/pace.h"

/* Workers may overtake one another here: what is lost by that is one step. */

uint64_t pace_records(struct pace *pace, uint64_t configured)
{
	uint64_t records = atomic_load(&pace->records);
	return records > 0 && records < configured ? records : configured;
}

void pace_shorten(struct pace *pace, uint64_t records)
{
	uint64_t now = pace_records(pace, records) / 4;
	atomic_store(&pace->records, now > 0 ? now : 1);
}

void pace_recover(struct pace *pace)
{
	uint64_t records = atomic_load(&pace->records);
	if (records > 0)
		atomic_store(&pace->records, records < PACE_FREE ? records + records / 4 + 1 : 0);
}
