"""Strings that forms and addresses have broken on. Ours always; the Big List of Naughty Strings where it lies."""

import json
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

OURS = [
    # Nothing, and what looks like it
    "",
    " ",
    "\t\r\n",
    "\u00a0\u2003",
    "\u200b\u200c\u200d\ufeff",
    # Control characters
    "\0",
    "a\0b",
    "\x01\x02\x07\x08\x1b[31mred\x7f",
    "\x85\x9b",
    "line\nline\rline\r\nline\u2028line\u2029line",
    # Half a character: each a lone surrogate, sent as the bytes that it would be
    "\ud800",
    "Testa\udfff\ud83d",
    "\U0010ffff\ufffe\uffff",
    # Direction, width, size
    "\u202eTesta\u202c",
    "\u2066\u202e</bdi>\u2069\u200f\u200e",
    "שלום Testa مرحبا",
    "😀👩‍👩‍👧‍👦🏳️‍🌈🇺🇸",
    "e" + "\u0301" * 60,
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "ﷺ" * 30,
    "x" * 149,
    "W" * 20_000,
    # Numbers that are not
    "9" * 400,
    "9" * 5_000,
    "-" + "9" * 30,
    "²",
    "½",
    "١٢٣",
    "１９６２",
    "Ⅻ",
    "1e400",
    "NaN",
    "Infinity",
    "-0",
    "0x1F",
    "1_000",
    "2147483648",
    "9223372036854775808",
    "1,2",
    "2027-02-30",
    "9999-12-31",
    "24:60:61",
    # Letters that change when cased
    "İıIi",
    "ſtraße",
    "ŉΐﬃ",
    # Of other languages
    "'; DROP TABLE appointments_appointmentrequest; --",
    "\\'; SELECT pg_sleep(9); --",
    "%s %(name)s %n {0} {name} ${name}",
    "$$a$$ E'\\x00'",
    "{{ settings.SECRET_KEY }}{% debug %}{# no #}",
    "<script>alert('Testa')</script>",
    "<svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "</title></textarea></select></style><h1>Testa</h1>",
    "<!-- ]]> --><![CDATA[ <b> ]]>",
    "&lt;b&gt;&amp;&#60;&#x3c;&notin;",
    "javascript:alert(1)//",
    "data:text/html,<script>1</script>",
    "Testa\r\nSet-Cookie: session=x\r\nBcc: x@example.com",
    "Testa%0d%0aLocation:%20https://example.com",
    "=1+1",
    "@SUM(A1)",
    'a,b;c\td"e',
    '{"__proto__": 1}',
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%ED%A0%80",
    "%",
    "//example.com",
    "/\\example.com",
    "https:example.com",
    "\\\\example.com\\c$",
    "C:\\nul",
    "(a+)+$",
    "a" * 60 + "@" + "b." * 60,
    "testa@[127.0.0.1]",
    "testa@xn--",
    "+1424555013" + "4" * 20,
    "+14245550134;ext=" + "9" * 20,
]


def naughty() -> list[str]:
    """The Big List of Naughty Strings: the file that NAUGHTY_STRINGS names, or the one beside the project."""
    named = os.environ.get("NAUGHTY_STRINGS")
    path = Path(named) if named else PROJECT.parent / "shared" / "data" / "naughty_strings.json"
    if not named and not path.exists():
        return []
    strings: list[str] = json.loads(path.read_text())
    return strings


ALL = list(dict.fromkeys([*OURS, *naughty()]))


def as_received(text: str) -> str:
    """What Django makes of `text` when a form or an address brings it: half characters become question marks."""
    return text.encode(errors="surrogatepass").decode(errors="replace")
