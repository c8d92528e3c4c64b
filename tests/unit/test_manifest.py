"""`plugin.json`: what is said about it, where, and whether the plugin can still run."""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.plugins.manifest import ManifestReading, Versions, read_manifest
from escalated_core.plugins.positions import MAX_DEPTH, line_col
from escalated_core.records import Finding

GOOD = {
    "name": "Advanced Plugin",
    "slug": "advanced-plugin",
    "version": "2.1.0",
    "description": "Advanced features",
    "author": "Acme Corp",
    "main_file": "plugin.py",
    "requires": {"escalated": "1.0.0", "python": "3.9"},
}
HOST = Versions(escalated="1.0.0", python="3.11.7")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "advanced-plugin"
    folder.mkdir()
    (folder / "plugin.py").write_text("")
    return folder


def read(folder: Path, manifest: object = None, **options: Any) -> ManifestReading:
    """Write `manifest` (text, bytes, or anything for json) where given, and read the folder."""
    path = folder / "plugin.json"
    if isinstance(manifest, bytes):
        path.write_bytes(manifest)
    elif manifest is not None:
        text = manifest if isinstance(manifest, str) else json.dumps(manifest, indent=2)
        path.write_text(text, encoding="utf-8")
    options = {"slug": folder.name, "source": "local", "versions": HOST} | options
    reading = read_manifest(path, **options)
    for finding in reading.findings:
        assert finding.plugin == options["slug"]
        assert finding.file == str(path)
        assert finding.line
        assert finding.column
        assert finding.message
        assert finding.cure
    return reading


def changed(**fields: Any) -> dict[str, Any]:
    return GOOD | fields


def without(*fields: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key not in fields}


def only(reading: ManifestReading) -> Finding:
    assert len(reading.findings) == 1, [str(finding) for finding in reading.findings]
    return reading.findings[0]


def place(finding: Finding) -> tuple[int | None, int | None]:
    return finding.line, finding.column


def written_at(folder: Path, piece: str) -> tuple[int, int]:
    text = (folder / "plugin.json").read_text(encoding="utf-8")
    return line_col(text, text.index(piece))


class TestGood:
    def test_the_guides_manifest_is_read_without_findings(self, folder: Path) -> None:
        reading = read(folder, GOOD)
        assert reading.findings == ()
        assert reading.manifest is not None
        assert asdict(reading.manifest) == GOOD | {"data": GOOD}

    def test_main_file_and_requires_are_optional(self, folder: Path) -> None:
        reading = read(folder, without("main_file", "requires"))
        assert reading.findings == ()
        assert reading.manifest is not None
        assert reading.manifest.main_file == "plugin.py"
        assert reading.manifest.requires == {}

    def test_main_file_in_a_subfolder(self, folder: Path) -> None:
        (folder / "src").mkdir()
        (folder / "src" / "main.py").write_text("")
        assert read(folder, changed(main_file="src/main.py")).findings == ()

    def test_a_byte_order_mark_is_no_problem(self, folder: Path) -> None:
        assert read(folder, json.dumps(GOOD).encode("utf-8-sig")).findings == ()

    def test_a_good_manifest_does_not_import_what_explains_bad_ones(self, folder: Path) -> None:
        (folder / "plugin.json").write_text(json.dumps(GOOD))
        code = (
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "from pathlib import Path\n"
            "from escalated_core.plugins.manifest import Versions, read_manifest\n"
            "assert 'packaging' not in sys.modules\n"
            "path = Path(sys.argv[2], 'plugin.json')\n"
            "r = read_manifest(path, slug=path.parent.name, source='local', versions=Versions())\n"
            "assert r.manifest and not r.findings, r\n"
            "assert not {'jsonschema', 'difflib', 'packaging.specifiers'} & set(sys.modules)\n"
        )
        source_root = Path(sys.modules[Finding.__module__].__file__ or "").parents[1]
        subprocess.run([sys.executable, "-c", code, str(source_root), str(folder)], check=True)


class TestFatal:
    """Without a manifest the plugin cannot run: each of these is an error and gives None."""

    @pytest.mark.parametrize(
        ("text", "line", "column", "says"),
        [
            ("", 1, 1, "empty"),
            ("  \n ", 2, 2, "empty"),
            ('{\n  "name": "x",\n}', 2, 14, "Trailing comma"),
            ('{\n  "name": "x"\n  "slug": "y"}', 3, 3, "','"),
            ("{'name': 'x'}", 1, 2, "double quotes"),
            ('{\n  // a comment\n  "name": "x"}', 2, 3, "double quotes"),
            ('{"name": "x}', 1, 10, "Unterminated string"),
            ('{"name": NaN}', 1, 10, "NaN"),
            ('{"name": -Infinity}', 1, 10, "-Infinity"),
            ('{"name": 1' + "0" * 5000 + "}", 1, 10, "integer"),
            ('{"name": "x"} {', 1, 15, "Extra data"),
            ('{"a": ' * 100_000, 1, 6 * MAX_DEPTH + 1, "levels"),
        ],
    )
    def test_invalid_json(self, folder: Path, text: str, line: int, column: int, says: str) -> None:
        reading = read(folder, text)
        finding = only(reading)
        assert reading.manifest is None
        assert (finding.code, finding.severity) == ("manifest.invalid-json", "error")
        assert place(finding) == (line, column)
        assert says in finding.message

    @pytest.mark.parametrize("value", [[], "x", 5, 1.5, None, True])
    def test_not_an_object(self, folder: Path, value: object) -> None:
        reading = read(folder, "\n " + json.dumps(value))
        assert reading.manifest is None
        assert only(reading).code == "manifest.not-an-object"
        assert place(only(reading)) == (2, 2)

    def test_wrong_encoding_is_told_with_the_place_of_the_byte(self, folder: Path) -> None:
        reading = read(folder, '{\n  "name": "ä ö",\n "x": "é"}'.encode()[:-4] + b'\xe9"}')
        assert reading.manifest is None
        assert only(reading).code == "manifest.bad-encoding"
        assert place(only(reading)) == (3, 8)
        assert "0xe9" in only(reading).message
        assert only(read(folder, json.dumps(GOOD).encode("utf-16"))).code == "manifest.bad-encoding"

    def test_missing_manifest(self, folder: Path) -> None:
        reading = read(folder)
        assert reading.manifest is None
        assert only(reading).code == "manifest.missing"
        assert "plugin.json" in only(reading).cure

    def test_an_empty_folder_is_a_plugin_about_to_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "new" / "sub").mkdir(parents=True)
        assert "empty" in only(read(tmp_path / "new")).message

    def test_a_listed_manifest_that_is_gone_asks_for_a_reinstall(self, tmp_path: Path) -> None:
        finding = only(read(tmp_path, slug="Escalated_Billing", source="composer"))
        assert finding.code == "manifest.missing"
        assert "pip install --force-reinstall Escalated_Billing" in finding.cure

    def test_a_folder_named_plugin_json(self, folder: Path) -> None:
        (folder / "plugin.json").mkdir()
        reading = read(folder)
        assert reading.manifest is None
        assert only(reading).code == "manifest.unreadable"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
    def test_a_pipe_named_plugin_json_is_not_waited_for(self, folder: Path) -> None:
        os.mkfifo(folder / "plugin.json")
        assert only(read(folder)).code == "manifest.unreadable"

    def test_a_link_to_itself(self, folder: Path) -> None:
        (folder / "plugin.json").symlink_to("plugin.json")
        assert only(read(folder)).code == "manifest.unreadable"

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
    def test_files_without_permission(self, folder: Path) -> None:
        (folder / "plugin.py").chmod(0)
        assert only(read(folder, GOOD)).code == "manifest.main-file-unreadable"
        (folder / "plugin.json").chmod(0)
        assert only(read(folder)).code == "manifest.unreadable"


class TestMainFile:
    @pytest.mark.parametrize("value", [None, 5, ["plugin.py"], {}, True])
    def test_wrong_type(self, folder: Path, value: object) -> None:
        reading = read(folder, changed(main_file=value))
        assert reading.manifest is None
        assert (only(reading).code, only(reading).severity) == ("manifest.wrong-type", "error")
        assert place(only(reading)) == (7, 16)

    @pytest.mark.parametrize(
        "name", ["main.py", "", ".", "sub", "a\0b", "\ud800", "x" * 5000, "plugin.py/x", "loop"]
    )
    def test_missing(self, folder: Path, name: str) -> None:
        (folder / "sub").mkdir()
        (folder / "loop").symlink_to("loop")
        reading = read(folder, changed(main_file=name))
        assert reading.manifest is None
        assert only(reading).code == "manifest.main-file-missing"
        assert place(only(reading)) == (7, 16)

    def test_the_default_missing_points_at_the_object(self, folder: Path) -> None:
        (folder / "plugin.py").unlink()
        reading = read(folder, "\n" + json.dumps(without("main_file")))
        assert only(reading).code == "manifest.main-file-missing"
        assert place(only(reading)) == (2, 1)

    @pytest.mark.parametrize(
        "name", ["../evil.py", "sub/../../evil.py", "/etc/passwd", "..", "link.py", "away/evil.py"]
    )
    def test_escaping(self, folder: Path, name: str) -> None:
        outside = folder.parent
        (outside / "evil.py").write_text("")
        (folder / "link.py").symlink_to(outside / "evil.py")
        (folder / "away").symlink_to(outside, target_is_directory=True)
        reading = read(folder, changed(main_file=name))
        assert reading.manifest is None
        assert only(reading).code == "manifest.main-file-escapes"
        assert place(only(reading)) == (7, 16)

    def test_a_link_within_the_folder_is_fine(self, folder: Path) -> None:
        (folder / "main.py").symlink_to("plugin.py")
        assert read(folder, changed(main_file="main.py")).findings == ()

    def test_the_folder_may_be_a_link(self, folder: Path, tmp_path: Path) -> None:
        real = folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(real, target_is_directory=True)
        assert read(folder, GOOD).findings == ()


class TestRequires:
    @pytest.mark.parametrize(
        ("wanted", "met"),
        [
            ("1.0.0", True),
            ("1.0", True),
            ("0.9.10", True),
            ("1.0.0-rc.1", True),
            (">=1.0", True),
            (">=0.5,<2", True),
            ("~=1.0", True),
            ("==1.*", True),
            ("1.0.1", False),
            ("2", False),
            (">=1.1", False),
            ("<1.0", False),
            ("1.10.0", False),
        ],
    )
    def test_escalated(self, folder: Path, wanted: str, met: bool) -> None:
        reading = read(folder, changed(requires={"escalated": wanted}))
        assert (reading.manifest is not None) is met
        if not met:
            finding = only(reading)
            assert (finding.code, finding.severity) == ("manifest.requires-unmet", "error")
            assert place(finding) == written_at(folder, json.dumps(wanted))
            assert wanted in finding.message
            assert "1.0.0" in finding.message

    def test_versions_are_compared_as_versions(self, folder: Path) -> None:
        requires = {"python": "3.9", "escalated": "1.9.0"}
        newer = Versions(escalated="1.10.0", python="3.11.7")
        assert read(folder, changed(requires=requires), versions=newer).findings == ()

    def test_every_unmet_requirement_is_told(self, folder: Path) -> None:
        reading = read(folder, changed(requires={"escalated": "9", "python": "99.0"}))
        assert [finding.code for finding in reading.findings] == ["manifest.requires-unmet"] * 2
        assert "Python 99.0" in reading.findings[1].message

    def test_the_running_python_and_escalated_1_0_0_by_default(self, folder: Path) -> None:
        here = ".".join(map(str, sys.version_info[:3]))
        requires = {"escalated": "==1.0.0", "python": f"=={here}"}
        assert read(folder, changed(requires=requires), versions=Versions()).findings == ()

    @pytest.mark.parametrize("wanted", ["garbage", "", "  ", "^1.0", "*", ">= one"])
    def test_unreadable_requirements_cannot_be_met(self, folder: Path, wanted: str) -> None:
        reading = read(folder, changed(requires={"escalated": wanted}))
        assert reading.manifest is None
        assert (only(reading).code, only(reading).severity) == (
            "manifest.requires-invalid",
            "error",
        )
        assert place(only(reading)) == written_at(folder, json.dumps(wanted))

    def test_a_number_is_no_requirement(self, folder: Path) -> None:
        reading = read(folder, changed(requires={"python": 3.9}))
        assert reading.manifest is None
        assert only(reading).code == "manifest.wrong-type"
        assert "requires.python" in only(reading).message
        assert place(only(reading)) == written_at(folder, "3.9")

    def test_a_string_is_tolerated(self, folder: Path) -> None:
        reading = read(folder, changed(requires="0.4.0"))
        assert (only(reading).code, only(reading).severity) == ("manifest.requires-string", "info")
        assert reading.manifest is not None
        assert reading.manifest.requires == {}
        assert reading.manifest.data["requires"] == "0.4.0"

    @pytest.mark.parametrize("value", [[], None, 5])
    def test_anything_else_warns(self, folder: Path, value: object) -> None:
        reading = read(folder, changed(requires=value))
        assert (only(reading).code, only(reading).severity) == ("manifest.wrong-type", "warning")
        assert reading.manifest is not None

    def test_a_host_version_that_is_none_is_wrong_usage(self, folder: Path) -> None:
        with pytest.raises(UsageError, match="'latest' is not a version"):
            read(folder, GOOD, versions=replace(HOST, escalated="latest"))


class TestFields:
    @pytest.mark.parametrize(
        ("field", "stand_in"),
        [
            ("name", "advanced-plugin"),
            ("slug", "advanced-plugin"),
            ("version", "0.0.0"),
            ("description", ""),
            ("author", "Unknown"),
        ],
    )
    def test_a_missing_or_wrongly_typed_field_has_a_stand_in(
        self, folder: Path, field: str, stand_in: str
    ) -> None:
        missing = read(folder, "\n  " + json.dumps(without(field)))
        assert (only(missing).code, only(missing).severity) == ("manifest.missing-field", "error")
        assert repr(field) in only(missing).message
        assert place(only(missing)) == (2, 3)
        for value in (None, 1, [], {}, False):
            wrong = read(folder, changed(**{field: value}))
            assert (only(wrong).code, only(wrong).severity) == ("manifest.wrong-type", "error")
            line, column = written_at(folder, f'"{field}"')
            assert place(only(wrong)) == (line, column + len(field) + 4)
            assert wrong.manifest is not None
            assert getattr(wrong.manifest, field) == stand_in
            assert wrong.manifest.data[field] == value
        assert missing.manifest is not None
        assert getattr(missing.manifest, field) == stand_in
        assert field not in missing.manifest.data

    def test_the_packages_hello_world_runs(self, folder: Path) -> None:
        stub = without("slug") | {"requires": "0.4.0", "author_url": "https://example.com"}
        reading = read(folder, stub)
        assert reading.manifest is not None
        assert [(finding.code, finding.severity) for finding in reading.findings] == [
            ("manifest.missing-field", "error"),
            ("manifest.requires-string", "info"),
            ("manifest.author-url", "info"),
        ]

    @pytest.mark.parametrize(
        ("key", "cure"),
        [
            ("auther", "Did you mean 'author'?"),
            ("Main_File", "Did you mean 'main_file'?"),
            ("mainfile", "Did you mean 'main_file'?"),
            ("$schema", "Known here: name, slug"),
            ("a/b~c", "Known here: name, slug"),
            ("", "Known here: name, slug"),
            ("\ud800", "Known here: name, slug"),
        ],
    )
    def test_unknown_keys_warn_at_the_key(self, folder: Path, key: str, cure: str) -> None:
        reading = read(folder, changed(**{key: {"any": ["thing"]}}))
        finding = only(reading)
        assert reading.manifest is not None
        assert (finding.code, finding.severity) == ("manifest.unknown-key", "warning")
        assert cure in finding.cure
        assert place(finding) == written_at(folder, f'{json.dumps(key)}: {{\n    "any')
        str(finding).encode()

    def test_unknown_requirement(self, folder: Path) -> None:
        finding = only(read(folder, changed(requires={"pyhton": "3.9"})))
        assert finding.code == "manifest.unknown-key"
        assert "requires.pyhton" in finding.message
        assert finding.cure == "Did you mean 'python'?"
        assert place(finding) == written_at(folder, '"pyhton"')

    def test_duplicate_keys_warn_at_the_later_one(self, folder: Path) -> None:
        text = json.dumps(GOOD, indent=2)[:-2] + ',\n  "name": "Second"\n}'
        reading = read(folder, text)
        assert (only(reading).code, only(reading).severity) == ("manifest.duplicate-key", "warning")
        assert place(only(reading)) == (text.count("\n"), 3)
        assert reading.manifest is not None
        assert reading.manifest.name == "Second"

    def test_empty_fields_warn(self, folder: Path) -> None:
        reading = read(folder, changed(name="", author=""))
        assert reading.manifest is not None
        assert {(f.code, f.severity) for f in reading.findings} == {
            ("manifest.empty-field", "warning")
        }

    @pytest.mark.parametrize(
        "version", ["1.0", "v1.0.0", "01.0.0", "1.0.0-", "", "1.0.0\n", "٣.0.0"]
    )
    def test_version_that_is_not_semantic(self, folder: Path, version: str) -> None:
        reading = read(folder, changed(version=version))
        assert (only(reading).code, only(reading).severity) == (
            "manifest.version-format",
            "warning",
        )
        assert reading.manifest is not None
        assert reading.manifest.version == version

    @pytest.mark.parametrize("version", ["0.0.0", "1.2.3-alpha.1", "1.0.0+build.5", "10.20.30-x-y"])
    def test_semantic_versions(self, folder: Path, version: str) -> None:
        assert read(folder, changed(version=version)).findings == ()


class TestSlug:
    def test_it_must_be_the_folder_name(self, folder: Path) -> None:
        reading = read(folder, changed(slug="other"))
        assert (only(reading).code, only(reading).severity) == ("manifest.slug-differs", "warning")
        assert place(only(reading)) == written_at(folder, '"other"')
        assert reading.manifest is not None

    @pytest.mark.parametrize("slug", ["a_b", "Upper", "with space", "ünï", "a.b"])
    def test_other_characters_warn_even_where_the_folder_has_them(
        self, tmp_path: Path, slug: str
    ) -> None:
        (tmp_path / slug).mkdir()
        (tmp_path / slug / "plugin.py").write_text("")
        reading = read(tmp_path / slug, changed(slug=slug))
        assert (only(reading).code, only(reading).severity) == ("manifest.slug-format", "warning")
        assert reading.manifest is not None
        better = re.search(r"'(.+)'", only(reading).cure)
        assert better
        assert re.fullmatch(r"[a-z0-9-]+", better[1])

    def test_a_distributions_name_is_a_slug_as_it_is(self, folder: Path) -> None:
        manifest = changed(slug="my_custom_plugin")
        assert read(folder, manifest, slug="my_custom_plugin", source="composer").findings == ()

    def test_a_distribution_with_another_slug_is_told(self, folder: Path) -> None:
        finding = only(read(folder, GOOD, slug="escalated-advanced", source="composer"))
        assert (finding.code, finding.severity) == ("manifest.slug-differs", "info")


class TestTogether:
    def test_all_problems_of_a_file_at_once_in_the_order_of_their_places(
        self, folder: Path
    ) -> None:
        text = """{
          "slug": "Other",
          "version": 1,
          "description": "",
          "autor": "me",
          "main_file": "../x.py",
          "requires": {"python": "99", "php": "8"},
          "slug": "Other"
        }"""
        reading = read(folder, text)
        assert reading.manifest is None
        assert [(f.code.removeprefix("manifest."), *place(f)) for f in reading.findings] == [
            ("missing-field", 1, 1),
            ("missing-field", 1, 1),
            ("wrong-type", 3, 22),
            ("empty-field", 4, 26),
            ("unknown-key", 5, 11),
            ("main-file-escapes", 6, 24),
            ("requires-unmet", 7, 34),
            ("unknown-key", 7, 40),
            ("duplicate-key", 8, 11),
            ("slug-format", 8, 19),
            ("slug-differs", 8, 19),
        ]
