"""Which schema a release can live on."""

from xiong.model.release import SchemaState, SchemaSupport

OLD = SchemaSupport(requires=("0001",), knows=("0001",))


def test_an_unknown_expand_revision_blocks_nobody():
    assert SchemaState(expand=("0001", "0002"), contract=()).blocking(OLD) == ()


def test_an_unknown_contract_revision_blocks_and_is_named():
    assert SchemaState(expand=("0001", "0002"), contract=("0003",)).blocking(OLD) == ("0003",)


def test_a_known_contract_revision_blocks_nobody():
    support = SchemaSupport(requires=("0001",), knows=("0001", "0003"))

    assert SchemaState(expand=("0001",), contract=("0003",)).blocking(support) == ()
