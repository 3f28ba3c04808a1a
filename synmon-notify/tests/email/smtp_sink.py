"""A real SMTP server for tests, on aiosmtpd.

    smtp_sink.py serve FOLDER [--rcpt REPLY] [--data REPLY] [--drop-first] [--login USER:PASSWORD]
        [--certificate PEM [--implicit-tls]]
    smtp_sink.py parse FILE

`serve` listens on a free port of 127.0.0.1, prints it as one line, writes each message that it is
given into FOLDER, and ends when its standard input does. `parse` prints one message file. Both show
a message as JSON, read by Python's own parser.
"""

import argparse
import asyncio
import base64
import email
import email.policy
import json
import logging
import os
import ssl
import sys
import warnings


def part_of(message):
    content = message.get_payload(decode=True)
    return {
        "content_type": message.get_content_type(),
        "transfer_encoding": message.get("Content-Transfer-Encoding"),
        "content_id": message.get("Content-ID"),
        "disposition": message.get_content_disposition(),
        "parts": [part_of(part) for part in message.iter_parts()],
        "base64": base64.b64encode(content).decode() if content is not None else None,
    }


def parsed(raw):
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    defects = [repr(defect) for part in message.walk() for defect in part.defects]
    headers = [[name, str(value)] for name, value in message.items()]
    return {"headers": headers, "defects": defects, "body": part_of(message)}


class Sink:
    count = 0

    def __init__(self, options):
        self.options = options

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.options.rcpt:
            return self.options.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.options.data:
            return self.options.data
        Sink.count += 1
        self.keep(envelope)
        if self.options.drop_first and Sink.count == 1:
            server.transport.abort()
        return "250 OK"

    def keep(self, envelope):
        raw = envelope.original_content
        message = parsed(raw)
        message["mail_from"] = envelope.mail_from
        message["rcpt_tos"] = envelope.rcpt_tos
        message["raw"] = base64.b64encode(raw).decode()
        path = os.path.join(self.options.folder, f"{Sink.count:04}.json")
        with open(path + ".tmp", "w") as file:
            json.dump(message, file)
        os.rename(path + ".tmp", path)


async def serve(options):
    from aiosmtpd.smtp import SMTP, AuthResult

    tls = None
    if options.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate)

    login = tuple(options.login.encode().split(b":", 1)) if options.login else None

    def authenticate(server, session, envelope, mechanism, data):
        # `handled` would mean that the answer has been given already.
        return AuthResult(success=(data.login, data.password) == login, handled=False)

    def connection():
        return SMTP(
            Sink(options),
            hostname="smtp-sink",
            authenticator=authenticate if login else None,
            auth_required=login is not None,
            auth_require_tls=False,
            tls_context=None if options.implicit_tls else tls,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        connection, "127.0.0.1", 0, ssl=tls if options.implicit_tls else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main():
    arguments = argparse.ArgumentParser()
    commands = arguments.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve")
    serving.add_argument("folder")
    serving.add_argument("--rcpt")
    serving.add_argument("--data")
    serving.add_argument("--drop-first", action="store_true")
    serving.add_argument("--login")
    serving.add_argument("--certificate")
    serving.add_argument("--implicit-tls", action="store_true")
    parsing = commands.add_parser("parse")
    parsing.add_argument("file")
    options = arguments.parse_args()
    # It warns of logins without TLS, which are asked for here.
    logging.disable()
    warnings.simplefilter("ignore")
    if options.command == "serve":
        asyncio.run(serve(options))
    else:
        with open(options.file, "rb") as file:
            raw = file.read()
        message = parsed(raw)
        message["raw"] = base64.b64encode(raw).decode()
        json.dump(message, sys.stdout)


if __name__ == "__main__":
    main()
