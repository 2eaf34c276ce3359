"""Every secret of a local copy is known, so that what leaves it can be searched for it."""

from xiong.platforms.onehost.secrets import HostSecrets


def test_every_word_that_lies_there_is_a_secret_and_configuration_is_none(tmp_path):
    (tmp_path / "operator-token").write_text("the-token\n")
    (tmp_path / "DATABASE_URL").write_text("postgresql://app:p%2Fw@127.0.0.1/x")
    (tmp_path / "key.pem").write_text("-----BEGIN KEY-----\nAAAABBBB\n")
    (tmp_path / "valkey.conf").write_text("requirepass the-token\nappendonly yes\n")
    (tmp_path / "settings.toml").write_text('state = "/srv"\n\n')
    (tmp_path / "OPENAI_API_KEY").write_text("")

    found = {secret.reveal() for secret in HostSecrets(tmp_path).everything()}

    assert found == {"the-token", "postgresql://app:p%2Fw@127.0.0.1/x", "p/w", "AAAABBBB"}


def test_to_know_them_makes_none(tmp_path):
    assert HostSecrets(tmp_path / "nothing").everything() == []
    assert list(tmp_path.iterdir()) == []
