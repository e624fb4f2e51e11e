"""A mail server of the tests' own that fails in every way there is. Real SMTP over a real socket."""

import asyncio
import email
import email.policy
import threading
from collections.abc import Coroutine
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

HOST = "127.0.0.1"


class Mode(StrEnum):
    """How the server behaves."""

    ACCEPT = "accept"
    REFUSE = "refuse"  # nobody listens on the port
    BANNER_554 = "banner_554"  # "go away" instead of a greeting
    AUTH_535 = "auth_535"  # the password is not right
    SENDER_550 = "sender_550"
    RCPT_451 = "rcpt_451"  # try again later, as servers say that do not know us yet
    RCPT_550 = "rcpt_550"  # no such mailbox; the answer names the address
    DATA_451 = "data_451"
    DATA_554 = "data_554"  # the message is not wanted
    FULL_452 = "full_452"  # its disk is full
    DROP = "drop"  # hangs up in the middle of the message
    SLOW_BANNER = "slow_banner"  # greets after `slowness`
    SLOW_DATA = "slow_data"  # takes the message after `slowness`, if the sender still waits then
    ACCEPT_SLOWLY = "accept_slowly"  # takes the message at once, and says so after `slowness`


class SmtpSink:
    """Listens on a free port of this machine and keeps what it accepts.

    `mode` may be changed at any time: it holds for what is said from then on. `slowness` is in seconds.
    """

    def __init__(self, mode: str = Mode.ACCEPT, *, slowness: float = 5.0) -> None:
        self._mode = Mode(mode)
        self.slowness = slowness
        self.port = 0
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []  # of each message, as the sender's RCPT named them
        self.conversations = 0
        self.has_message = threading.Event()  # one has come in whole, accepted or not
        self.transports: list[asyncio.Transport] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp sink", daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> Self:
        """Begin to listen; the port is known from then on, and stays."""
        self._thread.start()
        self._run(self._listen())
        if self._mode is Mode.REFUSE:
            self._run(self._refuse())
        return self

    def stop(self) -> None:
        """Hang up on everybody."""
        self._run(self._refuse())
        self._run(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """For SMTP_URL."""
        return f"smtp://{HOST}:{self.port}"

    @property
    def message_ids(self) -> list[str]:
        """Of each message, in the order in which they were accepted."""
        return [str(message["Message-ID"]) for message in self.messages]

    @property
    def mode(self) -> Mode:
        """How it behaves now."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        self._mode = Mode(mode)
        self._run(self._refuse() if self._mode is Mode.REFUSE else self._listen())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await self._loop.create_server(lambda: Conversation(self), HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _hang_up(self) -> None:
        others = asyncio.all_tasks() - {cast(asyncio.Task[Any], asyncio.current_task())}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for transport in self.transports:
            transport.abort()
        await asyncio.sleep(0)  # so that what they closed is closed


class Conversation(SMTP):
    """One sender's connection."""

    def __init__(self, sink: SmtpSink) -> None:
        super().__init__(
            Answers(sink),
            hostname="sink.invalid",
            authenticator=lambda *_: AuthResult(success=False, handled=False),
            auth_require_tls=sink.mode is not Mode.AUTH_535,  # it offers to sign in, for nothing
            loop=sink._loop,
        )
        self.sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember it, to hang up in the end."""
        self.sink.transports.append(cast(asyncio.Transport, transport))
        super().connection_made(transport)

    async def _handle_client(self) -> None:
        self.sink.conversations += 1
        if self.sink.mode is Mode.SLOW_BANNER:
            await asyncio.sleep(self.sink.slowness)
        if self.sink.mode is Mode.BANNER_554:
            await self.push("554 5.3.2 Not today")
            self._abort()
            return
        await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:
        """The message; or its first line, and then nothing."""
        if self.sink.mode is Mode.DROP:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.readline()
            self._abort()
            return
        await super().smtp_DATA(arg)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Answers:
    """What the server says at each step."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Who sends."""
        if self.sink.mode is Mode.SENDER_550:
            return "550 5.7.1 You may not send from there"
        if self.sink.mode is Mode.FULL_452:
            return "452 4.3.1 Insufficient system storage"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """To whom."""
        if self.sink.mode is Mode.RCPT_451:
            return "451 4.7.1 Greylisted, come back later"
        if self.sink.mode is Mode.RCPT_550:
            return f"550 5.1.1 <{address}>: no mailbox {address.partition('@')[0]} here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The whole message."""
        self.sink.has_message.set()
        if self.sink.mode is Mode.DATA_451:
            return "451 4.3.0 Try again"
        if self.sink.mode is Mode.DATA_554:
            return "554 5.7.1 Message refused"
        if self.sink.mode is Mode.SLOW_DATA:
            await asyncio.sleep(self.sink.slowness)  # ended here when the sender hangs up
        self._keep(envelope)
        if self.sink.mode is Mode.ACCEPT_SLOWLY:
            await asyncio.sleep(self.sink.slowness)
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        message = email.message_from_bytes(cast(bytes, envelope.content), policy=email.policy.default)
        self.sink.recipients.append(list(envelope.rcpt_tos))
        self.sink.messages.append(message)
