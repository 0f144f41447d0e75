"""Who is told of what: ticks of the sensors, against a real web server and a real mail server."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from data_platform.assets.alerts import alerts_of, is_of
from data_platform.assets.names import RECIPE_TAG, Names
from data_platform.core.settings import RecipeError
from data_platform.publish.alerts import AlertNotDelivered, tell
from data_platform.run.recipe import Recipe, load_recipe
from data_platform.run.settings import Alerts
from tests.assets.receivers import PASSWORD, USER, certificate, mailbox, webhook

NAMES = Names("small")
TAGS = {RECIPE_TAG: "small", "dagster/partition": "one"}


def recipe(tmp_path: Path, alerts: str) -> Recipe:
    path = tmp_path / "small.yaml"
    path.write_text(
        "name: small\nsources: [{name: crawl, snapshot: one, paths: [none]}]\n"
        f"watch: {{alerts: {alerts}}}\nmixtures: {{all: {{tokens: 10, weights: {{web: 1}}}}}}\n"
    )
    return load_recipe(path)


@dg.op
def failing() -> None:
    raise dg.Failure("documents: the archive a.warc.gz ends in the middle of a record")


@dg.job
def small_crawl() -> None:
    failing()


@dg.asset(key=NAMES.asset("raw_crawls"), check_specs=[dg.AssetCheckSpec("volume", asset=NAMES.asset("raw_crawls"))])
def crawled() -> dg.MaterializeResult:
    return dg.MaterializeResult(check_results=[
        dg.AssetCheckResult(check_name="volume", passed=False, severity=dg.AssetCheckSeverity.WARN,
                            description="2 rows; usual 8 to 13.")
    ])


def tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None) -> str:
    """Evaluate a sensor as the daemon does; returns the cursor that it leaves."""
    definitions = dg.Definitions(jobs=[small_crawl], sensors=[sensor])
    with dg.build_sensor_context(
        instance, cursor=cursor, repository_def=definitions.get_repository_def(), sensor_name=sensor.name
    ) as context:
        data = sensor.evaluate_tick(context)
    for reaction in data.dagster_run_reactions or ():
        assert reaction.error is None, reaction.error
    return context.cursor


def test_a_failed_run_is_told_by_webhook_and_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (address, posted), mailbox() as (port, taken), dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv("HOOK", address)
        monkeypatch.setenv("WHO", "a@example.org, b@example.org")
        failures, _ = alerts_of(recipe(tmp_path, (
            "{webhook: '${HOOK}', ui: 'https://dagster.example/', email: {to: '${WHO}', sender: x@example.org, host: "
            f"127.0.0.1, port: {port}, security: none}}}}"
        )), NAMES)
        cursor = tick(failures, instance, None)
        run = small_crawl.execute_in_process(instance=instance, raise_on_error=False, tags=TAGS)
        for others in ({RECIPE_TAG: "other"}, TAGS | {"dagster/will_retry": "true"}):
            small_crawl.execute_in_process(instance=instance, raise_on_error=False, tags=others)
        for _ in range(4):
            cursor = tick(failures, instance, cursor)
    assert posted == [{"text": (
        f"small: run {run.run_id[:8]} (crawl, snapshot one) failed\n"
        "documents: the archive a.warc.gz ends in the middle of a record\n"
        f"https://dagster.example/runs/{run.run_id}"
    )}]
    (mail,) = taken
    assert mail["To"] == "a@example.org, b@example.org" and mail["Subject"].endswith("(crawl, snapshot one) failed")
    assert "ends in the middle" in mail.get_content()


def test_a_check_that_stops_nothing_is_told(tmp_path: Path) -> None:
    with webhook() as (address, posted), dg.DagsterInstance.ephemeral() as instance:
        _, warnings = alerts_of(recipe(tmp_path, f"{{webhook: '{address}'}}"), NAMES)
        cursor = tick(warnings, instance, None)
        dg.materialize([crawled], instance=instance, tags=TAGS)
        tick(warnings, instance, cursor)
    (message,) = posted
    assert message["text"].splitlines()[1:] == ["check volume of raw_crawls failed: 2 rows; usual 8 to 13."]
    assert "has warnings" in message["text"]


def test_nobody_is_told_where_no_address_is_given(tmp_path: Path) -> None:
    assert alerts_of(recipe(tmp_path, "{webhook: '${NONE:-}'}"), NAMES) == []
    assert len(alerts_of(recipe(tmp_path, "{webhook: 'https://host/x', warnings: false}"), NAMES)) == 1


def test_whoever_can_be_reached_is_and_no_address_is_in_the_error() -> None:
    with webhook(status=503) as (address, _), mailbox() as (port, taken):
        alerts = Alerts.model_validate({"webhook": address, "email": {
            "to": ["a@example.org"], "sender": "x@example.org", "host": "127.0.0.1", "port": port, "security": "none",
        }})
        with pytest.raises(AlertNotDelivered, match=r"^not delivered by webhook: the server answered 503$"):
            tell(alerts, "subject", "text")
        assert len(taken) == 1
    with pytest.raises(AlertNotDelivered) as told:
        tell(alerts, "subject", "text")
    assert "webhook: ConnectionRefusedError 111; mail: ConnectionRefusedError 111" in str(told.value)
    assert "SECRET" not in f"{told.value} {alerts!r}" and "example" not in f"{told.value} {alerts!r}"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_on_an_encrypted_way_to_a_server_that_is_who_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    certified = certificate(tmp_path)
    with mailbox(security, certified) as (port, taken):
        email = {"to": "a@example.org", "sender": "x@example.org", "host": "127.0.0.1", "port": port,
                 "security": security, "user": USER, "password": PASSWORD}

        def send(**changes: str) -> None:
            tell(Alerts.model_validate({"email": email | changes}), "Größe", "text")

        with pytest.raises(AlertNotDelivered, match=r"^not delivered by mail: SSLCertVerificationError 1$"):
            send()
        monkeypatch.setenv("SSL_CERT_FILE", str(certified))
        send()
        with pytest.raises(AlertNotDelivered, match=r"^not delivered by mail: the server answered 535$"):
            send(password="another")
    (mail,) = taken
    assert mail["Subject"] == "Größe" and mail.get_content().strip() == "text"
    with mailbox() as (port, taken), pytest.raises(AlertNotDelivered, match="not delivered by mail: "):
        email["port"] = port
        send()  # a server without encryption gets neither the password nor the message
    assert not taken


@pytest.mark.parametrize(("alerts", "said"), [
    ("{webhook: 'ftp://host/secret'}", "begins with http"),
    ("{email: {to: '', sender: x@y.org, host: h}}", "email.to"),
    ("{email: {to: a@y.org, sender: x@y.org, host: h, user: u, password: hidden, security: none}}", "unencrypted"),
])
def test_what_cannot_work_is_refused_without_the_value(tmp_path: Path, alerts: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said) as told:
        recipe(tmp_path, alerts)
    assert "secret" not in str(told.value) and "hidden" not in str(told.value)


def test_a_run_without_the_tag_is_known_by_its_job_or_assets() -> None:
    def run(job: str, *keys: dg.AssetKey) -> dg.DagsterRun:
        return dg.DagsterRun(job_name=job, run_id="x", asset_selection=frozenset(keys) or None)

    assert is_of(NAMES, run("small_crawl")) and is_of(NAMES, run("__ASSET_JOB", NAMES.asset("documents")))
    assert not is_of(NAMES, run("smaller_crawl")) and not is_of(NAMES, run("__ASSET_JOB", dg.AssetKey(["other", "x"])))
