"""Finding plugins: a thousand folders, and installed ones among many distributions."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from time import perf_counter

from escalated_core.plugins.discovery import discover_installed, discover_local
from escalated_core.plugins.manifest import Versions, read_manifest

Measured = Callable[..., None]

FOLDERS = 1000
DISTRIBUTIONS = 150
FILES = 125
LONG_PAST = (1_700_000_000, 1_700_000_000)
"""A folder that changed just now is looked at anew: these did not."""


def seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def fill(site: Path) -> None:
    """Lay out what installers leave behind; three distributions have a manifest."""
    for number in range(DISTRIBUTIONS):
        info = site / f"dist{number}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: dist{number}\nVersion: 1.0\n")
        files = [f"package{number}/module{module}.py" for module in range(FILES)]
        if number % 50 == 0:
            files.append(f"package{number}/plugin.json")
        (info / "RECORD").write_text("".join(f"{file},sha256=abc,12\n" for file in files))
    os.utime(site, LONG_PAST)


def as_escalated_django_does(site: Path) -> None:
    for each in distributions(path=[str(site)]):
        any(str(file) == "plugin.json" for file in each.files or ())


def test_installed_plugins_are_found(tmp_path: Path, measured: Measured) -> None:
    sites = [tmp_path / str(number) for number in range(21)]
    for site in sites:
        fill(site)
    peer = statistics.median(seconds(lambda s=site: as_escalated_django_does(s)) for site in sites)
    first = statistics.median(
        seconds(lambda s=site: discover_installed([str(s)])) for site in sites
    )
    last = [str(sites[-1])]
    again = statistics.median(seconds(lambda: discover_installed(last)) for _ in sites)
    assert len(discover_installed(last)) == 3
    subject = f"installed plugins among {DISTRIBUTIONS} distributions of {FILES} files each"
    measured(subject, "as escalated-django looks", f"{peer * 1e3:.2f} ms")
    for what, took, budget in (("first", first, 5), ("again", again, 0.1)):
        beside = f"1/{peer / took:,.0f} of escalated-django"
        cells = f"escalated-workbench, {what}", f"{took * 1e3:.3f} ms", beside, f"<= {budget} ms"
        measured(subject, *cells, holds=took * 1e3 <= budget)


def test_a_thousand_folders_are_found_and_judged(
    root: Path, write: Callable[..., Path], measured: Measured
) -> None:
    for number in range(FOLDERS):
        write(f"plugin-{number:04}")
    versions = Versions()

    def judge() -> None:
        for found in discover_local(root):
            path, slug = found.manifest_path, found.slug
            reading = read_manifest(path, slug=slug, source=found.source, versions=versions)
            assert reading.manifest is not None

    took = seconds(judge)
    subject = f"{FOLDERS:,} plugins"
    cells = "found, and their manifests judged", f"{took:.2f} s", "", "<= 1 s"
    measured(subject, *cells, holds=took <= 1)
