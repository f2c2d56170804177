#!/usr/bin/env python3
"""Who waits for whom; and what speed.py, accounts.py and scale.py stand on: engines, sites, floors.

    tests/bench/bench.py [--engine sqlite] [--rows 250000] [--readme]

Files of ten rows in one feed, dropped one by one while two giants of another feed run (one as a
preview), and then while 20,000 new accounts with passwords are previewed; and meanwhile another
writer of the database: on SQLite any write transaction, on a server somebody who enrols people at
random out of those in the giants. With --readme the table replaces the one in tests/RESULTS.md.

A floor is the engine's own bulk loader, ../shared/floors/ENGINE.sql, from the same starting
database and for the same rows. For postgresql and mariadb a server of the bench's own runs on this
machine, with every flush.
"""
import argparse, os, random, shutil, signal, sqlite3, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = f'{ROOT}/build/release'
BENCH = f'{ROOT}/build/bench'
FLOORS = f'{ROOT}/../shared/floors'
USERS, COURSES, DROPS = 200_000, 200, 300


def config(url, spool, more=''):
    path = f'{spool}.yaml'
    with open(path, 'w') as out:
        out.write(f'spool: {spool}\nlms: {{ url: "{url}" }}\nlog_level: error\n{more}')
    return path


def prepare(rows):
    """The site and the file, made once."""
    os.makedirs(BENCH, exist_ok=True)
    base, data = f'{BENCH}/base.db', f'{BENCH}/rows-{rows}.csv'
    if not os.path.exists(base):
        with open(f'{BENCH}/users.csv', 'w') as out:
            out.write('username,firstname,lastname,email\n')
            out.writelines(f'p{i},A,B,p{i}@example.org\n' for i in range(USERS))
        with open(f'{BENCH}/courses.csv', 'w') as out:
            out.write('shortname\n')
            out.writelines(f'C{i}\n' for i in range(COURSES))
        ctl = [f'{BIN}/enrolctl', '--config', config(f'sqlite:{base}.part', f'{BENCH}/none'), 'lms']
        for command in (['init'], ['add-users', f'{BENCH}/users.csv'], ['add-courses', f'{BENCH}/courses.csv']):
            subprocess.run(ctl + command, check=True, stdout=subprocess.DEVNULL)
        os.rename(f'{base}.part', base)
    if not os.path.exists(data):
        dice = random.Random(1)
        with open(data, 'w') as out:
            out.write('username,course1,course2\n')
            for _ in range(rows):
                first, second = dice.sample(range(COURSES), 2)
                out.write(f'p{dice.randrange(USERS)},C{first},C{second}\n')
    return base, data


def timed(argv, stdin=None):
    """Seconds, and the peak resident memory in MiB."""
    start = time.monotonic()
    process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f'{argv[0]} ended with {status}')
    return time.monotonic() - start, usage.ru_maxrss / 1024


class Sqlite:
    """A copy of the database for each round."""
    title = 'SQLite'

    def __init__(self, base):
        self.base, self.path = base, f'{BENCH}/copy.db'
        self.url = f'sqlite:{self.path}'

    def reset(self):
        for end in ('', '-wal', '-shm'):
            if os.path.exists(self.path + end):
                os.remove(self.path + end)
        shutil.copyfile(self.base, self.path)
        os.sync()

    def floor(self, script):
        with open(script) as stdin:
            return timed(['sqlite3', self.path], stdin)[0]


    def rival(self):
        """Writes something; returns when that is done."""
        connection = sqlite3.connect(self.path, timeout=120, isolation_level=None, check_same_thread=False)

        def write():
            connection.execute('BEGIN IMMEDIATE')
            connection.execute("UPDATE mdl_config SET value = value WHERE name = 'siteguest'")
            connection.execute('COMMIT')
            return True
        return write


class Server:
    """One database; what a round has written is emptied before the next."""
    database = 'enrold_bench'
    written = ['mdl_user_enrolments', 'mdl_role_assignments', 'mdl_cache_flags', 'mdl_logstore_standard_log']

    def __init__(self, base):
        subprocess.run([f'{BIN}/fill', base, self.database], check=True)
        self.url = os.environ['ENROLD_TEST_URL'].replace('%s', self.database)
        self.command = os.environ['ENROLD_TEST_CLIENT'].split() + [self.database]

    def rival(self, first=''):
        """Enrols somebody by a client that is kept running; whether that went well."""
        client = subprocess.Popen(self.command + self.chatty, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True, bufsize=1)
        client.stdin.write(first)

        def write():
            client.stdin.write(
                'INSERT INTO mdl_user_enrolments (enrolid, userid, status, timestart, timeend, modifierid, '
                'timecreated, timemodified) SELECT e.id, u.id, 0, 0, 0, 2, 1, 1 FROM mdl_enrol e, mdl_user u '
                f"WHERE e.courseid = (SELECT id FROM mdl_course WHERE shortname = 'C{random.randrange(COURSES)}') "
                f"AND e.enrol = 'manual' AND u.username = 'p{random.randrange(USERS)}' AND NOT EXISTS (SELECT 1 "
                'FROM mdl_user_enrolments x WHERE x.enrolid = e.id AND x.userid = u.id);\n' + self.outcome)
            client.stdin.flush()
            return client.stdout.readline().strip() != 'failed'
        return write

    def execute(self, sql):
        subprocess.run(self.command, input=sql.encode(), check=True, stdout=subprocess.DEVNULL)


class Postgresql(Server):
    title = 'PostgreSQL'
    chatty = ['-q', '-A', '-t', '-v', 'ON_ERROR_STOP=0']
    outcome = "\\if :ERROR\n\\echo failed\n\\else\n\\echo done\n\\endif\n"

    def __init__(self, base):
        super().__init__(base)
        self.execute('VACUUM ANALYZE')

    def reset(self):
        self.execute(f"TRUNCATE {','.join(self.written)}, enrold.enrold_run, enrold.enrold_head; CHECKPOINT")

    def floor(self, script):
        return timed(self.command + ['-f', script])[0]


class Mariadb(Server):
    title = 'MariaDB'
    chatty = ['--force', '--unbuffered', '--batch', '--skip-column-names']
    outcome = "SELECT IF(ROW_COUNT() < 0, 'failed', 'done');\n"

    def rival(self):
        """In the isolation that Moodle asks for: what it only reads is not locked."""
        return super().rival('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n')

    def reset(self):
        self.execute(''.join(f'TRUNCATE {name};' for name in self.written + ['enrold_run', 'enrold_head']))

    def floor(self, script):
        with open(script) as stdin:
            return timed(self.command[:1] + ['--no-defaults', '--local-infile=1'] +
                         [w for w in self.command[1:] if w != '--no-defaults'], stdin)[0]


ENGINES = {'sqlite': Sqlite, 'postgresql': Postgresql, 'mariadb': Mariadb}
SERVER_OPTIONS = {
    'postgresql': '-c shared_buffers=2GB -c max_wal_size=4GB -c autovacuum=off',
    'mariadb': '--innodb-buffer-pool-size=2G --innodb-log-file-size=1G --local-infile=1',
}


def floor_round(name, engine, data):
    """New enrolments, then all of them there already."""
    engine.reset()
    script = f'{BENCH}/floor.sql'
    with open(f'{FLOORS}/{name}.sql') as source, open(script, 'w') as out:
        out.write(source.read().replace('FILE', data))
    return [engine.floor(script) for _ in range(2)]


def once(path):
    """Without settling: the file lies there whole."""
    with open(path) as source:
        text = source.read()
    with open(f'{path}.once', 'w') as out:
        out.write(text + 'settle: 0\n')
    return f'{path}.once'


def latency(engine):
    """Milliseconds from drop to answer, sorted."""
    engine.reset()
    spool = f'{BENCH}/spool-latency'
    shutil.rmtree(spool, ignore_errors=True)
    daemon = subprocess.Popen([f'{BIN}/enrold', '--config', config(engine.url, spool)])
    while not os.path.isdir(f'{spool}/outbox'):
        time.sleep(0.05)
    time.sleep(0.5)
    found, outbox = [], f'{spool}/outbox'
    for i in range(DROPS):
        staged = f'{spool}/.staged'
        with open(staged, 'w') as out:
            out.write('username,course1\n')
            out.writelines(f'p{i * 10 + k},C{k}\n' for k in range(10))
        start = time.monotonic()
        os.rename(staged, f'{spool}/inbox/f{i}.csv')
        while not any(n.startswith(f'f{i}.') and n.endswith('.summary.json') for n in os.listdir(outbox)):
            time.sleep(0.0002)
        found.append((time.monotonic() - start) * 1000)
        if i % 20 == 19: # so that looking into the outbox stays cheap
            for name in os.listdir(outbox):
                os.remove(f'{outbox}/{name}')
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()
    return sorted(found)


# ---- fairness ----

FEEDS = 'feeds:\n  default: {}\n  a: {}\n  b: {}\n  new: { upload_type: add_or_update }\n'
NEW, HASHED = 20_000, 2_000


class Rival(threading.Thread):
    """Twenty writes a second, and how long each took."""
    def __init__(self, engine):
        super().__init__(daemon=True)
        self.write, self.waits, self.failed, self.is_over = engine.rival(), [], 0, False

    def run(self):
        while not self.is_over:
            start = time.monotonic()
            self.failed += not self.write()
            self.waits.append(time.monotonic() - start)
            time.sleep(0.05)

    def stop(self):
        self.is_over = True
        self.join()
        return self


def drop_small(spool, number):
    """Milliseconds until the answer is there."""
    with open(f'{spool}/.staged', 'w') as out:
        out.write('username,course1\n')
        out.writelines(f'p{number * 10 + k},C{k}\n' for k in range(10))
    start = time.monotonic()
    os.rename(f'{spool}/.staged', f'{spool}/inbox/b/f{number}.csv')
    while not any(n.startswith(f'f{number}.') and n.endswith('.summary.json') for n in os.listdir(f'{spool}/outbox/b')):
        time.sleep(0.001)
    return (time.monotonic() - start) * 1000


def beside(engine, giants):
    """Drops into feed b, and the rival, until the giants ([lane, input]) have their answers."""
    engine.reset()
    spool = f'{BENCH}/spool-fairness'
    shutil.rmtree(spool, ignore_errors=True)
    daemon = subprocess.Popen([f'{BIN}/enrold', '--config', config(engine.url, spool, FEEDS)])
    outboxes = {f'{spool}/outbox/{lane.split("/")[0]}' for lane, _ in giants}
    while not all(os.path.isdir(path) for path in outboxes | {f'{spool}/outbox/b'}):
        if daemon.poll() is not None:
            sys.exit('enrold has ended')
        time.sleep(0.05)
    time.sleep(0.5)
    for number, (lane, data) in enumerate(giants):
        shutil.copyfile(data, f'{spool}/.giant')
        os.rename(f'{spool}/.giant', f'{spool}/inbox/{lane}/giant{number}.csv')
    start, found, rival = time.monotonic(), [], Rival(engine)
    rival.start()
    while sum(n.endswith('.summary.json') for path in outboxes for n in os.listdir(path)) < len(giants):
        found.append(drop_small(spool, len(found)))
        time.sleep(random.random() / 5)
    seconds = time.monotonic() - start
    rival.stop()
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()
    return sorted(found), rival, seconds


def fairness(engine, data, rows):
    def accounts(count):
        path = f'{BENCH}/accounts-{count}.csv'
        with open(path, 'w') as out:
            out.write('username,firstname,lastname,email,password\n')
            out.writelines(f'new{i},A,B,new{i}@example.org,Secret.{i}\n' for i in range(count))
        return path
    lines = [f'{engine.title}, at a load of {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores:', '',
             '| beside | for | drops | p50 | p99 | another writer waits at most | and fails |',
             '|---|---|---|---|---|---|---|']
    for title, giants in ((f'two giants of {rows:,} rows, one a preview', [('a', data), ('a/preview', data)]),
                          (f'a preview of {NEW:,} new accounts with passwords', [('new/preview', accounts(NEW))]),
                          (f'{HASHED:,} new accounts with passwords', [('new', accounts(HASHED))])):
        found, rival, seconds = beside(engine, giants)
        lines.append(f'| {title} | {seconds:.0f} s | {len(found)} | {found[len(found) // 2]:.0f} ms | '
                     f'{found[len(found) * 99 // 100]:.0f} ms | {max(rival.waits, default=seconds) * 1000:.0f} ms | '
                     f'{rival.failed} of {len(rival.waits)} |')
        print(lines[-1], file=sys.stderr)
    return '\n'.join(lines)


def readme(name, text, file='tests/RESULTS.md'):
    begin, end = f'<!-- {name} -->', f'<!-- /{name} -->'
    path = f'{ROOT}/{file}'
    with open(path) as source:
        before, rest = source.read().split(begin)
    rest = rest.split(end)[1]
    with open(path, 'w') as out:
        out.write(f'{before}{begin}\n{text}\n{end}{rest}')


def with_server(name, command):
    """What starts the command while that engine's server runs, and in which environment."""
    if name == 'sqlite':
        return command, os.environ
    environment = dict(os.environ, ENROLD_TEST_FSYNC='on', ENROLD_TEST_SERVER_OPTIONS=SERVER_OPTIONS[name])
    return [f'{ROOT}/tests/engine/with_server.sh', name] + command, environment


def under_server(name):
    """The same again, with a server running."""
    command, environment = with_server(name, [sys.executable] + sys.argv)
    os.execve(command[0], command, environment)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--engine', choices=ENGINES, default='sqlite')
    parser.add_argument('--rows', type=int, default=250_000)
    parser.add_argument('--readme', action='store_true')
    options = parser.parse_args()
    name = options.engine
    base, data = prepare(options.rows)
    if name != 'sqlite' and 'ENROLD_TEST_URL' not in os.environ:
        under_server(name)
    text = fairness(ENGINES[name](base), data, options.rows)
    print(text)
    if options.readme:
        readme(f'fairness {name}', text)


if __name__ == '__main__':
    main()
