"""Which folders and which installed distributions are plugins."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from escalated_core.errors import UsageError
from escalated_core.plugins.discovery import discover_installed, discover_local, find_root
from escalated_core.plugins.manifest import ManifestReading, Versions, read_manifest


def install(
    site: Path, name: str, files: Iterable[str] = (), *, version: str = "1.0", record: bool = True
) -> Path:
    """Lay out what an installer leaves behind; gives the distribution's info folder."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\nName: not this\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text("{}")
    if record:
        write_record(info, files)
    return info


def write_record(info: Path, files: Iterable[str]) -> None:
    listed = [*files, f"{info.name}/METADATA", f"{info.name}/RECORD"]
    rows = [f'"{file}",,' if "," in file else f"{file},sha256=abc,12" for file in listed]
    (info / "RECORD").write_text("\n".join(rows) + "\n", encoding="utf-8")


def install_editable(site: Path, name: str, project: Path, *, editable: bool = True) -> Path:
    info = install(site, name)
    url = {"url": project.as_uri(), "dir_info": {"editable": editable}}
    (info / "direct_url.json").write_text(json.dumps(url))
    write_record(info, [f"{info.name}/direct_url.json"])
    return info


def plugin(folder: Path) -> Path:
    """A folder with a manifest."""
    folder.mkdir(parents=True)
    (folder / "plugin.json").write_text("{}")
    return folder


def installed_slugs(*sites: Path) -> list[str]:
    return [found.slug for found in discover_installed([str(site) for site in sites])]


class TestLocal:
    def test_folders_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        for name in ("b", "a-b", "a_b", "a"):
            plugin(tmp_path / name)
        found = discover_local(tmp_path)
        assert [each.slug for each in found] == ["a", "a-b", "a_b", "b"]
        first = found[0]
        assert first.source == "local"
        assert first.root == tmp_path / "a"
        assert first.real == (tmp_path / "a").resolve()
        assert first.manifest_path == tmp_path / "a" / "plugin.json"
        assert first.files is None
        assert first.findings == ()

    def test_hidden_and_underscored_folders_and_files_are_no_plugins(self, tmp_path: Path) -> None:
        for name in (".hidden", "__pycache__", "_draft", "real"):
            plugin(tmp_path / name)
        (tmp_path / "plugin.json").write_text("{}")
        (tmp_path / "notes.txt").write_text("")
        assert [found.slug for found in discover_local(tmp_path)] == ["real"]

    def test_a_link_to_a_folder_keeps_its_own_name(self, tmp_path: Path) -> None:
        elsewhere, root = plugin(tmp_path / "work" / "sources"), tmp_path / "plugins"
        root.mkdir()
        (root / "linked").symlink_to(elsewhere, target_is_directory=True)
        (found,) = discover_local(root)
        assert (found.slug, found.root, found.real) == (
            "linked",
            root / "linked",
            elsewhere.resolve(),
        )

    def test_broken_entries_hide_no_others(self, tmp_path: Path) -> None:
        (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
        (tmp_path / "loop").symlink_to("loop")
        (tmp_path / "empty").mkdir()
        plugin(tmp_path / "closed").chmod(0)
        plugin(tmp_path / "fine")
        assert [found.slug for found in discover_local(tmp_path)] == ["closed", "fine"]

    @pytest.mark.parametrize("name", ["plugin.py", "main.py", "plugin.json"])
    def test_code_without_a_manifest_is_a_plugin_that_lacks_one(
        self, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "unfinished").mkdir()
        (tmp_path / "unfinished" / name).write_text("")
        assert [found.slug for found in discover_local(tmp_path)] == ["unfinished"]

    @pytest.mark.parametrize("name", ["photo.jpg", "plugin.json.bak", "inner/plugin.json", ""])
    def test_a_folder_with_neither_is_none(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / "important"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        if name:
            (folder / name).write_text("")
        assert discover_local(tmp_path) == []

    def test_one_broken_plugin_never_stops_another(self, tmp_path: Path) -> None:
        good = {"version": "1.0.0", "description": "d", "author": "a", "name": "n", "slug": "good"}
        for slug, manifest in {
            "bad-json": b"{",
            "bad-encoding": b'{"name": "\xff"}',
            "good": json.dumps(good).encode(),
            "list": b"[]",
            "no-main-file": json.dumps(good | {"slug": "no-main-file"}).encode(),
        }.items():
            (tmp_path / slug).mkdir()
            (tmp_path / slug / "plugin.json").write_bytes(manifest)
            if slug != "no-main-file":
                (tmp_path / slug / "plugin.py").write_text("")
        readings: dict[str, ManifestReading] = {
            found.slug: read_manifest(
                found.manifest_path, slug=found.slug, source=found.source, versions=Versions()
            )
            for found in discover_local(tmp_path)
        }
        assert list(readings) == ["bad-encoding", "bad-json", "good", "list", "no-main-file"]
        assert [slug for slug, reading in readings.items() if reading.manifest] == ["good"]
        assert all(r.findings for slug, r in readings.items() if slug != "good")

    @pytest.mark.parametrize("name", ["with space", "a.b", "ünï", "Upper", "雪", "[x]", "a\nb"])
    def test_odd_names(self, tmp_path: Path, name: str) -> None:
        plugin(tmp_path / name)
        (found,) = discover_local(tmp_path)
        assert found.slug == name
        assert found.real.is_dir()

    @pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
    def test_a_name_that_is_no_text(self, tmp_path: Path) -> None:
        folder = tmp_path / os.fsdecode(b"bad\xff")
        folder.mkdir()
        (folder / "plugin.py").write_text("")
        (found,) = discover_local(tmp_path)
        assert found.slug == "bad\udcff"
        reading = read_manifest(
            found.manifest_path, slug=found.slug, source=found.source, versions=Versions()
        )
        assert [finding.code for finding in reading.findings] == ["manifest.missing"]

    def test_no_root_no_plugins(self, tmp_path: Path) -> None:
        assert discover_local(tmp_path / "nowhere") == []

    def test_a_root_that_is_a_file_is_wrong_usage(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UsageError, match="file cannot be read"):
            discover_local(tmp_path / "file")

    def test_a_relative_root_gives_absolute_paths(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plugin(tmp_path / "root" / "a")
        (tmp_path / "cwd").mkdir()
        monkeypatch.chdir(tmp_path / "cwd")
        (found,) = discover_local(Path("../root"))
        assert found.manifest_path == tmp_path / "root" / "a" / "plugin.json"


class TestFindRoot:
    def test_it_looks_upwards(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        root = tmp_path / "project" / "plugins" / "escalated"
        deep = tmp_path / "project" / "src" / "app"
        for folder in (root / "my-plugin", deep):
            folder.mkdir(parents=True)
        for start in (tmp_path / "project", deep, root / "my-plugin", root, deep / "views.py"):
            assert find_root(start) == root
        assert find_root(tmp_path) is None
        monkeypatch.chdir(deep)
        assert find_root(Path()) == root
        assert find_root(Path("../../..")) is None

    def test_the_nearest_one_counts_and_a_file_does_not(self, tmp_path: Path) -> None:
        outer, inner = tmp_path / "plugins" / "escalated", tmp_path / "a" / "plugins" / "escalated"
        outer.mkdir(parents=True)
        inner.parent.mkdir(parents=True)
        inner.write_text("")
        assert find_root(tmp_path / "a") == outer
        inner.unlink()
        inner.mkdir()
        assert find_root(tmp_path / "a") == inner


class TestInstalled:
    def test_any_distribution_that_lists_a_plugin_json(self, tmp_path: Path) -> None:
        install(tmp_path, "requests", ["requests/__init__.py", "requests/plugin.jsonc"])
        install(tmp_path, "not-it", ["not_it/my-plugin.json"])
        install(tmp_path, "Escalated.Billing", ["billing/plugin.json", "billing/plugin.py"])
        (found,) = discover_installed([str(tmp_path)])
        assert (found.slug, found.source) == ("Escalated.Billing", "composer")
        assert found.root == tmp_path / "billing"
        assert found.real == found.root.resolve()
        assert found.manifest_path == tmp_path / "billing" / "plugin.json"
        assert found.files is not None
        assert str(found.manifest_path) in found.files
        assert str(tmp_path / "billing" / "plugin.py") in found.files
        assert len(found.files) == 4
        assert found.findings == ()

    @pytest.mark.parametrize(
        "manifest",
        [
            "plugin.json",
            "pkg/plugin.json",
            "a/b/c/d/plugin.json",
            "a,b/plugin.json",
            "ü/plugin.json",
            "../share/escalated/plugin.json",
        ],
    )
    def test_at_any_depth(self, tmp_path: Path, manifest: str) -> None:
        site = tmp_path / "site"
        install(site, "anywhere", [manifest])
        (found,) = discover_installed([str(site)])
        assert found.manifest_path == Path(os.path.normpath(site / manifest))
        assert found.manifest_path.is_file()
        assert str(found.manifest_path) in (found.files or ())

    def test_the_shallowest_counts_and_a_finding_names_the_rest(self, tmp_path: Path) -> None:
        install(tmp_path, "many", ["z/tests/plugin.json", "z/plugin.json", "b/plugin.json"])
        (found,) = discover_installed([str(tmp_path)])
        assert found.manifest_path == tmp_path / "b" / "plugin.json"
        (finding,) = found.findings
        assert (finding.code, finding.severity) == ("discovery.several-manifests", "warning")
        assert "z/plugin.json, z/tests/plugin.json" in finding.message
        assert (finding.plugin, finding.file) == ("many", str(found.manifest_path))
        assert finding.cure

    def test_two_distributions_with_one_manifest_are_both_told(self, tmp_path: Path) -> None:
        install(tmp_path, "first", ["plugin.json"])
        install(tmp_path, "second", ["plugin.json"])
        install(tmp_path, "third", ["third/plugin.json"])
        first, second, third = discover_installed([str(tmp_path)])
        for found, other in ((first, "second"), (second, "first")):
            (finding,) = found.findings
            assert (finding.code, finding.severity) == ("discovery.shared-manifest", "warning")
            assert finding.plugin == found.slug
            assert f"installed by {other}:" in finding.message
        assert third.findings == ()

    def test_slugs_in_order_and_names_as_written(self, tmp_path: Path) -> None:
        for name in ("my_custom_plugin", "escalated-billing", "Zebra"):
            install(tmp_path, name, [f"{name}/plugin.json"])
        assert installed_slugs(tmp_path) == ["Zebra", "escalated-billing", "my_custom_plugin"]

    def test_a_distribution_without_metadata_is_called_like_its_folder(
        self, tmp_path: Path
    ) -> None:
        info = install(tmp_path, "bare-bones", ["bare/plugin.json"])
        (info / "METADATA").unlink()
        assert installed_slugs(tmp_path) == ["bare_bones"]

    def test_our_own_distribution_is_none(self, tmp_path: Path) -> None:
        install(
            tmp_path, "escalated-workbench", ["escalated_workbench/sample_plugins/x/plugin.json"]
        )
        assert installed_slugs(tmp_path) == []
        assert "escalated-workbench" not in [found.slug for found in discover_installed()]

    def test_the_first_of_two_equal_names_on_the_path_counts(self, tmp_path: Path) -> None:
        install(tmp_path / "a", "Same_Name", ["new/plugin.json"], version="2.0")
        install(tmp_path / "b", "same.name", ["old/plugin.json"])
        install(tmp_path / "a", "dropped", ["no_longer_a_plugin.py"], version="2.0")
        install(tmp_path / "b", "dropped", ["dropped/plugin.json"])
        assert installed_slugs(tmp_path / "a", tmp_path / "b") == ["Same_Name"]
        assert installed_slugs(tmp_path / "a", tmp_path / "a") == ["Same_Name"]

    def test_what_pip_is_about_to_remove_is_none(self, tmp_path: Path) -> None:
        install(tmp_path, "leaving", ["leaving/plugin.json"]).rename(
            tmp_path / "~eaving-1.0.dist-info"
        )
        assert installed_slugs(tmp_path) == []

    def test_odd_path_entries_and_broken_distributions_hide_no_others(self, tmp_path: Path) -> None:
        site = tmp_path / "site"
        install(site, "fine", ["fine/plugin.json"])
        (site / "no_record-1.0.dist-info").mkdir()
        (site / "file-1.0.dist-info").write_text("")
        (site / ".dist-info").mkdir()
        (install(site, "latin") / "RECORD").write_bytes(b"latin/\xe9.py,,\nlatin/plugin.json,,\n")
        (install(site, "junk") / "RECORD").write_bytes(b'\x00/plugin.json\n"",\n,,,,\n')
        (install(site, "listed-only") / "RECORD").write_text("gone/plugin.json,,\r\n")
        zipped = tmp_path / "python311.zip"
        zipped.write_text("")
        paths = [str(tmp_path / "nowhere"), str(zipped), "\0", str(site)]
        assert [found.slug for found in discover_installed(paths)] == [
            "fine",
            "latin",
            "listed-only",
        ]

    def test_the_empty_path_entry_is_the_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        install(tmp_path, "here", ["here/plugin.json"])
        assert "here" not in [found.slug for found in discover_installed([""])]
        monkeypatch.chdir(tmp_path)
        (found,) = discover_installed([""])
        assert found.manifest_path == tmp_path / "here" / "plugin.json"

    def test_sys_path_is_the_default(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(tmp_path, "on-the-path", ["on_the_path/plugin.json"])
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
        assert "on-the-path" in [found.slug for found in discover_installed()]


class TestEditable:
    @pytest.mark.parametrize("manifest", ["plugin.json", "pkg/plugin.json", "src/pkg/plugin.json"])
    def test_the_projects_own_plugin_json_counts(self, tmp_path: Path, manifest: str) -> None:
        project, site = tmp_path / "my project", tmp_path / "site"
        (project / manifest).parent.mkdir(parents=True)
        (project / manifest).write_text("{}")
        install_editable(site, "My-Project", project)
        (found,) = discover_installed([str(site)])
        assert (found.slug, found.source) == ("My-Project", "composer")
        assert found.manifest_path == project / manifest
        assert found.files is None

    def test_only_where_it_is_editable_and_a_plugin(self, tmp_path: Path) -> None:
        project, site = tmp_path / "project", tmp_path / "site"
        project.mkdir()
        info = install_editable(site, "project", project)
        assert installed_slugs(site) == []
        (project / "plugin.json").write_text("{}")
        assert installed_slugs(site) == ["project"]
        (project / "plugin.json").unlink()
        assert installed_slugs(site) == []
        install_editable(site, "copied", project, editable=False)
        (project / "plugin.json").write_text("{}")
        editable = '"dir_info": {"editable": true}'
        for broken in (
            "[]",
            "{",
            '{"url": 5}',
            f'{{"url": "https://example.com/project", {editable}}}',
            f'{{"url": "file://[", {editable}}}',
            f'{{"url": "file:///%00", {editable}}}',
            f'{{"url": "file:///nowhere", {editable}}}',
        ):
            (info / "direct_url.json").write_text(broken)
            assert installed_slugs(site) == []


class TestFreshness:
    """Looking again is nearly free, and still nothing that changes is missed."""

    def test_installing_upgrading_and_removing_are_seen_at_once(self, tmp_path: Path) -> None:
        assert installed_slugs(tmp_path) == []
        for number in range(20):
            info = install(tmp_path, f"dist{number}", [f"pkg{number}/plugin.json"])
            assert installed_slugs(tmp_path) == [f"dist{number}"]
            info.rename(tmp_path / "~gone-1.0.dist-info")
            assert installed_slugs(tmp_path) == []
            (tmp_path / "~gone-1.0.dist-info").rename(tmp_path / f"gone{number}")

    def test_an_installation_under_way_is_seen_when_its_record_is_written(
        self, tmp_path: Path, aged: Callable[[Path], None]
    ) -> None:
        files = ["slow/plugin.json"]
        info = install(tmp_path, "slow", files, record=False)
        aged(tmp_path)
        assert installed_slugs(tmp_path) == []
        write_record(info, files)
        aged(tmp_path)
        assert installed_slugs(tmp_path) == ["slow"]


@pytest.fixture
def aged() -> Callable[[Path], None]:
    """Make a folder's last change look long past, so that it is no longer looked at anew."""
    return lambda folder: os.utime(folder, (1_700_000_000, 1_700_000_000))


class TestRealInstallation:
    def test_what_pip_installs_is_found(self, tmp_path: Path) -> None:
        pytest.importorskip("hatchling")
        pytest.importorskip("pip")
        project, site = tmp_path / "project", tmp_path / "site"
        project.mkdir()
        (project / "plugin.json").write_text("{}")
        (project / "plugin.py").write_text("")
        (project / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "Escalated_Billing"\nversion = "1.0.0"\n'
            '[tool.hatch.build.targets.wheel]\nonly-include = ["plugin.json", "plugin.py"]\n'
        )
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
        command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site)]
        subprocess.run([*command, str(project)], check=True, capture_output=True)
        (found,) = discover_installed([str(site)])
        assert found.slug == "Escalated_Billing"
        assert found.manifest_path == site / "plugin.json"
        assert {str(site / "plugin.json"), str(site / "plugin.py")} <= (found.files or set())
