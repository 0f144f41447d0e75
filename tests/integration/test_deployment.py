"""deploy/compose.yaml without Docker: the processes that it names, with its commands and its variables."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.integration.ui import free_port, graphql, is_ready

COMPOSE = REPOSITORY / "deploy" / "compose.yaml"
KUBERNETES = REPOSITORY / "deploy" / "kubernetes.yaml"
SECRETS = {"DAGSTER_POSTGRES_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
IN_THE_IMAGE = {"DATA_PLATFORM_HOME", "DAGSTER_HOME"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")

_LAUNCH = """mutation Launch($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_RUN = "query Run($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_PARTITIONS = "{ assetNodes { assetKey { path } partitionKeys } }"


class Here:
    """The services of the compose file as processes of this machine: its ports, hosts and folders are others here."""

    def __init__(self, folder: Path, postgres: Path) -> None:
        self.services: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
        self.folder, self.postgres = folder, postgres
        self.ports = {"5432": str(free_port()), "5000": str(free_port()), "4000": str(free_port()),
                      "3000": str(free_port())}
        places = {"/app": str(REPOSITORY), "/data": str(folder / "data"), "0.0.0.0": "127.0.0.1",
                  "@postgres:": "@127.0.0.1:", "//objects:": "//127.0.0.1:", "^code$": "127.0.0.1"}
        self._here = {**places, **{rf"\b{port}\b": other for port, other in self.ports.items()}}
        self._stack = ExitStack()

    def said(self, text: str) -> str:
        """What a text of the compose file is here."""
        given = {"POSTGRES_PASSWORD": "secret"}
        text = _VARIABLE.sub(lambda found: given.get(found[1]) or self._default(found), text)
        for there, here in self._here.items():
            text = re.sub(there, here, text)
        return text

    @staticmethod
    def _default(found: re.Match[str]) -> str:
        assert found[2] == "-", f"{found[1]} has to be given"
        return found[3]

    def command(self, service: str) -> list[str]:
        """The command line of a service."""
        about = self.services[service]
        return self._program([*about.get("entrypoint", []), *about["command"]])

    def is_healthy(self, service: str) -> bool:
        """Whether a service says so when it is asked as the compose file asks it."""
        kind, *words = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        asked = subprocess.run(
            self._program(words), env=self.environment(service), cwd=REPOSITORY, capture_output=True
        )
        return asked.returncode == 0

    def _program(self, stated: list[str]) -> list[str]:
        """A command line, its program that of this environment."""
        words = [self.said(word) for word in stated]
        places = [str(Path(sys.executable).parent), str(self.postgres), os.environ["PATH"]]
        return [shutil.which(words[0], path=os.pathsep.join(places)), *words[1:]]

    def environment(self, service: str) -> dict[str, str]:
        """The variables of a service, beside those of this process that no service has."""
        stated = {name: self.said(value) for name, value in self.services[service].get("environment", {}).items()}
        own = {name: value for name, value in os.environ.items()
               if not name.startswith(("AWS_", "DAGSTER_", "DATA_PLATFORM_"))}
        return {**own, **stated}

    def start(self, service: str, **settings: Any) -> None:
        """Start a service; in the end it and all that it started are gone."""
        self._stack.enter_context(self._running(service, **settings))

    @contextmanager
    def _running(self, service: str, more: tuple[str, ...] = (), **settings: Any) -> Iterator[None]:
        with open(self.folder / f"{service}.log", "w") as log:
            process = subprocess.Popen(
                [*self.command(service), *more], env=self.environment(service), stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, **{"cwd": REPOSITORY, **settings},
            )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

    def run(self, service: str) -> None:
        """Run a service that ends by itself."""
        subprocess.run(self.command(service), env=self.environment(service), cwd=REPOSITORY, check=True, timeout=120)

    def logs(self) -> str:
        """The ends of what all services printed."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """Stop everything, the last started first."""
        self._stack.close()


def postgres_programs() -> Path:
    """The folder of Postgres's programs."""
    folders = [*os.environ["PATH"].split(os.pathsep), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    if not (found := shutil.which("pg_ctl", path=os.pathsep.join(folders))):
        pytest.skip("POSTGRES ABSENT: no pg_ctl found; install the package postgresql to run this test")
    return Path(found).resolve().parent


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Here]:
    """Everything in the compose file, up and ready."""
    here = Here(tmp_path, postgres_programs())
    home = Path(here.said("/data/dagster"))
    home.mkdir(parents=True)
    (home / "dagster.yaml").symlink_to(REPOSITORY / "dagster.yaml")  # as in the image
    with tempfile.TemporaryDirectory(prefix="postgres") as database:
        try:
            user = {"user": "nobody"} if os.geteuid() == 0 else {}  # Postgres refuses to run as root
            if user:
                shutil.chown(database, "nobody")
            made = [here.postgres / "initdb", "-D", f"{database}/data", "-U", "dagster", "--auth", "trust", "--no-sync"]
            subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=database, **user)
            port = here.ports["5432"]
            here.start("postgres", more=("-D", f"{database}/data", "-k", database, "-p", port), cwd=database, **user)
            here.start("objects")
            here.run("buckets")
            ready = [here.postgres / "pg_isready", "-h", "127.0.0.1", "-p", port, "-t", "60"]
            until(lambda: subprocess.run(ready, stdout=subprocess.DEVNULL).returncode == 0, here)
            subprocess.run([here.postgres / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "dagster", "dagster"],
                           check=True)
            here.start("code")
            until(lambda: here.is_healthy("code"), here)
            here.start("daemon")
            here.start("webserver")
            yield here
        finally:
            here.close()


def until(true: Any, here: Here, seconds: float = 240) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, here.logs()
        time.sleep(1)


def run_status(url: str, run_id: str) -> str:
    try:
        return graphql(url, _RUN, id=run_id)["runOrError"]["status"]
    except (urllib.error.URLError, TimeoutError):  # a busy machine
        return ""


@pytest.mark.slow
def test_a_partition_is_materialised_by_separate_processes(deployment: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{deployment.ports['3000']}"
    until(lambda: is_ready(url), deployment)
    partitions = {"/".join(node["assetKey"]["path"]): node["partitionKeys"]
                  for node in graphql(url, _PARTITIONS)["assetNodes"]}
    (asset,) = [key for key in partitions if key.endswith("/raw_crawls")]
    assert partitions[asset] == ["pages"]
    launched = graphql(url, _LAUNCH, params={
        "selector": {"repositoryLocationName": "platform", "repositoryName": "__repository__",
                     "pipelineName": "__ASSET_JOB", "assetSelection": [{"path": asset.split("/")}]},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "pages"}]}, "runConfigData": {},
        "mode": "default",
    })["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id = launched["run"]["runId"]
    until(lambda: run_status(url, run_id) in ("SUCCESS", "FAILURE", "CANCELED"), deployment)
    assert run_status(url, run_id) == "SUCCESS", deployment.logs()

    for name, value in deployment.environment("code").items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    until(lambda: "Contents" in client.list_objects_v2(Bucket="logs", Prefix=f"dagster/storage/{run_id}/"), deployment)
    assert "Contents" in client.list_objects_v2(Bucket="lake", Prefix="deployed/raw_crawls/_delta_log/")
    # Runs and events are in Postgres, and nowhere else.
    assert not list(Path(deployment.said("/data/dagster")).rglob("*.db"))


def test_the_compose_file_pins_images_and_holds_no_password() -> None:
    text = COMPOSE.read_text()
    for name, service in yaml.safe_load(text)["services"].items():
        image = service["image"]
        assert image == "data-platform" or re.search(r":\d+(\.\d+)+", image), name
    assert set(re.findall(r"PASSWORD: (\S+)", text)) <= {'"${POSTGRES_PASSWORD:?set'}


def test_kubernetes_runs_what_the_compose_file_runs() -> None:
    """Every process is one that the test above starts; what hangs together by names does."""
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    made: dict[str, dict[str, Any]] = {}
    for one in yaml.safe_load_all(KUBERNETES.read_text()):
        made.setdefault(one["kind"], {})[one["metadata"]["name"].removeprefix("data-platform-")] = one
    settings = made["ConfigMap"]["data-platform"]["data"]
    ports = {}
    for part, deployment in made["Deployment"].items():
        spec, pod = deployment["spec"], deployment["spec"]["template"]
        labels = pod["metadata"]["labels"]
        assert spec["selector"]["matchLabels"] == labels == {"app": "data-platform", "part": part}
        (container,) = pod["spec"]["containers"]
        assert container["command"] == services[part]["command"]
        given = settings.keys() | SECRETS | IN_THE_IMAGE
        assert given >= services[part]["environment"].keys() - {"AWS_ENDPOINT_URL"}, "only S3 itself needs no endpoint"
        assert [next(iter(source.values()))["name"] for source in container["envFrom"]] == ["data-platform"] * 2
        ports[part] = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
        volumes = {volume["name"]: volume["configMap"]["name"] for volume in pod["spec"].get("volumes", ())}
        for mount in container.get("volumeMounts", ()):
            (name,) = made["ConfigMap"][volumes[mount["name"]].removeprefix("data-platform-")]["data"]
            assert settings["DATA_PLATFORM_RECIPE"] == f"{mount['mountPath']}/{name}"
    assert ports.keys() == {"code", "daemon", "webserver"}
    for part, service in made["Service"].items():
        (port,) = service["spec"]["ports"]
        assert service["spec"]["selector"]["part"] == part and ports[part][port["targetPort"]] == port["port"]
    assert settings["CODE_SERVER_HOST"] == made["Service"]["code"]["metadata"]["name"]
    assert int(settings["CODE_SERVER_PORT"]) == ports["code"]["grpc"]
    recipe = made["ConfigMap"]["recipe"]["data"]["recipe.yaml"]
    assert recipe == (REPOSITORY / "deploy" / "recipe.yaml").read_text()
    assert "PASSWORD" not in KUBERNETES.read_text() and not SECRETS & settings.keys()
    image = (REPOSITORY / "deploy" / "Dockerfile").read_text()
    assert all(f"{name}=/data" in image for name in IN_THE_IMAGE)
    assert {pod["spec"]["template"]["spec"]["securityContext"]["runAsUser"] for pod in made["Deployment"].values()} == {
        int(re.search(r"--uid (\d+)", image)[1])
    }
