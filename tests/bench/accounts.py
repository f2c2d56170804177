#!/usr/bin/env python3
"""What it costs to make accounts, against the engine's own set-based way.

    tests/bench/accounts.py [--engine sqlite] [--rounds 3] [--rows 100000] [--courses 2] [--enrold PROGRAM ...]

A file of new people (upload_type add, passwords to be generated, no courses or two each) goes into
a site of 200,000. The floor is accounts/ENGINE.sql: the file into a temporary table, and from there
into every table with one statement. Floor and programs take turns on equal databases; whoever has
written another number of rows into any table than the floor ends the bench. Ratios are medians of
the rounds'; beside them is the processor's time of enrold itself, which others' loads do not move.

--passwords measures what a password in each row costs instead: rows a second, by the clock, against
a loop of crypt() on one core and on all.
"""
import argparse, os, random, shutil, statistics, subprocess, sys

import engines
from ground import BENCH, BIN, COURSES, ROOT, config, once, prepare, timed

HERE = f'{ROOT}/tests/bench/accounts'
TABLES = ['user', 'context', 'user_preferences', 'user_info_data', 'user_enrolments', 'role_assignments',
          'cache_flags', 'logstore_standard_log', 'sessions']
COUNTS = ' UNION ALL '.join(f"SELECT '{t}', count(*) FROM mdl_{t}" for t in TABLES)


def write_file(rows, courses, has_passwords=False):
    path, dice = f'{BENCH}/accounts-{rows}-{courses}{"-p" * has_passwords}.csv', random.Random(2)
    with open(path, 'w') as out:
        out.write('username,firstname,lastname,email,city,course1,course2' + ',password' * has_passwords + '\n')
        for i in range(rows):
            pair = dice.sample(range(COURSES), 2) if courses else None
            cells = f'C{pair[0]},C{pair[1]}' if pair else ','
            out.write(f'new{i},First{i % 997},Last{i},new{i}@example.org,Town{i % 53},{cells}'
                      + f',Secret.{i}' * has_passwords + '\n')
    return path


class Sqlite(engines.Sqlite):
    def counts(self):
        return subprocess.run(['sqlite3', self.path, COUNTS], check=True, capture_output=True, text=True).stdout


class Postgresql(engines.Postgresql):
    """A new copy of the database for each round."""
    copy = 'enrold_bench_copy'

    def __init__(self, base):
        super().__init__(base)
        self.admin = self.command[:-1] + ['postgres']
        self.url = os.environ['ENROLD_TEST_URL'].replace('%s', self.copy)
        self.command = self.command[:-1] + [self.copy]

    def reset(self):
        subprocess.run(self.admin, check=True, stdout=subprocess.DEVNULL, text=True,
                       input=f'DROP DATABASE IF EXISTS {self.copy};\nCREATE DATABASE {self.copy} '
                             f'TEMPLATE {self.database};\nCHECKPOINT;\n')

    def execute(self, sql):
        command = self.command[:-1] + [self.database]
        subprocess.run(command, input=sql.encode(), check=True, stdout=subprocess.DEVNULL)

    def counts(self):
        return subprocess.run(self.command + ['-At', '-c', COUNTS], check=True, capture_output=True, text=True).stdout


class Mariadb(engines.Mariadb):
    """The tables with people in them are made anew from others."""
    def __init__(self, base):
        super().__init__(base)
        for name in ('user', 'context'):
            self.execute(f'CREATE TABLE kept_{name} LIKE mdl_{name}; INSERT INTO kept_{name} SELECT * FROM mdl_{name};')

    def reset(self):
        super().reset()
        self.execute('TRUNCATE mdl_user_preferences; TRUNCATE mdl_user_info_data;')
        for name in ('user', 'context'):
            self.execute(f'DROP TABLE mdl_{name}; CREATE TABLE mdl_{name} LIKE kept_{name}; '
                         f'INSERT INTO mdl_{name} SELECT * FROM kept_{name}; ANALYZE TABLE mdl_{name};')

    def counts(self):
        return subprocess.run(self.command + ['-N', '-B', '-e', COUNTS],
                              check=True, capture_output=True, text=True).stdout


ENGINES = {'sqlite': Sqlite, 'postgresql': Postgresql, 'mariadb': Mariadb}


def floor_run(engine, name, data):
    script = f'{BENCH}/accounts.sql'
    with open(f'{HERE}/{name}.sql') as source, open(script, 'w') as out:
        out.write(source.read().replace('FILE', data))
    engine.reset()
    return engine.script(script).seconds


def enrold_run(engine, program, data):
    """Seconds by the clock, the processor's, and MiB."""
    spool = f'{BENCH}/spool-accounts'
    shutil.rmtree(spool, ignore_errors=True)
    path = once(config(engine.url, spool, 'feeds: { default: { upload_type: add } }\n'))
    os.makedirs(f'{spool}/inbox')
    shutil.copyfile(data, f'{spool}/inbox/rows.csv')
    engine.reset()
    took = timed([program, '--config', path, '--once'])
    return took.seconds, took.user + took.system, took.memory


def check(program, wanted, found):
    if sorted(found.split()) != sorted(wanted.split()):
        sys.exit(f'{program} has written\n{found}and the floor\n{wanted}')


def ratios(engine, options, data):
    found = {program: [] for program in options.enrold}
    for _ in range(options.rounds):
        floor = floor_run(engine, options.engine, data)
        wanted = engine.counts()
        print(f'floor {floor:.2f} s')
        for program in options.enrold:
            seconds, busy, memory = enrold_run(engine, program, data)
            check(program, wanted, engine.counts())
            found[program].append(floor / seconds)
            print(f'{program} {seconds:.2f} s, {busy:.2f} s of its own processor, {memory:.0f} MiB')
    for program, all_of in found.items():
        print(f'{engine.title}, {options.rows:,} accounts, {options.courses} courses each: {program} '
              f'{statistics.median(all_of):.2f} of the floor ({min(all_of):.2f} to {max(all_of):.2f})')


def hashed_a_second(cores, seconds=4):
    """Of a loop of crypt(), and nothing else, on so many cores."""
    with open('/dev/null') as nothing:
        loops = [subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-c',
             'import crypt, time\nend, count = time.monotonic() + %d, 0\n'
             'while time.monotonic() < end:\n crypt.crypt("Secret.%%d" %% count, "$6$rounds=5000$abcdefghijklmnop$")\n'
             ' count += 1\nprint(count)' % seconds], stdin=nothing, stdout=subprocess.PIPE, text=True)
            for _ in range(cores)]
        return sum(int(loop.communicate()[0]) for loop in loops) / seconds


def passwords(engine, options):
    data = write_file(options.rows, options.courses, True)
    one, all_cores = hashed_a_second(1), hashed_a_second(os.cpu_count())
    print(f'crypt() alone: {one:.0f} a second on one core, {all_cores:.0f} on {os.cpu_count()}')
    for _ in range(options.rounds):
        for program in options.enrold:
            seconds, busy, memory = enrold_run(engine, program, data)
            print(f'{program} {seconds:.2f} s, {options.rows / seconds:.0f} a second, '
                  f'{options.rows / seconds / all_cores:.2f} of crypt() on all cores, {busy:.2f} s of processor, '
                  f'{memory:.0f} MiB')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--engine', choices=ENGINES, default='sqlite')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--rows', type=int, default=100_000)
    parser.add_argument('--courses', type=int, choices=(0, 2), default=2)
    parser.add_argument('--enrold', nargs='+', default=[f'{BIN}/enrold'])
    parser.add_argument('--passwords', action='store_true')
    options = parser.parse_args()
    base, _ = prepare(10)
    if options.engine != 'sqlite' and 'ENROLD_TEST_URL' not in os.environ:
        engines.under_server(options.engine)
    engine = ENGINES[options.engine](base)
    if options.passwords:
        passwords(engine, options)
    else:
        ratios(engine, options, write_file(options.rows, options.courses))


if __name__ == '__main__':
    main()
