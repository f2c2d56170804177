"""The three databases, alike: emptied before a round, asked by the engine's own client, and written
to by somebody else. For a server one of the bench's own runs, with every flush (server_command)."""
import os, random, shutil, sqlite3, subprocess, sys

from ground import BENCH, BIN, COURSES, ROOT, USERS, timed

TABLES = ['user_enrolments', 'role_assignments', 'cache_flags', 'logstore_standard_log']
SERVER_OPTIONS = {
    'postgresql': '-c shared_buffers=2GB -c max_wal_size=4GB -c autovacuum=off',
    'mariadb': '--innodb-buffer-pool-size=2G --innodb-log-file-size=1G --local-infile=1',
}


class Sqlite:
    """A copy of the database for each round."""
    name, title, client = 'sqlite', 'SQLite', 'sqlite3 shell'
    count_trees = "SELECT count(*) + 1 FROM pragma_index_list('mdl_{table}')"
    place = BENCH

    def __init__(self, base):
        self.base, self.path = base, f'{BENCH}/copy.db'
        self.url = f'sqlite:{self.path}'

    def reset(self):
        for end in ('', '-wal', '-shm'):
            if os.path.exists(self.path + end):
                os.remove(self.path + end)
        shutil.copyfile(self.base, self.path)
        os.sync()

    def script(self, path):
        """What the client takes for a file of statements."""
        with open(path) as stdin:
            return timed(['sqlite3', '-bail', self.path], stdin)

    def query(self, sql):
        return subprocess.run(['sqlite3', '-bail', self.path], input=sql, check=True, stdout=subprocess.PIPE,
                              text=True).stdout.split()

    def server_seconds(self):
        return 0, 0

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
    written = [f'mdl_{table}' for table in TABLES]

    def __init__(self, base):
        subprocess.run([f'{BIN}/fill', base, self.database], check=True)
        self.url = os.environ['ENROLD_TEST_URL'].replace('%s', self.database)
        self.command = os.environ['ENROLD_TEST_CLIENT'].split() + [self.database]
        self.place = os.environ['ENROLD_TEST_DIRECTORY']  # where the server may write files

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

    def query(self, sql):
        return subprocess.run(self.command + self.bare, input=sql, check=True, stdout=subprocess.PIPE,
                              text=True).stdout.split()

    def server_seconds(self):
        """The processor's time of all of the server's processes until now, in programs and in the kernel."""
        with open(f'{self.place}/../pid') as source:
            first = int(source.read())
        tick, sums = os.sysconf('SC_CLK_TCK'), [0, 0]
        for pid, stat in stats():
            for i in range(2):
                if pid == first:
                    sums[i] += int(stat[11 + i]) + int(stat[13 + i])  # and of children that have ended
                elif int(stat[1]) == first:
                    sums[i] += int(stat[11 + i])
        return [ticks / tick for ticks in sums]


def stats():
    """Each process, and the fields of its stat from the state on."""
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/stat') as source:
                yield int(pid), source.read().rpartition(')')[2].split()
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended meanwhile


class Postgresql(Server):
    name, title, client = 'postgresql', 'PostgreSQL', 'psql'
    chatty = ['-q', '-A', '-t', '-v', 'ON_ERROR_STOP=0']
    bare = ['-A', '-t']
    outcome = "\\if :ERROR\n\\echo failed\n\\else\n\\echo done\n\\endif\n"
    count_trees = "SELECT count(*) + 1 FROM pg_indexes WHERE tablename = 'mdl_{table}'"

    def __init__(self, base):
        super().__init__(base)
        self.execute('VACUUM ANALYZE')

    def reset(self):
        self.execute(f"TRUNCATE {','.join(self.written)}, enrold.enrold_run, enrold.enrold_head; CHECKPOINT")

    def script(self, path):
        return timed(self.command + ['-f', path])


class Mariadb(Server):
    name, title, client = 'mariadb', 'MariaDB', 'mariadb'
    chatty = ['--force', '--unbuffered', '--batch', '--skip-column-names']
    bare = ['--batch', '--skip-column-names']
    outcome = "SELECT IF(ROW_COUNT() < 0, 'failed', 'done');\n"
    count_trees = ('SELECT count(DISTINCT index_name) FROM information_schema.statistics '
                   "WHERE table_schema = database() AND table_name = 'mdl_{table}'")

    def rival(self):
        """In the isolation that Moodle asks for: what it only reads is not locked."""
        return super().rival('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n')

    def reset(self):
        self.execute(''.join(f'TRUNCATE {name};' for name in self.written + ['enrold_run', 'enrold_head']))

    def script(self, path):
        with open(path) as stdin:
            return timed(self.command[:1] + ['--no-defaults', '--local-infile=1'] +
                         [w for w in self.command[1:] if w != '--no-defaults'], stdin)


ENGINES = {engine.name: engine for engine in (Sqlite, Postgresql, Mariadb)}


def server_command(name, argv):
    """A command, and its environment, that runs argv while a server does; its files are on a disk."""
    environment = dict(os.environ, ENROLD_TEST_FSYNC='on', ENROLD_TEST_SERVER_OPTIONS=SERVER_OPTIONS[name],
                       TMPDIR=os.environ.get('ENROLD_BENCH', '/var/tmp'))
    return [f'{ROOT}/tests/engine/with_server.sh', name] + argv, environment


def under_server(name):
    """This program again, with a server running."""
    command, environment = server_command(name, [sys.executable] + sys.argv)
    os.execve(command[0], command, environment)
