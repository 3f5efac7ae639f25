"""docs/emulators.md is what its generator writes."""

from pathlib import Path

from rearm_workbench.emulate.coverage_page import page

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "emulators.md").read_text() == page(), "run `make docs`"


def test_every_operation_has_a_word_and_what_is_partly_modelled_says_what_is_missing() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page().splitlines() if line.startswith("| ") and ": " in line]
    judged = [row for row in rows if len(row) == 3 and row[1] in ("modelled", "partly")]
    assert len(judged) > 60
    assert [row for row in judged if row[1] == "partly" and not row[2]] == []
    listed = page()
    for operation in ("RecordLifecycleActionHeartbeat", "ModifyLifecycleHook", "AttachTrafficSources", "AttachAlbServerGroups"):
        assert operation in listed
