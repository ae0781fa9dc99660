import pytest

from features.errors import SettingsError
from features.hopsworks.settings import HopsworksSettings
from features.settings import load

NEEDED = {"HOPSWORKS_HOST": "hops.example.org", "HOPSWORKS_PROJECT": "music", "HOPSWORKS_API_KEY": "a-secret"}


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("PORT", "HOSTNAME_VERIFICATION", "TRUST_STORE_PATH", "TIMEOUT_S"):
        monkeypatch.delenv(f"HOPSWORKS_{name}", raising=False)
    monkeypatch.delenv("REST_ENDPOINT", raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_defaults_check_the_certificate_and_show_no_key(named: pytest.MonkeyPatch):
    settings = load(HopsworksSettings)
    assert (settings.host, settings.port, settings.hostname_verification) == ("hops.example.org", 443, True)
    assert (settings.trust_store_path, settings.timeout_s) == (None, 120)
    assert "a-secret" not in repr(settings)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(named: pytest.MonkeyPatch, name: str):
    named.delenv(name)
    with pytest.raises(SettingsError, match=name):
        load(HopsworksSettings)


@pytest.mark.parametrize("host", ["https://hops.example.org", "HTTPS://hops.example.org/", "Hops.Example.ORG."])
def test_a_host_may_be_given_as_an_address_and_has_one_spelling(named: pytest.MonkeyPatch, host: str):
    named.setenv("HOPSWORKS_HOST", host)
    assert load(HopsworksSettings).host == "hops.example.org"


def test_a_host_with_a_path_is_none(named: pytest.MonkeyPatch):
    named.setenv("HOPSWORKS_HOST", "hops.example.org/p/119")
    with pytest.raises(SettingsError, match="HOPSWORKS_HOST"):
        load(HopsworksSettings)


def test_what_is_set_to_nothing_is_as_if_it_were_not_set(named: pytest.MonkeyPatch):
    for name in ("HOPSWORKS_PORT", "HOPSWORKS_TRUST_STORE_PATH", "HOPSWORKS_TIMEOUT_S"):
        named.setenv(name, "")
    settings = load(HopsworksSettings)
    assert (settings.port, settings.trust_store_path, settings.timeout_s) == (443, None, 120)


@pytest.mark.parametrize(("name", "value"), [("TIMEOUT_S", "0"), ("TIMEOUT_S", "-1"), ("PORT", "0"), ("PORT", "65536")])
def test_a_number_that_makes_no_sense_is_refused(named: pytest.MonkeyPatch, name: str, value: str):
    named.setenv(f"HOPSWORKS_{name}", value)
    with pytest.raises(SettingsError, match=f"HOPSWORKS_{name}"):
        load(HopsworksSettings)


@pytest.mark.parametrize(
    "host", ["eu-west.cloud.hopsworks.ai", "c.app.hopsworks.ai", "EU.Hopsworks.AI", "c.hopsworks.ai.", "hopsworks.ai"]
)
def test_the_cloud_is_never_trusted_blindly(named: pytest.MonkeyPatch, host: str):
    named.setenv("HOPSWORKS_HOST", host)
    named.setenv("HOPSWORKS_HOSTNAME_VERIFICATION", "false")
    with pytest.raises(SettingsError, match=r"^HOPSWORKS_HOSTNAME_VERIFICATION cannot be turned off for the cloud"):
        load(HopsworksSettings)


def test_a_variable_by_which_the_sdk_passes_over_all_of_it_is_refused(named: pytest.MonkeyPatch):
    named.setenv("REST_ENDPOINT", "https://inside")
    with pytest.raises(SettingsError, match=r"^REST_ENDPOINT is set"):
        load(HopsworksSettings)
