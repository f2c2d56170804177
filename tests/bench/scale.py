#!/usr/bin/env python3
"""The law of large sites: what grows with the file, with the site, or with the feeds.

    tests/bench/scale.py [rows] [site] [feeds] [--engine sqlite] [--full] [--bin DIRECTORY] [--keep]

rows: the time of a row that changes nothing, in a file and in one ten times as long.
site: new enrolments, and the same again, in a site that holds few enrolments and in one that
holds millions: as many people and courses in both, made by SQL straight into the tables.
feeds: one daemon with 200 feeds: start, idleness, latency in one of them, a file in all at once.

Without parts all three; without --full sizes that take three minutes in all. What it makes lies
in $TMPDIR/enrold-scale until the end; --keep leaves it for the next time, with the sites' databases.
"""
import argparse, os, random, re, shutil, signal, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL = {'users': 50_000, 'courses': 2_000, 'few': 50_000, 'many': 1_000_000, 'rows': 10_000, 'long': 100_000}
FULL = {'users': 1_000_000, 'courses': 20_000, 'few': 1_000_000, 'many': 20_000_000, 'rows': 100_000, 'long': 1_000_000}
FEEDS, DROPS = 200, 200
MANUAL = 1_000_000  # ids of what the site's maker adds begin here
OPTIONS = {'postgresql': '-c shared_buffers=1GB -c max_wal_size=4GB -c maintenance_work_mem=512MB',
           'mariadb': '--innodb-buffer-pool-size=1G --innodb-log-file-size=1G'}
SERIES = {'sqlite': '(SELECT value AS n FROM generate_series(1, {}))',
          'postgresql': '(SELECT n FROM generate_series(CAST(1 AS bigint), {}) AS g(n))',
          'mariadb': '(SELECT seq AS n FROM seq_1_to_{})'}


# ---- sites ----

class Site:
    """So many people p1..., courses C1..., and enrolments with their roles, spread evenly."""
    def __init__(self, options, enrolments):
        self.engine, self.bin = options.engine, options.bin
        self.sizes, self.enrolments = options.sizes, enrolments
        self.name = f'scale_{enrolments}'
        self.path = f'{options.work}/{self.name}.db'
        server = self.engine != 'sqlite'
        self.url = os.environ['ENROLD_TEST_URL'].replace('%s', self.name) if server else f'sqlite:{self.path}'
        self.client = os.environ['ENROLD_TEST_CLIENT'].split() + [self.name] if server else ['sqlite3', self.path]
        if not os.path.exists(self.path):
            self.make(options)

    def sql(self, text):
        done = subprocess.run(self.client, input=text, text=True, stdout=subprocess.PIPE)
        if done.returncode != 0:
            sys.exit(f'{self.client[0]} ended with {done.returncode}')
        return done.stdout

    def make(self, options):
        base = self.path if self.engine == 'sqlite' else f'{options.work}/base.db'
        subprocess.run([f'{self.bin}/enrolctl', '--config', config(f'sqlite:{base}', f'{options.work}/none'), 'lms', 'init'],
                       check=True, stdout=subprocess.DEVNULL)
        if self.engine != 'sqlite':
            subprocess.run([f'{ROOT}/build/release/fill', base, self.name], check=True)
            os.remove(base)
        fast = 'PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -500000; BEGIN; '
        drop, build = self.indexes()
        text = ''.join(drop) + self.rows() + ''.join(build)
        self.sql(fast + text + 'COMMIT; PRAGMA journal_mode = WAL; ANALYZE;' if self.engine == 'sqlite' else text)
        if self.engine == 'postgresql':
            self.sql('VACUUM ANALYZE; CHECKPOINT;')

    def indexes(self):
        """What drops those of the two large tables, and what makes them again: ten times as fast."""
        tables = "('mdl_user_enrolments', 'mdl_role_assignments')"
        if self.engine == 'mariadb':
            return [], []
        found = self.sql(f"SELECT sql FROM sqlite_master WHERE sql LIKE 'CREATE%INDEX%' AND tbl_name IN {tables};"
                         if self.engine == 'sqlite' else
                         "\\pset tuples_only on\n\\pset format unaligned\nSELECT indexdef FROM pg_indexes WHERE "
                         f"tablename IN {tables} AND indexname NOT LIKE '%pkey';")
        build = [f'{line.rstrip(";")};\n' for line in found.splitlines() if line.startswith('CREATE')]
        return [f'DROP INDEX {re.search("INDEX ([a-z0-9_.]+)", line).group(1)};\n' for line in build], build

    def rows(self):
        """Each person has as many enrolments as everybody else, in courses far from each other."""
        def of(count):
            return SERIES[self.engine].format(count)
        text = 'CAST({} AS char(20))' if self.engine == 'mariadb' else 'CAST({} AS varchar(20))'
        name = (lambda a, b: f"concat('{a}', {b})") if self.engine != 'sqlite' else (lambda a, b: f"('{a}' || {b})")
        users, courses, role = self.sizes['users'], self.sizes['courses'], self.role()
        n = text.format('n')
        course = f'{MANUAL} + 1 + (s.n * 7919 + (s.n / {users}) * 1009) % {courses}'.replace(
            '/', 'DIV' if self.engine == 'mariadb' else '/')
        return f"""
INSERT INTO mdl_user (id, auth, confirmed, mnethostid, username, firstname, lastname, email)
SELECT {MANUAL} + n, 'manual', 1, 1, {name('p', n)}, 'A', 'B', {name('p', n)} FROM {of(users)} AS s;
INSERT INTO mdl_course (id, category, shortname, fullname) SELECT {MANUAL} + n, 1, {name('C', n)}, 'C' FROM {of(courses)} AS s;
INSERT INTO mdl_context (id, contextlevel, instanceid, path, depth)
SELECT {MANUAL} + n, 50, {MANUAL} + n, {name('/1/3/', text.format(f'({MANUAL} + n)'))}, 3 FROM {of(courses)} AS s;
INSERT INTO mdl_enrol (id, enrol, courseid, roleid) SELECT {MANUAL} + n, 'manual', {MANUAL} + n, {role} FROM {of(courses)} AS s;
INSERT INTO mdl_user_enrolments (enrolid, userid, timeend, modifierid)
SELECT {course}, {MANUAL} + 1 + s.n % {users}, 0, 2 FROM {of(self.enrolments)} AS s;
INSERT INTO mdl_role_assignments (roleid, contextid, userid, modifierid)
SELECT {role}, {course}, {MANUAL} + 1 + s.n % {users}, 2 FROM {of(self.enrolments)} AS s;
"""

    def role(self):
        return int(re.search(r'\d+', self.sql("SELECT id FROM mdl_role WHERE shortname = 'student';")).group())


def config(url, spool, more=''):
    path = f'{spool}.yaml'
    with open(path, 'w') as out:
        out.write(f'spool: {spool}\nlms: {{ url: "{url}" }}\nlog_level: error\n{more}')
    return path


def write_random(path, sizes, rows, seed):
    dice = random.Random(seed)
    with open(path, 'w') as out:
        out.write('username,course1,course2\n')
        for _ in range(rows):
            first, second = dice.sample(range(1, sizes['courses'] + 1), 2)
            out.write(f"p{dice.randint(1, sizes['users'])},C{first},C{second}\n")


def write_known(path, sizes, rows):
    """Enrolments that the site has."""
    users, courses = sizes['users'], sizes['courses']
    with open(path, 'w') as out:
        out.write('username,course1\n')
        for i in range(rows):
            n = i % sizes['few'] + 1
            out.write(f'p{1 + n % users},C{1 + (n * 7919 + n // users * 1009) % courses}\n')


# ---- one file ----

def memory(pid):
    """MiB: the peak, and what is not of files now."""
    with open(f'/proc/{pid}/status') as source:
        found = dict(line.split(':') for line in source)
    return [int(found.get(key, '0').split()[0]) / 1024 for key in ('VmHWM', 'RssAnon')]


def run(options, site, data):
    """Seconds, processor seconds, MiB at most and MiB anonymous at most, of the whole process."""
    spool = f'{options.work}/spool'
    shutil.rmtree(spool, ignore_errors=True)
    os.makedirs(f'{spool}/inbox')
    shutil.copyfile(data, f'{spool}/inbox/rows.csv')
    start, anonymous = time.monotonic(), 0
    process = subprocess.Popen([f'{options.bin}/enrold', '--config', config(site.url, spool, 'settle: 0\n'), '--once'])
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        anonymous = max(anonymous, memory(process.pid)[1])
        time.sleep(0.02)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f'enrold ended with {status}')
    return [time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, anonymous]


def line(title, rows, found):
    seconds, processor, peak, anonymous = found
    print(f'| {title} | {seconds:.2f} s | {processor:.2f} s | {processor / rows * 1e6:.2f} us | '
          f'{peak:.0f} MiB | {anonymous:.0f} MiB |', flush=True)


def part_rows(options):
    site, sizes, data = Site(options, options.sizes['few']), options.sizes, f'{options.work}/known.csv'
    each = []
    for rows in (sizes['long'], sizes['long'] * 10):
        write_known(data, sizes, rows)
        found = run(options, site, data)
        each.append(found[1] / rows)
        line(f'{rows:,} rows, all there already', rows, found)
    print(f'| a row of the longer file against one of the shorter | {each[1] / each[0]:.2f} | | wanted 1.10 | | |')


def part_site(options):
    sizes, data, totals = options.sizes, f'{options.work}/new.csv', []
    for enrolments in (sizes['few'], sizes['many']):
        site = Site(options, enrolments)
        write_random(data, sizes, sizes['rows'], options.seed)
        for title in 'new', 'again':
            found = run(options, site, data)
            line(f'{sizes["rows"]:,} rows of two courses, {title}, into {enrolments:,}', sizes['rows'], found)
            totals.append(found)
    for title, few, many in (('new', 0, 2), ('again', 1, 3)):
        ratios = [totals[many][i] / totals[few][i] for i in (0, 1)]
        print(f'| {title}, the large site against the small | {ratios[0]:.2f} | {ratios[1]:.2f} | wanted 1.30 | | |')


# ---- feeds ----

def processor(pid):
    with open(f'/proc/{pid}/stat') as source:
        words = source.read().rsplit(')', 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')


def answered(spool, feed, count=1):
    folder = f'{spool}/outbox/f{feed:03}'
    return sum(n.endswith('.summary.json') for n in os.listdir(folder)) >= count


def drop(options, spool, feed, number):
    with open(f'{options.work}/staged', 'w') as out:
        out.write('username,course1\n')
        out.writelines(f'p{number * 10 % options.sizes["users"] + k + 1},C{k + 1}\n' for k in range(10))
    os.rename(f'{options.work}/staged', f'{spool}/inbox/f{feed:03}/n{number}.csv')


def say(title, value):
    print(f'| {title} | {value} | | | | |', flush=True)


def idle(pid, seconds):
    """Processor time, and what woke it."""
    before = processor(pid)
    time.sleep(seconds)
    say(f'idle for {seconds} s, processor', f'{processor(pid) - before:.2f} s')
    if not shutil.which('strace'):
        return
    traced = subprocess.run(['timeout', '-s', 'INT', str(seconds), 'strace', '-f', '-c', '-p', str(pid)],
                            stderr=subprocess.PIPE, text=True).stderr
    calls = {w[-1]: int(w[3]) for w in map(str.split, traced.splitlines()) if len(w) > 4 and w[3].isdigit()}
    total = calls.pop('total', 0)
    most = sorted(calls.items(), key=lambda pair: -pair[1])[:6]
    say(f'idle for {seconds} s, system calls', f'{total}: ' + ', '.join(f'{n} {c}' for n, c in most))


def waits(options, spool):
    found = []
    for number in range(DROPS):
        start = time.monotonic()
        drop(options, spool, 0, number)
        while not answered(spool, 0, number + 1):
            time.sleep(0.0005)
        found.append((time.monotonic() - start) * 1000)
    found.sort()
    say('ten rows, the others idle, p50 and p99', f'{found[DROPS // 2]:.1f} ms, {found[DROPS * 99 // 100]:.1f} ms')


def all_at_once(options, spool, pid):
    before, start, pending, found = processor(pid), time.monotonic(), set(range(1, FEEDS)), []
    for feed in sorted(pending):
        drop(options, spool, feed, 1000 + feed)
    while pending:
        done = {feed for feed in pending if answered(spool, feed)}
        found += [(time.monotonic() - start) * 1000] * len(done)
        pending -= done
        time.sleep(0.002)
    say(f'a file in {FEEDS - 1} feeds at once, p50 and last', f'{found[len(found) // 2]:.0f} ms, {found[-1]:.0f} ms')
    say('its processor time', f'{processor(pid) - before:.2f} s')


def timed(title, argv):
    start = time.monotonic()
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)
    say(title, f'{(time.monotonic() - start) * 1000:.0f} ms, {len(done.stdout)} bytes')


def part_feeds(options):
    site, spool = Site(options, options.sizes['few']), f'{options.work}/spool-feeds'
    shutil.rmtree(spool, ignore_errors=True)
    feeds = 'feeds:\n' + ''.join(f'  f{i:03}: {{}}\n' for i in range(FEEDS))
    path = config(site.url, spool, f'metrics_file: {spool}.prom\nsocket: {spool}.sock\n' + feeds)
    for title in f'start with {FEEDS} feeds, folders made', 'start again':
        start = time.monotonic()
        daemon = subprocess.Popen([f'{options.bin}/enrold', '--config', path])
        control = [f'{options.bin}/enrolctl', '--config', path, 'status', '--json']
        while subprocess.run(control, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).returncode != 0 or \
                not os.path.exists(f'{spool}.sock'):
            if daemon.poll() is not None:
                sys.exit('enrold has ended')
            time.sleep(0.005)
        say(title, f'{time.monotonic() - start:.2f} s, processor {processor(daemon.pid):.2f} s')
        if title != 'start again':
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
    time.sleep(2)
    idle(daemon.pid, options.idle)
    waits(options, spool)
    all_at_once(options, spool, daemon.pid)
    timed('enrolctl status', control[:-1])
    timed('enrolctl status --json', control)
    say('memory, at most and not of files', '{:.0f} MiB, {:.0f} MiB'.format(*memory(daemon.pid)))
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()


PARTS = {'rows': part_rows, 'site': part_site, 'feeds': part_feeds}


def under_server(name):
    environment = dict(os.environ, ENROLD_TEST_FSYNC='on', ENROLD_TEST_SERVER_OPTIONS=OPTIONS[name])
    with_server = f'{ROOT}/tests/engine/with_server.sh'
    os.execve(with_server, [with_server, name, sys.executable] + sys.argv, environment)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('parts', nargs='*', metavar='PART', help=', '.join(PARTS))
    parser.add_argument('--engine', choices=SERIES, default='sqlite')
    parser.add_argument('--full', action='store_true')
    parser.add_argument('--keep', action='store_true')
    parser.add_argument('--bin', default=f'{ROOT}/build/release')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    if set(options.parts) - set(PARTS):
        parser.error(f'the parts are {", ".join(PARTS)}')
    if options.engine != 'sqlite' and 'ENROLD_TEST_URL' not in os.environ:
        under_server(options.engine)
    options.sizes, options.idle = (FULL, 30) if options.full else (SMALL, 10)
    options.work = f'{tempfile.gettempdir()}/enrold-scale'
    os.makedirs(options.work, exist_ok=True)
    print('| | time | processor | of a row | peak memory | anonymous |\n|---|---|---|---|---|---|')
    for part in options.parts or PARTS:
        PARTS[part](options)
    if not options.keep:
        shutil.rmtree(options.work)


if __name__ == '__main__':
    main()
