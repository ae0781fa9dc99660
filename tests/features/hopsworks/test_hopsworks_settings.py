import pytest

from features.errors import SettingsError
from features.hopsworks.settings import HopsworksSettings
from features.settings import load

NEEDED = {"HOPSWORKS_HOST": "hops.example.org", "HOPSWORKS_PROJECT": "music", "HOPSWORKS_API_KEY": "a-secret"}


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HOPSWORKS_PORT", "HOPSWORKS_HOSTNAME_VERIFICATION", "HOPSWORKS_TRUST_STORE_PATH", "REST_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_defaults_check_the_certificate_and_show_no_key(named: pytest.MonkeyPatch):
    settings = load(HopsworksSettings)
    assert (settings.host, settings.port, settings.hostname_verification) == ("hops.example.org", 443, True)
    assert "a-secret" not in repr(settings)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(named: pytest.MonkeyPatch, name: str):
    named.delenv(name)
    with pytest.raises(SettingsError, match=name):
        load(HopsworksSettings)


@pytest.mark.parametrize("host", ["https://hops.example.org", "https://hops.example.org/"])
def test_a_host_may_be_given_as_an_address(named: pytest.MonkeyPatch, host: str):
    named.setenv("HOPSWORKS_HOST", host)
    assert load(HopsworksSettings).host == "hops.example.org"


def test_a_host_with_a_path_is_none(named: pytest.MonkeyPatch):
    named.setenv("HOPSWORKS_HOST", "hops.example.org/p/119")
    with pytest.raises(SettingsError, match="HOPSWORKS_HOST"):
        load(HopsworksSettings)


def test_the_cloud_is_never_trusted_blindly(named: pytest.MonkeyPatch):
    named.setenv("HOPSWORKS_HOST", "eu-west.cloud.hopsworks.ai")
    named.setenv("HOPSWORKS_HOSTNAME_VERIFICATION", "false")
    with pytest.raises(SettingsError, match=r"^HOPSWORKS_HOSTNAME_VERIFICATION cannot be turned off for the cloud"):
        load(HopsworksSettings)


def test_a_variable_by_which_the_sdk_passes_over_all_of_it_is_refused(named: pytest.MonkeyPatch):
    named.setenv("REST_ENDPOINT", "https://inside")
    with pytest.raises(SettingsError, match=r"^REST_ENDPOINT is set"):
        load(HopsworksSettings)
