"""Mail servers and webhooks as one meets them: well-behaved, slow, rude, lying. Each runs in threads of
the test, on a port of its own, and keeps what it was given."""
import base64
import http.server
import queue
import socket
import socketserver
import ssl
import threading


class Server:
    """What both have: a port, `got` (a queue of what was taken), `talks` (how often somebody came)."""

    def __init__(self, handler, port=0, tls=None, host=''):
        self.got = queue.Queue()
        self.talks = 0
        self.ended = threading.Event()
        outer = self

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 100

            def get_request(self):
                connection, address = super().get_request()
                outer.talks += 1
                return connection, address

            def finish_request(self, request, address):
                if tls:
                    request = tls.wrap_socket(request, server_side=True)
                handler(request, address, outer)

            def handle_error(self, request, address):
                pass  # whoever hangs up is no fault of ours

        self.listener = Listener((host, port), None)
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True).start()

    def close(self):
        self.ended.set()
        self.listener.shutdown()
        self.listener.server_close()

    def all(self):
        items = []
        while not self.got.empty():
            items.append(self.got.get())
        return items


class Mail:
    def __init__(self, sender, to, text, login):
        self.sender, self.to, self.text, self.login = sender, to, text, login


def mail_server(replies=None, refused=(), greylisted=False, drop_in_data=False, raw=None, loses=False, **options):
    """replies: 'MAIL': '421 no' and so on, 'DATA.' of the text itself, 'HELLO' of the greeting.
    raw(connection, ended): says something else altogether."""
    replies = replies or {}
    seen = set()

    def talk(connection, _, server):
        if raw:
            raw(connection, server.ended)
            connection.close()
            return
        lines = connection.makefile('rb')
        sender, to, login = '', [], None

        def say(what, usual):
            connection.sendall(replies.get(what, usual).encode() + b'\r\n')

        say('HELLO', '220 here')
        for line in lines:
            words = line.decode().strip()
            verb = words.split(' ')[0].upper()
            if verb == 'EHLO':
                connection.sendall(b'250-here\r\n250-AUTH PLAIN\r\n250 SIZE 10000000\r\n')
            elif verb == 'AUTH':
                connection.sendall(b'334 \r\n')
                login = base64.b64decode(lines.readline()).decode().split('\0')[1:]
                say('AUTH', '235 welcome')
            elif verb == 'MAIL':
                sender = words[words.index('<') + 1:words.index('>')]
                say('MAIL', '250 ok')
            elif verb == 'RCPT':
                address = words[words.index('<') + 1:words.index('>')]
                if address in refused:
                    connection.sendall(b'550 5.1.1 nobody of that name\r\n')
                elif greylisted and address not in seen:
                    seen.add(address)
                    connection.sendall(b'451 4.7.1 try again\r\n')
                else:
                    to.append(address)
                    say('RCPT', '250 ok')
            elif verb == 'DATA':
                say('DATA', '354 go on')
                if drop_in_data:
                    lines.readline()
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                if 'DATA' in replies:
                    continue
                text = b''
                for part in lines:
                    if part == b'.\r\n':
                        break
                    text += part[1:] if part.startswith(b'.') else part
                if not loses and 'DATA.' not in replies:
                    server.got.put(Mail(sender, to, text, login))
                say('DATA.', '250 taken')
                sender, to = '', []
            elif verb == 'QUIT':
                connection.sendall(b'221 bye\r\n')
                return
            else:
                connection.sendall(b'502 what?\r\n')

    return Server(talk, **options)


def silent(connection, ended):
    """Takes the call and says nothing."""
    ended.wait()


def garbage(connection, ended):
    connection.sendall(b'\x00\xff\x15\x03 not a mail server\r\n' * 3)


def endless(connection, ended):
    try:
        while not ended.is_set():
            connection.sendall(b'220-and another thing\r\n' * 1000)
    except OSError:
        pass


def dripping(connection, ended):
    try:
        while not ended.wait(0.1):
            connection.sendall(b'2')
    except OSError:
        pass


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


def webhook(answers=(200,), headers=None, body=b'thanks', forever=False, hangs=False, **options):
    """answers: a status for each request, the last for all others."""
    answers = list(answers)

    def talk(connection, address, server):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers['Content-Length'])
                server.got.put(Request(self.path, self.headers, self.rfile.read(size)))
                if hangs:
                    server.ended.wait()
                    return
                self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                if not forever:
                    self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                try:
                    while forever and not server.ended.is_set():
                        self.wfile.write(b'x' * 10000)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        Handler(connection, address, server)

    return Server(talk, **options)


def tls_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]
