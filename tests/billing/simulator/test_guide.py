"""What docs/simulator.md promises to another shop."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT, client_of

GUIDE = (ROOT / "docs" / "simulator.md").read_text()


def test_the_fixtures_of_the_guide_work(tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "conftest.py").write_text(code)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_shop.py").write_text(
        "def test_one(stripe_client):\n"
        "    stripe_client.v1.customers.create({})\n"
        "    assert len(stripe_client.v1.customers.list().data) == 1\n"
        "def test_two(stripe_client):\n"
        "    assert stripe_client.v1.customers.list().data == []\n"
    )

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(tmp_path / "pytest.ini")]
    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_folder_runs_alone_under_another_name(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "billing" / "simulator", tmp_path / "fake_stripe")
    # Isolated from everything that is installed here: the standard library has to do.
    command = [sys.executable, "-S", "-m", "fake_stripe", "--port", "0"]

    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().rpartition(" ")[2].strip()
        made = client_of(url).v1.customers.create({"name": "A"})
        assert client_of(url).v1.customers.retrieve(made.id).name == "A"
        process.terminate()


def test_every_request_of_the_control_api_is_in_the_guide() -> None:
    source = (ROOT / "billing" / "simulator" / "control.py").read_text()
    answered = {what for what in re.findall(r'case \(?"(?:GET|POST|DELETE)", "([a-z0-9/]+)"', source) if what}

    told = set(re.findall(r"/_control/([a-z0-9/]+)", GUIDE))
    assert answered - told == set()


def test_every_setting_and_option_is_in_the_guide() -> None:
    settings = (ROOT / "billing" / "simulator" / "settings.py").read_text()
    names = re.findall(r'^    "([a-z_]+)": ', settings[: settings.index("_CHOICES")], re.MULTILINE)
    options = re.findall(r'"(--[a-z]+)"', (ROOT / "billing" / "simulator" / "__main__.py").read_text())

    assert len(names) == 10
    assert [name for name in names if f"`{name}`" not in GUIDE] == []
    assert [option for option in options if option not in GUIDE] == []
