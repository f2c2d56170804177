#!/usr/bin/env python3
"""enrold-notify, from a notice in the queue to mail servers and webhooks of all kinds.
notify_test.py PROGRAMS [TEST]..."""
import email
import email.policy
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import servers

PROGRAM = None
PATIENCE_S = 120  # nothing has come for so long: it does not come
RUN = '20261126-060000-00000'
SECRET = 'correct horse battery'

CAUSES = [{'outcome': 'error', 'code': 'user_not_found', 'column': 'username', 'rows': 12, 'line': 7}]


def resolves_here(name):
    try:
        return socket.gethostbyname(name) == '127.0.0.1'
    except OSError:
        return False


class Rig:
    """A spool, its settings, and what was said to it."""

    def __init__(self, test):
        self.root = tempfile.mkdtemp(prefix='enrold-notify-')
        test.addCleanup(shutil.rmtree, self.root)
        self.spool = f'{self.root}/spool'
        self.config = f'{self.root}/enrold.yaml'
        self.pace = '20,100,600000,2000,2000'
        os.makedirs(f'{self.spool}/notify/queue')
        self.environment = {}
        self.log = ''

    def settings(self, feeds, mail=None, key=False):
        """feeds: name to a map in YAML. mail: a port, or a whole URL."""
        url = mail if isinstance(mail, str) else f'smtp://127.0.0.1:{mail}'
        text = f'spool: {self.spool}\nnode: moodle1\nlms: {{ url: "sqlite:{self.root}/lms.db" }}\n'
        if mail:
            text += f'mail: {{ smtp: "{url}", from: "enrold <enrold@example.org>"{self.credential()} }}\n'
        if key:
            self.secret('hook', SECRET)
            text += f'webhook: {{ key: {self.root}/hook }}\n'
        text += 'feeds:\n' + ''.join(f'  {name}: {{ notify: {value} }}\n' for name, value in feeds.items())
        with open(self.config + '.new', 'w') as file:
            file.write(text)
        os.rename(self.config + '.new', self.config)

    def credential(self):
        return f', credential: {self.root}/login' if os.path.exists(f'{self.root}/login') else ''

    def secret(self, name, text, mode=0o600):
        with open(f'{self.root}/{name}', 'w') as file:
            file.write(text + '\n')
        os.chmod(f'{self.root}/{name}', mode)

    def notice(self, number=1, feed='hr', **more):
        run = f'{RUN}{number}'
        notice = {'v': 1, 'kind': 'run', 'id': run, 'feed': feed, 'node': 'moodle1',
                  'at_us': 1795673400000000 + number * 1000000, 'run': run, 'file': 'staff.csv', 'mode': 'apply',
                  'status': 'done', 'accepted': True, 'rows': 300, 'rows_in_error': 12, 'outcomes': {'error': 12},
                  'causes': CAUSES, 'summary': f'{self.spool}/outbox/{feed}/staff.{run}.summary.json'}
        notice.update(more)
        self.put(notice['id'], json.dumps(notice))

    def refusal(self, number=1, **more):
        self.notice(number, status='refused', accepted=False, code='not_text', causes=[], line=number, **more)

    def put(self, name, text):
        path = f'{self.spool}/notify/queue/'
        with open(f'{path}.{name}.tmp', 'w') as file:
            file.write(text)
        os.rename(f'{path}.{name}.tmp', f'{path}{name}.json')

    def start(self, *arguments):
        environment = dict(os.environ, ENROLD_NOTIFY_PACE=self.pace, **self.environment)
        return subprocess.Popen([PROGRAM, '--config', self.config, *arguments], env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, process):
        self.out, said = process.communicate(timeout=PATIENCE_S)
        self.log += said
        for word in ('Sanitizer', 'runtime error:'):
            assert word not in said, said
        return process.returncode

    def once(self, *arguments):
        return self.end(self.start('--once', *arguments))

    def events(self, name):
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith('{')]
        return [line for line in lines if line['event'] == name]

    def files(self, folder):
        path = f'{self.spool}/notify/{folder}'
        names = os.listdir(path) if os.path.isdir(path) else []
        return sorted(name for name in names if not name.startswith('.'))


class NotifyTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.rig = Rig(self)

    def serve(self, make, **options):
        server = make(**options)
        self.addCleanup(server.close)
        return server

    def settled(self, sent, failed=0):
        self.assertEqual(self.rig.files('queue'), [])
        self.assertEqual(self.rig.files('out'), [])
        self.assertEqual(len(self.rig.files('sent')), sent)
        self.assertEqual(len(self.rig.files('failed')), failed)

    def parse(self, mail):
        return email.message_from_bytes(mail.text, policy=email.policy.SMTP)


class Mails(NotifyTest):
    def test_each_recipient_gets_the_same_mail(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org, b@example.org] }'}, server.port)
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        mails = server.all()
        self.assertEqual(sorted(mail.to for mail in mails), [['a@example.org'], ['b@example.org']])
        self.assertEqual(mails[0].text, mails[1].text)
        self.assertEqual({mail.sender for mail in mails}, {'enrold@example.org'})
        mail = self.parse(mails[0])
        self.assertEqual(mail['Subject'], '[enrold] hr: 12 of 300 rows in error (user_not_found)')
        self.assertEqual(mail['From'], 'enrold <enrold@example.org>')
        self.assertEqual(mail['Message-ID'], f'<{RUN}1.errors@moodle1>')
        self.assertEqual(mail.defects, [])
        self.assertIn('  user_not_found in username: 12 rows, the first in line 7; new\n',
                      mail.get_content().replace('\r', ''))
        self.settled(2)
        for name in self.rig.files('sent'):
            self.assertEqual(os.path.getsize(f'{self.rig.spool}/notify/sent/{name}'), 0)

    def test_a_mistake_in_an_archive_is_told_by_its_file_and_the_line_there(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        where = {'line': 112, 'member': 'users.csv', 'member_line': 5}
        self.rig.notice(1, file='night.zip', causes=[dict(CAUSES[0], **where)])
        self.rig.refusal(212, file='other.zip', member='enrollments.csv', member_line=3)
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        texts = sorted(' '.join(self.parse(mail).get_content().split()) for mail in server.all())
        self.assertIn('12 rows, the first in users.csv, line 5; new ', texts[0])
        self.assertIn('The code is not_text, in enrollments.csv, line 3; ', texts[1])

    def test_the_same_notice_again_is_none(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        for _ in range(3):
            self.rig.notice()
            self.assertEqual(self.rig.once(), 0)
        os.unlink(f'{self.rig.spool}/notify/state/hr.json')
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0)
        self.assertEqual(len(server.all()), 1, 'even when nobody remembers, the name is known')

    def test_one_who_is_refused_keeps_it_from_nobody(self):
        server = self.serve(servers.mail_server, refused=['a@example.org'])
        self.rig.settings({'hr': '{ mail: [a@example.org, b@example.org] }'}, server.port)
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0, 'all is settled')
        self.assertEqual([mail.to for mail in server.all()], [['b@example.org']])
        self.settled(1, 1)
        self.assertEqual(len(self.rig.events('notify_refused')), 1)

    def test_greylisting_is_waited_for(self):
        server = self.serve(servers.mail_server, greylisted=True)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.rig.notice()
        self.assertEqual(self.rig.once(), 75)
        self.assertEqual(self.rig.once(), 0)
        self.assertEqual(len(server.all()), 1)

    def test_a_text_that_is_refused_is_put_aside(self):
        server = self.serve(servers.mail_server, replies={'DATA.': '554 spam'})
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0)
        self.settled(0, 1)
        self.assertIn('SMTP 554', self.rig.log)

    def test_a_server_that_cannot_be_had_is_waited_for_and_gets_the_same(self):
        kinds = {'silent': {'raw': servers.silent}, 'garbage': {'raw': servers.garbage},
                 'endless': {'raw': servers.endless}, 'dripping': {'raw': servers.dripping},
                 'cut': {'drop_in_data': True}, 'closed': {'replies': {'HELLO': '554 no service'}},
                 'busy': {'replies': {'MAIL': '421 too busy'}}, 'sender': {'replies': {'MAIL': '550 who?'}},
                 'full': {'replies': {'DATA.': '452 disk full'}}, 'data': {'replies': {'DATA': '451 not now'}}}
        for kind, options in kinds.items():
            with self.subTest(kind):
                rig = self.rig = Rig(self)
                rude = servers.mail_server(**options)
                rig.settings({'hr': '{ mail: [a@example.org] }'}, rude.port)
                rig.notice()
                self.assertEqual(rig.once(), 75, rig.log)
                self.assertEqual(rude.all(), [])
                rude.close()
                waiting, = rig.files('out')
                with open(f'{rig.spool}/notify/out/{waiting}') as file:
                    body = json.load(file)['body']
                good = self.serve(servers.mail_server)
                rig.settings({'hr': '{ mail: [a@example.org] }'}, good.port)
                self.assertEqual(rig.once(), 0, rig.log)
                self.assertEqual([mail.text.decode() for mail in good.all()], [body])
                self.settled(1)

    def test_a_dead_server_is_a_warning_once_and_keeps_no_webhook_waiting(self):
        hook = self.serve(servers.webhook)
        self.rig.settings({'hr': f'{{ mail: [a@example.org, b@example.org], webhook: "http://127.0.0.1:{hook.port}" }}'},
                          servers.free_port())
        for number in range(1, 6):
            self.rig.refusal(number)
        self.assertEqual(self.rig.once(), 75)
        self.assertEqual(len(self.rig.events('notify_waits')), 1)
        self.assertEqual(len(hook.all()), 5)
        self.assertEqual(len(self.rig.files('out')), 10)

    def test_a_server_that_lies_is_believed(self):
        server = self.serve(servers.mail_server, loses=True)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0)
        self.settled(1)

    def test_after_a_day_it_is_given_up(self):
        self.rig.pace = '20,100,0,2000,2000'
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, servers.free_port())
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0)
        self.settled(0, 1)
        self.assertEqual(len(self.rig.events('notify_gave_up')), 1)
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        name, = self.rig.files('failed')
        os.rename(f'{self.rig.spool}/notify/failed/{name}', f'{self.rig.spool}/notify/out/{name}')
        self.assertEqual(self.rig.once(), 0, 'a person may put it back')
        self.assertEqual(len(server.all()), 1)

    def test_what_waited_for_a_machine_that_was_off_is_not_given_up_at_the_first_attempt(self):
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, servers.free_port())
        self.rig.notice()
        self.assertEqual(self.rig.once(), 75)
        name, = self.rig.files('out')
        with open(f'{self.rig.spool}/notify/out/{name}') as file:
            message = json.load(file)
        message['made'] -= 3 * 86400 * 1000
        with open(f'{self.rig.spool}/notify/out/{name}', 'w') as file:
            json.dump(message, file)
        self.assertEqual(self.rig.once(), 75, 'the network is not there yet')
        self.assertEqual(self.rig.files('out'), [name])

    def test_what_is_made_is_sent_though_no_other_can_be_made(self):
        self.rig.settings({'hr': '{ mail: [a@example.org] }', 'it': '{ mail: [a@example.org] }'}, servers.free_port())
        self.rig.notice(1)
        self.assertEqual(self.rig.once(), 75)
        os.makedirs(f'{self.rig.spool}/notify/state/it.json/x')
        self.rig.notice(2, feed='it')
        self.rig.notice(3, feed='it')
        self.rig.refusal(4)
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }', 'it': '{ mail: [a@example.org] }'}, server.port)
        self.assertEqual(self.rig.once(), 75)
        self.assertEqual(sorted(self.parse(mail)['Message-ID'] for mail in server.all()),
                         [f'<{RUN}{told}@moodle1>' for told in ('1.errors', '2.errors', '4.refused')])
        self.assertEqual(len(self.rig.events('notify_failed')), 1)
        self.assertEqual(len(self.rig.files('queue')), 2)

    def test_the_login_is_read_at_each_use_and_said_to_nobody(self):
        server = self.serve(servers.mail_server)
        self.rig.secret('login', f'enrold:{SECRET}')
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.rig.notice()
        os.chmod(f'{self.rig.root}/login', 0o644)
        self.assertEqual(self.rig.once(), 75)
        self.assertIn('anybody', self.rig.log)
        self.rig.secret('login', 'no colon')
        self.assertEqual(self.rig.once(), 75)
        self.assertEqual(server.talks, 0)
        self.rig.secret('login', f'enrold:{SECRET}')
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        self.assertEqual(server.all()[0].login, ['enrold', SECRET])
        self.assertNotIn(SECRET, self.rig.log)

    def test_messages_of_one_trouble_are_a_thread(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.rig.notice(1)
        self.rig.notice(2, causes=[], rows_in_error=0)
        self.assertEqual(self.rig.once(), 0)
        mails = {mail['Message-ID']: mail for mail in map(self.parse, server.all())}
        self.assertEqual(mails[f'<{RUN}2.recovered@moodle1>']['References'], f'<{RUN}1.errors@moodle1>')


class Attached(NotifyTest):
    def mails_of(self, notify, size=100, place='{spool}/outbox/hr/Köln.R.retry.csv', **more):
        server = self.serve(servers.mail_server)
        path = place.format(spool=self.rig.spool, root=self.rig.root)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write('x' * size)
        self.rig.settings({'hr': f'{{ mail: [a@example.org]{notify} }}'}, server.port)
        self.rig.notice(retry=path, **more)
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        return [list(self.parse(mail).iter_attachments()) for mail in server.all()]

    def test_a_retry_file_is_when_that_is_wanted(self):
        (part,), = self.mails_of(', attach: retry')
        self.assertEqual(part.get_filename(), 'Köln.R.retry.csv')
        self.assertEqual(part.get_content().strip(), 'x' * 100)

    def test_nothing_is_else(self):
        self.assertEqual(self.mails_of(''), [[]])

    def test_nothing_is_that_has_passwords(self):
        self.assertEqual(self.mails_of(', attach: retry', passwords=True), [[]])

    def test_nothing_is_that_is_large(self):
        self.assertEqual(self.mails_of(', attach: retry', size=(1 << 20) + 1), [[]])

    def test_nothing_is_that_lies_elsewhere(self):
        self.assertEqual(self.mails_of(', attach: retry', place='{root}/secret.csv'), [[]])
        self.rig = Rig(self)
        self.assertEqual(self.mails_of(', attach: retry', place='{spool}/outbox/../../secret.csv'), [[]])


class Webhooks(NotifyTest):
    def hook(self, path='/hook?token=geheim', **options):
        server = self.serve(servers.webhook, **options)
        self.rig.settings({'hr': f'{{ webhook: "http://127.0.0.1:{server.port}{path}" }}'}, key=True)
        return server

    def test_it_is_signed_and_has_a_key(self):
        server = self.hook()
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        request, = server.all()
        stamp = request.headers['X-Enrold-Timestamp']
        wanted = hmac.new(SECRET.encode(), f'{stamp}.'.encode() + request.body, hashlib.sha256).hexdigest()
        self.assertEqual(request.headers['X-Enrold-Signature'], f'v1={wanted}')
        self.assertLess(abs(int(stamp) - time.time()), 3600)
        self.assertEqual(request.headers['Idempotency-Key'], f'{RUN}1.errors')
        self.assertEqual(request.headers['X-Enrold-Event'], 'errors')
        self.assertEqual(request.headers['Content-Type'], 'application/json')
        self.assertEqual(request.path, '/hook?token=geheim')
        body = json.loads(request.body)
        self.assertEqual((body['v'], body['feed'], body['event'], body['rows_in_error']), (1, 'hr', 'errors', 12))
        self.assertEqual(body['causes'], [dict(CAUSES[0], new=True)])
        self.assertNotIn('geheim', self.rig.log)
        self.assertNotIn(SECRET, self.rig.log)
        self.settled(1)

    def test_what_the_answer_says(self):
        for status, waits in ((201, False), (204, False), (404, False), (410, False), (302, False), (408, True),
                              (425, True), (429, True), (500, True), (503, True)):
            with self.subTest(status):
                self.rig = Rig(self)
                server = self.hook(answers=[status, 200], body=b'')
                self.rig.notice()
                self.assertEqual(self.rig.once(), 75 if waits else 0)
                if waits:
                    self.assertEqual(self.rig.once(), 0)
                    self.settled(1)
                    self.assertEqual(len({request.body for request in server.all()}), 1)
                else:
                    self.settled(int(status < 300), int(status >= 300))

    def test_nothing_is_redirected(self):
        other = self.serve(servers.webhook)
        self.hook(answers=[307], headers={'Location': f'http://127.0.0.1:{other.port}/'})
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0)
        self.settled(0, 1)
        self.assertEqual(other.talks, 0)

    def test_an_endless_answer_is_cut_and_counts(self):
        self.hook(forever=True)
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        self.settled(1)

    def test_one_that_hangs_keeps_no_other_feed_waiting(self):
        self.rig.pace = '20,100,600000,60000,60000'
        hanging, good = self.serve(servers.webhook, hangs=True), self.serve(servers.webhook)
        self.rig.settings({'a': f'{{ webhook: "http://127.0.0.1:{hanging.port}" }}',
                           'b': f'{{ webhook: "http://127.0.0.1:{good.port}" }}'})
        for number in range(1, 6):
            self.rig.refusal(number, feed='a')
        for number in range(6, 9):
            self.rig.refusal(number, feed='b')
        process = self.rig.start()
        for _ in range(3):
            good.got.get(timeout=PATIENCE_S)
        self.assertLessEqual(hanging.talks, 2)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.rig.end(process), 0)
        self.assertEqual(len(self.rig.files('out')), 5)

    def test_without_a_key_that_can_be_read_nothing_goes(self):
        server = self.hook()
        os.unlink(f'{self.rig.root}/hook')
        self.rig.notice()
        self.assertEqual(self.rig.once(), 75)
        self.assertEqual(server.talks, 0)
        self.assertIn('webhook.key', self.rig.log)


class Certificates(NotifyTest):
    def setUp(self):
        super().setUp()
        self.make('ca', 'req', '-x509', '-subj', '/CN=test-ca', '-days', '2')
        for name in ('localhost', 'elsewhere.example'):
            self.make(name, 'req', '-subj', f'/CN={name}', '-addext', f'subjectAltName=DNS:{name}')
            self.openssl('x509', '-req', '-in', f'{self.rig.root}/{name}.pem', '-CA', f'{self.rig.root}/ca.pem',
                         '-CAkey', f'{self.rig.root}/ca.key', '-CAcreateserial', '-copy_extensions', 'copyall',
                         '-days', '2', '-out', f'{self.rig.root}/{name}.crt')

    def openssl(self, *arguments):
        subprocess.run(['openssl', *arguments], check=True, capture_output=True)

    def make(self, name, *arguments):
        self.openssl(*arguments, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout',
                     f'{self.rig.root}/{name}.key', '-out', f'{self.rig.root}/{name}.pem')

    def mail_to(self, certificate, trusted):
        context = servers.tls_context(f'{self.rig.root}/{certificate}.crt', f'{self.rig.root}/{certificate}.key')
        server = self.serve(servers.mail_server, tls=context)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, f'smtps://localhost:{server.port}')
        self.rig.environment = {'SSL_CERT_FILE': f'{self.rig.root}/ca.pem'} if trusted else {}
        self.rig.notice()
        return self.rig.once(), len(server.all())

    def test_one_of_a_known_authority_will_do(self):
        self.assertEqual(self.mail_to('localhost', True), (0, 1), self.rig.log)

    def test_one_of_an_unknown_authority_will_not(self):
        self.assertEqual(self.mail_to('localhost', False), (75, 0))
        self.assertIn('certificate', self.rig.log)

    def test_one_of_another_name_will_not(self):
        self.assertEqual(self.mail_to('elsewhere.example', True), (75, 0))

    def test_no_mail_leaves_the_machine_in_clear(self):
        server = self.serve(servers.mail_server, replies={'AUTH': '235 thanks for the password'})
        if not resolves_here(socket.gethostname()):
            self.skipTest('this machine has no name but localhost for 127.0.0.1')
        self.rig.secret('login', f'enrold:{SECRET}')
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, f'smtp://{socket.gethostname()}:{server.port}')
        self.rig.notice()
        self.assertEqual(self.rig.once(), 75)
        self.assertEqual(server.all(), [])
        self.assertIn('STARTTLS', self.rig.log)


class Service(NotifyTest):
    def listen(self):
        path = f'{self.rig.root}/systemd'
        self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.systemd.close)
        self.systemd.bind(path)
        self.systemd.settimeout(PATIENCE_S)
        self.rig.environment['NOTIFY_SOCKET'] = path

    def hear(self, word):
        while word not in self.systemd.recv(4096).decode():
            pass

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.rig.end(process), 0, self.rig.log)

    def test_sends_what_comes_until_it_is_stopped(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.listen()
        self.rig.environment.update(WATCHDOG_USEC='400000')
        process = self.rig.start()
        self.hear('READY=1')
        self.hear('WATCHDOG=1')
        for number in range(1, 4):
            self.rig.refusal(number)
            server.got.get(timeout=PATIENCE_S)
        process.send_signal(signal.SIGTERM)
        self.hear('STOPPING=1')
        self.assertEqual(self.rig.end(process), 0)
        self.settled(3)
        self.assertEqual(len(self.rig.events('notify_sent')), 3)

    def test_a_server_that_comes_back_gets_all(self):
        port = servers.free_port()
        self.rig.settings({'hr': '{ mail: [a@example.org, b@example.org] }'}, port)
        self.listen()
        for number in range(1, 5):
            self.rig.refusal(number)
        process = self.rig.start()
        self.hear('STATUS=8 to be sent; servers away: 1')
        server = self.serve(servers.mail_server, port=port)
        keys = [self.parse(server.got.get(timeout=PATIENCE_S))['Message-ID'] for _ in range(8)]
        self.assertEqual(len(set(keys)), 4)
        self.stop(process)
        self.settled(8)
        self.assertEqual(len(self.rig.events('notify_waits')), 1)
        self.assertEqual(len(self.rig.events('notify_back')), 1)

    def test_a_clock_that_is_set_back_stops_nothing(self):
        library = f'{os.path.dirname(PROGRAM)}/tests/e2e/libclock_moved.so'
        with open(PROGRAM, 'rb') as file:
            if b'__asan_init' in file.read():
                self.skipTest('no library may come before that of a sanitizer')
        self.rig.environment.update(LD_PRELOAD=library, CLOCK_MOVED=f'{self.rig.root}/clock', WATCHDOG_USEC='400000')
        self.set_clock(0)
        port = servers.free_port()
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, port)
        self.rig.refusal(1)
        self.listen()
        process = self.rig.start()
        self.hear('servers away: 1')
        self.set_clock(-10 * 365 * 86400)
        for _ in range(3):
            self.hear('WATCHDOG=1')
        server = self.serve(servers.mail_server, port=port)
        server.got.get(timeout=PATIENCE_S)
        self.stop(process)
        self.settled(1)

    def set_clock(self, seconds):
        with open(f'{self.rig.root}/clock.new', 'w') as file:
            file.write(str(seconds))
        os.rename(f'{self.rig.root}/clock.new', f'{self.rig.root}/clock')

    def test_two_do_not_work_on_one_spool(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.listen()
        process = self.rig.start()
        self.hear('STATUS=0')
        self.rig.environment.pop('NOTIFY_SOCKET')
        self.assertEqual(self.rig.once(), 75)
        self.assertIn('another enrold-notify', self.rig.log)
        self.stop(process)

    def test_new_settings_are_in_force_at_once_and_wrong_ones_are_not(self):
        old, new = self.serve(servers.mail_server), self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, old.port)
        self.listen()
        process = self.rig.start()
        self.hear('STATUS=0')
        self.rig.settings({'hr': '{ mail: [no address] }'}, new.port)
        self.rig.refusal(1)
        self.assertEqual(old.got.get(timeout=PATIENCE_S).to, ['a@example.org'])
        self.rig.settings({'hr': '{ mail: [b@example.org] }'}, new.port)
        self.rig.refusal(2)
        self.assertEqual(new.got.get(timeout=PATIENCE_S).to, ['b@example.org'])
        self.stop(process)
        levels = [event['level'] for event in self.rig.events('notify_settings')]
        self.assertEqual(levels, ['error', 'info'])

    def test_whoever_is_not_in_the_settings_any_more_gets_nothing(self):
        self.rig.settings({'hr': '{ mail: [wrong@example.org, b@example.org] }'}, servers.free_port())
        self.rig.notice()
        self.assertEqual(self.rig.once(), 75)
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [b@example.org] }'}, server.port)
        self.assertEqual(self.rig.once(), 0)
        self.assertEqual([mail.to for mail in server.all()], [['b@example.org']])
        self.assertEqual(len(self.rig.events('notify_dropped')), 1)
        self.rig.notice(2, feed='gone')
        self.rig.settings({'it': '{ mail: [b@example.org] }'}, server.port)
        self.assertEqual(self.rig.once(), 0, 'a feed that nobody is told of')
        self.assertEqual(server.all(), [])

    def test_what_is_no_notice_is_put_aside_and_keeps_nobody_waiting(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.rig.put('0', 'nonsense')
        self.rig.put('1', '{"v":99}')
        self.rig.put('2', '')
        self.rig.notice()
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        self.assertEqual(len(server.all()), 1)
        self.assertEqual(self.rig.files('failed'), ['0.json', '1.json', '2.json'])
        self.rig.put('3', 'x')
        os.rename(f'{self.rig.spool}/notify/queue/3.json', f'{self.rig.spool}/notify/out/3.json')
        self.assertEqual(self.rig.once(), 0)
        self.assertEqual(len(self.rig.files('failed')), 4)

    def test_a_plan_whose_card_has_gone_is_over(self):
        server = self.serve(servers.mail_server)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'}, server.port)
        self.rig.notice(status='held', accepted=False, causes=[], code='created', plan_rows=9, plan_people=8,
                        at_us=int(time.time() * 1000000))
        self.assertEqual(self.rig.once(), 0)
        subjects = [self.parse(mail)['Subject'] for mail in server.all()]
        self.assertEqual(subjects, ['[enrold] hr: staff.csv waits for a person: 8 people (created)'])
        state = f'{self.rig.spool}/notify/state/hr.json'
        with open(state) as file:
            text = json.load(file)
        text['plans'][0].update(since=1000, told=1000)
        with open(state, 'w') as file:
            json.dump(text, file)
        self.assertEqual(self.rig.once(), 0)
        subjects = [self.parse(mail)['Subject'] for mail in server.all()]
        self.assertEqual(subjects, ['[enrold] hr: no plan waits any more'])
        self.assertEqual(self.rig.once(), 0)
        self.assertEqual(server.all(), [])

    def test_no_persons_data_goes_out(self):
        marker = 'Zaphod Beeblebrox'
        mails, hook = self.serve(servers.mail_server), self.serve(servers.webhook)
        self.rig.settings({'hr': f'{{ on: [errors, held, refused, late, due, recovered, success], '
                                 f'mail: [a@example.org], webhook: "http://127.0.0.1:{hook.port}" }}'}, mails.port)
        cause = {'outcome': 'error', 'code': marker, 'column': marker, 'rows': 1, 'line': 2}
        more = {'order_by': marker, 'code': marker, 'message': marker, 'target': marker, 'username': marker}
        self.rig.notice(1, causes=[cause, dict(cause, outcome=marker)], plan_rows=3, plan_people=1, **more)
        self.rig.notice(2, status='refused', accepted=False, causes=[], **more)
        self.rig.notice(3, status='held', accepted=False, plan_rows=3, plan_people=9, causes=[], **more)
        self.rig.notice(4, causes=[], **more)
        self.assertEqual(self.rig.once(), 0, self.rig.log)
        sent = [mail.text for mail in mails.all()] + [request.body for request in hook.all()]
        self.assertGreaterEqual(len(sent), 6)
        for text in sent + [self.rig.log.encode()]:
            self.assertNotIn(b'Zaphod', text)


class Sysadmin(NotifyTest):
    def test_asks_who_is_told_of_what(self):
        self.rig.settings({'hr': '{ on: [errors, due], mail: [a@example.org], webhook: "https://example.org/geheim" }'},
                          25, key=True)
        self.assertEqual(self.rig.end(self.rig.start('--check')), 0, self.rig.log)
        self.assertRegex(self.rig.out, r'^hr: errors due; to a@example.org https://example.org')
        self.assertNotIn('geheim', self.rig.out)
        self.rig.secret('hook', SECRET, 0o644)
        self.assertEqual(self.rig.end(self.rig.start('--check')), 78)

    def test_sends_a_test(self):
        mails, hook = self.serve(servers.mail_server, refused=['b@example.org']), self.serve(servers.webhook)
        self.rig.settings({'hr': f'{{ mail: [a@example.org], webhook: "http://127.0.0.1:{hook.port}" }}',
                           'it': '{ mail: [a@example.org, b@example.org] }'}, mails.port)
        self.assertEqual(self.rig.end(self.rig.start('--test', 'hr')), 0, self.rig.log)
        self.assertEqual(self.rig.out, 'a@example.org: sent\nwebhook: sent\n')
        self.assertEqual(json.loads(hook.all()[0].body)['event'], 'test')
        self.assertEqual(self.rig.end(self.rig.start('--test', 'it')), 1)
        self.assertIn('b@example.org: RCPT failed: 550', self.rig.out)
        self.assertEqual(self.rig.end(self.rig.start('--test', 'nobody')), 78)
        self.assertEqual(self.rig.files('sent'), [])

    def test_makes_mistakes(self):
        for arguments, status in ((['--once', '--check'], 64), (['x'], 64), (['--nonsense'], 64), (['--help'], 0),
                                  (['--version'], 0), (['--once'], 78), (['--check'], 78), (['--test', 'hr'], 78)):
            with self.subTest(arguments):
                self.assertEqual(self.rig.end(self.rig.start(*arguments)), status)
        self.rig.settings({'hr': '{ mail: [a@example.org] }'})
        shutil.rmtree(self.rig.spool)
        self.assertEqual(self.rig.once(), 78)


if __name__ == '__main__':
    PROGRAM = f'{sys.argv.pop(1)}/enrold-notify'
    unittest.main()
