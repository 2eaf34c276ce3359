"""The end of a certificate's validity, read from the certificate itself."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from xiong.tools.certificates import not_after


def shown(authority: trustme.CA, **arguments) -> bytes:
    issued = authority.issue_cert("a.example.invalid", **arguments)
    return ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())


@pytest.mark.parametrize("days", [-30, 3, 400, 365 * 30])
def test_the_end_of_validity_is_read_also_when_it_is_past(days):
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)

    assert not_after(shown(trustme.CA(), not_after=ends)) == ends


@pytest.mark.parametrize("data", [b"", b"x", b"\x30\x03abc", b"\x30\x82\xff\xff"])
def test_what_is_no_certificate_is_an_error(data):
    with pytest.raises(ValueError):
        not_after(data)
