"""A signature holds for one document by one writer whom we trust."""

import pytest

from xiong.config.secrets import Secret
from xiong.tools import signing
from xiong.tools.signing import SignatureError

DOCUMENT = {"id": "a", "size": 3, "parts": [1, 2]}


@pytest.fixture
def key() -> Secret:
    return signing.new_key()


def test_what_we_signed_is_believed_whatever_the_order_of_its_fields(key):
    signature = signing.sign(key, DOCUMENT)
    signing.check([signing.public(key)], dict(reversed(DOCUMENT.items())), signature)


@pytest.mark.parametrize("changed", [{"id": "b"}, {"size": 4}, {"parts": [2, 1]}, {"more": None}])
def test_a_changed_document_is_not_believed(key, changed):
    signature = signing.sign(key, DOCUMENT)
    with pytest.raises(SignatureError, match="changed"):
        signing.check([signing.public(key)], DOCUMENT | changed, signature)


def test_a_stranger_is_not_believed(key):
    with pytest.raises(SignatureError, match="does not trust"):
        signing.check([signing.public(key)], DOCUMENT, signing.sign(signing.new_key(), DOCUMENT))


def test_every_character_of_a_signature_counts(key):
    signature = signing.sign(key, DOCUMENT)
    for name in ("algorithm", "key", "value"):
        text = signature[name]
        for place in range(len(text)):
            for other in {text[place].swapcase(), "0", "x"} - {text[place]}:
                changed = signature | {name: text[:place] + other + text[place + 1 :]}
                with pytest.raises(SignatureError):
                    signing.check([signing.public(key)], DOCUMENT, changed)


@pytest.mark.parametrize("signature", [None, {}, [], "x", {"algorithm": "Ed25519"}])
def test_no_signature_is_no_crash(key, signature):
    with pytest.raises(SignatureError):
        signing.check([signing.public(key)], DOCUMENT, signature)
