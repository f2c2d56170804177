"""The limit of this machine: the database's own rate of b-tree entries.

The very rows that enrold has just written, sorted by the key that most of their indexes share, go
into the same empty tables with all their indexes by the engine's fastest own way, in one
transaction, and nothing else happens: nobody reads a file, looks anybody up or writes an answer.
SQLite: INSERT ... SELECT from an attached database (`WHERE 1`, for the transfer that copies whole
trees works into empty tables only); PostgreSQL: COPY FROM; MariaDB: LOAD DATA INFILE.
"""
import os, subprocess, time

import bench

# What a new enrolment leaves, and the order in which it is loaded.
KEYS = {
    'mdl_user_enrolments': 'enrolid, userid',
    'mdl_role_assignments': 'contextid, userid',
    'mdl_cache_flags': 'name',
    'mdl_logstore_standard_log': 'courseid, relateduserid',
}


class Sqlite:
    def __init__(self, engine):
        self.engine, self.side, self.columns = engine, f'{bench.BENCH}/side.db', {}

    def sql(self, path, text):
        return subprocess.run(['sqlite3', path], input=text, check=True, capture_output=True, text=True).stdout

    def keep(self):
        """Of the database as enrold has left it."""
        if os.path.exists(self.side):
            os.remove(self.side)
        script = f"ATTACH '{self.side}' AS side; ATTACH '{self.engine.base}' AS base;\n"
        for table, key in KEYS.items():
            names = self.sql(self.engine.path, f"SELECT name FROM pragma_table_info('{table}') WHERE name <> 'id'")
            self.columns[table] = ', '.join(f'"{name}"' for name in names.split())
            script += (f'CREATE TABLE side.{table} AS SELECT {self.columns[table]} FROM main.{table} WHERE id > '
                       f'(SELECT coalesce(max(id), 0) FROM base.{table}) ORDER BY {key};\n')
        self.sql(self.engine.path, script)

    def load(self):
        self.engine.reset()
        script = ('PRAGMA journal_mode = wal; PRAGMA synchronous = normal; PRAGMA cache_size = -262144;\n'
                  f"ATTACH '{self.side}' AS side;\nBEGIN IMMEDIATE;\n")
        for table, columns in self.columns.items():
            script += (f'INSERT INTO main.{table} ({columns}) SELECT {columns} FROM side.{table} WHERE 1 '
                       'ORDER BY rowid;\n')
        start = time.monotonic()
        self.sql(self.engine.path, script + 'COMMIT;\n')
        return time.monotonic() - start


class Server:
    def __init__(self, engine):
        self.engine, self.columns = engine, {}

    def ask(self, sql):
        return subprocess.run(self.engine.command + self.quiet, input=sql, check=True, capture_output=True,
                              text=True).stdout

    def find_columns(self, table):
        names = self.ask("SELECT column_name FROM information_schema.columns WHERE table_name = "
                         f"'{table}' AND table_schema = {self.schema} AND column_name <> 'id' ORDER BY ordinal_position;")
        self.columns[table] = ', '.join(names.split())
        return self.columns[table]

    def load(self):
        self.engine.reset()
        script = self.begin + ''.join(self.load_one(table, columns) for table, columns in self.columns.items())
        start = time.monotonic()
        self.engine.execute(script + 'COMMIT;\n')
        return time.monotonic() - start


class Postgresql(Server):
    quiet, schema, begin = ['-q', '-A', '-t'], 'current_schema()', 'BEGIN;\n'

    def path(self, table):
        return f"{self.ask('SHOW data_directory;').strip()}/{table}.copy"

    def keep(self):
        for table, key in KEYS.items():
            self.engine.execute(f"COPY (SELECT {self.find_columns(table)} FROM {table} ORDER BY {key}) TO "
                                f"'{self.path(table)}' (FORMAT binary);")

    def load_one(self, table, columns):
        return f"COPY {table} ({columns}) FROM '{self.path(table)}' (FORMAT binary);\n"


class Mariadb(Server):
    quiet, schema, begin = ['--batch', '--skip-column-names'], 'DATABASE()', 'SET autocommit = 0;\n'

    def keep(self):
        for table, key in KEYS.items():
            path = self.ask('SELECT @@datadir;').strip() + f'{table}.load'
            if os.path.exists(path):
                os.remove(path)
            self.engine.execute(f"SELECT {self.find_columns(table)} INTO OUTFILE '{path}' FROM {table} ORDER BY {key};")

    def load_one(self, table, columns):
        path = self.ask('SELECT @@datadir;').strip() + f'{table}.load'
        return f"LOAD DATA INFILE '{path}' INTO TABLE {table} ({columns});\n"


LIMITS = {'sqlite': Sqlite, 'postgresql': Postgresql, 'mariadb': Mariadb}
