"""The limit of a machine: how fast its database takes the very rows that enrold has written, when
nothing else is to be done.

The rows of the four tables are kept, by primary key, and loaded into the same tables, empty again, with
all their indexes, in one transaction with its durable commit, by what the engine itself has that is
fastest. By primary key is the best order: each table then grows at its end, and as enrold gives keys in
the order of course and person, so do (enrolid, userid) and (contextid, userid), the largest of the
indexes. The other ones of a table want orders of their own; they get what they get, and so does enrold.

What an engine can only do in an empty table is left out, for no site has one: SQLite's transfer of
whole b-trees (WHERE 1, ORDER BY), PostgreSQL's FREEZE, InnoDB's bulk insert (it asks for
unique_checks = 0), indexes that are made afterwards.
"""
import os

from engines import TABLES
from ground import BENCH

# Each: before all tables, of each, and after; {place} is where the engine may write.
KEEP = {
    'sqlite': ("ATTACH '{place}/kept.db' AS kept;\n",
               'CREATE TABLE kept.{table} AS SELECT * FROM main.mdl_{table} ORDER BY id;\n', ''),
    'postgresql': ('', "COPY (SELECT * FROM mdl_{table} ORDER BY id) TO '{place}/{table}.rows' (FORMAT binary);\n", ''),
    'mariadb': ('', "SELECT * INTO OUTFILE '{place}/{table}.rows' FROM mdl_{table} ORDER BY id;\n", ''),
}
LOAD = {
    'sqlite': ('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;\n'
               "ATTACH '{place}/kept.db' AS kept;\nBEGIN IMMEDIATE;\n",
               'INSERT INTO main.mdl_{table} SELECT * FROM kept.{table} WHERE 1 ORDER BY rowid;\n', 'COMMIT;\n'),
    'postgresql': ('BEGIN;\n', "COPY mdl_{table} FROM '{place}/{table}.rows' (FORMAT binary);\n", 'COMMIT;\n'),
    'mariadb': ('SET autocommit = 0;\n', "LOAD DATA LOCAL INFILE '{place}/{table}.rows' INTO TABLE mdl_{table};\n",
                'COMMIT;\n'),
}


def script(engine, parts):
    before, each, after = parts[engine.name]
    path = f'{BENCH}/limit.sql'
    with open(path, 'w') as out:
        out.write(before.format(place=engine.place))
        out.writelines(each.format(table=table, place=engine.place) for table in TABLES)
        out.write(after)
    return path


def keep(engine):
    """What the four tables hold now; the b-tree entries of that."""
    for name in ['kept.db'] + [f'{table}.rows' for table in TABLES]:
        if os.path.exists(f'{engine.place}/{name}'):
            os.remove(f'{engine.place}/{name}')
    engine.script(script(engine, KEEP))
    entries = 0
    for table in TABLES:
        rows = int(engine.query(f'SELECT count(*) FROM mdl_{table};')[0])
        entries += rows * int(engine.query(engine.count_trees.format(table=table) + ';')[0])
    return entries


def load(engine):
    """What was kept, into the empty tables."""
    return engine.script(script(engine, LOAD))
